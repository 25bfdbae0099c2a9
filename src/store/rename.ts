/**
 * A site whose file was renamed (`formerly`) goes on being the same site: what is stored of it takes the new name in
 * one transaction, before anything is read or written under that name. Left under the old one, the keys of visits that
 * the hub has booked would be unknown, and each of them would be stored a second time. Ledger, audit, history and
 * messages that are done keep the name under which they were written.
 */
import type { Queryable } from './postgres.ts';

/** What is known of a feed is not worth a conflict with rows that another site of that name has left behind. */
const REPLACED: readonly string[] = [
  'cursor',
  'feed',
  'feed_hour',
  'freshness',
  'unmapped_code',
  'proof',
  'practitioner_code',
  'identity_namespace',
];
// prettier-ignore
const RENAMED: readonly string[] = [
  ...REPLACED, 'resource', 'slot', 'appointment', 'appointment_key', 'patient_link', 'busy', 'booking', 'mirror',
  'patient_decision', 'work_item', 'site_object', 'object_applied', 'dedupe', 'hint_queue', 'inbox_pending',
  'replay_window', 'patient_registration',
];

/** The old name; null where the organization bears the new one already, or nothing of it is stored. */
export async function renameSite(q: Queryable, organizationId: string, to: string): Promise<string | null> {
  const { rows } = await q.query<{ site: string | null }>(
    `SELECT site FROM resource WHERE type = 'Organization' AND id = $1 FOR UPDATE`,
    [organizationId],
  );
  const from = rows[0]?.site ?? null;
  if (from === null || from === to) return null;
  for (const table of REPLACED) await q.query(`DELETE FROM ${table} WHERE site = $1`, [to]);
  for (const table of RENAMED) await q.query(`UPDATE ${table} SET site = $2 WHERE site = $1`, [from, to]);
  await q.query(`UPDATE identity_decision SET actor = $2 WHERE actor_kind = 'site' AND actor = $1`, [from, to]);
  await q.query(`UPDATE conflict SET sites = array_replace(sites, $1, $2) WHERE $1 = ANY(sites)`, [from, to]);
  // What still waits is applied under the name that the plan knows.
  await q.query(
    `UPDATE inbox i SET site = $2 FROM inbox_queue w
     WHERE w.site = $1 AND i.id = w.inbox_id AND i.received_at = w.received_at`,
    [from, to],
  );
  await q.query(
    `UPDATE inbox i SET site = $2 FROM hint_queue w
     WHERE w.site = $2 AND i.site = $1 AND i.id = w.inbox_id AND i.received_at = w.received_at`,
    [from, to],
  );
  await q.query(`UPDATE inbox_queue SET site = $2 WHERE site = $1`, [from, to]);
  // A person may decide later that it is to be applied: under a name that the plan does not know it would be ignored.
  await q.query(`UPDATE inbox SET site = $2 WHERE site = $1 AND status = 'parked'`, [from, to]); // inbox_parked
  await q.query(`UPDATE outbox SET receiver_id = $2 WHERE receiver = 'site' AND receiver_id = $1 AND state <> 'done'`, [
    from,
    to,
  ]);
  return from;
}

/** Tables in which a site is renamed; a test compares them with all that have a site. */
export function renamedTables(): readonly string[] {
  return [...RENAMED, 'inbox', 'inbox_queue'];
}
