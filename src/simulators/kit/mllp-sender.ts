/**
 * MLLP out: the queue on disk, in order, one message in flight, repeated until AA or CA (standard sheet sections 11
 * and 14). AE, AR, CE and CR are taken as a refusal for good, unless the settings say otherwise: the message
 * is kept as refused and the next one follows.
 */
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import type { SimulatedClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Store, Writer } from './store.ts';
import { frame as framed, FrameReader } from './frames.ts';
import { OUTBOUND, TARGET, type Outbound, type Sending, type Target, type Try } from './outbound.ts';

const KEEP_DONE = 5000;
const REORDER_WINDOW_MS = 250;

export interface SenderOptions {
  readonly store: Store;
  readonly faults: Faults;
  readonly clock: SimulatedClock;
  readonly settings: () => Sending;
}

interface Ack {
  readonly code: string;
  readonly controlId: string;
  readonly text: string;
}

export class MllpSender {
  readonly #options: SenderOptions;
  readonly #stopper = new AbortController();
  #socket: Socket | null = null;
  #address = '';
  #wake: (() => void) | null = null;
  #running: Promise<void> = Promise.resolve();
  #rung = false;
  /** Sequences that may be queued, oldest first: what is done is kept by the thousand. */
  readonly #open = new Set<string>();

  constructor(options: SenderOptions) {
    this.#options = options;
    for (const message of options.store.all(OUTBOUND)) this.#open.add(String(message.sequence));
  }

  /** Inside the write that causes it. */
  queue(tx: Writer, message: Pick<Outbound, 'controlId' | 'event' | 'about' | 'text'>): number {
    const sequence = tx.nextNumber('outbound', 1);
    const state = this.#options.faults.take('loseWebhooks', message.event) ? 'lost' : 'queued';
    const queuedAt = this.#options.clock.now();
    this.#open.add(String(sequence));
    tx.put(OUTBOUND, String(sequence), { ...message, sequence, queuedAt, state, tries: [] });
    const old = tx.get(OUTBOUND, String(sequence - KEEP_DONE));
    if (old !== undefined && old.state !== 'queued') tx.remove(OUTBOUND, String(old.sequence));
    return sequence;
  }

