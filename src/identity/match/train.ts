/**
 * Learns the rates of a model from records without labels. Runs offline, as a command, never while records come in:
 * what a model says of a pair must not change between two questions.
 */
import { candidatePairs } from './candidates.ts';
import { compare, type SharedValues } from './compare.ts';
import { sharedValues } from './frequencies.ts';
import { FIELD_COUNT, FIELDS, LEVELS, type Field, type Vector } from './levels.ts';
import { sealed, type Model, type Rates } from './model.ts';
import type { Person } from './person.ts';
import { exactRates } from './train-values.ts';

export interface Training {
  /** Gives the rates to begin with, and everything that is not learned: budgets, caps, names. */
  readonly from: Model;
  readonly name: string;
  readonly trainedOn: string;
  readonly left: readonly Person[];
  /** Null: duplicates within `left`. */
  readonly right: readonly Person[] | null;
  /** Pairs drawn at random for how two people differ. */
  readonly randomPairs: number;
  readonly seed: number;
}

export interface Trained {
  readonly model: Model;
  /** Of all pairs, the share that is one person. */
  readonly lambda: number;
  /** Records of one person per record, which lambda comes to. */
  readonly matchesPerRecord: number;
  readonly rounds: number;
  readonly candidates: number;
  /** By how many bits each weight differs from the model begun with, the largest first. */
  readonly moved: readonly Moved[];
}

export interface Moved {
  readonly field: Field;
  readonly level: string;
  readonly from: number;
  readonly to: number;
}

const ROUNDS = 60;
const SETTLED = 1e-5;
/** No rate is 0 or 1: what was not seen yet may still come. */
const LEAST = 1e-7;
/** As if so many pairs of the model begun with had been seen too: rare levels are not learned from three pairs. */
const DRAWN_BY = 20;

/** The u of a level falls by no more than this. */
const RAREST_BY = 8;

type Table = Float64Array;
const WIDTH = 16;

export function train(training: Training): Trained {
  const { left, right, from } = training;
  const others = right ?? left;
  const shared = sharedValues(right === null ? left : [...left, ...right], 8);
  const total = right === null ? (left.length * (left.length - 1)) / 2 : left.length * right.length;
  const { pairs } = candidatePairs(left, right);
  const patterns = countedPatterns(left, others, pairs, shared);
  const seen = randomLevels(training, shared);
  const exact = exactRates(left, right);
  let m = ratesOf(from, 0);
  let lambda = Math.min(0.5, (from.matchesPerRecord * (left.length + (right?.length ?? 0))) / 2 / total);
  let u = differing(seen, exact, m, lambda, from);
  let rounds = 0;
  for (; rounds < ROUNDS; rounds += 1) {
    const next = expected(patterns, m, u, lambda, from);
    const settled = Math.abs(next.matches / total - lambda) < SETTLED * lambda && distance(next.m, m) < SETTLED;
    m = next.m;
    lambda = next.matches / total;
    u = differing(seen, exact, m, lambda, from);
    if (settled) break;
  }
  const model = sealed({
    ...withoutHash(from),
    name: training.name,
    trainedOn: training.trainedOn,
    fields: fieldsOf(m, u),
  });
  return {
    model,
    lambda,
    matchesPerRecord: (lambda * total * 2) / (left.length + (right?.length ?? 0)),
    rounds,
    candidates: pairs.length / 2,
    moved: movedBits(from, model),
  };
}

function withoutHash({ sha256: _old, ...content }: Model): Omit<Model, 'sha256'> {
  return content;
}

interface Pattern {
  readonly levels: Vector;
  count: number;
}

function countedPatterns(
  left: readonly Person[],
  right: readonly Person[],
  pairs: Uint32Array,
  shared: SharedValues,
): readonly Pattern[] {
  const found = new Map<string, Pattern>();
  const vector: Vector = new Uint8Array(FIELD_COUNT);
  for (let at = 0; at < pairs.length; at += 2) {
    const [a, b] = [left[pairs[at] ?? 0], right[pairs[at + 1] ?? 0]];
    if (a === undefined || b === undefined) continue;
    compare(a, b, vector, shared);
    const name = String.fromCharCode(...vector);
    const pattern = found.get(name);
    if (pattern === undefined) found.set(name, { levels: vector.slice(), count: 1 });
    else pattern.count += 1;
  }
  return [...found.values()];
}

/** How often each level is seen in pairs drawn at random. The same seed draws the same pairs. */
function randomLevels({ left, right, randomPairs, seed }: Training, shared: SharedValues): Table {
  const others = right ?? left;
  const counts: Table = new Float64Array(FIELD_COUNT * WIDTH);
  const vector: Vector = new Uint8Array(FIELD_COUNT);
  let state = seed >>> 0;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
  for (let at = 0; at < randomPairs; at += 1) {
    const i = next(left.length);
    const j = next(others.length);
    const [a, b] = [left[i], others[j]];
    if (a === undefined || b === undefined || (right === null && i === j)) continue;
    compare(a, b, vector, shared);
    for (let field = 0; field < FIELD_COUNT; field += 1) {
      const place = field * WIDTH + (vector[field] ?? 0);
      counts[place] = (counts[place] ?? 0) + 1;
    }
  }
  return counts;
}

