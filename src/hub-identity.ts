/** The patient index in the running hub: it places records when nobody waits for anything else. */
import { patientPlacing } from './identity/placing/placing.ts';
import { givingWay, type Served } from './pipeline/give-way.ts';
import { identifyStage, type IdentifyDeps } from './pipeline/identify.ts';
import { resealing, type ResealDeps } from './pipeline/reseal.ts';

export function identifying(
  {
    store,
    clock,
    events,
  }: Omit<IdentifyDeps, 'placing' | 'events'> & {
    readonly events: IdentifyDeps['events'] & ResealDeps['events'];
  },
  served: Served,
): (signal: AbortSignal) => Promise<boolean> {
  const stage = identifyStage({ store, clock, events, placing: patientPlacing() });
  const reseal = resealing({ store, clock, events });
  return givingWay(served, clock, async () => {
    const isMore = await reseal();
    return (await stage.step()) || isMore;
  });
}
