/**
 * IndexStore: keyed hashes by which records that may be one person's are found (0013_identity.sql). What is hashed is
 * clear only here: a dump of the database tells that two records share something, and neither what nor whose. Part of
 * Tx.
 */
import type { Instant } from '../core/instant.ts';
import type { Patient } from '../fhir/types.ts';
import { timestamptz } from './column-types.ts';
import type { Entry, Found, IndexedRecord, IndexStore, NameCounts } from './contract-index.ts';
import { KNOWN, toKnown, type KnownRow } from './identity.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { textOf, type BodyRow } from './sealed-rows.ts';

/** 64 bits of the hash: by chance 10 million records with 20 keys each share one with probability 0.001. */
function hashed(keys: Keys, what: string, text: string): string {
  return Buffer.from(keys.blind(`${what} ${text}`), 'base64url')
    .readBigInt64BE(0)
    .toString();
}

const NAMES = { given: 'given name', family: 'family name' } as const;

type RecordRow = KnownRow & BodyRow & { readonly active: boolean };

export function indexStore(q: Queryable, keys: Keys): IndexStore {
  return {
    blinded: (plain, epoch) =>
      plain.map(({ kind, value, tight }) => ({
        kind,
        h: hashed(keys, `patient key ${String(epoch)} ${kind}`, value),
        tight: tight === null ? '0' : hashed(keys, `patient key ${String(epoch)} ${kind} tight`, tight),
      })),

    async keysOf(id) {
      const { rows } = await q.query<{ h: string }>({
        name: 'patient-keys-of', // patient_key_patient
        text: `SELECT h::text FROM patient_key WHERE patient_id = $1`,
        values: [id],
      });
      return rows.map((row) => row.h);
    },

    async people(ids) {
      if (ids.length === 0) return [];
      const { rows } = await q.query<RecordRow>({
        name: 'patient-people', // both primary keys
        text: `SELECT ${KNOWN}, r.id, r.version, r.active, r.content, r.key_id, r.sealed, r.data_key FROM patient_link l
               JOIN resource r ON r.type = 'Patient' AND r.id = l.patient_id AND NOT r.deleted
               WHERE l.patient_id = ANY($1::uuid[]) ORDER BY l.patient_id`,
        values: [ids],
      });
      return rows.map((row) => toIndexed(row, keys));
    },

    sharing: (own, self, cap) => sharing(q, own, self, cap),

    async shared(contacts, most) {
      if (contacts.length === 0) return new Set();
      const byHash = new Map(contacts.map((contact) => [hashed(keys, 'contact', contact), contact]));
      const { rows } = await q.query<{ h: string }>({
        name: 'patient-contacts-shared', // its primary key, up to the first few who have it
        text: `SELECT u.h::text AS h FROM unnest($1::bigint[]) AS u(h)
               WHERE (SELECT count(*) FROM (
                 SELECT DISTINCT c.who FROM patient_contact c WHERE c.h = u.h LIMIT $2) AS known) = $2`,
        values: [[...byHash.keys()], most + 1],
      });
      return new Set(rows.flatMap(({ h }) => byHash.get(h) ?? []));
    },

    names: (given, family) => nameCounts(q, keys, given, family),

    async size() {
      const { rows } = await q.query<{ last: number | null }>({
        name: 'patient-last-ordinal', // patient_link_ordinal
        text: `SELECT max(ordinal) AS last FROM patient_link`,
      });
      return rows[0]?.last ?? 0;
    },

    put: (entry, epoch, now) => put(q, keys, entry, epoch, now),

    async countNames() {
      await q.query(`DELETE FROM name_count`);
      for (const kind of ['given', 'family'] as const) {
        await q.query(
          `INSERT INTO name_count (kind, h, records)
           SELECT '${kind}', ${kind}, count(*) FROM patient_indexed WHERE in_use AND ${kind} IS NOT NULL
             AND ${kind} <> 0 GROUP BY ${kind}
           UNION ALL SELECT '${kind}', 0, count(*) FROM patient_indexed WHERE in_use AND ${kind} IS NOT NULL`,
        );
      }
    },

    ...dueRecords(q),
  };
}

