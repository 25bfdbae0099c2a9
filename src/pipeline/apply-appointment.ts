/**
 * Applies what a site says about one appointment: the Appointment, the time it occupies, the slots it fills, and what else it
 * concerns (an open booking of ours, mirrors, stale availability). The site's word is truth, also where it overlaps.
 */
import * as canonical from '../fhir/canonical.ts';
import { canonicalId, filledSlotKey } from '../fhir/canonical-ids.ts';
import type { Appointment, AppointmentStatus } from '../fhir/types.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { AppointmentChange, AppointmentGone } from '../mappings/contract.ts';
import { zoneOf } from '../settings/zone.ts';
import type { BusyRow, Touched } from '../store/contract-bookings.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import { buildAppointment } from './appointment-resource.ts';
import { attachTo, settleByNews } from './echo.ts';
import { oweMirrors } from './mirrors.ts';
import { raiseConflicts } from './conflicts.ts';
import { refresh } from './apply-slots.ts';
import { resolveParticipants, scheduleOf, type ResolvedParticipant } from './participants.ts';
import { securityOf, visitTypeOf } from './visit-type.ts';
import type { Applied, ApplyContext } from './apply-context.ts';

/** Statuses in which the visit takes its resources' time; a no-show did take it (v2-to-fhir.md section 5). */
export function occupiesTime(status: AppointmentStatus): boolean {
  return status !== 'proposed' && status !== 'cancelled' && status !== 'entered-in-error' && status !== 'waitlist';
}

export async function applyAppointment(context: ApplyContext, news: AppointmentChange): Promise<Applied> {
  const { tx, site } = context;
  const patients: string[] = [];
  for (const assertion of news.patients) {
    patients.push((await context.patients.resolve(assertion, site, news.at, tx, context.cause)).id);
  }
  const attached = await attachTo(context, news);
  const id = attached.appointmentId;
  const before = await tx.resources.appointment(id);
  if (before !== null && before.siteKey !== null && before.orderedAt > news.at) return 'superseded';
  // A modification that states no status must not make a visit under way booked again.
  const keeps = news.keepsStatus === true && before !== null && before.siteKey !== null;
  const change = keeps ? { ...news, status: before.resource.status } : news;

  const during = change.during ?? before?.during ?? null;
  const stated = change.participants.filter((one) => one.status !== 'declined');
  const participants = await resolveParticipants(context, stated, during);
  const kept = participants.length === 0 ? before : null;
  const visitType = change.visitType === undefined ? (before?.visitType ?? null) : await visitTypeOf(context, change.visitType.code); // prettier-ignore
  const security = securityOf(site, {
    location: participants.find((one) => one.locationKey !== null)?.locationKey ?? null,
    visitType,
    codes: change.security ?? [],
  });
  const slots = await slotsFor(context, change, participants, during, kept);
  const resource = buildAppointment(context, {
    change,
    before,
    participants,
    patients,
    slots: slots.ids,
    visitType,
    during,
  });
  const identifiers = resource.identifier ?? [];
  const tokens = [
    ...canonical.identifierTokens(identifiers),
    ...canonical.conceptTokens('service-type', resource.serviceType),
    ...participants.flatMap((one) => (one.calendar === null ? [] : [`calendar:${one.calendar}`])),
  ];
  await tx.resources.nameAppointment(site.id, change.key, id);
  const changed = await tx.resources.putAppointment(
    {
      id,
      site: site.id,
      siteKey: change.key,
      during,
      visitType,
      specialty: before?.specialty ?? null,
      patients: patients.length > 0 ? patients : (before?.patients ?? []),
      actors: kept?.actors ?? [...new Set(participants.flatMap((one) => one.actors))],
      slots: slots.ids,
      tokens: kept === null ? tokens : [...new Set([...tokens, ...kept.tokens])],
      locations: kept?.locations ?? participants.flatMap((one) => (one.locationId === null ? [] : [one.locationId])),
      security,
      orderedAt: change.at,
      resource,
    },
    { ...context.cause, siteTime: change.at },
  );
  const touched = await occupy(context, id, change, participants, during, kept !== null);
  await refresh(context, [...touched, ...slots.touched]);
  if (changed) await record(context, id, before, resource.status);
  if (attached.booking !== null) await settleByNews(context, attached.booking, change, resource.status);
  await oweMirrors(context, id, resource.status, participants, during);
  await dueWindows(context, before, participants, during, changed ? change.at : null);
  if (changed && occupiesTime(resource.status)) await raiseConflicts(context, id, touched);
  return 'applied';
}

export async function applyGone(context: ApplyContext, change: AppointmentGone): Promise<Applied> {
  const { tx, site } = context;
  const id = await tx.resources.appointmentByKey(site.id, change.key);
  // Never seen and not there: nothing to say about it.
  if (id === null) return 'applied';
  const before = await tx.resources.appointment(id);
  if (before === null || before.orderedAt > change.at) return 'superseded';
  if (!occupiesTime(before.resource.status)) return 'applied';
  return applyAppointment(context, {
    kind: 'appointment',
    at: change.at,
    key: change.key,
    identifiers: [],
    status: 'cancelled',
    participants: [],
    patients: [],
    cancelationReason: { coding: [], text: 'The record is no longer there at the site.' },
  });
}

