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

export interface Split {
  /** In the order of the input. */
  readonly messages: readonly SplitMessage[];
  /** True when there is an FHS or BHS. A batch without messages is legal. */
  readonly isBatch: boolean;
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

class Splitter {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  readonly #width: number;
  readonly #messages: SplitMessage[] = [];
  readonly #issues: SplitIssue[] = [];
  #batches = 0;
  #inBatch = false;
  #isBatch = false;
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
      this.#isBatch = true;
    } else if (name === 'BHS') {
      this.#isBatch = true;
      this.#inBatch = true;
      this.#batches += 1;
      this.#count = 0;
    } else if (name === 'BTS') {
      this.#trailer(this.#text.slice(start, end));
    }
  }

  outside(from: number, to: number): void {
    const length = this.#text.slice(from, to).replace(/[\s\p{Cc}\ufeff]/gu, '').length;
    if (length > 0)
      this.#issues.push({ kind: 'outside', text: `${length} bytes belong to no message and were left out.` });
  }

  result(): Split {
    return { messages: this.#messages, isBatch: this.#isBatch, issues: this.#issues };
  }

  #message(start: number, end: number): void {
    let last = end;
    while (last > start && LINE_END.test(this.#text.charAt(last - 1))) last -= 1;
    // One segment end stays with the message: it is part of its bytes.
    const closing = /^(?:\r\n?|\n)/.exec(this.#text.slice(last, Math.min(end, last + 2)));
    last += closing?.[0].length ?? 0;
    this.#count += 1;
    this.#messages.push({
      bytes: this.#bytes.subarray(start * this.#width, last * this.#width),
      offset: start * this.#width,
      batch: this.#inBatch ? this.#batches - 1 : null,
    });
  }

  /** BTS-1 tells how many messages the batch has: a file that was cut short on its way shows here. */
  #trailer(segment: string): void {
    const told = segment.slice(4).split(segment.charAt(3), 1)[0]?.trim() ?? '';
    if (/^\d+/.test(told) && Number.parseInt(told, 10) !== this.#count) {
      const text = `BTS-1 says ${Number.parseInt(told, 10)} messages, the batch holds ${this.#count}.`;
      this.#issues.push({ kind: 'count', text });
    }
    this.#inBatch = false;
  }
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
