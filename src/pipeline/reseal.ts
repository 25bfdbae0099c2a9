/**
 * After an upgrade: patient records that an earlier release sealed without data keys of their own are sealed anew, some
 * at a time beside everything else. It may be stopped at any time; what is left is done after the next start.
 */
import type { Clock } from '../core/clock.ts';
import type { Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface ResealDeps {
  readonly store: Pick<Store, 'reseal'>;
  readonly clock: Clock;
  readonly events: Pick<StageEvents, 'swept'>;
}

const FIRST = '00000000-0000-0000-0000-000000000000';
const AT_ONCE = 50;
/** What was held by others is looked for again; nothing new of this kind ever comes. */
const AGAIN_MS = 3_600_000;

/** Answers true while there is more to do. */
export function resealing({ store, clock, events }: ResealDeps): () => Promise<boolean> {
  let after: string | null = FIRST;
  let endedAt = 0;
  return async () => {
    if (after === null && clock.monotonic() - endedAt < AGAIN_MS) return false;
    const { records, unreadable, last } = await store.reseal(after ?? FIRST, AT_ONCE);
    if (records > 0) events.swept('patient records sealed anew', records);
    if (unreadable > 0) events.swept('patient records that do not open', unreadable);
    after = last;
    endedAt = clock.monotonic();
    return last !== null;
  };
}
