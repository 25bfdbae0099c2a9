/** From what a record says to the person that is compared. Pure: the same record always gives the same person. */
import { address } from './normalise-address.ts';
import { email, identifier, phone, sex } from './normalise-contact.ts';
import { birthDate } from './normalise-date.ts';
import { readNames } from './normalise-name.ts';
import type { Conventions, Person, PersonRecord } from './person.ts';

/** More of any of them than a person has: what is beyond is not compared. */
const MOST = 8;

/** Never throws: what cannot be read is missing. */
export function normalised(record: PersonRecord, conventions: Conventions = {}): Person {
  const name = readNames(record.names.slice(0, MOST));
  return {
    given: name.given,
    family: name.family,
    suffix: name.suffix,
    birth: birthDate(record.birthDate, conventions),
    sex: sex(record.gender),
    addresses: (record.addresses ?? []).slice(0, MOST).flatMap((one) => address(one) ?? []),
    phones: unique((record.phones ?? []).map((one) => phone(one, conventions))),
    emails: unique((record.emails ?? []).map(email)),
    identifiers: (record.identifiers ?? []).flatMap((one) => identifier(one) ?? []),
    multipleBirth: record.multipleBirth === true,
    placeholderName: name.placeholder,
  };
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== ''))].slice(0, MOST);
}
