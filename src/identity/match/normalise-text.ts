/**
 * Text of any script brought to one form. What is done here is part of every stored key: a change needs a new epoch.
 */

/** Letters that NFKD leaves whole. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ٱ: 'ا',
  ى: 'ي',
  ة: 'ه',
  ё: 'е',
};
const ODD = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');

/**
 * Marks are taken off only where a letter without them is still the same letter to a reader: in Devanagari, Thai or
 * Tamil they are vowels, and a name without them is another name.
 */
const MARKED = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}])\p{Mn}+/gu;

/** Lower case, without accents, one form of each letter. Blanks and punctuation stay. Longer text is cut. */
export function folded(text: string): string {
  const cut = text.length > LONGEST ? text.slice(0, LONGEST) : text;
  if (PLAIN.test(cut)) return cut.toLowerCase();
  return cut
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(MARKED, '$1')
    .normalize('NFC')
    .replaceAll(ODD, (letter) => LETTERS[letter] ?? letter);
}

/** No name, street or address is longer; a text that is would make every comparison slow. */
const LONGEST = 200;
// eslint-disable-next-line no-control-regex -- the range is all of ASCII
const PLAIN = /^[\x00-\x7f]*$/;

/** Apostrophes join (`O'Brien` is one word), everything else that is no letter or digit divides. */
export function words(text: string): readonly string[] {
  const flat = folded(text).replaceAll(/['’‘ʼ`´ʻ]/gu, '');
  return flat.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/**
 * Words with each accent behind its letter, for names that only their accents tell apart (Hùng and Hưng). Empty where
 * the text has none: who leaves them out says nothing by it.
 */
export function accented(text: string): readonly string[] {
  if (PLAIN.test(text)) return [];
  const flat = text.slice(0, LONGEST).normalize('NFKC').toLowerCase().normalize('NFD');
  if (!/\p{Mn}/u.test(flat)) return [];
  return flat.replaceAll(/['’‘ʼ`´ʻ]/gu, '').match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

export function joined(text: string): string {
  return words(text).join('');
}

/** Names of two scripts cannot be compared letter by letter: that they differ says nothing. */
export function scriptOf(text: string): string {
  for (const [name, pattern] of SCRIPTS) if (pattern.test(text)) return name;
  return '';
}

const SCRIPTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['latin', /\p{Script=Latin}/u],
  ['cyrillic', /\p{Script=Cyrillic}/u],
  ['greek', /\p{Script=Greek}/u],
  ['arabic', /\p{Script=Arabic}/u],
  ['hebrew', /\p{Script=Hebrew}/u],
  ['han', /\p{Script=Han}/u],
  ['kana', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['hangul', /\p{Script=Hangul}/u],
  ['other', /\p{L}/u],
];
