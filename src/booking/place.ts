/**
 * Takes the time in our own database first: one transaction under the locks of the resources concerned, against
 * everything known of them. From its commit every reader sees the slots as taken; only then is the site asked
 * (deliver.ts).
 */
import type { Clock } from '../core/clock.ts';
import type { PatientFacts } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, type Instant } from '../core/instant.ts';
import type { Patient } from '../fhir/types.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { Booking, Claim } from '../store/contract-bookings.ts';
import type { Served, StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Store, Tx } from '../store/contract.ts';
import type { PlaceRequest, SendTurn } from './contract.ts';
import { letLapse } from './lapse.ts';
import type { Looks } from './looks.ts';
import { writeBooking, type NewBooking } from './new-booking.ts';
import { notInService, notWritable, type Ability } from './owning-site.ts';
import { actorsOf, calendarOf, patientFacts, placeOrder, proposedAppointment, type Acting } from './order.ts';
import { beginning, heldByCaller, notInSet, type Away, type Beginning } from './queue.ts';
import { repeatOf } from './request-key.ts';
import { isCleared, isInReach } from './sight.ts';
import { judgeOwnTime, personOf, seeOwnTime, type Person } from './patient-time.ts';
import { patientsOfSite, readPatient, standingFor } from './patient-records.ts';
import { checkTogether, claimsOf, look, resourcesOf, rowsOf, takenBy, type Part } from './take.ts';
import type { AskWindow, Verify } from './verify.ts';

export interface BookingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  /** Null: as far as the hub knows the site answers. Absent: the hub never knows. */
  readonly away?: (siteId: string) => Away;
  /** How this site is asked for a window now; null: it cannot be asked. Absent: no site can. */
  readonly askWindow?: (siteId: string) => AskWindow | null;
  readonly verify?: Verify;
  /** Null: the call has to wait for its turn, and is found in the database. Absent: it always has to. */
  readonly turn?: (siteId: string) => SendTurn | null;
  /** Shared by all that book in this process; absent: this booking looks by itself. */
  readonly looks?: Looks;
  /** The kind and what this site's connector can do; null when the site is not running. */
  readonly ability: (siteId: string) => Ability | null;
}

/** What a caller holds without booking it yet. */
export interface CallerHold {
  /** For how long; null: as long as settings allow. */
  readonly seconds: number | null;
}

export type Held =
  /** `sent`: its site is being asked already. */
  | { readonly kind: 'held'; readonly booking: Booking; readonly sent?: boolean }
  | { readonly kind: 'repeated'; readonly booking: Booking }
  /** `why`: what a reader of the slot cannot see; else empty. */
  | { readonly kind: 'taken'; readonly slot: StoredSlot; readonly why?: string };

/** What a placement will take, read before anything is locked, so that several can be locked together. */
export interface Prepared {
  readonly request: PlaceRequest;
  readonly seen: StoredSlot;
  readonly site: SiteSettings;
  /** The slots of the booking; the first is the visit. */
  readonly parts: readonly Part[];
  readonly identity: 'id' | 'demographics';
  readonly person: Person;
  /** Each resource with the interval that this booking takes of it. */
  readonly taking: readonly Claim[];
  /** What has to be locked before `holdPrepared`; those of several placements in one call. */
  readonly locks: readonly string[];
}

/** @throws HubError when this request cannot be booked by the hub at all */
export async function prepare(deps: BookingDeps, tx: Tx, request: PlaceRequest): Promise<Prepared> {
  // What is asked together leaves together: each question by itself would be a round trip of its own.
  const [{ seen, site, identity, parts }, person] = await Promise.all([
    partsOf(deps, tx, [request.slotId, ...(request.also ?? [])]),
    personOf(tx, [request.patientId]),
  ]);
  const claims = takenBy(site, parts);
  // The request key is locked as well: the same request sent twice at once is one booking.
  const locks = [...resourcesOf(claims), ...person.locks, `request:${request.client}:${request.requestKey}`];
  return { request, seen, site, parts, identity, person, taking: claims, locks };
}

