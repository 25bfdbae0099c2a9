import { systemClock, type Clock } from '../../core/clock.ts';
import { instant, type Instant } from '../../core/instant.ts';
import type { Faults } from './faults.ts';
import type { Store, Table } from './store.ts';

const ADVANCED: Table<number> = { name: 'clock' };

/** The vendor's clock: real time, plus what `advance-clock` added for good, plus the fault `clockSkewMs`. */
export class SimulatedClock {
  readonly #store: Store;
  readonly #faults: Faults;
  readonly #base: Clock;

  constructor(store: Store, faults: Faults, base: Clock = systemClock) {
    this.#store = store;
    this.#faults = faults;
    this.#base = base;
  }

  /** What this system believes the time is: written into its records. */
  now(): Instant {
    return instant(this.due() + this.#faults.number('clockSkewMs'));
  }

  /** For when to retry: a skewed clock shows wrong times, but its timers run as fast as anyone's. */
  due(): Instant {
    return instant(this.#base.now() + (this.#store.get(ADVANCED, 'ms') ?? 0));
  }

  real(): Instant {
    return this.#base.now();
  }

  advance(ms: number): void {
    this.#store.write((tx) => tx.put(ADVANCED, 'ms', (tx.get(ADVANCED, 'ms') ?? 0) + ms));
  }
}
