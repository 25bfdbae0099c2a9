/**
 * Which records are worth comparing. Two records meet where they share a key; every key is made of several facts, or of
 * one that is nearly unique, so that what the keys leak when they are stored as HMAC values is little, and no block
 * grows to a city. A key is there only when all its facts are.
 */
import { nameGroups } from './names-known.ts';
import type { BirthDate, Person } from './person.ts';
import { soundOf } from './phonetic.ts';

/** Changes with everything that a key is made of: normalisers, sounds, name groups, kinds. Stored beside each key. */
export const KEY_EPOCH = 1;

/** What a key is made of, in words that operators read beside the cap that struck. */
export const KEY_KINDS = {
  social: 'social security number, or national id',
  'social-end': 'its last four digits with the year of birth',
  identifier: 'a number given by whoever runs a system',
  phone: 'phone with the sound of the first or last name',
  email: 'e-mail address',
  names: 'sounds of both names',
  'names-year': 'sound of one name with the year of birth and the initial of the other',
  'name-day': 'sound of one name with month and day of birth',
  'name-postcode': 'sound of one name with the postcode',
  'birth-initial': 'date of birth with the initial of a name',
  'birth-street': 'date of birth with the beginning of the street',
  'name-street': 'sound of one name with the beginnings of street and town',
  'postcode-year': 'postcode with the year of birth',
  'number-street': 'house number with the beginning of the street',
  'number-postcode': 'house number with the postcode',
  'short-name': 'name group of the first name with the sound of the last name and the year of birth',
} as const;

export type KeyKind = keyof typeof KEY_KINDS;

export interface Key {
  readonly kind: KeyKind;
  /** Clear text: patient data. Hashed before it is stored. */
  readonly value: string;
  /** The same key with one fact more, for a block that is over its cap; null where there is none. */
  readonly tight: string | null;
}

export function keysOf(person: Person): readonly Key[] {
  const keys: Key[] = [];
  const seen = new Set<string>();
  const add = (kind: KeyKind, facts: readonly string[], more = ''): void => {
    if (facts.includes('')) return;
    const value = facts.join('|');
    const name = `${kind} ${value}`;
    if (seen.has(name)) return;
    seen.add(name);
    keys.push({ kind, value, tight: more === '' ? null : `${value}|${more}` });
  };
  const names = namesOf(person);
  identifierKeys(person, add);
  nameKeys(person, names, add);
  placeKeys(person, names, add);
  return keys;
}

type Add = (kind: KeyKind, facts: readonly string[], more?: string) => void;

interface Sounds {
  readonly given: string;
  /** Of the family name as a whole, and of each of its parts. */
  readonly families: readonly string[];
  /** Both, so that swapped names still meet. */
  readonly each: readonly string[];
}

function namesOf(person: Person): Sounds {
  const given = soundOf(person.given.first);
  const { whole, parts, previous } = person.family;
  const families = [...new Set([whole, ...(parts.length > 1 ? parts : parts.slice(0, 1)), ...previous].map(soundOf))];
  const known = families.filter((sound) => sound !== '');
  return { given, families: known, each: [...new Set([given, ...known])].filter((sound) => sound !== '') };
}

function identifierKeys(person: Person, add: Add): void {
  const year = yearOf(person.birth);
  for (const { kind, system, value } of person.identifiers) {
    if (kind === 'social') add('social', [system, value]);
    if (kind === 'social' || kind === 'social-end') add('social-end', [system, value.slice(-4), year]);
    if (kind === 'person' || kind === 'family') add('identifier', [system, value]);
  }
}

function nameKeys(person: Person, names: Sounds, add: Add): void {
  const { birth } = person;
  const year = yearOf(birth);
  const day = birth?.precision === 'day' ? birth.digits.slice(4) : '';
  for (const family of names.families) {
    add('names', [names.given, family].sort(), year);
    for (const group of nameGroups(person.given.first)) add('short-name', [group, family, year]);
  }
  for (const name of names.each) add('name-day', [name, day], year);
  const first = person.given.first.charAt(0);
  const last = person.family.whole.charAt(0);
  add('names-year', [names.given, year, last], day);
  for (const family of names.families) add('names-year', [family, year, first], day);
  if (birth?.precision === 'day') {
    for (const initial of initials(person)) add('birth-initial', [birth.digits, initial]);
  }
}

function initials(person: Person): ReadonlySet<string> {
  return new Set([person.given.first.charAt(0), person.family.whole.charAt(0)]);
}

function placeKeys(person: Person, names: Sounds, add: Add): void {
  const year = yearOf(person.birth);
  for (const { street, number, unit, city, postcode } of person.addresses) {
    // Also by the second line: the two are typed in either order. The number of a flat is no line.
    const lines = unit.length >= 5 ? [street, unit] : [street];
    for (const name of names.each) {
      add('name-postcode', [name, postcode], year);
      for (const line of lines) add('name-street', [name, line.slice(0, 5), city.slice(0, 3)], number);
    }
    if (person.birth?.precision === 'day') {
      for (const line of lines) add('birth-street', [person.birth.digits, line.slice(0, 4)]);
    }
    add('postcode-year', [postcode, year], person.birth?.digits.slice(4) ?? '');
    add('number-street', [number, street.slice(0, 5)], postcode);
    add('number-postcode', [number, postcode], street.slice(0, 3));
  }
  for (const phone of person.phones) for (const name of names.each) add('phone', [phone, name], year);
  for (const email of person.emails) add('email', [email], names.given);
}

function yearOf(birth: BirthDate | null): string {
  return birth === null ? '' : birth.digits.slice(0, 4);
}
