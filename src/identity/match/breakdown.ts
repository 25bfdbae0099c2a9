/**
 * How well matching does for whom: the same figures for parts of the pairs, because unequal error is what a total
 * hides. A file tells neither where anybody comes from nor what they call themselves, so parts are named for what is
 * looked at: the writing of a name, and not an origin.
 */
import { FAMILY } from './compare-names.ts';
import { comparePerson } from './compare.ts';
import type { Truth } from './evaluation.ts';
import { AT, FIELD_COUNT, type Vector } from './levels.ts';
import type { Verdict } from './matcher.ts';
import { scriptOf } from './normalise-text.ts';
import type { Person } from './person.ts';

/** Parts by what they are divided by. Those of `name` overlap; of the others each pair is in one. */
export const PARTS = {
  age: ['under two', 'two and over', 'not known'],
  'family name': ['the same or alike', 'changed', 'not known'],
  sex: ['the same', 'changed', 'not known'],
  name: [
    ...(['another script than Latin', 'first name with accents', 'a particle (van, de la, bin, ...)'] as const),
    ...(['several family names', 'family name of up to three letters', 'none of these'] as const),
  ],
} as const;

export type Division = keyof typeof PARTS;

export interface Part {
  readonly by: Division;
  readonly part: string;
}

/** A share of pairs and between what it may lie, 95 times of 100 (Wilson; of none or all the rule of three). */
export interface Estimate {
  readonly of: number;
  readonly have: number;
  /** Null: of nothing. */
  readonly share: number | null;
  readonly from: number;
  readonly to: number;
}

export interface PartResult extends Part {
  readonly truePairs: number;
  /** Of the true pairs those linked without a person, and those linked or put before one. */
  readonly auto: Estimate;
  readonly autoAndReview: Estimate;
  /** Of the links made without a person those that are wrong. */
  readonly wrongLinks: Estimate;
  /** So few true pairs that their shares tell nothing. */
  readonly few: boolean;
  /**
   * It is surely harder than the rest of its division, of names than those with `none of these`: its whole interval
   * lies below theirs.
   */
  readonly harder: boolean;
}

/** Of fewer pairs no share is worth comparing: one pair more or less moves it by 3 of 100. */
export const FEW = 30;

/** Standard deviations on either side of 95 of 100. */
const Z = 1.96;

/** Wilson's score interval; where all or none have it, the rule of three. */
export function estimated(have: number, of: number): Estimate {
  if (of === 0) return { of, have, share: null, from: 0, to: 1 };
  const share = have / of;
  if (have === 0) return { of, have, share, from: 0, to: Math.min(1, 3 / of) };
  if (have === of) return { of, have, share, from: Math.max(0, 1 - 3 / of), to: 1 };
  const middle = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const half = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return { of, have, share, from: Math.max(0, middle - half), to: Math.min(1, middle + half) };
}

/** What a pair belongs to. */
export function partsOf(today: number): (a: Person, b: Person) => readonly Part[] {
  const vector: Vector = new Uint8Array(FIELD_COUNT);
  return (a, b) => {
    comparePerson(a, b, vector);
    return [
      { by: 'age', part: age(a, b, today) },
      { by: 'family name', part: family(vector[AT.family] ?? 0) },
      { by: 'sex', part: PARTS.sex[[2, 0, 1][vector[AT.sex] ?? 0] ?? 2] ?? '' },
      ...writing(a, b).map((part): Part => ({ by: 'name', part })),
    ];
  };
}

/** As of the day of the evaluation, by either record. */
function age(a: Person, b: Person, today: number): (typeof PARTS.age)[number] {
  const days = [a, b].flatMap(({ birth }) => (birth === null ? [] : [Number(birth.digits)]));
  if (days.length === 0) return 'not known';
  return days.some((day) => today - day < 20_000) ? 'under two' : 'two and over';
}

/** Also where a part of it stayed: double names, earlier ones. First and last name in each other's place are none. */
function family(level: number): (typeof PARTS)['family name'][number] {
  if (level === FAMILY.missing) return 'not known';
  return level === FAMILY.differ || level === FAMILY.part ? 'changed' : 'the same or alike';
}

