/**
 * A population in which no two records are one person: people, 3% of them beside a twin, a namesake or a relative of
 * one of the hard classes. Whatever is linked in it is wrong.
 */
import type { PersonRecord } from '../../src/identity/match/person.ts';
import { HARD_CASES } from './hard-cases.ts';
import { makePerson, oneOf, randomOf, recordOf } from './people.ts';

/**
 * Left out: classes in which the two records could be one person's to any reader, because all that they say is alike or
 * missing (`nothing else known`, `unnamed people`, a missing date of birth, a parent's number).
 */
const CLASSES = Object.keys(HARD_CASES).filter((name) => !/nothing else|unnamed|missing|security/.test(name));

export function strangers(count: number, seed: number): readonly PersonRecord[] {
  const random = randomOf(seed);
  const records: PersonRecord[] = [];
  while (records.length < count) {
    const make = random() < 0.015 ? HARD_CASES[oneOf(random, CLASSES)] : undefined;
    if (make !== undefined) records.push(...make(random));
    else records.push(recordOf(makePerson(random), new Set(['ssn'])));
  }
  return records.slice(0, count);
}
