/**
 * Applies what a site says about one appointment: the Appointment, the time it occupies, the slots it fills, and what
 * else it concerns (an open booking of ours, mirrors, stale availability). The site's word is truth, also where it
 * overlaps.
 */
import { actorsWith } from '../fhir/acting.ts';
import * as canonical from '../fhir/canonical.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import { withMarkOf } from '../fhir/set-mark.ts';
import { mayBecome } from '../fhir/status-flow.ts';
import type { Appointment, AppointmentStatus } from '../fhir/types.ts';
import { instant, type Interval } from '../core/instant.ts';
import { Park } from '../core/park.ts';
import type { AppointmentChange, AppointmentGone, ParticipantStatement } from '../mappings/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredAppointment } from '../store/contract-resources.ts';
import { actingKept } from './acting-kept.ts';
import { buildAppointment, type AppointmentFacts } from './appointment-resource.ts';
import { dueWindows } from './due-windows.ts';
import { attachedTo, bookedAs, moveOf, settleByNews, takeUpMove, type Attached } from './echo.ts';
import { patientsNamed, withoutWords } from './erased-news.ts';
import { slotsFor } from './filled-slots.ts';
import { endOccurrences, endReplaced, linkTokens, replacedBy } from './linked-visits.ts';
import { oweMirrors } from './mirrors.ts';
import { occupiesTime, occupy } from './occupy.ts';
import { locationKey, resolveParticipants, scheduleOf, type ResolvedParticipant } from './participants.ts';
import { mergePartial } from './partial.ts';
import { sharing, templateTime } from './template-visit.ts';
import { securityOf, servicesAfter, visitTypeOf } from './visit-type.ts';
import type { Applied, ApplyContext } from './apply-context.ts';

export async function applyAppointment(
  context: ApplyContext,
  news: AppointmentChange,
  attached: Attached,
): Promise<Applied> {
  const { tx, site } = context;
  const id = attached.appointmentId;
  const before = await tx.resources.appointment(id);
  const named = await patientsNamed(context, news, before);
  const patients = named.ids;
  const known = before !== null && before.siteKey !== null ? before : null;
  if (known !== null && isOlder(context, news, known)) return 'superseded';
  if (before === null && ENDED.has(news.status) && (await opensBlock(context, news))) return 'applied';
  const old = before === null ? await replacedBy(context, news, attached) : null;
  const ours = await moveOf(context, attached, old, news);
  const said = await withoutWords(context, news, named, before);
  // A modification that states no status must not make a visit under way booked again.
  const change = said.keepsStatus === true && known !== null ? { ...said, status: known.resource.status } : said;
  const parts = { ...(await partsOf(context, change, before)), booked: bookedAs(before, ours, change) };
  const { participants, during, kept, place } = parts;

  const services = servicesAfter(site, change, before?.resource);
  const first = services?.[0];
  const visitType = await kindAfter(context, services, before);
  const labels = change.security ?? labelsBefore(site, before);
  const security = securityOf(site, { location: place, visitType, labels });
  const time = await templateTime(context, { ...parts, local: first?.code });
  await takeUpMove(context, ours, change);
  const touched = await occupy(context, id, sharing(change, time), { ...parts, visitType, keeps: kept !== null });
  const slots = await slotsFor(
    context,
    { ...change, ...(first === undefined ? {} : { visitType: first }) },
    { ...parts, kept: parts.slotsOf, labels, before, time },
  );
  const links = await linksOf(context, { before, old, patients }, attached);
  const facts = { ...parts, change, patients, slots, services, ...links };
  const resource = withMarkOf(buildAppointment(context, facts), old?.resource ?? {});
  const tokens = [...tokensOf(resource, participants), ...linkTokens(news, before)];
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
      actors: actorsWith(kept?.actors ?? participants.flatMap((one) => one.actors), before?.resource ?? null, resource),
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
  if (old !== null) await endReplaced(context, old, change, id, applyAppointment);
  await endOccurrences(context, before, change, applyAppointment);
  if (ours.booking !== null) {
    await settleByNews(context, ours.booking, change, { status: resource.status, appointmentId: id });
  }
  await oweMirrors(context, id, resource.status, participants, during);
  if (changed) await dueWindows(context, before, { participants, during, resource }, change.at);
  return 'applied';
}

/**
 * Of what the visit is a newer record. What the caller said of it stays known when news of it comes before the answer.
 */
async function linksOf(
  context: ApplyContext,
  known: Pick<AppointmentFacts, 'before' | 'patients'> & { readonly old: StoredAppointment | null },
  { booking }: Attached,
): Promise<Pick<AppointmentFacts, 'before' | 'replaces' | 'asked' | 'acting'>> {
  const { before, old, patients } = known;
  const json = booking?.action === 'place' ? booking.order.appointmentJson : undefined;
  const asked = json === undefined ? null : (JSON.parse(json) as Appointment);
  const acting = await actingKept(context, { visit: before ?? old, asked }, patients);
  return { before, replaces: old?.id ?? null, asked, acting };
}

/** Null: nothing is known of it, or it is of no type that the site file maps. */
async function kindAfter(
  context: ApplyContext,
  services: ReturnType<typeof servicesAfter>,
  before: StoredAppointment | null,
): Promise<string | null> {
  if (services === undefined) return before?.visitType ?? null;
  return services[0] === undefined ? null : visitTypeOf(context, services[0].code);
}

/** Blocked time that was sent as an appointment ends as one: there is no visit to be stored. */
async function opensBlock(context: ApplyContext, news: AppointmentChange): Promise<boolean> {
  const opened = await context.tx.busy.removeBlocksUnder(context.site.id, `${news.key}/`);
  context.batch.touched.push(...opened);
  return opened.length > 0;
}

