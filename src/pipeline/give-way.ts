/**
 * Who gives way to whom. Whatever else the hub does when it comes to it (fetching what hints are about, asking for
 * availability, looking for conflicts) gives way to callers who wait for a booking: `standingAside`. Of what sites send
 * only webhooks do, and for a moment: `aMomentAside`.
 *
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

/** The first look of work that stood still waits at most so long: short beside the seconds that its news may take. */
const ASIDE_MS = 250;
/** All who stand aside look together, and a booking takes some tens of milliseconds. */
const ASIDE_LOOK_MS = 4;

type Step = (signal: AbortSignal) => Promise<boolean>;
/** The same step, begun when nobody waits for a booking. */
export type Aside = (step: Step) => Step;

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

/**
 * Under bookings without end each piece of work has its turn after `ASIDE_MS` at the latest, counted for itself: none
 * waits for another. One that says that it left something behind waits only for as long as its last turn took: however
 * much there is to do, it keeps half of the time.
 */
export function standingAside(isBooking: () => boolean, clock: Clock): Aside {
  let look: Promise<void> | null = null;
  const nextLook = (): Promise<void> =>
    (look ??= clock.sleep(ASIDE_LOOK_MS).then(() => {
      look = null;
    }));
  return (step) => {
    let most_ms = ASIDE_MS;
    return async (signal) => {
      const until = clock.monotonic() + most_ms;
      while (isBooking() && clock.monotonic() < until && !signal.aborted) await nextLook();
      const began = clock.monotonic();
      // What it fails with is tried again later, by itself.
      most_ms = ASIDE_MS;
      const more = await step(signal);
      if (more) most_ms = Math.min(ASIDE_MS, clock.monotonic() - began);
      return more;
    };
  };
}

/** A tenth of the shortest time-out of a vendor's webhook, and more than a booking needs for its two commits. */
const MOMENT_MS = 40;

/**
 * A vendor tells of what was booked there before the hub has read it back, and nobody waits for the answer on the line:
 * storing it beside the booking would make the caller wait for both.
 */
export async function aMomentAside(isBooking: () => boolean, clock: Clock): Promise<void> {
  const until = clock.monotonic() + MOMENT_MS;
  while (isBooking() && clock.monotonic() < until) await clock.sleep(LOOK_MS);
}
