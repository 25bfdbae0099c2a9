/**
 * One connection of the listener: reads frames, hands them on in their order (one at a time, or `pipelined_frames` at
 * once), answers in their order. Reading and answering are two loops with a short queue between them:
 *
 *   socket --> decoder --> queue (maxPending_frames) --> receive (pipelined_frames) --> answer --> socket
 *
 * Reading waits while the queue is full and answering waits while the other side does not read, so neither a flood of
 * messages nor a sender that ignores its answers makes memory grow.
 */
import type { Socket } from 'node:net';
import { ERRORS } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { randomToken } from '../core/ids.ts';
import { ackCode, acknowledge, mllpRefusal, type AckError } from '../hl7v2/acknowledge.ts';
import { encodeFrame, FrameDecoder, type FrameEvent } from '../hl7v2/frame.ts';
import { header } from '../hl7v2/header.ts';
import type { Peer } from './admission.ts';
import { Bell } from './bell.ts';
import type { ListenerEvent, ListenerOptions } from './listener.ts';

type Item =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'oversize'; readonly head: Uint8Array; readonly length: number };

interface Waiting {
  readonly item: Item;
  /** Null: not handed on yet. */
  answer: Promise<Uint8Array | null> | null;
}

/**
 * A message that goes on past this many times the limit has no end: its connection is closed instead of skipping on.
 */
const SKIP_AT_MOST = 16;
/** What waits of one connection is no larger than this many of the largest messages. */
const PENDING_FRAMES_SIZE = 4;

export class Connection {
  /** Resolves when the socket is closed and every frame that was read is dealt with; never rejects. */
  readonly done: Promise<void>;
  readonly #id: number;
  readonly #peer: Peer;
  readonly #socket: Socket;
  readonly #options: ListenerOptions;
  readonly #decoder: FrameDecoder;
  readonly #queue: Waiting[] = [];
  readonly #readerBell = new Bell();
  readonly #workerBell = new Bell();
  /** Nothing more will be queued. */
  #inputOver = false;
  /** The hub is closing: what arrives now is read and dropped, so that the last answers are not reset away. */
  #finishing = false;
  /** Storing failed: nothing behind the failed frame may be stored or answered, the sender repeats all of it. */
  #broken = false;
  /** Handed on and not settled. */
  #underWay = 0;
  #frameSince: number | null = null;

