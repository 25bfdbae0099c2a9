/** PeopleStore: the log of decisions about patient records, and the links that they come to. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { PatientRecord, PeopleStore, RecordedDecision } from './contract-people.ts';
import type { Scope } from './contract.ts';
import { pair } from './ahead.ts';
import type { Named } from './contract-ahead.ts';
import type { Gathered } from './gather.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface DecisionRow {
  readonly id: number;
  readonly kind: RecordedDecision['kind'];
  readonly one: string;
  readonly other: string;
  readonly at: Instant;
  readonly reason: string;
  readonly message_id: number | null;
}
interface RecordRow {
  readonly site_key: string;
  readonly patient_id: string;
  readonly survivor_id: string | null;
  readonly golden_id: string;
  readonly removed_at: Instant | null;
}

const RECORD = 'l.site_key, l.patient_id, l.survivor_id, l.golden_id, l.removed_at';

/** Outwards from the keys along the decisions, whatever they decide: an unlink concerns both of its sides too. */
const CONNECTED = `
  WITH RECURSIVE near(key) AS (
    SELECT unnest($2::text[])
    UNION
    SELECT CASE WHEN d.one = near.key THEN d.other ELSE d.one END
    FROM near JOIN patient_decision d ON d.site = $1 AND (d.one = near.key OR d.other = near.key)
    WHERE near.key <> '')
  SELECT DISTINCT d.id, d.kind, d.one, d.other, d.at, d.reason, d.message_id
  FROM near JOIN patient_decision d ON d.site = $1 AND d.one = near.key
  ORDER BY d.at, d.id`;

export function peopleStore(q: Gathered, keys: Keys, scope: Scope): PeopleStore {
  return {
    async decide(site, decision, now) {
      const { kind, one, other, at, reason, messageId } = decision;
      const { rowCount } = await q.query({
        name: 'patient-decide',
        text: `INSERT INTO patient_decision (site, kind, one, other, at, reason, actor, message_id, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
        values: [site, kind, one, other ?? '', timestamptz(at), reason, scope.actor, messageId, timestamptz(now)],
      });
      return rowCount === 1;
    },

    async decisionsAbout(site, about) {
      const { rows } = await q.query<DecisionRow>({
        name: 'patient-decisions', // patient_decision_one, patient_decision_other
        text: CONNECTED,
        values: [site, about],
      });
      return rows.map((row) => ({
        id: row.id,
        kind: row.kind,
        one: row.one,
        other: row.other === '' ? null : row.other,
        at: row.at,
        reason: row.reason,
        messageId: row.message_id,
      }));
    },

    async record(site, key) {
      const known = q.ahead.records.get(pair(site, key));
      if (known !== undefined) return known;
      const { rows } = await q.query<RecordRow>({
        name: 'patient-record',
        text: `SELECT ${RECORD} FROM patient_link l WHERE l.site = $1 AND l.site_key = $2`,
        values: [site, key],
      });
      return rows[0] === undefined ? null : toRecord(rows[0]);
    },

    async records(site, of) {
      const { rows } = await q.query<RecordRow>({
        name: 'patient-records',
        text: `SELECT ${RECORD} FROM patient_link l WHERE l.site = $1 AND l.site_key = ANY($2) ORDER BY l.site_key`,
        values: [site, of],
      });
      return rows.map(toRecord);
    },

    async setRemoved(site, records) {
      await q.query({
        name: 'patient-set-removed',
        text: `UPDATE patient_link l SET removed_at = u.removed_at
               FROM unnest($2::text[], $3::timestamptz[]) AS u(site_key, removed_at)
               WHERE l.site = $1 AND l.site_key = u.site_key AND l.removed_at IS DISTINCT FROM u.removed_at`,
        values: [
          site,
          records.map((one) => one.key),
          records.map((one) => (one.removedAt === null ? null : timestamptz(one.removedAt))),
        ],
      });
    },

    async recordsWith(site, identifiers) {
      const { rows } = await q.query<RecordRow>({
        name: 'patient-records-with', // resource_tokens
        text: `SELECT ${RECORD} FROM resource r JOIN patient_link l ON l.patient_id = r.id
               WHERE r.type = 'Patient' AND r.site = $1 AND l.site = $1 AND NOT r.deleted AND r.tokens && $2::text[]
               ORDER BY l.site_key`,
        values: [site, identifiers.map((one) => keys.blind(`identifier:${one}`))],
      });
      return rows.map(toRecord);
    },

    async relatedTo(patientId) {
      const { rows } = await q.query<{ id: string }>({
        name: 'related-to', // resource_refs
        text: `SELECT id FROM resource WHERE type = 'RelatedPerson' AND refs && $1::text[] AND NOT deleted ORDER BY id`,
        values: [[`patient:Patient/${patientId}`]],
      });
      return rows.map(({ id }) => id);
    },

    async labelsOfVisits(patientId) {
      const { rows } = await q.query<{ security: readonly string[] }>({
        name: 'labels-of-visits', // appointment_patients
        text: `SELECT DISTINCT security FROM appointment WHERE patients && $1::uuid[] ORDER BY security`,
        values: [[patientId]],
      });
      return rows.map(({ security }) => security);
    },

    async visitsWith(site, identifiers) {
      const { rows } = await q.query<{ id: string; siteKey: string | null }>({
        name: 'visits-with', // appointment_tokens
        text: `SELECT id, site_key AS "siteKey" FROM appointment WHERE site = $1 AND tokens && $2::text[]
               ORDER BY start_at, id`,
        values: [site, identifiers.map((one) => `identifier:${one}`)],
      });
      return rows;
    },
  };
}

/** The records of many names, of several sites. Those that name nobody are left out. */
export async function recordsNamed(
  q: Queryable,
  named: readonly Pick<Named, 'site' | 'key'>[],
): Promise<readonly { readonly site: string; readonly record: PatientRecord }[]> {
  const { rows } = await q.query<RecordRow & { readonly site: string }>({
    name: 'ahead-records', // its unique key
    text: `SELECT l.site, ${RECORD} FROM unnest($1::text[], $2::text[]) AS u(site, key)
           JOIN patient_link l ON l.site = u.site AND l.site_key = u.key`,
    values: [named.map((one) => one.site), named.map((one) => one.key)],
  });
  return rows.map((row) => ({ site: row.site, record: toRecord(row) }));
}

function toRecord(row: RecordRow): PatientRecord {
  return {
    key: row.site_key,
    patientId: row.patient_id,
    survivorId: row.survivor_id,
    goldenId: row.golden_id,
    removedAt: row.removed_at,
  };
}
