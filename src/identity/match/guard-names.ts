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
  return isByWord ? oneName(a.first, b.first, frequencies) : oneName(a.whole, b.whole, frequencies);
}

function oneName(one: string, other: string, frequencies: Frequencies): 'one' | 'two' | 'unclear' {
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
 * Each has a further name that the other has not: Min Jun and Min Ho, Juan Carlos and Juan Pablo. A slip, an initial
 * and a short form are the same name.
 */
export function secondNamesDiffer(a: GivenName, b: GivenName, frequencies: Frequencies): boolean {
  if (a.rest.length === 0 || b.rest.length === 0 || a.whole === b.whole) return false;
  const isIn = (word: string, list: readonly string[]): boolean =>
    list.some((other) => other === word || isInitial(word, other) || isSlip(word, other, frequencies));
  return a.rest.some((word) => !isIn(word, b.rest)) && b.rest.some((word) => !isIn(word, a.rest));
}

function isInitial(one: string, other: string): boolean {
  return (one.length === 1 || other.length === 1) && one.charCodeAt(0) === other.charCodeAt(0);
}

function isSlip(one: string, other: string, frequencies: Frequencies): boolean {
  return onlyShortens(one, other) || oneName(one, other, frequencies) === 'one';
}

/** One name for letters without accents, two with them: each has an accent where the other has another one, or none. */
export function accentsDiffer(a: GivenName, b: GivenName): boolean {
  if (a.accents.length === 0 || b.accents.length === 0) return false;
  return a.accents.some((one, at) => {
    const other = b.accents[at] ?? '';
    return one !== other && bare(one) === bare(other) && leaves(one, other) && leaves(other, one);
  });
}

/** One has an accent that the other lacks at that letter, or has another one there. */
function leaves(one: string, other: string): boolean {
  const others = lettersOf(other);
  return lettersOf(one).some((letter, at) => letter.length > 1 && letter !== others[at]);
}

function lettersOf(word: string): readonly string[] {
  return word.match(/\P{Mn}\p{Mn}*/gu) ?? [];
}

function bare(word: string): string {
  return word.replaceAll(/\p{Mn}/gu, '');
}

/**
 * One letter; not the first letter (names that rhyme are given to twins), and not a letter added
 * at the end (Daniel and Daniela).
 */
function afterSlip(name: string, slip: string): 'one' | 'two' | 'unclear' {
  if (name.charCodeAt(0) !== slip.charCodeAt(0)) return 'two';
  if (isEnding(name, slip)) return 'two';
  if (isShort(name, slip)) return 'unclear';
  return editDistance(name, slip, 1) <= 1 ? 'one' : 'unclear';
}

/**
 * Lan and Loan, Vijay and Vinay: of short names most are one letter from another name, and no list has them all. Of
 * letters in the other order that is not so, and in a name of five or six letters not of one beside the right one.
 */
function isShort(name: string, slip: string): boolean {
  const least = Math.min(name.length, slip.length);
  if (least > SHORT || isTransposition(name, slip)) return false;
  if (least <= SHORTEST) return true;
  return name.length === slip.length && !isBeside(name, slip);
}

const SHORT = 6;
const SHORTEST = 4;

/** The letters that differ are neighbours on a keyboard. */
function isBeside(a: string, b: string): boolean {
  for (let at = 0; at < a.length; at += 1) {
    const [one, other] = [a.charAt(at), b.charAt(at)];
    if (one !== other && !(BESIDE[one] ?? '').includes(other)) return false;
  }
  return true;
}

const BESIDE: Readonly<Record<string, string>> = {
  ...{ q: 'wa', w: 'qeas', e: 'wrsd', r: 'etdf', t: 'ryfg', y: 'tugh', u: 'yihj', i: 'uojk', o: 'ipkl', p: 'ol' },
  ...{ a: 'qwsz', s: 'weadzx', d: 'ersfxc', f: 'rtdgcv', g: 'tyfhvb', h: 'yugjbn', j: 'uihknm', k: 'iojlm', l: 'opk' },
  ...{ z: 'asx', x: 'sdzc', c: 'dfxv', v: 'fgcb', b: 'ghvn', n: 'hjbm', m: 'jkn' },
};

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
