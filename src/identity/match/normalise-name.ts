/** Names of people: parts, particles, generations, and names that stand for no name. */
import { accented, words } from './normalise-text.ts';
import type { FamilyName, GivenName, RecordName } from './person.ts';

export interface ReadName {
  readonly given: GivenName;
  readonly family: FamilyName;
  readonly suffix: string;
  readonly placeholder: boolean;
}

/** Words before a family name that some systems leave out or write together with it. */
const PARTICLES = new Set(
  `van von der den de la las los del della di da das do dos du le el al bin ibn bint ben abu st saint ter ten zu af av
  o mc mac`.split(/\s+/),
);

const TITLES = new Set('mr mrs ms miss mx dr prof rev sir dame fr sr sra srta herr frau mme mlle'.split(' '));

const GENERATIONS: Readonly<Record<string, string>> = {
  ...{ sr: 'sr', senior: 'sr', snr: 'sr', jr: '2', jnr: '2', junior: '2', ii: '2', '2nd': '2', iii: '3', '3rd': '3' },
  ...{ iv: '4', '4th': '4', v: '5', '5th': '5', '2': '2', '3': '3', '4': '4', i: 'sr', '1st': 'sr' },
};

/** Read as a generation behind a name of several words. `v` and `i` may be initials there. */
const UNMISTAKABLE = new Set('sr snr senior jr jnr junior ii iii iv 2nd 3rd 4th'.split(' '));

const GIVEN_PLACEHOLDERS = new Set(
  `baby babyboy babygirl boy girl newborn infant bb bg babya babyb twin twina twinb male female unknown unk test
 testing patient anonymous anon none null nil nfn fnu notgiven noname xxx xx zzz zz aaa abc asdf dummy sample demo
 donotuse void deleted error duplicate firstname nobody unidentified`.split(/\s+/),
);
const FAMILY_PLACEHOLDERS = new Set(
  `unknown unk test testing testpatient patient anonymous anon none nil nln lnu notgiven noname xxx xx zzz zz
 zztest zzztest aaa asdf dummy sample donotuse void deleted error duplicate lastname surname unidentified trauma
 emergency walkin`.split(/\s+/),
);
/** First words of a name that a child has until it is given one: `Baby Boy`, `Twin B`. */
const UNNAMED = new Set('baby babyboy babygirl newborn infant twin'.split(' '));
const DOE_GIVEN = new Set('john jane johnny janie baby richard'.split(' '));
const DOES = new Set(['doe', 'roe']);
/**
 * A name with one of these words is nobody's own: `Boy of Maria`, `Trauma Zulu`. Other than the lists above, they leave
 * the name as it is, and so its keys.
 */
const TELLTALE = new Set(
  `baby boy girl newborn infant neonate unnamed bebe nb boya boyb girla girlb babya babyb fetus trauma unknown
 unidentified test noname anonymous`.split(/\s+/),
);
const TELLTALE_WHOLE = new Set(['donotuse', 'donotsend', 'notapatient']);

/** The first name is the one in use; the family names of the others are kept as earlier ones. */
export function readNames(names: readonly RecordName[]): ReadName {
  const [main] = names;
  const family = familyWords(main?.family ?? '');
  const given = givenWords(main?.given ?? []);
  const suffix = generation(main?.suffix ?? '') || family.suffix || given.suffix;
  const isPlaceholder = placeholder(given.words, family.words);
  const previous = names
    .slice(1)
    .map((name) => familyWords(name.family ?? '').words.join(''))
    .filter((name) => name !== '' && name !== family.words.join(''));
  return {
    given: given.words.length === 0 || placesGiven(given.words) ? NO_GIVEN : givenOf(given.words, main?.given ?? []),
    family: FAMILY_PLACEHOLDERS.has(family.words.join(''))
      ? { ...NO_FAMILY, previous }
      : familyOf(family.words, previous),
    suffix,
    placeholder: isPlaceholder,
  };
}

export const NO_GIVEN: GivenName = { whole: '', first: '', rest: [], accents: [] };
export const NO_FAMILY: FamilyName = { whole: '', parts: [], previous: [] };

function givenOf(list: readonly string[], written: readonly string[]): GivenName {
  return { whole: list.join(''), first: list[0] ?? '', rest: list.slice(1), accents: written.flatMap(accented) };
}

function familyOf(list: readonly string[], previous: readonly string[]): FamilyName {
  const core = list.filter((word) => !PARTICLES.has(word));
  return { whole: list.join(''), parts: core.length === 0 ? list : core, previous };
}

interface Words {
  readonly words: readonly string[];
  readonly suffix: string;
}

function familyWords(text: string): Words {
  // `SMITH, JOHN` typed into one field: what stands behind the comma is no family name, unless it is a generation.
  const [before = '', behind] = text.split(',');
  const list = [...words(before), ...words(behind ?? '').filter((word) => UNMISTAKABLE.has(word))];
  return withoutSuffix(list.filter((word) => word !== ''));
}

function givenWords(given: readonly string[]): Words {
  const list = given.flatMap((part) => words(part));
  while (list.length > 1 && TITLES.has(list[0] ?? '')) list.shift();
  return withoutSuffix(list);
}

function withoutSuffix(list: readonly string[]): Words {
  const last = list.at(-1) ?? '';
  if (list.length < 2 || !UNMISTAKABLE.has(last)) return { words: list, suffix: '' };
  return { words: list.slice(0, -1), suffix: GENERATIONS[last] ?? '' };
}

/** Canonical generation of a suffix field; degrees and orders (`MD`, `RN`) are none. */
export function generation(text: string): string {
  for (const word of words(text)) {
    const found = GENERATIONS[word];
    if (found !== undefined) return found;
  }
  return '';
}

function placesGiven(list: readonly string[]): boolean {
  const isBaby = UNNAMED.has(list[0] ?? '') && list.length <= 3;
  return isBaby || GIVEN_PLACEHOLDERS.has(list.join('')) || list.every(isFiller);
}

function placeholder(given: readonly string[], family: readonly string[]): boolean {
  const last = family.join('');
  if (FAMILY_PLACEHOLDERS.has(last)) return true;
  if (DOES.has(last) && DOE_GIVEN.has(given[0] ?? '')) return true;
  if (DOES.has(given.join('')) && DOE_GIVEN.has(last)) return true;
  if (given.some((word) => TELLTALE.has(word.replace(/^(?:x{2,}|z{2,})/, '')))) return true;
  if (TELLTALE_WHOLE.has([...given, ...family].join(''))) return true;
  if (given.length > 0 && placesGiven(given)) return true;
  return family.length > 0 && family.every(isFiller);
}

/** One letter again and again, or digits: typed to get past a field that must not be empty. */
function isFiller(word: string): boolean {
  return /^(.)\1{2,}$/u.test(word) || /^\p{N}+$/u.test(word);
}
