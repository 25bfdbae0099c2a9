/**
 * Takes the steps of a set back that failed, the last one first: what was not sent is released, what is booked is
 * cancelled by an ordinary cancel (a move: moved back by an ordinary move). What cannot be taken back becomes a work
 * item, and those before it are taken back all the same.
 */
import { asHubError, HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { formatInstant, HOUR_MS, plus } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { BookingSet, SetStep } from '../store/contract-sets.ts';
import type { Tx } from '../store/contract.ts';
import type { MoveRequest } from './contract.ts';
import { cancelUnderLock } from './cancel.ts';
import { moveUnderLock, prepareMove } from './move.ts';
import type { BookingDeps } from './place.ts';
import { stepKey } from './set-rows.ts';
import { release, type SetRun } from './set-run.ts';
import { isSettled } from './states.ts';

/** Of compensations: no caller has it. */
const CLIENT = 'hub:set';
const WHY = 'A visit that was booked together with this one could not be booked.';

/** What a move back would take, beside what the set's own bookings took. */
export async function undoLocks(
  deps: BookingDeps,
  tx: Tx,
  set: BookingSet,
  steps: readonly SetStep[],
): Promise<readonly string[]> {
  if (set.action !== 'move' || set.state === 'under-way') return [];
  const locks: string[] = [];
  for (const step of steps.filter(({ state }) => state === 'done')) {
    try {
      locks.push(...(await prepareMove(deps, tx, moveBackOf(set, step))).locks);
    } catch (error) {
      // That it cannot be is found again under the locks, and told there.
      if (!(error instanceof HubError)) throw error;
    }
  }
  return locks;
}

/** Nothing of it stands any more, whoever saw to it. */
export async function isGone(run: SetRun, { appointmentId, fromSlotId }: SetStep): Promise<boolean> {
  if (appointmentId === null) return true;
  const visit = await run.tx.resources.appointment(appointmentId);
  if (visit === null) return run.set.action === 'place';
  if (visit.resource.status === 'cancelled' || visit.resource.status === 'entered-in-error') return true;
  return run.set.action === 'move' && fromSlotId !== null && visit.slots.includes(fromSlotId);
}

export async function takeBack(deps: BookingDeps, run: SetRun): Promise<void> {
  for (const { step } of [...run.steps].reverse()) {
    const one = run.steps.find((candidate) => candidate.step === step);
    if (one === undefined || (await isOver(deps, run, one))) continue;
    // In reverse order: the ones before it wait until it is known.
    return;
  }
  const stuck = run.steps.some(({ state }) => state === 'stuck');
  if (!stuck) await run.toState('refused');
  else if (run.set.state === 'undoing') await run.toState('stuck');
}

/** False: it is under way. */
async function isOver(deps: BookingDeps, run: SetRun, step: SetStep): Promise<boolean> {
  const booking = run.bookingOf(step);
  switch (step.state) {
    case 'refused':
    case 'released':
    case 'undone':
      return true;
    case 'stuck':
      return await stuckIsOver(run, step, booking);
    case 'held':
    case 'owed':
      if (booking !== null && (await release(run, booking, WHY))) {
        await run.toStep(step, 'released');
        return true;
      }
      if (booking?.state !== 'parked') return false;
      await giveToAPerson(run, step, 'whether its site has the visit could not be found out');
      return true;
    case 'done':
      return undo(deps, run, step, booking);
    case 'undoing':
      return undoIsOver(run, step);
  }
}

/** A placement that was parked has been found out after all. */
async function stuckIsOver(run: SetRun, step: SetStep, booking: Booking | null): Promise<boolean> {
  if (step.undoBookingId !== null || booking === null || booking.state === 'booked' || !isSettled(booking.state)) {
    return true;
  }
  await run.toStep(step, 'refused');
  await run.tx.workItems.close('failed-undo', subjectOf(step), run.now);
  return true;
}

async function undo(deps: BookingDeps, run: SetRun, step: SetStep, booking: Booking | null): Promise<boolean> {
  if (await isGone(run, step)) {
    await run.toStep(step, 'undone');
    return true;
  }
  const latest = await run.tx.bookings.latestOf(step.appointmentId ?? '');
  if (latest !== null && !isSettled(latest.state) && latest.action !== 'cancel') return false;
  try {
    const asked = run.set.action === 'move' ? await moveBack(deps, run, step) : await cancel(deps, run, step);
    if (asked === 'gone') {
      await run.toStep(step, 'undone');
      return true;
    }
    await run.toStep(step, 'undoing', { undoBookingId: asked.id });
    run.owed.add(asked.site);
    return false;
  } catch (thrown) {
    const error = asHubError(thrown);
    // A site that is down, or not started yet, is asked again when the set is looked at again.
    if (error.class === 'transient') return false;
    if (error.code === 'INTERNAL' || error.class === 'ambiguous') throw thrown;
    await giveToAPerson(run, step, error.message, booking);
    return true;
  }
}

async function cancel(deps: BookingDeps, run: SetRun, step: SetStep): Promise<Booking | 'gone'> {
  const asked = await cancelUnderLock(deps, run.tx, {
    ...askedBy(run.set, step),
    appointmentId: step.appointmentId ?? '',
    reason: WHY,
    by: 'staff',
    version: null,
  });
  return asked.kind === 'already' ? 'gone' : asked.booking;
}

async function moveBack(deps: BookingDeps, run: SetRun, step: SetStep): Promise<Booking | 'gone'> {
  const prepared = await prepareMove(deps, run.tx, moveBackOf(run.set, step));
  const asked = await moveUnderLock(deps, run.tx, prepared);
  if (asked.kind === 'taken') throw new HubError('SLOT_TAKEN', { detail: 'the time that the visit came from' });
  return asked.kind === 'already' ? 'gone' : asked.booking;
}

function moveBackOf(set: BookingSet, step: SetStep): MoveRequest {
  const where = { slotId: step.fromSlotId, start: null, end: null, channel: 'staff' } as const;
  return {
    ...askedBy(set, step),
    ...where,
    appointmentId: step.appointmentId ?? '',
    reason: WHY,
    version: null,
    // It was there with the patient's other visits before.
    allowPatientOverlap: true,
  };
}

// prettier-ignore
function askedBy(set: BookingSet, { step }: SetStep): {
  readonly client: string; readonly requestKey: string; readonly digest: string; readonly requestId: string;
  readonly trace: string | null;
} {
  const key = stepKey(set.id, step, 'undo');
  return { client: CLIENT, requestKey: key, digest: key, requestId: `set:${set.id}`, trace: set.trace };
}

async function undoIsOver(run: SetRun, step: SetStep): Promise<boolean> {
  const undone = run.undoOf(step);
  if (undone !== null && !isSettled(undone.state) && undone.state !== 'parked') return false;
  const why =
    undone?.state === 'parked'
      ? 'whether its site has cancelled it could not be found out'
      : (undone?.detail ?? 'the site did not say why');
  await giveToAPerson(run, step, why);
  return true;
}

function subjectOf({ setId, step }: SetStep): string {
  return `set:${setId}:${step}`;
}

/** Ids, times and sites: who the patient is stands in the Appointment, for those who may see it. */
async function giveToAPerson(
  run: SetRun,
  step: SetStep,
  why: string,
  booking: Booking | null = run.bookingOf(step),
): Promise<void> {
  const { tx, now } = run;
  await run.toStep(step, 'stuck', { detail: why });
  await tx.workItems.open({
    id: newId(now),
    kind: 'failed-undo',
    subject: subjectOf(step),
    site: booking?.site ?? null,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence: {
      set: step.setId,
      step: String(step.step),
      of: String(run.steps.length),
      failedStep: String(run.set.failedStep ?? ''),
      appointment: step.appointmentId ?? '',
      booking: step.bookingId ?? '',
      ...(step.undoBookingId === null ? {} : { undo: step.undoBookingId }),
      site: booking?.site ?? '',
      siteKey: booking?.siteKey ?? '',
      ...timesOf(booking),
      why,
    },
  });
}

function timesOf(booking: Booking | null): Readonly<Record<string, string>> {
  const during = booking?.during ?? null;
  return during === null ? {} : { start: formatInstant(during.start), end: formatInstant(during.end) };
}
