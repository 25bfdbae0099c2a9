/**
 * Sequence keys at rest. A key names an appointment or a patient of the site (`patient:4711`), and what a database or
 * its backup shows must name nobody: only a keyed hash is stored, in the inbox and in what waits. Equal keys have equal
 * hashes, which is all that a claim asks for. The site is not part of it, so that a site may be renamed.
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import { indexable } from './inbox-row.ts';
import type { Pool, Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';
import { transaction } from './transaction.ts';

/** Stands before a hash: no key of a connector begins with it (they begin with what they name and a colon). */
const MARK = '~';

export function blindKey(keys: Keys, key: string): string {
  return MARK + keys.blind(`sequence key ${indexable(key)}`);
}

const ROWS_AT_ONCE = 1_000;

interface PlainRow {
  readonly id: number;
  readonly received_at: Instant;
  readonly sequence_keys: readonly string[];
}

/**
 * Hashes the keys that earlier versions stored as they were, in the inbox and in what still waits, before anything new
 * is taken in: a message that waits under its plain key would be overtaken by a new one under the hash. Looks at an
 * index that is empty ever after. Answers how many messages it changed.
 */
export async function blindStoredKeys(pool: Pool, keys: Keys): Promise<number> {
  let changed = 0;
  for (;;) {
    const count = await transaction(pool, (tx) => blindSome(tx, keys));
    changed += count;
    if (count < ROWS_AT_ONCE) return changed;
  }
}

async function blindSome(tx: Queryable, keys: Keys): Promise<number> {
  const { rows } = await tx.query<PlainRow>({
    name: 'inbox-plain-keys', // inbox_plain_keys
    text: `SELECT id, received_at, sequence_keys FROM inbox
           WHERE sequence_keys[1] NOT LIKE '~%' ORDER BY id LIMIT $1 FOR UPDATE`,
    values: [ROWS_AT_ONCE],
  });
  if (rows.length === 0) return 0;
  const pairs = rows.flatMap(({ id, received_at, sequence_keys }) =>
    sequence_keys.map((plain) => ({ id, at: timestamptz(received_at), plain, blind: blindKey(keys, plain) })),
  );
  const values = [
    pairs.map(({ id }) => id),
    pairs.map(({ at }) => at),
    pairs.map(({ plain }) => plain),
    pairs.map(({ blind }) => blind),
  ];
  await tx.query(
    `WITH pair AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[]) WITH ORDINALITY
         AS u(id, at, plain, blind, ord)),
     waiting AS (
       UPDATE inbox_pending p SET sequence_key = pair.blind FROM pair
       WHERE p.inbox_id = pair.id AND p.sequence_key = pair.plain)
     UPDATE inbox i SET sequence_keys = message.keys
     FROM (SELECT id, at, array_agg(blind ORDER BY ord) AS keys FROM pair GROUP BY id, at) AS message
     WHERE i.id = message.id AND i.received_at = message.at`,
    values,
  );
  return rows.length;
}
