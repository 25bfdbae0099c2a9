/**
 * IndexStore: keyed hashes by which records that may be one person's are found (0013_identity.sql). What is hashed is
 * clear only here: a dump of the database tells that two records share something, and neither what nor whose. Part of
 * Tx.
 */
import type { Patient } from '../fhir/types.ts';
import type { IndexedRecord, IndexStore, NameCounts } from './contract-index.ts';
import { KNOWN, toKnown, type KnownRow } from './identity.ts';
import { dueRecords } from './patient-due.ts';
import { keyTables } from './patient-keys.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { textOf, type BodyRow } from './sealed-rows.ts';

type Hashed = (what: string, text: string) => string;

/**
 * 64 bits of the hash: by chance 10 million records with 20 keys each share one with probability 0.001. Of one text it
 * is made once: a batch of records has the same names and phones over and over.
 */
function hashing(keys: Keys): Hashed {
  const made = new Map<string, string>();
  return (what, text) => {
    const whole = `${what} ${text}`;
    const before = made.get(whole);
    if (before !== undefined) return before;
    const hash = Buffer.from(keys.blind(whole), 'base64url').readBigInt64BE(0).toString();
    made.set(whole, hash);
    return hash;
  };
}

const NAMES = { given: 'given name', family: 'family name' } as const;

export type RecordRow = KnownRow & BodyRow & { readonly active: boolean };

export function indexStore(q: Queryable, keys: Keys): IndexStore {
  const hashed = hashing(keys);
  return {
    blinded: (plain, epoch) =>
      plain.map(({ kind, value, tight }) => ({
        kind,
        h: hashed(`patient key ${String(epoch)} ${kind}`, value),
        tight: tight === null ? '0' : hashed(`patient key ${String(epoch)} ${kind} tight`, tight),
      })),

    blindedContacts: (contacts) => contacts.map((contact) => hashed('contact', contact)),
    blindedOwner: (who) => hashed('who', who),
    blindedName: (kind, name) => (name === '' ? null : hashed(NAMES[kind], name)),

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

    ...keyTables(q),

    names: (given, family) => nameCounts(q, hashed, given, family),

    async size() {
      const { rows } = await q.query<{ last: number | null }>({
        name: 'patient-last-ordinal', // patient_link_ordinal
        text: `SELECT max(ordinal) AS last FROM patient_link`,
      });
      return rows[0]?.last ?? 0;
    },

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

async function nameCounts(
  q: Queryable,
  hashed: Hashed,
  given: readonly string[],
  family: readonly string[],
): Promise<NameCounts> {
  const hashes = {
    given: new Map(given.map((name) => [hashed(NAMES.given, name), name])),
    family: new Map(family.map((name) => [hashed(NAMES.family, name), name])),
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

export function toIndexed(row: RecordRow, keys: Keys): IndexedRecord {
  const known = toKnown(row);
  return {
    ...known,
    version: row.version,
    inUse: row.active && known.survivorId === null && known.removedAt === null,
    patient: () => JSON.parse(textOf(row, keys)) as Patient,
  };
}
