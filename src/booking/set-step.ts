/**
 * Carries a set on: whose turn it is, what is taken back, when it is over. It looks at the rows and does what they
 * lack, in one transaction under the locks of all that the set takes; so it may be run by anybody, at any time, again,
 * and after a kill.
 */
import { plus, type Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import { oweCall } from './new-booking.ts';
import type { BookingDeps } from './place.ts';
import { CHECK_MS } from './set-rows.ts';
import { release, SetRun } from './set-run.ts';
import { isSetAnswered } from './set-states.ts';
import { isGone, takeBack, undoLocks } from './set-undo.ts';
import { isSettled } from './states.ts';

export interface SetStepDeps extends BookingDeps {
  /** Something is owed to this site: send it now. */
  readonly deliver: (siteId: string) => void;
  /** Said after the commit: callers who wait for this set look again. */
  readonly setChanged: (setId: string) => void;
}

const SCOPE = systemScope('set');
const BATCH = 50;
/** A person is asked about it already; it is looked at for what they did. */
const STUCK_CHECK_MS = 60_000;

/** Sets that these bookings belong to, and those that nobody has looked at for a while. True when more may be due. */
export async function carryOnSets(deps: SetStepDeps, bookingIds: readonly string[]): Promise<boolean> {
  const now = deps.clock.now();
  const [rung, due] = await deps.store.glance(SCOPE, (tx) =>
    Promise.all([bookingIds.length === 0 ? [] : tx.sets.ofBookings(bookingIds), tx.sets.due(now, BATCH)]),
  );
  for (const id of new Set([...rung, ...due])) await carryOn(deps, id);
  return due.length === BATCH;
}

/** One look at a set, and what it leads to. */
export async function carryOn(deps: SetStepDeps, setId: string): Promise<void> {
  const locks = await deps.store.read(SCOPE, (tx) => locksOf(deps, tx, setId));
  if (locks === null) return;
  const run = await deps.store.transaction(SCOPE, async (tx) => {
    await tx.lock(locks);
    const one = await open(deps, tx, setId);
    // A visit that goes on under another id is not under these locks: the next look takes the right ones.
    const covered = one?.steps.every(({ appointmentId }) => appointmentId === null || locks.includes(appointmentId));
    if (one === null || covered !== true) return null;
    await bringInLine(deps, one);
    if (one.set.state === 'under-way') await (one.set.mode === 'all' ? nextOfAll(one) : endOfEach(one));
    if (one.set.state === 'undoing' || one.set.state === 'stuck') await takeBack(deps, one);
    await tx.sets.checkLater(setId, plus(one.now, one.set.state === 'stuck' ? STUCK_CHECK_MS : CHECK_MS));
    return one;
  });
  for (const site of run?.owed ?? []) deps.deliver(site);
  if (run?.moved === true) deps.setChanged(setId);
}

/** Null: there is none, or it is over. */
async function locksOf(deps: BookingDeps, tx: Tx, setId: string): Promise<readonly string[] | null> {
  const set = await tx.sets.get(setId);
  if (set === null || (isSetAnswered(set.state) && set.state !== 'stuck')) return null;
  const steps = await tx.sets.steps(setId);
  const bookings = await tx.bookings.many(steps.flatMap(({ bookingId }) => bookingId ?? []));
  const locks = [`set:${setId}`, ...bookings.flatMap(({ appointmentId, resources }) => [appointmentId, ...resources])];
  const visits = steps.flatMap(({ appointmentId }) => appointmentId ?? []);
  return [...locks, ...visits, ...(await undoLocks(deps, tx, set, steps))];
}

async function open(deps: BookingDeps, tx: Tx, setId: string): Promise<SetRun | null> {
  const set = await tx.sets.get(setId);
  if (set === null || (isSetAnswered(set.state) && set.state !== 'stuck')) return null;
  const steps = await tx.sets.steps(setId);
  const ids = steps.flatMap(({ bookingId, undoBookingId }) => [bookingId, undoBookingId]);
  const bookings = await tx.bookings.many(ids.filter((id) => id !== null));
  return new SetRun(tx, deps.clock.now(), set, steps, bookings);
}

/** Steps follow their bookings; one whose visit would have begun before its turn has no turn any more. */
async function bringInLine(deps: BookingDeps, run: SetRun): Promise<void> {
  for (const step of run.steps.filter(({ state }) => state === 'held' || state === 'owed')) {
    const booking = run.bookingOf(step);
    if (booking === null) {
      await run.toStep(step, 'refused', {
        code: 'NOT_FOUND',
        detail: 'what was stored of its site was deleted; ask the clinic whether the visit stands',
      });
    } else if (booking.state === 'booked') await run.toStep(step, 'done');
    else if (isSettled(booking.state)) await run.toStep(step, 'refused');
    else if (step.state === 'held') {
      const why = cannotBeSent(deps, booking, run.now);
      if (why !== null && (await release(run, booking, why))) await run.toStep(step, 'refused');
    }
  }
  for (const step of run.steps.filter(({ state }) => state === 'undoing' || state === 'stuck')) {
    if (run.undoOf(step)?.state === 'booked' || (await isGone(run, step))) {
      await run.toStep(step, 'undone');
      await run.tx.workItems.close('failed-undo', `set:${step.setId}:${step.step}`, run.now);
    }
  }
}

function cannotBeSent(deps: BookingDeps, { site, during }: Booking, now: Instant): string | null {
  if (!deps.plan().sites.some(({ id }) => id === site)) return 'The site was removed from the configuration.';
  if (during !== null && during.start <= now) return 'The visit would have begun before its site was asked.';
  return null;
}

/** All: one after the other; the first that was refused ends it. */
async function nextOfAll(run: SetRun): Promise<void> {
  const failed = run.steps.find(({ state }) => state === 'refused');
  if (failed !== undefined) return run.toState('undoing', failed.step);
  const next = run.steps.find(({ state }) => state !== 'done');
  if (next === undefined) return run.toState('done');
  const booking = run.bookingOf(next);
  if (next.state !== 'held' || booking === null) return;
  // Where a coordinator decides first, it is owed when they have agreed.
  if (booking.state === 'held' || booking.state === 'queued') {
    await oweCall(run.tx, booking, run.set.trace, run.now);
    run.owed.add(booking.site);
  }
  await run.toStep(next, 'owed');
}

/** Best effort: over when each is. */
async function endOfEach(run: SetRun): Promise<void> {
  if (run.steps.some(({ state }) => state !== 'done' && state !== 'refused')) return;
  const done = run.steps.filter(({ state }) => state === 'done').length;
  const [first] = run.steps.filter(({ state }) => state === 'refused');
  await run.toState(done === run.steps.length ? 'done' : done > 0 ? 'partly' : 'refused', first?.step);
}
