/** Callers that wait on the line for something to settle, here or in another process. */
import type { Clock } from '../core/clock.ts';

/** How often what a caller waits for is read without having been told (another process may have settled it). */
const RECHECK_MS = 250;

/** `Told`: what whoever moved something knows of it. */
export interface WaitingRoom<Told> {
  /**
   * It moved: whoever waits for it looks again, by itself or at what is handed over. Losing a call costs at most
   * `RECHECK_MS`.
   */
  changed(id: string, told?: Told): void;
  /**
   * What `look` finds once it says that there is no more to wait for, or when the time is over (`deadline`, in the
   * clock's monotonic time). `isNew`: made by this
   * very call, so that to look before anything was told would find it as it was made; null: nobody looked.
   */
  until<T>(
    id: string,
    deadline: number,
    isNew: boolean,
    look: (told: Told | null) => Promise<{ readonly found: T; readonly over: boolean }>,
  ): Promise<T | null>;
}

export function waitingRoom<Told = never>(clock: Clock): WaitingRoom<Told> {
  const waiting = new Map<string, Set<(told: Told | null) => void>>();
  return {
    changed(id, told) {
      for (const wake of waiting.get(id) ?? []) wake(told ?? null);
    },

    async until(id, deadline, isNew, look) {
      let told: Told | null = null;
      for (let looks = !isNew; ; looks = true) {
        const woken = new AbortController();
        const wake = (now: Told | null): void => {
          told = now;
          woken.abort();
        };
        const set = waiting.get(id) ?? new Set();
        waiting.set(id, set.add(wake));
        try {
          // Registered before reading: a settlement between the two is not missed.
          const seen = looks ? await look(told) : null;
          if (seen?.over === true) return seen.found;
          const left = deadline - clock.monotonic();
          if (left <= 0) return seen?.found ?? null;
          told = null;
          await clock.sleep(Math.min(left, RECHECK_MS), woken.signal);
        } finally {
          set.delete(wake);
          if (set.size === 0) waiting.delete(id);
        }
      }
    },
  };
}
