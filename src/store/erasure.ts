/**
 * ErasureStore (0019_erased_people.sql). A record's versions go with its data key and are deleted besides; whatever was
 * derived from it goes too. Its id stays, and what was decided about it, without the evidence: decisions name ids, and
 * other people's depend on them. Part of Tx.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { ErasedRows, Erasure, ErasureStore, VisitNamed } from './contract-erasure.ts';
import type { BookingOrder } from './contract-bookings.ts';
import { orderOfNobody } from './erase-order.ts';
import { suspectedMessages } from './erased-messages.ts';
import { blindKey } from './inbox-keys.ts';
import { indexable } from './inbox-row.ts';
import type { Queryable } from './postgres.ts';
import { renderResource } from './render.ts';
import type { Scope } from './contract.ts';
import type { Keys } from './seal.ts';

/** States in which something may still come of a booking. */
const OPEN = `'held', 'awaiting-approval', 'queued', 'sent', 'accepted', 'unknown', 'unsent', 'parked'`;

export function erasureStore(q: Queryable, keys: Keys, scope: Scope): ErasureStore {
  return {
    obstacles: (records, now) => obstacles(q, records, now),

    async visitsOf(records) {
      const { rows } = await q.query<VisitNamed>({
        name: 'erase-visits-of', // appointment_patients, appointment_key_appointment
        text: `SELECT a.id, ARRAY(SELECT k.site_key FROM appointment_key k WHERE k.appointment_id = a.id) AS "siteKeys",
                 EXISTS (SELECT FROM unnest(a.patients) AS p(id) LEFT JOIN patient_link l ON l.patient_id = p.id
                         WHERE p.id <> ALL($1::uuid[]) AND l.erased_at IS NULL) AS shared
               FROM appointment a WHERE a.patients && $1::uuid[] ORDER BY a.id`,
        values: [records],
      });
      return rows;
    },

    async erase(erasure, now) {
      const related = await relatedTo(q, erasure.records);
      await destroyRecords(q, 'Patient', erasure.records, now);
      await destroyRecords(q, 'RelatedPerson', related, now);
      const versions = await destroyVersions(q, erasure, related);
      const bookings = await orders(q, keys, erasure);
      const requests = await destroyRequests(q, erasure);
      await destroyDerived(q, erasure.records);
      await forgetNames(q, erasure.records, now);
      await note(q, keys, scope, erasure, now);
      for (const id of [...erasure.records, ...related]) keys.records.forget(id);
      return { versions, bookings, requests } satisfies ErasedRows;
    },

    async erased(ids) {
      if (ids.length === 0) return new Set();
      const { rows } = await q.query<{ id: string }>({
        name: 'erase-erased',
        text: `SELECT patient_id AS id FROM patient_link WHERE patient_id = ANY($1::uuid[]) AND erased_at IS NOT NULL`,
        values: [ids],
      });
      return new Set(rows.map(({ id }) => id));
    },

    async heard(messageId) {
      await q.post({
        name: 'erased-heard',
        text: `INSERT INTO erased_news (inbox_id) VALUES ($1) ON CONFLICT DO NOTHING`,
        values: [messageId],
      });
    },

    ...suspectedMessages(q, keys),
  };
}

async function obstacles(
  q: Queryable,
  records: readonly string[],
  now: Instant,
): ReturnType<ErasureStore['obstacles']> {
  const { rows: visits } = await q.query<{ id: string }>({
    name: 'erase-visits-to-come', // appointment_patients
    text: `SELECT id FROM appointment WHERE patients && $1::uuid[] AND (end_at IS NULL OR end_at > $2)
             AND status NOT IN ('cancelled', 'entered-in-error', 'noshow', 'fulfilled') ORDER BY start_at, id`,
    values: [records, timestamptz(now)],
  });
  const { rows: bookings } = await q.query<{ id: string }>({
    name: 'erase-open-bookings', // booking_patient; appointment_patients, booking_appointment
    text: `SELECT id FROM booking WHERE patient_id = ANY($1::uuid[]) AND state IN (${OPEN})
           UNION SELECT b.id FROM appointment a JOIN booking b ON b.appointment_id = a.id
           WHERE a.patients && $1::uuid[] AND b.state IN (${OPEN}) ORDER BY id`,
    values: [records],
  });
  return { visits: visits.map(({ id }) => id), bookings: bookings.map(({ id }) => id) };
}

