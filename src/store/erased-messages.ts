/**
 * Messages that were about people who are erased. A message is stored before anybody knows whom it is about, so it is
 * found by the keyed hashes of what sequences it, and whoever can read it decides. Part of erasure.ts.
 */
import { timestamptz } from './column-types.ts';
import type { ErasureStore } from './contract-erasure.ts';
import { INBOX_COLUMNS, toMessage, type InboxRow } from './inbox-row.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

/** Rows of the inbox that are looked through in one transaction; and of news that came afterwards. */
const RANGE = 5_000;
const NEWS = 50;

interface Search {
  readonly swept_to: number;
  readonly up_to: number;
  readonly hashes: readonly string[];
}

export function suspectedMessages(q: Queryable, keys: Keys): Pick<ErasureStore, 'suspected' | 'empty'> {
  return {
    async suspected() {
      const news = await q.query<InboxRow>({
        name: 'erased-news-take',
        text: `WITH due AS (
                 DELETE FROM erased_news WHERE inbox_id IN (
                   SELECT inbox_id FROM erased_news ORDER BY inbox_id LIMIT $1 FOR UPDATE SKIP LOCKED)
                 RETURNING inbox_id)
               SELECT ${INBOX_COLUMNS}, i.attempts FROM inbox i JOIN due ON due.inbox_id = i.id`,
        values: [NEWS],
      });
      if (news.rowCount > 0) return news.rows.map((row) => toMessage(row, keys));
      const search = await nextSearch(q);
      if (search === null) return null;
      const { rows } = await q.query<InboxRow>({
        name: 'erased-messages', // its primary key; who was undone then is noted when he is applied
        text: `SELECT ${INBOX_COLUMNS}, i.attempts FROM inbox i
               WHERE i.id > $1 AND i.id <= $2 AND i.sequence_keys && $3::text[] AND i.emptied_at IS NULL
                 AND i.status <> 'received' ORDER BY i.id`,
        values: [search.swept_to, Math.min(search.swept_to + RANGE, search.up_to), search.hashes],
      });
      return rows.map((row) => toMessage(row, keys));
    },

    async empty(messages, now) {
      if (messages.length === 0) return;
      const { keyId, sealed } = keys.seal(new Uint8Array());
      await q.query({
        name: 'erased-empty', // primary key; what lies below a millisecond of a time is cut off where it is read
        text: `UPDATE inbox i SET key_id = $3, body = $4, digest = NULL, sequence_keys = '{}', emptied_at = $5,
                 xid = pg_current_xact_id()
               FROM unnest($1::bigint[], $2::timestamptz[]) AS u(id, at)
               WHERE i.id = u.id AND i.received_at >= u.at AND i.received_at < u.at + interval '1 millisecond'`,
        values: [
          messages.map(({ id }) => id),
          messages.map(({ receivedAt }) => timestamptz(receivedAt)),
          keyId,
          sealed,
          timestamptz(now),
        ],
      });
    },
  };
}

/** Records that were erased together are looked for together. The range counts as looked through with the commit. */
async function nextSearch(q: Queryable): Promise<Search | null> {
  const { rows } = await q.query<Search>({
    name: 'erased-search', // patient_erasure_open
    text: `WITH first AS MATERIALIZED (
             SELECT swept_to, up_to FROM patient_erasure WHERE hashes <> '{}' ORDER BY swept_to LIMIT 1),
           mine AS MATERIALIZED (
             SELECT e.patient_id, e.swept_to, e.up_to, e.hashes FROM first
             JOIN patient_erasure e ON e.hashes <> '{}' AND e.swept_to = first.swept_to AND e.up_to = first.up_to
             FOR UPDATE OF e SKIP LOCKED),
           swept AS (
             UPDATE patient_erasure e SET swept_to = LEAST(mine.swept_to + $1, mine.up_to),
               hashes = CASE WHEN mine.swept_to + $1 >= mine.up_to THEN '{}' ELSE e.hashes END
             FROM mine WHERE e.patient_id = mine.patient_id)
           SELECT swept_to, up_to, ARRAY(SELECT DISTINCT unnest(m.hashes) FROM mine m) AS hashes FROM mine LIMIT 1`,
    values: [RANGE],
  });
  return rows[0] ?? null;
}