async function sharing(
  q: Queryable,
  own: Parameters<IndexStore['sharing']>[0],
  self: string,
  cap: number,
): Promise<Found> {
  if (own.length === 0) return { ids: [], capped: [] };
  const { rows } = await q.query<{ place: number; ids: readonly string[] }>({
    name: 'patient-sharing', // the primary key of patient_key, up to the cap for each
    text: `SELECT u.place::int AS place, ARRAY(
             SELECT k.patient_id FROM patient_key k WHERE k.h = u.h AND k.patient_id <> $2 LIMIT $3) AS ids
           FROM unnest($1::bigint[]) WITH ORDINALITY AS u(h, place)`,
    values: [own.map(({ h }) => h), self, cap + 1],
  });
  const found = new Set<string>();
  const capped: { kind: string; read: 'tight' | 'none' }[] = [];
  const over: (typeof own)[number][] = [];
  for (const { place, ids } of rows) {
    const key = own[place - 1];
    if (key === undefined) continue;
    if (ids.length <= cap) for (const id of ids) found.add(id);
    else if (key.tight === '0') capped.push({ kind: key.kind, read: 'none' });
    else over.push(key);
  }
  if (over.length > 0) {
    const tight = await q.query<{ place: number; ids: readonly string[] }>({
      name: 'patient-sharing-tight', // as above
      text: `SELECT u.place::int AS place, ARRAY(
               SELECT k.patient_id FROM patient_key k
               WHERE k.h = u.h AND k.tight = u.tight AND k.patient_id <> $3 LIMIT $4) AS ids
             FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u(h, tight, place)`,
      values: [over.map(({ h }) => h), over.map((key) => key.tight), self, cap + 1],
    });
    for (const { place, ids } of tight.rows) {
      const kind = over[place - 1]?.kind ?? '';
      capped.push({ kind, read: ids.length <= cap ? 'tight' : 'none' });
      if (ids.length <= cap) for (const id of ids) found.add(id);
    }
  }
  return { ids: [...found].sort(), capped };
}

async function nameCounts(
  q: Queryable,
  keys: Keys,
  given: readonly string[],
  family: readonly string[],
): Promise<NameCounts> {
  const hashes = {
    given: new Map(given.map((name) => [hashed(keys, NAMES.given, name), name])),
    family: new Map(family.map((name) => [hashed(keys, NAMES.family, name), name])),
  };
  const { rows } = await q.query<{ kind: 'given' | 'family'; h: string; records: number }>({
    name: 'name-counts', // its primary key
    text: `SELECT kind, h::text AS h, records FROM name_count
           WHERE (kind = 'given' AND h = ANY($1::bigint[])) OR (kind = 'family' AND h = ANY($2::bigint[]))`,
    values: [
      ['0', ...hashes.given.keys()],
      ['0', ...hashes.family.keys()],
    ],
  });
  const total = { given: 0, family: 0 };
  const of = { given: new Map<string, number>(), family: new Map<string, number>() };
  for (const { kind, h, records } of rows) {
    const name = hashes[kind].get(h);
    if (h === '0') total[kind] = records;
    else if (name !== undefined) of[kind].set(name, records);
  }
  return { ...total, ofGiven: of.given, ofFamily: of.family };
}

