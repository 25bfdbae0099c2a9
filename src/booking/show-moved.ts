/**
 * What a move that the site has done makes of the Appointment and of both of its times. Part of settle.ts's one
 * transaction, as show.ts is.
 */
import type { SiteBooking } from '../connectors/contract.ts';
import { formatInstant, MINUTE_MS, type Instant, type Interval } from '../core/instant.ts';
import { actingIn, isActing } from '../fhir/acting.ts';
import * as canonical from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { EXTENSIONS, type Appointment, type AppointmentParticipant, type Schedule } from '../fhir/types.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { AppointmentRow, Cause, StoredAppointment } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { OutcomeContext } from './heard-answer.ts';
import { withOwnWordOf } from './own-word.ts';
import { ENDED, dueWindows } from './show.ts';

/** Under which id the visit goes on: a site may give a visit that it moved another one (DESIGN section 8, step 6). */
export async function idAfterMove(tx: Tx, booking: Booking, site: SiteSettings, key: string): Promise<string | null> {
  if (key === booking.siteKey || key === '') return booking.appointmentId;
  const named = await tx.resources.appointmentByKey(booking.site, key);
  if (named === null) return canonicalId.appointment(site.identity, key);
  if (named === booking.appointmentId) return named;
  // Its news came before the answer, as a visit of its own; one that another booking made is not this one.
  return (await tx.bookings.latestOf(named)) === null ? named : null;
}

export async function showMoved(
  tx: Tx,
  context: OutcomeContext,
  { at, appointmentId }: { readonly at: SiteBooking; readonly appointmentId: string },
  now: Instant,
): Promise<void> {
  const { booking } = context;
  const cause: Cause = { site: booking.site, messageId: null, siteTime: null, now };
  const old = await tx.resources.appointment(booking.appointmentId);
  const isNew = appointmentId !== booking.appointmentId;
  const known = isNew ? await tx.resources.appointment(appointmentId) : old;
  if (at.key !== '') await tx.resources.nameAppointment(booking.site, at.key, appointmentId);
  // What the site has said of the visit since is truth, also where it is another time still, or its end.
  const stands = isNew ? known !== null : old === null || !isStillThere(old, booking);
  if (stands) await tx.resources.refreshTouched(await tx.busy.removeBooking(booking.id), cause);
  else if (old !== null) {
    await tx.resources.putAppointment(await moved(tx, context, old, { at, appointmentId }), cause);
    const touched = await tx.busy.leaveOnly(booking.id, appointmentId, booking.appointmentId);
    await tx.resources.refreshTouched(touched, cause);
  }
  if (isNew && old !== null) {
    if (known !== null) await tx.resources.putAppointment(linked(known, old), cause);
    await endOld(tx, old, cause);
    await tx.sets.renameAppointment(old.id, appointmentId);
  }
  await tx.ledger.add([
    {
      at: now,
      kind: 'rescheduled',
      site: booking.site,
      bookingId: booking.id,
      appointmentId: booking.appointmentId,
      ...(booking.slotId === null ? {} : { slotId: booking.slotId }),
      data: { by: appointmentId },
    },
  ]);
  const { from = null, fromCalendar } = booking.order.move ?? {};
  await dueWindows(tx, context, now);
  if (from !== null && fromCalendar !== undefined) await tx.feeds.windowsDue(booking.site, fromCalendar, from, now);
}

function isStillThere(visit: StoredAppointment, booking: Booking): boolean {
  if (ENDED.has(visit.resource.status)) return false;
  const { during } = visit;
  const from = booking.order.move?.from ?? null;
  return sameTime(during, from) || sameTime(during, booking.during);
}

