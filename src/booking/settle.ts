/**
 * One transaction for what the site answered: the outcome, the Appointment, the freed or kept time, what is owed next.
 */
import type { SiteBooking } from '../connectors/contract.ts';
import type { HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Booking, BookingPatch, BookingState } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { BookingDeps } from './place.ts';
import { park } from './park.ts';
import { patience_ms } from './queue.ts';
import { adopt, letGo, showBooked, showCancelled } from './show.ts';
import { showChanged } from './show-changed.ts';
import { idAfterMove, showMoved } from './show-moved.ts';
import { heardAt, isChange, storeReading, type OutcomeContext } from './heard-answer.ts';
import { settlePlaced, type BookedVisit } from './settle-placed.ts';
import { comingFrom } from './states.ts';

const SCOPE = systemScope('booking');
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 60_000;

export interface SettleDeps extends BookingDeps {
  /**
   * Said after the commit: callers who wait for this booking look again. `visit`: what they would find, where that is
   * known.
   */
  readonly changed: (booking: Booking, state: BookingState, visit?: BookedVisit) => void;
}

/** What should happen to the delivery that made the call. */
export type After = 'done' | 'unknown' | 'again';

export async function recordOutcome(deps: SettleDeps, context: OutcomeContext): Promise<void> {
  const { booking, outcome } = context;
  if (booking.action === 'place' && outcome.kind === 'booked') {
    const visit = await settlePlaced(deps.store, context, outcome.at, deps.clock.now());
    if (visit !== null) {
      deps.changed(booking, 'booked', visit);
      return;
    }
  }
  const state = await deps.store.transaction(SCOPE, (tx) => record(deps, tx, context));
  if (state !== null) deps.changed(booking, state);
}

/** The site's word came as news: part of the transaction that applies it, which tells those who wait. */
export async function recordWithin(
  deps: SettleDeps,
  tx: Tx,
  answer: Pick<OutcomeContext, 'booking' | 'site' | 'outcome' | 'sentAt'>,
): Promise<void> {
  const state = await record(deps, tx, { ...answer, showsWithin_ms: 0, deliveryId: null });
  if (state !== null) await tx.outbox.heardOf(answer.booking);
}

/** Null: the booking had been settled by news before; a late answer changes nothing but its delivery. */
async function record(deps: SettleDeps, tx: Tx, context: OutcomeContext): Promise<BookingState | null> {
  const { outcome } = context;
  const now = deps.clock.now();
  await lockAll(tx, context);
  if (outcome.kind !== 'booked' && (await isOfAnEarlierCall(tx, context))) return null;
  const step = stepsOf(tx, context, now);
  switch (outcome.kind) {
    case 'booked':
      return answeredBooked(tx, context, outcome.at, step, now);
    case 'refused': {
      const why = { refusedBecause: context.neverAsked ?? outcome.because, detail: outcome.detail };
      return refused(tx, context, step, why, now);
    }
    case 'unsent':
      return answeredUnsent(deps, tx, context, outcome.error, step, now);
    case 'accepted': {
      const nextCheckAt = plus(now, context.showsWithin_ms);
      const moved = await step.move('accepted', { reference: outcome.reference, deadlineAt: null, nextCheckAt });
      await step.finish('done', now, null);
      return moved ? 'accepted' : null;
    }
    case 'unknown': {
      // Absence proves nothing before the site's quiet time is over.
      const nextCheckAt = plus(now, context.showsWithin_ms);
      const moved = await step.move('unknown', { deadlineAt: null, nextCheckAt, detail: outcome.error.code });
      await step.finish('unknown', now, outcome.error.code);
      return moved ? 'unknown' : null;
    }
  }
}

/**
 * Sent again since: what an earlier call, or a look behind it, did not bring about says nothing of the call under way.
 */
async function isOfAnEarlierCall(tx: Tx, { booking }: OutcomeContext): Promise<boolean> {
  return ((await tx.bookings.get(booking.id))?.attempts ?? booking.attempts) !== booking.attempts;
}

/** The two things that every answer leads to, both within the one transaction. */
interface Steps {
  finish(after: After, dueAt: Instant, code: string | null): Promise<void>;
  /** False: the booking had been moved on before. */
  move(to: BookingState, patch: BookingPatch): Promise<boolean>;
}

function stepsOf(tx: Tx, context: OutcomeContext, now: Instant): Steps {
  const { booking } = context;
  return {
    async finish(after, dueAt, code) {
      if (context.deliveryId === null) {
        if (after === 'again') await sendAgain(tx, booking, dueAt, now);
      } else if (after === 'again') await tx.outbox.requeue(context.deliveryId, dueAt, code);
      else await tx.outbox.finish(context.deliveryId, after, code);
    },
    async move(to, patch) {
      const moved = await tx.bookings.move(booking.id, comingFrom(to), to, now, patch);
      if (!moved) return false;
      const { id: bookingId, site, appointmentId, slotId, action } = booking;
      const slot = slotId === null ? {} : { slotId };
      await tx.ledger.add([{ at: now, kind: to, site, bookingId, appointmentId, ...slot, data: { action } }]);
      return true;
    },
  };
}

