/** Which contacts of a minor's record are those of whoever pays. An adult who shares a phone with a spouse has it. */
import type { Instant } from '../core/instant.ts';
import { mayBeMinor } from '../fhir/confidential.ts';
import { isOfGuarantor, marked } from '../fhir/contact-of.ts';
import type { Patient, RelatedPerson } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { contactKey } from './golden/values.ts';
import { writePatient } from './patient-write.ts';
import { isGuarantor } from './related.ts';

/** @param at the site's time of what it says: who is a minor then */
export async function withGuarantors(tx: Tx, id: string, patient: Patient, at: Instant): Promise<Patient> {
  const { telecom = [], birthDate } = patient;
  if (telecom.length === 0) return patient;
  if (!mayBeMinor(birthDate, at)) return telecom.some(isOfGuarantor) ? marked(patient, () => false) : patient;
  const theirs = await contactsOfGuarantors(tx, id);
  return marked(patient, (contact) => theirs.has(contactKey(contact)));
}

/** Whoever pays was told of: whatever was known of the patient is looked at again. */
export async function markGuarantors(
  tx: Tx,
  id: string,
  site: SiteSettings,
  { at, cause }: { readonly at: Instant; readonly cause: Cause },
): Promise<void> {
  const served = await tx.resources.read('Patient', id);
  if (served === null || served.deleted) return;
  const { id: _id, meta: _meta, ...before } = JSON.parse(served.json) as Patient;
  const now = await withGuarantors(tx, id, before, at);
  if (now !== before && JSON.stringify(now) !== JSON.stringify(before)) await writePatient(id, now, site, tx, cause);
}

async function contactsOfGuarantors(tx: Tx, id: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const related of await tx.people.relatedTo(id)) {
    const served = await tx.resources.read('RelatedPerson', related);
    if (served === null || served.deleted) continue;
    const { active, relationship = [], telecom = [] } = JSON.parse(served.json) as RelatedPerson;
    if (active !== false && relationship.some(isGuarantor)) for (const one of telecom) found.add(contactKey(one));
  }
  found.delete('');
  return found;
}
