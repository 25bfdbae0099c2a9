/**
 * Patients: each site's record is a Patient of its own, linked to a golden record. At first it is a person by itself;
 * whether it is one who is known is found out behind it (placing/), and written down as a decision.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Patient } from '../fhir/types.ts';
import type { PatientIndex } from './contract.ts';
import { isErased, noteErased } from './erased.ts';
import { goldenIdOf } from './golden/replay.ts';
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
    const object = `patient:${assertion.key}`;
    const newest = await tx.inbox.appliedReadAt(site.id, object);
    if (newest === null || newest <= at) {
      const before = stored === null ? null : (JSON.parse(stored.json) as Patient);
      const resource = patient(assertion, before);
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
  relate: writeRelated,
  decide,
  concerned,
  isErased,
};

function saysTheSame(before: Patient, resource: Patient, labels: readonly string[]): boolean {
  const { id: _id, meta, ...known } = before;
  return JSON.stringify(known) === JSON.stringify(resource) && bears({ meta }, labels);
}

function bears({ meta }: { readonly meta?: Patient['meta'] | undefined }, labels: readonly string[]): boolean {
  return (meta?.security ?? []).map(({ code }) => code).join(' ') === labels.join(' ');
}