const WRITINGS: readonly (readonly [part: (typeof PARTS.name)[number], has: (person: Person) => boolean])[] = [
  ['another script than Latin', isOtherScript],
  ['first name with accents', ({ given }) => given.accents.length > 0 && !isOtherText(given.whole)],
  ['a particle (van, de la, bin, ...)', ({ family: { whole, parts } }) => whole !== parts.join('')],
  ['several family names', ({ family: { parts } }) => parts.length > 1],
  ['family name of up to three letters', ({ family: { whole } }) => whole !== '' && whole.length <= 3],
];

/** Of either record. */
function writing(a: Person, b: Person): readonly (typeof PARTS.name)[number][] {
  const found = WRITINGS.flatMap(([part, has]) => (has(a) || has(b) ? [part] : []));
  return found.length === 0 ? ['none of these'] : found;
}

function isOtherScript({ given, family: { whole } }: Person): boolean {
  return isOtherText(given.whole) || isOtherText(whole);
}

function isOtherText(text: string): boolean {
  return text !== '' && !['', 'latin'].includes(scriptOf(text));
}

interface Tally {
  truePairs: number;
  auto: number;
  seen: number;
  links: number;
  wrong: number;
}

/** Counts by part while pairs are compared. */
export class Breakdown {
  readonly #left: readonly Person[];
  readonly #right: readonly Person[];
  readonly #partsOf: (a: Person, b: Person) => readonly Part[];
  readonly #tallies = new Map<string, Tally>();

  constructor(left: readonly Person[], right: readonly Person[], today: number) {
    this.#left = left;
    this.#right = right;
    this.#partsOf = partsOf(today);
  }

  add(i: number, j: number, { band }: Pick<Verdict, 'band'>, isTrue: boolean): void {
    if (band === 'none') return;
    for (const tally of this.#of(i, j)) {
      if (isTrue) tally.seen += 1;
      if (band !== 'auto') continue;
      tally.links += 1;
      if (isTrue) tally.auto += 1;
      else tally.wrong += 1;
    }
  }

  /** Also the true pairs that were never compared. */
  results(truth: Truth): readonly PartResult[] {
    truth.each((i, j) => {
      for (const tally of this.#of(i, j)) tally.truePairs += 1;
    });
    return (Object.keys(PARTS) as Division[]).flatMap((by) => {
      const told = PARTS[by].flatMap((part) => {
        const tally = this.#tallies.get(`${by} ${part}`);
        return tally === undefined ? [] : [{ by, part, tally }];
      });
      return told.map(({ part, tally }) => {
        // Parts of names overlap.
        const rest = told.filter((one) => one.part !== part && (by !== 'name' || one.part === 'none of these'));
        return result(by, part, tally, rest.map((one) => one.tally)); // prettier-ignore
      });
    });
  }

  #of(i: number, j: number): readonly Tally[] {
    const [a, b] = [this.#left[i], this.#right[j]];
    if (a === undefined || b === undefined) return [];
    return this.#partsOf(a, b).map(({ by, part }) => {
      const name = `${by} ${part}`;
      const tally = this.#tallies.get(name) ?? { truePairs: 0, auto: 0, seen: 0, links: 0, wrong: 0 };
      this.#tallies.set(name, tally);
      return tally;
    });
  }
}

function result(by: Division, part: string, tally: Tally, rest: readonly Tally[]): PartResult {
  const { truePairs } = tally;
  const auto = estimated(tally.auto, truePairs);
  const autoAndReview = estimated(tally.seen, truePairs);
  const sum = (of: (one: Tally) => number): number => rest.reduce((total, one) => total + of(one), 0);
  const others = sum((one) => one.truePairs);
  const few = truePairs < FEW;
  const isBelow = (own: Estimate, have: number): boolean => own.to < estimated(have, others).from;
  const harder =
    !few &&
    others >= FEW &&
    (isBelow(
      auto,
      sum((one) => one.auto),
    ) ||
      isBelow(
        autoAndReview,
        sum((one) => one.seen),
      ));
  return { by, part, truePairs, auto, autoAndReview, wrongLinks: estimated(tally.wrong, tally.links), few, harder };
}
