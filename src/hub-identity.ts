/** The patient index in the running hub: it places records when nobody waits for anything else. */
import { patientPlacing } from './identity/placing/placing.ts';
import { givingWay, type Served } from './pipeline/give-way.ts';
import { identifyStage, type IdentifyDeps } from './pipeline/identify.ts';
import type { Plan } from './settings/shape.ts';
import { resealing, type ResealDeps } from './pipeline/reseal.ts';

export function identifying(
  {
    store,
    clock,
    events,
    plan,
  }: Omit<IdentifyDeps, 'placing' | 'events'> & {
    readonly plan: () => Plan;
    readonly events: IdentifyDeps['events'] & ResealDeps['events'];
  },
  served: Served,
): (signal: AbortSignal) => Promise<boolean> {
  const stage = identifyStage({ store, clock, events, placing: patientPlacing(undefined, { plan }) });
  const reseal = resealing({ store, clock, events });
  return givingWay(served, clock, async () => {
    const isMore = await reseal();
    return (await stage.step()) || isMore;
  });
}
