/** Puts it together: two people in, a verdict out. */
import { compareHousehold } from './compare-household.ts';
import { compare, comparePerson, type SharedValues } from './compare.ts';
import type { Frequencies } from './frequencies.ts';
import { guards, type Guard } from './guards.ts';
import { FIELD_COUNT, FIELDS, levelName, type Field, type Vector } from './levels.ts';
import type { LinkRule } from './link-rules.ts';
import { modelId, type Model } from './model.ts';
import type { Person } from './person.ts';
import { householdBits, personBits, score, waterfall, weightsOf, type Step } from './score.ts';
import { probability, thresholds, type Thresholds } from './thresholds.ts';

/**
 * `auto`: one person, linked without asking. `review`: a person decides. `none`: two people, as far as anybody can
 * tell.
 */
export type Band = 'auto' | 'review' | 'none';

export interface Verdict {
  readonly band: Band;
  /**
   * Bits: how much likelier these two records are one person's than two people's, before the prior. In the band `none`
   * perhaps without the household, where even its cap could not have helped.
   */
  readonly score: number;
  /** With the prior of an index of this size. Over-confident where few fields are filled: the guards know that. */
  readonly probability: number;
  /** Struck guards; empty in the band `none`, which needs none. */
  readonly guards: readonly Guard[];
  /** By which rule of the settings it is linked, where the score alone would have asked a person. */
  readonly rule?: LinkRule;
}

/** A verdict with everything that it was made of; kept with the decision, it needs no values to be shown again. */
export interface Explanation extends Verdict {
  readonly levels: Readonly<Record<Field, string>>;
  readonly steps: readonly Step[];
  readonly thresholds: Thresholds;
  readonly modelId: string;
}

export interface MatcherOptions {
  readonly model: Model;
  /** Of the index that is searched. */
  readonly frequencies: Frequencies;
  readonly shared: SharedValues;
  /** Records in the index. */
  readonly records: number;
  /** Today as 20261122. */
  readonly today: number;
}

export interface Matcher {
  readonly thresholds: Thresholds;
  /** For a pair of which only the score is wanted: nothing is allocated. */
  bits(a: Person, b: Person): number;
  judge(a: Person, b: Person): Verdict;
  explain(a: Person, b: Person): Explanation;
}

const NO_GUARDS: readonly Guard[] = [];

/** Not for two pairs at the same time: its working bytes are one set. */
export function matcher(options: MatcherOptions): Matcher {
  const weights = weightsOf(options.model, options.frequencies);
  const limits = thresholds(options.model, options.records);
  const vector: Vector = new Uint8Array(FIELD_COUNT);
  const bits = (a: Person, b: Person): number => {
    compare(a, b, vector, options.shared);
    return score(weights, vector, a, b);
  };
  // What a person's own fields must come to at least: the household adds no more than its cap.
  const hopeless = limits.review - options.model.household.cap;
  const judge = (a: Person, b: Person): Verdict => {
    comparePerson(a, b, vector);
    const own = personBits(weights, vector, a, b);
    if (own < hopeless) return { band: 'none', score: own, probability: 0, guards: NO_GUARDS };
    compareHousehold(a, b, vector, options.shared);
    const found = own + householdBits(weights, vector);
    const chance = probability(found, limits.prior);
    if (found < limits.review) return { band: 'none', score: found, probability: chance, guards: NO_GUARDS };
    const struck = guards(vector, a, b, options);
    const band = found >= limits.auto && struck.length === 0 ? 'auto' : 'review';
    return { band, score: found, probability: chance, guards: struck };
  };
  return {
    thresholds: limits,
    bits,
    judge,
    explain(a, b) {
      const judged = judge(a, b);
      const found = bits(a, b);
      const verdict = { ...judged, score: found, probability: probability(found, limits.prior) };
      const levels = Object.fromEntries(FIELDS.map((field, at) => [field, levelName(field, vector[at] ?? 0)]));
      return {
        ...verdict,
        levels: levels as Readonly<Record<Field, string>>,
        steps: waterfall(weights, vector, a, b),
        thresholds: limits,
        modelId: modelId(options.model),
      };
    },
  };
}
