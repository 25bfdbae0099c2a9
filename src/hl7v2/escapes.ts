/**
 * Escape sequences of HL7 v2 (chapter 2, "use of escape sequences in text fields"), both ways. Reading scans once from
 * left to right and never reads its own result again (`\E\F\E\` is the text `\F\`); a sequence that is not known stays
 * as it is.
 */
import { decodePart, type DefaultCharset } from './charset.ts';
import { STANDARD_SEPARATORS, type Separators } from './separators.ts';

/** Text of an `\Xhh..\` sequence: bytes in the character set of the message. */
export type HexReader = (bytes: Uint8Array) => string;

/** Bytes that do not fit the set of the message are read as UTF-8 or Windows-1252. */
export function hexReader(charset: string, fallback: DefaultCharset = 'auto'): HexReader {
  return (bytes) => decodePart(bytes, charset, fallback).text;
}

const HEX = /^X(?:[0-9A-Fa-f]{2})+$/;
const FORMATTING = /^\.(br|sp|fi|nf|in|ti|sk|ce)\s*([+-]?\d{1,3})?$/;

/** Plain text of what stood between two separators. `\.br\` becomes a line feed; `\H\` and `\N\` leave nothing. */
export function unescape(text: string, separators: Separators = STANDARD_SEPARATORS, hex = hexReader('')): string {
  const mark = separators.escape;
  if (mark === '') return text;
  let at = text.indexOf(mark);
  if (at === -1) return text;
  let out = '';
  let from = 0;
  while (at !== -1) {
    const end = text.indexOf(mark, at + 1);
    if (end === -1) break;
    const sequence = text.slice(at + 1, end);
    if (HEX.test(sequence)) {
      const run = hexRun(text, at, end, mark);
      out += text.slice(from, at) + hex(run.bytes);
      from = run.next;
    } else {
      const meaning = meaningOf(sequence, separators);
      if (meaning === null) {
        // Not a sequence (a Windows path, a lone backslash): the second mark may open one itself.
        at = end;
        continue;
      }
      out += text.slice(from, at) + meaning;
      from = end + 1;
    }
    at = text.indexOf(mark, from);
  }
  return out + text.slice(from);
}

/** Neighbouring `\Xhh\` are one run of bytes: senders write a two-byte character as `\XC3\\XA7\`. */
function hexRun(text: string, at: number, end: number, mark: string): { bytes: Uint8Array; next: number } {
  let digits = text.slice(at + 2, end);
  let next = end + 1;
  while (text.startsWith(`${mark}X`, next)) {
    const close = text.indexOf(mark, next + 1);
    if (close === -1 || !HEX.test(text.slice(next + 1, close))) break;
    digits += text.slice(next + 2, close);
    next = close + 1;
  }
  return { bytes: Buffer.from(digits, 'hex'), next };
}

function meaningOf(sequence: string, separators: Separators): string | null {
  switch (sequence) {
    case 'F':
      return separators.field;
    case 'S':
      return separators.component;
    case 'T':
      return separators.subcomponent === '' ? '&' : separators.subcomponent;
    case 'R':
      return separators.repetition;
    case 'E':
      return separators.escape;
    case 'P':
      return separators.truncation === '' ? '#' : separators.truncation;
    case 'H':
    case 'N':
      return '';
    default:
      return sequence.startsWith('.') ? formatting(sequence) : null;
  }
}

function formatting(sequence: string): string | null {
  const found = FORMATTING.exec(sequence);
  if (found === null) return null;
  const count = Math.max(0, Number(found[2] ?? '1'));
  switch (found[1]) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count);
    case 'sk':
      return ' '.repeat(count);
    default:
      return '';
  }
}

export interface EscapeOptions {
  /** `hex` keeps CR and LF exactly; `br` writes every line end as `\.br\`, which only FT and TX fields may hold. */
  readonly lineEnds?: 'hex' | 'br';
}

/**
 * Text as it may stand between separators: `unescape(escape(text))` is `text`, with `lineEnds: 'hex'`. Block characters
 * of MLLP are written as hex, since a frame must not hold them. Without an escape character separators become blanks.
 */
export function escape(
  text: string,
  separators: Separators = STANDARD_SEPARATORS,
  options: EscapeOptions = {},
): string {
  const mark = separators.escape;
  const names = new Map<string, string>();
  if (separators.truncation !== '') names.set(separators.truncation, 'P');
  if (separators.subcomponent !== '') names.set(separators.subcomponent, 'T');
  names.set(separators.repetition, 'R').set(separators.component, 'S').set(separators.field, 'F').set(mark, 'E');
  // A text of two quotes would be read as null: "delete what is stored".
  if (text === '""' && mark !== '') return `${mark}X22${mark}"`;
  const lines = options.lineEnds === 'br' ? text.replace(/\r\n?/g, '\n') : text;
  let out = '';
  for (const character of lines) {
    const name = names.get(character) ?? controlName(character, options.lineEnds ?? 'hex');
    if (name === undefined) out += character;
    else out += mark === '' ? ' ' : mark + name + mark;
  }
  return out;
}

function controlName(character: string, lineEnds: 'hex' | 'br'): string | undefined {
  if (character === '\n') return lineEnds === 'br' ? '.br' : 'X0A';
  if (character === '\r') return 'X0D';
  if (character === '\u000b') return 'X0B';
  if (character === '\u001c') return 'X1C';
  return undefined;
}
