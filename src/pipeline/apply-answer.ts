/**
 * The site's word on a booking, arriving as a message of its own: it settles the booking as the answer to the call
 * would have. Whatever the call itself says afterwards changes nothing any more.
 */
import type { WriteOutcome } from '../connectors/contract.ts';
import { instant } from '../core/instant.ts';
import type { BookingAnswer } from '../mappings/contract-answer.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import type { Applied, ApplyContext } from './apply-context.ts';

/** Any news of the visit itself is newer. */
const ORDERS_NOTHING = instant(0);

/** Only what was sent can have been answered. */
const ASKED: ReadonlySet<Booking['state']> = new Set(['sent', 'accepted', 'unknown', 'parked']);

export async function applyAnswer(context: ApplyContext, change: BookingAnswer): Promise<Applied> {
  const booking = await askedFor(context.tx, context.site.id, change);
  const outcome = booking === null ? null : outcomeOf(booking, change);
  if (booking === null || outcome === null || context.settle === undefined) return 'superseded';
  await context.settle(context.tx, { booking, site: context.site, outcome, sentAt: booking.stateAt });
  context.effects.bookings.add(booking.id);
  return 'applied';
}

/** Null: there is no such booking, or it is settled. */
async function askedFor(tx: Tx, siteId: string, change: BookingAnswer): Promise<Booking | null> {
  const open = await tx.bookings.openOf(siteId, 'parked too');
  const named = open.find(({ id }) => id.replaceAll('-', '').endsWith(change.booking));
  return named !== undefined && ASKED.has(named.state) ? named : null;
}

/** What settling the booking changes: taken together with all else that the batch locks. */
export async function lockedByAnswer(tx: Tx, siteId: string, change: BookingAnswer): Promise<readonly string[]> {
  const booking = await askedFor(tx, siteId, change);
  if (booking === null) return [];
  const taken = await tx.busy.ofAppointment(booking.appointmentId);
  return [booking.appointmentId, ...booking.resources, ...taken.map((row) => row.resourceId)];
}

/** Null: yes, but under a name that only its SIU will tell. */
function outcomeOf(booking: Booking, { word }: BookingAnswer): WriteOutcome | null {
  if (word.kind === 'denied') return { kind: 'refused', because: word.because, detail: word.detail };
  const { siteKey, during, order } = booking;
  const calendar = order.place?.calendar ?? '';
  if (booking.action === 'cancel') {
    const gone = { status: 'cancelled', start: ORDERS_NOTHING, end: ORDERS_NOTHING, calendar } as const;
    return siteKey === null ? null : { kind: 'booked', at: { key: siteKey, ...gone, orderedAt: ORDERS_NOTHING } };
  }
  const key = word.key ?? siteKey;
  if (key === null || during === null) return null;
  const { start, end } = during;
  return { kind: 'booked', at: { key, status: 'booked', start, end, calendar, orderedAt: ORDERS_NOTHING } };
}
