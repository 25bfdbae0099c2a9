/**
 * Pairs of different people who share nearly everything: a second suite beside hard-cases.ts, composed from what the
 * bar asks and from what hospitals tell of, before its author had read the guards. Names come from many parts of the
 * world.
 */
import type { PersonRecord } from '../../src/identity/match/person.ts';
import {
  alikeNames,
  bornAway,
  elsewhere,
  hasty,
  named,
  namesOf,
  ofAge,
  oneDigitAway,
  somebody,
  ssnOf,
  written,
  yearOf,
  type Body,
} from './impostor-people.ts';
import { birthday, below, oneOf, randomOf, two, type Random } from './people.ts';
import { BY_ACCENT, IN_SCRIPT, NEWBORN, UNNAMED } from './world-names.ts';

export type Pair = readonly [PersonRecord, PersonRecord];

export type Twosome = (random: Random) => readonly [Body, Body];

const NAMED: readonly ('ff' | 'mm')[] = ['ff', 'mm'];

/** Children of one birth. */
function twins(random: Random, alike: boolean, mixed: boolean): readonly [Body, Body] {
  const one = { ...somebody(random), multiple: random() < 0.2, member: random() < 0.3 ? 'W5520187' : '' };
  if (alike) return alikeNames(random, one, mixed ? 'fm' : oneOf(random, NAMED));
  const other = mixed ? (one.sex === 'f' ? 'm' : 'f') : one.sex === 'f' ? 'f' : 'm';
  return [one, named(random, one, other, one.given)];
}

/** A second word to the first name, or one more letter of it. */
function secondNames(random: Random, one: Body): readonly [Body, Body] {
  const { f, m } = namesOf(one.origin);
  const all = (one.sex === 'f' ? f : m).map((name) => name.split(' ')[0] ?? name);
  const others = [...new Set(all)].filter((name) => name !== one.given.split(' ')[0]);
  const first = one.given.split(' ')[0] ?? one.given;
  const at = below(random, others.length);
  const [second, third] = [others[at] ?? '', others[(at + 1) % others.length] ?? ''];
  return [
    { ...one, given: `${first} ${second}` },
    { ...one, given: `${first} ${third}` },
  ];
}

export const AGENCY = {
  street: '1200 Resettlement Plaza',
  unit: '',
  phone: '614-555-0144',
  city: 'Millbrook',
  zip: '45300',
};

