/**
 * What no number of bits outweighs. A pair that a guard strikes is never linked without a person, however well the rest
 * agrees: twins, a father and son of one name, and two strangers of one name and birthday all score higher than most
 * true pairs do.
 */
import { BIRTH } from './compare-birth.ts';
import { isOtherScript } from './compare.ts';
import { FAMILY, GIVEN } from './compare-names.ts';
import type { Frequencies } from './frequencies.ts';
import { AT, levelOf, type Vector } from './levels.ts';
import { COMMON_GIVEN_NAMES } from './names-given.ts';
import { FIRST_OF_SEVERAL, onlyShortens } from './names-known.ts';
import type { Person } from './person.ts';
import type { Sums } from './score.ts';
import { editDistance } from './similarity.ts';

/** Each guard with what a person who reviews the pair is told. */
export const GUARDS = {
  'placeholder-name': 'One of the names stands for a name that was not known.',
  'given-differs': 'The first names differ.',
  'given-initial': 'Of one first name only the initial, or only a middle name, is known.',
  'given-unknown': 'Of somebody young the first name is missing in one record: twins share the rest.',
  'two-names': 'The first names are alike, but both are names: brothers, sisters and twins are called so.',
  'second-name-differs':
    'The first of several first names is one that all children of a family may have; the second differs.',
  'birth-differs': 'The dates of birth differ.',
  'birth-unknown': 'A date of birth is missing or not complete.',
  generation: 'The years of birth are 13 or more apart: parent and child of one name.',
  suffix: 'The generations (Jr, Sr, III) do not fit.',
  sex: 'The sex differs.',
  'multiple-birth': 'One of a multiple birth, and the first names are not the same.',
  'name-and-birth-only': 'Beyond name and date of birth too little agrees: namesakes share both.',
  'identifier-differs': 'Two different numbers of a kind that a person has one of.',
  'same-namespace': 'The site has given two numbers: to the site they are two people.',
  script: 'The names are written in two scripts and cannot be compared.',
} as const;

export type Guard = keyof typeof GUARDS;

/** A person-level identifier that agrees says what these would ask a person about. */
const PASSED_BY_PROOF: ReadonlySet<Guard> = new Set<Guard>([
  ...(['given-initial', 'given-unknown', 'birth-unknown', 'name-and-birth-only', 'script'] as const),
]);

export interface GuardContext {
  readonly frequencies: Frequencies;
  /** Today, as year, month and day in one number: 20261122. Tells minors and newborns. */
  readonly today: number;
}

/** Bits of the household that name and date of birth need beside them: more than a shared town or postcode gives. */
const HOUSEHOLD_NEEDED = 10;
const GENERATION_YEARS = 13;
const SOCIAL_EXACT = levelOf('social', 'exact');
const SOCIAL_DIFFERS = levelOf('social', 'differ');
const MIDDLE_DIFFERS = levelOf('middle', 'differ');

/** Guards that strike, in the order of the table. */
export function guards(vector: Vector, a: Person, b: Person, sums: Sums, context: GuardContext): readonly Guard[] {
  const struck: Guard[] = [];
  const add = (guard: Guard, strikes: boolean): void => {
    if (strikes) struck.push(guard);
  };
  add('placeholder-name', a.placeholderName || b.placeholderName);
  givenGuards(vector, a, b, context, add);
  birthGuards(vector, a, b, add);
  add('suffix', suffixConflicts(vector, a, b));
  add('sex', vector[AT.sex] === 2);
  add('multiple-birth', (a.multipleBirth || b.multipleBirth) && vector[AT.given] !== GIVEN.exact);
  add('name-and-birth-only', lacksHousehold(a, b, sums, context));
  add('identifier-differs', vector[AT.social] === SOCIAL_DIFFERS);
  add('same-namespace', vector[AT.person] === 2);
  add('script', isOtherScript(a.given.whole, b.given.whole) || isOtherScript(a.family.whole, b.family.whole));
  const isProven = vector[AT.social] === SOCIAL_EXACT || vector[AT.person] === 1;
  return isProven ? struck.filter((guard) => !PASSED_BY_PROOF.has(guard)) : struck;
}

