/**
 * Whether two people agree in all that a rule of the settings asks: to the letter, and by nothing that many share.
 * Pure, like the matcher; which rules hold between which sites is not its business.
 */
import { BIRTH, compareBirth } from './compare-birth.ts';
import { compareFamily, FAMILY } from './compare-names.ts';
import type { SharedValues } from './compare.ts';
import type { Person, RecordIdentifier } from './person.ts';

/** In what two records may agree, as the settings name it. */
export type LinkFact =
  'given' | 'family' | 'birthDate' | 'phone' | 'email' | 'address' | 'social' | 'social-end' | 'identifier';

export interface LinkRule {
  readonly name: string;
  readonly agree: readonly LinkFact[];
  /** Of the identifier. */
  readonly system?: string;
  /** How often two people agree in all of it by chance. */
  readonly collision: number;
}

export function agreesBy({ agree, system }: LinkRule, a: Person, b: Person, shared: SharedValues): boolean {
  return agree.length > 0 && agree.every((fact) => AGREES[fact](a, b, shared, system ?? ''));
}

type Agrees = (a: Person, b: Person, shared: SharedValues, system: string) => boolean;

const AGREES: Readonly<Record<LinkFact, Agrees>> = {
  // A second name that one record lacks is no other name; a guard looks at it where families share the first.
  given: (a, b) => a.given.first.length > 1 && a.given.first === b.given.first,
  family: (a, b) => compareFamily(a.family, b.family) === FAMILY.exact,
  // A 1 January is shared by far more people than the rule reckons with.
  birthDate: (a, b) =>
    compareBirth(a.birth, b.birth) === BIRTH.exact &&
    a.birth?.valid === true &&
    !a.birth.weak &&
    b.birth?.weak !== true,
  phone: (a, b, shared) => meet(a.phones, b.phones, shared),
  email: (a, b, shared) => meet(a.emails, b.emails, shared),
  address: (a, b, shared) => meet(whole(a), whole(b), shared),
  social: (a, b) => number(a, b, ({ kind }) => kind === 'social'),
  'social-end': (a, b) => ends(a).some((end) => ends(b).includes(end)),
  identifier: (a, b, _shared, system) => number(a, b, (one) => one.system === system),
};

function meet(as: readonly string[], bs: readonly string[], shared: SharedValues): boolean {
  return as.some((one) => !shared.has(one) && bs.includes(one));
}

/** With number and postcode: a street alone is no address. */
function whole({ addresses }: Person): readonly string[] {
  return addresses.flatMap(({ key, number: house, postcode }) => (house === '' || postcode === '' ? [] : [key]));
}

/** The same number, and of no system that both have one of only other ones. Who was merged has two of one system. */
function number(a: Person, b: Person, isMeant: (one: RecordIdentifier) => boolean): boolean {
  const as = a.identifiers.filter(isMeant);
  const bs = b.identifiers.filter(isMeant);
  const both = [...new Set(as.map(({ system }) => system))].filter((system) => bs.some((one) => one.system === system));
  const isSame = (system: string): boolean =>
    as.some((one) => one.system === system && bs.some((other) => other.system === system && other.value === one.value));
  return both.length > 0 && both.every(isSame);
}

function ends({ identifiers }: Person): readonly string[] {
  return identifiers.flatMap(({ kind, system, value }) =>
    kind === 'social' || kind === 'social-end' ? [`${system} ${value.slice(-4)}`] : [],
  );
}
