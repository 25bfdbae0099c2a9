/**
 * The one slot that a request (SRM) means. Nothing is guessed:
 *
 *   1. the site: MSH-6 where it names one (hl7.facilities of the client, or a site id); else the one site whose file
 *      knows every code of the request
 *   2. its calendars: all that belong to every person, place and calendar that AIP, AIL and AIG name
 *   3. the slot: of these calendars and the visit type of AIS, beginning at the start that ARQ-11 (or AIS-4) says, as
 *      long as ARQ-9 says
 *
 * More than one site, or more than one slot, is an error that says what to name.
 */
import { isCleared, isInReach } from '../booking/sight.ts';
import { DAY_MS, HOUR_MS, instant, plus, type Instant, type Interval } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { Message } from '../hl7v2/message.ts';
import type { RequestResource, SchedulingRequest } from '../hl7v2/request-facts.ts';
import { readRequest } from '../hl7v2/request-read.ts';
import type { ClientHl7 } from '../settings/client-hl7-shape.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import { namedAt } from './request-codes.ts';
import { denial, type Denial } from './request-denial.ts';

export interface FoundSlot {
  readonly kind: 'found';
  readonly site: SiteSettings;
  readonly slot: StoredSlot;
}

export interface SlotAsk {
  readonly plan: Plan;
  readonly hl7: ClientHl7;
  readonly message: Message;
  readonly request: SchedulingRequest;
  readonly now: Instant;
  /** A visit that is to be moved: its site, its calendar and its type hold where the request names none. */
  readonly within?: {
    readonly site: SiteSettings;
    readonly calendar: string | null;
    readonly visitType: string | null;
  };
}

export async function slotOf(tx: Tx, ask: SlotAsk): Promise<FoundSlot | Denial> {
  const { request, within } = ask;
  const [resources = [], ...more] = request.groups;
  if (more.length > 0) return denial('207', 'A request is for one visit; this one has several RGS.', 'RGS');
  const own = resources.find(({ during }) => during !== undefined);
  if (own !== undefined) {
    return denial('207', 'Every resource must be asked for the whole visit; one here has a time of its own.', 'ARQ-11');
  }
  const asked = within === undefined ? siteOf(tx, ask, resources) : { kind: 'site' as const, site: within.site };
  return asked.kind === 'denied' ? asked : slotAt(tx, ask, asked.site, resources);
}

function siteOf(
  tx: Tx,
  { plan, hl7, message }: SlotAsk,
  resources: readonly RequestResource[],
): { readonly kind: 'site'; readonly site: SiteSettings } | Denial {
  const { sites } = tx.scope;
  const visible = plan.sites.filter(({ id, stage }) => stage !== 'suspended' && (sites === '*' || sites.includes(id)));
  const facility = (message.first('MSH')?.component(6, 1) ?? '').trim();
  const named = Object.hasOwn(hl7.facilities, facility) ? hl7.facilities[facility] : facility;
  const byName = visible.find(({ id }) => id === named);
  if (byName !== undefined) return { kind: 'site', site: byName };
  const fitting = visible.filter((site) => {
    const there = namedAt(site, resources);
    return !('unknown' in there) && (there.calendars !== null || there.visitTypes !== null);
  });
  const [only, ...others] = fitting;
  if (only === undefined) {
    const text =
      'No site that this sender may book at knows every code of AIS-3, AIP-3, AIL-3 and AIG-3. ' +
      'Name the site in MSH-6, to be told which code it does not know.';
    return denial('204', text, 'AIS-3');
  }
  if (others.length === 0) return { kind: 'site', site: only };
  const text = `The codes fit several sites (${fitting.map(({ id }) => id).join(', ')}). Name one in MSH-6.`;
  return denial('204', text, 'MSH-6', 'site-ambiguous');
}

