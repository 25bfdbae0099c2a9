/**
 * MLLP frames: 0x0B, the message, 0x1C 0x0D ("Minimal Lower Layer Protocol", HL7 transport specification, release 1).
 * One decoder per socket: one shared by all sockets of a listener mixes two senders into one message (seen in a
 * published server). Pure; each byte is looked at a fixed number of times whatever the chunks, and no more than one
 * frame is kept.
 */
export const VT = 0x0b;
export const FS = 0x1c;
export const CR = 0x0d;
const LF = 0x0a;

export interface FrameOptions {
  /** A longer message is not kept: it is skipped to its end. */
  readonly maxFrame_bytes: number;
  /**
   * `required`: FS ends a frame only before CR, else it is data. `optional`: FS alone ends it, for senders that never
   * write the CR and wait for an answer; data cannot hold FS then.
   */
  readonly finalCr?: 'required' | 'optional';
  /** How much of an oversize message is kept, to read its header and answer it. */
  readonly keepHead_bytes?: number;
}

export type FrameEvent =
  /** A message; the bytes are a copy of its own. `finalCr` is false when the sender left the CR out. */
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly finalCr: boolean }
  /** Bytes between frames, skipped. At least one event per chunk that holds some. */
  | { readonly kind: 'garbage'; readonly length: number }
  /** The message passed the limit; the rest of it is skipped. `head` is its beginning. */
  | { readonly kind: 'oversize'; readonly length: number; readonly head: Uint8Array }
  /** The oversize message has ended; `length` is all of it. Answer it now. */
  | { readonly kind: 'oversize-end'; readonly length: number; readonly head: Uint8Array }
  /** The sender gave up a message in the middle and began again without closing it; what it had sent is dropped. */
  | { readonly kind: 'restarted'; readonly length: number }
  /** FS inside a message, kept as data. */
  | { readonly kind: 'stray-fs' }
  /** Only from `end()`: the connection closed inside a message. */
  | { readonly kind: 'unfinished'; readonly length: number };

type State = 'between' | 'inside' | 'skipping';

const FIRST_BUFFER_BYTES = 4096;
/** A larger buffer is given back after its frame, so that one large message does not stay for the life of a socket. */
const KEPT_BUFFER_BYTES = 65_536;
const HEADER_NAMES = ['MSH', 'FHS', 'BHS'] as const;

export class FrameDecoder {
  readonly #max: number;
  readonly #crRequired: boolean;
  readonly #keepHead: number;
  #state: State = 'between';
  /** FS was the last byte seen inside a message; it is not in the buffer yet. */
  #afterFs = false;
  /** The last frame has just ended: line ends that follow it are no garbage. */
  #justEnded = false;
  #buffer = Buffer.alloc(0);
  #length = 0;
  #skipped = 0;

  constructor(options: FrameOptions) {
    this.#max = options.maxFrame_bytes;
    this.#crRequired = options.finalCr !== 'optional';
    this.#keepHead = Math.min(options.keepHead_bytes ?? 4096, options.maxFrame_bytes);
  }

  /** Bytes of the message under way, those of an oversize one that were skipped included. */
  get pending_bytes(): number {
    return this.#length + this.#skipped + (this.#afterFs ? 1 : 0);
  }

  /** Memory that is kept between reads; never more than `maxFrame_bytes`, whatever comes. */
  get held_bytes(): number {
    return this.#buffer.length;
  }

  get isInsideFrame(): boolean {
    return this.#state !== 'between';
  }

