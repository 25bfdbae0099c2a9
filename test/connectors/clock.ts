/** A clock that stands still until a test moves it. Sleepers wake in the order of their times. */
import type { Clock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';

export interface HandClock extends Clock {
  /** Moves on, waking every sleeper on the way, and lets what they start run first. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function handClock(start = Date.parse('2026-11-30T12:00:00Z')): HandClock {
  let passed = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => instant(start + passed),
    monotonic: () => passed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper: Sleeper = {
          at: passed + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    async advance(ms) {
      await settle();
      const end = passed + ms;
      for (;;) {
        const [next] = [...sleepers].filter((one) => one.at <= end).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        passed = Math.max(passed, next.at);
        next.wake();
        await settle();
      }
      passed = end;
      await settle();
    },
  };
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
