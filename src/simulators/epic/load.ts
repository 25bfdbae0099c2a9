/** Counts what the hub asks, so that a request budget can be proven. */
import { DAY_MS, MINUTE_MS } from '../../core/instant.ts';
import type { SimulatedClock } from '../kit/clock.ts';

export class LoadCounter {
  readonly #clock: SimulatedClock;
  /** Moments of the last minute, oldest first. */
  #recent: number[] = [];
  #most = 0;
  #total = 0;
  #day = { index: 0, calls: 0 };

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  /** Every call of FHIR counts, however it is answered; asking for a token costs the database nothing. */
  seen(path: string): void {
    if (!path.includes('/api/FHIR/')) return;
    const now = this.#clock.due();
    this.#drop(now);
    this.#recent.push(now);
    this.#most = Math.max(this.#most, this.#recent.length);
    this.#total += 1;
    const index = Math.floor(now / DAY_MS);
    this.#day = { index, calls: index === this.#day.index ? this.#day.calls + 1 : 1 };
  }

  /** Calls since midnight UTC. */
  get today(): number {
    return this.#day.calls;
  }

  report(): { readonly lastMinute: number; readonly mostInAnyMinute: number; readonly total: number } {
    this.#drop(this.#clock.due());
    return { lastMinute: this.#recent.length, mostInAnyMinute: this.#most, total: this.#total };
  }

  #drop(now: number): void {
    const first = this.#recent.findIndex((at) => at > now - MINUTE_MS);
    this.#recent = first < 0 ? [] : this.#recent.slice(first);
  }
}
