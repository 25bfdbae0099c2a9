/**
 * A time that a caller holds without booking it yet (IHE ITI-116), and its booking later. In between nothing is owed to
 * the site, and the time is not given up for a moment: the booking is the same one, which goes on.
 */
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { acting as asActing, withActing } from '../fhir/acting.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Booking, BookingOrder } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import { demandActing } from './acting.ts';
import type { BookHeldRequest, RequestBase } from './contract.ts';
import { isPersonOf } from './golden-named.ts';
import { letLapse } from './lapse.ts';
import { setOff } from './new-booking.ts';
import { giveBack } from './pending.ts';
import { personOf } from './patient-time.ts';
import { type BookingDeps } from './place.ts';
import { visibleSlot, writableSite } from './prepare.ts';
import { repeatOfKind } from './request-key.ts';
import { beginning } from './queue.ts';
import { isSettled } from './states.ts';

export type HeldBooked =
  | { readonly kind: 'asked' | 'repeated' | 'overtaken'; readonly booking: Booking }
  /** Another client holds it. */
  | { readonly kind: 'taken'; readonly slot: StoredSlot }
  | { readonly kind: 'expired' };

/** Null: it is no visit that a caller holds, nor was it. */
export function bookHeld(deps: BookingDeps, request: BookHeldRequest, scope: Scope): Promise<HeldBooked | null> {
  return deps.store.transaction(scope, (tx) => bookUnderLock(deps, tx, request));
}

async function bookUnderLock(deps: BookingDeps, tx: Tx, request: BookHeldRequest): Promise<HeldBooked | null> {
  const now = deps.clock.now();
  const found = await heldFor(tx, request, now);
  if (found?.kind !== 'held') return found;
  const { booking, slot } = found;
  const { patientId } = booking;
  const named = request.patientId;
  if (named !== null && named !== patientId && !(await isPersonOf(deps.people, tx, named, patientId ?? ''))) {
    throw new HubError('RULE_BROKEN', { detail: 'the time is held for another patient: let it go and hold it anew' });
  }
  if (request.acting !== undefined && patientId !== null) {
    await demandActing(tx, request, (await personOf(tx, [patientId])).records, now);
  }
  return takeUp(deps, tx, request, booking, slot, now);
}

/** What a client holds and asks about once more, under all of its locks. */
export type HeldFor =
  | { readonly kind: 'held'; readonly booking: Booking & { readonly waitsUntil: Instant }; readonly slot: StoredSlot }
  | Extract<HeldBooked, { readonly kind: 'taken' | 'expired' }>
  | { readonly kind: 'repeated'; readonly booking: Booking };

