/**
 * Cancelling what its site has not been asked for: the time is given back here, in the transaction in which the caller
 * asks, and nobody else has to be asked. Never where the site may have it.
 */
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Booking, BookingState } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import type { CancelRequest } from './contract.ts';
import { giveBack } from './pending.ts';
import { CANCELLED_BY } from './show.ts';

/** States in which the site provably has nothing of it. */
export const NEVER_SENT: readonly BookingState[] = ['held', 'awaiting-approval', 'queued', 'unsent'];

/** In the place of a site's reason. */
export const LET_GO = 'let-go';

/**
 * What can be taken back without asking its site, by who cancels the visit: a placement or a move, and a change that a
 * coordinator may not decide about for a day.
 */
export function canBeLetGo(booking: Booking | null): booking is Booking {
  if (booking === null || !NEVER_SENT.includes(booking.state)) return false;
  if (booking.action === 'place' || booking.action === 'move') return true;
  return booking.action !== 'cancel' && booking.state === 'awaiting-approval';
}

/**
 * Under the locks of the visit and of what the booking holds. A time that a caller holds is let go by nobody else.
 * @throws HubError SLOT_TAKEN, or RULE_BROKEN where it was sent at this very moment
 */
export async function letBookingGo(tx: Tx, booking: Booking, request: CancelRequest, now: Instant): Promise<void> {
  if (booking.state === 'held' && booking.waitsUntil !== null && booking.client !== request.client) {
    throw new HubError('SLOT_TAKEN', { detail: 'another client holds it; only that client can let it go' });
  }
  const patch = { refusedBecause: LET_GO, detail: DETAIL[booking.action] ?? '', waitsUntil: null };
  if (!(await tx.bookings.move(booking.id, NEVER_SENT, 'refused', now, patch))) {
    throw new HubError('RULE_BROKEN', {
      detail: 'the booking is being sent to its site; cancel it when it is settled',
    });
  }
  const { reason, by } = request;
  const why = { coding: [CANCELLED_BY[by]], ...(reason === undefined ? {} : { text: reason }) };
  await giveBack(tx, booking, why, now);
  const { id: bookingId, site, appointmentId, action } = booking;
  const cause = `request:${request.requestId}`;
  await tx.ledger.add([{ at: now, kind: 'let-go', site, bookingId, appointmentId, cause, data: { action, by } }]);
}

const CHANGE = 'The change was taken back before the site was asked for it: the visit was to be cancelled.';
const DETAIL: Readonly<Partial<Record<Booking['action'], string>>> = {
  status: CHANGE,
  amend: CHANGE,
  place: 'It was cancelled before the site was asked for it. Place a new booking if it is wanted after all.',
  move: 'The move was taken back before the site was asked for it: the visit was to be cancelled.',
};
