/**
 * Pairs of two different people who share nearly everything, by class. They are what a benchmark of typing errors does
 * not have, and what must never be linked without a person. All fields that the class does not name are alike and
 * complete: the worst case.
 */
import type { PersonRecord } from '../../src/identity/match/person.ts';
import {
  below,
  birthday,
  makeAddress,
  makePerson,
  oneOf,
  phoneNumber,
  randomOf,
  recordOf,
  skewed,
  slip,
  two,
  type Made,
  type Random,
} from './people.ts';
import { ALIKE, FAMILIES, GIVEN } from './people-names.ts';

export type Pair = readonly [PersonRecord, PersonRecord];

type Maker = (random: Random) => Pair;

/** Without SSN: with it most classes are easy. */
const NO_SSN = new Set(['ssn']);

function pairOf(one: Made, other: Made, without: ReadonlySet<string> = NO_SSN): Pair {
  return [recordOf(one, without), recordOf(other, without)];
}

function otherGiven(random: Random, person: Made, sex = person.sex): string {
  for (;;) {
    const given = oneOf(random, GIVEN[sex === 'F' ? 'f' : 'm']);
    if (given !== person.given) return given;
  }
}

function yearsLater(date: string, years: number): string {
  return `${Number(date.slice(0, 4)) + years}${date.slice(4)}`;
}

/** Some of them have no middle name, or the same one, or one that only tells them apart to a reader. */
const noMiddle = (person: Made): Made => ({ ...person, middle: '' });

