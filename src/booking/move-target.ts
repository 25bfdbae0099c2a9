/**
 * Where a move leads: the slots that are meant, and what they take. A visit of several slots is moved as a whole: to as
 * many slots as it has; where its caller names the first alone, or a start, all that it takes is moved by as much.
 */
import { HubError } from '../core/errors.ts';
import { instant, plus } from '../core/instant.ts';
import { overlaps } from '../fhir/effective.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Claim } from '../store/contract-bookings.ts';
import type { StoredAppointment, StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { MoveRequest } from './contract.ts';
import { localTypeOf } from './move-terms.ts';
import { actorsOf, calendarOf } from './order.ts';
import * as prepare from './prepare.ts';
import type { BookingDeps } from './place.ts';
import { checkTogether, claimsOf, takenBy, type Part } from './take.ts';

/** The slots of a visit that are of other Schedules than its first, one for each; as they are known now. */
export async function besidesOf(tx: Tx, slotIds: readonly string[]): Promise<readonly StoredSlot[]> {
  if (slotIds.length < 2) return [];
  const found = new Map<string, StoredSlot>();
  for (const id of slotIds) {
    const slot = await tx.resources.slot(id);
    if (slot !== null && !found.has(slot.scheduleId)) found.set(slot.scheduleId, slot);
  }
  return [...found.values()].slice(1);
}

export interface Wished {
  /** The visit itself; null: there is no such slot. */
  readonly seen: StoredSlot | null;
  /** What it takes besides, or why that cannot be said. */
  readonly also: readonly StoredSlot[] | HubError;
}

/** What a caller names, or what begins when the caller says. */
export async function wishedSlots(deps: BookingDeps, tx: Tx, request: MoveRequest): Promise<Wished> {
  // As it is served: to read the row would lock it, and nothing is locked before the resources are.
  const served = await tx.resources.read('Appointment', request.appointmentId);
  if (served === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  const visit = JSON.parse(served.json) as Appointment;
  const ids = (visit.slot ?? []).map(({ reference = '' }) => reference.replace('Slot/', ''));
  const old = ids[0] === undefined ? null : await tx.resources.slot(ids[0]);
  const seen =
    request.slotId === null
      ? await slotThen(deps, tx, request, visit, old)
      : await prepare.visibleSlot(tx, request.slotId);
  const besides = await besidesOf(tx, ids);
  const also = request.also ?? [];
  if (also.length === 0) return { seen, also: seen === null ? [] : await byAsMuch(tx, seen, old, besides) };
  if (also.length !== besides.length) return { seen, also: otherNumber(1 + also.length, 1 + besides.length) };
  const named: StoredSlot[] = [];
  for (const id of also) named.push(await prepare.visibleSlot(tx, id));
  return { seen, also: named };
}

function otherNumber(named: number, has: number): HubError {
  const detail =
    has === 1
      ? 'this visit has one slot: move it to exactly one; for more book it anew, then cancel it'
      : `this visit has ${has} slots and the request names ${named}: name as many, the visit’s own first; or name ` +
        'that one alone, and the others are moved by as much';
  return new HubError('RULE_BROKEN', { detail });
}

/** The one of the visit's own schedule and type that begins when the caller says. */
async function slotThen(
  deps: BookingDeps,
  tx: Tx,
  { start }: MoveRequest,
  visit: Appointment,
  old: StoredSlot | null,
): Promise<StoredSlot | null> {
  const site = deps.plan().sites.find((candidate) => candidate.id === old?.site);
  if (old === null || site === undefined || start === null) return null;
  const local = localTypeOf(site, visit) ?? old.localVisitType;
  const [slot] = await tx.resources.slotsOf(old.scheduleId, local, { start, end: instant(start + 1) });
  return slot === undefined ? null : prepare.visibleSlot(tx, slot.id);
}

async function byAsMuch(
  tx: Tx,
  seen: StoredSlot,
  old: StoredSlot | null,
  besides: readonly StoredSlot[],
): Promise<readonly StoredSlot[] | HubError> {
  const found: StoredSlot[] = [];
  for (const { scheduleId, localVisitType, during, id } of besides) {
    const start = plus(seen.during.start, during.start - (old?.during.start ?? during.start));
    const all = await tx.resources.slotsOf(scheduleId, localVisitType, { start, end: plus(start, 1) });
    const long = during.end - during.start;
    const slot = all.find((one) => one.during.end - one.during.start === long) ?? all[0];
    if (slot === undefined) {
      const detail =
        `the visit takes Slot/${id} besides, and Schedule/${scheduleId} has no such slot as much later or earlier: ` +
        'name all slots of the visit, or another time';
      return new HubError('RULE_BROKEN', { detail });
    }
    found.push(await prepare.visibleSlot(tx, slot.id));
  }
  return found;
}

export interface Target {
  readonly calendar: string;
  readonly identity: 'id' | 'demographics';
  readonly taking: readonly Claim[];
  /** The first is the visit. */
  readonly parts: readonly Part[];
}

/** Why nothing can be booked there is told only when the visit itself could be moved. */
export async function targetOf(
  deps: BookingDeps,
  tx: Tx,
  slot: StoredSlot,
  also: Wished['also'],
): Promise<Target | HubError> {
  if (also instanceof HubError) return also;
  try {
    const { site, calendar, identity, several } = prepare.writableSite(deps, deps.plan(), slot);
    const slots = [slot, ...also];
    checkTogether(slots, several, 'book the new time anew, then cancel this visit');
    const parts: Part[] = [];
    for (const one of slots) {
      const own = prepare.writableSite(deps, deps.plan(), one).calendar;
      const resources = await tx.resources.occupies(one.scheduleId);
      parts.push({ slot: one, calendar: own, claims: claimsOf(site, own, resources, one) });
    }
    return { calendar, identity, parts, taking: takenBy(site, parts) };
  } catch (error) {
    if (error instanceof HubError && (error.code.startsWith('SITE_') || error.code === 'RULE_BROKEN')) return error;
    throw error;
  }
}

/** Of all parts anew, under the locks. @throws TOO_BUSY where the site has changed one meanwhile; as `asLocked` */
export async function partsNow(tx: Tx, parts: readonly Part[]): Promise<readonly Part[]> {
  return Promise.all(
    parts.map(async (part) => {
      const schedule = tx.resources.read('Schedule', part.slot.scheduleId);
      const [slot, served] = await Promise.all([prepare.visibleSlot(tx, part.slot.id), schedule]);
      prepare.asLocked(part, actorsOf(served));
      return { ...part, slot: prepare.asPrepared(part.slot, slot) };
    }),
  );
}

/** Whether its site closes a slot to this visit, other than because of the visit itself. */
export async function isClosed(tx: Tx, visit: StoredAppointment, { parts, taking }: Target): Promise<boolean> {
  if (parts.some(({ slot }) => slot.withdrawn || slot.siteStatus === 'entered-in-error')) return true;
  const shut = parts.filter(({ slot }) => slot.siteStatus !== 'free');
  if (shut.length === 0) return false;
  // Its site may call the time taken because of this very visit; then the site decides when it is asked.
  const own = await tx.busy.ofAppointment(visit.id);
  return shut.some((part) => {
    const claims = part === parts[0] ? taking : part.claims;
    return !own.some((row) =>
      claims.some((one) => one.resourceId === row.resourceId && overlaps(one.during, row.during)),
    );
  });
}

/** What the order of a visit of several says beside its slots: what it had, so that what it gives up is named. */
export async function hadBesides(
  tx: Tx,
  site: Parameters<typeof calendarOf>[0],
  visit: StoredAppointment,
): Promise<readonly string[]> {
  return (await besidesOf(tx, visit.slots)).flatMap(({ scheduleId }) => calendarOf(site, scheduleId) ?? []);
}