/** Each slot by itself may be booked by the hub, and together they are one booking of their site. */
async function partsOf(
  deps: BookingDeps,
  tx: Tx,
  slotIds: readonly string[],
): Promise<Pick<Prepared, 'seen' | 'site' | 'identity' | 'parts'>> {
  const slots = await Promise.all(slotIds.map((id) => visibleSlot(tx, id)));
  const [first] = slots;
  if (first === undefined)
    throw new HubError('RULE_BROKEN', { detail: 'a booking names a slot: {"reference": "Slot/<id>"}' });
  const { site, identity, several } = writableSite(deps, deps.plan(), first);
  checkTogether(slots, several);
  const parts = slots.map(async (slot): Promise<Part> => {
    const { calendar } = writableSite(deps, deps.plan(), slot);
    const resources = await tx.resources.occupies(slot.scheduleId);
    return { slot, calendar, claims: claimsOf(site, calendar, resources, slot) };
  });
  return { seen: first, site, identity, parts: await Promise.all(parts) };
}

/** To be booked at once; what a caller only holds: caller-holds.ts. */
export async function holdUnderLock(deps: BookingDeps, tx: Tx, request: PlaceRequest): Promise<Held> {
  const prepared = await prepare(deps, tx, request);
  const [, repeated] = await Promise.all([tx.lock(prepared.locks), repeatOf(tx, request)]);
  return repeated === null ? holdPrepared(deps, tx, prepared) : { kind: 'repeated', booking: repeated };
}

/** Under the locks of `prepared`: looks at everything known of what it takes, then takes it. */
export async function holdPrepared(
  deps: BookingDeps,
  tx: Tx,
  prepared: Prepared,
  byCaller: CallerHold | null = null,
): Promise<Held> {
  const { request, site, taking, person } = prepared;
  const now = deps.clock.now();
  const plan = deps.plan();
  const resources = resourcesOf(taking);
  const { parts, schedules, patient } = await readUnderLock(tx, prepared, now);
  const [{ slot, calendar }] = parts as [Part, ...Part[]];
  checkRequest(request, slot, now);
  for (const one of parts.slice(1)) checkRequest({ start: null, end: null }, one.slot, now);
  const { state, waitsUntil, holdUntil } = beginningOf(deps, prepared, byCaller, now);

  const waits = request.inSet?.waits === true;
  const bookingId = newId(now);
  const appointmentId = newId(now);
  const { patientId, channel, allowPatientOverlap: override = false } = request;
  const { during, session } = slot;
  const own = { person, patientIds: [patientId], during, session, visit: null, channel, override };
  const [{ why, seat }, visits] = await Promise.all([
    look(tx, plan, { claims: taking, parts, channel }),
    seeOwnTime(tx, own),
  ]);
  if (why !== null) return { kind: 'taken', slot, why };
  judgeOwnTime(plan, own, visits);

  const facts = await factsOf(tx, prepared, patient, visits.records);
  const acting = parts.map((part, at): Acting => ({ slot: part.slot, actors: actorsOf(schedules[at] ?? null) }));
  const [{ actors }, ...besides] = acting as [Acting, ...Acting[]];
  const held = {
    occupancy: session ?? appointmentId,
    origin: 'hub',
    site: site.id,
    appointmentId,
    bookingId,
    tentative: true,
    ...(holdUntil === null || waits ? {} : { expiresAt: holdUntil }),
    ...(seat === null ? {} : { seat }),
  } as const;
  await tx.busy.insert(rowsOf(taking, held));
  const order = {
    place: placeOrder(request, slot, calendar, facts, bookingId, parts.slice(1)),
    appointmentJson: JSON.stringify(proposedAppointment({ request, slot, site, plan, calendar, actors, besides, now })),
  };
  const asked: NewBooking = {
    id: bookingId,
    state,
    waitsUntil,
    action: 'place',
    site: site.id,
    appointmentId,
    slotId: slot.id,
    during: slot.during,
    resources,
    patientId: request.patientId,
    siteKey: null,
    order,
    owed: !waits,
  };
  const [booking] = await Promise.all([
    writeBooking(tx, request, asked, now),
    tx.resources.refreshTouched(taking, { site: null, messageId: null, siteTime: null, now }),
  ]);
  const cause = `request:${request.requestId}`;
  await tx.ledger.add([{ at: now, kind: state, site: site.id, bookingId, appointmentId, slotId: slot.id, cause }]);
  return { kind: 'held', booking };
}

