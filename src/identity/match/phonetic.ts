/**
 * A sound code of our own: letters that are heard alike, and confused on paper, become one; vowels and doublings go. It
 * is part of stored keys: a change needs a new epoch (`KEY_EPOCH` in keys.ts).
 */

const RULES: readonly (readonly [pattern: RegExp, by: string])[] = [
  [/^(?:kn|gn|pn)/, 'n'],
  [/^wr/, 'r'],
  [/^wh/, 'w'],
  [/^x/, 's'],
  [/^mac(?=[^aeiouhk])/, 'mc'],
  [/tsch|tch|sch/g, 'x'],
  [/ch|sh/g, 'x'],
  [/ti(?=[ao])|ci(?=[ao])|si(?=on)/g, 'x'],
  [/ph|pf/g, 'f'],
  [/th|dt/g, 't'],
  [/gh(?=[^aeiou]|$)/g, ''],
  [/dge|dgi|dj/g, 'j'],
  [/g(?=[eiy])/g, 'j'],
  [/c(?=[eiy])|z|ß/g, 's'],
  [/x(?=$)/g, 'x'],
  [/ck|cq|qu|q|c/g, 'k'],
  [/d/g, 't'],
  [/b(?=$)/g, 'p'],
  [/v/g, 'f'],
];

const LONGEST = 6;

/** Of one word, folded. Other scripts than Latin are left as they are: their first letters. Empty for an empty word. */
export function soundOf(word: string): string {
  if (!/^[a-z]/.test(word)) return word.slice(0, LONGEST);
  let sound = word;
  for (const [pattern, by] of RULES) sound = sound.replace(pattern, by);
  const first = /^[aeiouy]/.test(sound) ? 'a' : sound.charAt(0);
  const rest = sound.slice(1).replaceAll(/[aeiouyhw]/g, '');
  return `${first}${rest}`.replaceAll(/(.)\1+/g, '$1').slice(0, LONGEST);
}
