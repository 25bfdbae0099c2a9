/**
 * Deletes what is stored of a site that is in no configuration any more: only on an operator's explicit word. Ledger
 * and audit stay: they hold ids and codes, and must tell later that there was something, and who had it deleted.
 */
import type { Queryable } from './postgres.ts';

/** In this order, so that a statement finds what the ones before it still need. */
const STATEMENTS: readonly string[] = [
  `DELETE FROM history WHERE (type, id) IN (
     SELECT 'Slot', id FROM slot WHERE site = $1
     UNION ALL SELECT 'Appointment', id FROM appointment WHERE site = $1
     UNION ALL SELECT type, id FROM resource WHERE site = $1)`,
  `DELETE FROM schedule_actor WHERE schedule_id IN (SELECT id FROM resource WHERE type = 'Schedule' AND site = $1)`,
  `DELETE FROM mirror WHERE site = $1 OR appointment_id IN (SELECT id FROM appointment WHERE site = $1)`,
  `DELETE FROM busy WHERE site = $1`,
  `DELETE FROM conflict WHERE $1 = ANY(sites)`,
  `DELETE FROM proof WHERE site = $1`,
  `DELETE FROM booking_request WHERE booking_id IN (SELECT id FROM booking WHERE site = $1)`,
  `DELETE FROM booking WHERE site = $1`,
  `DELETE FROM outbox WHERE receiver = 'site' AND receiver_id = $1`,
  `DELETE FROM appointment_key WHERE site = $1`,
  `DELETE FROM appointment WHERE site = $1`,
  `DELETE FROM slot WHERE site = $1`,
  // Whom decisions joined to its records is another person without them: computed anew.
  `INSERT INTO patient_due (patient_id, due_at)
     SELECT DISTINCT other.patient_id, now() FROM patient_link mine JOIN patient_link other USING (golden_id)
     WHERE mine.site = $1 AND other.site <> $1`,
  `DELETE FROM identity_decision WHERE one IN (SELECT patient_id FROM patient_link WHERE site = $1)
     OR other IN (SELECT patient_id FROM patient_link WHERE site = $1)`,
  `DELETE FROM identity_review WHERE lo IN (SELECT patient_id FROM patient_link WHERE site = $1)
     OR hi IN (SELECT patient_id FROM patient_link WHERE site = $1)`,
  ...['golden_holding', 'patient_key', 'patient_contact', 'patient_indexed', 'patient_due', 'patient_erasure'].map(
    (table) => `DELETE FROM ${table} WHERE patient_id IN (SELECT patient_id FROM patient_link WHERE site = $1)`,
  ),
  `DELETE FROM patient_link WHERE site = $1`,
  `DELETE FROM patient_decision WHERE site = $1`,
  `DELETE FROM resource WHERE site = $1`,
  `DELETE FROM work_item WHERE site = $1`,
  `DELETE FROM replay_window WHERE site = $1`,
  `DELETE FROM unmapped_code WHERE site = $1`,
  `DELETE FROM practitioner_code WHERE site = $1`,
  `DELETE FROM patient_registration WHERE site = $1`,
  `DELETE FROM identity_namespace WHERE site = $1`,
  `DELETE FROM freshness WHERE site = $1`,
  `DELETE FROM feed_hour WHERE site = $1`,
  `DELETE FROM feed WHERE site = $1`,
  `DELETE FROM cursor WHERE site = $1`,
  `DELETE FROM site_object WHERE site = $1`,
  `DELETE FROM object_applied WHERE site = $1`,
  `DELETE FROM dedupe WHERE site = $1`,
  `DELETE FROM hint_queue WHERE site = $1`,
  `DELETE FROM inbox_pending WHERE site = $1`,
  `DELETE FROM inbox_queue WHERE site = $1`,
  `DELETE FROM inbox WHERE site = $1`,
];

/** Rows deleted. */
export async function forgetSite(q: Queryable, site: string): Promise<number> {
  let rows = 0;
  for (const statement of STATEMENTS) rows += (await q.query(statement, [site])).rowCount;
  return rows;
}

/** Tables that `forgetSite` deletes from; a test compares them with all that have a site. */
export function forgottenTables(): string[] {
  return STATEMENTS.flatMap((statement) => /^DELETE FROM (\w+)/.exec(statement)?.[1] ?? []);
}
