/**
 * Two first names that are alike: one name, or two? Jhon is John and Bob is Robert; Jayden is not Hayden, and Daniela
 * not Daniel. Parents like names that are alike, for twins above all, so that likeness itself proves nothing.
 */
import type { Frequencies } from './frequencies.ts';
import { COMMON_GIVEN_NAMES, looksLikeName } from './names-given.ts';
import { onlyShortens } from './names-known.ts';
import type { GivenName } from './person.ts';
import { editDistance } from './similarity.ts';

/** `unclear`: neither is known as a name, or more than a slip lies between them. */
export function firstNames(a: GivenName, b: GivenName, frequencies: Frequencies): 'one' | 'two' | 'unclear' {
  if (a.first !== b.first && onlyShortens(a.first, b.first)) return 'one';
  // `jac ob` is compared as a whole, `jacob james` by its first word.
  const isByWord = a.rest.length > 0 === b.rest.length > 0 || editDistance(a.first, b.first, 2) <= 2;
  const [one, other] = isByWord ? [a.first, b.first] : [a.whole, b.whole];
  const isTurned = isTransposition(one, other);
  const countOne = frequencies.countOfGiven(one);
  const countOther = frequencies.countOfGiven(other);
  const nameOne = isName(one, countOne, countOther, isTurned);
  const nameOther = isName(other, countOther, countOne, isTurned);
  if (nameOne && nameOther) return 'two';
  if (!nameOne && !nameOther) return 'unclear';
  return nameOne ? afterSlip(one, other) : afterSlip(other, one);
}

/**
 * One letter, or two in a long name; not the first letter (names that rhyme are given to twins), and not a letter added
 * at the end (Daniel and Daniela).
 */
function afterSlip(name: string, slip: string): 'one' | 'two' | 'unclear' {
  if (name.charCodeAt(0) !== slip.charCodeAt(0)) return 'two';
  if (isEnding(name, slip)) return 'two';
  return editDistance(name, slip, 2) <= (name.length >= 7 ? 2 : 1) ? 'one' : 'unclear';
}

/** Nobody's slip is made often, beside how often the name is written rightly. */
const SLIPS_PER_NAME = 1 / 300;
const SEEN_OFTEN = 3;

/** No two names that parents choose differ by two letters in the other order: there only what is known is a name. */
function isName(name: string, count: number, countOfOther: number, isTurned: boolean): boolean {
  if (isTurned ? COMMON_GIVEN_NAMES.has(name) : looksLikeName(name)) return true;
  return count >= SEEN_OFTEN && count > countOfOther * SLIPS_PER_NAME;
}

function isTransposition(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let at = 0;
  while (a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}

function isEnding(name: string, slip: string): boolean {
  const [short, long] = name.length < slip.length ? [name, slip] : [slip, name];
  return long.startsWith(short) && /^(?:a|e|i|o|y|ah|ie|ia|ina|ita|yn|lyn|lynn)$/.test(long.slice(short.length));
}
