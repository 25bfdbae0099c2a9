/** Values of records that may stand in a golden record: placeholders are none, and equal ones are known as equal. */
import type { Address, ContactPoint, HumanName, Identifier } from '../../fhir/types.ts';
import { birthDate } from '../match/normalise-date.ts';
import { email, phone } from '../match/normalise-contact.ts';
import { readNames } from '../match/normalise-name.ts';
import { folded } from '../match/normalise-text.ts';
import type { Candidate } from './choose.ts';
import type { SingleAttribute, SingleValues } from './decision.ts';
import type { Member } from './member.ts';

/** All values of an attribute that records have. */
export function candidatesFor<A extends SingleAttribute>(
  attribute: A,
  members: readonly Member[],
): readonly Candidate<SingleValues[A]>[] {
  return members.flatMap((member) =>
    READ[attribute](member).flatMap((value) => {
      const same = SAME[attribute](value);
      return same === '' ? [] : [{ member, value, same, completeness: partsOf(value) }];
    }),
  );
}

type Read = {
  readonly [A in SingleAttribute]: (member: Member) => readonly SingleValues[A][];
};

const READ: Read = {
  name: ({ patient }) => (patient.name ?? []).filter(isOfPerson).slice(0, 1),
  gender: ({ patient }) => (patient.gender === undefined || patient.gender === 'unknown' ? [] : [patient.gender]),
  birthDate: ({ patient }) => {
    const read = birthDate(patient.birthDate);
    return patient.birthDate === undefined || read?.valid !== true ? [] : [patient.birthDate];
  },
  deceased: ({ patient }) => (patient.deceasedBoolean === undefined ? [] : [patient.deceasedBoolean]),
  address: (member) =>
    (member.patient.address ?? []).filter((_value, index) => isOwn(member, 'address', index)).slice(0, 1),
};

type Same = { readonly [A in SingleAttribute]: (value: SingleValues[A]) => string };

const SAME: Same = {
  name: nameKey,
  gender: (value) => value,
  birthDate: (value) => value,
  deceased: (value) => String(value),
  address: addressKey,
};

/** Not one that stands for a name, as BABY BOY or UNKNOWN. */
export function isOfPerson({ family, given }: HumanName): boolean {
  return !readNames([{ family, given: given ?? [] }]).placeholder;
}

export function nameKey({ family = '', given = [], suffix = [], text = '' }: HumanName): string {
  const key = [family, given.join(' '), suffix.join(' ')].map(folded).join('|');
  return key === '||' ? folded(text) : key;
}

/** Two ways of writing one phone or e-mail address are one contact. */
export function contactKey({ system, value = '' }: ContactPoint): string {
  const read =
    system === 'email' ? email(value) : ['phone', 'sms', 'fax'].includes(system ?? '') ? phone(value) : value;
  return read === '' ? '' : `${system === 'sms' ? 'phone' : (system ?? '')}|${read}`;
}

export function identifierKey({ system = '', value = '', type }: Identifier): string {
  return value === '' ? '' : [system, value, type?.coding?.[0]?.code ?? ''].join('|');
}

export function isOwn({ withheld }: Member, element: 'telecom' | 'address', index: number): boolean {
  return !withheld.some((one) => one.element === element && one.index === index);
}

/**
 * Phones and e-mail addresses that some record says are a guarantor's: where another record has them and nobody says
 * so, they are that as well. An address is not told by its value: a child lives where its parents do.
 */
export function guarantorContacts(members: readonly Member[]): ReadonlySet<string> {
  const keys = members.flatMap(({ patient, withheld }) =>
    withheld
      .filter(({ element, why }) => element === 'telecom' && why === 'guarantor')
      .map(({ index }) => contactKey(patient.telecom?.[index] ?? {})),
  );
  return new Set(keys.filter((key) => key !== ''));
}

function addressKey({ text = '', line = [], city = '', state = '', postalCode = '', country = '' }: Address): string {
  const key = [line.join(' '), city, state, postalCode, country].map(folded).join('|');
  return key === '||||' ? folded(text) : key;
}

/** Parts count before letters, so that a name with a middle name goes before a longer one without. */
function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length : 0;
  const texts = Object.entries(value)
    .filter(([key]) => key !== 'use')
    .flatMap(([, part]: readonly [string, unknown]): readonly unknown[] => (Array.isArray(part) ? part : [part]))
    .filter((part) => typeof part === 'string' && part !== '');
  return texts.length * 1_000 + texts.join('').length;
}
