/**
 * Quick reading of the header alone, on bytes, for routing and for acknowledgements: a message that cannot be parsed or
 * is too long must still be answered under its own control id. Takes an MSH that stops anywhere and damaged separators.
 */
import { charsetOf, decodePart, latin1, utf16Order, type DefaultCharset } from './charset.ts';
import { hexReader, unescape } from './escapes.ts';
import { nth } from './segment.ts';
import { readSeparators, type SeparatorReading, type Separators } from './separators.ts';

export class Header {
  readonly separators: Separators;
  /** False when there is no MSH: every field is empty then. */
  readonly found: boolean;
  /** What is wrong with MSH-1 and MSH-2; null when they are sound. */
  readonly damage: string | null;
  readonly #fields: readonly string[];
  readonly #reading: SeparatorReading;
  readonly #fallback: DefaultCharset;
  readonly #behind: string;

  /**
   * `line` is the MSH segment as sent, one character per byte; `''` when there is none. `behind` is what follows it, in
   * which EVN is looked for where MSH-9 names no event.
   */
  constructor(line: string, fallback: DefaultCharset, behind = '') {
    this.found = line !== '';
    this.#reading = readSeparators(this.found ? line : SOUND);
    this.separators = this.#reading.separators;
    this.damage = this.#reading.damage;
    this.#fields = this.#reading.mend(line).split(this.separators.field);
    this.#fallback = fallback;
    this.#behind = behind;
  }

  /** MSH-n as sent: still escaped, one character per byte (Latin-1), so that it can be sent back byte for byte. */
  raw(n: number): string {
    return n === 1 ? this.separators.field : (this.#fields[n - 1] ?? '');
  }

  /** A component of the first repetition of MSH-n, decoded and unescaped; `''` where absent or `""`. */
  component(n: number, component = 1): string {
    return this.#decoded(this.#sent(this.raw(n), component));
  }

  /** MSH-3.1 */
  get sendingApplication(): string {
    return this.component(3);
  }
  /** MSH-4.1 */
  get sendingFacility(): string {
    return this.component(4);
  }
  /** MSH-5.1 */
  get receivingApplication(): string {
    return this.component(5);
  }
  /** MSH-6.1 */
  get receivingFacility(): string {
    return this.component(6);
  }
  /** MSH-9.1: `SIU` */
  get messageCode(): string {
    return this.#code(this.raw(9), 1);
  }
  /** MSH-9.2: `S12`. Where it says nothing, EVN-1: version 2.1 senders name the event there alone. */
  get triggerEvent(): string {
    return this.#code(this.raw(9), 2) || this.#code(this.#recordedEvent(), 1);
  }
  /** MSH-10, the whole field */
  get controlId(): string {
    return this.#decoded(this.raw(10));
  }
  /** MSH-11.1: `P`, `T` or `D` */
  get processingId(): string {
    return this.component(11);
  }
  /** MSH-12.1: `2.5.1` */
  get version(): string {
    return this.component(12);
  }
  /** The value of MSH-18 to read the message by, as sent; see `charsetOf`. */
  get charset(): string {
    return charsetOf(this.raw(18), this.separators.repetition);
  }

  #sent(field: string, component: number): string {
    return nth(nth(field, this.separators.repetition, 1), this.separators.component, component);
  }

  /** A code, as `Message` reads it: the first sub-component, without the blanks that senders fill up with. */
  #code(field: string, component: number): string {
    return this.#decoded(nth(this.#sent(field, component), this.separators.subcomponent, 1)).trim();
  }

  /** EVN-1 as sent; `''` where there is none before the next message. */
  #recordedEvent(): string {
    const { field } = this.separators;
    for (const line of this.#behind.split(/[\r\n]/)) {
      const segment = line.trim();
      if (segment.slice(0, 4).toUpperCase() === `EVN${field}`) return nth(line.trimStart(), field, 2);
      if (NEXT.test(segment)) return '';
    }
    return '';
  }

  #decoded(raw: string): string {
    if (raw === '' || raw === '""') return '';
    const clean = this.#reading.clean(raw);
    // The same in every character set: nearly every field of a header, and a busy listener reads ten of each.
    if (PLAIN.test(clean) && !clean.includes(this.separators.escape)) return clean;
    const { text } = decodePart(Buffer.from(clean, 'latin1'), this.charset, this.#fallback);
    return unescape(text, this.separators, hexReader(this.charset, this.#fallback));
  }
}

/** Where `splitMessages` cuts: the message has ended. */
const NEXT = /^(?:MSH|FHS|BHS|BTS|FTS)(?![A-Za-z0-9])/;
const PLAIN = /^[A-Za-z0-9 ._:/-]*$/;
const SOUND = 'MSH|^~\\&|';
const HEADER_LIMIT_BYTES = 16_384;

/** The header of the first message in these bytes. Never throws. */
export function header(bytes: Uint8Array, defaultCharset: DefaultCharset = 'auto'): Header {
  const text = headerText(bytes);
  const at = findHeader(text);
  if (at === -1) return new Header('', defaultCharset);
  const end = endOfLine(text, at);
  return new Header(text.slice(at, end), defaultCharset, text.slice(end));
}

/**
 * One character per byte. Of a UTF-16 or UTF-32 message, which must be refused over MLLP, the zero bytes fall out, so
 * that it can be answered under its own control id; block characters among them would end the answer's own frame.
 */
export function headerText(bytes: Uint8Array): string {
  const text = latin1(bytes.subarray(0, HEADER_LIMIT_BYTES));
  const isWide = utf16Order(bytes) !== null || bytes.subarray(0, 4).includes(0);
  // eslint-disable-next-line no-control-regex -- as said
  return isWide ? text.replace(/[\u0000\u000b\u001c]/g, '') : text;
}

/**
 * Where the header begins in text that starts with line ends, a byte order mark or strange bytes; -1 without any. The
 * first MSH of a line counts before one in the middle of a line.
 */
export function findHeader(text: string): number {
  let inLine = -1;
  for (let at = text.indexOf('MSH'); at !== -1; at = text.indexOf('MSH', at + 3)) {
    const next = text.charAt(at + 3);
    if (/[A-Za-z0-9]/.test(next)) continue;
    if (beginsLine(text, at)) return at;
    if (inLine === -1 && next.trim() !== '') inLine = at;
  }
  return inLine;
}

const BLANK = /[\s\p{Cc}]/u;

function beginsLine(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && BLANK.test(text.charAt(before))) {
    if (text.charAt(before) === '\r' || text.charAt(before) === '\n') return true;
    before -= 1;
  }
  return before < 0;
}

function endOfLine(text: string, from: number): number {
  const cr = text.indexOf('\r', from);
  const lf = text.indexOf('\n', from);
  if (cr === -1) return lf === -1 ? text.length : lf;
  return lf === -1 ? cr : Math.min(cr, lf);
}
