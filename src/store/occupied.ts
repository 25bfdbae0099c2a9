/** What is taken of the resources of slots: the one question behind every effective status. */
import type { Instant, Interval } from '../core/instant.ts';
import type { Occupied } from '../fhir/effective.ts';
import type { Queryable } from './postgres.ts';

interface OccupiedRow {
  readonly slot_id: string;
  readonly start_at: Instant;
  readonly end_at: Instant;
  readonly occupancy: string;
  readonly visit: string | null;
  readonly origin: Occupied['origin'];
  readonly tentative: boolean;
}

/**
 * Live rows of every resource of each slot's schedule that overlap the slot. Expired holds do not count. Asked slot by
 * slot, in one statement: a visit that was moved by half a year touches two days, and not all that is taken between
 * them.
 */
export async function occupiedBySlot(
  q: Queryable,
  slots: readonly { readonly id: string; readonly scheduleId: string; readonly during: Interval }[],
  now: Instant,
): Promise<Map<string, Occupied[]>> {
  const { rows } = await q.query<OccupiedRow>({
    name: 'occupied-by-slot', // schedule_actor's primary key, then busy_resource
    text: `SELECT u.id AS slot_id, lower(b.during) AS start_at, upper(b.during) AS end_at, b.occupancy, b.origin,
             coalesce(b.appointment_id, b.booking_id) AS visit, b.tentative
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) AS u(id, schedule_id, start_at, end_at)
           JOIN schedule_actor a ON a.schedule_id = u.schedule_id
           JOIN busy b ON b.resource_id = a.actor_id AND b.live AND b.during && tstzrange(u.start_at, u.end_at)
           WHERE b.expires_at IS NULL OR b.expires_at > $5`,
    values: [
      slots.map((slot) => slot.id),
      slots.map((slot) => slot.scheduleId),
      slots.map((slot) => new Date(slot.during.start)),
      slots.map((slot) => new Date(slot.during.end)),
      new Date(now),
    ],
  });
  const bySlot = new Map<string, Occupied[]>();
  for (const row of rows) {
    const list = bySlot.get(row.slot_id) ?? [];
    list.push({
      during: { start: row.start_at, end: row.end_at },
      occupancy: row.occupancy,
      visit: row.visit,
      origin: row.origin,
      tentative: row.tentative,
    });
    bySlot.set(row.slot_id, list);
  }
  return bySlot;
}
