/** A raw MLLP client and what listener tests share: real sockets on loopback, port 0, nothing waits by the clock. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { acknowledge } from '../../src/hl7v2/acknowledge.ts';
import { encodeFrame, FrameDecoder } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import { startListener, type Listener, type ListenerEvent, type ListenerOptions } from '../../src/mllp/listener.ts';

export const LIMITS = { maxFrame_bytes: 10_000, idle_ms: 60_000, maxConnections: 100, maxPending_frames: 8 };

/** Bytes of a small SIU under this control id. */
export function message(controlId: string, more = ''): Buffer {
  return Buffer.from(`MSH|^~\\&|APP|FAC|HUB|SITE|20261020||SIU^S12|${controlId}|P|2.5.1\rSCH||${more}\r`, 'latin1');
}

export function framed(controlId: string, more = ''): Buffer {
  return Buffer.from(encodeFrame(message(controlId, more)));
}

export function accept(frame: Uint8Array): Uint8Array {
  return acknowledge(header(frame), { code: 'AA', controlId: 'H', at: instant(0) });
}

/** Control ids of messages, or the ids that answers answer. */
export function ids(frames: readonly Uint8Array[]): string[] {
  return frames.map((frame) => {
    const text = Buffer.from(frame).toString('latin1');
    return /\rMSA\|\w*\|([^|\r]*)/.exec(text)?.[1] ?? header(frame).controlId;
  });
}

export interface Running {
  readonly listener: Listener;
  /** Every frame that was handed to `receive`, in order. */
  readonly received: Uint8Array[];
  readonly events: ListenerEvent[];
  kinds(): string[];
  /** Resolves when there is such an event. */
  event(kind: ListenerEvent['kind'], count?: number): Promise<ListenerEvent>;
}

export async function listen(t: TestContext, more: Partial<ListenerOptions> = {}): Promise<Running> {
  const received: Uint8Array[] = [];
  const events: ListenerEvent[] = [];
  const waiting = new Set<() => void>();
  const { receive } = more;
  const listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    limits: LIMITS,
    clock: systemClock,
    ...more,
    receive: async (frame, peer) => {
      received.push(frame);
      return await (receive === undefined ? Promise.resolve(accept(frame)) : receive(frame, peer));
    },
    onEvent: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  t.after(() => listener.close(0));
  return {
    listener,
    received,
    events,
    kinds: () => events.map((event) => event.kind),
    event: (kind, count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.filter((event) => event.kind === kind)[count - 1];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

export class Client {
  readonly socket: Socket;
  readonly answers: Uint8Array[] = [];
  readonly closed: Promise<unknown>;
  #look: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder({ maxFrame_bytes: 1_000_000 });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        assert.equal(event.kind, 'frame', 'the listener writes nothing but frames');
        this.answers.push(event.bytes);
      }
      this.#look();
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  write(...bytes: readonly (Uint8Array | string)[]): void {
    for (const one of bytes) this.socket.write(typeof one === 'string' ? Buffer.from(one, 'latin1') : one);
  }

  /** The ids that the first `count` answers name, once they are there. */
  async answered(count: number): Promise<string[]> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return ids(this.answers.slice(0, count));
  }
}

export async function open(t: TestContext, port: number, allowHalfOpen = false): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen, noDelay: true });
  t.after(() => socket.destroy());
  const client = new Client(socket);
  await once(socket, 'connect');
  return client;
}

/** A promise and the function that resolves it. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { passed: promise, open: () => resolve(undefined) };
}

/** One turn of the event loop, so that what has arrived on a socket is read. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
