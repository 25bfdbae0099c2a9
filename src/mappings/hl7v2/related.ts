/**
 * NK1 and GT1: who acts or answers for the patient. Their contacts are theirs and never the patient's. One person who
 * is named several times (as next of kin, as who is called, as who pays) is one, with all of these parts.
 */
import { sha256 } from '../../core/ids.ts';
import { GUARANTOR } from '../../fhir/canonical.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import { fhirDate, parseTime } from '../../hl7v2/time.ts';
import type { CodedText, PatientAssertion } from '../contract.ts';
import type { RelatedAssertion, RelatedPeople } from '../contract-people.ts';
import { CONTACT_ROLES, GENDER, RELATIONSHIP } from './codes.ts';
import { filled, nameOf, reachedBy } from './contact.ts';
import { part, type Reading } from './reading.ts';

/** Where the two segments have the same facts. */
interface Fields {
  readonly name: number;
  readonly address: number;
  readonly phones: readonly number[];
  readonly relationship: number;
  readonly sex: number;
  readonly born: number;
  readonly from: number;
  readonly until: number;
}

const NK1: Fields = {
  name: 2,
  address: 4,
  phones: [5, 6, 40],
  relationship: 3,
  sex: 15,
  born: 16,
  from: 8,
  until: 9,
};
const GT1: Fields = { name: 3, address: 5, phones: [6, 7], relationship: 11, sex: 9, born: 8, from: 13, until: 14 };

const PAYS: CodedText = { coding: [GUARANTOR] };

/** Null: the message says nothing of them. */
export function relatedPeople(
  reading: Reading,
  patient: PatientAssertion,
): Pick<RelatedPeople, 'parts' | 'people'> | null {
  const [contacts, payers] = [reading.message.all('NK1'), reading.message.all('GT1')];
  if (contacts.length === 0 && payers.length === 0) return null;
  const found = new Map<string, RelatedAssertion>();
  const read = [
    ...contacts.map((segment) => personIn(reading, segment, NK1, rolesIn(reading, segment), patient)),
    ...payers.map((segment) => personIn(reading, segment, GT1, [PAYS], patient)),
  ];
  for (const one of read) {
    if (one === null) continue;
    const known = found.get(one.key);
    const relationship = [...(known?.relationship ?? []), ...one.relationship];
    found.set(one.key, { ...one, ...known, relationship: unique(relationship) });
  }
  return {
    parts: [
      ...(contacts.length === 0 ? [] : ['contact' as const]),
      ...(payers.length === 0 ? [] : ['guarantor' as const]),
    ],
    people: [...found.values()],
  };
}

function personIn(
  reading: Reading,
  segment: Segment,
  at: Fields,
  roles: readonly CodedText[],
  patient: PatientAssertion,
): RelatedAssertion | null {
  const name = nameOf(segment.repetitions(at.name));
  const relation = part(segment, at.relationship).toUpperCase();
  // An organisation, as an employer.
  if (name.family === undefined && name.given === undefined) return null;
  const stated = reading.coded(segment, at.relationship);
  const standard = RELATIONSHIP[relation];
  const related =
    stated === undefined ? [] : [standard === undefined ? stated : { ...stated, coding: [standard, ...stated.coding] }];
  const birthDate = dateIn(segment, at.born);
  if (isThemselves({ ...name, birthDate }, relation, patient)) return null;
  const gender = GENDER[part(segment, at.sex).charAt(0).toUpperCase()];
  const who = [name.family, name.given].map((text) => (text ?? '').toLowerCase());
  return {
    key: sha256(JSON.stringify(who)).slice(0, 32),
    identifiers: [],
    ...name,
    relationship: unique([...related, ...roles]),
    ...(gender === undefined ? {} : { gender }),
    ...filled({ birthDate, from: dateIn(segment, at.from), until: dateIn(segment, at.until) }),
    ...reachedBy(
      at.phones.flatMap((n) => segment.repetitions(n)),
      segment.repetitions(at.address),
    ),
  };
}

/** NK1-7, table 0131: what for they are called. */
function rolesIn(reading: Reading, nk1: Segment): readonly CodedText[] {
  const stated = reading.coded(nk1, 7);
  if (stated === undefined) return [];
  const code = part(nk1, 7).toUpperCase();
  if (!CONTACT_ROLES.has(code)) return [stated];
  return [{ ...stated, coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0131', code }] }];
}

function dateIn(segment: Segment, n: number): string {
  const time = parseTime(part(segment, n));
  return time === null ? '' : fhirDate(time);
}

/** The patient: who pays for themselves is no second person. A parent may have the name of the child. */
function isThemselves(
  one: Pick<PatientAssertion, 'family' | 'given'> & { readonly birthDate: string },
  relation: string,
  patient: PatientAssertion,
): boolean {
  if (relation === 'SEL') return true;
  const plain = (text: string | undefined): string => (text ?? '').toLowerCase();
  if (plain(one.family) !== plain(patient.family) || plain(one.given) !== plain(patient.given)) return false;
  return one.birthDate === '' ? relation === '' : one.birthDate === patient.birthDate;
}

function unique(all: readonly CodedText[]): readonly CodedText[] {
  return [...new Map(all.map((one) => [JSON.stringify(one.coding) + (one.text ?? ''), one])).values()];
}
