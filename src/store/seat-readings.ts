/** When a site counted what is left of its classes: a visit that was booked since is not in that count. */
import type { Instant, Interval } from '../core/instant.ts';
import type { Queryable } from './postgres.ts';
import type { SlotDbRow } from './slot-put.ts';

interface Counted {
  readonly id: string;
  readonly site: string;
  readonly scheduleId: string;
  readonly localVisitType: string;
  readonly during: { readonly start: Instant };
  readonly seatsLeft: number | null;
  readonly session: string | null;
}

/** By slot; of slots that no site counts, or whose window was never asked for, nothing. */
export async function readingsOf(q: Queryable, slots: readonly Counted[]): Promise<ReadonlyMap<string, Instant>> {
  const counted = slots.filter(({ session, seatsLeft }) => session !== null && seatsLeft !== null);
  if (counted.length === 0) return new Map();
  const { rows } = await q.query<{ id: string; verified_at: Instant }>({
    name: 'seat-readings', // resource's primary key, then freshness'
    // The window knows its calendar by the site's name for it, which is the identifier of the Schedule.
    text: `SELECT u.id, max(f.verified_at) AS verified_at
           FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[])
             AS u(id, site, schedule_id, visit_type, start_at)
           JOIN resource r ON r.type = 'Schedule' AND r.id = u.schedule_id
           JOIN freshness f ON f.site = u.site AND f.calendar = r.content::json #>> '{identifier,0,value}'
             AND f.visit_type = u.visit_type AND f.start_at <= u.start_at AND f.end_at > u.start_at
           WHERE f.verified_at IS NOT NULL GROUP BY u.id`,
    values: [
      counted.map(({ id }) => id),
      counted.map(({ site }) => site),
      counted.map(({ scheduleId }) => scheduleId),
      counted.map(({ localVisitType }) => localVisitType),
      counted.map(({ during }) => new Date(during.start)),
    ],
  });
  return new Map(rows.map((row) => [row.id, row.verified_at]));
}

/** As `effectiveStatus` wants it. */
export function countedAt(readings: ReadonlyMap<string, Instant>, slotId: string): { readonly countedAt?: Instant } {
  const at = readings.get(slotId);
  return at === undefined ? {} : { countedAt: at };
}

interface ClassWindow {
  readonly scheduleId: string;
  readonly localVisitType: string;
  readonly window: Interval;
}

/** Classes that show as full and are not closed by their site, locked in the order of their ids. */
export async function fullClasses(q: Queryable, windows: readonly ClassWindow[]): Promise<readonly SlotDbRow[]> {
  const { rows } = await q.query<SlotDbRow>({
    name: 'slots-of-classes', // slot_schedule, with both bounds on start_at
    text: `SELECT s.* FROM slot s WHERE s.id = ANY (ARRAY(
             SELECT t.id FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
               AS u(schedule_id, visit_type, start_at, end_at)
             CROSS JOIN LATERAL (
               SELECT t.id FROM slot t WHERE t.schedule_id = u.schedule_id AND t.start_at >= u.start_at
                 AND t.start_at < u.end_at AND t.local_visit_type = u.visit_type AND t.session IS NOT NULL
                 AND t.seats_left IS NOT NULL AND t.status <> 'free' AND t.site_status = 'free' OFFSET 0) t))
           ORDER BY s.id FOR UPDATE`,
    values: [
      windows.map((one) => one.scheduleId),
      windows.map((one) => one.localVisitType),
      windows.map((one) => new Date(one.window.start)),
      windows.map((one) => new Date(one.window.end)),
    ],
  });
  return rows;
}

/** When the site had made the visit that a row of a class takes its seat for; null: it is a hold, or not the hub's. */
export const SETTLED_AT = (busy: string): string => `CASE WHEN ${busy}.seat IS NOT NULL AND NOT ${busy}.tentative
  THEN (SELECT k.state_at FROM booking k WHERE k.id = ${busy}.booking_id AND k.state = 'booked') END`;
