/**
 * The booking state machine. Every arrow is one transaction that names the state it expects; whoever comes late finds
 * the booking elsewhere and changes nothing. Place, move, cancel, status and amend take the same path;
 * `booked` means that the site did it.
 *
 *   (asked) --> held --> sent --+--> booked
 *     |          |        ^     +--> refused    hold released, caller told why, slots asked again
 *     |          |        |     +--> unsent     provably not there: the same call again after a pause
 *     |          |        |     +--> accepted   the site decides later
 *     |          |        |     +--> unknown    may be there: looked up, never guessed, never blindly repeated
 *     |          |        |
 *     |          |        +---- unsent / unknown (absent twice after the site's quiet time, where it is exclusive)
 *     v          v
 *  conflict   expired       accepted / unknown --> booked | refused | sent; not found out in time: parked, hold kept
 *
 * Before it is sent a booking may wait for a person, or for its site:
 *
 *   held (by its caller: $hold) --> held or awaiting-approval, when the caller books it; refused, when let go
 *   (asked) or held --> awaiting-approval --> held or queued, when a coordinator approves; refused | expired | booked
 *   (asked) or held --> queued (the site is down) --> sent, when it is back; refused | booked | parked
 */
import type { BookingState } from '../store/contract-bookings.ts';

export const TRANSITIONS: Readonly<Record<BookingState, readonly BookingState[]>> = {
  held: ['sent', 'expired', 'refused', 'awaiting-approval', 'queued'],
  'awaiting-approval': ['held', 'queued', 'refused', 'expired', 'booked'],
  queued: ['sent', 'refused', 'booked', 'parked'],
  sent: ['booked', 'refused', 'unsent', 'accepted', 'unknown', 'parked'],
  unsent: ['sent', 'refused', 'booked', 'parked'],
  accepted: ['booked', 'refused', 'unknown', 'parked'],
  unknown: ['booked', 'refused', 'unsent', 'parked'],
  parked: ['booked', 'refused'],
  booked: [],
  refused: [],
  expired: [],
};

/** No arrow leads out: what the caller is told stands for ever. */
export function isSettled(state: BookingState): boolean {
  return TRANSITIONS[state].length === 0;
}

/** States from which `to` may be reached: the expected states of the UPDATE. */
export function comingFrom(to: BookingState): BookingState[] {
  return (Object.keys(TRANSITIONS) as BookingState[]).filter((state) => TRANSITIONS[state].includes(to));
}
