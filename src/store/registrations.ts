/** RegistrationStore (0023_registrations.sql): whom sites were asked to register. Part of Tx. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { GivenId, Registration, RegistrationStore, Standing } from './contract-registrations.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly site: string;
  readonly patient_id: string;
  readonly golden_id: string;
  readonly state: Registration['state'];
  readonly code: string | null;
  readonly asked_at: Instant;
  readonly is_settled: boolean;
}

const COLUMNS = `r.site, r.patient_id, r.golden_id, r.state, r.code, r.asked_at,
  r.settled_at IS NOT NULL AS is_settled`;

/** All records of the person of $2, by the links as they stand. */
const PERSON = `WITH person AS (
  SELECT mine.patient_id FROM patient_link one JOIN patient_link mine USING (golden_id) WHERE one.patient_id = $2)`;

export function registrationStore(q: Queryable): RegistrationStore {
  return {
    async standing(site, patientId) {
      const { rows } = await q.query<Row>({
        name: 'registration-of-person', // patient_link_golden, the primary key
        text: `${PERSON} SELECT ${COLUMNS} FROM patient_registration r JOIN person p USING (patient_id)
               WHERE r.site = $1 ORDER BY r.state = 'unsent', r.asked_at LIMIT 1`,
        values: [site, patientId],
      });
      const { rows: told } = await q.query<Omit<Standing, 'registration'>>({
        name: 'registration-standing', // identity_review_open by its key and identity_review_hi; patient_due_patient
        text: `${PERSON}, near AS (
                 SELECT v.hi AS patient_id FROM identity_review v JOIN person p ON v.lo = p.patient_id
                 WHERE v.state IN ('open', 'claimed')
                 UNION ALL SELECT v.lo FROM identity_review v JOIN person p ON v.hi = p.patient_id
                 WHERE v.state IN ('open', 'claimed')
                 UNION ALL SELECT patient_id FROM person)
               SELECT
                 EXISTS (SELECT FROM near JOIN patient_link l USING (patient_id)
                         WHERE l.site = $1 AND l.survivor_id IS NULL AND l.removed_at IS NULL) AS "isThere",
                 EXISTS (SELECT FROM patient_due d JOIN patient_link l USING (patient_id)
                         WHERE d.patient_id IN (SELECT patient_id FROM person)) AS "isBeingPlaced",
                 (SELECT max(d.id) FROM patient_due d JOIN patient_link l USING (patient_id)
                  WHERE l.site = $1) AS "dueUpTo"`,
        values: [site, patientId],
      });
      const { isThere = true, isBeingPlaced = false, dueUpTo = null } = told[0] ?? {};
      return { registration: rows[0] === undefined ? null : toRegistration(rows[0]), isThere, isBeingPlaced, dueUpTo };
    },

    async isDue(site, upTo) {
      const { rows } = await q.query({
        name: 'registration-is-due', // patient_due by its key, then patient_link by its key
        text: `SELECT FROM patient_due d JOIN patient_link l USING (patient_id)
               WHERE d.id <= $2 AND l.site = $1 LIMIT 1`,
        values: [site, upTo],
      });
      return rows.length > 0;
    },

    async ask({ site, patientId, goldenId, askedAt, answerBy, showsBy }) {
      // What never left is asked for again, by whichever record of the person; nothing else is.
      await q.query({
        name: 'registration-unsent',
        text: `DELETE FROM patient_registration
               WHERE site = $1 AND state = 'unsent' AND (patient_id = $2 OR golden_id = $3)`,
        values: [site, patientId, goldenId],
      });
      const { rowCount } = await q.query({
        name: 'registration-add',
        text: `INSERT INTO patient_registration (site, patient_id, golden_id, state, asked_at, answer_by, shows_by)
               VALUES ($1, $2, $3, 'asked', $4, $5, $6) ON CONFLICT DO NOTHING`,
        values: [site, patientId, goldenId, timestamptz(askedAt), timestamptz(answerBy), timestamptz(showsBy)],
      });
      return rowCount === 1;
    },

    async answered({ site, patientId }, state, code) {
      const { rowCount } = await q.query({
        name: 'registration-answered',
        text: `UPDATE patient_registration SET state = $3, code = $4
               WHERE site = $1 AND patient_id = $2 AND state = 'asked'`,
        values: [site, patientId, state, code],
      });
      return rowCount === 1;
    },

    async settle(now, limit) {
      const { rows } = await q.query<Row & { readonly isHeard: boolean; readonly isThere: boolean }>({
        name: 'registration-settle', // patient_registration_open
        text: `WITH late AS (
                 SELECT site, patient_id FROM patient_registration
                 WHERE settled_at IS NULL AND state <> 'unsent' AND (state IN ('refused', 'unknown')
                   OR (state = 'asked' AND answer_by <= $1) OR (state = 'accepted' AND shows_by <= $1))
                 ORDER BY asked_at LIMIT $2 FOR UPDATE SKIP LOCKED)
               UPDATE patient_registration r
               SET settled_at = $1, state = CASE WHEN r.state = 'asked' THEN 'unknown' ELSE r.state END
               FROM late WHERE r.site = late.site AND r.patient_id = late.patient_id
               RETURNING ${COLUMNS}, r.record_id IS NOT NULL AS "isHeard",
                 EXISTS (SELECT FROM patient_link mine JOIN patient_link l USING (golden_id)
                         WHERE mine.patient_id = r.patient_id AND l.site = r.site
                           AND l.survivor_id IS NULL AND l.removed_at IS NULL) AS "isThere"`,
        values: [timestamptz(now), limit],
      });
      const missing = rows.filter(({ isThere }) => !isThere);
      return {
        settled: rows.length,
        missing: missing.map((row) => ({ ...toRegistration(row), isHeard: row.isHeard })),
      };
    },

    async heard(site, goldenId, recordId, now) {
      const { rowCount } = await q.query({
        name: 'registration-heard', // patient_registration_site_golden_id_key
        // A record that is not in use any more gives way: its site has merged or removed it.
        text: `UPDATE patient_registration r SET record_id = $3, heard_at = $4
               WHERE site = $1 AND golden_id = $2 AND state <> 'unsent' AND record_id IS DISTINCT FROM $3
                 AND (record_id IS NULL OR EXISTS (
                   SELECT FROM patient_link l WHERE l.patient_id = r.record_id
                     AND (l.survivor_id IS NOT NULL OR l.removed_at IS NOT NULL)))`,
        values: [site, goldenId, recordId, timestamptz(now)],
      });
      return rowCount === 1;
    },

    async given(records) {
      if (records.length === 0) return [];
      const { rows } = await q.query<GivenId>({
        name: 'registration-given', // patient_registration_record, patient_registration_patient; golden_patient by key
        text: `SELECT r.record_id AS "recordId", r.patient_id AS "patientId", r.golden_id AS "goldenId", r.site,
                 coalesce(g.state = 'split'
                   OR (g.leads_to <> '{}' AND g.state = 'active' AND g.changed_at > r.asked_at), true) AS "isSplit",
                 EXISTS (SELECT FROM patient_registration o
                         JOIN patient_link theirs ON theirs.patient_id = o.patient_id
                         JOIN patient_link mine ON mine.patient_id = r.patient_id
                         WHERE o.record_id = r.record_id AND theirs.golden_id <> mine.golden_id) AS "isOfSeveral"
               FROM (SELECT * FROM patient_registration WHERE record_id = ANY($1::uuid[])
                     UNION SELECT * FROM patient_registration
                     WHERE patient_id = ANY($1::uuid[]) AND record_id IS NOT NULL) AS r
               LEFT JOIN golden_patient g ON g.id = r.golden_id ORDER BY r.asked_at, r.golden_id`,
        values: [records],
      });
      return rows;
    },
  };
}

function toRegistration(row: Row): Registration {
  return {
    site: row.site,
    patientId: row.patient_id,
    goldenId: row.golden_id,
    state: row.state,
    code: row.code,
    askedAt: row.asked_at,
    isSettled: row.is_settled,
  };
}
