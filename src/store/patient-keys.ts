/**
 * What records are found by: their keys, and the phones and addresses that they have (0013_identity.sql). For many
 * records at once, because whoever places many asks once for all of them. Part of IndexStore.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { ContactRow, Entry, IndexStore, KeyRow } from './contract-index.ts';
import type { Queryable } from './postgres.ts';

type KeyTables = Pick<IndexStore, 'rowsOf' | 'contactsOf' | 'blocks' | 'tightBlocks' | 'owners' | 'put'>;

/** Written here, because the driver looks at each of some ten thousand numbers for what must be quoted. */
function list(numbers: readonly (string | number)[]): string {
  return `{${numbers.join(',')}}`;
}

interface BlockRow {
  readonly place: number;
  readonly found: number;
  readonly names: string | null;
}

/** `NOT IN` of a list is looked up in a table made of it once; `<> ALL` of a parameter is compared one by one. */
const BESIDES = 'patient_id NOT IN (SELECT unnest($2::uuid[]))';
const NAMED = `SELECT count(*)::int AS found,
  CASE WHEN count(*) <= $3 THEN string_agg(patient_id::text || ' ' || version, ',') END AS names`;

export function keyTables(q: Queryable): KeyTables {
  const blocks = async (name: string, text: string, values: readonly unknown[]): Promise<readonly BlockRow[]> =>
    (await q.query<BlockRow>({ name, text, values })).rows;
  return {
    async rowsOf(ids) {
      const { rows } = await q.query<KeyRow>({
        name: 'patient-keys-of', // patient_key_patient
        text: `SELECT patient_id AS id, h::text AS h, tight::text AS tight, version FROM patient_key
               WHERE patient_id = ANY($1::uuid[])`,
        values: [ids],
      });
      return rows;
    },

    async contactsOf(ids) {
      const { rows } = await q.query<ContactRow>({
        name: 'patient-contacts-of', // patient_contact_patient
        text: `SELECT patient_id AS id, h::text AS h, who::text AS who FROM patient_contact
               WHERE patient_id = ANY($1::uuid[])`,
        values: [ids],
      });
      return rows;
    },

    async blocks(keys, besides, cap) {
      const asked = [...new Set(keys)];
      if (asked.length === 0) return new Map();
      const rows = await blocks(
        'patient-blocks', // the primary key of patient_key, up to the cap for each
        `SELECT u.place::int AS place, block.found, block.names
         FROM unnest($1::bigint[]) WITH ORDINALITY AS u(h, place) CROSS JOIN LATERAL (
           ${NAMED} FROM (SELECT k.patient_id, k.version FROM patient_key k
             WHERE k.h = u.h AND k.${BESIDES} LIMIT $3 + 1) AS shared) AS block
         WHERE block.found > 0`,
        [list(asked), besides, cap],
      );
      return new Map(rows.map((row) => [asked[row.place - 1] ?? '', row.names?.split(',') ?? null]));
    },

    async tightBlocks(keys, besides, cap) {
      const asked = [...new Map(keys.map((key) => [`${key.h} ${key.tight}`, key]))];
      if (asked.length === 0) return new Map();
      const rows = await blocks(
        'patient-blocks-tight', // as above
        `SELECT u.place::int AS place, block.found, block.names
         FROM unnest($1::bigint[], $4::bigint[]) WITH ORDINALITY AS u(h, tight, place) CROSS JOIN LATERAL (
           ${NAMED} FROM (SELECT k.patient_id, k.version FROM patient_key k
             WHERE k.h = u.h AND k.tight = u.tight AND k.${BESIDES} LIMIT $3 + 1) AS shared) AS block
         WHERE block.found > 0`,
        [list(asked.map(([, { h }]) => h)), besides, cap, list(asked.map(([, { tight }]) => tight))],
      );
      return new Map(rows.map((row) => [asked[row.place - 1]?.[0] ?? '', row.names?.split(',') ?? null]));
    },

    async owners(contacts, besides, most) {
      if (contacts.length === 0) return new Map();
      const { rows } = await q.query<{ h: string; who: string }>({
        name: 'patient-owners', // the primary key of patient_contact, up to the first few who have it
        text: `SELECT u.h::text AS h, known.who FROM unnest($1::bigint[]) AS u(h) CROSS JOIN LATERAL (
                 SELECT string_agg(who::text, ',') AS who FROM (
                   SELECT DISTINCT c.who FROM patient_contact c WHERE c.h = u.h AND c.${BESIDES} LIMIT $3) AS few)
                 AS known
               WHERE known.who IS NOT NULL`,
        values: [list([...new Set(contacts)]), besides, most],
      });
      return new Map(rows.map(({ h, who }) => [h, who.split(',')]));
    },

    put: (entries, before, epoch, now) => put(q, entries, before, epoch, now),
  };
}