/** Who and where, and when: what the message states, and what it leaves as it was. */
interface Parts {
  readonly participants: readonly ResolvedParticipant[];
  readonly during: Interval | null;
  /** The message names nobody: everybody stays. */
  readonly kept: StoredAppointment | null;
  /** The visit stays in its schedule, so its slots are those that it had, or those at its new time. */
  readonly slotsOf: StoredAppointment | null;
  readonly schedule: { readonly id: string; readonly key: string } | null;
  /** Key of its location. */
  readonly place: string | null;
}

async function partsOf(
  context: ApplyContext,
  change: AppointmentChange,
  before: StoredAppointment | null,
): Promise<Parts> {
  const { site } = context;
  const during = change.during ?? before?.during ?? hullOf(change);
  if (during === null && !mayLackTime(change.status)) {
    throw new Park('apply', 'MESSAGE_INCOMPLETE', 'SCH-11: the visit is not known here yet, and no time is given');
  }
  const said = change.participants.filter(({ status }) => status !== 'declined');
  const isChange = change.partial === true && before !== null;
  const goes = (one: ParticipantStatement): boolean => one.action === 'remove' || one.action === 'end';
  const named = isChange ? said : said.filter((one) => !goes(one));
  const zone = zoneOf(
    site,
    placeNamed(site, named) ?? (before === null ? undefined : (placeOf(site, before) ?? undefined)),
  );
  const stated = await resolveParticipants(context, named, zone);
  if (isChange && stated.length > 0) {
    const merged = await mergePartial(context, before, stated, { during, at: change.at, zone });
    const { participants, sameSchedule } = merged;
    const slot =
      sameSchedule && before.slots[0] !== undefined ? await context.tx.resources.slot(before.slots[0]) : null;
    const schedule = slot === null ? await scheduleOf(context, participants) : { id: slot.scheduleId, key: '' };
    return {
      participants,
      during,
      kept: null,
      slotsOf: slot === null ? null : before,
      schedule,
      place: placeIn(participants),
    };
  }
  if (stated.length === 0) {
    const place = before === null ? null : placeOf(site, before);
    return { participants: [], during, kept: before, slotsOf: before, schedule: null, place };
  }
  const schedule = await scheduleOf(context, stated);
  return { participants: stated, during, kept: null, slotsOf: null, schedule, place: placeIn(stated) };
}

/** FHIR app-3: only these stand without a time. */
function mayLackTime(status: AppointmentStatus): boolean {
  return !occupiesTime(status) || status === 'noshow';
}

/** Of a message that gives times to its resources alone. */
function hullOf({ participants }: AppointmentChange): Interval | null {
  const all = participants.flatMap((one) => one.during ?? []);
  if (all.length === 0) return null;
  const [start, end] = [Math.min(...all.map((one) => one.start)), Math.max(...all.map((one) => one.end))];
  return { start: instant(start), end: instant(end) };
}

function placeIn(participants: readonly ResolvedParticipant[]): string | null {
  return participants.find((one) => one.locationKey !== null)?.locationKey ?? null;
}

function placeNamed(site: SiteSettings, participants: readonly ParticipantStatement[]): string | undefined {
  for (const { actor } of participants) {
    if (actor.kind === 'location') return locationKey(site, actor.code);
    const place = actor.kind === 'calendar' ? site.resources.calendars[actor.code]?.location : undefined;
    if (place !== undefined) return place;
  }
  return undefined;
}

function tokensOf(resource: Appointment, participants: readonly ResolvedParticipant[]): string[] {
  return [
    ...canonical.identifierTokens(resource.identifier ?? []),
    ...canonical.conceptTokens('service-type', resource.serviceType),
    ...participants.flatMap((one) => (one.calendar === null ? [] : [`calendar:${one.calendar}`])),
  ];
}

/**
 * Of two that carry the same time the later to arrive holds, also when the earlier one is replayed after it. Many
 * senders write the ordering time to the minute, and real steps of one minute arrive in their order. But what has ended
 * is not opened again at the very time at which it ended: that is an earlier booking that was sent again, by a sender
 * or an engine that repeats. Only a move to another time is a step that can follow an end.
 */
function isOlder(context: ApplyContext, news: AppointmentChange, before: StoredAppointment): boolean {
  if (before.orderedAt !== news.at) return before.orderedAt > news.at;
  const madeBy = before.resource.meta?.source?.split('#')[1];
  if (madeBy !== undefined && Number(madeBy) > context.message.id) return true;
  if (context.message.shape !== 'event' || news.keepsStatus === true) return false;
  if (!ENDED.has(before.resource.status) || ENDED.has(news.status)) return false;
  return news.moves !== true || news.during === undefined || news.during.start === before.during?.start;
}

const ENDED: ReadonlySet<AppointmentStatus> = new Set(['cancelled', 'entered-in-error', 'noshow', 'fulfilled']);

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
    cancelationReason: { coding: [], text: change.because ?? 'The record is no longer there at the site.' },
  };
  return applyAppointment(context, cancelled, await attachedTo(context, id));
}

function record(
  { batch, effects, site, now, message }: ApplyContext,
  appointmentId: string,
  before: StoredAppointment | null,
  status: Appointment['status'],
): void {
  const from = before?.resource.status;
  if (from !== undefined && !mayBecome(from, status)) effects.unusual.push({ site: site.id, from, to: status });
  const data = { from: from ?? 'none', to: status };
  batch.ledger.push({ at: now, kind: 'status', site: site.id, appointmentId, cause: `message:${message.id}`, data });
}
