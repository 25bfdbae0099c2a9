/**
 * What a caller may know of a slot (DESIGN section 10), told from the row, so that it need not be read a second time.
 */
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Scope } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { mayBeAbove } from './template-terms.ts';

/** Within the sites and places of the caller; else it is not there. */
export function isInReach({ sites, locations }: Scope, slot: StoredSlot): boolean {
  if (sites !== '*' && !sites.includes(slot.site)) return false;
  return locations === '*' || slot.locationId === null || locations.includes(slot.locationId);
}

/** Without clearance a slot is taken time and nothing else; that it, or one like it, could be booked must not show. */
export function isCleared({ clearances }: Scope, slot: StoredSlot): boolean {
  return clearances === '*' || slot.security.every((label) => clearances.includes(label));
}

/** Of a booking of several slots each is taken time to a caller without clearance, and so the booking is. */
export function areCleared(scope: Scope, parts: readonly { readonly slot: StoredSlot }[]): boolean {
  return parts.every(({ slot }) => isCleared(scope, slot));
}

/** Its row tells already that this caller cannot have it. */
export function isSeenTaken(scope: Scope, slot: StoredSlot, channel: PlaceRequest['channel']): boolean {
  return slot.status !== 'free' && !(mayBeAbove(slot, channel) && isCleared(scope, slot));
}
