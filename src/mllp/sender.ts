/**
 * Sends HL7 v2 messages over one kept MLLP connection, one at a time and in order. The outcome tells what is known:
 *
 *   | What came                                   | Outcome                  | The same message again        |
 *   | ------------------------------------------- | ------------------------ | ----------------------------- |
 *   | AA                                          | accepted                 | never                         |
 *   | CA, the application's word not wanted       | accepted                 | never                         |
 *   | CA, and no AA, AE or AR in time             | accepted (code CA)       | never; the word comes later   |
 *   | AE, AR, CE, CR                              | refused, with `repeat`   | as hl7v2/ack-class.ts says    |
 *   | no connection, TLS refused, NAK (release 2) | unsent                   | yes: it is not there          |
 *   | no answer in time, connection lost          | unknown                  | look it up first              |
 *   | an answer without end                       | unknown                  | look it up first              |
 *
 * An answer is matched by MSA-2 alone. A connection that owes an answer is used no more: what it still says is handed
 * out as a stray answer, and can never be taken for the next message's.
 */
import type { ConnectionOptions } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import type { Hl7Exchange, Hl7SendOptions } from '../connectors/contract-hl7.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { encodeFrame } from '../hl7v2/frame.ts';
import { header } from '../hl7v2/header.ts';
import { Line, type LineEvents } from './line.ts';
import { OpenAnswers, type SendOutcome } from './open-answers.ts';

export interface SenderOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly clock: Clock;
  readonly connect_ms: number;
  /** How long an answer may take. */
  readonly ack_ms: number;
  /** How long after CA the word of the application is waited for, where it is wanted. Default: `ack_ms`. */
  readonly decision_ms?: number;
  /** A connection that was quiet for longer is replaced before it is used: firewalls drop such without a word. */
  readonly maxQuiet_ms?: number;
  /** Messages whose answer may be open at once. Default 1. Order at the receiver is certain with 1 only. */
  readonly inFlight?: number;
  /** How long a message that is provably not there is tried again before the next one goes. Default 0: not at all. */
  readonly repeatFor_ms?: number;
  /** Pause after the first failure, doubled up to the longest. Default 250 ms to 30 s. */
  readonly backOff?: { readonly first_ms: number; readonly max_ms: number };
  /** Longest answer that is read. Default 1 MiB. */
  readonly maxAnswer_bytes?: number;
  /** Whether a message without MSH-10 is sent (files of others): an answer with an empty MSA-2 is taken for its own. */
  readonly unnamed?: boolean;
  /** An answer to no message under way: late, repeated, or an application acknowledgement nobody waits for. */
  readonly onStrayAnswer?: (bytes: Uint8Array) => void;
}

export type SendOptions = Hl7SendOptions;

export interface Sender extends Hl7Exchange {
  send(message: Uint8Array, options?: SendOptions): Promise<SendOutcome>;
}

/** Opens no connection yet: the first message does, and each one after the connection was lost. */
export function createSender(options: SenderOptions): Sender {
  return new InOrder(options);
}

interface Waiting {
  readonly frame: Uint8Array;
  readonly rawControlId: string;
  readonly until: 'first' | 'application';
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: SendOutcome) => void;
}

const DEFAULT_ANSWER_BYTES = 1_048_576;
const DEFAULT_BACK_OFF = { first_ms: 250, max_ms: 30_000 };
/** A receiver that closes so soon after its answer closes after each one. */
const CLOSES_EACH_MS = 1_000;
/** After its first answer a connection is given so long to be closed; one that was not is kept. */
const PROVES_MS = 20;
/** Connections that owe an answer are listened to for so long, and no more than so many. */
const LINGER_MS = 300_000;
const LINGERING = 4;

