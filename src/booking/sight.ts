/**
 * What a caller may know of a slot (DESIGN section 10), told from the row, so that it need not be read a second time.
 */
import type { AppointmentRow, StoredSlot } from '../store/contract-resources.ts';
import type { Scope } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { mayBeAbove } from './template-terms.ts';

/** Within the sites and places of the caller; else it is not there. */
export function isInReach(scope: Scope, { site, locationId }: StoredSlot): boolean {
  return isWithin(scope, { site, locations: locationId === null ? [] : [locationId] });
}

/** Without clearance a slot is taken time and nothing else; that it, or one like it, could be booked must not show. */
export function isCleared({ clearances }: Scope, { security }: Pick<AppointmentRow, 'security'>): boolean {
  return clearances === '*' || security.every((label) => clearances.includes(label));
}

/** A visit is there for the caller, or it is not. */
export function maySee(scope: Scope, row: Pick<AppointmentRow, 'site' | 'locations' | 'security'>): boolean {
  return isWithin(scope, row) && isCleared(scope, row);
}

/** What has no location is seen by whoever sees the site. */
function isWithin({ sites, locations }: Scope, row: Pick<AppointmentRow, 'site' | 'locations'>): boolean {
  if (sites !== '*' && !sites.includes(row.site)) return false;
  return locations === '*' || row.locations.length === 0 || row.locations.some((id) => locations.includes(id));
}

/** Of a booking of several slots each is taken time to a caller without clearance, and so the booking is. */
export function areCleared(scope: Scope, parts: readonly { readonly slot: StoredSlot }[]): boolean {
  return parts.every(({ slot }) => isCleared(scope, slot));
}

/** Its row tells already that this caller cannot have it. */
export function isSeenTaken(scope: Scope, slot: StoredSlot, channel: PlaceRequest['channel']): boolean {
  return slot.status !== 'free' && !(mayBeAbove(slot, channel) && isCleared(scope, slot));
}
