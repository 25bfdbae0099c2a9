/**
 * One transaction for what the site answered: the outcome, the Appointment, the freed or kept time, what is owed next.
 */
import type { SiteBooking, WriteOutcome } from '../connectors/contract.ts';
import { newId } from '../core/ids.ts';
import { HOUR_MS, instant, plus, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking, BookingPatch, BookingState } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { BookingDeps } from './place.ts';
import { adopt, letGo, showBooked, showCancelled } from './show.ts';
import { comingFrom } from './states.ts';

const SCOPE = systemScope('booking');

export interface SettleDeps extends BookingDeps {
  /** Said after the commit: callers who wait for this booking look again. */
  readonly changed: (booking: Booking, state: BookingState) => void;
}

/** What should happen to the delivery that made the call. */
export type After = 'done' | 'unknown' | 'again';

export interface OutcomeContext {
  readonly booking: Booking;
  readonly site: SiteSettings;
  readonly outcome: WriteOutcome;
  /** When the call left: the ordering time of what it brought back. */
  readonly sentAt: Instant;
  /** How long the site may take to show a write. */
  readonly showsWithin_ms: number;
  readonly deliveryId: number | null;
}

export async function recordOutcome(deps: SettleDeps, context: OutcomeContext): Promise<void> {
  const state = await deps.store.transaction(SCOPE, (tx) => record(deps, tx, context));
  if (state !== null) deps.changed(context.booking, state);
}

/** Null: the booking had been settled by news before; a late answer changes nothing but its delivery. */
async function record(deps: SettleDeps, tx: Tx, context: OutcomeContext): Promise<BookingState | null> {
  const { booking, outcome } = context;
  const now = deps.clock.now();
  await lockAll(tx, context);
  const finish = async (after: After, dueAt: Instant, code: string | null): Promise<void> => {
    if (context.deliveryId === null) {
      if (after === 'again') await sendAgain(tx, booking, dueAt, now);
    } else if (after === 'again') await tx.outbox.requeue(context.deliveryId, dueAt, code);
    else await tx.outbox.finish(context.deliveryId, after, code);
  };
  const move = async (to: BookingState, patch: BookingPatch): Promise<boolean> => {
    const moved = await tx.bookings.move(booking.id, comingFrom(to), to, now, patch);
    if (moved) {
      await tx.ledger.add([
        {
          at: now, kind: to, site: booking.site, bookingId: booking.id, appointmentId: booking.appointmentId,
          ...(booking.slotId === null ? {} : { slotId: booking.slotId }),
          data: { action: booking.action },
        },
      ]); // prettier-ignore
    }
    return moved;
  };

  switch (outcome.kind) {
    case 'booked': {
      const read = outcome.at.state === undefined ? [] : [outcome.at.state];
      const [news] = await tx.inbox.insert(booking.site, 'write', read, now, null);
      // The same was read before and may still wait to be applied; then our own word must not make it look old.
      const known = news?.kind === 'unchanged';
      const showing = known
        ? { ...context, sentAt: booking.action === 'cancel' ? instant(0) : booking.createdAt }
        : context;
      const appointmentId = await whatItIs(tx, booking, outcome.at);
      if (appointmentId === null) {
        await finish('unknown', now, 'SITE_ANSWER_UNREADABLE');
        return (await park(tx, booking, 'the site answered with the visit of another booking', now)) ? 'parked' : null;
      }
      const moved = await move('booked', { appointmentId, siteKey: outcome.at.key, deadlineAt: null, nextCheckAt: null }); // prettier-ignore
      await finish('done', now, null);
      if (!moved) return null;
      await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
      if (booking.action === 'cancel') await showCancelled(tx, showing, now);
      else if (appointmentId === booking.appointmentId) await showBooked(tx, showing, outcome.at, now);
      else await adopt(tx, context, appointmentId, now);
      return 'booked';
    }
    case 'refused': {
      const moved = await move('refused', {
        refusedBecause: outcome.because,
        detail: outcome.detail,
        deadlineAt: null,
      });
      await finish('done', now, outcome.because);
      if (!moved) return null;
      await letGo(tx, context, now);
      return 'refused';
    }
    case 'unsent': {
      const { error } = outcome;
      const tooOld = now - booking.createdAt > deps.plan().hub.booking.resolveFor_s * 1000;
      if (error.class === 'permanent' || tooOld) {
        const moved = await move('refused', { refusedBecause: 'rule', detail: error.message, deadlineAt: null });
        await finish('done', now, error.code);
        if (!moved) return null;
        await letGo(tx, context, now);
        return 'refused';
      }
      const attempts = booking.attempts + 1;
      const wait_ms = error.retryAfter_ms ?? Math.min(500 * 2 ** attempts, 60_000);
      // Sent anew it has to be found absent anew.
      const moved = await move('unsent', { attempts, absences: 0, deadlineAt: null, nextCheckAt: null, detail: error.code }); // prettier-ignore
      await finish(moved ? 'again' : 'done', plus(now, wait_ms), error.code);
      return moved ? 'unsent' : null;
    }
    case 'accepted': {
      const moved = await move('accepted', { reference: outcome.reference, deadlineAt: null, nextCheckAt: plus(now, context.showsWithin_ms) }); // prettier-ignore
      await finish('done', now, null);
      return moved ? 'accepted' : null;
    }
    case 'unknown': {
      // Absence proves nothing before the site's quiet time is over.
      const moved = await move('unknown', { deadlineAt: null, nextCheckAt: plus(now, context.showsWithin_ms), detail: outcome.error.code }); // prettier-ignore
      await finish('unknown', now, outcome.error.code);
      return moved ? 'unknown' : null;
    }
  }
}

