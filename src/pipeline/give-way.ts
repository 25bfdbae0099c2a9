/**
 * Applying gives way to receiving: who sends waits for us, and what is stored is safe and can be applied a moment
 * later. While many messages wait to be stored, each step of applying is put off, but never by more than the last step
 * took: under a flood without end applying keeps half of the time, and what people read goes on changing.
 */
import type { Clock } from '../core/clock.ts';
import type { ReceiveStage } from './receive.ts';

/** Fewer are stored by the next commit, and leave the processor idle while it is written. */
const CROWD = 16;
const LOOK_MS = 2;

type Step = (signal: AbortSignal) => Promise<boolean>;

export function givingWay(receiver: Pick<ReceiveStage, 'backlog'>, clock: Clock, step: () => Promise<boolean>): Step {
  let took_ms = 0;
  return async (signal) => {
    const until = clock.monotonic() + took_ms;
    while (receiver.backlog() >= CROWD && clock.monotonic() < until && !signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
    }
    const began = clock.monotonic();
    try {
      return await step();
    } finally {
      took_ms = clock.monotonic() - began;
    }
  };
}
