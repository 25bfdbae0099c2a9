/**
 * Whose news is it? The echo of our own write may arrive before the site's answer. A site booking that matches one of ours
 * whose answer is open is that booking's evidence; only one that provably is not ours is foreign (DESIGN section 7).
 */
import { isUuid } from '../core/ids.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { AppointmentChange, PatientAssertion } from '../mappings/contract.ts';
import type { Booking, BookingState } from '../store/contract-bookings.ts';
import { NotYet, type ApplyContext } from './apply-context.ts';
import { occupiesTime } from './apply-appointment.ts';

/** States in which the site's answer is open. */
const OPEN: readonly BookingState[] = ['queued', 'sent', 'accepted', 'unknown', 'unsent', 'parked'];
/** How soon undecidable news is looked at again. */
const UNDECIDED_MS = 500;

export interface Attached {
  readonly appointmentId: string;
  /** Our booking that this news is evidence for, while its answer is open. */
  readonly booking: Booking | null;
}

export async function attachTo(context: ApplyContext, change: AppointmentChange): Promise<Attached> {
  const { tx, site } = context;
  const known = await tx.resources.appointmentByKey(site.id, change.key);
  if (known !== null) {
    const booking = await tx.bookings.latestOf(known);
    return { appointmentId: known, booking: booking !== null && OPEN.includes(booking.state) ? booking : null };
  }
  if (change.correlation !== undefined && isUuid(change.correlation)) {
    const booking = await tx.bookings.get(change.correlation);
    if (booking !== null && booking.site === site.id && booking.action === 'place') {
      return { appointmentId: booking.appointmentId, booking: OPEN.includes(booking.state) ? booking : null };
    }
  }
  const candidate = change.correlation === undefined ? await matching(context, change) : null;
  return candidate === null
    ? { appointmentId: canonicalId.appointment(site.identity, change.key), booking: null }
    : { appointmentId: candidate.appointmentId, booking: candidate };
}

/** By site, calendar, start and person. Two candidates, or no person to compare, wait for the answer or `find`. */
async function matching(context: ApplyContext, change: AppointmentChange): Promise<Booking | null> {
  if (change.during === undefined) return null;
  const start = change.during.start;
  const calendars = change.participants.flatMap((one) => (one.actor.kind === 'calendar' ? [one.actor.code] : []));
  const open = (await context.tx.bookings.openAt(context.site.id, change.during)).filter(
    (booking) =>
      booking.action === 'place' &&
      booking.siteKey === null &&
      booking.during?.start === start &&
      (calendars.length === 0 || calendars.includes(booking.order.place?.calendar ?? '')),
  );
  if (open.length === 0) return null;
  const [patient] = change.patients;
  if (patient === undefined) throw new NotYet('a booking of ours at this time is not answered yet', UNDECIDED_MS);
  const ours = open.filter((booking) => samePerson(booking, patient));
  if (ours.length > 1) throw new NotYet('two bookings of ours fit this record', UNDECIDED_MS);
  return ours[0] ?? null;
}

function samePerson(booking: Booking, assertion: PatientAssertion): boolean {
  const facts = booking.order.place?.patient;
  if (facts === undefined) return false;
  const shared = facts.identifiers.some((mine) =>
    assertion.identifiers.some((theirs) => theirs.system === mine.system && theirs.value === mine.value),
  );
  return shared || (same(facts.family, assertion.family) && same(facts.given, assertion.given));
}

function same(left: string | undefined, right: string | undefined): boolean {
  return left?.trim().toLocaleLowerCase('en') === right?.trim().toLocaleLowerCase('en');
}

/** The site shows our write: that is the answer, however late the call's own answer comes. */
export async function settleByNews(
  context: ApplyContext,
  booking: Booking,
  change: AppointmentChange,
  status: AppointmentStatus,
): Promise<void> {
  const { tx, now, site } = context;
  const there = occupiesTime(status);
  // A cancel is done when the visit is gone; a visit still there may be a read from before the cancel.
  if (booking.action === 'cancel' && there) return;
  const undone = booking.action !== 'cancel' && !there;
  const moved = await tx.bookings.move(booking.id, OPEN, undone ? 'refused' : 'booked', now, {
    siteKey: change.key,
    ...(undone ? { refusedBecause: 'rule', detail: 'The site took the booking and has cancelled it since.' } : {}),
  });
  if (!moved) return;
  if (undone) await tx.busy.removeBooking(booking.id);
  await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
  await tx.ledger.add([
    {
      at: now,
      kind: undone ? 'refused' : 'resolved',
      site: site.id,
      bookingId: booking.id,
      appointmentId: booking.appointmentId,
      cause: `message:${context.message.id}`,
    },
  ]);
  context.effects.bookings.add(booking.id);
}