/** Everything that depends on nothing else, asked together; what has run out meanwhile ends first. */
async function readUnderLock(
  tx: Tx,
  { request, parts, taking }: Prepared,
  now: Instant,
): Promise<{
  readonly parts: readonly Part[];
  readonly schedules: readonly (Served | null)[];
  readonly patient: Patient;
}> {
  const asItIs = async (part: Part): Promise<Part> => {
    return { ...part, slot: asPrepared(part.slot, await visibleSlot(tx, part.slot.id)) };
  };
  const [found, schedules, patient] = await Promise.all([
    Promise.all(parts.map(asItIs)),
    Promise.all(parts.map(({ slot }) => tx.resources.read('Schedule', slot.scheduleId))),
    readPatient(tx, request.patientId),
    letLapse(tx, resourcesOf(taking), now),
  ]);
  return { parts: found, schedules, patient };
}

async function factsOf(
  tx: Tx,
  { site, identity }: Prepared,
  patient: Patient,
  records: readonly string[],
): Promise<PatientFacts> {
  const chosen = await standingFor(tx, patient);
  return patientFacts(chosen, await patientsOfSite(tx, records, chosen, site), site, identity);
}

/** @throws TOO_BUSY when the site has changed it while the locks were waited for: they are of what it was */
export function asPrepared(seen: StoredSlot, slot: StoredSlot): StoredSlot {
  const { during, scheduleId } = seen;
  const same = slot.during.start === during.start && slot.during.end === during.end && slot.scheduleId === scheduleId;
  if (same) return slot;
  const detail = 'the site changed the slot at this moment: read it again, and book what it is now';
  throw new HubError('TOO_BUSY', { detail, site: slot.site });
}

function beginningOf(
  deps: BookingDeps,
  { site, request, seen: { during } }: Prepared,
  byCaller: CallerHold | null,
  now: Instant,
): Beginning {
  if (byCaller !== null) return heldByCaller(deps, site, { ...byCaller, during, now });
  const begins = beginning(deps, site, during, now);
  if (request.inSet !== undefined && begins.state === 'awaiting-approval') {
    throw notInSet(site);
  }
  return begins;
}

/** @throws NOT_FOUND also when the caller may not see it */
export async function visibleSlot(tx: Tx, id: string): Promise<StoredSlot> {
  return visible(await tx.resources.slot(id), tx.scope);
}

export function visible(slot: StoredSlot | null, scope: Scope): StoredSlot {
  if (slot === null || !isInReach(scope, slot)) throw new HubError('NOT_FOUND', { detail: 'the slot' });
  return isCleared(scope, slot) ? slot : { ...slot, status: 'busy' };
}

export function writableSite(
  deps: BookingDeps,
  plan: Plan,
  slot: StoredSlot,
): {
  readonly site: SiteSettings;
  readonly calendar: string;
  readonly identity: 'id' | 'demographics';
  readonly several: boolean;
} {
  const site = plan.sites.find((candidate) => candidate.id === slot.site);
  const ability = deps.ability(slot.site);
  if (site === undefined || ability === null) throw notInService(slot.site);
  if (!ability.book)
    throw new HubError('SITE_CANNOT', { detail: 'it takes no bookings from the hub; call the clinic', site: site.id });
  if (slot.visitType === null) {
    throw new HubError('SITE_NOT_WRITABLE', {
      detail: 'its visit type is not mapped to the catalogue; call the clinic, or have the site file mended',
      site: site.id,
    });
  }
  const calendar = calendarOf(site, slot.scheduleId);
  if (calendar === null)
    throw new HubError('SITE_NOT_WRITABLE', {
      detail: 'its calendar is not in the site file; call the clinic, or have the site file mended',
      site: site.id,
    });
  const location = site.resources.calendars[calendar]?.location ?? null;
  if (!mayWrite(site, { location, visitType: slot.visitType })) throw notWritable(site);
  return { site, calendar, identity: ability.kind.patientIdentity, several: ability.resources === 'several' };
}

export function checkRequest(request: Pick<PlaceRequest, 'start' | 'end'>, slot: StoredSlot, now: Instant): void {
  const { start, end } = slot.during;
  const broken = (detail: string): HubError => new HubError('RULE_BROKEN', { detail });
  if (request.start !== null && request.start !== start) {
    throw broken('Appointment.start is not the start of the slot: read the Slot, and send its start');
  }
  if (request.end !== null && request.end !== end) {
    throw broken('Appointment.end is not the end of the slot: read the Slot, and send its end');
  }
  if (start <= now) throw broken('the slot has begun: choose a later one');
  if (end - start > DAY_MS) throw broken('the slot is longer than a day, and the hub books none such: call the clinic');
}
