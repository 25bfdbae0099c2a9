/**
 * The separators of one message, read from MSH-1 and MSH-2 (HL7 v2 chapter 2, "message delimiters"). Real senders
 * damage them: a backslash is lost or doubled by a string literal, `&` becomes `&amp;`, MSH-2 is left out. Each known
 * damage is mended here, so that nothing behind this file knows about it, and is reported.
 */
export interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  /** `''` when the sender has none: then nothing is unescaped. */
  readonly escape: string;
  /** `''` when the sender has none: then a component has no parts. */
  readonly subcomponent: string;
  /** `''` before version 2.7, mostly `#` from there on. */
  readonly truncation: string;
}

export const STANDARD_SEPARATORS: Separators = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
};

export interface SeparatorReading {
  readonly separators: Separators;
  /** Puts MSH-1 and MSH-2 back where they belong, in the header or the whole message; changes nothing behind them. */
  readonly mend: (text: string) => string;
  /** Undoes what happened to every byte on the way (doubled backslashes, XML entities). */
  readonly clean: (text: string) => string;
  /** What was wrong, for an operator; null when MSH-1 and MSH-2 are sound. */
  readonly damage: string | null;
}

const STANDARD_MSH_2 = '^~\\&';
/**
 * What cannot be a separator. Not the quote, or null (`""`) could not be told from two of them; block characters of
 * MLLP least of all: an answer written with them would end its own frame.
 */
// eslint-disable-next-line no-control-regex -- as said
const UNFIT = /["A-Za-z0-9\s\u0000-\u001f\u007f]/;

/** MSH-2 as it is written in an answer. */
export function encodingCharacters(separators: Separators): string {
  const { component, repetition, escape, subcomponent, truncation } = separators;
  return component + repetition + escape + subcomponent + truncation;
}

/** `text` starts with the name of an MSH, FHS or BHS segment and holds at least that segment. */
export function readSeparators(text: string): SeparatorReading {
  // The line alone, as whoever acknowledges sees it: a separator is never looked for in the segment behind.
  const [head = ''] = text.split(/[\r\n]/, 1);
  const name = head.slice(0, 3);
  if (head.length <= 3) return reading(STANDARD_SEPARATORS, 'the header stops before its separators');
  const behind = head.charAt(7);
  if (head.startsWith(STANDARD_MSH_2, 3) && behind !== '' && !UNFIT.test(behind) && !STANDARD_MSH_2.includes(behind)) {
    const field = behind;
    return reading({ ...STANDARD_SEPARATORS, field }, 'MSH-1 is missing', (text) => name + field + text.slice(3));
  }
  const field = head.charAt(3);
  if (UNFIT.test(field)) return readAfterSpace(head, name);
  const end = head.indexOf(field, 4);
  const second = end === -1 ? head.slice(4) : head.slice(4, end);
  if (second === STANDARD_MSH_2) return reading(field === '|' ? STANDARD_SEPARATORS : standardBeside(field));
  return readSecond(name, field, second);
}

function readAfterSpace(head: string, name: string): SeparatorReading {
  const rest = head.slice(3).trimStart();
  if (rest === '' || UNFIT.test(rest.charAt(0))) {
    return reading(
      STANDARD_SEPARATORS,
      'MSH-1 is not a separator',
      (text) => `${name}|${STANDARD_MSH_2}|${text.slice(3)}`,
    );
  }
  const inner = readSeparators(name + rest);
  return {
    ...inner,
    damage: 'blanks stand before MSH-1',
    mend: (text) => inner.mend(name + text.slice(3).trimStart()),
  };
}

function readSecond(name: string, field: string, second: string): SeparatorReading {
  const standard = standardBeside(field);
  const sound = encodingCharacters(standard);
  if (second.trim() === '') {
    return reading(standard, 'MSH-2 is empty', (text) => name + field + sound + text.slice(4 + second.length));
  }
  if (second === '^~\\\\&') {
    // Every backslash was doubled on the way (a JSON or source-code literal), those of the content too.
    return reading(standard, 'backslashes are doubled', same, (text) => text.replaceAll('\\\\', '\\'));
  }
  if (second.includes('&amp;')) {
    return reading(standard, 'the message is written with XML entities', same, withoutEntities);
  }
  // By position `&` would be the escape character; in the field it is a standard MSH-2 whose backslash was lost.
  if (second === '^~&') return reading(standard, 'MSH-2 has lost its escape character');
  if (UNFIT.test(second.charAt(0))) {
    return reading(standard, 'MSH-2 is missing', (text) => name + field + sound + field + text.slice(4));
  }
  return readByPosition(field, second);
}

/** The standard ones without the one that the sender has taken for its fields. */
function standardBeside(field: string): Separators {
  const free = (mark: string): string => (mark === field ? '' : mark);
  const { component, repetition, escape, subcomponent } = STANDARD_SEPARATORS;
  return {
    field,
    component: free(component),
    repetition: free(repetition),
    escape: free(escape),
    subcomponent: free(subcomponent),
    truncation: '',
  };
}

function readByPosition(field: string, second: string): SeparatorReading {
  const used = new Set([field]);
  const unfit: number[] = [];
  const take = (index: number, fallback: string): string => {
    const sent = second.charAt(index);
    const fit = sent !== '' && !UNFIT.test(sent) && !used.has(sent) ? sent : '';
    if (fit === '' && fallback !== '') unfit.push(index);
    const kept = fit !== '' ? fit : used.has(fallback) ? '' : fallback;
    if (kept !== '') used.add(kept);
    return kept;
  };
  const four = {
    field,
    component: take(0, '^'),
    repetition: take(1, '~'),
    escape: take(2, '\\'),
    subcomponent: take(3, '&'),
  };
  // Behind four that are not sound a fifth is no truncation character, and an answer written with it would be misread.
  if (unfit.length > 0) return reading({ ...four, truncation: '' }, 'MSH-2 is incomplete or names one character twice');
  return reading({ ...four, truncation: take(4, '') });
}

function withoutEntities(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => entities[name] ?? whole);
}

function reading(
  separators: Separators,
  damage: string | null = null,
  mend: (text: string) => string = same,
  clean: (text: string) => string = same,
): SeparatorReading {
  return { separators, mend, clean, damage };
}

function same(text: string): string {
  return text;
}
