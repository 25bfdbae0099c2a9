/**
 * Applying gives way to receiving and to bookings: who sends or books waits for us, and what is stored is safe and can
 * be applied a moment later. Each step of applying is put off while they are many, or while a booking is being made
 * whose people a step would hold; but never by more than the last step took, or one booking: under a flood without end
 * applying keeps a good part of the time, and what people read goes on changing.
 */
import type { Clock } from '../core/clock.ts';
import type { ReceiveStage } from './receive.ts';

/** Fewer are stored by the next commit, and leave the processor idle while it is written. */
const CROWD = 16;
const LOOK_MS = 2;
/** About what the hub takes for a booking by itself. One behind the other, they leave applying its turn as often. */
const BOOKING_MS = 40;

type Step = (signal: AbortSignal) => Promise<boolean>;

/** Whoever applying gives way to. */
export interface Served {
  readonly receiver: Pick<ReceiveStage, 'backlog'>;
  /** Whether somebody waits for a booking that was asked for a moment ago. */
  readonly isBooking: () => boolean;
}

export function givingWay({ receiver, isBooking }: Served, clock: Clock, step: () => Promise<boolean>): Step {
  let took_ms = 0;
  return async (signal) => {
    const until = clock.monotonic() + (isBooking() ? Math.max(took_ms, BOOKING_MS) : took_ms);
    while ((receiver.backlog() >= CROWD || isBooking()) && clock.monotonic() < until && !signal.aborted) {
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
