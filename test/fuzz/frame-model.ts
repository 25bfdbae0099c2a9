/**
 * What a decoder of MLLP frames has to give, written the slow and plain way, byte by byte: the second opinion on
 * `FrameDecoder`.
 */
import type { FrameEvent, FrameOptions } from '../../src/hl7v2/frame.ts';

const [VT, FS, CR, LF] = [0x0b, 0x1c, 0x0d, 0x0a];
const STARTS = ['\x0bMSH', '\x0bFHS', '\x0bBHS'];

/** What does not depend on where the bytes were cut. */
export type Heard =
  | readonly ['frame', bytes: string, finalCr: boolean | null]
  | readonly ['oversize-end', length: number, head: string]
  | readonly ['garbage' | 'restarted' | 'unfinished', length: number];

/** How much of an oversize message is kept where nothing else is said. */
const HEAD = 4096;

/** One character per byte; `end` is the close of the connection. */
export function heardByModel(wire: string, options: FrameOptions): readonly Heard[] {
  const model = new Model(options);
  for (let at = 0; at < wire.length; at += 1) model.take(wire.charAt(at));
  return model.end();
}

/** Events of the decoder in the same words. */
export function heardByDecoder(events: readonly FrameEvent[], options: FrameOptions): readonly Heard[] {
  const heard: Heard[] = [];
  for (const event of events) {
    switch (event.kind) {
      case 'frame': {
        const text = Buffer.from(event.bytes).toString('latin1');
        heard.push(['frame', text, options.finalCr === 'optional' ? null : event.finalCr]);
        break;
      }
      case 'garbage':
        addGarbage(heard, event.length);
        break;
      case 'oversize-end':
        heard.push([event.kind, event.length, Buffer.from(event.head).toString('latin1')]);
        break;
      case 'restarted':
      case 'unfinished':
        heard.push([event.kind, event.length]);
        break;
      case 'oversize':
      case 'stray-fs':
        // When they are told depends on the cuts; that they are is asserted by tests of their own.
        break;
    }
  }
  return heard;
}

function addGarbage(heard: Heard[], length: number): void {
  const last = heard.at(-1);
  if (last?.[0] === 'garbage') heard[heard.length - 1] = ['garbage', last[1] + length];
  else heard.push(['garbage', length]);
}

class Model {
  readonly #options: FrameOptions;
  readonly #heard: Heard[] = [];
  #data: string | null = null;
  #afterFs = false;
  #justEnded = false;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  take(character: string): void {
    const byte = character.charCodeAt(0);
    if (this.#data === null) {
      this.#between(byte);
      return;
    }
    if (this.#afterFs && (byte === CR || byte === VT)) {
      this.#finish(byte === CR);
      if (byte === VT) this.#between(byte);
      return;
    }
    if (this.#afterFs) this.#data += String.fromCharCode(FS);
    this.#afterFs = byte === FS;
    if (!this.#afterFs) this.#data += character;
    else if (this.#options.finalCr === 'optional') this.#finish(false);
  }

  end(): readonly Heard[] {
    const length = (this.#data ?? '').length;
    if (this.#data !== null && this.#afterFs) this.#finish(false);
    else if (this.#data !== null) this.#heard.push(['unfinished', length]);
    return this.#heard;
  }

  #between(byte: number): void {
    if (byte === VT) {
      this.#data = '';
    } else if (!(this.#justEnded && (byte === CR || byte === LF))) {
      this.#justEnded = false;
      addGarbage(this.#heard, 1);
    }
  }

  #finish(finalCr: boolean): void {
    const data = this.#data ?? '';
    const begin = Math.max(...STARTS.map((start) => data.lastIndexOf(start)));
    if (data.length > this.#options.maxFrame_bytes) {
      const kept = Math.min(this.#options.keepHead_bytes ?? HEAD, this.#options.maxFrame_bytes);
      this.#heard.push(['oversize-end', data.length, data.slice(0, kept)]);
    } else {
      if (begin !== -1) this.#heard.push(['restarted', begin]);
      const told = this.#options.finalCr === 'optional' ? null : finalCr;
      this.#heard.push(['frame', begin === -1 ? data : data.slice(begin + 1), told]);
    }
    this.#data = null;
    this.#afterFs = false;
    this.#justEnded = true;
  }
}
