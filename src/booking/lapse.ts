/**
 * What waited for somebody longer than it may: holds that were not booked or sent, decisions that nobody took. It
 * expires, gives back what it took, and whoever was to decide is told that there is nothing to decide any more.
 */
import type { Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Cause } from '../store/contract-resources.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { endPending } from './pending.ts';

const SCOPE = systemScope('sweep');
const BATCH = 100;
const REASON = { text: 'It was held and not booked in time.' };

type Ended = Pick<Booking, 'id' | 'action' | 'appointmentId' | 'site'>;

/** Under the locks of these resources: holds of theirs past their time. Also called by who asks for that very time. */
export async function letLapse(tx: Tx, resources: readonly string[], now: Instant): Promise<readonly string[]> {
  const lapsed = await tx.busy.expire(resources, now);
  if (lapsed.length === 0) return [];
  const cause: Cause = { site: null, messageId: null, siteTime: null, now };
  await tx.resources.refreshTouched(lapsed, cause);
  const ended = new Map(lapsed.map(({ bookingId: id, ...one }) => [id, { ...one, id }] as const));
  for (const one of ended.values()) await tell(tx, one, now);
  return [...ended.keys()];
}

/** One round of all that is past its time; the bookings that ended. */
export async function lapse(store: Store, now: Instant): Promise<readonly string[]> {
  const holds = await store.transaction(SCOPE, async (tx) => {
    const resources = await tx.busy.lapsed(now);
    if (resources.length === 0) return [];
    await tx.lock(resources);
    return letLapse(tx, resources, now);
  });
  // A cancel that waits for a decision holds no time of its own that could run out.
  const undecided = await store.read(SCOPE, (tx) => tx.bookings.waitedOut(now, BATCH));
  const ended: string[] = [];
  for (const booking of undecided) {
    const moved = await store.transaction(SCOPE, async (tx) => {
      await tx.lock([booking.appointmentId, ...booking.resources]);
      const { waitsUntil = null } = (await tx.bookings.get(booking.id)) ?? {};
      // Booked by its caller since: then it waits for somebody else, or for nobody.
      if (waitsUntil === null || waitsUntil > now) return false;
      if (!(await tx.bookings.move(booking.id, ['held', 'awaiting-approval'], 'expired', now, {}))) return false;
      const touched = await tx.busy.removeBooking(booking.id);
      await tx.resources.refreshTouched(touched, { site: null, messageId: null, siteTime: null, now });
      await tell(tx, booking, now);
      return true;
    });
    if (moved) ended.push(booking.id);
  }
  return [...holds, ...ended];
}

async function tell(tx: Tx, { id, action, appointmentId, site }: Ended, now: Instant): Promise<void> {
  await tx.workItems.close('approval', `booking:${id}`, now);
  if (action === 'place') await endPending(tx, appointmentId, REASON, { site, messageId: null, siteTime: null, now });
  await tx.ledger.add([{ at: now, kind: 'expired', site, bookingId: id, appointmentId, data: { action } }]);
}