/** Null: it is no visit that a caller holds, nor was it. @throws HubError NOT_FOUND, VERSION_MISMATCH */
export async function heldFor(
  tx: Tx,
  request: RequestBase & Pick<BookHeldRequest, 'appointmentId' | 'version'>,
  now: Instant,
): Promise<HeldFor | null> {
  const { appointmentId } = request;
  const before = await tx.bookings.latestOf(appointmentId);
  const key = `request:${request.client}:${request.requestKey}`;
  await tx.lock([appointmentId, ...(before?.resources ?? []), key]);
  const repeated = await repeatOfKind(tx, request, 'place');
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  const served = await tx.resources.read('Appointment', appointmentId);
  if (served === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  const booking = await tx.bookings.latestOf(appointmentId);
  if (booking?.action !== 'place' || booking.id !== before?.id || booking.slotId === null) return null;
  if (booking.state === 'expired') return { kind: 'expired' };
  const { waitsUntil } = booking;
  if (booking.state !== 'held' || waitsUntil === null) {
    // Asked for again, under another key, while the first is on its way.
    const isOwn = booking.client === request.client && !isSettled(booking.state);
    return isOwn ? { kind: 'repeated', booking } : null;
  }
  const slot = await visibleSlot(tx, booking.slotId);
  if (booking.client !== request.client) return { kind: 'taken', slot };
  if (waitsUntil <= now) {
    await letLapse(tx, booking.resources, now);
    return { kind: 'expired' };
  }
  if (request.version !== null && request.version !== served.version) throw new HubError('VERSION_MISMATCH');
  return { kind: 'held', booking: { ...booking, waitsUntil }, slot };
}

/** The site gave the time away while it was held: the hold ends. Null: it did not. */
export async function endOvertaken(
  tx: Tx,
  request: Pick<RequestBase, 'requestId'>,
  booking: Booking,
  now: Instant,
): Promise<Booking | null> {
  if ((await tx.busy.overtaken([booking.id])).length === 0) return null;
  const detail = 'The time was taken at the site while it was held here.';
  await move(tx, booking, 'refused', { refusedBecause: 'slot-taken', detail, waitsUntil: null }, now);
  await giveBack(tx, booking, { text: detail }, now);
  await ledger(tx, booking, request, 'refused', now);
  return { ...booking, state: 'refused', refusedBecause: 'slot-taken', detail };
}

async function takeUp(
  deps: BookingDeps,
  tx: Tx,
  request: BookHeldRequest,
  booking: Booking,
  slot: StoredSlot,
  now: Instant,
): Promise<HeldBooked> {
  await tx.bookings.alsoAsked(booking.id, request, now);
  const overtaken = await endOvertaken(tx, request, booking, now);
  if (overtaken !== null) return { kind: 'overtaken', booking: overtaken };
  const { site } = writableSite(deps, deps.plan(), slot);
  const { state, waitsUntil, holdUntil } = beginning(deps, site, booking.during, now);
  const order = completed(booking.order, request);
  await move(tx, booking, state, { waitsUntil, order }, now);
  await tx.busy.keep(booking.id, holdUntil ?? undefined);
  const next: Booking = { ...booking, state, waitsUntil, order };
  await setOff(tx, next, request.trace, now);
  await ledger(tx, booking, request, 'book-asked', now);
  const facts = { site: booking.site, outcome: 'success', requestId: request.requestId } as const;
  await tx.audit({ at: now, action: 'book', resourceType: 'Appointment', resourceId: booking.appointmentId, ...facts });
  return { kind: 'asked', booking: next };
}

/** A caller may hold first and ask the patient for reason and comment afterwards. */
function completed(order: BookingOrder, { reason, comment, identifiers, acting }: BookHeldRequest): BookingOrder {
  const { place, appointmentJson } = order;
  if (place === undefined || appointmentJson === undefined) return order;
  const held = JSON.parse(appointmentJson) as Appointment;
  const known = held.identifier ?? [];
  const fresh = identifiers.filter(
    (one) => !known.some(({ system, value }) => system === one.system && value === one.value),
  );
  const identifier = [...known, ...fresh];
  const said = { ...(reason === undefined ? {} : { reason }), ...(comment === undefined ? {} : { comment }) };
  const appointment: Appointment = {
    ...held,
    ...(identifier.length === 0 ? {} : { identifier }),
    ...(reason === undefined ? {} : { reasonCode: [{ text: reason }] }),
    ...(comment === undefined ? {} : { comment }),
  };
  const visit = acting === undefined ? appointment : withActing(appointment, [asActing(acting)]);
  return { ...order, place: { ...place, ...said }, appointmentJson: JSON.stringify(visit) };
}

async function move(
  tx: Tx,
  booking: Booking,
  to: Booking['state'],
  patch: Parameters<Tx['bookings']['move']>[4],
  now: Instant,
): Promise<void> {
  // The sweep ends it under the same locks: whoever is first has it.
  if (!(await tx.bookings.move(booking.id, ['held'], to, now, patch))) throw new HubError('HOLD_EXPIRED');
}

async function ledger(
  tx: Tx,
  booking: Booking,
  request: Pick<RequestBase, 'requestId'>,
  kind: string,
  at: Instant,
): Promise<void> {
  const { id: bookingId, site, appointmentId } = booking;
  const slot = booking.slotId === null ? {} : { slotId: booking.slotId };
  await tx.ledger.add([{ at, kind, site, bookingId, appointmentId, ...slot, cause: `request:${request.requestId}` }]);
}