export const TWOSOMES: Readonly<Record<string, Twosome>> = {
  'twins of one sex': (random) => twins(random, false, false),
  'twins of one sex, names alike': (random) => twins(random, true, false),
  'twins of two sexes': (random) => twins(random, false, true),
  'twins of two sexes, names alike': (random) => twins(random, true, true),
  triplets: (random) => {
    const one = { ...somebody(random), multiple: true };
    const [a, b] = alikeNames(random, one, oneOf(random, NAMED));
    return random() < 0.5 ? [a, b] : [a, named(random, one, a.sex === 'f' ? 'f' : 'm', a.given)];
  },
  'twins who share the first of two names': (random) => secondNames(random, somebody(random)),
  'twins who share the first of two names, one of them without the second': (random) => {
    const [a, b] = secondNames(random, somebody(random));
    return [a, { ...b, given: b.given.split(' ')[1] ?? '' }];
  },
  'children of one birth who share the first of two names, one told without the second': (random) => {
    const origin = oneOf(random, ['spanish', 'arab and somali', 'vietnamese']);
    const given = {
      spanish: ['Maria', 'Jose', 'Juan'],
      'arab and somali': ['Mohamed', 'Abdul'],
      vietnamese: ['Thi', 'Van'],
    };
    const first = oneOf(random, given[origin as keyof typeof given]);
    const one = somebody(random, 2005, 2024, origin);
    const [a, b] = secondNames(random, { ...one, given: first });
    return [a, { ...b, given: first }];
  },
  'twins whose first names begin with one initial': (random) => {
    const [a, b] = secondNames(random, somebody(random));
    const rest = (name: string): string => name.split(' ')[1] ?? '';
    const letter = a.given.charAt(0);
    return [
      { ...a, given: `${letter} ${rest(a.given)}` },
      { ...b, given: `${letter} ${rest(b.given)}` },
    ];
  },
  'twins with SSNs of one office': (random) => {
    const [a, b] = twins(random, random() < 0.5, false);
    const ssn = ssnOf(random);
    return [
      { ...a, ssn },
      { ...b, ssn: `${ssn.slice(0, -1)}${String((Number(ssn.slice(-1)) + 1) % 10)}` },
    ];
  },
  'twins under the SSN of one parent': (random) => {
    const [a, b] = twins(random, random() < 0.5, random() < 0.3);
    const ssn = ssnOf(random);
    return [
      { ...a, ssn },
      { ...b, ssn },
    ];
  },
  'parent and child of one name': (random) => {
    const one = somebody(random, 1930, 2000);
    return [one, ofAge(random, one, yearOf(one) + 16, yearOf(one) + 45)];
  },
  'parent and child of one name, born on one day of the year': (random) => {
    const one = somebody(random, 1930, 1995);
    const year = yearOf(one) + 16 + below(random, 30);
    const birth = `${String(year)}${one.birth.slice(4)}`;
    return [one, { ...one, birth: birth.endsWith('02-29') ? `${String(year)}-02-28` : birth }];
  },
  'parent and child of one name, born in years that look alike': (random) => {
    const one = somebody(random, 1935, 1975);
    return [one, ofAge(random, one, yearOf(one) + 20, yearOf(one) + 20)];
  },
  'Jr and Sr, one suffix told, one birth date missing': (random) => {
    const one = somebody(random, 1930, 1995);
    const child = ofAge(random, one, yearOf(one) + 18, yearOf(one) + 40);
    return random() < 0.5
      ? [
          { ...one, birth: '' },
          { ...child, suffix: 'Jr' },
        ]
      : [one, { ...child, birth: '', suffix: 'II' }];
  },
  'child of one name, under the SSN of the parent': (random) => {
    const one = { ...somebody(random, 1940, 1995), ssn: ssnOf(random) };
    return [one, ofAge(random, one, yearOf(one) + 16, yearOf(one) + 45)];
  },
  'grandparent and grandchild': (random) => {
    const one = somebody(random, 1930, 1960);
    return [one, ofAge(random, one, yearOf(one) + 40, yearOf(one) + 63)];
  },
  'sister-in-law and wife of one first name': (random) => {
    const one = { ...somebody(random, 1940, 2000), sex: 'f' as const };
    return [
      one,
      { ...bornAway(random, one, 0, 4), family: `${oneOf(random, namesOf(one.origin).families)}-${one.family}` },
    ];
  },
  'mother-in-law and daughter-in-law of one name': (random) => {
    const one = { ...somebody(random, 1940, 1975), sex: 'f' as const };
    return [one, bornAway(random, one, 17, 35)];
  },
  'brothers and sisters, names alike': (random) => {
    const [a, b] = alikeNames(random, somebody(random, 1960, 2024));
    return [a, bornAway(random, b, 1, 4)];
  },
  'brothers and sisters, names alike, birth dates one digit apart': (random) => {
    const [a, b] = alikeNames(random, somebody(random, 1960, 2024));
    return [a, oneDigitAway(random, b)];
  },
  'a child named after one who died': (random) => {
    const one = somebody(random, 1930, 2020);
    return [one, bornAway(random, one, 1, 4)];
  },
  'stepchildren of one first name': (random) => {
    const one = somebody(random, 1980, 2020);
    return [
      one,
      {
        ...bornAway(random, one, 0, 3),
        family: oneOf(
          random,
          namesOf(one.origin).families.filter((f) => f !== one.family),
        ),
      },
    ];
  },
  'husband and wife': (random) => {
    const one = somebody(random, 1930, 2000);
    return [one, bornAway(random, named(random, one, one.sex === 'f' ? 'm' : 'f'), 0, 6)];
  },
  'husband and wife, names alike': (random) => {
    const [a, b] = alikeNames(random, somebody(random, 1930, 2000), 'fm');
    return [a, random() < 0.3 ? oneDigitAway(random, b) : bornAway(random, b, 0, 6)];
  },
  'husband and wife of one first name': (random) => {
    const given = oneOf(random, ['Chris', 'Pat', 'Alex', 'Jordan', 'Taylor', 'Sam', 'Jackie', 'Robin', 'Kim', 'Lee']);
    const one = { ...somebody(random, 1930, 2000), given, sex: 'f' as const };
    return [one, { ...bornAway(random, one, 0, 6), sex: random() < 0.9 ? 'm' : '' }];
  },
  'roommates of one first name': (random) => {
    const one = somebody(random, 1995, 2006);
    const other = {
      ...one,
      family: oneOf(
        random,
        namesOf(one.origin).families.filter((f) => f !== one.family),
      ),
    };
    return [one, random() < 0.3 ? oneDigitAway(random, other) : bornAway(random, other, 0, 2)];
  },
  'two of a care home': (random) => {
    const one = somebody(random, 1925, 1945, random() < 0.5 ? 'english' : 'slavic');
    const other = somebody(random, 1925, 1945, one.origin);
    const home = { ...other, street: one.street, unit: '', city: one.city, zip: one.zip, phone: one.phone, email: '' };
    return [
      { ...one, unit: '', email: '' },
      random() < 0.5 ? { ...home, given: one.given, sex: one.sex } : { ...home, family: one.family },
    ];
  },
  'two of one name in a care home': (random) => {
    const one = { ...somebody(random, 1925, 1945), unit: '', email: '' };
    return [one, bornAway(random, one, 0, 8)];
  },
  'one phone and e-mail address': (random) => {
    const one = somebody(random);
    return [one, { ...somebody(random, yearOf(one), yearOf(one), one.origin), phone: one.phone, email: one.email }];
  },
  'namesakes with one phone': (random) => {
    const one = somebody(random);
    return [one, { ...elsewhere(random, bornAway(random, one, 0, 5)), phone: one.phone, email: one.email }];
  },
  'namesakes of one birthday and town': (random) => {
    const one = somebody(random);
    return [one, elsewhere(random, one)];
  },
  'namesakes of one birthday and town, without phone or street': (random) => {
    const one = { ...somebody(random), street: '', unit: '', phone: '', email: '' };
    return [one, { ...one, zip: random() < 0.7 ? one.zip : '' }];
  },
  'namesakes of one birthday, of one street': (random) => {
    const one = somebody(random);
    const street = one.street.replace(/^\d+/, String(1 + below(random, 4_000)));
    return [one, { ...elsewhere(random, one), street }];
  },
  'namesakes in one town, birth dates one digit apart': (random) => {
    const one = somebody(random);
    return [one, elsewhere(random, oneDigitAway(random, one))];
  },
  'namesakes in one town, day and month changed': (random) => {
    const one = somebody(random);
    const birth = [one.birth.slice(0, 4), two(1 + below(random, 12)), two(1 + below(random, 12))].join('-');
    return [
      { ...one, birth },
      elsewhere(random, { ...one, birth: `${birth.slice(0, 4)}-${birth.slice(8)}-${birth.slice(5, 7)}` }),
    ];
  },
  'one birthday, first and last name the other way round': (random) => {
    const [given, family] = oneOf(random, [
      ['Taylor', 'Morgan'],
      ['James', 'Thomas'],
      ['Kim', 'Lee'],
      ['Ali', 'Hassan'],
      ['Jordan', 'Kelly'],
      ['Jun', 'Yang'],
    ] as const);
    const one = { ...somebody(random), given, family };
    return [one, elsewhere(random, { ...one, given: family, family: given })];
  },
  'two people whose first names changed places': (random) => {
    const one = somebody(random, 1940, 1990);
    const other = bornAway(random, named(random, one, one.sex === 'f' ? 'm' : 'f'), 0, 8);
    return [one, { ...other, given: one.given, sex: random() < 0.5 ? one.sex : other.sex }];
  },
  'two people whose birth dates changed places': (random) => {
    const one = somebody(random, 1940, 1990);
    return [one, { ...named(random, one, one.sex === 'f' ? 'm' : 'f', one.given), sex: random() < 0.5 ? one.sex : '' }];
  },
  'two people, the second written over a copy of the first': (random) => {
    const one = { ...somebody(random), ssn: ssnOf(random), member: 'H77120954' };
    const other = named(random, one, random() < 0.5 ? 'f' : 'm', one.given);
    return [one, random() < 0.5 ? other : bornAway(random, other, 0, 30)];
  },
  'immigrants of one name, 1 January of one year': (random) => {
    const one = somebody(
      random,
      1950,
      2005,
      oneOf(random, ['arab and somali', 'west african', 'hmong', 'south asian']),
    );
    const born = { ...one, birth: `${one.birth.slice(0, 4)}-01-01` };
    return [born, elsewhere(random, born)];
  },
  'immigrants of one name, 1 January, at the address of their agency': (random) => {
    const one = { ...somebody(random, 1950, 2005, 'arab and somali'), ...AGENCY, email: '' };
    const born = { ...one, birth: `${one.birth.slice(0, 4)}-01-01` };
    return [born, random() < 0.5 ? born : { ...born, birth: `${String(yearOf(one) + 1)}-01-01` }];
  },
  'cousins in one house, 1 January of years one digit apart': (random) => {
    const one = somebody(random, 1951, 2008, oneOf(random, ['arab and somali', 'hmong', 'south asian']));
    const [a, b] = random() < 0.5 ? alikeNames(random, one) : [one, one];
    const year = Math.floor(yearOf(one) / 10) * 10 + ((yearOf(one) + 1 + below(random, 9)) % 10);
    return [
      { ...a, birth: `${one.birth.slice(0, 4)}-01-01` },
      { ...b, birth: `${String(year)}-01-01` },
    ];
  },
  'brothers and sisters, 1 January of one year': (random) => {
    const [a, b] = alikeNames(
      random,
      somebody(random, 1950, 2005, oneOf(random, ['arab and somali', 'hmong', 'south asian'])),
    );
    const birth = `${a.birth.slice(0, 4)}-01-01`;
    return [
      { ...a, birth },
      { ...b, birth },
    ];
  },
  'cousins of one first name, families joined by a hyphen': (random) => {
    const one = somebody(random);
    const { families } = namesOf(one.origin);
    const cousin = bornAway(random, { ...one, family: `${one.family}-${oneOf(random, families)}` }, 0, 5);
    return [one, random() < 0.5 ? cousin : { ...elsewhere(random, cousin), phone: one.phone }];
  },
  'cousins of one first name and birthday, families joined by a hyphen': (random) => {
    const one = somebody(random);
    return [one, elsewhere(random, { ...one, family: `${oneOf(random, namesOf(one.origin).families)}-${one.family}` })];
  },
  'twins with names told apart by accents alone': (random) => {
    const [family, a, b] = oneOf(random, BY_ACCENT);
    const one = { ...somebody(random, 1950, 2024, 'vietnamese'), family };
    return [
      { ...one, given: a },
      { ...one, given: b },
    ];
  },
  'twins with names in their own script': (random) => {
    const [family, a, b] = oneOf(random, IN_SCRIPT);
    const one = { ...somebody(random), family };
    return [
      { ...one, given: a },
      { ...one, given: b },
    ];
  },
  'brothers and sisters with names in their own script': (random) => {
    const [family, a, b] = oneOf(random, IN_SCRIPT);
    const one = { ...somebody(random), family, given: a };
    return [one, bornAway(random, { ...one, given: random() < 0.5 ? a : b }, 0, 4)];
  },
  'people whom nobody could name': (random) => {
    const [given, family] = oneOf(random, UNNAMED);
    const [again, more] = random() < 0.5 ? [given, family] : oneOf(random, UNNAMED);
    const birth = random() < 0.5 ? '1900-01-01' : random() < 0.5 ? '' : '1980-01-01';
    const one = { ...somebody(random), given, family, birth, street: '1 Hospital Way', phone: '', email: '' };
    return [one, { ...one, given: again, family: more }];
  },
  'people whom nobody could name, all else alike': (random) => {
    const [given, family] = oneOf(random, UNNAMED);
    const one = { ...somebody(random), given, family };
    return [one, { ...one }];
  },
  'newborns of one mother': (random) => {
    const mother = somebody(random);
    const called = (): string => oneOf(random, NEWBORN).replace('*', mother.given);
    const one = { ...mother, birth: birthday(random, 2026, 2026).slice(0, 8) + '14', given: called() };
    return [one, { ...one, given: called() }];
  },
  'a newborn and the twin who has a name': (random) => {
    const mother = somebody(random);
    const birth = birthday(random, 2026, 2026);
    const one = { ...mother, birth, given: oneOf(random, NEWBORN).replace('*', mother.given) };
    return [one, named(random, { ...mother, birth }, random() < 0.5 ? 'f' : 'm')];
  },
};

/**
 * Half of the pairs are as complete as records can be, the worst case; the other half is what a busy desk makes of it.
 */
export function impostors(name: string, count: number, seed: number): readonly Pair[] {
  const make = TWOSOMES[name];
  if (make === undefined) throw new RangeError(`no class ${name}`);
  const random = randomOf(seed * 7_919 + name.length);
  return Array.from({ length: count }, (_one, at): Pair => {
    const [a, b] = make(random);
    if (at % 2 === 0) return [written(a), written(b)];
    const isShared = a.given.split(' ')[0] === b.given.split(' ')[0];
    return [hasty(random, a, isShared), hasty(random, b, isShared)];
  });
}
