/**
 * How a pair came to its bits, step by step from what two records taken at random have: the sum after each field, what
 * the cap of the household took, and where the bands begin, all on one scale. 0 is an even chance. Holds no values.
 */
import type { Step } from './score.ts';
import type { Thresholds } from './thresholds.ts';

export interface Waterfall {
  /** log2 of the odds that two records taken at random are one person. */
  readonly start: number;
  readonly steps: readonly (Step & { readonly sum: number })[];
  readonly total: number;
  /** A person is asked from `review` on, nobody from `auto` on. */
  readonly thresholds: { readonly review: number; readonly auto: number };
}

/** @param steps that add up to the score */
export function waterfallOf(steps: readonly Step[], { prior, review, auto }: Thresholds): Waterfall {
  let sum = prior;
  const stacked = steps.map((step) => ({ ...step, sum: (sum += step.bits) }));
  return { start: prior, steps: stacked, total: sum, thresholds: { review: review + prior, auto: auto + prior } };
}
