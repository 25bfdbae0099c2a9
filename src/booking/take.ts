/**
 * What a booking takes: each resource with an interval of its own. Looked at, and taken, under the locks of all of them
 * (place.ts, move.ts), against everything known of each.
 */
import { seatsLeft } from '../fhir/effective.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { BusyRow, Claim } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { seatsAbove } from './template-terms.ts';

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
    .map((resourceId) => ({ resourceId, during: slot.during }));
}

/** The resources of claims, each once: what is locked, and what a booking names as its resources. */
export function resourcesOf(claims: readonly Claim[]): string[] {
  return [...new Set(claims.map(({ resourceId }) => resourceId))];
}

/** The rows of the busy calendar that take what is claimed. */
export function takenBy(claims: readonly Claim[], row: Omit<BusyRow, 'resourceId' | 'during'>): BusyRow[] {
  return claims.map(({ resourceId, during }) => ({ ...row, resourceId, during }));
}

/** No seat of the class is left to this request; false for every slot that is no class. */
export async function isFull(
  tx: Tx,
  slot: StoredSlot,
  claims: readonly Claim[],
  channel: PlaceRequest['channel'],
): Promise<boolean> {
  const above = await seatsAbove(tx, slot, channel);
  if (slot.session === null) return false;
  const known = await tx.busy.seatsTaken(slot.session, resourcesOf(claims), slot.during);
  return seatsLeft(slot, known) + above <= 0;
}
