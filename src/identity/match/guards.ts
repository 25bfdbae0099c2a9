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
import { accentsDiffer, firstNames, secondNamesDiffer } from './guard-names.ts';
import { FIRST_OF_SEVERAL } from './names-known.ts';
import type { Person } from './person.ts';
import { jaroWinkler } from './similarity.ts';

/** Each guard with what a person who reviews the pair is told. */
export const GUARDS = {
  'placeholder-name': 'One of the names stands for a name that was not known.',
  'given-differs': 'The first names differ.',
  'given-initial':
    'Of a first name only the initial, a middle name, or the word that all children of a family may have, is known.',
  'given-unknown': 'Of somebody young the first name is missing in one record: twins share the rest.',
  'two-names': 'The first names are alike, but both are names: brothers, sisters and twins are called so.',
  'name-unclear': 'The first names are alike, and no known name is among them, or more than a slip lies between.',
  'second-name-differs':
    'The first names are the same, the second differ: in many families all children share the first.',
  'family-differs': 'The last names differ, and the dates of birth are not the same to the day.',
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

/**
 * A person-level identifier that agrees says what these would ask a person about. Only a number of one system says so
 * of a date of birth: a child of a parent's name has the parent's social security number in many a record.
 */
const PASSED_BY_PROOF: ReadonlySet<Guard> = new Set<Guard>([
  ...(['given-initial', 'given-unknown', 'birth-unknown', 'name-and-birth-only', 'script'] as const),
]);

/** Guards that say "two people", where the others say "too little is known". */
const CONTRADICTIONS: ReadonlySet<Guard> = new Set<Guard>([
  ...(['given-differs', 'two-names', 'second-name-differs', 'birth-differs', 'generation', 'suffix'] as const),
  ...(['sex', 'multiple-birth', 'identifier-differs', 'same-namespace'] as const),
]);

/** Two records that may not become one person through a third, whatever links each of them to it. */
export function contradicts(verdict: { readonly band: string; readonly guards: readonly Guard[] }): boolean {
  return verdict.band === 'none' || verdict.guards.some((guard) => CONTRADICTIONS.has(guard));
}

export interface GuardContext {
  readonly frequencies: Frequencies;
  /** Today, as year, month and day in one number: 20261122. Tells minors and newborns. */
  readonly today: number;
}

const GENERATION_YEARS = 13;
const SOCIAL_EXACT = levelOf('social', 'exact');
const SOCIAL_DIFFERS = levelOf('social', 'differ');

/** Guards that strike, in the order of the table. */
export function guards(vector: Vector, a: Person, b: Person, context: GuardContext): readonly Guard[] {
  const struck: Guard[] = [];
  const add = (guard: Guard, strikes: boolean): void => {
    if (strikes) struck.push(guard);
  };
  add('placeholder-name', a.placeholderName || b.placeholderName);
  givenGuards(vector, a, b, context, add);
  birthGuards(vector, a, b, add);
  add('family-differs', vector[AT.birth] !== BIRTH.exact && isOtherFamily(vector));
  add('suffix', suffixConflicts(vector, a, b));
  add('sex', vector[AT.sex] === 2);
  add('multiple-birth', (a.multipleBirth || b.multipleBirth) && vector[AT.given] !== GIVEN.exact);
  add('name-and-birth-only', lacksHousehold(vector, a, b, context));
  add('identifier-differs', vector[AT.social] === SOCIAL_DIFFERS && !isSameOtherwise(vector));
  add('same-namespace', vector[AT.person] === 2);
  add('script', isOtherScript(a.given.whole, b.given.whole) || isOtherScript(a.family.whole, b.family.whole));
  const isSystems = vector[AT.person] === 1;
  if (!isSystems && vector[AT.social] !== SOCIAL_EXACT) return struck;
  return struck.filter((guard) => !PASSED_BY_PROOF.has(guard) || (guard === 'birth-unknown' && !isSystems));
}

/**
 * Every second duplicate has another social security number: where names and birthday agree to the letter, it is that.
 */
function isSameOtherwise(vector: Vector): boolean {
  return vector[AT.given] === GIVEN.exact && vector[AT.family] === FAMILY.exact && vector[AT.birth] === BIRTH.exact;
}

/** Roommates, stepchildren and sisters-in-law of one first name; a marriage leaves the birthday as it is. */
function isOtherFamily(vector: Vector): boolean {
  const family = vector[AT.family];
  return family === FAMILY.differ || family === FAMILY.part || family === FAMILY.far;
}

type Add = (guard: Guard, strikes: boolean) => void;

function givenGuards(vector: Vector, a: Person, b: Person, context: GuardContext, add: Add): void {
  const given = vector[AT.given] ?? 0;
  add('given-differs', given === GIVEN.differ || given === GIVEN.crossed);
  add('given-initial', given === GIVEN.initial || given === GIVEN.part || isHalfKnown(vector, a, b, context.today));
  add('given-unknown', given === GIVEN.missing && isYoung(a, b, context.today));
  const isAlike = given === GIVEN.short || given === GIVEN.near || given === GIVEN.far;
  // Who was given a 1 January shares it with brothers and sisters, so that their names must be the same.
  const isDateless = a.birth?.weak === true && b.birth?.weak === true;
  const said = isAlike ? firstNames(a.given, b.given, context.frequencies) : 'one';
  add('two-names', said === 'two' || accentsDiffer(a.given, b.given));
  add('name-unclear', said === 'unclear' || (isAlike && said === 'one' && isDateless));
  add(
    'second-name-differs',
    (isAlike || given === GIVEN.exact) && secondNamesDiffer(a.given, b.given, context.frequencies),
  );
}

/** An initial on both sides, or one of the names that several children have, without the second name in one record. */
function isHalfKnown(vector: Vector, a: Person, b: Person, today: number): boolean {
  if (vector[AT.given] !== GIVEN.exact) return false;
  if (a.given.whole.length === 1 && b.given.whole.length === 1) return a.given.whole < FIRST_OF_SYLLABLES;
  const isSecondMissing = a.given.rest.length > 0 !== b.given.rest.length > 0;
  return (
    isSecondMissing && FIRST_OF_SEVERAL.has(a.given.first) && a.given.first === b.given.first && isYoung(a, b, today)
  );
}

/** From here on one letter is a syllable or a word, and may be a whole name. */
const FIRST_OF_SYLLABLES = '\u1100';

/** Grown twins seldom live together. */
const YOUNG_YEARS = 25;

function isYoung(a: Person, b: Person, today: number): boolean {
  const year = a.birth?.year ?? b.birth?.year;
  return year === undefined || Math.floor(today / 10_000) - year < YOUNG_YEARS;
}

function birthGuards(vector: Vector, a: Person, b: Person, add: Add): void {
  const birth = vector[AT.birth];
  const gap = a.birth === null || b.birth === null ? 0 : Math.abs(a.birth.year - b.birth.year);
  // A month 14 is a slip. Between two sound dates another year is a brother's or a cousin's, or mere chance in a care
  // home; and two of three parts agree between every thirtieth pair of relatives too.
  const isSlip = a.birth?.valid === false || b.birth?.valid === false;
  const isOff = birth === BIRTH.parts ? gap !== 1 || !isSlip : birth === BIRTH.near && !isSlip && !isNext(a, b);
  add('birth-differs', birth === BIRTH.differ || isOff);
  add('birth-unknown', birth === BIRTH.missing || birth === BIRTH.coarse);
  add('generation', gap >= GENERATION_YEARS);
}

/** Two dates of one year that are a digit apart: the next one, or two in the other order. */
function isNext(a: Person, b: Person): boolean {
  const [one, other] = [a.birth?.digits ?? '', b.birth?.digits ?? ''];
  if (one.slice(0, 4) !== other.slice(0, 4)) return false;
  const apart = [4, 5, 6, 7].filter((at) => one[at] !== other[at]);
  return apart.length === 2 || apart.every((at) => Math.abs(Number(one[at]) - Number(other[at])) === 1);
}

function suffixConflicts(vector: Vector, a: Person, b: Person): boolean {
  if (a.suffix === b.suffix) return false;
  if (a.suffix !== '' && b.suffix !== '') return true;
  return vector[AT.birth] !== BIRTH.exact || vector[AT.family] === FAMILY.differ;
}

/**
 * Name and date of birth need something of where the person lives beside them, and more than a town and a postcode: of
 * three million patients of one county 70,000 pairs shared name and birthday. The phone of a minor is a parent's. Where
 * the birthday is not the same to the digit, phone and e-mail address will not do: cousins of one name share a
 * grandparent's.
 */
function lacksHousehold(vector: Vector, a: Person, b: Person, context: GuardContext): boolean {
  if (sharesAddress(vector, a, b)) return false;
  if (isMinor(a, context.today) || isMinor(b, context.today)) return true;
  return vector[AT.birth] !== BIRTH.exact || (vector[AT.phone] !== 1 && vector[AT.email] !== 1);
}

/** Another number in the same street is a neighbour, and the same town is no address. */
function sharesAddress(vector: Vector, a: Person, b: Person): boolean {
  const street = agrees(vector[AT.street]);
  const number = vector[AT.number] === 1;
  const isNumberKnown = vector[AT.number] !== 0;
  const places = (agrees(vector[AT.city]) ? 1 : 0) + (agrees(vector[AT.postcode]) ? 1 : 0);
  const building = agrees(vector[AT.unit]) && isNamed(a) && isNamed(b);
  if (street && (number || building || (!isNumberKnown && places > 0))) return true;
  if (building && places > 0 && (number || places === 2)) return true;
  // Where the streets differ by more than slips, one house number in one town is chance.
  const isDenied = vector[AT.city] === 3 || (vector[AT.street] !== 0 && !isLike(a, b));
  return vector[AT.number] === 1 && !isDenied && (places === 2 || vector[AT.postcode] === 1);
}

/** Several slips in one name of a street; two streets taken at random are seldom as like. */
const STREETS_ALIKE = 0.78;

function isLike(a: Person, b: Person): boolean {
  return a.addresses.some((one) => b.addresses.some((other) => jaroWinkler(one.street, other.street) >= STREETS_ALIKE));
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
