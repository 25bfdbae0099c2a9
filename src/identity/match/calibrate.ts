/**
 * What people found out about pairs, held against what the score said of them. Offline and pure: it changes nothing.
 * The scale is log2 of the odds, as in a waterfall (0 is an even chance), because bits alone mean more in a small
 * index.
 */
import { estimated, type Estimate } from './breakdown.ts';
import type { Budgets } from './model.ts';

/** A pair of which somebody knows whether it is one person. */
export interface KnownPair {
  /** log2 of the odds that the score gave it. */
  readonly odds: number;
  readonly same: boolean;
  /** A guard struck, or something else than the score kept it from being linked: it tells nothing of who is linked. */
  readonly guarded: boolean;
}

/** Between these odds, both included, that share of the pairs is one person. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
  readonly same: number;
  readonly share: number;
}

/**
 * Isotonic regression by pooling adjacent violators: the shares, rising with the odds, that are nearest to what was
 * found (least squares). Pairs of equal odds are one step.
 */
export function isotonic(pairs: readonly Pick<KnownPair, 'odds' | 'same'>[]): readonly Step[] {
  const steps: { from: number; to: number; pairs: number; same: number }[] = [];
  for (const { odds, same } of pairs.toSorted((one, other) => one.odds - other.odds)) {
    const last = steps.at(-1);
    if (last?.to === odds && last.from === odds) {
      last.pairs += 1;
      last.same += same ? 1 : 0;
      continue;
    }
    steps.push({ from: odds, to: odds, pairs: 1, same: same ? 1 : 0 });
  }
  const pooled: typeof steps = [];
  for (const step of steps) {
    let block = step;
    for (;;) {
      const before = pooled.at(-1);
      // Compared crosswise: no rounding keeps two equal shares apart.
      if (before === undefined || before.same * block.pairs < block.same * before.pairs) break;
      pooled.pop();
      block = {
        from: before.from,
        to: block.to,
        pairs: before.pairs + block.pairs,
        same: before.same + block.same,
      };
    }
    pooled.push(block);
  }
  return pooled.map((block) => ({ ...block, share: block.same / block.pairs }));
}

/** Least probability of each bucket that is shown. */
const BUCKETS = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999] as const;
/** Fewer pairs say nothing of a bucket (A7 of the bar). */
export const BUCKET_PAIRS = 500;
/** Fewer known pairs calibrate nothing. */
export const LEAST_PAIRS = 500;

export interface CalibratedBucket {
  /** The least probability of the bucket, as stated by the score. */
  readonly from: number;
  readonly observed: Estimate;
  /** Less than stated, even at the upper end of its interval: the score is too sure there. Null: too few pairs. */
  readonly holds: boolean | null;
}

export interface Proposal {
  /** From these odds on; null: the pairs do not tell. */
  readonly odds: number | null;
  /** How many known pairs are there, and how many would be needed where they do not tell. */
  readonly pairs: number;
  readonly needed: number;
  /** From there on, of those pairs: the wrong ones, what the curve makes of them, and what they may be at most. */
  readonly wrong: number;
  readonly expectedWrong: number;
  readonly atMost: number;
}

export interface Calibration {
  readonly pairs: number;
  readonly same: number;
  readonly guarded: number;
  readonly buckets: readonly CalibratedBucket[];
  /** Of all pairs, and of those that the score alone would decide. */
  readonly curve: readonly Step[];
  readonly unguarded: readonly Step[];
  /** Wrong links that are allowed for each link. */
  readonly allowed: number;
  readonly auto: Proposal;
  /** From these odds on a person looks at no more than so many pairs for a link found. Null: the pairs do not tell. */
  readonly review: number | null;
}

/** @param linksPerRecord links that are made for each record of the index, to which the budget is told */
export function calibrated(pairs: readonly KnownPair[], budgets: Budgets, linksPerRecord: number): Calibration {
  const plain = pairs.filter(({ guarded }) => !guarded);
  const curve = isotonic(pairs);
  const unguarded = isotonic(plain);
  const allowed = budgets.falseLinksPerMillion / 1e6 / linksPerRecord;
  return {
    pairs: pairs.length,
    same: pairs.filter(({ same }) => same).length,
    guarded: pairs.length - plain.length,
    buckets: bucketsOf(pairs),
    curve,
    unguarded,
    allowed,
    auto: autoOf(plain, unguarded, allowed),
    review: curve.find(({ share }) => share >= 1 / budgets.reviewsPerLink)?.from ?? null,
  };
}

function bucketsOf(pairs: readonly KnownPair[]): readonly CalibratedBucket[] {
  return BUCKETS.map((from, at) => {
    const until = BUCKETS[at + 1] ?? Infinity;
    const within = pairs.filter(({ odds }) => chanceOf(odds) >= from && chanceOf(odds) < until);
    const observed = estimated(within.filter(({ same }) => same).length, within.length);
    return { from, observed, holds: within.length < BUCKET_PAIRS ? null : observed.to >= from };
  });
}

export function chanceOf(odds: number): number {
  return 1 / (1 + 2 ** -odds);
}

/**
 * The lowest odds from which on so few are wrong that the budget holds even if chance was kind (the upper end of the
 * interval; with none wrong, three of so many): a curve that ends at 1 because nobody found a mistake yet promises
 * nothing.
 */
function autoOf(plain: readonly KnownPair[], curve: readonly Step[], allowed: number): Proposal {
  const falling = plain.toSorted((one, other) => other.odds - one.odds);
  const needed = Math.ceil(3 / allowed);
  let best: Proposal = none(falling, curve, needed);
  let wrong = 0;
  falling.forEach(({ odds, same }, at) => {
    if (!same) wrong += 1;
    if (falling[at + 1]?.odds === odds) return;
    const atMost = estimated(wrong, at + 1).to;
    if (atMost <= allowed) best = { odds, pairs: at + 1, needed, wrong, expectedWrong: expected(curve, odds), atMost };
  });
  return best;
}

/** What all of them would come to: nothing is proposed. */
function none(all: readonly KnownPair[], curve: readonly Step[], needed: number): Proposal {
  const wrong = all.filter(({ same }) => !same).length;
  const atMost = estimated(wrong, all.length).to;
  return { odds: null, pairs: all.length, needed, wrong, expectedWrong: expected(curve, -Infinity), atMost };
}

/** By the curve, of the known pairs from these odds on. */
function expected(curve: readonly Step[], odds: number): number {
  return curve.reduce((sum, { to, pairs, same }) => (to < odds ? sum : sum + pairs - same), 0);
}
