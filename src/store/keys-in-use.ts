/** Which keys the stored rows need, so that a hub started with the wrong key file says so before it stores anything. */
import type { Queryable } from './postgres.ts';

/**
 * A sample: one row of each table that holds sealed bodies, the newest message among them. Reads along primary keys.
 */
export async function keysInUse(q: Queryable): Promise<readonly string[]> {
  const { rows } = await q.query<{ key_id: string }>(
    `SELECT DISTINCT key_id FROM (
       (SELECT key_id FROM inbox ORDER BY id DESC LIMIT 1)
       UNION ALL (SELECT key_id FROM resource WHERE type = 'Patient' AND key_id IS NOT NULL LIMIT 1)
       UNION ALL (SELECT key_id FROM appointment LIMIT 1)
       UNION ALL (SELECT key_id FROM booking LIMIT 1)
       UNION ALL (SELECT key_id FROM signing_key WHERE withdrawn_at IS NULL LIMIT 1)) AS sample
     WHERE key_id IS NOT NULL ORDER BY key_id`,
  );
  return rows.map((row) => row.key_id);
}
