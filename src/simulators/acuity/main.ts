import { runSimulator } from '../kit/run.ts';
import { acuitySimulator } from './simulator.ts';

await runSimulator(acuitySimulator);