/** Who acts or answers for the person was told of nobody else. */
async function relatedTo(q: Queryable, records: readonly string[]): Promise<readonly string[]> {
  const { rows } = await q.query<{ id: string }>({
    name: 'erase-related', // resource_refs
    text: `SELECT id FROM resource WHERE type = 'RelatedPerson' AND refs && $1::text[] ORDER BY id`,
    values: [records.map((id) => `patient:Patient/${id}`)],
  });
  return rows.map(({ id }) => id);
}

/** What is left is served as deleted (410) to whoever might have read it. */
async function destroyRecords(
  q: Queryable,
  type: 'Patient' | 'RelatedPerson',
  records: readonly string[],
  now: Instant,
): Promise<void> {
  const { rows } = await q.query<{ id: string; version: number; security: readonly string[] }>({
    name: 'erase-records',
    text: `SELECT id, version, security FROM resource WHERE type = $2 AND id = ANY($1::uuid[])
           ORDER BY id FOR UPDATE`,
    values: [records, type],
  });
  const cause = { site: null, messageId: null, siteTime: null, now };
  const nobody = { resourceType: type, active: false } as const;
  const contents = rows.map(({ id, version, security }) => renderResource(nobody, id, version + 1, security, cause));
  await q.query({
    name: 'erase-records-put',
    text: `UPDATE resource r SET version = r.version + 1, content = u.content, sealed = NULL, key_id = NULL,
             data_key = NULL, active = false, name = NULL, tokens = '{}', refs = '{}', deleted = true,
             last_updated = $3, xid = pg_current_xact_id()
           FROM unnest($1::uuid[], $2::text[]) AS u(id, content) WHERE r.type = $4 AND r.id = u.id`,
    values: [rows.map(({ id }) => id), contents, timestamptz(now), type],
  });
}

/** All of the records; of visits those before the one that stands, in which nothing is said of the person any more. */
async function destroyVersions(
  q: Queryable,
  { records, visits }: Erasure,
  related: readonly string[],
): Promise<number> {
  const { rowCount: ofRecords } = await q.query({
    name: 'erase-versions',
    text: `DELETE FROM history WHERE type IN ('Patient', 'RelatedPerson') AND id = ANY($1::uuid[])`,
    values: [[...records, ...related]],
  });
  const { rowCount: ofVisits } = await q.query({
    name: 'erase-visit-versions',
    text: `DELETE FROM history h USING appointment a WHERE h.type = 'Appointment' AND h.id = ANY($1::uuid[])
             AND a.id = h.id AND h.version < a.version`,
    values: [visits],
  });
  return ofRecords + ofVisits;
}

/** Reads all bookings: those that came to nothing are named by nobody else. */
async function orders(q: Queryable, keys: Keys, { records, visits }: Erasure): Promise<number> {
  const { rows } = await q.query<{ id: string; key_id: string; body: Buffer }>({
    name: 'erase-bookings',
    text: `SELECT id, key_id, body FROM booking WHERE patient_id = ANY($1::uuid[])
             OR (patient_id IS NULL AND appointment_id = ANY($2::uuid[])) ORDER BY id FOR UPDATE`,
    values: [records, visits],
  });
  const left = rows.map(({ id, key_id: keyId, body }) => {
    const order = JSON.parse(keys.open(keyId, body).toString('utf8')) as BookingOrder;
    return { id, ...keys.seal(Buffer.from(JSON.stringify(orderOfNobody(order)))) };
  });
  await q.query({
    name: 'erase-bookings-put',
    // What a site said when it refused is its own words.
    text: `UPDATE booking b SET key_id = u.key_id, body = u.body, detail = NULL
           FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS u(id, key_id, body) WHERE b.id = u.id`,
    values: [left.map(({ id }) => id), left.map(({ keyId }) => keyId), left.map(({ sealed }) => sealed)],
  });
  return left.length;
}

/** Requests by HL7 v2 whose answer has been taken; what is still owed goes when it is past retention. */
async function destroyRequests(q: Queryable, { records, visits }: Erasure): Promise<number> {
  const { rowCount } = await q.query({
    name: 'erase-requests',
    text: `DELETE FROM hl7_request r WHERE r.state = 'done'
             AND (r.appointment_id = ANY($2::uuid[])
               OR r.booking_id IN (SELECT id FROM booking WHERE patient_id = ANY($1::uuid[])))
             AND NOT EXISTS (
               SELECT FROM outbox o WHERE o.appointment_id = r.lineage AND o.state IN ('queued', 'sent'))`,
    values: [records, visits],
  });
  return rowCount;
}

