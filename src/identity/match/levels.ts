/**
 * What two records can say to each other, field by field. A level is a number while pairs are compared and a word where
 * people read it. Level 0 is always `missing`: no evidence, for or against.
 */

export const FIELDS = [
  ...(['given', 'family', 'middle', 'birth', 'sex', 'social', 'person', 'member'] as const),
  ...(['street', 'number', 'unit', 'city', 'postcode', 'state', 'phone', 'email'] as const),
] as const;

export type Field = (typeof FIELDS)[number];

/** Each field's levels, best first. */
export const LEVELS = {
  given: ['missing', 'exact', 'short', 'near', 'far', 'initial', 'part', 'swapped', 'crossed', 'differ'],
  family: ['missing', 'exact', 'near', 'part', 'far', 'differ'],
  middle: ['missing', 'exact', 'initial', 'differ'],
  birth: ['missing', 'exact', 'near', 'swapped', 'parts', 'coarse', 'differ'],
  sex: ['missing', 'same', 'differ'],
  social: ['missing', 'exact', 'near', 'end', 'differ'],
  person: ['missing', 'exact', 'differ'],
  member: ['missing', 'exact', 'differ'],
  street: ['missing', 'exact', 'near', 'differ'],
  number: ['missing', 'exact', 'near', 'differ'],
  unit: ['missing', 'exact', 'near', 'differ'],
  city: ['missing', 'exact', 'near', 'differ'],
  postcode: ['missing', 'exact', 'near', 'differ'],
  state: ['missing', 'exact', 'differ'],
  phone: ['missing', 'exact', 'near', 'differ'],
  email: ['missing', 'exact', 'near', 'differ'],
} as const satisfies Record<Field, readonly string[]>;

export type Level<F extends Field> = (typeof LEVELS)[F][number];

/**
 * Evidence of the household: who lives together shares all of it, so that it is summed, and the sum capped, as one
 * block. An uncapped sum is what links twins.
 */
export const HOUSEHOLD: readonly Field[] = ['street', 'number', 'unit', 'city', 'postcode', 'state', 'phone', 'email'];

/** One byte per field, in the order of FIELDS. */
export type Vector = Uint8Array;

export const FIELD_COUNT = FIELDS.length;

function places(): Readonly<Record<Field, number>> {
  return Object.fromEntries(FIELDS.map((field, at) => [field, at])) as Record<Field, number>;
}

export const AT: Readonly<Record<Field, number>> = places();

export function levelName(field: Field, level: number): string {
  return LEVELS[field][level] ?? 'missing';
}

/** The number of a level, for code that compares: `levelOf('given', 'near')`. */
export function levelOf<F extends Field>(field: F, name: Level<F>): number {
  return (LEVELS[field] as readonly string[]).indexOf(name);
}
