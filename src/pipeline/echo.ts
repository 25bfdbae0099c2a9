/**
 * Whose news is it? The echo of our own write may arrive before the site's answer. A site booking that matches one of
 * ours whose answer is open is that booking's evidence; only one that provably is not ours is foreign (DESIGN section
 * 7).
 */
import { sameText } from '../fhir/amendment.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import { HOUR_MS, MINUTE_MS, plus } from '../core/instant.ts';
import { isUuid, newId } from '../core/ids.ts';
import type { AppointmentChange, Change, PatientAssertion } from '../mappings/contract.ts';
import type { Booking, BookingState } from '../store/contract-bookings.ts';
import type { ApplyContext } from './apply-context.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import { placedAs } from './filled-slots.ts';
import { occupiesTime } from './occupy.ts';

/** States in which the site's answer is open, or in which its staff may do themselves what a coordinator is asked. */
const OPEN: readonly BookingState[] = [
  'queued',
  'sent',
  'accepted',
  'unknown',
  'unsent',
  'parked',
  'awaiting-approval',
];
/** These wait for a person, who may take days: news must not wait with them. */
const PATIENT: readonly BookingState[] = ['parked', 'awaiting-approval'];
/** How soon undecidable news is looked at again. */
export const UNDECIDED_MS = 500;
/** By so much a site's clock may be wrong before a record that is older than our request is provably not ours. */
const SKEW_MS = 10 * MINUTE_MS;

export interface Attached {
  readonly appointmentId: string;
  /** Our booking that this news is evidence for, while its answer is open. */
  readonly booking: Booking | null;
}

/** Looked up for all visits of a message before anything of it is written. Null: one of them cannot be told yet. */
export async function attachAll(
  context: ApplyContext,
  changes: readonly Change[],
): Promise<ReadonlyMap<Change, Attached> | null> {
  const all = new Map<Change, Attached>();
  for (const change of changes) {
    if (change.kind !== 'appointment') continue;
    const attached = await attachTo(context, change);
    if (attached === 'undecided') return null;
    all.set(change, attached);
  }
  return all;
}

async function attachTo(context: ApplyContext, change: AppointmentChange): Promise<Attached | 'undecided'> {
  const { tx, site } = context;
  const known = await tx.resources.appointmentByKey(site.id, change.key);
  if (known !== null) return attachedTo(context, known);
  const foreign: Attached = { appointmentId: canonicalId.appointment(site.identity, change.key), booking: null };
  if (change.correlation === undefined) {
    const candidate = await matching(context, change);
    if (candidate === 'undecided') return candidate;
    if (candidate === null) return foreign;
    // Settled by a person already: this is its record, and moves nothing.
    const isOpen = OPEN.includes(candidate.state);
    return { appointmentId: candidate.appointmentId, booking: isOpen ? candidate : null };
  }
  const booking = isUuid(change.correlation) ? await tx.bookings.get(change.correlation) : null;
  if (booking === null || booking.site !== site.id || booking.action === 'cancel') return foreign;
  // The site gave the visit that it moved another id: the visit goes on under it.
  if (booking.action === 'move') return OPEN.includes(booking.state) ? { ...foreign, booking } : foreign;
  // Our reference in a second record: staff have copied the visit. The first is ours, this one is theirs.
  if (booking.siteKey !== null && booking.siteKey !== change.key) return foreign;
  if (!OPEN.includes(booking.state)) await contradicted(context, booking, change);
  return { appointmentId: booking.appointmentId, booking: OPEN.includes(booking.state) ? booking : null };
}

export async function attachedTo(context: ApplyContext, appointmentId: string): Promise<Attached> {
  const booking = await context.tx.bookings.latestOf(appointmentId);
  return { appointmentId, booking: booking !== null && OPEN.includes(booking.state) ? booking : null };
}

