/**
 * Takes the time in our own database first: one transaction under the locks of the resources concerned, against
 * everything known of them. From its commit every reader sees the slots as taken; only then is the site asked
 * (deliver.ts).
 */
import type { PatientFacts } from '../connectors/contract.ts';
import type { Register } from '../connectors/contract-register.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, type Instant } from '../core/instant.ts';
import type { Patient } from '../fhir/types.ts';
import type { Plan } from '../settings/shape.ts';
import type { Booking, BusyRow, LedgerEntry } from '../store/contract-bookings.ts';
import type { SlotsAround, StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Store, Tx } from '../store/contract.ts';
import type { Placed, SendTurn } from './contract-send.ts';
import type { PlaceRequest } from './contract.ts';
import { demandActing } from './acting.ts';
import { checkStillMeant, type People } from './golden-named.ts';
import type { Looks } from './looks.ts';
import { writeBooking, type Going, type NewBooking } from './new-booking.ts';
import { actorsOf, patientFacts, placeOrder, proposedAppointment, type Acting } from './order.ts';
import type { Ability } from './owning-site.ts';
import { asToldFor, patientOf, patientsOfSite, standingFor } from './patient-records.ts';
import { judgeOwnTime } from './patient-time.ts';
import type { AskSite } from './patient-unknown.ts';
import {
  asLocked,
  asPrepared,
  factsFor,
  ownTimeOf,
  preparedFrom,
  readUnderLock,
  visible,
  type Prepared,
  type UnderLock,
} from './prepare.ts';
import { beginning, heldByCaller, notInSet, type Away, type Beginning } from './queue.ts';
import { repeatOf } from './request-key.ts';
import { areCleared, isSeenTaken } from './sight.ts';
import { look, resourcesOf, rowsOf, whyTaken, type Part } from './take.ts';
import { staleWindow, type AskWindow, type Stale, type Verify } from './verify.ts';

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
  readonly people?: People;
  /** How this site is asked for a person now; null: it cannot be asked. Absent: no site can. */
  readonly seek?: (siteId: string) => AskSite | null;
  /** How this site is asked to register a person; null: it cannot be. Absent: no site can. */
  readonly register?: (siteId: string) => Register | null;
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
  | { readonly kind: 'held'; readonly booking: Booking; readonly sent?: boolean; readonly placed?: Placed | null }
  | { readonly kind: 'repeated'; readonly booking: Booking }
  /** `why`: what a reader of the slot cannot see; else empty. */
  | { readonly kind: 'taken'; readonly slot: StoredSlot; readonly why?: string };

/** The window of the slot is to be verified at its site before anything is taken. */
export interface Unverified {
  readonly kind: 'unverified';
  readonly stale: Stale;
}

export interface HoldTerms {
  /** Nothing is asked of the site first. Default true. */
  readonly verified?: boolean;
  /** Room for its call at this site now; absent: whoever finds that it is owed sends it. */
  readonly turn?: (siteId: string) => SendTurn | null;
}

/**
 * To be booked at once; what a caller only holds: caller-holds.ts. What can be seen to be taken is told without a lock.
 */
export async function holdUnderLock(
  deps: BookingDeps,
  tx: Tx,
  request: PlaceRequest,
  { verified = true, turn: turnOf }: HoldTerms = {},
): Promise<Held | Unverified> {
  const [facts, before] = await Promise.all([factsFor(tx, request), repeatOf(tx, request)]);
  if (before !== null) return { kind: 'repeated', booking: before };
  const [slot] = facts.slots;
  if (isSeenTaken(tx.scope, slot, request.channel)) return { kind: 'taken', slot };
  const prepared = preparedFrom(deps, request, facts);
  const now = deps.clock.now();
  const turn = turnOf?.(prepared.site.id) ?? null;
  const { localVisitType: visitType, during } = slot;
  turn?.begin({ calendar: prepared.calendar, visitType, start: during.start });
  const [, repeated, stale, seen, deliveryId = null] = await Promise.all([
    tx.lock(prepared.locks),
    repeatOf(tx, request),
    verified ? null : staleWindow(deps, tx, prepared.seen),
    readUnderLock(tx, deps.plan(), prepared, now),
    turn?.next(tx),
  ]);
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  if (stale !== null) return { kind: 'unverified', stale };
  const going = turn === null || deliveryId === null ? null : { turn, deliveryId };
  return holdPrepared(deps, tx, prepared, null, { seen, going });
}

