/**
 * What is known of names, composed by this project. Short forms stand beside the name that they shorten; what is
 * missing is only weaker evidence. A change needs a new key epoch, because keys are made of the groups.
 */
import { COMMON_GIVEN_NAMES } from './names-given.ts';
import { SHORT_FORMS } from './names-short.ts';

/**
 * Forms that are also given at birth: two of these may well be brothers or sisters, so that they never excuse a
 * difference.
 */
const BIRTH_NAMES = new Set(
  `alex alexa alec amy annie art ben beth bella betty brad cal cameron charlie celia cindy clancy daisy dolly don drew
  eliza elsie ellie evie fran frank fred gail gene george georgie ginger greta gus hal hank harry hugh isa jack jackie
  jake jamie jan jay jeff jeremy jerry jim jon joy joe joey josie jules julie kat kate katie kay ken kim kit kris
  kristie larry laurie lena leo les lex lexi lil lily lilly liam liv liza lottie lou lucy mae magda mandy marc mark
  mary max meg mia mike millie mina mitch molly nat nate nathan nell nico nick nora patti peggy penny pat polly rae
  randy ray rene rex rich rick rob robbie rod ron rose rosie roy russ rusty sadie sally sam sandra sandy sasha sid
  sophie stan sue ted terry tess tessa theo tina toby todd tom tony tori trudy val vera vince wes will willie xander
  zac zach zack zeke`.split(/\s+/),
);

/** Common as names that people go by, and yet hardly ever given. */
const ONLY_SHORT = new Set('bill bob dan dave jim jimmy mike ron tim tom tommy ted ed kim'.split(' '));

const groupsOf = new Map<string, readonly string[]>();
const shortened = new Map<string, ReadonlySet<string>>();
for (const line of SHORT_FORMS.trim().split('\n')) {
  const [name = '', forms = ''] = line.split(': ');
  const list = forms.split(' ');
  shortened.set(name, new Set(list));
  for (const form of [name, ...list]) groupsOf.set(form, [...(groupsOf.get(form) ?? []), name]);
}

const NONE: readonly string[] = [];

/** Names that this one may stand for, itself included where it has short forms; empty: none known. */
export function nameGroups(name: string): readonly string[] {
  return groupsOf.get(name) ?? NONE;
}

/** One of the two is a known short form of the other, or both are short forms of one name. */
export function isShortForm(a: string, b: string): boolean {
  const groups = groupsOf.get(a);
  if (groups === undefined) return false;
  const others = groupsOf.get(b);
  return others !== undefined && groups.some((group) => others.includes(group));
}

/**
 * A short form that nobody is christened with, beside the name it shortens: Bob and Robert. Jack and John are not, they
 * may be brothers.
 */
export function onlyShortens(a: string, b: string): boolean {
  return (
    (shortened.get(a)?.has(b) === true && !isBirthName(b)) || (shortened.get(b)?.has(a) === true && !isBirthName(a))
  );
}

function isBirthName(form: string): boolean {
  if (ONLY_SHORT.has(form)) return false;
  return BIRTH_NAMES.has(form) || shortened.has(form) || COMMON_GIVEN_NAMES.has(form);
}

/** First words that alone name nobody where they are given to several children: the second word tells them apart. */
export const FIRST_OF_SEVERAL: ReadonlySet<string> = new Set(
  `maria mary marie jose jean juan ana anna luis muhammad mohammed mohammad mohamed muhammed abdul abdullah abu al ma
  jan nguyen thi van mei xiao sri md mohd syed sayed`.split(/\s+/),
);