/** The caller was told that the site does not have the booking, and here it is: only a person can put that right. */
async function contradicted(context: ApplyContext, booking: Booking, change: AppointmentChange): Promise<void> {
  const { tx, now, site } = context;
  if (booking.state === 'booked' || !occupiesTime(change.status)) return;
  await tx.workItems.open({
    id: newId(now),
    kind: 'unresolved-booking',
    subject: `booking:${booking.id}`,
    site: site.id,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence: {
      action: booking.action,
      appointment: booking.appointmentId,
      why: `the caller was told ${booking.state}, and the site has the visit`,
    },
  });
}

/**
 * By site, calendar, start and person. What fits two, or names no person to compare, waits for the answer or `find`.
 */
async function matching(context: ApplyContext, change: AppointmentChange): Promise<Booking | 'undecided' | null> {
  if (change.during === undefined) return null;
  const start = change.during.start;
  const created = change.created;
  const calendars = change.participants.flatMap((one) => (one.actor.kind === 'calendar' ? [one.actor.code] : []));
  const open = (await context.tx.bookings.openAt(context.site.id, change.during)).filter(
    (booking) =>
      booking.action === 'place' &&
      booking.siteKey === null &&
      booking.during?.start === start &&
      // Nobody has been asked yet: a visit of another length is not what staff would have been asked for.
      (booking.state !== 'awaiting-approval' || booking.during.end === change.during?.end) &&
      // A record that is older than our request is not what our request made.
      (created === undefined || created >= booking.createdAt - SKEW_MS) &&
      (calendars.length === 0 || calendars.includes(booking.order.place?.calendar ?? '')),
  );
  if (open.length === 0) return null;
  const [patient] = change.patients;
  const ours = patient === undefined ? open : open.filter((booking) => samePerson(booking, patient));
  const [only] = ours;
  // A cancelled record of the same person may be ours, or one that was cancelled there before we asked.
  if (patient !== undefined && ours.length === 1 && occupiesTime(change.status)) return only ?? null;
  return ours.some(({ state }) => OPEN.includes(state) && !PATIENT.includes(state)) ? 'undecided' : null;
}

function samePerson(booking: Booking, assertion: PatientAssertion): boolean {
  const facts = booking.order.place?.patient;
  if (facts === undefined) return false;
  const shared = facts.identifiers.some((mine) =>
    assertion.identifiers.some((theirs) => theirs.system === mine.system && theirs.value === mine.value),
  );
  const born = facts.birthDate ?? assertion.birthDate;
  // Two people of one name are told apart by their birth dates, where both are known.
  if (!shared && born !== (assertion.birthDate ?? born)) return false;
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
  { status, appointmentId }: { readonly status: AppointmentStatus; readonly appointmentId: string },
): Promise<void> {
  const { tx, now, site } = context;
  const there = occupiesTime(status);
  if (booking.action === 'move' && !movedByNews(booking, change, there)) return;
  // A cancel is done when the visit is gone; a visit still there may be a read from before the cancel.
  if (booking.action === 'cancel' && there) return;
  // Another status or text than the one asked for may be a read from before the call as well.
  if (isChange(booking) && there && !showsChange(booking, change, status)) return;
  const undone = booking.action !== 'cancel' && !there;
  const moved = await tx.bookings.move(booking.id, OPEN, undone ? 'refused' : 'booked', now, {
    siteKey: change.key,
    ...(undone ? { refusedBecause: 'rule', detail: UNDONE[booking.action] } : { appointmentId }),
  });
  if (!moved) return;
  // Without our reference in it the visit may be another one, and our call may still be on its way.
  if (change.correlation === booking.id) await tx.outbox.heardOf(booking);
  if (undone) context.batch.touched.push(...(await tx.busy.removeBooking(booking.id)));
  await tx.workItems.close('unresolved-booking', `booking:${booking.id}`, now);
  await tx.workItems.close('approval', `booking:${booking.id}`, now);
  context.batch.ledger.push({
    at: now,
    kind: undone ? 'refused' : 'resolved',
    site: site.id,
    bookingId: booking.id,
    appointmentId: booking.appointmentId,
    cause: `message:${context.message.id}`,
  });
  if (booking.action === 'move' && !undone && appointmentId === booking.appointmentId) {
    const cause = `message:${context.message.id}`;
    const data = { by: appointmentId };
    context.batch.ledger.push({
      at: now,
      kind: 'rescheduled',
      site: site.id,
      bookingId: booking.id,
      appointmentId,
      cause,
      data,
    });
  }
  context.effects.bookings.add(booking.id);
}

