/** Which visits may be moved now, and what of theirs is under way. */
import { HubError } from '../core/errors.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredAppointment, StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { MoveRequest } from './contract.ts';
import { isSettled } from './states.ts';

export const MOVABLE: ReadonlySet<AppointmentStatus> = new Set(['booked', 'pending', 'waitlist']);

export async function movableVisit(tx: Tx, request: MoveRequest): Promise<StoredAppointment> {
  const visible = await tx.resources.read('Appointment', request.appointmentId);
  const visit = visible === null ? null : await tx.resources.appointment(request.appointmentId);
  if (visit === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  if (request.version !== null && request.version !== visit.version) throw new HubError('VERSION_MISMATCH');
  const { status } = visit.resource;
  if (!MOVABLE.has(status)) {
    const detail = `an appointment that is ${status} cannot be moved; place a new booking for the new time`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  if (visit.siteKey === null) {
    throw new HubError('RULE_BROKEN', {
      detail: 'the site does not have this visit yet: cancel it and book the other time, or move it later',
    });
  }
  return visit;
}

/** One call about a visit at a time. `open`: the very same move, asked for before. */
export async function underWay(
  tx: Tx,
  visit: StoredAppointment,
  slot: StoredSlot | null,
): Promise<{ readonly open: Booking | null; readonly placedAs: string | undefined }> {
  const latest = await tx.bookings.latestOf(visit.id);
  if (latest === null) return { open: null, placedAs: undefined };
  if (!isSettled(latest.state)) {
    if (latest.action === 'move' && latest.slotId === slot?.id) return { open: latest, placedAs: undefined };
    const detail = `a ${latest.action} of this visit is not settled yet; move the visit when it is`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  return { open: null, placedAs: placedAs(latest) };
}

/** The correlation under which the hub placed a visit; undefined: it did not. */
export function placedAs(latest: Booking | null): string | undefined {
  if (latest === null) return undefined;
  const { cancel, move, status, amend } = latest.order;
  if (latest.action === 'place') return latest.id;
  return (cancel ?? move ?? status ?? amend)?.placedAs;
}
