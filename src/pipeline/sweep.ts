/**
 * Stage sweep: what must happen without anybody asking: holds that ran out, calls cut short, next partitions, old rows.
 */
import type { Clock } from '../core/clock.ts';
import type { Instant } from '../core/instant.ts';
import type { RetentionSettings } from '../settings/shape.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface SweepDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  readonly retention: () => RetentionSettings;
  /** What waited longer than it may (booking/lapse.ts); ids of the bookings that ended. */
  readonly lapse: (store: Store, now: Instant) => Promise<readonly string[]>;
  readonly expired: (bookingId: string) => void;
}

const SCOPE = systemScope('sweep');

/** Holds and decisions past their time: the booking expires and its slots are free again, in one transaction. */
export async function expireHolds(deps: SweepDeps): Promise<number> {
  const bookings = await deps.lapse(deps.store, deps.clock.now());
  for (const id of bookings) deps.expired(id);
  if (bookings.length > 0) deps.events.swept('holds expired', bookings.length);
  return bookings.length;
}

/** Slots whose time has come get their closing record. */
export async function closeOpenings(deps: SweepDeps): Promise<void> {
  const count = await deps.store.transaction(SCOPE, (tx) => tx.ledger.closeOpenings(deps.clock.now()));
  if (count > 0) deps.events.swept('openings closed', count);
}

export async function keepHouse(deps: SweepDeps): Promise<void> {
  const done = await deps.store.maintain(deps.clock.now(), deps.retention());
  for (const what of done) deps.events.swept(what, 1);
}
