/**
 * Quick reading of the header alone, on bytes, for routing and for acknowledgements: a message that cannot be parsed or is
 * too long must still be answered under its own control id. Takes an MSH that stops anywhere and damaged separators.
 */
import { decode, latin1, type DefaultCharset } from './charset.ts';
import { hexReader, unescape } from './escapes.ts';
import { endOfLine, findHeader, HEADER_LIMIT_BYTES } from './message.ts';
import { nth } from './segment.ts';
import { readSeparators, STANDARD_SEPARATORS, type Separators } from './separators.ts';

export class Header {
  readonly separators: Separators;
  /** False when there is no MSH: every field is empty then. */
  readonly found: boolean;
  /** What is wrong with MSH-1 and MSH-2; null when they are sound. */
  readonly damage: string | null;
  readonly #fields: readonly string[];
  readonly #fallback: DefaultCharset;

  constructor(
    fields: readonly string[],
    found: boolean,
    separators: Separators,
    damage: string | null,
    fallback: DefaultCharset,
  ) {
    this.#fields = fields;
    this.found = found;
    this.separators = separators;
    this.damage = damage;
    this.#fallback = fallback;
  }

  /** MSH-n as sent: still escaped, one character per byte (Latin-1), so that it can be sent back byte for byte. */
  raw(n: number): string {
    return n === 1 ? this.separators.field : (this.#fields[n - 1] ?? '');
  }

  /** A component of the first repetition of MSH-n, decoded and unescaped; `''` where absent or `""`. */
  component(n: number, component = 1): string {
    const first = nth(this.raw(n), this.separators.repetition, 1);
    return this.#decoded(nth(first, this.separators.component, component));
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
    return this.component(9);
  }
  /** MSH-9.2: `S12` */
  get triggerEvent(): string {
    return this.component(9, 2);
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
  /** MSH-18, its first repetition that is not empty; as sent. */
  get charset(): string {
    const sent = this.raw(18);
    return nth(sent, this.separators.repetition, 1).trim() || nth(sent, this.separators.repetition, 2).trim();
  }

  #decoded(raw: string): string {
    if (raw === '' || raw === '""') return '';
    const { text } = decode(Buffer.from(raw, 'latin1'), this.charset, this.#fallback);
    return unescape(text, this.separators, hexReader(this.charset, this.#fallback));
  }
}

/** The header of the first message in these bytes. Never throws. */
export function header(bytes: Uint8Array, defaultCharset: DefaultCharset = 'auto'): Header {
  // Zero bytes fall out, so that a UTF-16 message, which must be refused, can be answered under its own control id.
  const text = latin1(bytes.subarray(0, HEADER_LIMIT_BYTES)).replaceAll('\u0000', '');
  const at = findHeader(text);
  if (at === -1) return new Header([], false, STANDARD_SEPARATORS, null, defaultCharset);
  const line = text.slice(at, endOfLine(text, at));
  const { separators, mend, damage } = readSeparators(line);
  return new Header(mend(line).split(separators.field), true, separators, damage, defaultCharset);
}
