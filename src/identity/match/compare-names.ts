import { nameGroups, isShortForm } from './names-known.ts';
import { levelOf } from './levels.ts';
import type { FamilyName, GivenName, Person } from './person.ts';
import { jaroWinkler } from './similarity.ts';

/** Similarity of names that are one name with a slip, and of names that may be. */
const NEAR = 0.92;
const FAR = 0.82;

export const GIVEN = {
  missing: 0,
  exact: levelOf('given', 'exact'),
  short: levelOf('given', 'short'),
  near: levelOf('given', 'near'),
  far: levelOf('given', 'far'),
  initial: levelOf('given', 'initial'),
  part: levelOf('given', 'part'),
  swapped: levelOf('given', 'swapped'),
  crossed: levelOf('given', 'crossed'),
  differ: levelOf('given', 'differ'),
} as const;

export const FAMILY = {
  missing: 0,
  exact: levelOf('family', 'exact'),
  near: levelOf('family', 'near'),
  part: levelOf('family', 'part'),
  far: levelOf('family', 'far'),
  differ: levelOf('family', 'differ'),
} as const;

const MIDDLE = {
  exact: levelOf('middle', 'exact'),
  initial: levelOf('middle', 'initial'),
  differ: levelOf('middle', 'differ'),
} as const;

export function compareGiven(a: GivenName, b: GivenName): number {
  if (a.first === '' || b.first === '') return GIVEN.missing;
  if (a.whole === b.whole) return GIVEN.exact;
  if (a.first.length === 1 || b.first.length === 1) {
    return a.first.charCodeAt(0) === b.first.charCodeAt(0) ? GIVEN.initial : GIVEN.differ;
  }
  if (a.first === b.first) return GIVEN.exact;
  let likeness = jaroWinkler(a.whole, b.whole, FAR);
  if (a.rest.length > 0 || b.rest.length > 0) likeness = Math.max(likeness, jaroWinkler(a.first, b.first, FAR));
  if (likeness >= NEAR) return isShort(a, b) ? GIVEN.short : GIVEN.near;
  if (isShort(a, b)) return GIVEN.short;
  if (within(a.rest, b.first) || within(b.rest, a.first)) return GIVEN.part;
  return likeness >= FAR ? GIVEN.far : GIVEN.differ;
}

function isShort(a: GivenName, b: GivenName): boolean {
  return nameGroups(a.first).length > 0 && isShortForm(a.first, b.first);
}

function within(list: readonly string[], word: string): boolean {
  return word.length >= 3 && list.includes(word);
}

/** Middle names count only where the first names are the same word: behind another first name they say nothing. */
export function compareMiddle(a: GivenName, b: GivenName): number {
  const left = a.rest[0];
  const right = b.rest[0];
  if (left === undefined || right === undefined || a.first !== b.first) return 0;
  if (left === right) return MIDDLE.exact;
  if (left.length === 1 || right.length === 1)
    return left.startsWith(right) || right.startsWith(left) ? MIDDLE.initial : MIDDLE.differ;
  return jaroWinkler(left, right, NEAR) >= NEAR ? MIDDLE.exact : MIDDLE.differ;
}

export function compareFamily(a: FamilyName, b: FamilyName): number {
  if (a.whole === '' || b.whole === '') return FAMILY.missing;
  if (a.whole === b.whole) return FAMILY.exact;
  const likeness = jaroWinkler(a.whole, b.whole, FAR);
  if (likeness >= NEAR) return FAMILY.near;
  if (sharePart(a, b)) return FAMILY.part;
  return likeness >= FAR ? FAMILY.far : FAMILY.differ;
}

function sharePart(a: FamilyName, b: FamilyName): boolean {
  if (a.previous.length > 0 && (a.previous.includes(b.whole) || intersect(a.previous, b.previous))) return true;
  if (b.previous.includes(a.whole)) return true;
  if (a.parts.length === 1 && b.parts.length === 1) return a.parts[0] === b.parts[0];
  return a.parts.some((part) => part.length >= 3 && b.parts.includes(part));
}

function intersect(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.includes(one));
}

/** First and last name changed places: each is the other's, with a slip at most. */
export function isSwapped(a: Person, b: Person): boolean {
  if (a.given.whole === '' || b.given.whole === '' || a.family.whole === '' || b.family.whole === '') return false;
  const one = jaroWinkler(a.given.whole, b.family.whole, FAR);
  if (one < FAR) return false;
  const other = jaroWinkler(b.given.whole, a.family.whole, FAR);
  return (one >= NEAR && other >= FAR) || (other >= NEAR && one >= FAR);
}

/** One name stands in the other's place, and the second name does not fit: Thomas James beside James Smith. */
export function isCrossed(a: Person, b: Person): boolean {
  return (
    (a.given.whole !== '' && a.given.whole === b.family.whole) ||
    (b.given.whole !== '' && b.given.whole === a.family.whole)
  );
}
