/** What a placement will take, read before anything is locked, and read again under the locks. */
import { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { RunAgain } from '../core/run-again.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { Claim } from '../store/contract-bookings.ts';
import type { Served, SlotsAround, StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { letLapse } from './lapse.ts';
import { calendarOf, type Actor } from './order.ts';
import { notInService, notWritable } from './owning-site.ts';
import { personOf, seeOwnTime, type OwnTime, type OwnTimeSeen, type Person } from './patient-time.ts';
import type { BookingDeps } from './place.ts';
import { isCleared, isInReach } from './sight.ts';
import { checkTogether, claimsOf, isPlain, look, resourcesOf, takenBy, type InTheWay, type Part } from './take.ts';

/** What a placement will take, read before anything is locked, so that several can be locked together. */
export interface Prepared {
  readonly request: PlaceRequest;
  readonly seen: StoredSlot;
  /** Of the visit, as the site names it. */
  readonly calendar: string;
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

/** What a placement is prepared from. */
export interface Facts {
  /** As the caller may see them; the first is the visit's. */
  readonly slots: readonly [StoredSlot, ...StoredSlot[]];
  /** What each of them occupies. */
  readonly occupied: readonly (readonly string[])[];
  readonly person: Person;
}

/** What is asked together leaves together: each question by itself would be a round trip of its own. */
export async function factsFor(tx: Tx, request: PlaceRequest): Promise<Facts> {
  const slotIds = [request.slotId, ...(request.also ?? [])];
  const [slots, occupied, person] = await Promise.all([
    Promise.all(slotIds.map((id) => visibleSlot(tx, id))),
    Promise.all(slotIds.map((id) => tx.resources.occupiedBy(id))),
    personOf(tx, [request.patientId]),
  ]);
  return { slots: slots as [StoredSlot, ...StoredSlot[]], occupied, person };
}

/** @throws HubError when this request cannot be booked by the hub at all */
export async function prepare(deps: BookingDeps, tx: Tx, request: PlaceRequest): Promise<Prepared> {
  return preparedFrom(deps, request, await factsFor(tx, request));
}

/**
 * Each slot by itself may be booked by the hub, and together they are one booking of their site.
 * @throws HubError as `prepare`
 */
export function preparedFrom(deps: BookingDeps, request: PlaceRequest, { slots, occupied, person }: Facts): Prepared {
  const [seen] = slots;
  const { site, calendar, identity, several } = writableSite(deps, deps.plan(), seen);
  checkTogether(slots, several);
  const parts = slots.map((slot, at): Part => {
    const { calendar: its } = writableSite(deps, deps.plan(), slot);
    return { slot, calendar: its, claims: claimsOf(site, its, occupied[at] ?? [], slot) };
  });
  const claims = takenBy(site, parts);
  // The request key is locked as well: the same request sent twice at once is one booking.
  const locks = [...resourcesOf(claims), ...person.locks, `request:${request.client}:${request.requestKey}`];
  return { request, seen, calendar, site, parts, identity, person, taking: claims, locks };
}

/** What a placement is judged by, as it is under its locks. */
export interface UnderLock {
  readonly slots: readonly (StoredSlot | null)[];
  readonly schedules: readonly (Served | null)[];
  readonly patient: Served | null;
  readonly visits: OwnTimeSeen;
  /** Null: that is to be looked at when it is known what the slots are now. */
  readonly inTheWay: InTheWay | null;
  /** Null: they are read when it is known what is taken. */
  readonly around: SlotsAround | null;
}

/**
 * One round of questions, judged by nobody yet: what is sent behind the lock is answered as of behind it. What has run
 * out meanwhile ends before the others are asked.
 */
export async function readUnderLock(tx: Tx, plan: Plan, prepared: Prepared, now: Instant): Promise<UnderLock> {
  const { request, parts, taking } = prepared;
  const looked = { claims: taking, parts, channel: request.channel };
  const [lapsed, slots, schedules, patient, inTheWay, visits, around] = await Promise.all([
    letLapse(tx, resourcesOf(taking), now),
    Promise.all(parts.map(({ slot }) => tx.resources.slot(slot.id))),
    Promise.all(parts.map(({ slot }) => tx.resources.read('Schedule', slot.scheduleId))),
    tx.resources.read('Patient', request.patientId),
    isPlain(parts) ? look(tx, plan, looked) : null,
    seeOwnTime(tx, ownTimeOf(prepared)),
    isPlain(parts) ? tx.resources.slotsAround(taking, now) : null,
  ]);
  const seen = { slots, schedules, patient, inTheWay };
  if (lapsed.length === 0) return { ...seen, visits, around };
  // What ran out was a visit of somebody, and has changed slots, behind that reading.
  return { ...seen, visits: await seeOwnTime(tx, ownTimeOf(prepared)), around: null };
}

export function ownTimeOf({ request, seen, person }: Prepared): OwnTime {
  const { patientId, channel, allowPatientOverlap: override = false } = request;
  const { during, session } = seen;
  return { person, patientIds: [patientId], during, session, visit: null, channel, override };
}

/** @throws TOO_BUSY when the site has changed it while the locks were waited for: they are of what it was */
export function asPrepared(seen: StoredSlot, slot: StoredSlot): StoredSlot {
  const { during, ...named } = seen;
  const isSame =
    slot.during.start === during.start &&
    slot.during.end === during.end &&
    JUDGED_BY.every((field) => slot[field] === named[field]);
  if (isSame) return slot;
  const detail = 'the site changed the slot at this moment: read it again, and book what it is now';
  throw new HubError('TOO_BUSY', { detail, site: slot.site });
}

/**
 * What was locked is whose calendar it was before.
 * @throws RunAgain when it came to light meanwhile that it is somebody else's: it is booked as that person's
 */
export function asLocked({ claims, slot }: Part, actors: readonly Pick<Actor, 'type' | 'id'>[]): void {
  if (actors.length === 0) return;
  const now = new Set([slot.scheduleId, ...actors.map(({ id }) => id)]);
  const locked = new Set(claims.map(({ resourceId }) => resourceId));
  const isOther = actors.some(({ type, id }) => type === 'Practitioner' && !locked.has(id));
  if (isOther || [...locked].some((id) => !now.has(id)))
    throw new RunAgain(`it turned out at this moment whose calendar Schedule/${slot.scheduleId} is`);
}

/** What was locked and looked at depends on these. */
const JUDGED_BY = ['scheduleId', 'session', 'visitType', 'locationId'] as const;

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