/** Rewrites the appointment's busy rows; returns what was touched, old and new. */
async function occupy(
  context: ApplyContext,
  appointmentId: string,
  change: AppointmentChange,
  participants: readonly ResolvedParticipant[],
  during: Interval | null,
  keepParticipants: boolean,
): Promise<readonly Touched[]> {
  const { tx, site } = context;
  const old = await tx.busy.ofAppointment(appointmentId);
  if (during === null || !occupiesTime(change.status)) return tx.busy.replaceAppointment(appointmentId, []);
  const wanted: { resourceId: string; during: Interval }[] = keepParticipants
    ? old.map((row) => ({ resourceId: row.resourceId, during: change.during ?? row.during }))
    : participants.flatMap((one) =>
        one.occupies.map((resourceId) => ({ resourceId, during: one.statement.during ?? during })),
      );
  const rows = distinct(wanted).map(({ resourceId, during: interval }): BusyRow => {
    const same = old.find(
      (row) => row.resourceId === resourceId && row.during.start === interval.start && row.during.end === interval.end,
    );
    return {
      resourceId,
      during: interval,
      occupancy: change.session === undefined ? appointmentId : canonicalId.session(site.identity, change.session),
      // What the hub placed stays under its constraint as long as the site leaves it where it was.
      origin: same?.origin === 'hub' ? 'hub' : 'site',
      site: site.id,
      appointmentId,
      ...(same?.bookingId === undefined ? {} : { bookingId: same.bookingId }),
      tentative: change.status === 'pending',
    };
  });
  return tx.busy.replaceAppointment(appointmentId, rows);
}

/** The slots that the visit fills; at a site that publishes none, a Slot of its own in its schedule. */
async function slotsFor(
  context: ApplyContext,
  change: AppointmentChange,
  participants: readonly ResolvedParticipant[],
  during: Interval | null,
  kept: StoredAppointment | null,
): Promise<{ readonly ids: readonly string[]; readonly touched: readonly Touched[] }> {
  const { tx, site, cause } = context;
  if (kept !== null || during === null) return { ids: kept?.slots ?? [], touched: [] };
  const schedule = await scheduleOf(context, participants);
  if (schedule === null) return { ids: [], touched: [] };
  const local = change.visitType?.code ?? '';
  const found = await tx.resources.slotsOverlapping(schedule.id, during, null);
  const ofType = await tx.resources.slotsOverlapping(schedule.id, during, local);
  if (ofType.length > 0 || found.length > 0) return { ids: ofType.length > 0 ? ofType : found, touched: [] };
  if (context.publishesSlots) return { ids: [], touched: [] };
  const key = filledSlotKey(schedule.key, during);
  const id = canonicalId.slot(site.identity, key);
  const visitType = site.visitTypes[local] ?? null;
  const place = participants.find((one) => one.locationId !== null);
  const zone = zoneOf(site, place?.locationKey);
  await tx.resources.putSlots(
    [
      {
        id,
        site: site.id,
        siteKey: key,
        scheduleId: schedule.id,
        localVisitType: local,
        visitType,
        specialty: null,
        locationId: place?.locationId ?? null,
        during,
        siteStatus: 'free',
        capacity: 1,
        seatsLeft: null,
        session: null,
        security: securityOf(site, { location: place?.locationKey ?? null, visitType, codes: change.security ?? [] }),
        resource: canonical.slot(site, {
          key,
          scheduleId: schedule.id,
          during,
          status: 'free',
          zone,
          serviceType:
            local === '' ? null : canonical.visitTypeConcept(site, local, visitType, change.visitType?.display),
          specialty: null,
        }),
      },
    ],
    cause,
  );
  return {
    ids: [id],
    touched: participants.flatMap((one) => one.occupies.map((resourceId) => ({ resourceId, during }))),
  };
}

async function record(
  context: ApplyContext,
  appointmentId: string,
  before: StoredAppointment | null,
  status: Appointment['status'],
): Promise<void> {
  const { tx, site, now, cause } = context;
  await tx.ledger.add([
    {
      at: now,
      kind: 'status',
      site: site.id,
      appointmentId,
      ...(cause.messageId === null ? {} : { cause: `message:${cause.messageId}` }),
      data: { from: before?.resource.status ?? 'none', to: status },
    },
  ]);
}

/** What the site computes from its appointments is stale where one came, went or moved, if it was asked before `at`. */
async function dueWindows(
  context: ApplyContext,
  before: StoredAppointment | null,
  participants: readonly ResolvedParticipant[],
  during: Interval | null,
  at: Instant | null,
): Promise<void> {
  if (at === null || !context.publishesSlots) return;
  const { tx, site } = context;
  const known = before?.tokens.find((token) => token.startsWith('calendar:'))?.slice('calendar:'.length);
  const calendars = new Set(participants.flatMap((one) => (one.calendar === null ? [] : [one.calendar])));
  if (known !== undefined) calendars.add(known);
  for (const calendar of calendars) {
    for (const interval of [before?.during ?? null, during]) {
      if (interval !== null) await tx.feeds.windowsDue(site.id, calendar, interval, at);
    }
  }
  context.effects.availability = true;
}

function distinct<T extends { resourceId: string; during: Interval }>(rows: readonly T[]): T[] {
  const seen = new Map(rows.map((row) => [`${row.resourceId} ${row.during.start} ${row.during.end}`, row]));
  return [...seen.values()];
}