  start(): void {
    this.#running = this.#run();
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves when nothing is queued any more, or after `limit_ms`. */
  async emptied(limit_ms: number): Promise<void> {
    const end = systemClock.monotonic() + limit_ms;
    while (this.#queued().length > 0 && systemClock.monotonic() < end && !this.#isStopped()) {
      await systemClock.sleep(2, this.#stopper.signal);
    }
  }

  async stop(): Promise<void> {
    this.#stopper.abort();
    this.#socket?.destroy();
    this.ring();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped()) {
      this.#rung = false;
      const next = await this.#next();
      const target = this.#options.store.get(TARGET, 'target');
      if (next === undefined || target === undefined) {
        await this.#sleep(null);
        continue;
      }
      failures = (await this.#deliver(next, target)) ? 0 : failures + 1;
      if (failures > 0)
        await this.#sleep(this.#options.settings().retryMilliseconds * Math.min(30, 2 ** (failures - 1)));
    }
    this.#socket?.destroy();
  }

  /** The oldest; under the fault reorderWebhooks the newest of those that gathered in a moment. */
  async #next(): Promise<Outbound | undefined> {
    if (this.#options.faults.strikes('reorderWebhooks')) {
      await systemClock.sleep(REORDER_WINDOW_MS, this.#stopper.signal);
      const gathered = this.#queued();
      if (gathered.length > 1) this.#options.faults.take('reorderWebhooks');
      return gathered.at(-1);
    }
    return this.#queued()[0];
  }

  #queued(): Outbound[] {
    const found: Outbound[] = [];
    for (const sequence of this.#open) {
      const message = this.#options.store.get(OUTBOUND, sequence);
      if (message?.state === 'queued') found.push(message);
      else this.#open.delete(sequence);
    }
    return found;
  }

  /** True when the message is done with, also by a refusal. */
  async #deliver(message: Outbound, target: Target): Promise<boolean> {
    const { faults } = this.#options;
    const latency_ms = faults.felt('latencyMs');
    if (latency_ms > 0) await systemClock.sleep(latency_ms, this.#stopper.signal);
    const times = faults.take('duplicateWebhooks', message.event) ? 2 : 1;
    let done = false;
    for (let time = 0; time < times; time += 1) {
      const at = this.#options.clock.now();
      try {
        const ack = await this.#exchange(message, target);
        const isAccepted = ack.code === 'AA' || ack.code === 'CA';
        const isRepeated = !isAccepted && this.#options.settings().repeatsRefused === true;
        const state = isAccepted ? 'accepted' : isRepeated ? 'queued' : 'refused';
        this.#record(message, done && isRepeated ? null : state, { at, code: ack.code, text: ack.text });
        done ||= !isRepeated;
      } catch (error) {
        this.#hangUp();
        if (this.#isStopped()) return false;
        const reason = error instanceof Error ? error.message : 'no answer';
        this.#record(message, done ? null : 'queued', { at, error: reason });
        return done;
      }
    }
    return done;
  }

  #record(message: Outbound, state: Outbound['state'] | null, attempt: Try): void {
    this.#options.store.write((tx) => {
      const row = tx.get(OUTBOUND, String(message.sequence)) ?? message;
      tx.put(OUTBOUND, String(row.sequence), { ...row, state: state ?? row.state, tries: [...row.tries, attempt] });
    });
  }

  async #exchange(message: Outbound, target: Target): Promise<Ack> {
    const { faults } = this.#options;
    if (faults.take('outage', message.event)) throw new Error('outage: nothing was sent');
    const socket = await this.#connected(target);
    const answer = readAck(socket, message.controlId, this.#options.settings().acknowledgementSeconds * 1000);
    // Written after the listener is there; a rejection is taken by the await below.
    answer.catch(() => undefined);
    await this.#write(socket, message);
    if (faults.take('dropAnswer', message.event)) {
      await systemClock.sleep(20, this.#stopper.signal);
      throw new Error('dropAnswer: the connection was closed before the answer was read');
    }
    return await answer;
  }

  async #write(socket: Socket, message: Outbound): Promise<void> {
    const encoding = this.#options.settings().characterSet === '8859/1' ? 'latin1' : 'utf8';
    const frame = framed(Buffer.from(message.text, encoding));
    const size = this.#options.faults.felt('chunkBytes') || frame.length;
    for (let from = 0; from < frame.length; from += size) {
      socket.write(frame.subarray(from, from + size));
      if (size < frame.length) await systemClock.sleep(1, this.#stopper.signal);
    }
  }

  async #connected(target: Target): Promise<Socket> {
    const address = `${target.host}:${target.port}`;
    if (this.#socket !== null && !this.#socket.destroyed && this.#address === address) return this.#socket;
    this.#hangUp();
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket = socket;
    this.#address = address;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed')));
    });
    socket.on('error', ignore);
    return socket;
  }

  #hangUp(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #isStopped(): boolean {
    return this.#stopper.signal.aborted;
  }

  /** Until rung, or for `ms` whatever rings: a pause before a repeat is not shortened by new messages. */
  async #sleep(ms: number | null): Promise<void> {
    if (ms !== null) {
      await systemClock.sleep(ms, this.#stopper.signal);
      return;
    }
    if (this.#rung || this.#isStopped()) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = null;
  }
}

/** The next frame of the other side whose MSA-2 is `controlId`; late answers to earlier messages are passed over. */
function readAck(socket: Socket, controlId: string, limit_ms: number): Promise<Ack> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    const timer = setTimeout(() => finish(new Error(`no answer within ${limit_ms} ms`)), limit_ms);
    const onData = (part: Buffer): void => {
      for (const data of reader.push(part)) {
        const ack = parseAck(data.toString('utf8'), controlId);
        if (ack !== null) finish(ack);
      }
    };
    const onClose = (): void => finish(new Error('the connection was closed before the answer'));
    const finish = (result: Ack | Error): void => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

/** The acknowledgement of that message in a frame that may hold those of a whole batch. */
function parseAck(text: string, controlId: string): Ack | null {
  let separator = '|';
  for (const line of text.split(/[\r\n]+/)) {
    if (/^(MSH|FHS|BHS)/.test(line)) separator = line.charAt(3);
    const [name, code = '', about = '', note = ''] = line.split(separator);
    if (name === 'MSA' && about === controlId) return { code, controlId: about, text: note };
  }
  return null;
}

function ignore(): void {
  return;
}