async function put(q: Queryable, keys: Keys, entry: Entry, epoch: number, now: Instant): Promise<void> {
  const { id, version, inUse, truncated } = entry;
  const name = (kind: 'given' | 'family'): string | null =>
    entry[kind] === '' ? null : hashed(keys, NAMES[kind], entry[kind]);
  const who = hashed(keys, 'who', entry.who);
  await q.post({ name: 'patient-keys-drop', text: `DELETE FROM patient_key WHERE patient_id = $1`, values: [id] });
  await q.post({
    name: 'patient-contacts-drop',
    text: `DELETE FROM patient_contact WHERE patient_id = $1`,
    values: [id],
  });
  await q.post({
    name: 'patient-keys-put',
    text: `INSERT INTO patient_key (h, tight, patient_id, kind)
           SELECT u.h, u.tight, $1, u.kind FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS u(h, tight, kind)
           ON CONFLICT DO NOTHING`,
    values: [
      id,
      entry.keys.map(({ h }) => h),
      entry.keys.map(({ tight }) => tight),
      entry.keys.map(({ kind }) => kind),
    ],
  });
  await q.post({
    name: 'patient-contacts-put',
    text: `INSERT INTO patient_contact (h, who, patient_id)
           SELECT u.h, $2, $1 FROM unnest($3::bigint[]) AS u(h) ON CONFLICT DO NOTHING`,
    values: [id, who, entry.contacts.map((contact) => hashed(keys, 'contact', contact))],
  });
  await q.post({
    name: 'patient-indexed-put',
    text: `INSERT INTO patient_indexed (patient_id, version, epoch, in_use, truncated, given, family, indexed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (patient_id) DO UPDATE SET version = excluded.version, epoch = excluded.epoch,
             in_use = excluded.in_use, truncated = excluded.truncated, given = excluded.given,
             family = excluded.family, indexed_at = excluded.indexed_at`,
    values: [id, version, epoch, inUse, truncated, name('given'), name('family'), timestamptz(now)],
  });
}

type DueRecords = Pick<IndexStore, 'due' | 'takeDue' | 'putOff' | 'dueUnindexed'>;

function dueRecords(q: Queryable): DueRecords {
  return {
    async due(ids, now) {
      if (ids.length === 0) return;
      await q.query({
        name: 'patient-due-add',
        text: `INSERT INTO patient_due (patient_id, due_at) SELECT unnest($1::uuid[]), $2`,
        values: [ids, timestamptz(now)],
      });
    },

    async takeDue(now) {
      const { rows } = await q.query<{ id: string; attempts: number }>({
        name: 'patient-due-take', // patient_due_at, then patient_due_patient
        // Rows that others hold are theirs; of one record all that nobody holds are done at once.
        text: `WITH first AS MATERIALIZED (
                 SELECT patient_id FROM patient_due WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1
                 FOR UPDATE SKIP LOCKED),
               mine AS MATERIALIZED (
                 SELECT d.id FROM first JOIN patient_due d USING (patient_id) FOR UPDATE OF d SKIP LOCKED),
               gone AS (
                 DELETE FROM patient_due WHERE id IN (SELECT id FROM mine) RETURNING patient_id, attempts)
               SELECT patient_id AS id, max(attempts) AS attempts FROM gone GROUP BY patient_id`,
        values: [timestamptz(now)],
      });
      return rows[0] ?? null;
    },

    async putOff(id, attempts, at) {
      await q.query({
        name: 'patient-due-put-off',
        text: `WITH gone AS (DELETE FROM patient_due WHERE patient_id = $1)
               INSERT INTO patient_due (patient_id, attempts, due_at) VALUES ($1, $2, $3)`,
        values: [id, attempts, timestamptz(at)],
      });
    },

    async dueUnindexed(epoch, limit, now) {
      const { rowCount } = await q.query({
        name: 'patient-due-unindexed',
        text: `INSERT INTO patient_due (patient_id, due_at)
               SELECT l.patient_id, $3 FROM patient_link l
               WHERE NOT EXISTS (SELECT FROM patient_indexed i WHERE i.patient_id = l.patient_id AND i.epoch = $1)
                 AND NOT EXISTS (SELECT FROM patient_due d WHERE d.patient_id = l.patient_id)
               ORDER BY l.ordinal LIMIT $2`,
        values: [epoch, limit, timestamptz(now)],
      });
      return rowCount;
    },
  };
}

function toIndexed(row: RecordRow, keys: Keys): IndexedRecord {
  const known = toKnown(row);
  return {
    ...known,
    version: row.version,
    inUse: row.active && known.survivorId === null && known.removedAt === null,
    patient: () => JSON.parse(textOf(row, keys)) as Patient,
  };
}
