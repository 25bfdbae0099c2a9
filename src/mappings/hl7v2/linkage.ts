/**
 * ADT that is about records of people rather than about the people: MRG and its pairs, links, deletions, and visits
 * that change their person or their number. What cannot be carried out keeps later messages about the same people
 * waiting, because they would be read differently after it.
 */
import type { Segment } from '../../hl7v2/segment.ts';
import type { Change, MapIssue, Mapped, PatientAssertion } from '../contract.ts';
import type { PatientName, VisitName } from '../contract-people.ts';
import type { PeopleEffect } from './events.ts';
import { isTold, patientId, patientIds, recordKey, unlisted, visitNumber, type PatientId } from './identifiers.ts';
import { readPatient } from './patient.ts';
import { fieldOf, incomplete, type Reading } from './reading.ts';
import { visitKey } from './visit-key.ts';

type Found = { readonly changes: readonly Change[] } | { readonly issues: readonly MapIssue[] };

export function mapPeople(reading: Reading, effect: PeopleEffect, otherwise: string | undefined): Mapped {
  const found = FINDERS[effect](reading);
  if ('issues' in found) {
    if (effect !== 'merge') return { kind: 'unreadable', issues: found.issues };
    const issues = found.issues.map((issue) => ({ ...issue, code: 'MERGE_UNDECIDED' as const }));
    return { kind: 'unreadable', issues, barrier: true };
  }
  if (found.changes.length === 0) {
    return { kind: 'ignored', because: `${kindOf(reading)} ${otherwise ?? 'says nothing that the hub keeps'}.` };
  }
  return { kind: 'changes', changes: found.changes, warnings: reading.warnings };
}

const FINDERS: Readonly<Record<PeopleEffect, (reading: Reading) => Found>> = {
  merge: merges,
  link: (reading) => links(reading, true),
  unlink: (reading) => links(reading, false),
  remove: removals,
  account: accounts,
  'visit-moved': visitMoves,
  'visit-renumbered': renumberings,
};

function kindOf(reading: Reading): string {
  return `ADT^${reading.trigger}`;
}

/** One PID with the MRGs and PV1s behind it, in the order of the message (A39 to A42 repeat the pair). */
interface Pair {
  readonly pid: Segment;
  readonly mrgs: readonly Segment[];
  readonly pv1s: readonly Segment[];
}

function pairs(reading: Reading): readonly Pair[] | MapIssue {
  const groups = reading.message.groups('PID', { members: ['MRG'] });
  const found: Pair[] = [];
  for (const { head, segments } of groups) {
    if (head === undefined) return incomplete('PID', 'an MRG stands before any PID, so who it is about is not told');
    const of = (name: string): readonly Segment[] => segments.filter((segment) => segment.name === name);
    found.push({ pid: head, mrgs: of('MRG'), pv1s: of('PV1') });
  }
  return found.length === 0 ? incomplete('PID', 'the segment is missing') : found;
}

// -------------------------------------------------------------------------------------------------------------- merges

function merges(reading: Reading): Found {
  const all = pairs(reading);
  if ('code' in all) return { issues: [all] };
  const issues: MapIssue[] = [];
  const changes: Change[] = [];
  for (const { pid, mrgs } of all) {
    if (mrgs.length === 0) issues.push(incomplete('MRG', 'is missing behind a PID, so nothing tells what was merged'));
    for (const mrg of mrgs) {
      const made = merge(reading, pid, mrg);
      if ('issues' in made) issues.push(...made.issues);
      else changes.push(...made.changes);
    }
  }
  return issues.length > 0 ? { issues } : { changes };
}