/**
 * The same names as apply.ts takes, in one call: what the booking holds, and the appointment under every id that it may
 * have. The echo of a write often comes at the very moment of its answer.
 */
async function lockAll(tx: Tx, { booking, site, outcome }: OutcomeContext): Promise<void> {
  const taken = await tx.busy.ofAppointment(booking.appointmentId);
  const foreign = outcome.kind === 'booked' ? [canonicalId.appointment(site.identity, outcome.at.key)] : [];
  await tx.lock([booking.appointmentId, ...foreign, ...booking.resources, ...taken.map((row) => row.resourceId)]);
}

/**
 * Which Appointment the site's answer is about: ours; or one that the site told us of before, when its news could not
 * be known for ours (a name spelled otherwise). Null: it is the visit of another booking, so this one was not made, or
 * made over it.
 */
async function whatItIs(tx: Tx, booking: Booking, at: SiteBooking): Promise<string | null> {
  if (booking.action === 'cancel') return booking.appointmentId;
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

/** A site left the configuration: nobody can ask it any more, so a person finds out how its open bookings stand. */
export async function parkOpenBookings(deps: SettleDeps, siteId: string): Promise<void> {
  const why = 'the site was removed from the configuration';
  const open = await deps.store.read(SCOPE, (tx) => tx.bookings.openOf(siteId));
  for (const booking of open) {
    if (booking.state !== 'held') await parkBooking(deps, booking, why);
    // Never sent: a placement's hold runs out by itself, and a cancel has nothing that could.
    else if (booking.action === 'cancel') await giveUp(deps, booking, why);
  }
}

async function giveUp(deps: SettleDeps, booking: Booking, why: string): Promise<void> {
  const now = deps.clock.now();
  const moved = await deps.store.transaction(SCOPE, async (tx) => {
    const patch = { refusedBecause: 'rule', detail: why };
    if (!(await tx.bookings.move(booking.id, ['held'], 'refused', now, patch))) return false;
    await tx.ledger.add([{ at: now, kind: 'refused', site: booking.site, bookingId: booking.id, appointmentId: booking.appointmentId }]); // prettier-ignore
    return true;
  });
  if (moved) deps.changed(booking, 'refused');
}

/** Could not be found out in time: the hold stays, and a person decides. */
export async function parkBooking(deps: SettleDeps, booking: Booking, why: string): Promise<void> {
  const now = deps.clock.now();
  const parked = await deps.store.transaction(SCOPE, (tx) => park(tx, booking, why, now));
  if (parked) deps.changed(booking, 'parked');
}

async function park(tx: Tx, booking: Booking, why: string, now: Instant): Promise<boolean> {
  const patch = { nextCheckAt: null, deadlineAt: null, detail: why };
  if (!(await tx.bookings.move(booking.id, comingFrom('parked'), 'parked', now, patch))) return false;
  await tx.ledger.add([{ at: now, kind: 'parked', site: booking.site, bookingId: booking.id, appointmentId: booking.appointmentId }]); // prettier-ignore
  await tx.workItems.open({
    id: newId(now),
    kind: 'unresolved-booking',
    subject: `booking:${booking.id}`,
    site: booking.site,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence: { action: booking.action, appointment: booking.appointmentId, why },
  });
  return true;
}