  push(chunk: Uint8Array): readonly FrameEvent[] {
    const events: FrameEvent[] = [];
    const view = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < view.length) {
      at = this.#state === 'between' ? this.#between(view, at, events) : this.#inside(view, at, events);
    }
    return events;
  }

  /** The connection was closed by the sender. A message that lacks only its CR is complete. */
  end(): readonly FrameEvent[] {
    const events: FrameEvent[] = [];
    if (this.#state === 'inside' && this.#afterFs) this.#finish(Buffer.alloc(0), events, false);
    else if (this.#state === 'skipping' && this.#afterFs) this.#finishSkipped(events);
    else if (this.#state !== 'between') events.push({ kind: 'unfinished', length: this.pending_bytes });
    this.#reset();
    return events;
  }

  #between(view: Buffer, from: number, events: FrameEvent[]): number {
    let start = from;
    if (this.#justEnded) {
      while (view[start] === CR || view[start] === LF) start += 1;
      if (start < view.length) this.#justEnded = false;
    }
    const vt = view.indexOf(VT, start);
    const end = vt === -1 ? view.length : vt;
    if (end > start) events.push({ kind: 'garbage', length: end - start });
    if (vt === -1) return view.length;
    this.#state = 'inside';
    this.#justEnded = false;
    return vt + 1;
  }

  #inside(view: Buffer, from: number, events: FrameEvent[]): number {
    if (this.#afterFs) return this.#afterSeparator(view, from, from, events);
    const fs = view.indexOf(FS, from);
    if (fs === -1) {
      this.#keep(view.subarray(from), events);
      return view.length;
    }
    const rest = view.subarray(from, fs);
    this.#afterFs = true;
    if (!this.#crRequired || fs + 1 < view.length) {
      // The common case: the whole message lies in this chunk and is copied once.
      return this.#afterSeparator(view, fs + 1, from, events, rest);
    }
    this.#keep(rest, events);
    return view.length;
  }

  /** `next` is the place behind FS; `rest` holds bytes before FS that are not in the buffer yet. */
  #afterSeparator(view: Buffer, next: number, from: number, events: FrameEvent[], rest = view.subarray(0, 0)): number {
    const byte = view[next];
    // VT cannot stand in a message, so FS VT is the end of one message whose CR is missing and the start of another.
    const ends = byte === CR || byte === VT || !this.#crRequired;
    if (ends) {
      const finalCr = byte === CR;
      if (this.#state === 'skipping') {
        this.#skipped += rest.length;
        this.#finishSkipped(events);
      } else {
        this.#finish(rest, events, finalCr);
      }
      return finalCr ? next + 1 : next;
    }
    this.#afterFs = false;
    events.push({ kind: 'stray-fs' });
    if (rest.length > 0) this.#keep(view.subarray(from, next), events);
    else this.#keep(FS_BYTE, events);
    return next;
  }

  #keep(bytes: Buffer, events: FrameEvent[]): void {
    if (this.#state === 'skipping') {
      this.#skipped += bytes.length;
      return;
    }
    if (this.#length + bytes.length > this.#max) {
      this.#beginSkipping(bytes, events);
      return;
    }
    this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const size = Math.min(this.#max, Math.max(FIRST_BUFFER_BYTES, needed, this.#buffer.length * 2));
      const larger = Buffer.allocUnsafeSlow(size);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  #beginSkipping(bytes: Buffer, events: FrameEvent[]): void {
    const missing = this.#keepHead - this.#length;
    if (missing > 0) this.#append(bytes.subarray(0, missing));
    const head = Buffer.from(this.#buffer.subarray(0, Math.min(this.#length, this.#keepHead)));
    const length = this.#length + bytes.length - Math.min(Math.max(missing, 0), bytes.length);
    this.#buffer = head;
    this.#length = head.length;
    this.#skipped = length - head.length;
    this.#state = 'skipping';
    events.push({ kind: 'oversize', length, head });
  }

  #finish(rest: Buffer, events: FrameEvent[], finalCr: boolean): void {
    if (this.#length + rest.length > this.#max) {
      this.#beginSkipping(rest, events);
      this.#finishSkipped(events);
      return;
    }
    const whole = Buffer.allocUnsafeSlow(this.#length + rest.length);
    this.#buffer.copy(whole, 0, 0, this.#length);
    rest.copy(whole, this.#length);
    const cut = restartOf(whole);
    if (cut > 0) events.push({ kind: 'restarted', length: cut - 1 });
    events.push({ kind: 'frame', bytes: cut > 0 ? whole.subarray(cut) : whole, finalCr });
    this.#reset();
    this.#justEnded = true;
  }

  #finishSkipped(events: FrameEvent[]): void {
    events.push({ kind: 'oversize-end', length: this.#length + this.#skipped, head: this.#buffer });
    this.#reset();
    this.#justEnded = true;
  }

  #reset(): void {
    if (this.#buffer.length > KEPT_BUFFER_BYTES || this.#state === 'skipping') this.#buffer = Buffer.alloc(0);
    this.#state = 'between';
    this.#afterFs = false;
    this.#length = 0;
    this.#skipped = 0;
  }
}

const FS_BYTE = Buffer.from([FS]);

/**
 * Where a message begins anew inside what was framed (VT and a header segment), 0 where it does not. Read as one
 * message it would carry one patient's header and another's appointment.
 */
function restartOf(whole: Buffer): number {
  let from = whole.length;
  while (from >= 0) {
    const vt = whole.lastIndexOf(VT, from);
    if (vt === -1) return 0;
    const name = whole.toString('latin1', vt + 1, vt + 4);
    if (HEADER_NAMES.some((header) => header === name)) return vt + 1;
    from = vt - 1;
  }
  return 0;
}

/** @throws RangeError when the bytes hold FS CR or FS VT, which would end the frame early */
export function encodeFrame(bytes: Uint8Array): Uint8Array {
  for (let at = bytes.indexOf(FS); at !== -1; at = bytes.indexOf(FS, at + 1)) {
    const next = bytes[at + 1];
    if (next === CR || next === VT) throw new RangeError('a message that holds the end of a frame cannot be framed');
  }
  const framed = Buffer.allocUnsafeSlow(bytes.length + 3);
  framed[0] = VT;
  framed.set(bytes, 1);
  framed[bytes.length + 1] = FS;
  framed[bytes.length + 2] = CR;
  return framed;
}
