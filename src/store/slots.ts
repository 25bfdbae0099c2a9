/** Slots: what the site says and the effective status, kept equal to the busy calendar. Part of ResourceStore. */
import { MINUTE_MS, type Instant } from '../core/instant.ts';
import { effectiveStatus } from '../fhir/effective.ts';
import type { Slot, SlotStatus } from '../fhir/types.ts';
import type { Cause, ResourceStore, SlotRow, StoredSlot } from './contract-resources.ts';
import { occupiedBySlot } from './occupied.ts';
import type { Queryable } from './postgres.ts';
import { comparable } from './render.ts';
import { renderSlot, writeSlots, type WriteRow } from './slot-write.ts';

// prettier-ignore
export type SlotStore = Pick<ResourceStore, 'slot' | 'slotsOf' | 'slotsOverlapping' | 'putSlots' | 'refreshSlots'
  | 'refreshTouched' | 'withdrawSlots'  | 'occupies' | 'setScheduleActors' | 'closeSlots' | 'strayTemplateSlots'>;

/** No slot is longer: lets an overlap be found by the start alone, with a lower bound the index can use. */
const LONGEST_SLOT_MS = 24 * 60 * MINUTE_MS;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly site: string;
  readonly site_key: string;
  readonly schedule_id: string;
  readonly local_visit_type: string;
  readonly visit_type: string | null;
  readonly specialty: string | null;
  readonly location_id: string | null;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly status: SlotStatus;
  readonly site_status: SlotStatus;
  readonly capacity: number;
  readonly seats_left: number | null;
  readonly session: string | null;
  readonly withdrawn: boolean;
  readonly security: readonly string[];
  readonly content: string;
}

