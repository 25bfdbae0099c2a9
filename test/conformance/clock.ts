/**
 * The time of a rig: real time from a Monday morning on, plus jumps. Hub and simulator share it, so a quiet time of
 * seconds, a Retry-After or a deadline passes at once, and in the right order for both.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';
import { instant, type Instant } from '../../src/core/instant.ts';

/** Monday 2026-11-30 06:00 in Chicago: no clock changes near it, and the week is ahead. */
export const MONDAY = instant(Date.parse('2026-11-30T12:00:00Z'));

export interface JumpClock extends Clock {
  /** Whoever sleeps past the new time wakes now. */
  jump(ms: number): void;
  /** Jumps on in small steps until `work` is done: waits inside it (back-off, reading back) cost no real time. */
  hurry<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** Ten times faster than real time: a call that is slow on a busy machine is not timed out by our hurry. */
const STEP_MS = 100;
const EVERY_MS = 10;

export function jumpClock(start: Instant = MONDAY): JumpClock {
  const began = performance.now();
  let jumped = 0;
  const sleepers = new Set<Sleeper>();
  const monotonic = (): number => performance.now() - began + jumped;
  const jump = (ms: number): void => {
    jumped += ms;
    const due = [...sleepers].filter((one) => one.due <= monotonic()).sort((one, other) => one.due - other.due);
    for (const sleeper of due) sleeper.wake();
  };
  return {
    now: () => instant(start + monotonic()),
    monotonic,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = {
          due: monotonic() + ms,
          wake: () => {
            sleepers.delete(sleeper);
            clearTimeout(timer);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        const timer = setTimeout(sleeper.wake, ms);
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    jump,
    async hurry(work) {
      let done = false;
      const settled = (): void => {
        done = true;
      };
      work.then(settled, settled);
      while (!isTrue(() => done)) {
        await wait(EVERY_MS);
        if (!isTrue(() => done)) jump(STEP_MS);
      }
      return work;
    },
  };
}

/** Read through a function: it changes during an await, which narrowing does not know. */
function isTrue(read: () => boolean): boolean {
  return read();
}

/** Polls until `check` holds; the test's own time limit ends a wait that never does. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await wait(5);
}
