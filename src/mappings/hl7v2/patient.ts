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
  PostalAddress,
} from '../contract.ts';
import { locationOf } from './actors.ts';
import { plannedVisit } from './adt-appointment.ts';
import { visitName, visitStatus } from './adt-status.ts';
import { GENDER, NAME_RANK } from './codes.ts';
import { security } from './details.ts';
import { isTold, patientIds, recordKey, unlisted } from './identifiers.ts';
import { incomplete, part, type Composite, type Reading } from './reading.ts';

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
  const identifiers = ids.map((id) => id.identifier);
  // Someone whose identity is unknown must not be matched by a stand-in name (PID-31).
  if (part(pid, 31).toUpperCase() === 'Y') {
    reading.warn('PID-31', 'the identity is unknown, so name and birth date are not taken');
    return { patient: { key, identifiers } };
  }
  const person = personOf(reading, pid);
  const facts = { ...nameOf(pid), ...person, ...(isKeptApart(reading, person) ? {} : contactOf(pid)) };
  const cleared = clearedIn(pid).filter((name) => !(name in facts));
  return { patient: { key, identifiers, ...facts, ...(cleared.length === 0 ? {} : { cleared }) } };
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
  ];
  return { kind: 'changes', changes, warnings: reading.warnings };
}

/** The visit at which a child may be spoken of: by its numbers, where it is, and what it is. */
function toldFor(
  reading: Reading,
  people: readonly PatientAssertion[],
  planned: AppointmentChange | null,
): Pick<PatientChange, 'toldFor'> {
  const pv1s = reading.message.all('PV1');
  if (pv1s.length === 0 || !people.some((one) => mayBeKeptApart(one, reading.at))) return {};
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

function nameOf(pid: Segment): Facts {
  const names = pid
    .repetitions(5)
    .map((name) => ({ name, rank: NAME_RANK[part(name, 7).toUpperCase()] ?? 9 }))
    .filter(({ name }) => part(name, 1) !== '' || part(name, 2) !== '')
    .sort((one, other) => one.rank - other.rank);
  const best = names[0]?.name;
  if (best === undefined) return {};
  return filled({ family: part(best, 1), given: part(best, 2), middle: part(best, 3) });
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
  const contacts = [13, 14, 40].flatMap((n) => pid.repetitions(n)).map(contactPoint);
  const phone = contacts.find((contact) => contact.phone !== '')?.phone ?? '';
  const email = contacts.find((contact) => contact.email !== '')?.email ?? '';
  const homes = pid.repetitions(11).filter((address) => !['BA', 'BI'].includes(part(address, 7).toUpperCase()));
  const home = homes.find((address) => part(address, 7).toUpperCase() === 'H') ?? homes[0];
  const address = home === undefined ? null : addressOf(home);
  return { ...filled({ phone, email }), ...(address === null ? {} : { address }) };
}

/**
 * XTN: .12 as it is, else the parts, else .1; an e-mail address in .4, or in .1 of a sender that knows one place only.
 */
function contactPoint(xtn: Composite): { readonly phone: string; readonly email: string } {
  const first = part(xtn, 1);
  const kind = part(xtn, 3).toUpperCase();
  const email = [part(xtn, 4), first].find((text) => /^[^\s@]+@[^\s@]+$/.test(text)) ?? '';
  if (['INTERNET', 'X.400', 'FX', 'BP'].includes(kind)) return { phone: '', email };
  const [country, area, local, extension] = [5, 6, 7, 8].map((n) => part(xtn, n)) as [string, string, string, string];
  const parts = [country === '' ? '' : `+${country.replace(/^\+/, '')}`, area, local];
  const built = local === '' ? '' : parts.filter((text) => text !== '').join(' ');
  const phone = part(xtn, 12) || (built === '' ? first : built) + (extension === '' ? '' : ` X${extension}`);
  return { phone: /\d/.test(phone) && !phone.includes('@') ? phone : '', email };
}

function addressOf(xad: Composite): PostalAddress | null {
  const line = [part(xad, 1), part(xad, 1, 2), part(xad, 2)].filter((text) => text !== '');
  const rest = filled({
    city: part(xad, 3),
    state: part(xad, 4),
    postalCode: part(xad, 5),
    country: part(xad, 6),
  });
  return line.length === 0 && Object.keys(rest).length === 0 ? null : { line, ...rest };
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

function filled<Key extends string>(texts: Readonly<Record<Key, string>>): Partial<Record<Key, string>> {
  const entries = Object.entries<string>(texts).filter(([, text]) => text !== '');
  return Object.fromEntries(entries) as Partial<Record<Key, string>>;
}
