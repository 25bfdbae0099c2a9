/**
 * What the site's answer makes of the Appointment and of the time that was held for it. Part of settle.ts's one
 * transaction.
 */
import type { SiteBooking } from '../connectors/contract.ts';
import { plus, type Instant } from '../core/instant.ts';
import * as canonical from '../fhir/canonical.ts';
import { SYSTEMS, type Appointment } from '../fhir/types.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { endPending, giveBack, isOursAlone, ownRow } from './pending.ts';
import type { OutcomeContext } from './heard-answer.ts';
import { withOwnWordOf } from './own-word.ts';

/** What is taken shows already, and a burst of bookings on one day is one question to the site. */
export const AFTER_BOOKING_MS = 1_000;

/** The hub's own word of the visit; the site's own record follows through the inbox. */
export async function showBooked(tx: Tx, context: OutcomeContext, at: SiteBooking, now: Instant): Promise<void> {
  const { booking, site } = context;
  const siteKey = at.key === '' ? null : at.key;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const [shown, stored] = await Promise.all([
    tx.resources.appointment(booking.appointmentId),
    // Whom it names may have turned out to be somebody else since it was sent (pipeline/rekey.ts).
    tx.bookings.get(booking.id),
    siteKey === null ? undefined : tx.resources.nameAppointment(booking.site, siteKey, booking.appointmentId),
  ]);
  const isOurs = shown === null || isOursAlone(shown);
  const { appointmentJson } = (stored ?? booking).order;
  if (isOurs && appointmentJson !== undefined) {
    const resource = bookedAs(appointmentJson, site.id, siteKey);
    const row = await ownRow(tx, booking, resource, { siteKey, orderedAt: context.sentAt });
    await tx.resources.putAppointment(row, cause);
  }
  const touched = await tx.busy.settle(booking.id, booking.appointmentId);
  await Promise.all([
    tx.resources.refreshTouched(touched, cause),
    dueWindows(tx, context, now, [], plus(now, AFTER_BOOKING_MS)),
  ]);
}

/** The Appointment as proposed, under the site's name for it. */
export function bookedAs(appointmentJson: string, siteId: string, siteKey: string | null): Appointment {
  const proposed = JSON.parse(appointmentJson) as Appointment;
  return {
    ...proposed,
    identifier: [
      ...(siteKey === null ? [] : [{ system: canonical.siteSystem(siteId, 'appointment'), value: siteKey }]),
      ...(proposed.identifier ?? []),
    ],
  };
}

export const ENDED: ReadonlySet<Appointment['status']> = new Set([
  'cancelled',
  'noshow',
  'fulfilled',
  'entered-in-error',
]);

/**
 * The visit stands already, under the id of the site's own news: that one is the booking's, and the hold is not needed.
 */
export async function adopt(tx: Tx, context: OutcomeContext, appointmentId: string, now: Instant): Promise<void> {
  const { booking } = context;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const shown = await tx.resources.appointment(appointmentId);
  const asked = booking.order.appointmentJson;
  const proposed = asked === undefined ? null : (JSON.parse(asked) as Appointment);
  if (shown !== null && proposed !== null) {
    const own = proposed.identifier ?? [];
    const identifier = [...(shown.resource.identifier ?? []), ...own];
    const tokens = [...new Set([...shown.tokens, ...canonical.identifierTokens(own)])];
    const resource = { ...shown.resource, ...(identifier.length === 0 ? {} : { identifier }) };
    const asOurs = withOwnWordOf({ ...shown, tokens, resource }, { resource: proposed, patients: shown.patients });
    await tx.resources.putAppointment(asOurs, cause);
  }
  await tx.sets.renameAppointment(booking.appointmentId, appointmentId);
  await tx.resources.refreshTouched(await tx.busy.removeBooking(booking.id), cause);
  if (appointmentId !== booking.appointmentId) {
    await endPending(tx, booking.appointmentId, { text: 'The site has the visit under another id.' }, cause);
  }
  await dueWindows(tx, context, now);
}

const system = SYSTEMS.cancellationReason;
/** Who cancelled, by the top codes of appointment-cancellation-reason. The clinic itself has none there. */
export const CANCELLED_BY = {
  patient: { system, code: 'pat', display: 'Patient' },
  practitioner: { system, code: 'prov', display: 'Provider' },
  staff: { system, code: 'other', display: 'Other' },
} as const;

export async function showCancelled(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking } = context;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const shown = await tx.resources.appointment(booking.appointmentId);
  // The site may have ended it in another way meanwhile (a no-show is a cancelled record to some), and knows better.
  if (shown !== null && !ENDED.has(shown.resource.status)) {
    const { reason, by = 'staff' } = booking.order.cancel ?? {};
    await tx.resources.putAppointment(
      {
        ...shown,
        orderedAt: context.sentAt > shown.orderedAt ? context.sentAt : shown.orderedAt,
        resource: {
          ...shown.resource,
          status: 'cancelled',
          cancelationReason: { coding: [CANCELLED_BY[by]], ...(reason === undefined ? {} : { text: reason }) },
        },
      },
      cause,
    );
  }
  if (shown === null || shown.resource.status === 'cancelled' || !ENDED.has(shown.resource.status)) {
    await tx.resources.refreshTouched(await tx.busy.replaceAppointment(booking.appointmentId, []), cause);
  }
  const calendars = shown?.tokens.flatMap((token) => (token.startsWith('calendar:') ? [token.slice(9)] : []));
  await dueWindows(tx, context, now, calendars);
}

/** A refused placement or move gives the time back that it held; a visit keeps what it has. */
export async function letGo(tx: Tx, context: OutcomeContext, now: Instant): Promise<void> {
  const { booking } = context;
  await giveBack(tx, booking, { text: 'The visit was asked for and could not be booked.' }, now);
  await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
  // The site knows something that our copy does not: ask it again.
  await dueWindows(tx, context, now);
}

/** What the site computes from its visits is asked again around the booking's time. */
export async function dueWindows(
  tx: Tx,
  { booking, site }: OutcomeContext,
  now: Instant,
  known: readonly string[] = [],
  dueAt: Instant = now,
): Promise<void> {
  if (booking.during === null) return;
  const asked = booking.order.place === undefined ? known : [booking.order.place.calendar];
  const calendars = asked.length === 0 ? Object.keys(site.resources.calendars) : asked;
  const { site: siteId, during } = booking;
  const also = booking.order.place?.also ?? [];
  await Promise.all([
    ...calendars.map((one) => tx.feeds.windowsDue(siteId, one, during, now, dueAt)),
    ...also.map(({ calendar, start, end }) => tx.feeds.windowsDue(siteId, calendar, { start, end }, now, dueAt)),
  ]);
}