async function moved(
  tx: Tx,
  { booking, site, sentAt }: OutcomeContext,
  old: StoredAppointment,
  { at, appointmentId }: { readonly at: SiteBooking; readonly appointmentId: string },
): Promise<AppointmentRow> {
  const during = booking.during ?? old.during;
  const calendar = booking.order.place?.calendar;
  const zone = zoneOf(site, calendar === undefined ? undefined : site.resources.calendars[calendar]?.location);
  const slot = booking.slotId === null ? null : await tx.resources.slot(booking.slotId);
  const { sameSchedule = false, also = [] } = booking.order.move ?? {};
  const stays = (sameSchedule && also.length === 0) || slot === null;
  const others = stays ? null : await actorsOf(tx, slot.scheduleId);
  if (others !== null) others.push(...(await actorsBesides(tx, also, { known: others, zone })));
  const slots = booking.slotId === null ? null : [booking.slotId, ...also];
  const isPatient = ({ actor }: AppointmentParticipant): boolean => actor?.reference?.startsWith('Patient/') === true;
  const { participant } = old.resource;
  const locations = others === null ? old.locations : idsIn(others, 'Location');
  const { version: _version, ...row } = old;
  const isNew = appointmentId !== old.id;
  const resource: Appointment = {
    ...(isNew ? withLink(renamed(old.resource, site, at.key), old.id) : old.resource),
    ...(isNew && ENDED.has(old.resource.status) ? { status: 'booked' } : {}),
    ...(during === null ? {} : timesOf(during, zone)),
    ...(slots === null ? {} : { slot: slots.map((id) => ({ reference: `Slot/${id}` })) }),
    ...(others === null
      ? {}
      : { participant: [...participant.filter(isPatient), ...others, ...participant.filter(isActing)] }),
  };
  return {
    ...row,
    id: appointmentId,
    siteKey: at.key,
    during,
    actors: others === null ? old.actors : [...idsIn(others, 'Practitioner'), ...locations, ...actingIn(old.resource)],
    slots: slots ?? old.slots,
    tokens: [
      ...new Set([
        ...old.tokens.filter((token) => !token.startsWith('calendar:') && !token.startsWith('identifier:')),
        ...canonical.identifierTokens(resource.identifier ?? []),
        ...(calendar === undefined ? [] : [`calendar:${calendar}`]),
      ]),
    ],
    locations,
    security: [...new Set([...old.security, ...(slot?.security ?? [])])],
    orderedAt: sentAt > old.orderedAt ? sentAt : old.orderedAt,
    resource,
  };
}

function timesOf(during: Interval, zone: string): Pick<Appointment, 'start' | 'end' | 'minutesDuration'> {
  return {
    start: formatInstant(during.start, zone),
    end: formatInstant(during.end, zone),
    minutesDuration: Math.max(1, Math.round((during.end - during.start) / MINUTE_MS)),
  };
}

/** Who and what is in the further slots of the visit, each with its own time (order.ts). */
async function actorsBesides(
  tx: Tx,
  slotIds: readonly string[],
  { known, zone }: { readonly known: readonly AppointmentParticipant[]; readonly zone: string },
): Promise<readonly AppointmentParticipant[]> {
  const named = new Set(known.map(({ actor }) => actor?.reference));
  const besides: AppointmentParticipant[] = [];
  for (const id of slotIds) {
    const slot = await tx.resources.slot(id);
    if (slot === null) continue;
    const period = { start: formatInstant(slot.during.start, zone), end: formatInstant(slot.during.end, zone) };
    const actors = await actorsOf(tx, slot.scheduleId);
    besides.push(...actors.filter(({ actor }) => !named.has(actor?.reference)).map((who) => ({ ...who, period })));
  }
  return besides;
}

async function actorsOf(tx: Tx, scheduleId: string): Promise<AppointmentParticipant[]> {
  const served = await tx.resources.read('Schedule', scheduleId);
  if (served === null) return [];
  const references = (JSON.parse(served.json) as Schedule).actor.flatMap(({ reference }) => reference ?? []);
  return references
    .filter((reference) => !reference.startsWith('PractitionerRole/'))
    .map((reference) => ({ actor: { reference }, status: 'accepted' as const }));
}

function idsIn(participants: readonly AppointmentParticipant[], type: string): readonly string[] {
  const references = participants.flatMap(({ actor }) => actor?.reference ?? []);
  return references.filter((one) => one.startsWith(`${type}/`)).map((one) => one.slice(type.length + 1));
}

/** The site's new name of the visit in the place of the old one; the caller's own identifiers stay. */
function renamed(resource: Appointment, site: SiteSettings, key: string): Appointment {
  const system = canonical.siteSystem(site.id, 'appointment');
  const others = (resource.identifier ?? []).filter((one) => one.system !== system);
  return { ...resource, identifier: [{ system, value: key }, ...others] };
}

function withLink(resource: Appointment, replaces: string): Appointment {
  const others = (resource.extension ?? []).filter(({ url }) => url !== EXTENSIONS.replaces);
  const link = { url: EXTENSIONS.replaces, valueReference: { reference: `Appointment/${replaces}` } };
  return { ...resource, extension: [...others, link] };
}

function linked({ version: _version, ...row }: StoredAppointment, old: StoredAppointment): AppointmentRow {
  return withOwnWordOf({ ...row, resource: withLink(row.resource, old.id) }, old);
}

async function endOld(tx: Tx, { version: _version, ...old }: StoredAppointment, cause: Cause): Promise<void> {
  await tx.resources.refreshTouched(await tx.busy.replaceAppointment(old.id, []), cause);
  if (ENDED.has(old.resource.status)) return;
  const cancelationReason = { text: 'Moved to another time under another id.' };
  await tx.resources.putAppointment(
    { ...old, resource: { ...old.resource, status: 'cancelled', cancelationReason } },
    cause,
  );
}

function sameTime(left: Interval | null, right: Interval | null): boolean {
  return left !== null && right !== null && left.start === right.start && left.end === right.end;
}
