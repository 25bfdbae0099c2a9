import { runSimulator } from '../kit/run.ts';
import { hl7v2Simulator } from './simulator.ts';

await runSimulator(hl7v2Simulator);
