/**
 * Stage sweep: what must happen without anybody asking: holds that ran out, calls cut short, next partitions, old rows.
 */
import type { Clock } from '../core/clock.ts';
import type { RetentionSettings } from '../settings/shape.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface SweepDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  readonly retention: () => RetentionSettings;
  readonly expired: (bookingId: string) => void;
}

const SCOPE = systemScope('sweep');

/** Caller's holds past their time: the booking expires and its slots are free again, in one transaction. */
export async function expireHolds(deps: SweepDeps): Promise<number> {
  const now = deps.clock.now();
  const cause = { site: null, messageId: null, siteTime: null, now };
  const bookings = await deps.store.transaction(SCOPE, async (tx) => {
    const resources = await tx.busy.lapsed(now);
    if (resources.length === 0) return [];
    await tx.lock(resources);
    const lapsed = await tx.busy.expire(resources, now);
    await tx.resources.refreshTouched(lapsed, cause);
    const ended = new Map(lapsed.map((one) => [one.bookingId, one]));
    await tx.ledger.add(
      [...ended.values()].map(({ bookingId, appointmentId, site }) => ({
        at: now,
        kind: 'expired',
        site,
        bookingId,
        appointmentId,
      })),
    );
    return [...ended.keys()];
  });
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
