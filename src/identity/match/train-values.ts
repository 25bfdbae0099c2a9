/**
 * How often two people agree exactly, from the counts of all values: what a sample of random pairs says of a rare
 * agreement is mostly the true pairs in it.
 */
import { FIELDS, type Field } from './levels.ts';
import type { Person } from './person.ts';

/** By field, in their order; null where exact agreement is more than equality of one value. */
export function exactRates(left: readonly Person[], right: readonly Person[] | null): readonly (number | null)[] {
  return FIELDS.map((field) => {
    const value = VALUES[field];
    if (value === undefined) return null;
    const lefts = counted(left, value);
    const rights = right === null ? lefts : counted(right, value);
    if (lefts.total < 100 || rights.total < 100) return null;
    let agreeing = 0;
    for (const [text, count] of lefts.counts) {
      // Within one file a record is not compared with itself.
      agreeing += right === null ? count * (count - 1) : count * (rights.counts.get(text) ?? 0);
    }
    const pairs = right === null ? lefts.total * (lefts.total - 1) : lefts.total * rights.total;
    return agreeing / pairs;
  });
}

type Value = (person: Person) => string;

const VALUES: Readonly<Partial<Record<Field, Value>>> = {
  given: ({ given }) => given.first,
  family: ({ family }) => family.whole,
  birth: ({ birth }) => (birth?.precision === 'day' ? birth.digits : ''),
  sex: ({ sex }) => sex,
  social: ({ identifiers }) => identifiers.find(({ kind }) => kind === 'social')?.value ?? '',
  street: ({ addresses }) => addresses[0]?.street ?? '',
  number: ({ addresses }) => addresses[0]?.number ?? '',
  unit: ({ addresses }) => addresses[0]?.unit ?? '',
  city: ({ addresses }) => addresses[0]?.city ?? '',
  postcode: ({ addresses }) => addresses[0]?.postcode ?? '',
  state: ({ addresses }) => addresses[0]?.state ?? '',
  phone: ({ phones }) => phones[0] ?? '',
  email: ({ emails }) => emails[0] ?? '',
};

interface Counted {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}

function counted(people: readonly Person[], value: Value): Counted {
  const counts = new Map<string, number>();
  let total = 0;
  for (const person of people) {
    const text = value(person);
    if (text === '') continue;
    total += 1;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return { counts, total };
}
