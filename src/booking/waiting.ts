/** Callers that wait on the line for something to settle, here or in another process. */
import type { Clock } from '../core/clock.ts';

/** How often what a caller waits for is read without having been told (another process may have settled it). */
const RECHECK_MS = 250;

export interface WaitingRoom {
  /** It moved: whoever waits for it looks again. Losing a call costs at most `RECHECK_MS`. */
  changed(id: string): void;
  /**
   * What `look` finds once it says that there is no more to wait for, or when the time is over (`deadline`, in the
   * clock's monotonic time). `isNew`: made by this
   * very call, so that to look before anything was told would find it as it was made; null: nobody looked.
   */
  until<T>(
    id: string,
    deadline: number,
    isNew: boolean,
    look: () => Promise<{ readonly found: T; readonly over: boolean }>,
  ): Promise<T | null>;
}

export function waitingRoom(clock: Clock): WaitingRoom {
  const waiting = new Map<string, Set<() => void>>();
  return {
    changed(id) {
      for (const wake of waiting.get(id) ?? []) wake();
    },

    async until(id, deadline, isNew, look) {
      for (let looks = !isNew; ; looks = true) {
        const told = new AbortController();
        const wake = (): void => told.abort();
        const set = waiting.get(id) ?? new Set();
        waiting.set(id, set.add(wake));
        try {
          // Registered before reading: a settlement between the two is not missed.
          const seen = looks ? await look() : null;
          if (seen?.over === true) return seen.found;
          const left = deadline - clock.monotonic();
          if (left <= 0) return seen?.found ?? null;
          await clock.sleep(Math.min(left, RECHECK_MS), told.signal);
        } finally {
          set.delete(wake);
          if (set.size === 0) waiting.delete(id);
        }
      }
    },
  };
}
