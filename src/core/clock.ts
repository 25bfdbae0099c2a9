/** The only place that asks the time. Everything else is handed a Clock, so that tests decide what time it is. */
import { setTimeout as wait } from 'node:timers/promises';
import { instant, type Instant } from './instant.ts';

export interface Clock {
  now(): Instant;
  /** Milliseconds that only ever grow, for durations. Never compare with `now()`. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => instant(Date.now()),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted === true) return;
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