async function refused(
  tx: Tx,
  context: OutcomeContext,
  step: Steps,
  why: { readonly refusedBecause: string; readonly detail: string },
  now: Instant,
  code = why.refusedBecause,
): Promise<BookingState | null> {
  const moved = await step.move('refused', { ...why, deadlineAt: null });
  await step.finish('done', now, code);
  if (!moved) return null;
  await letGo(tx, context, now);
  return 'refused';
}

async function answeredBooked(
  tx: Tx,
  context: OutcomeContext,
  at: SiteBooking,
  step: Steps,
  now: Instant,
): Promise<BookingState | null> {
  const { booking } = context;
  const [isKnown, appointmentId] = await Promise.all([storeReading(tx, booking, at, now), whatItIs(tx, context, at)]);
  const showing = { ...context, sentAt: heardAt(context, at, isKnown) };
  if (appointmentId === null) {
    await step.finish('unknown', now, 'SITE_ANSWER_UNREADABLE');
    return (await park(tx, booking, 'the site answered with the visit of another booking', now)) ? 'parked' : null;
  }
  const siteKey = at.key === '' ? null : at.key;
  const [moved] = await Promise.all([
    step.move('booked', { appointmentId, siteKey, deadlineAt: null, nextCheckAt: null }),
    step.finish('done', now, null),
  ]);
  // A work item may say that its caller was told something else, which is still so.
  if (!moved) return null;
  if (booking.action === 'cancel') await showCancelled(tx, showing, now);
  else if (isChange(booking)) await showChanged(tx, showing, now);
  else if (booking.action === 'move') await showMoved(tx, showing, { at, appointmentId }, now);
  else if (appointmentId === booking.appointmentId) await showBooked(tx, showing, at, now);
  else await adopt(tx, context, appointmentId, now);
  await Promise.all([
    tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now),
    // Until now its hold was no conflict with anything; news that overlaps it may have come meanwhile.
    booking.action === 'cancel' ? 0 : tx.conflicts.note([appointmentId], now),
  ]);
  return 'booked';
}

async function answeredUnsent(
  deps: SettleDeps,
  tx: Tx,
  context: OutcomeContext,
  error: HubError,
  step: Steps,
  now: Instant,
): Promise<BookingState | null> {
  const { booking } = context;
  const tooOld = now - booking.createdAt > patience_ms(context.site, deps.plan().hub.booking);
  if (error.class === 'permanent' || tooOld) {
    return refused(tx, context, step, { refusedBecause: 'rule', detail: error.message }, now, error.code);
  }
  const attempts = booking.attempts + 1;
  const wait_ms = error.retryAfter_ms ?? Math.min(RETRY_FIRST_MS * 2 ** attempts, RETRY_MAX_MS);
  // Sent anew it has to be found absent anew.
  const anew = { attempts, absences: 0, deadlineAt: null, nextCheckAt: null, detail: error.code };
  const moved = await step.move('unsent', anew);
  await step.finish(moved ? 'again' : 'done', plus(now, wait_ms), error.code);
  return moved ? 'unsent' : null;
}

/**
 * The same names as apply.ts takes, in one call: what the booking holds, and the appointment under every id that it may
 * have. The echo of a write often comes at the very moment of its answer.
 */
async function lockAll(tx: Tx, { booking, site, outcome }: OutcomeContext): Promise<void> {
  const { appointmentId, resources } = booking;
  const foreign = outcome.kind === 'booked' ? [canonicalId.appointment(site.identity, outcome.at.key)] : [];
  await tx.lockRead([appointmentId, ...foreign, ...resources], async () =>
    (await tx.busy.ofAppointment(appointmentId)).map((row) => row.resourceId),
  );
}

/**
 * Which Appointment the site's answer is about: ours; or one that the site told us of before, when its news could not
 * be known for ours (a name spelled otherwise). Null: it is the visit of another booking, so this one was not made, or
 * made over it.
 */
async function whatItIs(tx: Tx, { booking, site }: OutcomeContext, at: SiteBooking): Promise<string | null> {
  if (booking.action === 'cancel' || isChange(booking)) return booking.appointmentId;
  if (booking.action === 'move') return idAfterMove(tx, booking, site, at.key);
  const named = await tx.resources.appointmentByKey(booking.site, at.key);
  if (named === null || named === booking.appointmentId) return booking.appointmentId;
  const other = await tx.bookings.latestOf(named);
  return other === null ? named : null;
}

async function sendAgain(tx: Tx, booking: Booking, dueAt: Instant, now: Instant): Promise<void> {
  await tx.outbox.add(
    {
      receiver: 'site',
      receiverId: booking.site,
      kind: booking.action,
      bookingId: booking.id,
      appointmentId: booking.appointmentId,
      body: {},
      trace: null,
    },
    dueAt,
    now,
  );
}
