/** On what terms a slot of a template may be booked: through which channel, and how far above its capacity. */
import { HubError } from '../core/errors.ts';
import { EXTENSIONS, type Slot } from '../fhir/types.ts';
import { isTemplateKey } from '../settings/template-slots.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';

/**
 * Visits that this request may book above the capacity; 0 for every other slot.
 * @throws RULE_BROKEN when the slot is reserved for the other channel
 */
export async function seatsAbove(tx: Tx, slot: StoredSlot, channel: PlaceRequest['channel']): Promise<number> {
  if (!isTemplateKey(slot.siteKey)) return 0;
  const served = await tx.resources.read('Slot', slot.id);
  const { extension = [] } = (served === null ? {} : JSON.parse(served.json)) as Partial<Slot>;
  const only = extension.find(({ url }) => url === EXTENSIONS.channel)?.valueCode;
  if (only !== undefined && only !== channel) {
    const detail = `the slot is reserved for the channel ${only}; choose another slot`;
    throw new HubError('RULE_BROKEN', { detail, site: slot.site });
  }
  if (channel !== 'staff') return 0;
  return extension.find(({ url }) => url === EXTENSIONS.overbook)?.valueInteger ?? 0;
}

/** Shown as busy, and yet the staff channel may have a seat above the capacity: decided under the locks. */
export function mayBeAbove(slot: StoredSlot, channel: PlaceRequest['channel']): boolean {
  return channel === 'staff' && slot.status === 'busy' && slot.session !== null && isTemplateKey(slot.siteKey);
}