class InOrder implements Sender {
  readonly #options: SenderOptions;
  readonly #stop = new AbortController();
  readonly #waiting: Waiting[] = [];
  readonly #open = new OpenAnswers();
  /** Given up for writing, still listened to. */
  readonly #lingering = new Set<Line>();
  readonly #ended = new Set<Promise<void>>();
  #line: Line | null = null;
  #opening: Promise<Line | HubError> | null = null;
  #running = 0;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #lastAnswer = Number.NEGATIVE_INFINITY;
  #lastUse = Number.NEGATIVE_INFINITY;
  #closesEach = false;
  /** On the connection in use. */
  #answers = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  send(message: Uint8Array, options: SendOptions = {}): Promise<SendOutcome> {
    let frame: Uint8Array;
    try {
      frame = encodeFrame(message);
    } catch (cause) {
      return Promise.resolve(unsent('MESSAGE_UNREADABLE', 'it holds the end mark of a frame', cause));
    }
    const rawControlId = header(message).raw(10);
    if (rawControlId === '' && this.#options.unnamed !== true) {
      return Promise.resolve(unsent('MESSAGE_INCOMPLETE', 'MSH-10 is empty'));
    }
    const { until = 'first', signal } = options;
    return new Promise((resolve) => {
      this.#waiting.push({ frame, rawControlId, until, signal, resolve });
      this.#pump();
    });
  }

  async reach(): Promise<HubError | null> {
    const line = await this.#usable();
    return line instanceof HubError ? line : null;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#line?.destroy();
    for (const line of this.#lingering) line.destroy();
    while (this.#ended.size > 0) await Promise.all(this.#ended);
  }

  /** A message whose control id is under way waits with all behind it: its answers could not be told apart. */
  #pump(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#running >= (this.#options.inFlight ?? 1)) return;
      if (this.#open.has(next.rawControlId)) return;
      this.#waiting.shift();
      this.#running += 1;
      const ended = this.#repeated(next).then(async (outcome) => {
        next.resolve(outcome);
        // A close that came with the answer is noticed before the connection is used again.
        await turn();
        this.#running -= 1;
        this.#ended.delete(ended);
        this.#pump();
      });
      this.#ended.add(ended);
    }
  }

  async #repeated(next: Waiting): Promise<SendOutcome> {
    const { clock, repeatFor_ms = 0 } = this.#options;
    const until = clock.monotonic() + repeatFor_ms;
    for (;;) {
      const outcome = await this.#once(next);
      const isOver = this.#stop.signal.aborted || next.signal?.aborted === true || clock.monotonic() >= until;
      if (isOver || !mayRepeat(outcome)) return outcome;
      if (this.#notBefore <= clock.monotonic()) this.#failed();
      const stop = next.signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, next.signal]);
      await clock.sleep(this.#notBefore - clock.monotonic(), stop);
    }
  }

  async #once(next: Waiting): Promise<SendOutcome> {
    const tooLate = (): SendOutcome | null => {
      if (this.#stop.signal.aborted) return unsent('STOPPING');
      return next.signal?.aborted === true ? unsent('SITE_UNREACHABLE', 'its turn did not come in time') : null;
    };
    const before = tooLate();
    if (before !== null) return before;
    const line = await this.#usable();
    if (line instanceof HubError) return { kind: 'unsent', error: line };
    return tooLate() ?? (await this.#exchange(line, next));
  }

  async #exchange(line: Line, next: Waiting): Promise<SendOutcome> {
    const { clock, ack_ms, decision_ms = ack_ms } = this.#options;
    const patience = new AbortController();
    const limit = next.signal === undefined ? patience.signal : AbortSignal.any([patience.signal, next.signal]);
    const within = (ms: number): Promise<'late'> => clock.sleep(ms, limit).then(() => 'late');
    const answer = this.#open.expect(next.rawControlId, line, next.until);
    line.write(next.frame);
    let result = await Promise.race([answer.final, answer.kept, within(ack_ms)]);
    if (result === 'kept') result = await Promise.race([answer.final, within(decision_ms)]);
    patience.abort();
    this.#open.forget(next.rawControlId);
    this.#lastUse = clock.monotonic();
    if (result !== 'late') return result;
    const stands = answer.stands();
    if (stands !== null) return stands;
    this.#retire(line);
    return { kind: 'unknown', error: lost('no answer within the time limit') };
  }

  /** The connection in use, or a new one; an error while the pause after a failure lasts. */
  async #usable(): Promise<Line | HubError> {
    const { clock, maxQuiet_ms = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#line !== null && this.#answers === 1) {
      // Some close after each answer: what is written before that is noticed is lost, and nobody knows it.
      await clock.sleep(Math.max(0, this.#lastAnswer + PROVES_MS - clock.monotonic()), this.#stop.signal);
    }
    const known = this.#line;
    if (known?.isUsable === true) {
      const isStale = this.#closesEach || clock.monotonic() - this.#lastUse > maxQuiet_ms;
      if (!isStale || this.#open.size > 0) return known;
      this.#line = null;
      known.destroy();
    }
    const pause_ms = this.#notBefore - clock.monotonic();
    if (pause_ms > 0) {
      const detail = 'the last connection failed a moment ago';
      return new HubError('SITE_UNREACHABLE', { detail, retryAfter_ms: Math.ceil(pause_ms) });
    }
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null;
    });
    return await this.#opening;
  }

  async #connect(): Promise<Line | HubError> {
    const { maxAnswer_bytes = DEFAULT_ANSWER_BYTES, ...options } = this.#options;
    const events: LineEvents = {
      frame: (line, bytes) => this.#read(line, bytes),
      unreadable: (line) => this.#unreadable(line),
      closed: (line) => this.#closed(line),
    };
    const opened = await Line.open({ ...options, maxAnswer_bytes }, events, this.#stop.signal);
    if (opened instanceof HubError) {
      this.#failed();
      return opened;
    }
    this.#failures = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
    this.#lastUse = options.clock.monotonic();
    this.#line = opened;
    this.#answers = 0;
    return opened;
  }

  #failed(): void {
    const { clock, backOff = DEFAULT_BACK_OFF } = this.#options;
    const pause_ms = Math.min(backOff.first_ms * 2 ** this.#failures, backOff.max_ms);
    this.#failures += 1;
    this.#notBefore = clock.monotonic() + pause_ms;
  }

  #read(line: Line, bytes: Uint8Array): void {
    const what = this.#open.read(line, bytes);
    if (what === 'answer') {
      this.#lastAnswer = this.#options.clock.monotonic();
      if (line === this.#line) this.#answers += 1;
    } else if (what === 'stray') this.#options.onStrayAnswer?.(bytes);
  }

  #unreadable(line: Line): void {
    this.#open.lose(line, new HubError('SITE_ANSWER_UNREADABLE', { detail: 'the answer is longer than the limit' }));
    line.destroy();
  }

  #closed(line: Line): void {
    this.#open.lose(line, lost('the connection closed before the answer'));
    const isSoon = this.#options.clock.monotonic() - this.#lastAnswer < CLOSES_EACH_MS;
    if (this.#line === line && this.#answers === 1 && isSoon) this.#closesEach = true;
    if (this.#line === line) this.#line = null;
    this.#lingering.delete(line);
  }

  /** It owes an answer: never written to again. Where somebody wants to know, what it still says is listened to. */
  #retire(line: Line): void {
    if (this.#line === line) this.#line = null;
    if (this.#options.onStrayAnswer === undefined) {
      line.destroy();
      return;
    }
    const [oldest] = this.#lingering;
    if (oldest !== undefined && this.#lingering.size >= LINGERING) oldest.destroy();
    this.#lingering.add(line);
    this.#options.clock.sleep(LINGER_MS, this.#stop.signal).then(
      () => line.destroy(),
      () => undefined,
    );
  }
}

function mayRepeat(outcome: SendOutcome): boolean {
  if (outcome.kind === 'unsent') return outcome.error.class === 'transient';
  return outcome.kind === 'refused' && outcome.repeat;
}

function unsent(code: HubError['code'], detail?: string, cause?: unknown): SendOutcome {
  return { kind: 'unsent', error: new HubError(code, { ...(detail === undefined ? {} : { detail }), cause }) };
}

function lost(detail: string): HubError {
  return new HubError('SITE_ANSWER_LOST', { detail });
}