  constructor(id: number, peer: Peer, socket: Socket, options: ListenerOptions) {
    this.#id = id;
    this.#peer = peer;
    this.#socket = socket;
    this.#options = options;
    this.#decoder = new FrameDecoder({
      maxFrame_bytes: options.limits.maxFrame_bytes,
      ...(options.finalCr === undefined ? {} : { finalCr: options.finalCr }),
    });
    // Errors are seen by the reading loop; without a listener one that comes after it would end the process.
    socket.on('error', () => undefined);
    // `on`, not the callback of setTimeout: that one is called only once.
    socket.on('timeout', () => this.#idle());
    socket.setTimeout(options.limits.idle_ms);
    this.done = this.#run();
  }

  /** Takes no more frames, answers those already read, then ends the connection. */
  finish(): void {
    this.#finishing = true;
    this.#inputOver = true;
    this.#workerBell.ring();
    this.#readerBell.ring();
  }

  /** See `Peer.say`. Never between a message and its own answer, which the sender waits for first. */
  say(message: Uint8Array): 'said' | 'busy' | 'gone' {
    if (!this.#socket.writable || this.#finishing || this.#broken) return 'gone';
    if (this.#queue.length > 0 || this.#socket.writableNeedDrain) return 'busy';
    this.#socket.write(encodeFrame(message));
    return 'said';
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #run(): Promise<void> {
    this.#tell({ kind: 'connected' });
    const reading = this.#read();
    await this.#work();
    if (this.#broken) this.#socket.destroy();
    else await ended(this.#socket);
    await reading;
    this.#socket.destroy();
    this.#tell({ kind: 'disconnected' });
  }

  async #read(): Promise<void> {
    try {
      const chunks: AsyncIterable<Buffer> = this.#socket.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) {
        if (this.#finishing || this.#broken) continue;
        await this.#take(this.#decoder.push(chunk));
        this.#checkEndless();
      }
    } catch {
      // A reset, or our own closing: what matters is what was under way, below.
    }
    await this.#take(this.#decoder.end());
    this.#inputOver = true;
    this.#workerBell.ring();
  }

  async #take(events: readonly FrameEvent[]): Promise<void> {
    for (const event of events) {
      switch (event.kind) {
        case 'frame':
          this.#tell({ kind: 'frame', length: event.bytes.length, finalCr: event.finalCr });
          await this.#enqueue({ kind: 'frame', bytes: event.bytes });
          break;
        case 'oversize-end':
          await this.#enqueue({ kind: 'oversize', head: event.head, length: event.length });
          break;
        case 'unfinished':
          this.#tell({ kind: 'dropped-mid-frame', length: event.length });
          break;
        case 'oversize':
          this.#tell({ kind: 'oversize', length: event.length });
          break;
        case 'garbage':
        case 'restarted':
        case 'stray-fs':
          this.#tell(event);
          break;
      }
    }
    this.#watchFrame(events.length > 0);
  }

  async #enqueue(item: Item): Promise<void> {
    while (this.#isFull() && !this.#finishing && !this.#broken) {
      await this.#readerBell.wait();
    }
    if (this.#finishing || this.#broken) return;
    this.#queue.push({ item, answer: null });
    this.#handOn();
    this.#workerBell.ring();
  }

  /** By their size too: a few large messages take as much memory as many small ones. */
  #isFull(): boolean {
    const { maxPending_frames, maxFrame_bytes } = this.#options.limits;
    if (this.#queue.length >= maxPending_frames) return true;
    const size = ({ item }: Waiting): number => (item.kind === 'frame' ? item.bytes.length : item.head.length);
    return this.#queue.reduce((sum, one) => sum + size(one), 0) >= maxFrame_bytes * PENDING_FRAMES_SIZE;
  }

  /** Hands on what waits, in its order, as many at once as may be. */
  #handOn(): void {
    const most = this.#options.limits.pipelined_frames ?? 1;
    for (const waiting of this.#queue) {
      if (this.#underWay >= most || this.#broken) return;
      if (waiting.answer !== null) continue;
      this.#underWay += 1;
      waiting.answer = this.#answer(waiting.item);
      waiting.answer.then(
        () => (this.#underWay -= 1),
        () => {
          this.#underWay -= 1;
          this.#broken = true;
        },
      );
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      const first = this.#queue[0];
      if (first === undefined) {
        if (this.#inputOver) return;
        await this.#workerBell.wait();
        continue;
      }
      try {
        const answer = await first.answer;
        this.#queue.shift();
        this.#handOn();
        if (answer !== null) await this.#write(answer);
        // Without an answer nothing else would start the time anew that ran out meanwhile.
        else this.#socket.setTimeout(this.#options.limits.idle_ms);
      } catch (error) {
        this.#broken = true;
        this.#tell({ kind: 'error', error: asHubError(error) });
        this.#readerBell.ring();
        return;
      }
      this.#readerBell.ring();
    }
  }

  async #answer(item: Item): Promise<Uint8Array | null> {
    if (item.kind === 'oversize') {
      const { head, length } = item;
      if (this.#options.oversize !== undefined) return await this.#options.oversize(head, length, this.#peer);
      return this.#reject(head, { code: '207', text: ERRORS.MESSAGE_TOO_LARGE.text });
    }
    const refusal = mllpRefusal(item.bytes, header(item.bytes));
    if (refusal !== null) {
      this.#tell({ kind: 'refused-charset', length: item.bytes.length });
      return this.#reject(item.bytes, refusal);
    }
    return await this.#options.receive(item.bytes, this.#peer);
  }

  /** Null without an MSH: there is nobody to address the answer to and no control id to name. */
  #reject(bytes: Uint8Array, error: AckError): Uint8Array | null {
    const read = header(bytes);
    const code = read.found ? ackCode(read, 'rejected') : null;
    if (code === null) return null;
    const controlId = (this.#options.controlId ?? shortToken)();
    const text = error.text ?? '';
    return acknowledge(read, { code, controlId, at: this.#options.clock.now(), text, errors: [error] });
  }

  async #write(answer: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) {
      this.#tell({ kind: 'answer-undelivered' });
      return;
    }
    const flushed = socket.write(encodeFrame(answer), (error) => {
      this.#tell({ kind: error ? 'answer-undelivered' : 'answered' });
    });
    if (!flushed) await drained(socket);
  }

  #idle(): void {
    // Storing may take longer than a quiet sender is given; what follows it starts the time anew.
    if (this.#underWay > 0) return;
    this.#tell({ kind: 'idle-closed' });
    this.#socket.destroy();
  }

  #watchFrame(ended: boolean): void {
    if (!this.#decoder.isInsideFrame) this.#frameSince = null;
    else if (ended || this.#frameSince === null) this.#frameSince = this.#options.clock.monotonic();
  }

  /** Neither a message without end nor one that drips in for ever may keep a connection. */
  #checkEndless(): void {
    const { maxFrame_bytes, maxFrame_ms } = this.#options.limits;
    const since = this.#frameSince;
    const tooSlow =
      since !== null && maxFrame_ms !== undefined && this.#options.clock.monotonic() - since > maxFrame_ms;
    if (!tooSlow && this.#decoder.pending_bytes <= maxFrame_bytes * SKIP_AT_MOST) return;
    const detail = tooSlow ? 'the message took longer than maxFrame_ms' : 'the message has no end';
    this.#tell({ kind: 'error', error: new HubError('MESSAGE_TOO_LARGE', { detail }) });
    this.#socket.destroy();
  }

  #tell(event: EventBody): void {
    this.#options.onEvent({ ...event, connection: this.#id, peer: this.#peer });
  }
}

type WithoutOrigin<E> = E extends unknown ? Omit<E, 'connection' | 'peer'> : never;
type EventBody = WithoutOrigin<Exclude<ListenerEvent, { readonly kind: 'refused' | 'listener-error' }>>;

/** 16 characters: MSH-10 takes 20 up to version 2.6. */
function shortToken(): string {
  return randomToken(12);
}

/** Resolves when every answer is with the operating system: destroying the socket earlier would drop the last ones. */
async function ended(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => socket.end(() => resolve()));
}

async function drained(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve) => {
    const over = (): void => {
      socket.off('drain', over);
      socket.off('close', over);
      resolve();
    };
    socket.on('drain', over);
    socket.on('close', over);
  });
}
