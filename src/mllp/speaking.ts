/**
 * Answers to senders without an address of their own: said on the connection that the request came by, behind the
 * answers that are owed there, for as long as it stands. Who asks again is answered again.
 */
import type { Clock } from '../core/clock.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import type { Peer } from './admission.ts';

/** Nobody waits longer on a connection. */
const PATIENCE_MS = 600_000;
const TICK_MS = 250;
/** Beyond, a sender that floods is answered when it asks again. */
const MOST = 10_000;

interface Listening {
  readonly peer: Peer;
  readonly until: number;
  answer: Uint8Array | null;
}

export class Speaking {
  readonly #clock: Clock;
  readonly #listening = new Map<number, Listening>();
  readonly #loop: Loop;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    const step = (): Promise<boolean> => {
      this.#speak();
      return Promise.resolve(false);
    };
    this.#loop = startLoop({ clock, tick_ms: TICK_MS, step, onError });
  }

  expect(id: number, peer: Peer): void {
    if (this.#listening.size >= MOST) return;
    this.#listening.set(id, { peer, until: this.#clock.monotonic() + PATIENCE_MS, answer: null });
  }

  say(id: number, answer: Uint8Array): void {
    const listening = this.#listening.get(id);
    if (listening === undefined) return;
    listening.answer = answer;
    this.#loop.ring();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #speak(): void {
    for (const [id, { peer, until, answer }] of this.#listening) {
      const said = answer === null ? 'busy' : (peer.say?.(answer) ?? 'gone');
      if (said !== 'busy' || this.#clock.monotonic() > until) this.#listening.delete(id);
    }
  }
}
