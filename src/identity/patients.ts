/**
 * Patients: each site's record is a Patient of its own, linked to a golden record. At first it is a person by itself;
 * whether it is one who is known is found out behind it (placing/), and written down as a decision.
 */
import { isUuid } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { mayBeMinor } from '../fhir/confidential.ts';
import { isOfGuarantor, marked } from '../fhir/contact-of.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientAssertion } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PatientIndex } from './contract.ts';
import { isErased, noteErased } from './erased.ts';
import { goldenIdOf } from './golden/replay.ts';
import { markGuarantors, withGuarantors } from './guarantor-contacts.ts';
import { patient } from './patient-body.ts';
import { concerned, decide } from './patient-links.ts';
import { writePatient } from './patient-write.ts';
import { raiseReuse } from './record-reused.ts';
import { relabelRelated, writeRelated } from './related.ts';

export const patientIndex: PatientIndex = {
  async resolve(assertion, site, at, tx, cause) {
    const known = await tx.people.record(site.id, assertion.key);
    const id = known?.patientId ?? canonicalId.patient(site.identity, assertion.key);
    if (known === null) await tx.resources.linkPatient(id, goldenIdOf(id), site.id, assertion.key, cause.now);
    const stored = await tx.resources.read('Patient', id);
    if (stored?.deleted === true) {
      await noteErased(tx, id, site.id, cause);
      return { kind: 'known', id, recordId: id, goldenId: goldenIdOf(id), removedAt: null, isErased: true };
    }
    await noteHubIds(assertion, id, site, tx, cause);
    const object = `patient:${assertion.key}`;
    const newest = await tx.inbox.appliedReadAt(site.id, object);
    if (newest === null || newest <= at) {
      const before = stored === null ? null : (JSON.parse(stored.json) as Patient);
      const resource = await marksKept(tx, id, before, patient(assertion, before), at);
      // Nearly every message names somebody who is known; the store need not be asked a second time about them.
      if (before === null || !saysTheSame(before, resource, site.sensitivity.site)) {
        if (before !== null && known !== null) await raiseReuse({ before, now: resource, known }, tx, cause);
        await writePatient(id, resource, site, tx, cause);
        if (before !== null && !bears(before, site.sensitivity.site)) await relabelRelated(id, site, tx, cause);
      }
      if (newest !== at) await tx.inbox.setAppliedReadAt(site.id, object, at);
    }
    return {
      kind: known === null ? 'new' : 'known',
      id: known?.survivorId ?? id,
      recordId: id,
      goldenId: known?.goldenId ?? goldenIdOf(id),
      removedAt: known?.removedAt ?? null,
    };
  },
  async relate(people, patientId, site, tx, cause) {
    await writeRelated(people, patientId, site, tx, cause);
    await markGuarantors(tx, patientId, site, { at: people.at, cause });
  },
  decide,
  concerned,
  isErased,
};

/** The record is that of somebody whom the site was asked to register: placed anew, since that decides who it is. */
async function noteHubIds(
  { hubIds = [] }: PatientAssertion,
  id: string,
  site: SiteSettings,
  tx: Tx,
  { now }: Cause,
): Promise<void> {
  for (const hubId of hubIds.filter(isUuid))
    if (await tx.registrations.heard(site.id, hubId, id, now)) await tx.index.due([id], now);
}

/** News that says of the contacts what is known leaves the marks that they bear, as long as it is news of a minor. */
async function marksKept(tx: Tx, id: string, before: Patient | null, now: Patient, at: Instant): Promise<Patient> {
  if (before === null) return now;
  const plain = (one: Patient): string => JSON.stringify(marked(one, () => false).telecom);
  const isMarked = (before.telecom ?? []).some(isOfGuarantor);
  const isSame = plain(before) === plain(now) && before.birthDate === now.birthDate;
  if (isSame && !isMarked) return now;
  if (isSame && mayBeMinor(now.birthDate, at)) return { ...now, ...(before.telecom && { telecom: before.telecom }) };
  return withGuarantors(tx, id, now, at);
}

function saysTheSame(before: Patient, resource: Patient, labels: readonly string[]): boolean {
  const { id: _id, meta, ...known } = before;
  return JSON.stringify(known) === JSON.stringify(resource) && bears({ meta }, labels);
}

function bears({ meta }: { readonly meta?: Patient['meta'] | undefined }, labels: readonly string[]): boolean {
  return (meta?.security ?? []).map(({ code }) => code).join(' ') === labels.join(' ');
}