function merge(reading: Reading, pid: Segment, mrg: Segment): Found {
  const own = patientIds(reading, pid);
  const prior = mergedIds(reading, mrg).map((id) => likeThose(own, id));
  const key = recordKey(prior);
  if (key === null) return { issues: [incomplete('MRG-1', 'holds no identifier, so the record cannot be told')] };
  for (const authority of unlisted(prior)) reading.unlistedAuthority(authority);
  if (!isTold(prior) && reading.site.unknownIdentifiers === 'park') {
    return { issues: [incomplete('MRG-1', 'no identifier has an authority that the site file lists')] };
  }
  // Some senders list the old number behind the new one in PID-3: it must not name the record that stays.
  const gone = new Set(prior.map(({ identifier }) => `${identifier.system}|${identifier.value}`));
  const read = readPatient(reading, pid, gone);
  if ('issue' in read) {
    const plain = readPatient(reading, pid);
    if ('issue' in plain) return { issues: [plain.issue] };
    reading.warn('MRG-1', 'names the same record as PID-3, so nothing is merged');
    return { changes: [{ kind: 'patient', at: reading.at, patient: plain.patient }] };
  }
  const into = read.patient;
  const told = { at: reading.at, reason: kindOf(reading) };
  return {
    changes: namesOf(prior, key).map((from) => ({ kind: 'patient-merge', ...told, from, into }) as const),
  };
}

/** MRG-1, then MRG-4 and MRG-2, which stand for PID-3, PID-2 and PID-4. */
function mergedIds(reading: Reading, mrg: Segment): readonly PatientId[] {
  const places = [
    [1, 'PID-3'],
    [4, 'PID-2'],
    [2, 'PID-4'],
  ] as const;
  return places.flatMap(([n, where]) => mrg.repetitions(n).flatMap((cx) => patientId(reading, cx, where) ?? []));
}

/**
 * Both sides of a merge are numbers of one kind. Senders who write authority and type into PID-3 leave one or both out
 * of MRG-1.
 */
function likeThose(own: readonly PatientId[], id: PatientId): PatientId {
  if (id.rule !== undefined || id.identifier.type !== undefined) return id;
  const like = own.find(
    ({ rule, where, authority }) =>
      rule !== undefined && where === 'PID-3' && (authority === id.authority || id.authority === ''),
  );
  if (like === undefined) return id;
  return { ...like, identifier: { ...like.identifier, value: id.identifier.value } };
}

/** Several numbers of one authority in MRG-1 are several records; numbers of others say more about the same one. */
function namesOf(prior: readonly PatientId[], key: string): readonly PatientName[] {
  const chosen = prior.find((id) => recordKey([id]) === key);
  const own = prior.filter((id) => id.where === 'PID-3' && id.identifier.system === chosen?.identifier.system);
  const others = prior.filter((id) => !own.includes(id)).map(({ identifier }) => identifier);
  const records = own.length === 0 ? prior.slice(0, 1) : own;
  return records.map((id) => ({
    key: recordKey([id]) ?? key,
    identifiers: [id.identifier, ...(records.length === 1 ? others : [])],
  }));
}

// --------------------------------------------------------------------------------------------------------------- links

/**
 * Two PIDs. Records with two birth dates are not joined on a message's word: mothers are linked with their children.
 */
function links(reading: Reading, linked: boolean): Found {
  const reads = reading.message.all('PID').map((pid) => readPatient(reading, pid));
  const issues = reads.flatMap((read) => ('issue' in read ? [read.issue] : []));
  if (issues.length > 0) return { issues };
  const [one, other, ...more] = reads.flatMap((read) => ('patient' in read ? [read.patient] : []));
  if (one === undefined || other === undefined || more.length > 0) {
    return { issues: [incomplete('PID', 'a link is about two records, each in a PID of its own')] };
  }
  if (linked && differ(one.birthDate, other.birthDate)) {
    const problem = 'the two records are said to be one person and have different birth dates';
    return { issues: [{ code: 'LINK_DOUBTFUL', where: 'PID-7', problem }] };
  }
  return {
    changes: [
      { kind: 'patient', at: reading.at, patient: one },
      { kind: 'patient', at: reading.at, patient: other },
      { kind: 'patient-link', at: reading.at, reason: kindOf(reading), linked, one, other },
    ],
  };
}

/** A date of less precision contradicts nothing that begins with it. */
function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && !one.startsWith(other) && !other.startsWith(one);
}

function removals(reading: Reading): Found {
  const people = patientsOf(reading);
  if ('issues' in people) return people;
  const told = { at: reading.at, reason: kindOf(reading) };
  return { changes: people.patients.map((patient) => ({ kind: 'patient-gone', ...told, patient }) as const) };
}

