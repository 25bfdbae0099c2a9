/**
 * What a site decides about its own records of people. The decision is written down for ever and the links that it
 * comes to are computed anew, so a merge that arrives before the records, or after a later one, ends the same. One that
 * would make two records stand for each other is parked, and what comes later about these people waits for it.
 */
import { Park } from '../core/park.ts';
import { IDENTITY_LOG, type PatientIndex, type PatientStatement } from '../identity/contract.ts';
import type { Change, PatientAssertion, PatientChange } from '../mappings/contract.ts';
import type { PatientGone, PatientLink, PatientMerge, PatientName, PeopleChange } from '../mappings/contract-people.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Tx } from '../store/contract.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { labelsOf } from './apply-status.ts';
import { resolvePerson } from './kept-apart.ts';

/** Statements that a change makes about records; none for what is about one person or one visit. */
function statementOf(change: PeopleChange): PatientStatement {
  const { at, reason } = change;
  switch (change.kind) {
    case 'patient-merge':
      return { kind: 'merge', one: change.from, other: nameOf(change.into), at, reason };
    case 'patient-link':
      return {
        kind: change.linked ? 'link' : 'unlink',
        one: nameOf(change.one),
        other: nameOf(change.other),
        at,
        reason,
      };
    case 'patient-gone':
      return { kind: 'remove', one: nameOf(change.patient), other: null, at, reason };
  }
}

function nameOf({ key, identifiers }: PatientAssertion): PatientName {
  return { key, identifiers };
}

/** Names to lock before anything is changed: all records that a decision would touch, and decisions one by one. */
export async function lockedByPeople(
  tx: Tx,
  patients: Pick<PatientIndex, 'concerned'>,
  site: SiteSettings,
  changes: readonly Change[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const change of changes) {
    if (!isAboutRecords(change)) continue;
    const keys = await patients.concerned(statementOf(change), site, tx);
    ids.push(IDENTITY_LOG, ...keys.map((key) => `patient:${site.id}:${key}`));
  }
  return ids;
}

export function isAboutRecords(change: Change): change is PeopleChange {
  return change.kind === 'patient-merge' || change.kind === 'patient-link' || change.kind === 'patient-gone';
}

export async function applyPatient(context: ApplyContext, change: PatientChange): Promise<Applied> {
  const { tx, site, cause, patients } = context;
  const { removedAt, recordId } = await resolvePerson(
    context,
    change.patient,
    change.at,
    await labelsOf(context, change),
  );
  if (change.stated === true && removedAt !== null && removedAt < change.at) {
    const reason = context.message.kind;
    const restored = { kind: 'restore', one: nameOf(change.patient), other: null, at: change.at, reason } as const;
    await patients.decide(restored, site, tx, cause);
    record(context, 'patient-restored', { patient: recordId });
  }
  return 'applied';
}

export async function applyPeople(context: ApplyContext, change: PeopleChange): Promise<Applied> {
  switch (change.kind) {
    case 'patient-merge':
      return merge(context, change);
    case 'patient-link':
      return link(context, change);
    case 'patient-gone':
      return remove(context, change);
  }
}

async function merge(context: ApplyContext, change: PatientMerge): Promise<Applied> {
  const { tx, site, cause, patients } = context;
  const into = await resolvePerson(context, change.into, change.at, null);
  const outcome = await patients.decide(statementOf(change), site, tx, cause);
  if (outcome === 'circular') {
    const why = 'PID and MRG: the record that is to stay was merged into the one that is to go, by an earlier message';
    throw new Park('identify', 'MERGE_UNDECIDED', why, true);
  }
  if (outcome === 'erased') return 'applied';
  const from = await tx.people.record(site.id, change.from.key);
  record(context, 'patient-merged', { ...(from === null ? {} : { from: from.patientId }), into: into.recordId });
  return 'applied';
}

async function link(context: ApplyContext, change: PatientLink): Promise<Applied> {
  const { tx, site, cause, patients } = context;
  const one = await resolvePerson(context, change.one, change.at, null);
  const other = await resolvePerson(context, change.other, change.at, null);
  if ((await patients.decide(statementOf(change), site, tx, cause)) === 'erased') return 'applied';
  const kind = change.linked ? 'patient-linked' : 'patient-unlinked';
  record(context, kind, { one: one.recordId, other: other.recordId });
  return 'applied';
}

/** The record stays, because its visits do; it is only not in use. News of the person that is newer outlives it. */
async function remove(context: ApplyContext, change: PatientGone): Promise<Applied> {
  const { tx, site, cause, patients } = context;
  const known = await tx.people.record(site.id, change.patient.key);
  // Nobody was ever named by it, or nobody is any more: there is nothing to hide.
  if (known === null) {
    await patients.isErased(change.patient, site, tx, cause);
    return 'applied';
  }
  const newest = await tx.inbox.appliedReadAt(site.id, `patient:${change.patient.key}`);
  if (newest !== null && newest > change.at) return 'superseded';
  await patients.decide(statementOf(change), site, tx, cause);
  record(context, 'patient-removed', { patient: known.patientId });
  return 'applied';
}

function record(
  { batch, site, now, message }: ApplyContext,
  kind: 'patient-merged' | 'patient-linked' | 'patient-unlinked' | 'patient-removed' | 'patient-restored',
  data: Readonly<Record<string, string>>,
): void {
  batch.ledger.push({ at: now, kind, site: site.id, cause: `message:${message.id}`, data });
}
