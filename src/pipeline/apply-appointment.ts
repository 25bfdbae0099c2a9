/**
 * Applies what a site says about one appointment: the Appointment, the time it occupies, the slots it fills, and what
 * else it concerns (an open booking of ours, mirrors, stale availability). The site's word is truth, also where it
 * overlaps.
 */
import * as canonical from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { AppointmentChange, AppointmentGone } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import { buildAppointment } from './appointment-resource.ts';
import { attachedTo, settleByNews, type Attached } from './echo.ts';
import { slotsFor } from './filled-slots.ts';
import { oweMirrors } from './mirrors.ts';
import { occupiesTime, occupy } from './occupy.ts';
import { resolveParticipants, scheduleOf, type ResolvedParticipant } from './participants.ts';
import { sharing, templateTime } from './template-visit.ts';
import { securityOf, visitTypeOf } from './visit-type.ts';
import type { Applied, ApplyContext } from './apply-context.ts';

export async function applyAppointment(
  context: ApplyContext,
  news: AppointmentChange,
  attached: Attached,
): Promise<Applied> {
  const { tx, site } = context;
  const patients: string[] = [];
  for (const assertion of news.patients) {
    patients.push((await context.patients.resolve(assertion, site, news.at, tx, context.cause)).id);
  }
  const id = attached.appointmentId;
  const before = await tx.resources.appointment(id);
  if (before !== null && before.siteKey !== null && isOlder(context, news, before)) return 'superseded';
  // A modification that states no status must not make a visit under way booked again.
  const keeps = news.keepsStatus === true && before !== null && before.siteKey !== null;
  const change = keeps ? { ...news, status: before.resource.status } : news;

  const during = change.during ?? before?.during ?? null;
  const stated = change.participants.filter((one) => one.status !== 'declined');
  const participants = await resolveParticipants(context, stated);
  const kept = participants.length === 0 ? before : null;
  const visitType =
    change.visitType === undefined ? (before?.visitType ?? null) : await visitTypeOf(context, change.visitType.code);
  const place =
    kept === null ? (participants.find((one) => one.locationKey !== null)?.locationKey ?? null) : placeOf(site, kept);
  const labels = change.security ?? labelsBefore(site, before);
  const security = securityOf(site, { location: place, visitType, labels });
  const schedule = kept === null ? await scheduleOf(context, participants) : null;
  const time = await templateTime(context, { during, schedule, slotsOf: kept, local: change.visitType?.code });
  const occupying = { participants, during, schedule, keeps: kept !== null };
  const touched = await occupy(context, id, sharing(change, time), occupying);
  const slots = await slotsFor(context, change, { participants, during, schedule, kept, labels, before, time });
  const resource = buildAppointment(context, { change, before, participants, patients, slots, visitType, during });
  const tokens = tokensOf(resource, participants);
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
      slots,
      tokens: kept === null ? tokens : [...new Set([...tokens, ...kept.tokens])],
      locations: kept?.locations ?? participants.flatMap((one) => (one.locationId === null ? [] : [one.locationId])),
      security,
      orderedAt: change.at,
      resource,
    },
    { ...context.cause, siteTime: change.at },
  );
  context.batch.touched.push(...touched);
  context.batch.visits.add(id);
  if (changed) record(context, id, before, resource.status);
  if (attached.booking !== null) await settleByNews(context, attached.booking, change, resource.status);
  await oweMirrors(context, id, resource.status, participants, during);
  await dueWindows(context, before, participants, during, changed ? change.at : null);
  return 'applied';
}

function tokensOf(resource: Appointment, participants: readonly ResolvedParticipant[]): string[] {
  return [
    ...canonical.identifierTokens(resource.identifier ?? []),
    ...canonical.conceptTokens('service-type', resource.serviceType),
    ...participants.flatMap((one) => (one.calendar === null ? [] : [`calendar:${one.calendar}`])),
  ];
}

/** Of two that carry the same time the later to arrive holds, also when the earlier one is replayed after it. */
function isOlder(context: ApplyContext, news: AppointmentChange, before: StoredAppointment): boolean {
  if (before.orderedAt !== news.at) return before.orderedAt > news.at;
  const madeBy = before.resource.meta?.source?.split('#')[1];
  return madeBy !== undefined && Number(madeBy) > context.message.id;
}

function placeOf(site: SiteSettings, before: StoredAppointment): string | null {
  const keys = Object.keys(site.locations);
  return keys.find((key) => before.locations.includes(canonicalId.location(site.identity, key))) ?? null;
}

/** Labels that earlier messages carried: a message that states none takes none away. */
function labelsBefore(site: SiteSettings, before: StoredAppointment | null): readonly string[] {
  if (before === null) return [];
  const ruled = securityOf(site, { location: placeOf(site, before), visitType: before.visitType, labels: [] });
  return before.security.filter((label) => !ruled.includes(label));
}

export async function applyGone(context: ApplyContext, change: AppointmentGone): Promise<Applied> {
  const { tx, site } = context;
  const id = await tx.resources.appointmentByKey(site.id, change.key);
  // Never seen and not there: nothing to say about it.
  if (id === null) return 'applied';
  const before = await tx.resources.appointment(id);
  if (before === null || before.orderedAt > change.at) return 'superseded';
  if (!occupiesTime(before.resource.status)) return 'applied';
  const cancelled: AppointmentChange = {
    kind: 'appointment',
    at: change.at,
    key: change.key,
    identifiers: [],
    status: 'cancelled',
    participants: [],
    patients: [],
    cancelationReason: { coding: [], text: 'The record is no longer there at the site.' },
  };
  return applyAppointment(context, cancelled, await attachedTo(context, id));
}

function record(
  { batch, site, now, message }: ApplyContext,
  appointmentId: string,
  before: StoredAppointment | null,
  status: Appointment['status'],
): void {
  const data = { from: before?.resource.status ?? 'none', to: status };
  batch.ledger.push({ at: now, kind: 'status', site: site.id, appointmentId, cause: `message:${message.id}`, data });
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
