/**
 * People that are made up, households of them, and what happens to their records on the way into a system. The same
 * seed gives the same people on every machine.
 */
import type { PersonRecord } from '../../src/identity/match/person.ts';
import { CITIES, FAMILIES, GIVEN, STREETS } from './people-names.ts';

export type Random = () => number;

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function below(random: Random, most: number): number {
  return Math.floor(random() * most);
}

export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!;
}

/** The first of the list often, the last seldom: Zipf's law with its usual exponent. */
export function skewed<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(list.length ** random()) - 1]!;
}

/** One person, in plain fields, as he would write himself. */
export interface Made {
  readonly given: string;
  readonly middle: string;
  readonly family: string;
  readonly suffix: string;
  /** `1980-02-29` */
  readonly birth: string;
  readonly sex: 'F' | 'M';
  readonly street: string;
  readonly unit: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly phone: string;
  readonly email: string;
  readonly ssn: string;
}

export function makePerson(random: Random): Made {
  const sex = random() < 0.5 ? 'F' : 'M';
  const given = skewed(random, GIVEN[sex === 'F' ? 'f' : 'm']);
  const family = random() < 0.35 ? rareName(random) : skewed(random, FAMILIES);
  const number = below(random, 1_000_000);
  return {
    given,
    middle: random() < 0.6 ? skewed(random, GIVEN[sex === 'F' ? 'f' : 'm']) : '',
    family,
    suffix: '',
    birth: birthday(random, 1935, 2005),
    sex,
    ...makeAddress(random),
    phone: phoneNumber(random),
    email: `${given}.${family}${number}@example.net`.toLowerCase().replaceAll("'", ''),
    ssn: `${100 + below(random, 565)}-${10 + below(random, 89)}-${1000 + below(random, 8999)}`,
  };
}

export function makeAddress(random: Random): Pick<Made, 'street' | 'unit' | 'city' | 'state' | 'zip'> {
  const type = oneOf(random, ['Street', 'Avenue', 'Road', 'Drive', 'Lane', 'Court']);
  const city = below(random, CITIES.length);
  return {
    street: `${1 + below(random, 4000)} ${streetName(random)} ${type}`,
    unit: random() < 0.25 ? `Apt ${1 + below(random, 300)}` : '',
    city: CITIES[city]!,
    state: oneOf(random, ['TX', 'CA', 'OH', 'NY', 'FL']),
    zip: String(10_000 + city * 700 + below(random, 40)),
  };
}

function streetName(random: Random): string {
  const [one, other] = [oneOf(random, STREETS), oneOf(random, STREETS)];
  return random() < 0.3 || one === other ? one : `${one} ${other}`;
}

export function phoneNumber(random: Random): string {
  return `${210 + below(random, 700)}-${220 + below(random, 700)}-${String(below(random, 10_000)).padStart(4, '0')}`;
}

export function birthday(random: Random, from: number, to: number): string {
  const month = 1 + below(random, 12);
  const day = 1 + below(random, 28);
  return `${from + below(random, to - from + 1)}-${two(month)}-${two(day)}`;
}

export function two(value: number): string {
  return String(value).padStart(2, '0');
}

function rareName(random: Random): string {
  const starts = 'Bar Kel Mor Tan Wil Hes Cor Lan Pre Dun Gal Fen Ost Ver Zim Kow Bjor Abra Ede Okon Vasi Petro'.split(
    ' ',
  );
  const middles = 'en ol ing ber ste ra li cha vin do mar ta ne so'.split(' ');
  const ends = 'son man berg ski ley ton well er ford wick sen ova ez i kov aro'.split(' ');
  const middle = random() < 0.6 ? oneOf(random, middles) : '';
  return `${oneOf(random, starts)}${middle}${oneOf(random, ends)}`;
}

