/** PID to a statement about who someone is, and the ADT messages that state nothing else. */
import { isConfidential, mayBeKeptApart, mayBeMinor } from '../../fhir/confidential.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import { fhirDate, parseTime } from '../../hl7v2/time.ts';
import type {
  AppointmentChange,
  Change,
  ClearedField,
  MapIssue,
  Mapped,
  PatientAssertion,
  PatientChange,
} from '../contract.ts';
import { locationOf } from './actors.ts';
import { plannedVisit } from './adt-appointment.ts';
import { visitName, visitStatus } from './adt-status.ts';
import { GENDER } from './codes.ts';
import { filled, nameOf, reachedBy } from './contact.ts';
import { security } from './details.ts';
import { hubPersonIds, isTold, patientIds, recordKey, unlisted } from './identifiers.ts';
import { incomplete, part, type Reading } from './reading.ts';
import { relatedPeople } from './related.ts';

export type PatientRead = { readonly patient: PatientAssertion } | { readonly issue: MapIssue };

/** One PID. Several of them are a group appointment. `without`: identifiers (`system|value`) that are not to count. */
export function readPatient(reading: Reading, pid: Segment, without: ReadonlySet<string> = NONE): PatientRead {
  const ids = patientIds(reading, pid).filter(
    ({ identifier: { system, value } }) => !without.has(`${system}|${value}`),
  );
  const key = recordKey(ids);
  const where = pid.ordinal === 1 ? 'PID-3' : `PID(${pid.ordinal})-3`;
  if (key === null) return { issue: incomplete(where, 'holds no identifier, so the patient cannot be told') };
  for (const authority of unlisted(ids)) reading.unlistedAuthority(authority);
  if (!isTold(ids) && reading.site.unknownIdentifiers === 'park') {
    const problem = 'no identifier has an authority (CX.4^CX.5) that the site file lists under `identifiers`';
    return { issue: { code: 'IDENTIFIER_UNKNOWN', where, problem } };
  }
  const hubIds = hubPersonIds(reading, pid);
  const named = { key, identifiers: ids.map((id) => id.identifier), ...(hubIds.length === 0 ? {} : { hubIds }) };
  // Someone whose identity is unknown must not be matched by a stand-in name (PID-31).
  if (part(pid, 31).toUpperCase() === 'Y') {
    reading.warn('PID-31', 'the identity is unknown, so name and birth date are not taken');
    return { patient: named };
  }
  const person = personOf(reading, pid);
  const facts = { ...nameOf(pid.repetitions(5)), ...person, ...(isKeptApart(reading, person) ? {} : contactOf(pid)) };
  const cleared = clearedIn(pid).filter((name) => !(name in facts));
  return { patient: { ...named, ...facts, ...(cleared.length === 0 ? {} : { cleared }) } };
}

/** Told of a visit, with the person beside it: what cannot be told of the person must not keep the visit waiting. */
const ABOUT_A_VISIT: ReadonlySet<string> = new Set(['A03', 'A10', 'A11', 'A13', 'A32']);

/** A04, A08, A28, A31 and their like: what the site says of a person, and what happened to a visit of theirs. */
export function mapPatient(reading: Reading): Mapped {
  const reads = reading.message.all('PID').map((pid) => readPatient(reading, pid));
  const issues = reads.flatMap((read) => ('issue' in read ? [read.issue] : []));
  if (reads.length === 0) issues.push(incomplete('PID', 'the segment is missing'));
  const planned = plannedVisit(reading);
  if (planned !== null && 'issue' in planned) issues.push(planned.issue);
  const spared = ABOUT_A_VISIT.has(reading.trigger);
  if (issues.length > 0 && !spared) return { kind: 'unreadable', issues };
  for (const issue of issues) reading.warn(issue.where, `${issue.problem}; only what is said of the visit was taken`);
  const people = reads.flatMap((read) => ('patient' in read ? [read.patient] : []));
  const status = visitStatus(reading, people);
  const visit = toldFor(reading, people, planned !== null && 'visit' in planned ? planned.visit : null);
  const changes: readonly Change[] = [
    ...people.map((patient) => ({ kind: 'patient', at: reading.at, stated: true, patient, ...visit }) as const),
    ...(planned !== null && 'visit' in planned ? [{ ...planned.visit, patients: people }] : []),
    ...(status === null ? [] : [status]),
    ...people.flatMap((patient) => relatedOf(reading, people, patient, visit)),
  ];
  return { kind: 'changes', changes, warnings: reading.warnings };
}

