/** Cancelling: asked for here, done by the owning site. The visit keeps its time until the site has let it go. */
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { mayWrite } from '../settings/write.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { CancelRequest } from './contract.ts';
import { repeatOf, type BookingDeps } from './place.ts';
import { isSettled } from './states.ts';

export type CancelAsked =
  | { readonly kind: 'asked' | 'repeated'; readonly booking: Booking }
  | { readonly kind: 'already'; readonly appointmentId: string };

export function askCancel(deps: BookingDeps, request: CancelRequest, scope: Scope): Promise<CancelAsked> {
  return deps.store.transaction(scope, (tx) => askUnderLock(deps, tx, request));
}

async function askUnderLock(deps: BookingDeps, tx: Tx, request: CancelRequest): Promise<CancelAsked> {
  const now = deps.clock.now();
  await tx.lock([request.appointmentId, `request:${request.client}:${request.requestKey}`]);
  const repeated = await repeatOf(tx, request);
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  const visible = await tx.resources.read('Appointment', request.appointmentId);
  const appointment = visible === null ? null : await tx.resources.appointment(request.appointmentId);
  if (appointment === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  if (request.version !== null && request.version !== appointment.version) throw new HubError('VERSION_MISMATCH');
  const { status } = appointment.resource;
  if (status === 'cancelled') return { kind: 'already', appointmentId: appointment.id };
  if (status === 'fulfilled' || status === 'noshow' || status === 'entered-in-error') {
    throw new HubError('RULE_BROKEN', { detail: `an appointment that is ${status} cannot be cancelled` });
  }
  const latest = await tx.bookings.latestOf(appointment.id);
  if (latest !== null && latest.action === 'cancel' && !isSettled(latest.state))
    return { kind: 'repeated', booking: latest };
  if (latest !== null && !isSettled(latest.state)) {
    throw new HubError('RULE_BROKEN', { detail: 'the booking is not settled yet; cancel it when it is' });
  }
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

  const booking: Booking = {
    id: newId(now),
    client: request.client,
    requestKey: request.requestKey,
    requestDigest: request.digest,
    action: 'cancel',
    site: site.id,
    state: 'held',
    stateAt: now,
    appointmentId: appointment.id,
    slotId: appointment.slots[0] ?? null,
    during: appointment.during,
    resources: [],
    patientId: appointment.patients[0] ?? null,
    siteKey: appointment.siteKey,
    reference: null,
    refusedBecause: null,
    detail: null,
    attempts: 0,
    absences: 0,
    deadlineAt: null,
    nextCheckAt: null,
    createdAt: now,
    createdBy: tx.scope.actor,
    order: { cancel: { by: request.by, ...(request.reason === undefined ? {} : { reason: request.reason }) } },
  };
  await tx.bookings.insert(booking);
  await tx.outbox.add(
    { receiver: 'site', receiverId: site.id, kind: 'cancel', bookingId: booking.id, appointmentId: appointment.id, body: {}, trace: request.trace },
    now,
    now,
  ); // prettier-ignore
  await tx.ledger.add([{ at: now, kind: 'cancel-asked', site: site.id, bookingId: booking.id, appointmentId: appointment.id, data: { by: request.by } }]); // prettier-ignore
  await tx.audit({ at: now, action: 'cancel', resourceType: 'Appointment', resourceId: appointment.id, site: site.id, outcome: 'success', requestId: request.requestId }); // prettier-ignore
  return { kind: 'asked', booking };
}
