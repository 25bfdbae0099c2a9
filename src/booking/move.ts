/**
 * Moving a visit to another time at its site. The new time is held before the old one is given up: both are taken until
 * the site has answered, and where it has not moved the visit, the visit stays as it was. Both holds are of one
 * lineage, the visit itself, so that a visit at 9:00 may move to 9:15.
 */
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { parseInstant, type Instant, type Interval } from '../core/instant.ts';
import { overlaps } from '../fhir/effective.ts';
import type { Appointment } from '../fhir/types.ts';
import type { PatientFacts } from '../connectors/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking, BookingOrder } from '../store/contract-bookings.ts';
import type { StoredAppointment, StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { MoveRequest } from './contract.ts';
import { hadBesides, isClosed, partsNow, targetOf, wishedSlots, type Target, type Wished } from './move-target.ts';
import { movingSite } from './move-terms.ts';
import { writeBooking, type NewBooking } from './new-booking.ts';
import { letLapse } from './lapse.ts';
import { beginning, notInSet } from './queue.ts';
import { calendarOf, patientFacts, placeOrder } from './order.ts';
import * as place from './place.ts';
import * as prepare from './prepare.ts';
import { repeatOfKind } from './request-key.ts';
import { movableVisit, underWay } from './movable.ts';
import type { BookingDeps } from './place.ts';
import * as records from './patient-records.ts';
import { checkOwnTime, personOf, type Person } from './patient-time.ts';
import { areCleared } from './sight.ts';
import { resourcesOf, rowsOf, seatsOf, whyTooClose, type Part } from './take.ts';
import { freshen, patienceOf } from './verify.ts';

export type MoveAsked =
  | { readonly kind: 'asked' | 'repeated'; readonly booking: Booking }
  | { readonly kind: 'taken'; readonly slot: StoredSlot; readonly why?: string }
  /** The visit is at that time. */
  | { readonly kind: 'already'; readonly appointmentId: string };

export async function askMove(
  deps: BookingDeps,
  request: MoveRequest,
  scope: Scope,
  until = patienceOf(deps),
): Promise<MoveAsked> {
  const early = await deps.store.read(scope, (tx) => visiblyTaken(tx, request));
  if (early !== null) return early;
  await freshen(deps, scope, async (tx) => allOf(await wishedSlots(deps, tx, request)), until);
  return deps.store.transaction(scope, async (tx) => {
    const prepared = await prepareMove(deps, tx, request);
    await tx.lock(prepared.locks);
    return moveUnderLock(deps, tx, prepared);
  });
}

function allOf({ seen, also }: Wished): readonly (StoredSlot | null)[] {
  return also instanceof HubError ? [seen] : [seen, ...also];
}

/** A slot visibly taken is answered by a plain read, unless it may be the visit itself that takes it. */
async function visiblyTaken(tx: Tx, request: MoveRequest): Promise<MoveAsked | null> {
  if (request.slotId === null) return null;
  const slot = await prepare.visibleSlot(tx, request.slotId);
  const served = await tx.resources.read('Appointment', request.appointmentId);
  if (slot.status === 'free' || served === null) return null;
  const { start, end } = JSON.parse(served.json) as Appointment;
  const from = start === undefined ? null : parseInstant(start);
  const to = end === undefined ? null : parseInstant(end);
  if (from === null || to === null || overlaps(slot.during, { start: from, end: to })) return null;
  const repeated = await repeatOfKind(tx, request, 'move');
  return repeated === null ? { kind: 'taken', slot } : { kind: 'repeated', booking: repeated };
}

/** Where a move leads, read before anything is locked, so that several can be locked together. */
export interface PreparedMove {
  readonly request: MoveRequest;
  readonly seen: StoredSlot | null;
  readonly target: Target | HubError | null;
  readonly person: Person;
  /** What has to be locked before `moveUnderLock`; those of several moves in one call. */
  readonly locks: readonly string[];
}

export async function prepareMove(deps: BookingDeps, tx: Tx, request: MoveRequest): Promise<PreparedMove> {
  const { seen, also } = await wishedSlots(deps, tx, request);
  const own = await tx.busy.ofAppointment(request.appointmentId);
  const target = seen === null ? null : await targetOf(deps, tx, seen, also);
  const taking = target === null || target instanceof HubError ? [] : target.taking;
  const person = await personOf(tx, await tx.busy.patientsOf(request.appointmentId));
  const held = own.map((row) => row.resourceId);
  const key = `request:${request.client}:${request.requestKey}`;
  const locks = [request.appointmentId, ...resourcesOf(taking), ...held, ...person.locks, key];
  return { request, seen, target, person, locks };
}

/** What is wrong is thrown before anything is written; what is taken is told. */
export async function moveUnderLock(deps: BookingDeps, tx: Tx, prepared: PreparedMove): Promise<MoveAsked> {
  const { request, seen, target, person } = prepared;
  const now = deps.clock.now();
  const repeated = await repeatOfKind(tx, request, 'move');
  if (repeated !== null) return { kind: 'repeated', booking: repeated };

  const visit = await movableVisit(tx, request);
  const under = await underWay(tx, visit, seen);
  if (under.open !== null) return { kind: 'repeated', booking: under.open };
  if (seen === null || target === null) {
    const detail = 'the visit’s schedule has no slot of its type that begins then; name the Slot to move it to';
    throw new HubError('RULE_BROKEN', { detail });
  }
  const there = target instanceof HubError ? [seen] : target.parts.map(({ slot }) => slot);
  if (there.every(({ id }) => visit.slots.includes(id)) && sameTime(visit.during, seen.during)) {
    return { kind: 'already', appointmentId: visit.id };
  }
  const site = movingSite(deps, visit, seen);
  if (target instanceof HubError) throw target;
  const parts = await partsNow(tx, target.parts);
  const [{ slot }, ...besides] = parts as [Part, ...Part[]];
  place.checkRequest(request, slot, now);
  for (const one of besides) place.checkRequest({ start: null, end: null }, one.slot, now);
  await letLapse(tx, resourcesOf(target.taking), now);
  const wanted = { visit, slot, ...target, parts };
  if (!areCleared(tx.scope, parts) || (await isTaken(tx, request, wanted))) return { kind: 'taken', slot };
  const why = await whyNotThen(deps, tx, request, { ...wanted, person });
  if (why !== null) return { kind: 'taken', slot, why };
  const booking = await holdNewTime(deps, tx, request, { ...wanted, site, now, placedAs: under.placedAs });
  return { kind: 'asked', booking };
}

interface Wanted extends Target {
  readonly visit: StoredAppointment;
  readonly slot: StoredSlot;
}

async function isTaken(tx: Tx, request: MoveRequest, wanted: Wanted): Promise<boolean> {
  const { visit, slot, taking } = wanted;
  const conflicts = await tx.busy.conflicts(taking, slot.session ?? visit.id);
  if (conflicts.some((row) => row.appointmentId !== visit.id)) return true;
  if ((await seatsOf(tx, slot, taking, request.channel)).full) return true;
  return isClosed(tx, visit, wanted);
}

/** Null: nothing around that time is in the way. @throws RULE_BROKEN when the patient is elsewhere then */
async function whyNotThen(
  deps: BookingDeps,
  tx: Tx,
  request: MoveRequest,
  { visit, slot, parts, person }: Wanted & { readonly person: Person },
): Promise<string | null> {
  const { patients, id } = visit;
  const own = { person, patientIds: patients, during: slot.during, session: slot.session, channel: request.channel };
  await checkOwnTime(tx, deps.plan(), { ...own, visit: id, override: request.allowPatientOverlap === true });
  return whyTooClose(tx, deps.plan(), parts, { occupancy: slot.session ?? id, visit: id });
}

interface Holding extends Wanted {
  readonly site: SiteSettings;
  readonly placedAs: string | undefined;
  readonly now: Instant;
}

async function holdNewTime(deps: BookingDeps, tx: Tx, request: MoveRequest, wanted: Holding): Promise<Booking> {
  const { visit, slot, site, calendar, taking, now } = wanted;
  const besides = wanted.parts.slice(1);
  const bookingId = newId(now);
  const waits = request.inSet?.waits === true;
  const { state, waitsUntil, holdUntil } = beginning(deps, site, slot.during, now);
  if (request.inSet !== undefined && state === 'awaiting-approval') throw notInSet(site);
  const { seat } = await seatsOf(tx, slot, taking, request.channel);
  const held = {
    occupancy: slot.session ?? visit.id,
    origin: 'hub' as const,
    site: site.id,
    bookingId,
    tentative: true,
    ...(holdUntil === null || waits ? {} : { expiresAt: holdUntil }),
    ...(seat === null ? {} : { seat }),
  };
  const old = visit.slots[0] === undefined ? null : await tx.resources.slot(visit.slots[0]);
  const patient = await patientOf(tx, wanted, site, wanted.identity);
  await tx.busy.insert(rowsOf(taking, held));
  const order: BookingOrder = {
    place: {
      ...placeOrder(request, slot, calendar, patient, bookingId, besides),
      ...(besides.length === 0 ? {} : { had: await hadBesides(tx, site, visit) }),
    },
    move: {
      from: visit.during,
      ...(besides.length === 0 ? {} : { also: besides.map((one) => one.slot.id) }),
      sameSchedule: old?.scheduleId === slot.scheduleId || visit.tokens.includes(`calendar:${calendar}`),
      ...(old === null ? {} : { fromCalendar: calendarOf(site, old.scheduleId) ?? '' }),
      ...(wanted.placedAs === undefined ? {} : { placedAs: wanted.placedAs }),
    },
  };
  const asked: NewBooking = {
    id: bookingId,
    state,
    waitsUntil,
    action: 'move',
    site: site.id,
    appointmentId: visit.id,
    slotId: slot.id,
    during: slot.during,
    resources: resourcesOf(taking),
    patientId: visit.patients[0] ?? null,
    siteKey: visit.siteKey,
    order,
    owed: !waits,
  };
  const booking = await writeBooking(tx, request, asked, now);
  await tx.resources.refreshTouched(taking, { site: null, messageId: null, siteTime: null, now });
  const cause = `request:${request.requestId}`;
  const data = { action: 'move' };
  await tx.ledger.add([
    { at: now, kind: 'held', site: site.id, bookingId, appointmentId: visit.id, slotId: slot.id, cause, data },
  ]);
  return booking;
}

/** Staff may have booked the visit for somebody of whom the site told little: it knows whose visit it moves. */
async function patientOf(
  tx: Tx,
  { visit, slot, now }: Pick<Holding, 'visit' | 'slot' | 'now'>,
  site: SiteSettings,
  identity: 'id' | 'demographics',
): Promise<PatientFacts> {
  const [id] = visit.patients;
  if (id === undefined) return { identifiers: [], family: '', given: '' };
  const known = await records.standingFor(tx, await records.readPatient(tx, id));
  const chosen = records.asToldFor([...visit.security, ...slot.security], known, now);
  const linked = await tx.resources.linkedPatients(id);
  return patientFacts(chosen, await records.patientsOfSite(tx, linked, chosen, site), site, identity);
}

function sameTime(left: Interval | null, right: Interval): boolean {
  return left !== null && left.start === right.start && left.end === right.end;
}