const UNDONE = {
  place: 'The site took the booking and has cancelled it since. Place a new booking, or call the clinic.',
  move: 'The visit was cancelled at the site. Place a new booking.',
  cancel: '',
  status: 'The visit was cancelled at the site. Place a new booking if it is wanted.',
  amend: 'The visit was cancelled at the site. Place a new booking if it is wanted.',
} as const;

function isChange({ action }: Booking): boolean {
  return action === 'status' || action === 'amend';
}

/** Whether the news states everything that was asked for. What it does not state, it does not deny either. */
function showsChange({ order }: Booking, change: AppointmentChange, status: AppointmentStatus): boolean {
  if (order.status !== undefined) return status === order.status.status;
  const { comment, reason, attendance } = order.amend?.to ?? {};
  const stated = change.reason?.text ?? change.reason?.coding[0]?.display ?? change.reason?.coding[0]?.code;
  return (
    (comment === undefined || sameText(comment, change.comment)) &&
    (reason === undefined || sameText(reason, stated)) &&
    (attendance === undefined || attendance === change.attendance)
  );
}

/** Whether news of a visit that is being moved says how the move ended. */
function movedByNews(booking: Booking, change: AppointmentChange, there: boolean): boolean {
  // A site that gives a moved visit another id ends the old one: while it is asked, or may have done it, that says
  // nothing of the new time.
  if (!there) return booking.state !== 'sent' && booking.state !== 'unknown';
  return showsMove(booking, change);
}

/** Of the new time; anything else may be a read from before the move, or what staff have made of the visit. */
function showsMove(booking: Booking, change: AppointmentChange): boolean {
  if (!occupiesTime(change.status) || change.during?.start !== booking.during?.start) return false;
  const calendars = change.participants.flatMap((one) => (one.actor.kind === 'calendar' ? [one.actor.code] : []));
  if (calendars.length > 0) return calendars.includes(booking.order.place?.calendar ?? '');
  return change.participants.length > 0 || booking.order.move?.sameSchedule === true;
}

/**
 * The time that a move held becomes the visit's own before what the site says is laid over it: so what the hub placed
 * stays under its constraint.
 */
export async function takeUpMove(
  context: ApplyContext,
  { appointmentId, booking }: Attached,
  change: AppointmentChange,
): Promise<void> {
  if (booking?.action !== 'move' || !showsMove(booking, change)) return;
  const touched = await context.tx.busy.leaveOnly(booking.id, appointmentId, booking.appointmentId);
  context.batch.touched.push(...touched);
}

/**
 * The slots and the time that the visit has by what its callers asked: those of an open move that this news shows, else
 * as it stands, or as it is being placed. Null: nothing is known of it.
 */
export function bookedAs(
  before: StoredAppointment | null,
  { booking }: Attached,
  change: AppointmentChange,
): Pick<StoredAppointment, 'slots' | 'during'> | null {
  const moved = booking?.action === 'move' && showsMove(booking, change) ? placedAs(booking) : null;
  return moved ?? before ?? (booking?.action === 'place' ? placedAs(booking) : null);
}

/** The open move of the visit that this news is the new record of. */
export async function moveOf(
  context: ApplyContext,
  attached: Attached,
  old: { readonly id: string } | null,
  change: AppointmentChange,
): Promise<Attached> {
  if (old === null || attached.booking !== null) return attached;
  const { booking } = await attachedTo(context, old.id);
  return booking?.action === 'move' && showsMove(booking, change) ? { ...attached, booking } : attached;
}
