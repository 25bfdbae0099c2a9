/**
 * What earlier releases sealed by the hub's key itself is sealed anew, each record with all its versions under a data
 * key of its own. A few records in one transaction: whoever kills the hub in between loses nothing, and what is left is
 * found by an index that is empty ever after. No version is made by it: nothing of what is served changes.
 */
import type { Resealed } from './contract.ts';
import type { DataKey } from './record-keys.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

interface Row {
  readonly id: string;
  readonly version: number;
  readonly key_id: string;
  readonly sealed: Buffer;
}
type OldRow = Row & { readonly recorded_at: string };

/** Records with ids behind `after`. */
export async function resealSome(q: Queryable, keys: Keys, after: string, limit: number): Promise<Resealed> {
  const { rows } = await q.query<Row>({
    name: 'reseal-records', // resource_unkeyed
    // Locked: no version is written meanwhile by what the record was sealed with. What others hold is next time's.
    text: `SELECT id, version, key_id, sealed FROM resource
           WHERE type = 'Patient' AND sealed IS NOT NULL AND data_key IS NULL AND id > $1
           ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`,
    values: [after, limit],
  });
  const { rows: versions } = await q.query<OldRow>({
    name: 'reseal-versions', // its primary key
    text: `SELECT id, version, key_id, sealed, recorded_at::text AS recorded_at FROM history
           WHERE type = 'Patient' AND id = ANY($1::uuid[]) AND sealed IS NOT NULL`,
    values: [rows.map(({ id }) => id)],
  });
  const older = Map.groupBy(versions, ({ id }) => id);
  const made = rows.flatMap((row) => resealed(keys, row, older.get(row.id) ?? []) ?? []);
  await write(q, made);
  return { records: made.length, unreadable: rows.length - made.length, last: rows.at(-1)?.id ?? null };
}

interface Made {
  readonly row: Row;
  readonly dataKey: DataKey;
  readonly sealed: Buffer;
  readonly older: readonly { readonly row: OldRow; readonly sealed: Buffer }[];
}

/** Null: one of its bodies does not open, so it stays as it is, with all of them. */
function resealed(keys: Keys, row: Row, older: readonly OldRow[]): Made | null {
  try {
    const dataKey = keys.records.fresh(row.id);
    const anew = (one: Row): Buffer => keys.records.seal(one, keys.open(one.key_id, one.sealed), dataKey);
    return { row, dataKey, sealed: anew(row), older: older.map((one) => ({ row: one, sealed: anew(one) })) };
  } catch {
    keys.records.forget(row.id);
    return null;
  }
}

async function write(q: Queryable, made: readonly Made[]): Promise<void> {
  if (made.length === 0) return;
  await q.query({
    name: 'reseal-record-put',
    text: `UPDATE resource r SET sealed = u.sealed, key_id = u.key_id, data_key = u.data_key
           FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[]) AS u(id, sealed, key_id, data_key)
           WHERE r.type = 'Patient' AND r.id = u.id`,
    values: [
      made.map(({ row }) => row.id),
      made.map(({ sealed }) => sealed),
      made.map(({ dataKey }) => dataKey.keyId),
      made.map(({ dataKey }) => dataKey.wrapped),
    ],
  });
  const older = made.flatMap((one) => one.older.map((version) => ({ ...version, keyId: one.dataKey.keyId })));
  await q.query({
    name: 'reseal-versions-put',
    text: `UPDATE history h SET sealed = u.sealed, key_id = u.key_id
           FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[], $5::text[])
             AS u(id, version, recorded_at, sealed, key_id)
           WHERE h.type = 'Patient' AND h.id = u.id AND h.version = u.version
             AND h.recorded_at = u.recorded_at::timestamptz`,
    values: [
      older.map(({ row }) => row.id),
      older.map(({ row }) => row.version),
      older.map(({ row }) => row.recorded_at),
      older.map(({ sealed }) => sealed),
      older.map(({ keyId }) => keyId),
    ],
  });
}
