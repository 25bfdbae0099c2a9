/** A set with its steps and their bookings within one transaction, and what may be done to each. */
import type { Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { BookingSet, SetState, SetStep, StepState } from '../store/contract-sets.ts';
import type { Tx } from '../store/contract.ts';
import { giveBack } from './pending.ts';
import { setComingFrom, stepComingFrom } from './set-states.ts';

export class SetRun {
  readonly tx: Tx;
  readonly now: Instant;
  readonly steps: SetStep[];
  readonly #bookings: ReadonlyMap<string, Booking>;
  #set: BookingSet;
  /** Sites that something is owed to. */
  readonly owed = new Set<string>();
  moved = false;

  constructor(tx: Tx, now: Instant, set: BookingSet, steps: readonly SetStep[], bookings: readonly Booking[]) {
    this.tx = tx;
    this.now = now;
    this.#set = set;
    this.steps = [...steps];
    this.#bookings = new Map(bookings.map((one) => [one.id, one]));
  }

  get set(): BookingSet {
    return this.#set;
  }
  /** Null: it came to none, or what was stored of its site was deleted. */
  bookingOf(step: SetStep): Booking | null {
    return this.#bookings.get(step.bookingId ?? '') ?? null;
  }
  undoOf(step: SetStep): Booking | null {
    return this.#bookings.get(step.undoBookingId ?? '') ?? null;
  }

  async toState(to: SetState, failedStep?: number): Promise<void> {
    const patch = failedStep === undefined ? {} : { failedStep };
    if (!(await this.tx.sets.move(this.#set.id, setComingFrom(to), to, this.now, patch))) return;
    this.#set = { ...this.#set, state: to, stateAt: this.now, ...patch };
    this.moved = true;
    await this.tx.ledger.add([{ at: this.now, kind: `set-${to}`, data: { set: this.#set.id } }]);
  }

  /** One step of a step; what it is about stands in the ledger beside what its booking does. */
  async toStep(
    step: SetStep,
    to: StepState,
    patch: Partial<Pick<SetStep, 'undoBookingId' | 'code' | 'detail'>> = {},
  ): Promise<SetStep> {
    if (!(await this.tx.sets.moveStep(step, stepComingFrom(to), to, patch))) return step;
    const next: SetStep = { ...step, ...patch, state: to };
    this.steps[this.steps.findIndex((one) => one.step === step.step)] = next;
    this.moved = true;
    const booking = this.bookingOf(step);
    const about = booking === null ? {} : aboutOf(booking);
    const data = { set: step.setId, step: step.step };
    await this.tx.ledger.add([{ at: this.now, kind: `set-step-${to}`, ...about, data }]);
    return next;
  }
}

function aboutOf({ id: bookingId, site, appointmentId }: Booking): Readonly<Record<string, string>> {
  return { bookingId, site, appointmentId };
}

/** Gives the time back of one whose site was not asked. False: it is being asked at this moment. */
export async function release(run: SetRun, booking: Booking, detail: string): Promise<boolean> {
  const { tx, now } = run;
  const patch = { refusedBecause: 'set-failed', detail, deadlineAt: null };
  const unsent = ['held', 'queued', 'unsent', 'awaiting-approval'] as const;
  if (!(await tx.bookings.move(booking.id, unsent, 'refused', now, patch))) return false;
  const { id: bookingId, site, appointmentId, action } = booking;
  await tx.ledger.add([{ at: now, kind: 'refused', bookingId, site, appointmentId, data: { action } }]);
  await giveBack(tx, booking, { text: detail }, now);
  return true;
}
