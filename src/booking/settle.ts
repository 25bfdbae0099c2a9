/** One transaction for what the site answered: the outcome, the Appointment, the freed or kept time, what is owed next. */
import type { SiteBooking, WriteOutcome } from '../connectors/contract.ts';
import { newId } from '../core/ids.ts';
import { DAY_MS, HOUR_MS, instant, plus, type Instant } from '../core/instant.ts';
import * as canonical from '../fhir/canonical.ts';
import type { Appointment } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking, BookingPatch, BookingState, Touched } from '../store/contract-bookings.ts';
import type { Cause } from '../store/contract-resources.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { BookingDeps } from './place.ts';
import { comingFrom } from './states.ts';

const SCOPE = systemScope('booking');
/** Farther than any visit is booked. */
const FAR_MS = 3_660 * DAY_MS;

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
  await tx.lock([booking.appointmentId]);
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
      const moved = await move('booked', { siteKey: outcome.at.key, deadlineAt: null, nextCheckAt: null });
      await finish('done', now, null);
      await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
      if (outcome.at.state !== undefined) await tx.inbox.insert(booking.site, 'write', [outcome.at.state], now, null);
      if (!moved) return null;
      await (booking.action === 'cancel' ? showCancelled(tx, context, now) : showBooked(tx, context, outcome.at, now));
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
      if (!(await move('unsent', { attempts, deadlineAt: null, detail: error.code }))) return null;
      await finish('again', plus(now, wait_ms), error.code);
      return 'unsent';
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

/** The Appointment as proposed, under the site's name for it; the site's own record follows through the inbox. */
async function showBooked(tx: Tx, context: OutcomeContext, at: SiteBooking, now: Instant): Promise<void> {
  const { booking, site } = context;
  await tx.resources.nameAppointment(booking.site, at.key, booking.appointmentId);
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const shown = await tx.resources.appointment(booking.appointmentId);
  if (shown === null && booking.order.appointmentJson !== undefined) {
    const proposed = JSON.parse(booking.order.appointmentJson) as Appointment;
    const resource: Appointment = {
      ...proposed,
      identifier: [
        { system: canonical.siteSystem(site.id, 'appointment'), value: at.key },
        ...(proposed.identifier ?? []),
      ],
    };
    const slot = booking.slotId === null ? null : await tx.resources.slot(booking.slotId);
    const references = resource.participant.flatMap((one) => one.actor?.reference ?? []);
    const ids = (type: string): string[] =>
      references
        .filter((reference) => reference.startsWith(`${type}/`))
        .map((reference) => reference.slice(type.length + 1));
    const locations = ids('Location');
    await tx.resources.putAppointment(
      {
        id: booking.appointmentId,
        site: booking.site,
        siteKey: at.key,
        during: booking.during,
        visitType: slot?.visitType ?? null,
        specialty: slot?.specialty ?? null,
        patients: ids('Patient'),
        actors: [...ids('Practitioner'), ...locations],
        slots: booking.slotId === null ? [] : [booking.slotId],
        tokens: [
          ...canonical.identifierTokens(resource.identifier ?? []),
          ...canonical.conceptTokens('service-type', resource.serviceType),
          ...(booking.order.place === undefined ? [] : [`calendar:${booking.order.place.calendar}`]),
        ],
        locations,
        security: slot?.security ?? [],
        orderedAt: context.sentAt,
        resource,
      },
      cause,
    );
  }
  const touched = await tx.busy.settle(booking.id, booking.appointmentId);
  await refresh(tx, touched, cause);
  await dueWindows(tx, context, now);
}

const ENDED: ReadonlySet<Appointment['status']> = new Set(['cancelled', 'noshow', 'fulfilled', 'entered-in-error']);

async function showCancelled(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking } = context;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const shown = await tx.resources.appointment(booking.appointmentId);
  // The site may have ended it in another way meanwhile (a no-show is a cancelled record to some), and knows better.
  if (shown !== null && !ENDED.has(shown.resource.status)) {
    const reason = booking.order.cancel?.reason;
    await tx.resources.putAppointment(
      {
        ...shown,
        orderedAt: context.sentAt > shown.orderedAt ? context.sentAt : shown.orderedAt,
        resource: {
          ...shown.resource,
          status: 'cancelled',
          ...(reason === undefined ? {} : { cancelationReason: { text: reason } }),
        },
      },
      cause,
    );
  }
  if (shown === null || shown.resource.status === 'cancelled' || !ENDED.has(shown.resource.status)) {
    await refresh(tx, await tx.busy.replaceAppointment(booking.appointmentId, []), cause);
  }
  await dueWindows(tx, context, now);
}

/** A refused placement gives its time back at once; a refused cancel changes nothing. */
async function letGo(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking } = context;
  if (booking.action === 'place') {
    const touched = await tx.busy.removeBooking(booking.id);
    await refresh(tx, touched, { site: booking.site, messageId: null, siteTime: null, now });
  }
  await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
  // The site knows something that our copy does not: ask it again.
  await dueWindows(tx, context, now);
}

async function dueWindows(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking, site } = context;
  if (booking.during === null) return;
  const calendar = booking.order.place?.calendar;
  const calendars = calendar === undefined ? Object.keys(site.resources.calendars) : [calendar];
  for (const one of calendars) await tx.feeds.windowsDue(booking.site, one, booking.during, now);
}

async function refresh(tx: Tx, touched: readonly Touched[], cause: Cause): Promise<void> {
  for (const one of touched) await tx.resources.refreshSlots([one.resourceId], one.during, cause);
}

/** A site left the configuration: nobody can ask it any more, so a person finds out how its open bookings stand. */
export async function parkOpenBookings(deps: SettleDeps, siteId: string): Promise<void> {
  const ever = { start: instant(0), end: plus(deps.clock.now(), FAR_MS) };
  const open = await deps.store.read(SCOPE, (tx) => tx.bookings.openAt(siteId, ever));
  for (const booking of open) await parkBooking(deps, booking, 'the site was removed from the configuration');
}

/** Could not be found out in time: the hold stays, and a person decides. */
export async function parkBooking(deps: SettleDeps, booking: Booking, why: string): Promise<void> {
  const now = deps.clock.now();
  const parked = await deps.store.transaction(SCOPE, async (tx) => {
    const moved = await tx.bookings.move(booking.id, comingFrom('parked'), 'parked', now, {
      nextCheckAt: null,
      detail: why,
    });
    if (!moved) return false;
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
  });
  if (parked) deps.changed(booking, 'parked');
}
