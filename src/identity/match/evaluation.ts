/** How well the matcher does on labelled files, at the shipped thresholds and never at the best of a curve. */
import { Breakdown, type PartResult } from './breakdown.ts';
import { eachCandidate, KEY_CAP, type Capped } from './candidates.ts';
import { grouped, type Link } from './clusters.ts';
import { countedNames, sharedValues } from './frequencies.ts';
import { GUARDS, type Guard } from './guards.ts';
import { matcher, type Matcher, type Verdict } from './matcher.ts';
import { modelId, type Model } from './model.ts';
import type { Person } from './person.ts';
import type { Thresholds } from './thresholds.ts';

/** Which pairs are one person, and how many there are in all. */
export interface Truth {
  readonly pairs: number;
  isMatch(left: number, right: number): boolean;
  /** Each of them once. */
  each(visit: (left: number, right: number) => void): void;
}

export interface Labelled {
  readonly left: readonly Person[];
  /** Null: duplicates within `left`. */
  readonly right: readonly Person[] | null;
  readonly truth: Truth;
}

/** Shares of 1. Precision of nothing found is 1: nothing was wrong. */
export interface Quality {
  readonly found: number;
  readonly right: number;
  readonly wrong: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Evaluation {
  readonly model: string;
  readonly records: number;
  /** All pairs that there are, and of them the true ones and the ones that were compared. */
  readonly pairs: number;
  readonly truePairs: number;
  readonly candidates: number;
  readonly pairCompleteness: number;
  /** Share of all pairs that was not compared. The true pairs bound it: it cannot reach 1. */
  readonly reductionRatio: number;
  /** The same of the pairs that are not true, which has no such bound. */
  readonly reductionRatioOfFalse: number;
  readonly thresholds: Thresholds;
  readonly auto: Quality;
  /** Pairs that stand in one group once the automatic links are made, none of whose members contradict each other. */
  readonly groups: Quality;
  readonly autoAndReview: Quality;
  /** The score alone at the automatic threshold, as if there were no guards. */
  readonly withoutGuards: Quality;
  /** Struck guards of pairs in the review band: how often, and how often the pair was true after all. */
  readonly guards: Readonly<Partial<Record<Guard, { readonly pairs: number; readonly true: number }>>>;
  /** Pairs that were not told to be two people, by the probability they were given, and how many of them are true. */
  readonly calibration: readonly Bucket[];
  readonly capped: readonly Capped[];
  /** The same by the age, the sex and the names of the pairs; parts without any pair are left out. */
  readonly parts: readonly PartResult[];
}

export interface Bucket {
  /** The least probability of the bucket. */
  readonly from: number;
  readonly pairs: number;
  readonly true: number;
}

const BUCKETS = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999] as const;

/** More different people than share a phone or an address at home. */
export const SHARED_BY = 8;

export interface EvaluationOptions {
  readonly model: Model;
  /** Today as 20261122. */
  readonly today: number;
  /** Told each compared pair. */
  readonly onPair?: (left: number, right: number, verdict: Verdict, isTrue: boolean) => void;
}

export function evaluate({ left, right, truth }: Labelled, options: EvaluationOptions): Evaluation {
  const all = right === null ? left : [...left, ...right];
  const others = right ?? left;
  const records = all.length;
  const judge = matcher({
    ...options,
    frequencies: countedNames(all),
    shared: sharedValues(all, SHARED_BY),
    records,
  });
  const counts = new Counts(truth.pairs);
  const parts = new Breakdown(left, others, options.today);
  const links: Link[] = [];
  const offset = right === null ? 0 : left.length;
  const compared = (i: number, j: number): void => {
    const [a, b] = [left[i], others[j]];
    if (a === undefined || b === undefined) return;
    const verdict = judge.judge(a, b);
    const isTrue = truth.isMatch(i, j);
    counts.add(verdict, isTrue, verdict.score >= judge.thresholds.auto);
    parts.add(i, j, verdict, isTrue);
    if (verdict.band === 'auto') links.push({ a: i, b: j + offset, score: verdict.score });
    options.onPair?.(i, j, verdict, isTrue);
  };
  const capped = eachCandidate(left, right, compared, KEY_CAP);
  const pairs = right === null ? (left.length * (left.length - 1)) / 2 : left.length * right.length;
  return {
    model: modelId(options.model),
    records,
    pairs,
    truePairs: truth.pairs,
    candidates: counts.candidates,
    pairCompleteness: share(counts.trueCandidates, truth.pairs, 1),
    reductionRatio: 1 - share(counts.candidates, pairs, 0),
    reductionRatioOfFalse: 1 - share(counts.candidates - counts.trueCandidates, pairs - truth.pairs, 0),
    thresholds: judge.thresholds,
    auto: counts.quality(counts.auto),
    groups: counts.quality(groupTally(all, links, judge, right === null ? null : left.length, truth)),
    autoAndReview: counts.quality(counts.seen),
    withoutGuards: counts.quality(counts.scored),
    guards: counts.struck(),
    calibration: counts.calibration(),
    capped,
    parts: parts.results(truth),
  };
}

