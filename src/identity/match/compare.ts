/** Two people, all fields. Writes levels into bytes that are handed in: nothing is allocated for a pair. */
import { compareBirth } from './compare-birth.ts';
import { compareHousehold } from './compare-household.ts';
import { compareFamily, compareGiven, compareMiddle, FAMILY, GIVEN, isCrossed, isSwapped } from './compare-names.ts';
import { AT, levelOf, type Vector } from './levels.ts';
import type { IdentifierKind, Person, RecordIdentifier } from './person.ts';
import { scriptOf } from './normalise-text.ts';
import { isOneEdit } from './similarity.ts';

const SOCIAL = {
  exact: levelOf('social', 'exact'),
  near: levelOf('social', 'near'),
  end: levelOf('social', 'end'),
  differ: levelOf('social', 'differ'),
} as const;

/** Phones and e-mail addresses that more people have than share a household. */
export type SharedValues = ReadonlySet<string>;

export function compare(a: Person, b: Person, vector: Vector, shared: SharedValues): void {
  comparePerson(a, b, vector);
  compareHousehold(a, b, vector, shared);
}

/** Everything but the household, which only adds a bounded number of bits. */
export function comparePerson(a: Person, b: Person, vector: Vector): void {
  compareNames(a, b, vector);
  vector[AT.birth] = compareBirth(a.birth, b.birth);
  vector[AT.sex] = a.sex === '' || b.sex === '' ? 0 : a.sex === b.sex ? 1 : 2;
  compareIdentifiers(a.identifiers, b.identifiers, vector);
}

function compareNames(a: Person, b: Person, vector: Vector): void {
  let given = compareGiven(a.given, b.given);
  let family = compareFamily(a.family, b.family);
  let middle = compareMiddle(a.given, b.given);
  const isOpen = (given >= GIVEN.far || given === 0) && family !== FAMILY.exact && family !== FAMILY.near;
  if (isOpen) {
    const swapped = isSwapped(a, b);
    if (swapped || isCrossed(a, b)) {
      given = swapped ? GIVEN.swapped : GIVEN.crossed;
      family = FAMILY.missing;
      middle = 0;
    }
  }
  if (given === GIVEN.differ && isOtherScript(a.given.whole, b.given.whole)) given = GIVEN.missing;
  if (family === FAMILY.differ && isOtherScript(a.family.whole, b.family.whole)) family = FAMILY.missing;
  vector[AT.given] = given;
  vector[AT.family] = family;
  vector[AT.middle] = middle;
}

/** Only looked at where a name has a letter beyond Latin, which is rare where most names are Latin. */
export function isOtherScript(a: string, b: string): boolean {
  if (a === '' || b === '' || (a.charCodeAt(0) < 0x250 && b.charCodeAt(0) < 0x250)) return false;
  return scriptOf(a) !== scriptOf(b);
}

function compareIdentifiers(as: readonly RecordIdentifier[], bs: readonly RecordIdentifier[], vector: Vector): void {
  vector[AT.social] = 0;
  vector[AT.person] = 0;
  vector[AT.member] = 0;
  if (as.length === 0 || bs.length === 0) return;
  vector[AT.social] = compareSocial(as, bs);
  vector[AT.person] = comparePersonal(as, bs);
  vector[AT.member] = compareKind(as, bs, 'family');
}

function compareSocial(as: readonly RecordIdentifier[], bs: readonly RecordIdentifier[]): number {
  let level = 0;
  for (const a of as) {
    if (a.kind !== 'social' && a.kind !== 'social-end') continue;
    for (const b of bs) {
      if ((b.kind !== 'social' && b.kind !== 'social-end') || a.system !== b.system) continue;
      const found = socialLevel(a, b);
      if (level === 0 || found < level) level = found;
    }
  }
  return level;
}

function socialLevel(a: RecordIdentifier, b: RecordIdentifier): number {
  if (a.kind === b.kind) {
    if (a.value === b.value) return a.kind === 'social' ? SOCIAL.exact : SOCIAL.end;
    return a.kind === 'social' && isOneEdit(a.value, b.value) ? SOCIAL.near : SOCIAL.differ;
  }
  return a.value.slice(-4) === b.value.slice(-4) ? SOCIAL.end : SOCIAL.differ;
}

/**
 * One person may have two record numbers in a group that call one enterprise number, and then is one; two enterprise
 * numbers are two people whatever record numbers they share.
 */
function comparePersonal(as: readonly RecordIdentifier[], bs: readonly RecordIdentifier[]): number {
  let agrees = -1;
  let differs = -1;
  for (const a of as) {
    if (a.kind !== 'person') continue;
    const level = levelIn(a, bs);
    const reach = a.reach ?? 0;
    if (level === 1) agrees = Math.max(agrees, reach);
    else if (level === 2 && !as.some((other) => isAgreed(other, a.system, bs))) differs = Math.max(differs, reach);
  }
  if (agrees < 0 && differs < 0) return 0;
  return agrees >= differs ? 1 : 2;
}

function levelIn(a: RecordIdentifier, bs: readonly RecordIdentifier[]): number {
  let level = 0;
  for (const b of bs) {
    if (b.kind !== 'person' || a.system !== b.system) continue;
    if (a.value === b.value) return 1;
    level = 2;
  }
  return level;
}

function isAgreed(a: RecordIdentifier, system: string, bs: readonly RecordIdentifier[]): boolean {
  return a.kind === 'person' && a.system === system && levelIn(a, bs) === 1;
}

function compareKind(as: readonly RecordIdentifier[], bs: readonly RecordIdentifier[], kind: IdentifierKind): number {
  let level = 0;
  for (const a of as) {
    if (a.kind !== kind) continue;
    for (const b of bs) {
      if (b.kind !== kind || a.system !== b.system) continue;
      if (a.value === b.value) return 1;
      level = 2;
    }
  }
  return level;
}
