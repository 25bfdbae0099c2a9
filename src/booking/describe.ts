/** What a booking came to, as its caller is told. */
import { HubError } from '../core/errors.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Scope } from '../store/contract.ts';
import { DECLINED } from './approve.ts';
import { OUTDATED } from './outdated.ts';
import type { BookingAnswer } from './contract.ts';
import { LET_GO } from './let-go.ts';
import { looksOf } from './looks.ts';
import type { BookingDeps } from './place.ts';

export const DONE = {
  place: 'booked',
  move: 'moved',
  cancel: 'cancelled',
  status: 'changed',
  amend: 'changed',
} as const;

/** What a booking came to so far, as its caller is told. */
export async function describe(
  deps: BookingDeps,
  booking: Booking,
  scope: Scope,
  repeated: boolean,
): Promise<BookingAnswer> {
  const bookingId = booking.id;
  if (booking.state === 'booked') {
    const appointment = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', booking.appointmentId));
    if (appointment === null)
      throw new HubError('NOT_FOUND', { detail: 'the booked appointment is outside what you may see' });
    return { kind: DONE[booking.action], bookingId, appointment, repeated };
  }
  if (booking.state === 'refused') {
    const taken = booking.refusedBecause === 'slot-taken';
    if (taken && booking.slotId !== null) {
      const slot = await deps.store.read(scope, (tx) => tx.resources.slot(booking.slotId ?? ''));
      const { patientId } = booking;
      if (slot !== null)
        return { ...(await conflict(deps, slot, scope)), ...(patientId === null ? {} : { patientId }) };
    }
    const detail = booking.detail ?? 'no reason given';
    if (NOT_SENT.includes(booking.refusedBecause ?? '')) {
      const error = new HubError('BOOKING_NOT_SENT', { detail, site: booking.site });
      return { kind: 'refused', bookingId, error, because: null };
    }
    const error = new HubError('SITE_REFUSED', { detail, site: booking.site });
    return { kind: 'refused', bookingId, error, because: booking.refusedBecause as never };
  }
  if (booking.state === 'expired') {
    return { kind: 'refused', bookingId, error: new HubError('HOLD_EXPIRED'), because: null };
  }
  return describeOpen(deps, booking, scope, repeated);
}

/** Why a booking ended that its site was never asked for. */
const NOT_SENT: readonly string[] = ['site-down', 'set-failed', DECLINED, OUTDATED, LET_GO];

async function describeOpen(
  deps: Pick<BookingDeps, 'store'>,
  booking: Booking,
  scope: Scope,
  repeated: boolean,
): Promise<BookingAnswer> {
  const { id: bookingId, state, waitsUntil, appointmentId } = booking;
  const shown = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', appointmentId));
  if (state === 'held' && waitsUntil !== null) {
    if (shown === null) throw new HubError('NOT_FOUND', { detail: 'the held appointment is outside what you may see' });
    return { kind: 'held', bookingId, appointment: shown, repeated, scope: 'hub-only', until: waitsUntil };
  }
  const until = state === 'queued' ? 'site-back' : state === 'awaiting-approval' ? 'approval' : null;
  const visit = booking.action === 'place' && shown !== null ? { appointmentId } : {};
  return { kind: 'pending', bookingId, ...(until === null ? {} : { until }), ...visit };
}

type Conflict = Extract<BookingAnswer, { readonly kind: 'conflict' }>;

export async function conflict(deps: BookingDeps, slot: StoredSlot, scope: Scope, why = ''): Promise<Conflict> {
  const looks = deps.looks ?? looksOf(deps);
  const alternatives = await looks.alternatives(slot, scope);
  if (why !== '') return { kind: 'conflict', error: new HubError('SLOT_TAKEN', { detail: why }), alternatives };
  const known = alike.get(alternatives) ?? { kind: 'conflict', error: new HubError('SLOT_TAKEN'), alternatives };
  alike.set(alternatives, known);
  return known;
}

/** All who are shown the same alternatives are told the same, and it is put into words once. */
const alike = new WeakMap<readonly StoredSlot[], Conflict>();
