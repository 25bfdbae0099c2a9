/**
 * Who acts or answers for a patient. Of a minor at a confidential visit nothing is taken: what was typed there of the
 * parents tells them of it, and they would be asked.
 */
import type { RelatedPeople } from '../mappings/contract-people.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { labelsOf } from './apply-status.ts';
import { isOfMinorInConfidence } from './kept-apart.ts';

export async function applyRelated(context: ApplyContext, change: RelatedPeople): Promise<Applied> {
  const { tx, site, cause, patients } = context;
  const { patient, at } = change;
  const known = await tx.people.record(site.id, patient.key);
  // Told of before by the same message, unless the person was erased.
  if (known === null) return 'applied';
  if (await isOfMinorInConfidence(context, patient, at, (await labelsOf(context, change)) ?? [])) return 'applied';
  const object = `related:${patient.key}`;
  const newest = await tx.inbox.appliedReadAt(site.id, object);
  if (newest !== null && newest > at) return 'superseded';
  await patients.relate(change, known.patientId, site, tx, cause);
  if (newest !== at) await tx.inbox.setAppliedReadAt(site.id, object, at);
  return 'applied';
}
