/**
 * Sends HL7 v2 messages over one kept MLLP connection, one at a time and in order. The outcome tells what is known: an
 * answer that never came is `unknown`, because the message may have been stored; only what provably never left is
 * `unsent`. When to try again is the caller's business.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { readAcknowledgement, type Acknowledgement, type AckCode } from '../hl7v2/acknowledge.ts';
import { encodeFrame, FrameDecoder } from '../hl7v2/frame.ts';
import { header } from '../hl7v2/header.ts';

export type SendOutcome =
  /** AA or CA. */
  | { readonly kind: 'accepted'; readonly ack: ReceivedAck }
  /**
   * AE, AR, CE or CR: sending it again unchanged is useless, but for AR and CR, which may be trouble of the receiver.
   */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly text: string; readonly ack: ReceivedAck }
  | { readonly kind: 'unsent'; readonly error: HubError }
  | { readonly kind: 'unknown'; readonly error: HubError };

export type RefusalCode = Exclude<AckCode, 'AA' | 'CA'>;

export interface ReceivedAck extends Acknowledgement {
  /** The whole answer: an SRR carries the appointment. */
  readonly bytes: Uint8Array;
}

export interface SenderOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly clock: Clock;
  readonly connect_ms: number;
  /** How long an answer may take. After it the connection is closed, so that a late answer has nowhere to arrive. */
  readonly ack_ms: number;
  /** Longest answer that is read. Default 1 MiB. */
  readonly maxAnswer_bytes?: number;
  /** An answer to no message under way (late, repeated, or an application acknowledgement nobody waits for). */
  readonly onStrayAnswer?: (bytes: Uint8Array) => void;
}

export interface SendOptions {
  /** `application`: CA is not the end, AA, AE or AR is waited for as well, under the same time limit. */
  readonly until?: 'first' | 'application';
}

export interface Sender {
  /** Waits its turn; never rejects. The bytes are one message, not framed. */
  send(message: Uint8Array, options?: SendOptions): Promise<SendOutcome>;
  /** What waits is `unsent`, what is under way is `unknown`. */
  close(): Promise<void>;
}

/** Opens no connection yet: the first message does, and each one after the connection was lost. */
export function createSender(options: SenderOptions): Sender {
  return new OneAtATime(options);
}

interface UnderWay {
  readonly rawControlId: string;
  readonly until: 'first' | 'application';
  settle(outcome: SendOutcome): void;
}

/**
 * Release 2 of MLLP answers with a block of one byte. ACK says only that the bytes came; NAK that they were not kept.
 */
const TRANSPORT_ACK = 0x06;
const TRANSPORT_NAK = 0x15;
const DEFAULT_ANSWER_BYTES = 1_048_576;

