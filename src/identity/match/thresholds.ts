/**
 * Where the bands begin, from what may go wrong and from how many records there are. A fixed weight taken from a
 * benchmark of 5,000 records is wrong in an index of a million: 200 times as many pairs may agree by chance.
 */
import type { Model } from './model.ts';

export interface Thresholds {
  /** Bits. At or above, and without a guard: linked without a person. */
  readonly auto: number;
  /** Bits. At or above: a person decides. Below: two people. */
  readonly review: number;
  /** log2 of the odds that two records taken at random are one person. */
  readonly prior: number;
}

/** `records`: in the index. */
export function thresholds(model: Model, records: number): Thresholds {
  const n = Math.max(records, 2);
  const { budgets, matchesPerRecord } = model;
  const share = Math.min(matchesPerRecord / n, 0.5);
  const prior = Math.log2(share / (1 - share));
  // Of two people, the share of pairs with a weight of t or more is at most 2^-t (the mean of 2^weight over them is 1).
  // n (n - 1) / 2 pairs times that, no more than the budget for n records: it holds whichever fields are filled.
  const auto = Math.log2((n - 1) / 2 / (budgets.falseLinksPerMillion / 1e6));
  const least = logOdds(budgets.leastProbability) - prior;
  return { auto: Math.max(auto, least), review: logOdds(1 / budgets.reviewsPerLink) - prior, prior };
}

/** The chance that the pair is one person, 0 to 1. */
export function probability(bits: number, prior: number): number {
  return 1 / (1 + 2 ** -(bits + prior));
}

function logOdds(share: number): number {
  return Math.log2(share / (1 - share));
}
