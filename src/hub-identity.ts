/** The patient index in the running hub: it places records when nobody waits for anything else. */
import type { Memory } from './identity/placing/memory.ts';
import { patientPlacing } from './identity/placing/placing.ts';
import { mappingFor } from './mappings/registry.ts';
import { emptying, type EmptyDeps } from './pipeline/empty-messages.ts';
import { givingWay, type Served } from './pipeline/give-way.ts';
import { identifyStage, type IdentifyDeps } from './pipeline/identify.ts';
import { resealing } from './pipeline/reseal.ts';

export type IdentifyingDeps = Pick<EmptyDeps, 'store' | 'clock' | 'plan'> & {
  /** Of people who were placed or compared a moment ago. */
  readonly memory: Memory;
  readonly events: IdentifyDeps['events'] & EmptyDeps['events'];
};

export function identifying(
  { store, clock, events, plan, memory }: IdentifyingDeps,
  served: Served,
): (signal: AbortSignal) => Promise<boolean> {
  const stage = identifyStage({ store, clock, events, placing: patientPlacing(undefined, { plan, memory }) });
  const mappingOf: EmptyDeps['mappingOf'] = (site, kind) => mappingFor(site.kind, kind) ?? null;
  const upkeep = [resealing({ store, clock, events }), emptying({ store, clock, events, plan, mappingOf })];
  return givingWay(served, clock, async () => {
    let isMore = false;
    for (const step of upkeep) if (await step()) isMore = true;
    return (await stage.step()) || isMore;
  });
}
