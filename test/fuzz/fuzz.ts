/**
 * The loop of a fuzz target: makes a case from a seed and a number, checks it, and cuts one that fails down to what is
 * needed to make it fail.
 */
import { Random } from './random.ts';

export interface Target<Case> {
  readonly name: string;
  make(random: Random): Case;
  /** Throws where a rule does not hold. */
  check(one: Case): void;
  /** Smaller cases that may fail in the same way, the smallest first. */
  smaller(one: Case): Iterable<Case>;
  /** One word without blanks, that a shell takes as it is. */
  write(one: Case): string;
  /** @throws Error when the word was not written by `write` */
  read(word: string): Case;
  /** For a person: what the case is. */
  show(one: Case): string;
}

export interface Failure<Case> {
  /** Of the case that failed first; made again with the same seed. */
  readonly number: number;
  readonly smallest: Case;
  /** What the smallest case fails with. */
  readonly error: Error;
}

export interface Outcome<Case> {
  readonly cases: number;
  readonly failure: Failure<Case> | null;
}

/** `goesOn` is asked before each case. */
export function fuzz<Case>(target: Target<Case>, seed: number, goesOn: (done: number) => boolean): Outcome<Case> {
  let number = 0;
  for (; goesOn(number); number += 1) {
    const one = target.make(new Random(seed, number));
    const error = failureOf(target, one);
    if (error !== null) return { cases: number + 1, failure: { number, ...smallest(target, one, error) } };
  }
  return { cases: number, failure: null };
}

/** Null when every rule holds. */
export function failureOf<Case>(target: Target<Case>, one: Case): Error | null {
  try {
    target.check(one);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const TRIES_AT_MOST = 5_000;

/** Takes the first smaller case that fails as well, as long as there is one. */
export function smallest<Case>(target: Target<Case>, from: Case, found: Error): { smallest: Case; error: Error } {
  let [best, error] = [from, found];
  let tries = 0;
  for (let better = true; better;) {
    better = false;
    for (const one of target.smaller(best)) {
      if ((tries += 1) > TRIES_AT_MOST) return { smallest: best, error };
      const failed = failureOf(target, one);
      if (failed === null) continue;
      [best, error] = [one, failed];
      better = true;
      break;
    }
  }
  return { smallest: best, error };
}