export function recordOf(person: Made, without: ReadonlySet<string> = new Set()): PersonRecord {
  const keep = (field: string, value: string): string => (without.has(field) || value === '' ? '' : value);
  const list = (value: string): readonly string[] => (value === '' ? [] : [value]);
  return {
    names: [
      {
        family: keep('family', person.family),
        given: [...list(keep('given', person.given)), ...list(keep('middle', person.middle))],
        suffix: keep('suffix', person.suffix),
      },
    ],
    birthDate: keep('birth', person.birth),
    gender: keep('sex', person.sex),
    addresses: without.has('street')
      ? []
      : [
          {
            lines: [person.street, ...list(person.unit)],
            city: person.city,
            state: person.state,
            postalCode: person.zip,
          },
        ],
    phones: list(keep('phone', person.phone)),
    emails: list(keep('email', person.email)),
    identifiers: keep('ssn', person.ssn) === '' ? [] : [{ kind: 'social', system: 'ssn', value: person.ssn }],
  };
}

/** What becomes of a record at another desk: slips, moves, new phones, short names, missing fields. */
export function anotherRecord(random: Random, person: Made): PersonRecord {
  let changed = person;
  if (random() < 0.06) changed = { ...changed, given: slip(random, changed.given) };
  if (random() < 0.04) changed = { ...changed, given: shortened(changed.given) };
  if (random() < 0.06) changed = { ...changed, family: slip(random, changed.family) };
  if (random() < 0.03 && person.sex === 'F') changed = { ...changed, family: skewed(random, FAMILIES) };
  if (random() < 0.02) changed = { ...changed, given: changed.family, family: changed.given };
  if (random() < 0.35) changed = { ...changed, middle: changed.middle.charAt(0) };
  if (random() < 0.04) changed = { ...changed, birth: slippedDate(random, changed.birth) };
  if (random() < 0.18) changed = { ...changed, ...makeAddress(random) };
  else if (random() < 0.1) changed = { ...changed, street: slip(random, changed.street) };
  if (random() < 0.25) changed = { ...changed, phone: phoneNumber(random) };
  if (random() < 0.2) changed = { ...changed, email: `x${below(random, 1e9)}@example.org` };
  const without = new Set<string>();
  const lose = (field: string, share: number): void => {
    if (random() < share) without.add(field);
  };
  lose('given', 0.005);
  lose('birth', 0.01);
  lose('middle', 0.35);
  lose('sex', 0.05);
  lose('street', 0.06);
  lose('phone', 0.12);
  lose('email', 0.4);
  lose('ssn', 0.6);
  return recordOf(changed, without);
}

const SHORT: Readonly<Record<string, string>> = {
  ...{ Robert: 'Bob', William: 'Bill', Elizabeth: 'Liz', Margaret: 'Peggy', Richard: 'Dick', James: 'Jimmy' },
  ...{ Michael: 'Mike', Christopher: 'Chris', Jennifer: 'Jen', Katherine: 'Kathy', Thomas: 'Tom', Daniel: 'Dan' },
};

function shortened(given: string): string {
  return SHORT[given] ?? given;
}

/** One letter changed, dropped, added or swapped with its neighbour; seldom the first. */
export function slip(random: Random, text: string): string {
  if (text.length < 3) return text;
  const at = random() < 0.05 ? 0 : 1 + below(random, text.length - 1);
  const letter = String.fromCharCode(97 + below(random, 26));
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  switch (below(random, 4)) {
    case 0:
      return head + letter + tail.slice(1);
    case 1:
      return head + tail.slice(1);
    case 2:
      return head + letter + tail;
    default:
      return at + 1 < text.length ? head + tail.charAt(1) + tail.charAt(0) + tail.slice(2) : head + letter;
  }
}

function slippedDate(random: Random, date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  switch (below(random, 3)) {
    case 0:
      return Number(day) <= 12 ? `${year}-${day}-${month}` : `${year}-${month}-${two((Number(day) % 28) + 1)}`;
    case 1:
      return `${Number(year) + (random() < 0.5 ? 1 : -1)}-${month}-${day}`;
    default:
      return `${year}-${month}-${two((Number(day) + 9) % 28 || 28)}`;
  }
}
