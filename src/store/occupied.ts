/** What is taken of the resources of schedules: the one question behind every effective status. */
import type { Instant, Interval } from '../core/instant.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { Queryable } from './postgres.ts';

interface OccupiedRow {
  readonly resource_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly occupancy: string;
  readonly origin: Occupied['origin'];
  readonly tentative: boolean;
}

/** Live rows of every resource of each schedule within the span. Expired holds do not count. */
export async function occupiedBySchedule(
  q: Queryable,
  scheduleIds: readonly string[],
  within: Interval,
  now: Instant,
): Promise<Map<string, Occupied[]>> {
  const { rows } = await q.query<OccupiedRow & { schedule_id: string }>({
    name: 'occupied-by-schedule',
    text: `SELECT a.schedule_id, b.resource_id, lower(b.during) AS start_at, upper(b.during) AS end_at, b.occupancy, b.origin,
             b.tentative
           FROM schedule_actor a JOIN busy b ON b.resource_id = a.actor_id AND b.live AND b.during && tstzrange($2, $3)
           WHERE a.schedule_id = ANY($1::uuid[]) AND (b.expires_at IS NULL OR b.expires_at > $4)`,
    values: [[...new Set(scheduleIds)], new Date(within.start), new Date(within.end), new Date(now)],
  });
  const bySchedule = new Map<string, Occupied[]>();
  for (const row of rows) {
    const list = bySchedule.get(row.schedule_id) ?? [];
    list.push({
      during: { start: row.start_at, end: row.end_at },
      occupancy: row.occupancy,
      origin: row.origin,
      tentative: row.tentative,
    });
    bySchedule.set(row.schedule_id, list);
  }
  return bySchedule;
}
