/** Proposed appointments: each `$find` makes new ids, each lives for a while and can be booked once (sheet 3.4). */
import { randomToken } from '../../core/ids.ts';
import type { SimulatedClock } from '../kit/clock.ts';
import type { Offer } from './templates.ts';
import type { Channel } from './seed.ts';

export interface Proposal {
  readonly offer: Offer;
  readonly channel: Channel;
  readonly expiresAt: number;
}

/** In memory: what a restart forgets has expired, as far as a caller can tell. */
export class Proposals {
  readonly #clock: SimulatedClock;
  readonly #open = new Map<string, Proposal>();

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  mint(offer: Offer, channel: Channel, seconds: number): string {
    const id = `eProp${randomToken(15).replaceAll('_', '.')}`;
    this.#open.set(id, { offer, channel, expiresAt: this.#clock.due() + seconds * 1000 });
    return id;
  }

  /** The proposal, which is gone then; undefined when there is none, or none any more. */
  take(id: string): Proposal | undefined {
    const found = this.#open.get(id);
    this.#open.delete(id);
    return found !== undefined && found.expiresAt > this.#clock.due() ? found : undefined;
  }

  /** They expire in the order in which they were made, as long as nobody changes how long they live. */
  prune(): void {
    const now = this.#clock.due();
    for (const [id, { expiresAt }] of this.#open) {
      if (expiresAt > now) return;
      this.#open.delete(id);
    }
  }
}
