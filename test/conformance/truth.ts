/**
 * The hub's copy against the site's truth. `differences` needs only a database and a simulator's address, so that
 * whole-hub tests use it too; `compareWithTruth` is the same for a site of a rig.
 */
import assert from 'node:assert/strict';
import { formatInstant, instant, type Instant, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { ruledPractitionerId } from '../../src/fhir/practitioner-rule.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { SiteTruth, TrueAppointment } from './arrangement.ts';
import type { Rig } from './harness.ts';
import type { RigSite } from './site.ts';

/** Runs one statement; `pg.Pool.query` and the store's own pool both fit. */
export type Query = (text: string, values: readonly unknown[]) => Promise<{ readonly rows: readonly Row[] }>;
type Row = Readonly<Record<string, unknown>>;

export interface Comparison {
  readonly query: Query;
  readonly site: SiteSettings;
  readonly truth: SiteTruth;
  /** Only visits that start within; default all. A hub does not read further than its horizon. */
  readonly within?: Interval;
}

interface HubAppointment {
  readonly id: string;
  readonly siteKey: string | null;
  readonly status: string;
  readonly during: Interval | null;
  readonly actors: readonly string[];
}

/** Sentences without names of people; empty: hub and site agree. */
export async function differences(comparison: Comparison): Promise<readonly string[]> {
  const { query, site, truth, within } = comparison;
  const isWithin = (during: Interval | null): boolean =>
    within === undefined || during === null || (during.start >= within.start && during.start < within.end);
  const known = (calendar: string): boolean => personOf(site, calendar) !== null;
  const hub = (await appointmentsOf(query, site.id)).filter((one) => isWithin(one.during));
  const there = truth.appointments.filter((one) => known(one.calendar) && isWithin(one.during));
  const byKey = new Map(hub.map((one) => [one.siteKey, one]));
  const found: string[] = [];
  for (const visit of there) {
    const ours = byKey.get(visit.key);
    if (ours === undefined) {
      // What had ended before the hub first looked may never have been listed.
      if (isActive(visit.status)) found.push(`${visit.key} is ${visit.status} at the site and unknown to the hub`);
    } else found.push(...unlike(site, visit, ours));
  }
  const keys = new Set(there.map((one) => one.key));
  for (const one of hub) {
    if (isActive(one.status) && !keys.has(one.siteKey ?? '')) {
      found.push(
        `Appointment/${one.id} is ${one.status} in the hub and ${one.siteKey ?? 'without a name'} at the site`,
      );
    }
  }
  const twice = hub.filter((one) => one.siteKey !== null && byKey.get(one.siteKey) !== one);
  for (const one of twice) found.push(`${one.siteKey ?? ''} is two Appointments in the hub`);
  return [...found, ...(await bookingDifferences(comparison)), ...(await parkedMessages(query, site.id))];
}

function unlike(site: SiteSettings, visit: TrueAppointment, ours: HubAppointment): readonly string[] {
  const found: string[] = [];
  if (ours.status !== visit.status)
    found.push(`${visit.key} is ${visit.status} at the site, ${ours.status} in the hub`);
  if (!isActive(visit.status)) return found;
  const [theirs, mine] = [shown(visit.during), ours.during === null ? 'no time' : shown(ours.during)];
  if (theirs !== mine) found.push(`${visit.key} is at ${theirs} at the site, ${mine} in the hub`);
  const person = personOf(site, visit.calendar);
  if (person !== null && !ours.actors.includes(person))
    found.push(`${visit.key} is on calendar ${visit.calendar} at the site, on another in the hub`);
  return found;
}

/** Every booking that the hub calls booked is at the site, once; no other of ours is. */
async function bookingDifferences({ query, site, truth }: Comparison): Promise<readonly string[]> {
  const { rows } = await query(
    `SELECT id, action, state, site_key, appointment_id FROM booking WHERE site = $1 ORDER BY created_at`,
    [site.id],
  );
  const found: string[] = [];
  const cancelled = new Set(
    rows.filter((row) => row['action'] === 'cancel' && row['state'] === 'booked').map((row) => row['site_key']),
  );
  for (const row of rows.filter((one) => one['action'] === 'place')) {
    const [id, state] = [String(row['id']), String(row['state'])];
    const copies = truth.appointments.filter((one) => one.correlation === id);
    const live = copies.filter((one) => isActive(one.status));
    if (live.length > 1) found.push(`booking ${id} is ${live.length} visits at the site`);
    if (state !== 'booked') {
      if (live.length > 0) found.push(`booking ${id} is ${state} in the hub and booked at the site`);
      continue;
    }
    const visit = truth.appointments.find((one) => one.key === row['site_key']);
    if (visit === undefined) {
      const removed = truth.removed.includes(String(row['site_key']));
      if (!removed) found.push(`booking ${id} is booked in the hub and not at the site`);
    } else if (cancelled.has(row['site_key']) && isActive(visit.status))
      found.push(`booking ${id} was cancelled through the hub and stands at the site`);
  }
  return found;
}

async function parkedMessages(query: Query, site: string): Promise<readonly string[]> {
  const { rows } = await query(
    `SELECT id, kind, stage, code, reason FROM inbox WHERE site = $1 AND status = 'parked' ORDER BY id`,
    [site],
  );
  return rows.map((row) => {
    const [id, kind, stage, code, reason] = ['id', 'kind', 'stage', 'code', 'reason'].map((name) => String(row[name]));
    return `message ${id} (${kind}) is parked at ${stage}: ${code} ${reason}`;
  });
}

/** Free slots of the hub against the starts that the site offers, within the given time. */
export async function slotDifferences(
  comparison: Comparison & { readonly within: Interval },
): Promise<readonly string[]> {
  const { query, site, truth, within } = comparison;
  const { rows } = await query(
    `SELECT schedule_id, local_visit_type, start_at, end_at FROM slot
     WHERE site = $1 AND site_status = 'free' AND session IS NULL AND start_at >= $2 AND start_at < $3`,
    [site.id, new Date(within.start), new Date(within.end)],
  );
  const hub = new Set(
    rows.map((row) => {
      const during = { start: toInstant(row['start_at']), end: toInstant(row['end_at']) };
      return `${String(row['schedule_id'])} ${String(row['local_visit_type'])} ${shown(during)}`;
    }),
  );
  const offered = new Set(
    truth.slots
      .filter((one) => personOf(site, one.calendar) !== null && site.visitTypes[one.visitType] !== undefined)
      .filter((one) => one.during.start >= within.start && one.during.start < within.end)
      .map((one) => `${canonicalId.schedule(site.identity, one.calendar)} ${one.visitType} ${shown(one.during)}`),
  );
  return [
    ...[...offered].filter((one) => !hub.has(one)).map((one) => `offered at the site, not free in the hub: ${one}`),
    ...[...hub].filter((one) => !offered.has(one)).map((one) => `free in the hub, not offered at the site: ${one}`),
  ];
}

export async function compareWithTruth(rig: Pick<Rig, 'database'>, site: RigSite): Promise<void> {
  const truth = await site.world.truth();
  assert.deepEqual(await differences({ query: queryOf(rig), site: site.settings, truth }), []);
}

export function queryOf(rig: Pick<Rig, 'database'>): Query {
  return (text, values) => rig.database.pool.query<Row>(text, values);
}

async function appointmentsOf(query: Query, site: string): Promise<readonly HubAppointment[]> {
  const { rows } = await query(
    `SELECT id, site_key, status, start_at, end_at, actors FROM appointment WHERE site = $1 ORDER BY id`,
    [site],
  );
  return rows.map((row) => ({
    id: String(row['id']),
    siteKey: typeof row['site_key'] === 'string' ? row['site_key'] : null,
    status: String(row['status']),
    during: row['start_at'] === null ? null : { start: toInstant(row['start_at']), end: toInstant(row['end_at']) },
    actors: row['actors'] as readonly string[],
  }));
}

/** The Practitioner that the site file names for a calendar or a person's code; null: not of this site file. */
function personOf(site: SiteSettings, calendar: string): string | null {
  const rule = site.resources.calendars[calendar] ?? site.resources.practitioners[calendar];
  return rule?.practitioner === undefined ? null : ruledPractitionerId(site, rule.practitioner);
}

export function isActive(status: string): boolean {
  return !['cancelled', 'noshow', 'entered-in-error', 'proposed', 'waitlist'].includes(status);
}

/** Drivers give a Date, the store's own pool milliseconds. */
function toInstant(value: unknown): Instant {
  return instant(value instanceof Date ? value.getTime() : Number(value));
}

function shown({ start, end }: Interval): string {
  return `${formatInstant(start)}/${formatInstant(end)}`;
}