async function slotAt(
  tx: Tx,
  ask: SlotAsk,
  site: SiteSettings,
  resources: readonly RequestResource[],
): Promise<FoundSlot | Denial> {
  const there = namedAt(site, resources);
  if ('unknown' in there) {
    return denial('204', `${there.unknown} names nothing that the site file of ${site.id} knows.`, there.unknown);
  }
  const old = ask.within?.visitType ?? null;
  const visitTypes = there.visitTypes ?? (old === null ? null : [old]);
  if (visitTypes === null) return denial('101', 'The request names no service (AIS-3).', 'AIS-3');
  const kept = ask.within?.calendar ?? null;
  const calendars = there.calendars ?? (kept === null ? Object.keys(site.resources.calendars) : [kept]);
  const found: StoredSlot[] = [];
  let problem: Denial | null = null;
  for (const calendar of calendars) {
    const time = timeIn(ask.message, zoneOf(site, site.resources.calendars[calendar]?.location));
    if ('kind' in time) {
      problem = time;
      continue;
    }
    for (const visitType of visitTypes) found.push(...(await slotsAt(tx, site, { calendar, visitType, time })));
  }
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return { kind: 'found', site, slot: only };
  if (only !== undefined) {
    const text = 'Several slots begin then. Name the person (AIP-3), the place (AIL-3) or the length (ARQ-9).';
    return denial('204', text, 'AIP-3', 'slot-ambiguous');
  }
  const alternatives = await instead(tx, ask, site, { calendars, visitTypes });
  if (problem !== null) return { ...problem, alternatives };
  return { ...denial('204', 'Nothing that can be booked begins then.', 'ARQ-11', 'no-slot'), alternatives };
}

interface WantedTime {
  readonly start: Instant;
  readonly minutes: number | undefined;
}

/** Times without an offset are those of the place. */
function timeIn(message: Message, zone: string): WantedTime | Denial {
  const { request } = readRequest(message, zone);
  const [window, ...others] = request?.windows ?? [];
  if (window === undefined) return denial('101', 'The request says no time (ARQ-11).', 'ARQ-11');
  const minutes = request?.duration_min;
  const length_min = (window.end - window.start) / 60_000;
  const isRange = minutes !== undefined && length_min > minutes;
  if (others.length > 0 || isRange) {
    const text = 'The request leaves the time open. Name one start; free times are in NTE.';
    return denial('207', text, 'ARQ-11', 'time-open');
  }
  return { start: window.start, minutes: minutes ?? (length_min > 0 ? length_min : undefined) };
}

async function slotsAt(
  tx: Tx,
  site: SiteSettings,
  at: { readonly calendar: string; readonly visitType: string; readonly time: WantedTime },
): Promise<readonly StoredSlot[]> {
  const { start, minutes } = at.time;
  const schedule = canonicalId.schedule(site.identity, at.calendar);
  const slots = await tx.resources.slotsOf(schedule, at.visitType, { start, end: instant(start + 1) });
  return slots.filter(
    (slot) =>
      slot.during.start === start &&
      isInReach(tx.scope, slot) &&
      !slot.withdrawn &&
      slot.siteStatus !== 'entered-in-error' &&
      (minutes === undefined || slot.during.end - slot.during.start === minutes * 60_000),
  );
}

const ALTERNATIVES = 5;

/** Free ones near what was asked, or in it where it was a range; the nearest first. */
async function instead(
  tx: Tx,
  { message, now }: SlotAsk,
  site: SiteSettings,
  of: { readonly calendars: readonly string[]; readonly visitTypes: readonly string[] },
): Promise<readonly StoredSlot[]> {
  const { request } = readRequest(message, site.timeZone);
  const [wanted] = request?.windows ?? [];
  if (wanted === undefined) return [];
  const window = around(wanted, now);
  const free: StoredSlot[] = [];
  for (const calendar of of.calendars) {
    for (const visitType of of.visitTypes) {
      const slots = await tx.resources.slotsOf(canonicalId.schedule(site.identity, calendar), visitType, window);
      free.push(
        ...slots.filter((slot) => slot.status === 'free' && isInReach(tx.scope, slot) && isCleared(tx.scope, slot)),
      );
    }
  }
  const distance = ({ during }: StoredSlot): number => Math.abs(during.start - wanted.start);
  return free.sort((one, other) => distance(one) - distance(other)).slice(0, ALTERNATIVES);
}

function around(wanted: Interval, now: Instant): Interval {
  const isRange = wanted.end - wanted.start > 2 * HOUR_MS;
  const from = isRange ? wanted.start : plus(wanted.start, -7 * DAY_MS);
  return { start: from > now ? from : now, end: isRange ? wanted.end : plus(wanted.start, 7 * DAY_MS) };
}
