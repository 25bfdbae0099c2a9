/** The patient index in the running hub: it places records when nobody waits for anything else. */
import { patientPlacing } from './identity/placing/placing.ts';
import { givingWay, type Served } from './pipeline/give-way.ts';
import { identifyStage, type IdentifyDeps } from './pipeline/identify.ts';

export function identifying(
  { store, clock, events }: Omit<IdentifyDeps, 'placing'>,
  served: Served,
): (signal: AbortSignal) => Promise<boolean> {
  const stage = identifyStage({ store, clock, events, placing: patientPlacing() });
  return givingWay(served, clock, () => stage.step());
}