class OneAtATime implements Sender {
  readonly #options: SenderOptions;
  #turn: Promise<unknown> = Promise.resolve();
  /** The connection in use. */
  #socket: Socket | null = null;
  /** A connection that is being made. */
  #opening: Socket | null = null;
  #underWay: UnderWay | null = null;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  send(message: Uint8Array, options: SendOptions = {}): Promise<SendOutcome> {
    const sent = this.#turn.then(() => this.#sendNow(message, options.until ?? 'first'));
    this.#turn = sent;
    return sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#opening?.destroy();
    this.#socket?.destroy();
    await this.#turn;
  }

  async #sendNow(message: Uint8Array, until: 'first' | 'application'): Promise<SendOutcome> {
    if (this.#closed) return unsent(new HubError('STOPPING'));
    let frame: Uint8Array;
    try {
      frame = encodeFrame(message);
    } catch (cause) {
      return unsent(new HubError('MESSAGE_UNREADABLE', { detail: 'it holds the end mark of a frame', cause }));
    }
    const socket = await this.#connected();
    if (socket instanceof HubError) return unsent(socket);
    return await this.#exchange(socket, frame, header(message).raw(10), until);
  }

  async #exchange(
    socket: Socket,
    frame: Uint8Array,
    rawControlId: string,
    until: 'first' | 'application',
  ): Promise<SendOutcome> {
    const patience = new AbortController();
    const outcome = new Promise<SendOutcome>((resolve) => {
      this.#underWay = { rawControlId, until, settle: resolve };
    });
    const late = this.#options.clock.sleep(this.#options.ack_ms, patience.signal).then((): SendOutcome => {
      if (!patience.signal.aborted) socket.destroy();
      return lost('no answer within the time limit');
    });
    socket.write(frame);
    const result = await Promise.race([outcome, late]);
    this.#underWay = null;
    patience.abort();
    return result;
  }

  async #connected(): Promise<Socket | HubError> {
    if (this.#socket?.writable === true) return this.#socket;
    const { clock, connect_ms } = this.#options;
    const socket = this.#open();
    this.#opening = socket;
    const patience = new AbortController();
    const failed = await Promise.race([
      connection(socket),
      clock
        .sleep(connect_ms, patience.signal)
        .then(() => new HubError('SITE_UNREACHABLE', { detail: 'no connection' })),
    ]);
    patience.abort();
    this.#opening = null;
    if (failed !== null || socket.destroyed || this.#closed) {
      socket.destroy();
      return failed ?? new HubError('SITE_UNREACHABLE', { detail: 'the connection was closed at once' });
    }
    this.#socket = socket;
    return socket;
  }

  #open(): Socket {
    const { host, port, tls } = this.#options;
    const socket = tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...tls });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    const decoder = new FrameDecoder({ maxFrame_bytes: this.#options.maxAnswer_bytes ?? DEFAULT_ANSWER_BYTES });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind === 'frame') this.#answered(event.bytes);
        else if (event.kind === 'oversize') this.#unreadable();
      }
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
      else return;
      this.#underWay?.settle(lost('the connection closed before the answer'));
    });
    return socket;
  }

  #answered(bytes: Uint8Array): void {
    if (bytes.length === 1 && bytes[0] === TRANSPORT_ACK) return;
    if (bytes.length === 1 && bytes[0] === TRANSPORT_NAK) {
      this.#underWay?.settle(unsent(new HubError('SITE_FAILED', { detail: 'the receiver did not keep the bytes' })));
      return;
    }
    const ack = readAcknowledgement(bytes);
    const waiting = this.#underWay;
    // Matched by MSA-2 alone: order proves nothing once an answer was late.
    if (ack === null || waiting === null || ack.rawControlId !== waiting.rawControlId) {
      this.#options.onStrayAnswer?.(bytes);
      return;
    }
    if (ack.code === 'CA' && waiting.until === 'application') return;
    const received = { ...ack, bytes };
    const { code, text } = ack;
    waiting.settle(
      code === 'AA' || code === 'CA'
        ? { kind: 'accepted', ack: received }
        : { kind: 'refused', code, text, ack: received },
    );
  }

  #unreadable(): void {
    const error = new HubError('SITE_ANSWER_UNREADABLE', { detail: 'the answer is longer than the limit' });
    this.#underWay?.settle({ kind: 'unknown', error });
    this.#socket?.destroy();
  }
}

/** Null when connected, also in TLS; the error otherwise. */
async function connection(socket: Socket): Promise<HubError | null> {
  const ready = 'encrypted' in socket ? 'secureConnect' : 'connect';
  return await new Promise((resolve) => {
    socket.once(ready, () => resolve(null));
    socket.once('close', () => resolve(new HubError('SITE_UNREACHABLE', { detail: 'the connection was closed' })));
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      resolve(new HubError('SITE_UNREACHABLE', { detail: cause.code ?? 'the connection failed', cause }));
    });
  });
}

function unsent(error: HubError): SendOutcome {
  return { kind: 'unsent', error };
}

function lost(detail: string): SendOutcome {
  return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST', { detail }) };
}
