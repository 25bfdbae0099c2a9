/**
 * A stage's heartbeat: runs `step` when rung and at least every `tick_ms`, one step at a time, until aborted. A ring
 * during a step runs another step after it. Losing a ring costs at most one tick.
 */
import type { Clock } from './clock.ts';

export interface Loop {
  ring(): void;
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly clock: Clock;
  readonly tick_ms: number;
  /** Returns true when more work is waiting: the next step follows at once. */
  step(signal: AbortSignal): Promise<boolean>;
  /** A step that throws is reported here and tried again after `tick_ms`. */
  onError(error: unknown): void;
}

export function startLoop(options: LoopOptions): Loop {
  const stopper = new AbortController();
  let rung = true;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    wake?.();
    // A thousand rings a second wake it once: each abort would make an error object that nobody looks at.
    wake = null;
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = new AbortController();
      wake = () => sleeper.abort();
      void_(options.clock.sleep(options.tick_ms, AbortSignal.any([sleeper.signal, stopper.signal])).then(resolve));
    });
  const run = async (): Promise<void> => {
    while (!isAborted(stopper.signal)) {
      if (!rung) await pause();
      if (isAborted(stopper.signal)) return;
      rung = false;
      try {
        if (await options.step(stopper.signal)) rung = true;
      } catch (error) {
        options.onError(error);
        await options.clock.sleep(options.tick_ms, stopper.signal);
        rung = true;
      }
    }
  };
  const running = run();
  return {
    ring,
    async stop() {
      stopper.abort();
      wake?.();
      await running;
    },
  };
}

/** The promise is handled inside: it cannot reject. */
function void_(promise: Promise<void>): void {
  promise.catch(() => undefined);
}

/** Read through a function: the signal may abort during an await, which narrowing does not know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
