/** Slots: what the site says and the effective status, kept equal to the busy calendar. Part of ResourceStore. */
import type { ResourceStore } from './contract-resources.ts';
import type { Gathered } from './gather.ts';
import { fullClasses, readingsOf } from './seat-readings.ts';
import { putSlots, SLOTS, toSlot, type SlotDbRow } from './slot-put.ts';
import { LONGEST_SLOT_MS, putAround, recompute, refreshTouched, slotsAround } from './slot-refresh.ts';

export type SlotStore = Pick<
  ResourceStore,
  | 'slot'
  | 'slotsNamed'
  | 'freeNear'
  | 'slotsOf'
  | 'slotsOverlapping'
  | 'putSlots'
  | 'putSlot'
  | 'refreshSlots'
  | 'refreshTouched'
  | 'slotsAround'
  | 'putAround'
  | 'withdrawSlots'
  | 'occupies'
  | 'occupiedBy'
  | 'seatsCountedAt'
  | 'refreshClasses'
  | 'setScheduleActors'
  | 'closeSlots'
  | 'strayTemplateSlots'
>;

export function slotStore(q: Gathered): SlotStore {
  return {
    async slot(id) {
      const known = q.ahead.slots.get(id);
      if (known !== undefined) return known;
      const { rows } = await q.query<SlotDbRow>({
        name: 'slot',
        text: `SELECT * FROM slot WHERE id = $1`,
        values: [id],
      });
      return rows[0] === undefined ? null : toSlot(rows[0]);
    },

    async slotsNamed(ids) {
      const { rows } = await q.query<SlotDbRow>({
        name: 'slots-named', // primary key
        text: `SELECT * FROM slot WHERE id = ANY($1::uuid[])`,
        values: [ids],
      });
      return rows.map(toSlot);
    },

    async freeNear({ scheduleId, localVisitType, during }, window, limit) {
      const { rows } = await q.query<SlotDbRow>({
        name: 'slots-free-near', // slot_schedule, in both directions
        text: `(SELECT * FROM slot WHERE schedule_id = $1 AND start_at >= $3 AND start_at < $5
                  AND local_visit_type = $2 AND status = 'free' ORDER BY start_at LIMIT $6)
               UNION ALL
               (SELECT * FROM slot WHERE schedule_id = $1 AND start_at >= $4 AND start_at < $3
                  AND local_visit_type = $2 AND status = 'free' ORDER BY start_at DESC LIMIT $6)`,
        values: [
          scheduleId,
          localVisitType,
          new Date(during.start),
          new Date(window.start),
          new Date(window.end),
          limit,
        ],
      });
      return rows.map(toSlot);
    },

    async slotsOf(scheduleId, localVisitType, window) {
      // slot_schedule (schedule_id, start_at) serves it.
      const { rows } = await q.query<SlotDbRow>({
        name: 'slots-of',
        text: `SELECT * FROM slot WHERE schedule_id = $1 AND start_at >= $2 AND start_at < $3 AND local_visit_type = $4
               ORDER BY start_at, id`,
        values: [scheduleId, new Date(window.start), new Date(window.end), localVisitType],
      });
      return rows.map(toSlot);
    },

    async slotsOverlapping(scheduleId, during, localVisitType) {
      await q.settleAll(SLOTS);
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

    async seatsCountedAt(slot) {
      return (await readingsOf(q, [slot])).get(slot.id) ?? null;
    },

    async refreshClasses(windows, cause) {
      await recompute(q, await fullClasses(q, windows), cause);
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

    async occupiedBy(slotId) {
      const { rows } = await q.query<{ actor_id: string }>({
        name: 'slot-occupies', // primary keys
        text: `SELECT a.actor_id FROM slot s JOIN schedule_actor a ON a.schedule_id = s.schedule_id
               WHERE s.id = $1 AND a.actor_type <> 'PractitionerRole' ORDER BY a.actor_id`,
        values: [slotId],
      });
      return rows.map((row) => row.actor_id);
    },

    async setScheduleActors(scheduleId, actors) {
      const known = q.ahead.actors.get(scheduleId);
      if (known !== undefined && sameActors(known, actors)) return false;
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

    putSlots: (rows, cause) =>
      putSlots(
        q,
        rows.map((row) => ({ row, cause })),
      ),
    async putSlot(row, cause) {
      q.ahead.slots.delete(row.id);
      await q.later(SLOTS, `slot ${row.id}`, { row, cause });
    },

    refreshSlots: (resourceIds, during, cause) =>
      refreshTouched(
        q,
        resourceIds.map((resourceId) => ({ resourceId, during })),
        cause,
      ),
    refreshTouched: (touched, cause) => refreshTouched(q, touched, cause),
    slotsAround: (touched, now) => slotsAround(q, touched, now),
    putAround: (around, taken, cause) => putAround(q, around, taken, cause),

    async closeSlots(ids, cause) {
      const { rows } = await q.query<SlotDbRow>({
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
      const { rows } = await q.query<SlotDbRow>({
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

function sameActors(
  known: readonly string[],
  actors: readonly { readonly type: string; readonly id: string }[],
): boolean {
  const wanted = new Set(actors.map(({ type, id }) => `${type} ${id}`));
  return known.length === wanted.size && known.every((one) => wanted.has(one));
}
