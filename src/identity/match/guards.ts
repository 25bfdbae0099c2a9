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
import { COMMON_GIVEN_NAMES, looksLikeName } from './names-given.ts';
import { FIRST_OF_SEVERAL, onlyShortens } from './names-known.ts';
import type { Person } from './person.ts';
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

const GENERATION_YEARS = 13;
const SOCIAL_EXACT = levelOf('social', 'exact');
const SOCIAL_DIFFERS = levelOf('social', 'differ');
const MIDDLE_DIFFERS = levelOf('middle', 'differ');

/** Guards that strike, in the order of the table. */
export function guards(vector: Vector, a: Person, b: Person, context: GuardContext): readonly Guard[] {
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
  add('name-and-birth-only', lacksHousehold(vector, a, b, context));
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
  // `jac ob` is compared as a whole, `jacob james` by its first word.
  const isByWord = a.given.rest.length > 0 === b.given.rest.length > 0 || sameStart(a.given.first, b.given.first);
  if (isByWord) return isSlip(a.given.first, b.given.first, frequencies);
  return isSlip(a.given.whole, b.given.whole, frequencies);
}

function sameStart(a: string, b: string): boolean {
  return a.length >= 3 && b.length >= 3 && editDistance(a, b, 2) <= 2;
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
  const isTurned = isTransposition(a, b);
  const nameA = isName(a, countA, countB, isTurned);
  const nameB = isName(b, countB, countA, isTurned);
  if (nameA === nameB) return false;
  const [name, slip] = nameA ? [a, b] : [b, a];
  if (isEnding(name, slip)) return false;
  return editDistance(name, slip, 2) <= (name.length >= 7 ? 2 : 1);
}

/** Nobody's slip is made often, beside how often the name is written rightly. */
const SLIPS_PER_NAME = 1 / 300;
const SEEN_OFTEN = 3;

/** No two names that parents choose differ by two letters in the other order: there only what is known is a name. */
function isName(name: string, count: number, countOfOther: number, isTurned: boolean): boolean {
  if (isTurned ? COMMON_GIVEN_NAMES.has(name) : looksLikeName(name)) return true;
  return count >= SEEN_OFTEN && count > countOfOther * SLIPS_PER_NAME;
}

function isTransposition(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let at = 0;
  while (a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}

function isEnding(name: string, slip: string): boolean {
  const [short, long] = name.length < slip.length ? [name, slip] : [slip, name];
  return long.startsWith(short) && /^(?:a|e|i|o|y|ah|ie|ia|ina|ita|yn|lyn|lynn)$/.test(long.slice(short.length));
}

function birthGuards(vector: Vector, a: Person, b: Person, add: Add): void {
  const birth = vector[AT.birth];
  const gap = a.birth === null || b.birth === null ? 0 : Math.abs(a.birth.year - b.birth.year);
  // Two of three parts agree between every thirtieth pair of relatives too. 1999 for 2000 is a slip, the rest is not.
  add('birth-differs', birth === BIRTH.differ || (birth === BIRTH.parts && gap !== 1));
  add('birth-unknown', birth === BIRTH.missing || birth === BIRTH.coarse);
  add('generation', gap >= GENERATION_YEARS);
}

function suffixConflicts(vector: Vector, a: Person, b: Person): boolean {
  if (a.suffix === b.suffix) return false;
  if (a.suffix !== '' && b.suffix !== '') return true;
  return vector[AT.birth] !== BIRTH.exact || vector[AT.family] === FAMILY.differ;
}

/**
 * Name and date of birth need something of where the person lives beside them, and more than a town and a postcode: of
 * three million patients of one county 70,000 pairs shared name and birthday. The phone of a minor is a parent's. Where
 * the birthday is not the same to the digit, the phone alone will not do: cousins of one name share a grandparent's.
 */
function lacksHousehold(vector: Vector, a: Person, b: Person, context: GuardContext): boolean {
  if (sharesAddress(vector, a, b)) return false;
  if (isMinor(a, context.today) || isMinor(b, context.today)) return true;
  const isPhone = vector[AT.phone] === 1;
  const isEmail = vector[AT.email] === 1;
  return vector[AT.birth] === BIRTH.exact ? !isPhone && !isEmail : !(isPhone && isEmail);
}

/** Another number in the same street is a neighbour, and the same town is no address. */
function sharesAddress(vector: Vector, a: Person, b: Person): boolean {
  const street = agrees(vector[AT.street]);
  const number = agrees(vector[AT.number]);
  const isNumberKnown = vector[AT.number] !== 0;
  const places = (agrees(vector[AT.city]) ? 1 : 0) + (agrees(vector[AT.postcode]) ? 1 : 0);
  const building = agrees(vector[AT.unit]) && isNamed(a) && isNamed(b);
  if (street && (number || building || (!isNumberKnown && places > 0))) return true;
  if (building && places > 0 && (number || places === 2)) return true;
  const isCityDenied = vector[AT.city] === 3;
  return vector[AT.number] === 1 && !isCityDenied && (places === 2 || vector[AT.postcode] === 1);
}

/** A second line that names a building; `5` is a flat in every house. */
function isNamed({ addresses }: Person): boolean {
  return addresses.some(({ unit }) => unit.length >= 5 && /\p{L}{4}/u.test(unit));
}

/** Exact or near. */
function agrees(level: number | undefined): boolean {
  return level === 1 || level === 2;
}

function isMinor(person: Person, today: number): boolean {
  const { birth } = person;
  return birth !== null && today - Number(birth.digits) < 180_000;
}