export function slotStore(q: Queryable): SlotStore {
  return {
    async slot(id) {
      const { rows } = await q.query<Row>({ name: 'slot', text: `SELECT * FROM slot WHERE id = $1`, values: [id] });
      return rows[0] === undefined ? null : toStored(rows[0]);
    },

    async slotsOf(scheduleId, localVisitType, window) {
      // slot_schedule (schedule_id, start_at) serves it.
      const { rows } = await q.query<Row>({
        name: 'slots-of',
        text: `SELECT * FROM slot WHERE schedule_id = $1 AND start_at >= $2 AND start_at < $3 AND local_visit_type = $4
               ORDER BY start_at, id`,
        values: [scheduleId, new Date(window.start), new Date(window.end), localVisitType],
      });
      return rows.map(toStored);
    },

    async slotsOverlapping(scheduleId, during, localVisitType) {
      const { rows } = await q.query<{ id: string; of_type: boolean }>({
        name: 'slots-overlapping', // slot_schedule, with both bounds on start_at
        text: `SELECT id, local_visit_type = $5 AS of_type FROM slot
               WHERE schedule_id = $1 AND start_at > $2 AND start_at < $3 AND end_at > $4 ORDER BY start_at, id`,
        values: [
          scheduleId,
          new Date(during.start - LONGEST_SLOT_MS),
          new Date(during.end),
          new Date(during.start),
          localVisitType,
        ],
      });
      const ofType = rows.filter((row) => row.of_type);
      return (ofType.length > 0 ? ofType : rows).map((row) => row.id);
    },

    async occupies(scheduleId) {
      const { rows } = await q.query<{ actor_id: string }>({
        name: 'schedule-occupies',
        text: `SELECT actor_id FROM schedule_actor WHERE schedule_id = $1 AND actor_type <> 'PractitionerRole'
               ORDER BY actor_id`,
        values: [scheduleId],
      });
      return rows.map((row) => row.actor_id);
    },

    async setScheduleActors(scheduleId, actors) {
      const { rows } = await q.query<{ changed: boolean }>({
        name: 'schedule-actors-set',
        text: `WITH wanted AS (SELECT * FROM unnest($2::text[], $3::uuid[]) AS u(type, id)),
               dropped AS (
                 DELETE FROM schedule_actor WHERE schedule_id = $1 AND NOT (actor_id = ANY($3)) RETURNING 1),
               added AS (
                 INSERT INTO schedule_actor (schedule_id, actor_type, actor_id)
                 SELECT $1, w.type, w.id FROM wanted w
                 WHERE NOT EXISTS (SELECT FROM schedule_actor a
                   WHERE a.schedule_id = $1 AND a.actor_type = w.type AND a.actor_id = w.id)
                 ON CONFLICT DO NOTHING RETURNING 1)
               SELECT EXISTS (SELECT FROM dropped) OR EXISTS (SELECT FROM added) AS changed`,
        values: [scheduleId, actors.map((actor) => actor.type), actors.map((actor) => actor.id)],
      });
      return rows[0]?.changed === true;
    },

    async putSlots(rows, cause) {
      if (rows.length === 0) return [];
      const ids = rows.map((row) => row.id);
      // Sorted by id: two messages that touch the same slots wait for each other instead of deadlocking.
      const stored = await q.query<Row>({
        name: 'slots-for-update',
        text: `SELECT * FROM slot WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
        values: [ids],
      });
      const old = new Map(stored.rows.map((row) => [row.id, row]));
      const occupied = await occupiedBySlot(q, rows, cause.now);
      const written: WriteRow[] = [];
      for (const row of rows) {
        const before = old.get(row.id);
        // A site that is not served goes on being not offered, whatever it said last.
        const withdrawn = row.withdrawn ?? before?.withdrawn ?? false;
        const status = effectiveStatus({ ...row, withdrawn }, occupied.get(row.id) ?? []);
        const version = (before?.version ?? 0) + 1;
        const json = renderSlot(row.resource, row, status, version, cause);
        const same = before !== undefined && sameColumns(before, { ...row, withdrawn });
        if (same && comparable(before.content) === comparable(json)) continue;
        written.push({ ...row, withdrawn, status, version, json });
      }
      await writeSlots(q, written, cause);
      return written.map((row) => row.id);
    },

    refreshSlots: (resourceIds, during, cause) =>
      refreshTouched(
        q,
        resourceIds.map((resourceId) => ({ resourceId, during })),
        cause,
      ),
    refreshTouched: (touched, cause) => refreshTouched(q, touched, cause),

    async closeSlots(ids, cause) {
      const { rows } = await q.query<Row>({
        name: 'slots-close',
        text: `UPDATE slot SET site_status = 'busy-unavailable' WHERE id IN (
                 SELECT id FROM slot WHERE id = ANY($1::uuid[]) AND site_status = 'free' ORDER BY id FOR UPDATE)
               RETURNING *`,
        values: [ids],
      });
      await recompute(q, rows, cause);
      return rows.length;
    },

    async strayTemplateSlots(site, kept, after) {
      const { rows } = await q.query<{ id: string }>({
        name: 'slots-stray', // slot_start, once in a site's run
        text: `SELECT s.id FROM slot s
               WHERE s.site = $1 AND s.start_at > $2 AND s.site_status = 'free' AND (
                 starts_with(s.site_key, 'filled:') AND s.schedule_id = ANY($3)
                 OR starts_with(s.site_key, 'template:') AND NOT EXISTS (
                   SELECT FROM unnest($3::uuid[], $4::text[]) AS u(schedule_id, visit_type)
                   WHERE u.schedule_id = s.schedule_id AND u.visit_type = s.local_visit_type))`,
        values: [site, new Date(after), kept.map((one) => one.scheduleId), kept.map((one) => one.visitType)],
      });
      return rows.map((row) => row.id);
    },

    async withdrawSlots(sites, cause) {
      // Only rows whose flag changes are touched: a start with the same plan writes nothing.
      const { rows } = await q.query<Row>({
        name: 'slots-withdraw',
        text: `UPDATE slot SET withdrawn = NOT withdrawn
               WHERE start_at > $2 AND withdrawn <> (site = ANY($1::text[])) RETURNING *`,
        values: [sites, new Date(cause.now)],
      });
      await recompute(q, rows, cause);
      return rows.length;
    },
  };
}

/**
 * Slots are locked before the busy calendar is read, by a statement of its own: whoever changed it before us has
 * committed by then, and whoever changes it after us waits for these rows.
 */
async function refreshTouched(
  q: Queryable,
  touched: Parameters<SlotStore['refreshTouched']>[0],
  cause: Cause,
): Promise<readonly string[]> {
  if (touched.length === 0) return [];
  const distinct = [
    ...new Map(touched.map((one) => [`${one.resourceId} ${one.during.start} ${one.during.end}`, one])).values(),
  ];
  const found = await q.query<Row>({
    name: 'slots-to-refresh',
    // schedule_actor_actor, then slot_schedule with both bounds on start_at: OFFSET 0 holds the planner to it, which
    // else reads every slot there is (measured: 10,000 rows for one). One sort over all: two never wait in a ring.
    text: `SELECT s.* FROM slot s WHERE s.id = ANY (ARRAY(
             SELECT o.id FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
               AS u(resource_id, earliest, start_at, end_at)
             CROSS JOIN LATERAL (
               SELECT a.schedule_id FROM schedule_actor a WHERE a.actor_id = u.resource_id OFFSET 0) a
             CROSS JOIN LATERAL (
               SELECT t.id FROM slot t WHERE t.schedule_id = a.schedule_id AND t.start_at > u.earliest
                 AND t.start_at < u.end_at AND t.end_at > u.start_at OFFSET 0) o))
           ORDER BY s.id FOR UPDATE`,
    values: [
      distinct.map((one) => one.resourceId),
      distinct.map((one) => new Date(one.during.start - LONGEST_SLOT_MS)),
      distinct.map((one) => new Date(one.during.start)),
      distinct.map((one) => new Date(one.during.end)),
    ],
  });
  return recompute(q, found.rows, cause);
}

/** Writes a new version of each slot whose effective status is no longer what its row says. */
async function recompute(q: Queryable, rows: readonly Row[], cause: Cause): Promise<string[]> {
  if (rows.length === 0) return [];
  const slots = rows.map(toStored);
  const occupied = await occupiedBySlot(q, slots, cause.now);
  const written: WriteRow[] = [];
  rows.forEach((row, index) => {
    const slot = slots[index];
    if (slot === undefined) return;
    const status = effectiveStatus(slot, occupied.get(slot.id) ?? []);
    if (status === row.status) return;
    const resource = JSON.parse(row.content) as Slot;
    // The version's source stays the site's: our calendar only lowered what the site said.
    const kept: Cause = { ...cause, site: row.site, messageId: null };
    const version = row.version + 1;
    written.push({ ...slot, resource, status, version, json: renderSlot(resource, slot, status, version, kept) });
  });
  await writeSlots(q, written, cause);
  return written.map((row) => row.id);
}

/**
 * What is not in the text, or not all of it: whoever may see the slot, and what is asked of it, is read from the
 * columns.
 */
function sameColumns(old: Row, row: SlotRow): boolean {
  return (
    old.site === row.site &&
    old.schedule_id === row.scheduleId &&
    old.location_id === row.locationId &&
    old.site_status === row.siteStatus &&
    old.visit_type === row.visitType &&
    old.specialty === row.specialty &&
    old.capacity === row.capacity &&
    old.seats_left === row.seatsLeft &&
    old.session === row.session &&
    old.withdrawn === row.withdrawn
  );
}

function toStored(row: Row): StoredSlot {
  return {
    id: row.id,
    version: row.version,
    site: row.site,
    siteKey: row.site_key,
    scheduleId: row.schedule_id,
    localVisitType: row.local_visit_type,
    visitType: row.visit_type,
    specialty: row.specialty,
    locationId: row.location_id,
    during: { start: row.start_at, end: row.end_at },
    status: row.status,
    siteStatus: row.site_status,
    capacity: row.capacity,
    seatsLeft: row.seats_left,
    session: row.session,
    withdrawn: row.withdrawn,
    security: row.security,
  };
}
