/** Rows whose body is clear, sealed by the hub's key, or sealed under the data key of the record that they are of. */
import type { DataKey } from './record-keys.ts';
import type { Keys } from './seal.ts';

export interface BodyRow {
  readonly id: string;
  readonly version: number;
  readonly content: string | null;
  readonly sealed: Buffer | null;
  /** With a data key beside it: of the key that wraps that one. */
  readonly key_id: string | null;
  readonly data_key: Buffer | null;
}

/** @throws HubError KEY_MISSING */
export function textOf(row: BodyRow, keys: Keys): string {
  const { sealed, key_id: keyId, data_key: wrapped } = row;
  if (sealed === null || keyId === null) return row.content ?? '';
  if (wrapped === null) return keys.open(keyId, sealed).toString('utf8');
  return keys.records.open(row, sealed, { keyId, wrapped }).toString('utf8');
}

/**
 * The data key that a record's next version is sealed under. What is new gets one; null: an earlier release sealed it
 * without, and it stays so until all its versions are sealed anew together.
 */
export function dataKeyFor(id: string, before: BodyRow | undefined, keys: Keys): DataKey | null {
  if (before === undefined) return keys.records.fresh(id);
  const { key_id: keyId, data_key: wrapped } = before;
  return wrapped === null || keyId === null ? null : { keyId, wrapped };
}
