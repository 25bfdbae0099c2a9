/**
 * The answer to the commit of a request was lost, so what was asked for may stand, or not, or its transaction may still
 * be ending. It is asked once more under the same request key: that waits for the lock of the key, which the first
 * transaction holds until it has ended, and then finds what was made or makes it. So the caller is told how it stands,
 * and nothing is done twice.
 */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';

/** The database is often just restarting. */
const PAUSES_MS = [0, 200, 800];

/**
 * `fresh`: the kind of an answer to what is asked for the first time, as what the lost answer would have told is told.
 * @throws DATABASE_ANSWER_LOST only where the database stays away: then the request key tells later
 */
export function evenIfLost<T extends { readonly kind: string } | null>(
  clock: Clock,
  fresh: NonNullable<T>['kind'],
  ask: () => Promise<T>,
): Promise<T> {
  return onceMore(clock, async (again) => {
    const found = await ask();
    return again && found?.kind === 'repeated' ? { ...found, kind: fresh } : found;
  });
}

/** Of work that does no harm where it was done already; `again`: it may have been. @throws as `evenIfLost` */
export async function onceMore<T>(clock: Clock, work: (again: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(false);
  } catch (lost) {
    if (!isCode(lost, 'DATABASE_ANSWER_LOST')) throw lost;
    for (const pause_ms of PAUSES_MS) {
      await clock.sleep(pause_ms);
      try {
        return await work(true);
      } catch (error) {
        if (!isAway(error)) throw error;
      }
    }
    throw lost;
  }
}

const AWAY = ['DATABASE_ANSWER_LOST', 'DATABASE_UNREACHABLE', 'DATABASE_REFUSED', 'TOO_BUSY'];

/** The database cannot be asked just now. */
export function isAway(error: unknown): boolean {
  return AWAY.some((code) => isCode(error, code));
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof HubError && error.code === code;
}
