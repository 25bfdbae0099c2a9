/** The only place that asks the time. Everything else is handed a Clock, so that tests decide what time it is. */
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
  sleep(ms, signal) {
    if (signal?.aborted === true) return Promise.resolve();
    // Not the promise of node:timers: it makes an error, with its stack, for every sleep that is called off.
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake, { once: true });
    });
  },
};

/** A reason of our own: without one every abort makes an error, with its stack, that nobody looks at. */
const CALLED_OFF = 'called off';

/** Rings once after `ms`, unless it is called off before by what it returns. */
export function alarmAfter(clock: Clock, ms: number, ring: () => void): () => void {
  const off = new AbortController();
  clock
    .sleep(ms, off.signal)
    .then(() => {
      if (!off.signal.aborted) ring();
    })
    .catch(() => undefined);
  return () => off.abort(CALLED_OFF);
}