/** Of a child: who is around it is not told of a confidential visit either. */
function isRelatedTold({ message, at }: Reading, { birthDate }: PatientAssertion): boolean {
  return ['NK1', 'GT1'].some((name) => message.first(name) !== undefined) && mayBeMinor(birthDate, at);
}

/** The visit at which a child may be spoken of: by its numbers, where it is, and what it is. */
function toldFor(
  reading: Reading,
  people: readonly PatientAssertion[],
  planned: AppointmentChange | null,
): Pick<PatientChange, 'toldFor'> {
  const pv1s = reading.message.all('PV1');
  const asked = (one: PatientAssertion): boolean => mayBeKeptApart(one, reading.at) || isRelatedTold(reading, one);
  if (pv1s.length === 0 || !people.some(asked)) return {};
  const here = pv1s.flatMap((pv1) => pv1.repetitions(3).flatMap((pl) => locationOf(reading, pl) ?? []));
  return {
    toldFor: {
      visit: visitName(reading),
      participants: [
        ...here.map((actor) => ({ actor, status: 'accepted' }) as const),
        ...(planned === null ? [] : planned.participants),
      ],
      ...(planned?.visitType === undefined ? {} : { visitType: planned.visitType }),
    },
  };
}

/** NK1 and GT1 stand once in a message, so of several people nobody knows whose they are. */
function relatedOf(
  reading: Reading,
  people: readonly PatientAssertion[],
  patient: PatientAssertion,
  visit: Pick<PatientChange, 'toldFor'>,
): readonly Change[] {
  const found = people.length === 1 ? relatedPeople(reading, patient) : null;
  if (found === null || isKeptApart(reading, patient)) return [];
  const { key, birthDate } = patient;
  const of = { key, ...(birthDate === undefined ? {} : { birthDate }) };
  return [{ kind: 'related-people', at: reading.at, patient: of, ...visit, ...found }];
}

const NONE: ReadonlySet<string> = new Set();

type Facts = Partial<Omit<PatientAssertion, 'key' | 'identifiers'>>;

/**
 * Phone, e-mail address and home that are told for a confidential visit of a minor: parents read them elsewhere, and
 * records are compared by them. What the site says of the person otherwise stays as it is. Told here by the codes of
 * the message; by place, type and site the stage knows it (pipeline/kept-apart.ts).
 */
function isKeptApart(reading: Reading, { birthDate }: Facts): boolean {
  if (!mayBeMinor(birthDate, reading.at)) return false;
  if (!isConfidential(security(reading).security ?? [])) return false;
  reading.warn('PID-13', 'is of a minor at a confidential visit, so contact and address are not taken for the person');
  return true;
}

function personOf(reading: Reading, pid: Segment): Facts {
  const birth = parseTime(part(pid, 7));
  if (birth === null && part(pid, 7) !== '') reading.warn('PID-7', 'is not a date');
  const gender = GENDER[part(pid, 8).charAt(0).toUpperCase()];
  const deceased = part(pid, 30).toUpperCase();
  const died = deceased === 'Y' || (deceased === '' && parseTime(part(pid, 29)) !== null);
  return {
    ...(birth === null ? {} : { birthDate: fhirDate(birth) }),
    ...(gender === undefined ? {} : { gender }),
    ...filled({ language: part(pid, 15) }),
    ...(died ? { deceased: true } : deceased === 'N' ? { deceased: false } : {}),
  };
}

/** PID-13, then PID-14 and PID-40: the first number and the first e-mail address, wherever it is written. */
function contactOf(pid: Segment): Facts {
  return reachedBy(
    [13, 14, 40].flatMap((n) => pid.repetitions(n)),
    pid.repetitions(11),
  );
}

const CLEARABLE: readonly (readonly [field: number, component: number, name: ClearedField])[] = [
  [5, 3, 'middle'],
  [7, 1, 'birthDate'],
  [8, 1, 'gender'],
  [11, 1, 'address'],
  [13, 1, 'phone'],
  [13, 1, 'email'],
  [15, 1, 'language'],
  [30, 1, 'deceased'],
];

/**
 * `""` is the order to delete what is stored; an empty field says nothing. What the message states beside it stands.
 */
function clearedIn(pid: Segment): readonly ClearedField[] {
  return CLEARABLE.filter(([field, component]) => pid.component(field, component) === null).map(([, , name]) => name);
}