async function put(
  q: Queryable,
  entries: readonly Entry[],
  before: readonly string[],
  epoch: number,
  now: Instant,
): Promise<void> {
  if (before.length > 0) {
    for (const table of ['patient_key', 'patient_contact']) {
      await q.post({
        name: `${table}-drop`,
        text: `DELETE FROM ${table} WHERE patient_id = ANY($1::uuid[])`,
        values: [before],
      });
    }
  }
  const ids = entries.map(({ id }) => id);
  await putKeys(q, entries, ids);
  const contacts = entries.flatMap(({ contacts: of }, at) => of.map((h) => [h, at + 1] as const));
  await q.post({
    name: 'patient-contacts-put',
    text: `INSERT INTO patient_contact (h, who, patient_id)
           SELECT u.h, ($3::bigint[])[u.at], ($4::uuid[])[u.at] FROM unnest($1::bigint[], $2::int[]) AS u(h, at)
           ORDER BY 1 ON CONFLICT DO NOTHING`,
    values: [
      list(contacts.map(([h]) => h)),
      list(contacts.map(([, at]) => at)),
      list(entries.map(({ who }) => who)),
      ids,
    ],
  });
  await q.post({
    name: 'patient-indexed-put',
    text: `INSERT INTO patient_indexed (patient_id, version, epoch, in_use, truncated, given, family, indexed_at)
           SELECT u.id, u.version, $7, u.in_use, u.truncated, u.given, u.family, $8
           FROM unnest($1::uuid[], $2::int[], $3::bool[], $4::bool[], $5::bigint[], $6::bigint[])
             AS u(id, version, in_use, truncated, given, family)
           ON CONFLICT (patient_id) DO UPDATE SET version = excluded.version, epoch = excluded.epoch,
             in_use = excluded.in_use, truncated = excluded.truncated, given = excluded.given,
             family = excluded.family, indexed_at = excluded.indexed_at`,
    values: [
      ids,
      entries.map(({ version }) => version),
      entries.map(({ inUse }) => inUse),
      entries.map(({ truncated }) => truncated),
      entries.map(({ given }) => given),
      entries.map(({ family }) => family),
      epoch,
      timestamptz(now),
    ],
  });
}

/** In the order of the index: neighbours in it are written to one page after the other. */
async function putKeys(q: Queryable, entries: readonly Entry[], ids: readonly string[]): Promise<void> {
  const kinds = [...new Set(entries.flatMap(({ keys }) => keys.map(({ kind }) => kind)))];
  const place = new Map(kinds.map((kind, at) => [kind, at + 1]));
  const rows = entries.flatMap(({ keys }, at) => {
    // Two keys of one record whose hashes meet are one.
    const each = new Map(keys.map((key) => [`${key.h} ${key.tight}`, key]));
    return [...each.values()].map((key) => ({ ...key, at: at + 1 }));
  });
  await q.post({
    name: 'patient-keys-put',
    text: `INSERT INTO patient_key (h, tight, patient_id, version, kind)
           SELECT u.h, u.tight, ($5::uuid[])[u.at], ($6::int[])[u.at], ($7::text[])[u.kind]
           FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[]) AS u(h, tight, at, kind)
           ORDER BY 1, 2`,
    values: [
      list(rows.map(({ h }) => h)),
      list(rows.map(({ tight }) => tight)),
      list(rows.map(({ at }) => at)),
      list(rows.map(({ kind }) => place.get(kind) ?? 0)),
      ids,
      list(entries.map(({ version }) => version)),
      kinds,
    ],
  });
}