/**
 * u: exact agreement from the counts of all values, the other levels from the random pairs; both less what the true
 * pairs among them add. In a file of 5,000 with one duplicate each that is everything that is seen of a rare level.
 */
function differing(seen: Table, exact: readonly (number | null)[], m: Table, lambda: number, from: Model): Table {
  const u: Table = new Float64Array(seen.length);
  const begun = ratesOf(from, 1);
  FIELDS.forEach((field, at) => {
    const places = LEVELS[field].map((_level, level) => at * WIDTH + level).slice(1);
    const known = places.reduce((sum, place) => sum + (seen[place] ?? 0), 0);
    const shares = places.map((place, index) => {
      const counted = index === 0 ? exact[at] : null;
      const drawn = ((seen[place] ?? 0) + DRAWN_BY * (begun[place] ?? 0)) / (known + DRAWN_BY);
      if (known === 0) return begun[place] ?? LEAST;
      const share = ((counted ?? drawn) - lambda * (m[place] ?? 0)) / (1 - lambda);
      // A file of a few thousand cannot show that an agreement is rarer than one in a million.
      return Math.max(share, (begun[place] ?? 0) / RAREST_BY, LEAST);
    });
    const sum = shares.reduce((all, share) => all + share, 0);
    places.forEach((place, index) => (u[place] = (shares[index] ?? 0) / sum));
  });
  return u;
}

interface Expected {
  readonly m: Table;
  readonly matches: number;
}

/** One round: how likely each pattern is one person's, and the rates that follow from that. */
function expected(patterns: readonly Pattern[], m: Table, u: Table, lambda: number, from: Model): Expected {
  const sums: Table = new Float64Array(m.length);
  let matches = 0;
  for (const { levels, count } of patterns) {
    let bits = Math.log2(lambda / (1 - lambda));
    for (let field = 0; field < FIELD_COUNT; field += 1) {
      const level = levels[field] ?? 0;
      const place = field * WIDTH + level;
      if (level !== 0) bits += Math.log2((m[place] ?? LEAST) / (u[place] ?? LEAST));
    }
    const weight = count / (1 + 2 ** -bits);
    matches += weight;
    for (let field = 0; field < FIELD_COUNT; field += 1) {
      const place = field * WIDTH + (levels[field] ?? 0);
      sums[place] = (sums[place] ?? 0) + weight;
    }
  }
  return { m: shared(sums, from), matches };
}

/** Sums of levels as shares of what is not missing. */
function shared(sums: Table, from: Model): Table {
  const rates: Table = new Float64Array(sums.length);
  const begun = ratesOf(from, 0);
  FIELDS.forEach((field, at) => {
    const places = LEVELS[field].map((_level, level) => at * WIDTH + level).slice(1);
    const known = places.reduce((sum, place) => sum + (sums[place] ?? 0), 0);
    for (const place of places) {
      rates[place] = Math.max(((sums[place] ?? 0) + DRAWN_BY * (begun[place] ?? 0)) / (known + DRAWN_BY), LEAST);
    }
  });
  return rates;
}

function ratesOf(model: Model, which: 0 | 1): Table {
  const table: Table = new Float64Array(FIELD_COUNT * WIDTH);
  FIELDS.forEach((field, at) => {
    LEVELS[field].forEach((level, place) => {
      if (place > 0) table[at * WIDTH + place] = model.fields[field][level]?.[which] ?? LEAST;
    });
  });
  return table;
}

function distance(a: Table, b: Table): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? 0))), 0);
}

function fieldsOf(m: Table, u: Table): Model['fields'] {
  const rate = (value: number): number => Number(Math.min(Math.max(value, LEAST), 1 - LEAST).toPrecision(6));
  const fields = FIELDS.map((field, at) => {
    const levels = LEVELS[field].slice(1).map((level, index): [string, Rates] => {
      const place = at * WIDTH + index + 1;
      return [level, [rate(m[place] ?? LEAST), rate(u[place] ?? LEAST)]];
    });
    return [field, Object.fromEntries(levels)];
  });
  return Object.fromEntries(fields) as Model['fields'];
}

/** Rounded to a hundredth of a bit. */
export function movedBits(from: Model, to: Model): readonly Moved[] {
  const bits = (rates: Rates | undefined): number => (rates === undefined ? 0 : Math.log2(rates[0] / rates[1]));
  const all = FIELDS.flatMap((field) =>
    LEVELS[field].slice(1).map((level): Moved => {
      const two = (model: Model): number => Number(bits(model.fields[field][level]).toFixed(2));
      return { field, level, from: two(from), to: two(to) };
    }),
  );
  return all.filter((one) => one.from !== one.to).sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
}
