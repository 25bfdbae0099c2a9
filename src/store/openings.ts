/**
 * The closing record of each opening: when a slot's time has come, what became of it. Fill rates and lead times are
 * computed from these; what is not recorded at that moment cannot be had later.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Queryable } from './postgres.ts';

/**
 * One ledger row per slot that began since the last time: whether it was still on offer, how many visits filled it, how
 * many of them were kept. The watermark stands in `cursor`, in the same transaction, so that none is written twice or
 * left out.
 */
export async function closeOpenings(q: Queryable, now: Instant, actor: string): Promise<number> {
  const { rows } = await q.query<{ value: string }>(
    `SELECT value FROM cursor WHERE site = '' AND ability = 'openings' FOR UPDATE`,
  );
  const since = rows[0] === undefined ? null : Number(rows[0].value);
  await q.query({
    text: `INSERT INTO cursor (site, ability, version, value, updated_at) VALUES ('', 'openings', 1, $1, $2)
           ON CONFLICT (site, ability) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
    values: [String(now), timestamptz(now)],
  });
  if (since === null) return 0;
  // slot_start, then appointment_slots for each.
  const { rowCount } = await q.query({
    text: `INSERT INTO ledger (at, kind, site, slot_id, actor, data)
           SELECT $1, 'opening-closed', s.site, s.id, $3,
             json_build_object('status', s.status, 'capacity', s.capacity, 'booked', v.booked, 'kept', v.kept)::text
           FROM slot s CROSS JOIN LATERAL (
             SELECT count(*) FILTER (WHERE a.status NOT IN ('cancelled', 'entered-in-error', 'proposed',
               'waitlist')) AS booked,
               count(*) FILTER (WHERE a.status IN ('arrived', 'checked-in', 'fulfilled')) AS kept
             FROM appointment a WHERE a.slots @> ARRAY[s.id]) v
           WHERE s.start_at > $2 AND s.start_at <= $1`,
    values: [timestamptz(now), timestamptz(since as Instant), actor],
  });
  return rowCount;
}
