/** When the hub last wrote a visit at its site, for judging a "not there" that may only be too early. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Queryable } from './postgres.ts';

/**
 * `object`: `appointment:KEY`. The answer of a placement names the visit, so while one is open a name that nobody knows
 * may be that of its visit.
 */
export async function writtenAt(q: Queryable, site: string, object: string, now: Instant): Promise<Instant | null> {
  const { rows } = await q.query<{ at: Instant | null }>({
    // appointment_key's primary key, then booking_appointment; booking_open where the name is not known
    name: 'booking-written-at',
    text: `SELECT max(CASE WHEN b.state = 'booked' THEN b.state_at ELSE $3 END) AS at
           FROM appointment_key k JOIN booking b USING (appointment_id)
           WHERE k.site = $1 AND k.site_key = $2 AND b.action IN ('place', 'move') AND b.state IN
             ('booked', 'held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent')
           UNION ALL
           SELECT $3 FROM booking b
           WHERE b.site = $1 AND b.action IN ('place', 'move') AND b.state IN ('sent', 'accepted', 'unknown', 'unsent')
             AND NOT EXISTS (SELECT FROM appointment_key k WHERE k.site = $1 AND k.site_key = $2)
           ORDER BY at DESC NULLS LAST LIMIT 1`,
    values: [site, object.replace(/^appointment:/, ''), timestamptz(now)],
  });
  return rows[0]?.at ?? null;
}
