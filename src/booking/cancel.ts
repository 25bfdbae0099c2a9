/**
 * Cancelling: asked for here, done by the owning site. The visit keeps its time until the site has let it go. What the
 * site has not been asked for yet ends here at once (let-go.ts).
 */
import { HubError } from '../core/errors.ts';
import { mayBecome, stepsFrom } from '../fhir/status-flow.ts';
import type { Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { CancelRequest } from './contract.ts';
import { canBeLetGo, letBookingGo } from './let-go.ts';
import { writeBooking, type NewBooking } from './new-booking.ts';
import { placedAs as placedAsOf } from './movable.ts';
import { type BookingDeps } from './place.ts';
import { repeatOf } from './request-key.ts';
import { beginning } from './queue.ts';
import { isSettled } from './states.ts';
import { notInService, notWritable } from './owning-site.ts';

export type CancelAsked =
  | { readonly kind: 'asked' | 'repeated'; readonly booking: Booking }
  | { readonly kind: 'already'; readonly appointmentId: string }
  /** The site had not been asked for it. */
  | { readonly kind: 'let-go'; readonly appointmentId: string; readonly booking: Booking };

export function askCancel(deps: BookingDeps, request: CancelRequest, scope: Scope): Promise<CancelAsked> {
  return deps.store.transaction(scope, async (tx) => {
    const before = await tx.bookings.latestOf(request.appointmentId);
    const held = canBeLetGo(before) ? before.resources : [];
    await tx.lock([...cancelLocks(request), ...held]);
    return cancelUnderLock(deps, tx, request, before);
  });
}

/** What has to be locked before `cancelUnderLock`; that of several cancels in one call. */
export function cancelLocks(request: CancelRequest): readonly string[] {
  return [request.appointmentId, `request:${request.client}:${request.requestKey}`];
}

/**
 * What is wrong is thrown before anything is written. `before`: the visit's latest booking where what it holds is
 * locked too, so that it can be let go; null: one that is not settled stands in the way.
 */
export async function cancelUnderLock(
  deps: BookingDeps,
  tx: Tx,
  request: CancelRequest,
  before: Booking | null = null,
): Promise<CancelAsked> {
  const now = deps.clock.now();
  const repeated = await repeatOf(tx, request);
  // Under the key by which a booking was let go stands that booking, which is no cancel.
  if (repeated !== null && repeated.action !== 'cancel')
    return { kind: 'already', appointmentId: request.appointmentId };
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
  if (canBeLetGo(latest) && latest.id === before?.id) {
    await letBookingGo(tx, latest, request, now);
    if (latest.action === 'place') {
      await tx.bookings.alsoAsked(latest.id, request, now);
      await auditCancel(tx, latest, request.requestId, now);
      return { kind: 'let-go', appointmentId: appointment.id, booking: latest };
    }
    // What is left is the visit at its old time.
  } else if (latest !== null && !isSettled(latest.state)) {
    throw new HubError('RULE_BROKEN', {
      detail: 'the booking is not settled yet; ask its status address, and cancel it when it is',
    });
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
  const begins = beginning(deps, site, appointment.during, now);
  const facts: NewBooking = {
    state: begins.state,
    waitsUntil: begins.waitsUntil,
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

async function auditCancel(tx: Tx, booking: Booking, requestId: string, at: Instant): Promise<void> {
  const { site, appointmentId: resourceId } = booking;
  const facts = { resourceType: 'Appointment', resourceId, site, outcome: 'success', requestId } as const;
  await tx.audit({ at, action: 'cancel', ...facts });
}

/** @throws HubError when the owning site takes no cancels from the hub */
function cancellingSite(deps: BookingDeps, appointment: StoredAppointment): SiteSettings {
  const site = deps.plan().sites.find((candidate) => candidate.id === appointment.site);
  const ability = deps.ability(appointment.site);
  if (site === undefined || ability === null) throw notInService(appointment.site);
  if (!ability.book) {
    throw new HubError('SITE_CANNOT', { detail: 'it takes no cancels from the hub; call the clinic', site: site.id });
  }
  const places = Object.keys(site.locations);
  const location =
    places.find((key) => appointment.locations.includes(canonicalId.location(site.identity, key))) ?? null;
  if (!mayWrite(site, { location, visitType: appointment.visitType })) throw notWritable(site);
  if (appointment.siteKey === null)
    throw new HubError('RULE_BROKEN', {
      detail: 'the site has not named this appointment yet; cancel it when it has, or call the clinic',
      site: site.id,
    });
  return site;
}
