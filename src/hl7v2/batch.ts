/**
 * Cuts files and frames of several messages apart: `[FHS] { [BHS] { MSH ... } [BTS] } [FTS]` (HL7 v2 chapter 2, "batch
 * protocol"), and messages that simply follow one another. Works on bytes, so every message keeps the bytes it came
 * with.
 */
import { latin1, utf16Order } from './charset.ts';

export interface SplitMessage {
  /** A view into the input: the message with its segment ends, without the line ends behind it. */
  readonly bytes: Uint8Array;
  /** Where it begins in the input. */
  readonly offset: number;
  /** 0-based number of its batch; null outside a batch. */
  readonly batch: number | null;
}

export interface SplitIssue {
  readonly kind: 'count' | 'outside';
  /** A sentence for an operator; never holds content. */
  readonly text: string;
}

export interface SplitBatch {
  /** The BHS segment as sent, without its end. */
  readonly header: Uint8Array;
  /** BTS-1; null where there is none. Another number than `holds`: the batch was cut short, or grew, on its way. */
  readonly told: number | null;
  readonly holds: number;
}

export interface Split {
  /** In the order of the input. */
  readonly messages: readonly SplitMessage[];
  /** True when there is an FHS or BHS. A batch without messages is legal. */
  readonly isBatch: boolean;
  /** The FHS segment as sent, without its end; null where there is none. The first one counts. */
  readonly file: Uint8Array | null;
  /** In the order of the input; `SplitMessage.batch` is the place in here. */
  readonly batches: readonly SplitBatch[];
  readonly issues: readonly SplitIssue[];
}

// eslint-disable-next-line no-control-regex -- FS and VT stand between messages where frames were saved to a file
const MARK = /(?:^|[\r\n\u000b\u001c])(?:[\t \ufeff]|\u00ef\u00bb\u00bf)*(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9]|$)/g;

/** Never throws. Bytes before the first header are left out and told in `issues`. */
export function splitMessages(bytes: Uint8Array): Split {
  const { text, width } = asUnits(bytes);
  const splitter = new Splitter(bytes, text, width);
  const marks = [...text.matchAll(MARK)];
  for (const [at, mark] of marks.entries()) {
    const start = mark.index + mark[0].length - 3;
    const next = marks[at + 1];
    splitter.take(mark[1] ?? '', start, next === undefined ? text.length : next.index + 1);
  }
  splitter.outside(0, marks[0]?.index ?? text.length);
  return splitter.result();
}

interface OpenBatch {
  readonly header: Uint8Array;
  told: number | null;
  holds: number;
}

class Splitter {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  readonly #width: number;
  readonly #messages: SplitMessage[] = [];
  readonly #issues: SplitIssue[] = [];
  readonly #batches: OpenBatch[] = [];
  /** The batch under way; null before the first one and between two. */
  #open: OpenBatch | null = null;
  #file: Uint8Array | null = null;
  /** Messages since the last BHS or BTS; senders leave BHS out and write BTS all the same. */
  #count = 0;

  constructor(bytes: Uint8Array, text: string, width: number) {
    this.#bytes = bytes;
    this.#text = text;
    this.#width = width;
  }

  take(name: string, start: number, end: number): void {
    if (name === 'MSH') {
      this.#message(start, end);
    } else if (name === 'FHS') {
      this.#file ??= this.#line(start, end);
    } else if (name === 'BHS') {
      this.#open = { header: this.#line(start, end), told: null, holds: 0 };
      this.#batches.push(this.#open);
      this.#count = 0;
    } else if (name === 'BTS') {
      this.#batchTrailer(told(this.#text.slice(start, end)));
    } else {
      this.#fileTrailer(told(this.#text.slice(start, end)));
    }
  }

  outside(from: number, to: number): void {
    const length = this.#text.slice(from, to).replace(/[\s\p{Cc}\ufeff]/gu, '').length;
    if (length > 0)
      this.#issues.push({ kind: 'outside', text: `${length} bytes belong to no message and were left out.` });
  }

  result(): Split {
    const [file, batches] = [this.#file, this.#batches];
    const isBatch = file !== null || batches.length > 0;
    return { messages: this.#messages, isBatch, file, batches, issues: this.#issues };
  }

  #message(start: number, end: number): void {
    let last = end;
    while (last > start && LINE_END.test(this.#text.charAt(last - 1))) last -= 1;
    // One segment end stays with the message: it is part of its bytes.
    const closing = /^(?:\r\n?|\n)/.exec(this.#text.slice(last, Math.min(end, last + 2)));
    last += closing?.[0].length ?? 0;
    this.#count += 1;
    if (this.#open !== null) this.#open.holds += 1;
    this.#messages.push({
      bytes: this.#bytes.subarray(start * this.#width, last * this.#width),
      offset: start * this.#width,
      batch: this.#open === null ? null : this.#batches.length - 1,
    });
  }

  /** The one segment that begins at `start`. */
  #line(start: number, end: number): Uint8Array {
    let last = start;
    while (last < end && !LINE_END.test(this.#text.charAt(last))) last += 1;
    return this.#bytes.subarray(start * this.#width, last * this.#width);
  }

  /** BTS-1 tells how many messages the batch has: a file that was cut short on its way shows here. */
  #batchTrailer(count: number | null): void {
    const holds = this.#count;
    if (this.#open !== null) this.#open.told = count;
    this.#open = null;
    this.#count = 0;
    if (count === null || count === holds) return;
    this.#issues.push({ kind: 'count', text: `BTS-1 says ${count} messages, the batch holds ${holds}.` });
  }

  /** FTS-1 tells the same of the batches of a file. Files of one batch without a BHS are told as 1 or 0. */
  #fileTrailer(count: number | null): void {
    this.#open = null;
    const holds = this.#batches.length;
    if (count === null || count === holds || (holds === 0 && count === 1)) return;
    this.#issues.push({ kind: 'count', text: `FTS-1 says ${count} batches, the file holds ${holds}.` });
  }
}

/** The number in field 1 of a trailer; null where it holds none. */
function told(trailer: string): number | null {
  const text = trailer.slice(4).split(trailer.charAt(3), 1)[0]?.trim() ?? '';
  return /^\d{1,9}(?!\d)/.test(text) ? Number.parseInt(text, 10) : null;
}

/** The bytes of each message, in order; all of them as one where no message is found, so that nothing is left out. */
export function messageBytes(bytes: Uint8Array): readonly Uint8Array[] {
  const { messages } = splitMessages(bytes);
  return messages.length === 0 ? [bytes] : messages.map((one) => one.bytes);
}

// eslint-disable-next-line no-control-regex -- as above
const LINE_END = /[\r\n\u000b\u001c]/;

/** One character per byte, or per two bytes of UTF-16, so that places in the text are places in the bytes. */
function asUnits(bytes: Uint8Array): { text: string; width: 1 | 2 } {
  const order = utf16Order(bytes);
  if (order === null) return { text: latin1(bytes), width: 1 };
  const decoder = new TextDecoder(order === 'le' ? 'utf-16le' : 'utf-16be', { ignoreBOM: true });
  return { text: decoder.decode(bytes.subarray(0, bytes.length - (bytes.length % 2))), width: 2 };
}