/** Keyed hashes count as personal data. Decisions stay without their evidence and without values that somebody gave. */
const DERIVED: readonly string[] = [
  `UPDATE name_count n SET records = n.records - gone.records FROM (
     SELECT 'given' AS kind, given AS h, count(*) AS records FROM patient_indexed
     WHERE patient_id = ANY($1::uuid[]) AND in_use AND given IS NOT NULL GROUP BY given
     UNION ALL SELECT 'family', family, count(*) FROM patient_indexed
     WHERE patient_id = ANY($1::uuid[]) AND in_use AND family IS NOT NULL GROUP BY family) AS gone
   WHERE n.kind = gone.kind AND n.h = gone.h`,
  `DELETE FROM name_count n USING patient_indexed i WHERE i.patient_id = ANY($1::uuid[]) AND n.records <= 0
     AND (n.kind = 'given' AND n.h = i.given OR n.kind = 'family' AND n.h = i.family)`,
  ...['patient_key', 'patient_contact', 'patient_indexed', 'patient_due'].map(
    (table) => `DELETE FROM ${table} WHERE patient_id = ANY($1::uuid[])`,
  ),
  `UPDATE identity_decision SET key_id = NULL, sealed = NULL
   WHERE sealed IS NOT NULL AND (one = ANY($1::uuid[]) OR other = ANY($1::uuid[]))`,
  `DELETE FROM patient_registration WHERE patient_id = ANY($1::uuid[]) OR record_id = ANY($1::uuid[])`,
  `DELETE FROM identity_review WHERE lo = ANY($1::uuid[]) OR hi = ANY($1::uuid[])`,
];

async function destroyDerived(q: Queryable, records: readonly string[]): Promise<void> {
  for (const text of DERIVED) await q.query(text, [records]);
}

/** The site's own key may name the person, and so may what waits for it: the id of the record stands for it. */
async function forgetNames(q: Queryable, records: readonly string[], now: Instant): Promise<void> {
  const { rows } = await q.query<{ patient_id: string; site: string; site_key: string }>({
    name: 'erase-names',
    text: `SELECT patient_id, site, site_key FROM patient_link WHERE patient_id = ANY($1::uuid[]) ORDER BY patient_id
           FOR UPDATE`,
    values: [records],
  });
  const names = [rows.map(({ site }) => site), rows.map((row) => row.site_key), rows.map((row) => row.patient_id)];
  for (const side of ['one', 'other']) {
    await q.query(
      `UPDATE patient_decision d SET ${side} = 'erased:' || u.id
       FROM unnest($1::text[], $2::text[], $3::uuid[]) AS u(site, site_key, id)
       WHERE d.site = u.site AND d.${side} = u.site_key`,
      names,
    );
  }
  await q.query(
    `DELETE FROM object_applied o USING unnest($1::text[], $2::text[]) AS u(site, object)
     WHERE o.site = u.site AND o.object = u.object`,
    [
      [...(names[0] ?? []), ...(names[0] ?? [])],
      ['patient', 'related'].flatMap((what) => rows.map((row) => indexable(`${what}:${row.site_key}`))),
    ],
  );
  await q.query(
    `UPDATE patient_link SET site_key = 'erased:' || patient_id, erased_at = $2, removed_at = COALESCE(removed_at, $2)
     WHERE patient_id = ANY($1::uuid[])`,
    [records, timestamptz(now)],
  );
}

async function note(
  q: Queryable,
  keys: Keys,
  scope: Scope,
  { records, reason, sequenceKeys }: Erasure,
  now: Instant,
): Promise<void> {
  await q.query({
    name: 'erase-note',
    text: `INSERT INTO patient_erasure (patient_id, erased_at, erased_by, reason, hashes, up_to)
           SELECT u.id, $2, $3, $4, $5::text[], (SELECT COALESCE(max(id), 0) FROM inbox)
           FROM unnest($1::uuid[]) AS u(id)`,
    values: [
      records,
      timestamptz(now),
      scope.actor,
      reason,
      [...new Set(sequenceKeys)].map((key) => blindKey(keys, key)),
    ],
  });
}
