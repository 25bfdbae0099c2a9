/**
 * News of a record that was erased. Its site goes on having the person, and may not even know; what it says of them is
 * not kept. Their visits are (others are booked around them), and they name a Patient that is gone. The ledger tells
 * that there was news, and the message that brought it is emptied.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PatientIndex } from './contract.ts';

export const isErased: PatientIndex['isErased'] = async (
  { key },
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<boolean> => {
  // The key of an erased record is stored nowhere: the id that follows from it is.
  const id = canonicalId.patient(site.identity, key);
  const stored = await tx.resources.read('Patient', id);
  if (stored?.deleted !== true) return false;
  await noteErased(tx, id, site.id, cause);
  return true;
};

export async function noteErased(tx: Tx, id: string, site: string, { messageId, now }: Cause): Promise<void> {
  if (messageId === null) return;
  await tx.erasure.heard(messageId);
  const cause = `message:${messageId}`;
  await tx.ledger.add([{ at: now, kind: 'patient-erased-news', site, cause, data: { patient: id } }]);
}