function groupTally(
  all: readonly Person[],
  links: readonly Link[],
  judge: Matcher,
  lefts: number | null,
  truth: Truth,
): Tally {
  const verdictOf = (i: number, j: number): Verdict => {
    const [a, b] = [all[i], all[j]];
    if (a === undefined || b === undefined) throw new RangeError('a link names a record that is not there');
    return judge.judge(a, b);
  };
  const { groupOf } = grouped(all.length, links, verdictOf);
  const members = new Map<number, number[]>();
  groupOf.forEach((group, at) => members.set(group, [...(members.get(group) ?? []), at]));
  const tally: Tally = { right: 0, wrong: 0 };
  for (const group of members.values()) {
    group.forEach((i, at) => {
      for (const j of group.slice(at + 1)) {
        // Of two files only pairs of both are labelled.
        if (lefts !== null && (i >= lefts || j < lefts)) continue;
        tally[truth.isMatch(i, lefts === null ? j : j - lefts) ? 'right' : 'wrong'] += 1;
      }
    });
  }
  return tally;
}

interface Tally {
  right: number;
  wrong: number;
}

class Counts {
  readonly auto: Tally = { right: 0, wrong: 0 };
  readonly seen: Tally = { right: 0, wrong: 0 };
  readonly scored: Tally = { right: 0, wrong: 0 };
  candidates = 0;
  trueCandidates = 0;
  readonly #buckets: Tally[] = BUCKETS.map(() => ({ right: 0, wrong: 0 }));
  readonly #truePairs: number;
  readonly #guards = new Map<Guard, { pairs: number; true: number }>();

  constructor(truePairs: number) {
    this.#truePairs = truePairs;
  }

  add(verdict: Verdict, isTrue: boolean, isScored: boolean): void {
    this.candidates += 1;
    if (isTrue) this.trueCandidates += 1;
    const side = isTrue ? 'right' : 'wrong';
    if (verdict.band === 'auto') this.auto[side] += 1;
    if (verdict.band !== 'none') {
      this.seen[side] += 1;
      const bucket = this.#buckets[BUCKETS.findLastIndex((from) => verdict.probability >= from)];
      if (bucket !== undefined) bucket[side] += 1;
    }
    if (isScored) this.scored[side] += 1;
    for (const guard of verdict.guards) {
      const count = this.#guards.get(guard) ?? { pairs: 0, true: 0 };
      this.#guards.set(guard, { pairs: count.pairs + 1, true: count.true + (isTrue ? 1 : 0) });
    }
  }

  quality({ right, wrong }: Tally): Quality {
    const precision = share(right, right + wrong, 1);
    const recall = share(right, this.#truePairs, 1);
    const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { found: right + wrong, right, wrong, precision, recall, f1 };
  }

  calibration(): readonly Bucket[] {
    return this.#buckets.map(({ right, wrong }, at) => ({ from: BUCKETS[at] ?? 0, pairs: right + wrong, true: right }));
  }

  struck(): Evaluation['guards'] {
    const names = Object.keys(GUARDS) as Guard[];
    return Object.fromEntries(
      names.flatMap((name) => {
        const count = this.#guards.get(name);
        return count === undefined ? [] : [[name, count]];
      }),
    );
  }
}

function share(part: number, whole: number, ofNone: number): number {
  return whole === 0 ? ofNone : part / whole;
}
