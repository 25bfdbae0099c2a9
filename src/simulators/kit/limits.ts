import type { Faults } from './faults.ts';

interface Bucket {
  tokens: number;
  filled: number;
  open: number;
}

/** A token bucket and a count of calls under way, per client address, as vendors keep at their edge. */
export class EdgeLimits {
  readonly #buckets = new Map<string, Bucket>();
  readonly #faults: Faults;
  readonly #perSecond: number | null;
  readonly #concurrent: number | null;
  readonly #monotonic: () => number;

  constructor(
    faults: Faults,
    own: { readonly perSecond: number | null; readonly concurrent: number | null },
    monotonic: () => number,
  ) {
    this.#faults = faults;
    this.#perSecond = own.perSecond;
    this.#concurrent = own.concurrent;
    this.#monotonic = monotonic;
  }

  /** Null when the call is over a limit; else what to call when it has been answered. */
  enter(address: string): (() => void) | null {
    const rate = this.#faults.limit('rateLimit', this.#perSecond);
    const bucket = this.#buckets.get(address) ?? { tokens: rate ?? 0, filled: this.#monotonic(), open: 0 };
    this.#buckets.set(address, bucket);
    if (rate !== null) {
      const now = this.#monotonic();
      const full = Math.max(1, rate);
      bucket.tokens = Math.min(full, bucket.tokens + ((now - bucket.filled) / 1000) * rate);
      bucket.filled = now;
      // A lifted rate lifts the bound on concurrency with it: whoever measures wants neither.
      if (bucket.tokens < 1 || bucket.open >= (this.#concurrent ?? Infinity)) {
        this.#faults.count('rateLimit');
        return null;
      }
      bucket.tokens -= 1;
    }
    bucket.open += 1;
    return () => {
      bucket.open -= 1;
    };
  }
}
