/** Cancelling: asked for here, done by the owning site. The visit keeps its time until the site has let it go. */
import { HubError } from '../core/errors.ts';
import { mayBecome, stepsFrom } from '../fhir/status-flow.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { CancelRequest } from './contract.ts';
import { writeBooking, type NewBooking } from './new-booking.ts';
import { placedAs as placedAsOf } from './movable.ts';
import { repeatOf, type BookingDeps } from './place.ts';
import { firstState } from './queue.ts';
import { isSettled } from './states.ts';

export type CancelAsked =
  | { readonly kind: 'asked' | 'repeated'; readonly booking: Booking }
  | { readonly kind: 'already'; readonly appointmentId: string };

export function askCancel(deps: BookingDeps, request: CancelRequest, scope: Scope): Promise<CancelAsked> {
  return deps.store.transaction(scope, async (tx) => {
    await tx.lock(cancelLocks(request));
    return cancelUnderLock(deps, tx, request);
  });
}

/** What has to be locked before `cancelUnderLock`; that of several cancels in one call. */
export function cancelLocks(request: CancelRequest): readonly string[] {
  return [request.appointmentId, `request:${request.client}:${request.requestKey}`];
}

/** What is wrong is thrown before anything is written. */
export async function cancelUnderLock(deps: BookingDeps, tx: Tx, request: CancelRequest): Promise<CancelAsked> {
  const now = deps.clock.now();
  const repeated = await repeatOf(tx, request);
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  const visible = await tx.resources.read('Appointment', request.appointmentId);
  const appointment = visible === null ? null : await tx.resources.appointment(request.appointmentId);
  if (appointment === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  if (request.version !== null && request.version !== appointment.version) throw new HubError('VERSION_MISMATCH');
  const { status } = appointment.resource;
  if (status === 'cancelled') return { kind: 'already', appointmentId: appointment.id };
  if (!mayBecome(status, 'cancelled')) {
    const detail = `an appointment that is ${status} cannot be cancelled; ${stepsFrom(status)}`;
    throw new HubError('RULE_BROKEN', { detail });
  }
  const latest = await tx.bookings.latestOf(appointment.id);
  if (latest !== null && latest.action === 'cancel' && !isSettled(latest.state))
    return { kind: 'repeated', booking: latest };
  if (latest !== null && !isSettled(latest.state)) {
    throw new HubError('RULE_BROKEN', { detail: 'the booking is not settled yet; cancel it when it is' });
  }
  const site = cancellingSite(deps, appointment);
  const placedAs = placedAsOf(latest);
  const order = {
    cancel: {
      by: request.by,
      ...(request.reason === undefined ? {} : { reason: request.reason }),
      ...(placedAs === undefined ? {} : { placedAs }),
    },
  };
  const facts: NewBooking = {
    state: firstState(deps, site),
    action: 'cancel',
    site: site.id,
    appointmentId: appointment.id,
    slotId: appointment.slots[0] ?? null,
    during: appointment.during,
    resources: [],
    patientId: appointment.patients[0] ?? null,
    siteKey: appointment.siteKey,
    order,
  };
  const booking = await writeBooking(tx, request, facts, now);
  const { id: bookingId, appointmentId } = booking;
  const data = { by: request.by };
  await tx.ledger.add([{ at: now, kind: 'cancel-asked', site: site.id, bookingId, appointmentId, data }]);
  return { kind: 'asked', booking };
}

/** @throws HubError when the owning site takes no cancels from the hub */
function cancellingSite(deps: BookingDeps, appointment: StoredAppointment): SiteSettings {
  const site = deps.plan().sites.find((candidate) => candidate.id === appointment.site);
  const ability = deps.ability(appointment.site);
  if (site === undefined || ability === null)
    throw new HubError('SITE_NOT_WRITABLE', { detail: 'the site is not in service' });
  if (!ability.book) throw new HubError('SITE_CANNOT', { detail: 'cancel', site: site.id });
  const places = Object.keys(site.locations);
  const location =
    places.find((key) => appointment.locations.includes(canonicalId.location(site.identity, key))) ?? null;
  if (!mayWrite(site, { location, visitType: appointment.visitType }))
    throw new HubError('SITE_NOT_WRITABLE', { site: site.id });
  if (site.write === 'approval')
    throw new HubError('SITE_NOT_WRITABLE', { detail: 'the site wants a coordinator to cancel', site: site.id });
  if (appointment.siteKey === null)
    throw new HubError('RULE_BROKEN', { detail: 'the site has not named this appointment' });
  return site;
}
