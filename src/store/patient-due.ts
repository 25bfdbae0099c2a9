/** Records that are to be placed among the others (0013_identity.sql). Part of IndexStore. */
import { timestamptz } from './column-types.ts';
import type { IndexStore } from './contract-index.ts';
import type { Queryable } from './postgres.ts';

type DueRecords = Pick<IndexStore, 'due' | 'takeDue' | 'putOff' | 'meant' | 'dueUnindexed'>;

export function dueRecords(q: Queryable): DueRecords {
  return {
    async due(ids, now) {
      if (ids.length === 0) return;
      await q.query({
        name: 'patient-due-add',
        text: `INSERT INTO patient_due (patient_id, due_at) SELECT unnest($1::uuid[]), $2`,
        values: [ids, timestamptz(now)],
      });
    },

    async takeDue(now, most) {
      const { rows } = await q.query<{ id: string; attempts: number }>({
        name: 'patient-due-take', // patient_due_at, then patient_due_patient
        // Rows that others hold are theirs; of one record all that nobody holds are done at once.
        text: `WITH first AS MATERIALIZED (
                 SELECT patient_id FROM patient_due WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2
                 FOR UPDATE SKIP LOCKED),
               mine AS MATERIALIZED (
                 SELECT d.id FROM (SELECT DISTINCT patient_id FROM first) AS f JOIN patient_due d USING (patient_id)
                 FOR UPDATE OF d SKIP LOCKED),
               gone AS (
                 DELETE FROM patient_due WHERE id IN (SELECT id FROM mine)
                 RETURNING patient_id, attempts, due_at, id)
               SELECT patient_id AS id, max(attempts) AS attempts FROM gone GROUP BY patient_id
               ORDER BY min(due_at), min(id)`,
        values: [timestamptz(now), most],
      });
      return rows;
    },

    async putOff(id, attempts, at) {
      await q.query({
        name: 'patient-due-put-off',
        text: `WITH gone AS (DELETE FROM patient_due WHERE patient_id = $1)
               INSERT INTO patient_due (patient_id, attempts, due_at) VALUES ($1, $2, $3)`,
        values: [id, attempts, timestamptz(at)],
      });
    },

    async meant(site, digest, unless, now) {
      const { rows } = await q.query<{ isFirst: boolean }>({
        name: 'identity-namespace-put',
        text: `INSERT INTO identity_namespace (site, digest, changed_at) VALUES ($1, $2, $3)
               ON CONFLICT (site) DO UPDATE SET digest = excluded.digest, changed_at = excluded.changed_at
                 WHERE identity_namespace.digest <> excluded.digest
               RETURNING (xmax = 0) AS "isFirst"`,
        values: [site, digest, timestamptz(now)],
      });
      const [row] = rows;
      if (row === undefined || (row.isFirst && digest === unless)) return false;
      await q.query({
        name: 'patient-due-site',
        text: `INSERT INTO patient_due (patient_id, due_at)
               SELECT patient_id, $2 FROM patient_link WHERE site = $1 AND erased_at IS NULL`,
        values: [site, timestamptz(now)],
      });
      return true;
    },

    async dueUnindexed(epoch, limit, now) {
      const { rowCount } = await q.query({
        name: 'patient-due-unindexed',
        text: `INSERT INTO patient_due (patient_id, due_at)
               SELECT l.patient_id, $3 FROM patient_link l
               WHERE l.erased_at IS NULL
                 AND NOT EXISTS (SELECT FROM patient_indexed i WHERE i.patient_id = l.patient_id AND i.epoch = $1)
                 AND NOT EXISTS (SELECT FROM patient_due d WHERE d.patient_id = l.patient_id)
               ORDER BY l.ordinal LIMIT $2`,
        values: [epoch, limit, timestamptz(now)],
      });
      return rowCount;
    },
  };
}