/** Under the locks of `prepared`: looks at everything known of what it takes, then takes it. */
export async function holdPrepared(
  deps: BookingDeps,
  tx: Tx,
  prepared: Prepared,
  byCaller: CallerHold | null = null,
  known?: { readonly seen: UnderLock; readonly going: Going | null },
): Promise<Held> {
  const { request, site, taking } = prepared;
  const now = deps.clock.now();
  const plan = deps.plan();
  const resources = resourcesOf(taking);
  const seen = known?.seen ?? (await readUnderLock(tx, plan, prepared, now));
  const parts = partsNow(prepared, seen, tx.scope, now);
  const patient = await patientNow(deps, tx, prepared, seen, now);
  const [{ slot, calendar }] = parts;
  const { state, waitsUntil, holdUntil } = beginningOf(deps, prepared, byCaller, now);

  const inTheWay = seen.inTheWay ?? (await look(tx, plan, { claims: taking, parts, channel: request.channel }));
  const why = areCleared(tx.scope, parts) ? whyTaken(parts, inTheWay) : '';
  if (why !== null) return { kind: 'taken', slot, why };
  judgeOwnTime(plan, ownTimeOf(prepared), seen.visits);

  const waits = request.inSet?.waits === true;
  const going = state === 'held' && !waits ? (known?.going ?? null) : null;
  const bookingId = newId(now);
  const appointmentId = newId(now);
  const { during, session } = slot;
  const { seat } = inTheWay.seats;
  const facts = await factsOf(tx, prepared, patient, { records: seen.visits.records, parts, now });
  const acting = parts.map((part, at): Acting => ({ slot: part.slot, actors: actorsOf(seen.schedules[at] ?? null) }));
  const [{ actors }, ...besides] = acting as [Acting, ...Acting[]];
  const held = {
    occupancy: session ?? appointmentId,
    origin: 'hub',
    site: site.id,
    appointmentId,
    bookingId,
    tentative: true,
    ...(holdUntil === null || waits || going !== null ? {} : { expiresAt: holdUntil }),
    ...(seat === null ? {} : { seat }),
  } as const;
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
    during,
    resources,
    patientId: request.patientId,
    siteKey: null,
    order,
    owed: !waits,
    going,
  };
  const noted = { at: now, kind: state, site: site.id, bookingId, appointmentId, slotId: slot.id };
  const [, booking, , around] = await Promise.all([
    tx.busy.insert(rowsOf(taking, held)),
    writeBooking(tx, request, asked, now),
    tx.ledger.add([{ ...noted, ...askedAs(request) }]),
    show(tx, taking, { around: seen.around, held }, now),
  ]);
  return { kind: 'held', booking, sent: going !== null, placed: around && { taking, around, slot } };
}

/** From the commit on every reader sees what is held as taken. Null: how it stands was not read on the way. */
async function show(
  tx: Tx,
  taking: Prepared['taking'],
  { around, held }: { readonly around: SlotsAround | null; readonly held: Omit<BusyRow, 'resourceId' | 'during'> },
  now: Instant,
): Promise<SlotsAround | null> {
  const cause = { site: null, messageId: null, siteTime: null, now };
  if (around === null) {
    await tx.resources.refreshTouched(taking, cause);
    return null;
  }
  const { occupancy, origin, appointmentId = null, tentative } = held;
  const mine = taking.map(({ during }) => ({ during, occupancy, origin, visit: appointmentId, tentative }));
  const withMine: Parameters<Tx['resources']['putAround']>[1] = ({ taken, touchedBy }) => {
    return [...taken, ...mine.filter((_one, at) => touchedBy.has(at))];
  };
  return tx.resources.putAround(around, withMine, cause);
}

/** @throws HubError TOO_BUSY, RULE_BROKEN, NOT_FOUND; RunAgain as `asLocked` */
function partsNow({ parts, request }: Prepared, seen: UnderLock, scope: Scope, now: Instant): [Part, ...Part[]] {
  const found = parts.map((part, at): Part => {
    asLocked(part, actorsOf(seen.schedules[at] ?? null));
    return { ...part, slot: asPrepared(part.slot, visible(seen.slots[at] ?? null, scope)) };
  });
  found.forEach(({ slot }, at) => checkRequest(at === 0 ? request : { start: null, end: null }, slot, now));
  return found as [Part, ...Part[]];
}

/** Where a golden id was asked for, the ledger has it beside the record that is used; and who acts for the patient. */
function askedAs({ requestId, golden, patientId, acting }: PlaceRequest): Pick<LedgerEntry, 'cause' | 'data'> {
  const cause = `request:${requestId}`;
  const data = {
    ...(golden === undefined ? {} : { golden, patient: patientId }),
    ...(acting === undefined ? {} : { acting }),
  };
  return Object.keys(data).length === 0 ? { cause } : { cause, data };
}

/** @throws HubError NOT_FOUND, TOO_BUSY as `checkStillMeant`, RULE_BROKEN as `demandActing` */
async function patientNow(
  { people }: BookingDeps,
  tx: Tx,
  { request, site }: Prepared,
  seen: UnderLock,
  now: Instant,
): Promise<Patient> {
  const patient = patientOf(seen.patient);
  await checkStillMeant(people, tx, request, site);
  await demandActing(tx, request, seen.visits.records, now);
  return patient;
}

async function factsOf(
  tx: Tx,
  { site, identity }: Prepared,
  patient: Patient,
  {
    records,
    parts,
    now,
  }: { readonly records: readonly string[]; readonly parts: readonly Part[]; readonly now: Instant },
): Promise<PatientFacts> {
  const labels = parts.flatMap(({ slot }) => slot.security);
  const chosen = asToldFor(labels, await standingFor(tx, patient), now);
  return patientFacts(chosen, await patientsOfSite(tx, records, chosen, site), site, identity);
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