export const HARD_CASES: Readonly<Record<string, Maker>> = {
  'twins, unlike names': (random) => {
    const one = noMiddle(makePerson(random));
    return pairOf(one, { ...one, given: otherGiven(random, one) });
  },
  'twins of two sexes': (random) => {
    const one = noMiddle(makePerson(random));
    const sex = one.sex === 'F' ? 'M' : 'F';
    return pairOf(one, { ...one, sex, given: otherGiven(random, one, sex) });
  },
  'twins, names alike': (random) => {
    const [first, second] = oneOf(random, ALIKE);
    const one = { ...noMiddle(makePerson(random)), given: first };
    return pairOf(one, { ...one, given: second }, random() < 0.5 ? new Set(['ssn', 'sex']) : NO_SSN);
  },
  'twins, one a young child without a name yet': (random) => {
    const one = { ...noMiddle(makePerson(random)), birth: birthday(random, 2024, 2026) };
    const given = oneOf(random, ['Baby Boy', 'Baby Girl', 'BabyGirl A', 'Twin B', '', 'Newborn']);
    return pairOf(one, { ...one, given });
  },
  'parent and child of one name': (random) => {
    const one = makePerson(random);
    const suffix = random() < 0.4 ? (['Sr', 'Jr'] as const) : (['', ''] as const);
    const child = {
      ...one,
      birth: yearsLater(birthday(random, 1935, 1985), 18 + below(random, 22)),
      suffix: suffix[1],
    };
    return pairOf({ ...one, birth: birthday(random, 1935, 1960), suffix: suffix[0] }, child);
  },
  'parent and child of one name, born on one day of the year': (random) => {
    const one = makePerson(random);
    return pairOf(one, { ...one, birth: yearsLater(one.birth, 15 + below(random, 30)) });
  },
  'parent and child of one name, a date of birth missing': (random) => {
    const one = makePerson(random);
    return [recordOf(one, NO_SSN), recordOf(one, new Set(['ssn', 'birth']))];
  },
  'brothers and sisters at one address': (random) => {
    const one = makePerson(random);
    const birth = yearsLater(random() < 0.3 ? one.birth : birthday(random, 1935, 2005), random() < 0.5 ? 1 : 2);
    return pairOf(one, { ...one, given: otherGiven(random, one), birth });
  },
  'brothers and sisters a year apart, names alike': (random) => {
    const [first, second] = oneOf(random, ALIKE);
    const one = { ...makePerson(random), given: first };
    return pairOf(one, { ...one, given: second, birth: yearsLater(one.birth, 1) });
  },
  spouses: (random) => {
    const one = makePerson(random);
    const sex = one.sex === 'F' ? 'M' : 'F';
    return pairOf(one, { ...one, sex, given: otherGiven(random, one, sex), birth: birthday(random, 1935, 2005) });
  },
  'namesakes of one birthday, other address': (random) => {
    const one = makePerson(random);
    return pairOf(one, { ...one, ...makeAddress(random), phone: phoneNumber(random), email: `o${one.email}` });
  },
  'namesakes of one birthday, same town and postcode': (random) => {
    const one = { ...makePerson(random), family: skewed(random, FAMILIES) };
    const { street, unit } = makeAddress(random);
    return pairOf(one, { ...one, street, unit, phone: phoneNumber(random), email: `o${one.email}` });
  },
  'namesakes of one birthday, nothing else known': (random) => {
    const one = makePerson(random);
    return pairOf(one, one, new Set(['ssn', 'street', 'phone', 'email', 'middle']));
  },
  'one phone and e-mail address for a family, names alike': (random) => {
    const one = makePerson(random);
    return pairOf(one, {
      ...one,
      given: otherGiven(random, one),
      birth: birthday(random, 1935, 2005),
      ...makeAddress(random),
    });
  },
  'one phone for a clinic': (random) => {
    const one = { ...makePerson(random), phone: '555-867-5309' };
    return pairOf(one, { ...makePerson(random), family: one.family, phone: one.phone, birth: one.birth });
  },
  'unnamed people': (random) => {
    const names = oneOf(random, [
      ['John', 'Doe'],
      ['Jane', 'Doe'],
      ['Unknown', 'Unknown'],
      ['Test', 'Patient'],
      ['Baby', 'Boy'],
    ]);
    const one = { ...noMiddle(makePerson(random)), given: names[0]!, family: names[1]!, birth: '1900-01-01' };
    return pairOf(one, one);
  },
  'first and last names swapped, two people': (random) => {
    const one = {
      ...noMiddle(makePerson(random)),
      given: oneOf(random, ['James', 'Thomas', 'Scott', 'Kelly', 'Jordan']),
    };
    const family = oneOf(random, ['Thomas', 'James', 'Allen', 'Ryan', 'Taylor']);
    const other = {
      ...one,
      given: family,
      family: one.given,
      ...makeAddress(random),
      phone: phoneNumber(random),
      email: '',
    };
    return pairOf({ ...one, family }, other);
  },
  "a person's name with another's date of birth": (random) => {
    const one = makePerson(random);
    const other = makePerson(random);
    return pairOf(one, { ...one, birth: other.birth });
  },
  'cousins of one name': (random) => {
    const one = makePerson(random);
    const other = { ...one, ...makeAddress(random), birth: yearsLater(one.birth, 1 + below(random, 9)), email: '' };
    return pairOf(one, random() < 0.5 ? other : { ...other, phone: phoneNumber(random) });
  },
  "a child with a parent's social security number": (random) => {
    const one = { ...makePerson(random), middle: '' };
    const child = { ...one, given: otherGiven(random, one), birth: yearsLater(one.birth, 20 + below(random, 15)) };
    return pairOf(one, child, new Set());
  },
  "a child of the same name with a parent's social security number": (random) => {
    const one = { ...makePerson(random), middle: '' };
    return pairOf(one, { ...one, birth: yearsLater(one.birth, 20 + below(random, 15)) }, new Set());
  },
  'twins with one social security number': (random) => {
    const one = noMiddle(makePerson(random));
    return pairOf(one, { ...one, given: otherGiven(random, one) }, new Set());
  },
  'two children of whom one name is misspelt': (random) => {
    const one = makePerson(random);
    const day = two(1 + below(random, 28));
    const other = { ...one, given: slip(random, otherGiven(random, one)), birth: `${one.birth.slice(0, 8)}${day}` };
    return pairOf(one, other);
  },
};

export function hardPairs(name: string, count: number, seed: number): readonly Pair[] {
  const make = HARD_CASES[name];
  if (make === undefined) throw new Error(`there is no class ${name}`);
  const random = randomOf(seed);
  return Array.from({ length: count }, () => make(random));
}
