import { runSimulator } from '../kit/run.ts';
import { epicSimulator } from './simulator.ts';

await runSimulator(epicSimulator);