type Add = (guard: Guard, strikes: boolean) => void;

function givenGuards(vector: Vector, a: Person, b: Person, context: GuardContext, add: Add): void {
  const given = vector[AT.given] ?? 0;
  add('given-differs', given === GIVEN.differ || given === GIVEN.crossed);
  add('given-initial', given === GIVEN.initial || given === GIVEN.part);
  add('given-unknown', given === GIVEN.missing && isYoung(a, b, context.today));
  const isAlike = given === GIVEN.short || given === GIVEN.near || given === GIVEN.far;
  add('two-names', isAlike && !isExcused(a, b, context.frequencies));
  add('second-name-differs', given === GIVEN.exact && vector[AT.middle] === MIDDLE_DIFFERS && isFirstOfSeveral(a));
}

function isFirstOfSeveral(a: Person): boolean {
  return FIRST_OF_SEVERAL.has(a.given.first);
}

/** Grown twins seldom live together. */
const YOUNG_YEARS = 25;

function isYoung(a: Person, b: Person, today: number): boolean {
  const year = a.birth?.year ?? b.birth?.year;
  return year === undefined || Math.floor(today / 10_000) - year < YOUNG_YEARS;
}

/** Bob is Robert, and Jhon is John; Jayden is not Hayden. */
function isExcused(a: Person, b: Person, frequencies: Frequencies): boolean {
  if (a.given.first !== b.given.first && onlyShortens(a.given.first, b.given.first)) return true;
  return isSlip(a.given.whole, b.given.whole, frequencies);
}

/**
 * One of the two is a name that people have and the other is not, and a slip of the finger lies between: one letter, or
 * two in a long name, not the first letter (names that rhyme are given to twins) and not a letter added at the end
 * (Daniel and Daniela).
 */
export function isSlip(a: string, b: string, frequencies: Frequencies): boolean {
  if (a.charCodeAt(0) !== b.charCodeAt(0)) return false;
  const countA = frequencies.countOfGiven(a);
  const countB = frequencies.countOfGiven(b);
  const nameA = isName(a, countA, countB);
  const nameB = isName(b, countB, countA);
  if (nameA === nameB) return false;
  const [name, slip] = nameA ? [a, b] : [b, a];
  if (isEnding(name, slip)) return false;
  return editDistance(name, slip, 2) <= (name.length >= 7 ? 2 : 1);
}

/** Nobody's slip is made often, beside how often the name is written rightly. */
const SLIPS_PER_NAME = 1 / 300;
const SEEN_OFTEN = 3;

function isName(name: string, count: number, countOfOther: number): boolean {
  if (COMMON_GIVEN_NAMES.has(name)) return true;
  return count >= SEEN_OFTEN && count > countOfOther * SLIPS_PER_NAME;
}

function isEnding(name: string, slip: string): boolean {
  const [short, long] = name.length < slip.length ? [name, slip] : [slip, name];
  return long.startsWith(short) && /^(?:a|e|i|o|y|ah|ie|ia|ina|ita|yn|lyn|lynn)$/.test(long.slice(short.length));
}

function birthGuards(vector: Vector, a: Person, b: Person, add: Add): void {
  const birth = vector[AT.birth];
  add('birth-differs', birth === BIRTH.differ);
  add('birth-unknown', birth === BIRTH.missing || birth === BIRTH.coarse);
  const gap = a.birth === null || b.birth === null ? 0 : Math.abs(a.birth.year - b.birth.year);
  add('generation', gap >= GENERATION_YEARS);
}

function suffixConflicts(vector: Vector, a: Person, b: Person): boolean {
  if (a.suffix === b.suffix) return false;
  if (a.suffix !== '' && b.suffix !== '') return true;
  return vector[AT.birth] !== BIRTH.exact || vector[AT.family] === FAMILY.differ;
}

function lacksHousehold(a: Person, b: Person, sums: Sums, context: GuardContext): boolean {
  const bits = isMinor(a, context.today) || isMinor(b, context.today) ? sums.address : sums.household;
  return bits < HOUSEHOLD_NEEDED;
}

function isMinor(person: Person, today: number): boolean {
  const { birth } = person;
  return birth !== null && today - Number(birth.digits) < 180_000;
}