/** Accounts are nothing that the hub keeps; a number of one that the person carries (type AN) is. */
function accounts(reading: Reading): Found {
  const people = patientsOf(reading);
  if ('issues' in people) return { changes: [] };
  const carrying = people.patients.filter(({ identifiers }) => identifiers.some(({ type }) => type === 'AN'));
  return { changes: carrying.map((patient) => ({ kind: 'patient', at: reading.at, patient }) as const) };
}

// -------------------------------------------------------------------------------------------------------------- visits

/** A45: the visits of PV1 (else MRG-5) belong to the person of PID and not to that of MRG-1. */
function visitMoves(reading: Reading): Found {
  const all = pairs(reading);
  if ('code' in all) return { issues: [all] };
  const changes: Change[] = [];
  for (const { pid, mrgs, pv1s } of all) {
    const read = readPatient(reading, pid);
    if ('issue' in read) return { issues: [read.issue] };
    const { patient } = read;
    changes.push({ kind: 'patient', at: reading.at, patient });
    // Told twice, the visit is that of PID already.
    const prior = mrgs.flatMap((mrg) => priorKey(reading, pid, mrg) ?? []);
    const of = prior.length === 0 ? [] : [...prior, patient.key];
    const numbers =
      pv1s.length > 0 ? pv1s.map((pv1) => number(reading, pv1, 19)) : mrgs.map((mrg) => number(reading, mrg, 5));
    const visits = numbers.filter((visit) => visit.length > 0);
    if (visits.length === 0) return { issues: [incomplete('PV1-19', 'and MRG-5 are empty, so no visit is named')] };
    for (const visit of visits) {
      changes.push({ kind: 'visit-moved', at: reading.at, reason: kindOf(reading), visit, of, patient });
    }
  }
  return { changes };
}

/** A42 and A50: MRG-5 has become PV1-19; A51: MRG-6 has become PV1-50. */
function renumberings(reading: Reading): Found {
  const all = pairs(reading);
  if ('code' in all) return { issues: [all] };
  const [old, now] = reading.trigger === 'A51' ? [6, 50] : [5, 19];
  const changes: Change[] = [];
  for (const { pid, mrgs, pv1s } of all) {
    const read = readPatient(reading, pid);
    if ('patient' in read) changes.push({ kind: 'patient', at: reading.at, patient: read.patient });
    const [mrg] = mrgs;
    const [pv1] = pv1s;
    const visit = mrg === undefined ? [] : number(reading, mrg, old);
    const identifier = pv1 === undefined ? null : visitNumber(reading, fieldOf(pv1, now));
    if (visit.length === 0 || identifier === null) continue;
    const told = { at: reading.at, reason: kindOf(reading) };
    const named = reading.settings.adtAppointments === 'off' || now !== 19 ? null : visitKey(pv1);
    changes.push({
      kind: 'visit-renumbered',
      ...told,
      visit,
      of: 'patient' in read ? [read.patient.key] : [],
      identifier,
      ...(named === null ? {} : { key: named }),
    });
  }
  return { changes };
}

/** The record of MRG; null where it names none. */
function priorKey(reading: Reading, pid: Segment, mrg: Segment): string | null {
  const own = patientIds(reading, pid);
  return recordKey(mergedIds(reading, mrg).map((id) => likeThose(own, id)));
}

function number(reading: Reading, segment: Segment, field: number): VisitName {
  const found = visitNumber(reading, fieldOf(segment, field));
  return found === null ? [] : [found];
}

// -------------------------------------------------------------------------------------------------------------- shared

function patientsOf(
  reading: Reading,
): { readonly patients: readonly PatientAssertion[] } | { readonly issues: readonly MapIssue[] } {
  const reads = reading.message.all('PID').map((pid) => readPatient(reading, pid));
  const issues = reads.flatMap((read) => ('issue' in read ? [read.issue] : []));
  if (reads.length === 0) return { issues: [incomplete('PID', 'the segment is missing')] };
  if (issues.length > 0) return { issues };
  return { patients: reads.flatMap((read) => ('patient' in read ? [read.patient] : [])) };
}
