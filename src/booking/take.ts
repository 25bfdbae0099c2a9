/**
 * What a booking takes: each resource with an interval of its own. Looked at, and taken, under the locks of all of them
 * (place.ts, move.ts), against everything known of each.
 */
import { HubError } from '../core/errors.ts';
import { seatsLeft } from '../fhir/effective.ts';
import { neededBy } from '../fhir/needs.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { isTemplateKey } from '../settings/template-slots.ts';
import type { BusyRow, Claim } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { seatsAbove } from './template-terms.ts';
import { reachOf, tooClose } from './travel.ts';

/** One slot of a booking, and what it takes of the slot's own calendar. */
export interface Part {
  readonly slot: StoredSlot;
  readonly calendar: string;
  readonly claims: readonly Claim[];
}

/** Practitioners, and rooms; a clinic as a place is not taken by one visit. */
export function claimsOf(
  site: SiteSettings,
  calendar: string,
  actors: readonly string[],
  slot: Pick<StoredSlot, 'locationId' | 'during'>,
): Claim[] {
  const rule = site.resources.calendars[calendar];
  const room = rule?.location !== undefined && site.locations[rule.location]?.room === true;
  return actors
    .filter((id) => id !== slot.locationId || room)
    .map((resourceId) => ({ resourceId, during: slot.during, code: rule?.person ?? calendar }));
}

/** Everything that these slots take, each claim once; the first of them is the visit. */
export function takenBy(site: SiteSettings, parts: readonly Part[]): Claim[] {
  const all = parts.flatMap(({ slot, claims }) => [...claims, ...neededBy(site, slot.visitType, slot.during)]);
  const named = all.map((one) => [`${one.resourceId} ${one.during.start} ${one.during.end}`, one] as const);
  return [...new Map(named).values()];
}

/** The resources of claims, each once: what is locked, and what a booking names as its resources. */
export function resourcesOf(claims: readonly Claim[]): string[] {
  return [...new Set(claims.map(({ resourceId }) => resourceId))];
}

/** The rows of the busy calendar that take what is claimed. */
export function rowsOf(claims: readonly Claim[], row: Omit<BusyRow, 'resourceId' | 'during'>): BusyRow[] {
  return claims.map((claim) => ({ ...row, ...claim }));
}

export interface Seats {
  /** None is left to this request; false for every slot that is no class. */
  readonly full: boolean;
  /** The one that this visit takes; null: no class. */
  readonly seat: number | null;
}

const NO_CLASS: Seats = { full: false, seat: null };

/** Counted on the slot: as the site counts them, less what it has not counted yet, and as the hub knows its visits. */
export async function seatsOf(
  tx: Tx,
  slot: StoredSlot,
  claims: readonly Claim[],
  channel: PlaceRequest['channel'],
): Promise<Seats> {
  const above = await seatsAbove(tx, slot, channel);
  if (slot.session === null) return NO_CLASS;
  const countedAt = slot.seatsLeft === null ? null : await tx.resources.seatsCountedAt(slot);
  const known = await tx.busy.seatsTaken(slot.session, resourcesOf(claims), slot.during, countedAt);
  return { full: seatsLeft(slot, known) + above <= 0, seat: known.seat };
}

const WHY = {
  padding: 'the practitioner has a visit so close to it that the time kept free between visits would be lost',
  travel: 'the practitioner could not come from, or get to, a visit at another place in time',
  need: 'a room or device that such a visit needs is taken',
} as const;

/** Why the time around these visits is not free although the time itself is; null: it is. */
export async function whyTooClose(
  tx: Tx,
  plan: Plan,
  parts: readonly Part[],
  of: { readonly occupancy: string | null; readonly visit: string | null },
): Promise<string | null> {
  const reach_ms = reachOf(plan);
  if (reach_ms === 0) return null;
  const found = await tx.busy.neighbours(
    parts.flatMap(({ claims }) => claims),
    reach_ms,
    of.occupancy,
  );
  for (const { slot, claims } of parts) {
    const { during, site, visitType, locationId } = slot;
    const mine = { during, site, visitType, locations: locationId === null ? [] : [locationId] };
    const others = found.filter(
      (one) =>
        (of.visit === null || one.appointmentId !== of.visit) &&
        claims.some((claim) => claim.resourceId === one.resourceId),
    );
    const because = tooClose(plan, mine, others);
    if (because !== null) return WHY[because];
  }
  return null;
}

/** What is told of conflicts that no slot of the booking shows: those with what it takes besides. */
function whyInConflict(parts: readonly Part[], conflicts: readonly BusyRow[]): string {
  const shown = new Set(parts.flatMap(({ claims }) => resourcesOf(claims)));
  return conflicts.length > 0 && conflicts.every(({ resourceId }) => !shown.has(resourceId)) ? WHY.need : '';
}

export interface Looked {
  readonly claims: readonly Claim[];
  readonly parts: readonly Part[];
  readonly channel: PlaceRequest['channel'];
}

/** What stands in the way of a booking, as it was read. */
export interface InTheWay {
  readonly conflicts: readonly BusyRow[];
  readonly seats: Seats;
  /** Of the time around it: see `whyTooClose`. */
  readonly close: string | null;
}

/** Nothing that may be booked of these slots depends on what their rows say at this moment but that they are free. */
export function isPlain(parts: readonly Part[]): boolean {
  return parts.every(({ slot }) => slot.session === null && !isTemplateKey(slot.siteKey));
}

/** What is asked together leaves together. @throws RULE_BROKEN as `seatsAbove` */
export async function look(tx: Tx, plan: Plan, { claims, parts, channel }: Looked): Promise<InTheWay> {
  const [{ slot }] = parts as [Part, ...Part[]];
  const [conflicts, [seats = NO_CLASS], close] = await Promise.all([
    tx.busy.conflicts(claims, slot.session),
    Promise.all(parts.map((one, at) => seatsOf(tx, one.slot, at === 0 ? claims : one.claims, channel))),
    whyTooClose(tx, plan, parts, { occupancy: slot.session, visit: null }),
  ]);
  return { conflicts, seats, close };
}

/** Null when everything is free, empty when that needs no words. `parts` as they are now. */
export function whyTaken(parts: readonly Part[], { conflicts, seats, close }: InTheWay): string | null {
  if (conflicts.length > 0) return whyInConflict(parts, conflicts);
  const closed = parts.some((one) => one.slot.siteStatus !== 'free' || one.slot.withdrawn);
  return seats.full || closed ? '' : close;
}

/** @throws SITE_CANNOT, RULE_BROKEN when slots cannot be one booking, with what can be done instead */
export function checkTogether(slots: readonly StoredSlot[], several: boolean, instead = 'book them as a set'): void {
  const [first, ...others] = slots;
  if (first === undefined || others.length === 0) return;
  const { site } = first;
  if (others.some((slot) => slot.site !== site)) {
    throw new HubError('RULE_BROKEN', { detail: `the slots belong to several sites: ${instead}` });
  }
  if (new Set(slots.map(({ scheduleId }) => scheduleId)).size < slots.length) {
    throw new HubError('RULE_BROKEN', { detail: `two of the slots are of one Schedule: ${instead}`, site });
  }
  if (slots.some(({ session }) => session !== null)) {
    throw new HubError('RULE_BROKEN', { detail: 'one of the slots has seats: book it by itself', site });
  }
  if (!several) {
    throw new HubError('SITE_CANNOT', { detail: `it takes no booking of several slots: ${instead}`, site });
  }
}
