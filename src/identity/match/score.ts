/** Fellegi and Sunter: log2 of how much likelier a level is in two records of one person than of two people. */
import type { Frequencies } from './frequencies.ts';
import { AT, FIELD_COUNT, FIELDS, HOUSEHOLD, LEVELS, levelName, type Field, type Vector } from './levels.ts';
import { GIVEN, FAMILY } from './compare-names.ts';
import { BIRTH } from './compare-birth.ts';
import type { Model } from './model.ts';
import type { Person } from './person.ts';

const WIDTH = 16;
const FIRST_OF_HOUSEHOLD = AT.street;

/** A model ready to count with. */
export interface Weights {
  /** Bits by field and level, 16 to a field. */
  readonly bits: Float64Array;
  readonly model: Model;
  readonly frequencies: Frequencies;
  /** Of the exact levels, whose u comes from how common the name is. */
  readonly exactGiven: number;
  readonly exactFamily: number;
  readonly swapped: number;
  readonly weakBirth: number;
}

export function weightsOf(model: Model, frequencies: Frequencies): Weights {
  const bits = new Float64Array(FIELD_COUNT * WIDTH);
  for (const field of FIELDS) {
    LEVELS[field].forEach((level, at) => {
      const rates = model.fields[field][level];
      if (at > 0 && rates !== undefined) bits[AT[field] * WIDTH + at] = Math.log2(rates[0] / rates[1]);
    });
  }
  return {
    bits,
    model,
    frequencies,
    exactGiven: Math.log2(model.fields.given['exact']?.[0] ?? 1),
    exactFamily: Math.log2(model.fields.family['exact']?.[0] ?? 1),
    swapped: Math.log2(model.fields.given['swapped']?.[0] ?? 1),
    weakBirth: Math.log2(model.weakBirth),
  };
}

/** Bits of the whole pair. */
export function score(weights: Weights, vector: Vector, a: Person, b: Person): number {
  return personBits(weights, vector, a, b) + householdBits(weights, vector);
}

/** Of everything but the household. */
export function personBits(weights: Weights, vector: Vector, a: Person, b: Person): number {
  const { bits } = weights;
  let person = 0;
  for (let field = 0; field < FIRST_OF_HOUSEHOLD; field += 1) {
    const level = vector[field] ?? 0;
    if (level !== 0) person += bits[field * WIDTH + level] ?? 0;
  }
  return person + nameBits(weights, vector, a, b) + (isWeakBirth(vector, a) ? -weights.weakBirth : 0);
}

/** Of the household, within its cap. */
export function householdBits({ bits, model }: Weights, vector: Vector): number {
  let household = 0;
  for (let field = FIRST_OF_HOUSEHOLD; field < FIELD_COUNT; field += 1) {
    household += bits[field * WIDTH + (vector[field] ?? 0)] ?? 0;
  }
  return Math.min(Math.max(household, model.household.floor), model.household.cap);
}

function isWeakBirth(vector: Vector, a: Person): boolean {
  return vector[AT.birth] === BIRTH.exact && a.birth?.weak === true;
}

/** What the frequency of the names adds to the plain bits of the levels. */
function nameBits(weights: Weights, vector: Vector, a: Person, b: Person): number {
  const given = vector[AT.given];
  let extra = 0;
  if (given === GIVEN.exact) {
    const name = a.given.first === b.given.first ? a.given.first : a.given.whole;
    extra += weights.exactGiven - Math.log2(givenRate(weights, name)) - bitsAt(weights, AT.given, GIVEN.exact);
  } else if (given === GIVEN.swapped) {
    const rate = givenRate(weights, a.given.first) * familyRate(weights, a.family.whole);
    extra += weights.swapped - Math.log2(rate) - bitsAt(weights, AT.given, GIVEN.swapped);
  }
  if (vector[AT.family] === FAMILY.exact) {
    const rate = familyRate(weights, a.family.whole);
    extra += weights.exactFamily - Math.log2(rate) - bitsAt(weights, AT.family, FAMILY.exact);
  }
  return extra;
}

function bitsAt(weights: Weights, field: number, level: number): number {
  return weights.bits[field * WIDTH + level] ?? 0;
}

export function givenRate({ model, frequencies }: Weights, name: string): number {
  const { rarest, unseen, drawnBy } = model.names;
  const rate = (frequencies.countOfGiven(name) + drawnBy * unseen.given) / (frequencies.given + drawnBy);
  return Math.max(rate, rarest.given);
}

export function familyRate({ model, frequencies }: Weights, name: string): number {
  const { rarest, unseen, drawnBy } = model.names;
  const rate = (frequencies.countOfFamily(name) + drawnBy * unseen.family) / (frequencies.family + drawnBy);
  return Math.max(rate, rarest.family);
}

/** One step of the waterfall. */
export interface Step {
  readonly field: Field | 'birth-weak' | 'household-cap';
  readonly level: string;
  readonly bits: number;
}

/** The steps add up to the score: levels that are there, the common date, and what the cap of the household took. */
export function waterfall(weights: Weights, vector: Vector, a: Person, b: Person): readonly Step[] {
  const steps: Step[] = [];
  for (const field of FIELDS) {
    const level = vector[AT[field]] ?? 0;
    if (level === 0) continue;
    let bits = bitsAt(weights, AT[field], level);
    if (field === 'given' || field === 'family') bits += nameBits(weights, only(vector, AT[field]), a, b);
    steps.push({ field, level: levelName(field, level), bits });
  }
  if (isWeakBirth(vector, a)) steps.push({ field: 'birth-weak', level: 'common', bits: -weights.weakBirth });
  const { floor, cap } = weights.model.household;
  const block = HOUSEHOLD.reduce((sum, field) => sum + bitsAt(weights, AT[field], vector[AT[field]] ?? 0), 0);
  const capped = Math.min(Math.max(block, floor), cap);
  if (capped !== block)
    steps.push({ field: 'household-cap', level: block > cap ? 'cap' : 'floor', bits: capped - block });
  return steps;
}

function only(vector: Vector, at: number): Vector {
  const one = new Uint8Array(FIELD_COUNT);
  one[at] = vector[at] ?? 0;
  return one;
}
