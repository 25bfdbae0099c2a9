/**
 * Hints: a site said only that an object may have changed. They wait in a queue of their own and are answered together,
 * because one fetch that leaves now answers every hint that came before it. Part of InboxStore.
 */
import { timestamptz } from './column-types.ts';
import type { HintClaim, InboxStore } from './contract-inbox.ts';
import type { Queryable } from './postgres.ts';

export type HintStore = Pick<InboxStore, 'claimHints' | 'hintsDone' | 'hintsRetry' | 'hintsPark'>;

/**
 * heads   the oldest due hint of each object, oldest first: along hint_queue_site, with one look into hint_queue_object
 *         per row. Whoever locks the head has the object; another worker skips it, even when a newer hint came in
 *         meanwhile.
 * all     every hint of those objects, also one that waits for its next attempt: the fetch answers it as well
 */
const CLAIM = `
  WITH heads AS MATERIALIZED (
    SELECT h.inbox_id, h.object FROM hint_queue h
    WHERE h.site = $1 AND h.next_attempt_at <= $2 AND NOT EXISTS (
      SELECT FROM hint_queue e
      WHERE e.site = h.site AND e.object = h.object AND e.inbox_id < h.inbox_id AND e.next_attempt_at <= $2)
    ORDER BY h.inbox_id LIMIT $3 FOR UPDATE OF h SKIP LOCKED),
  every_hint AS MATERIALIZED (
    SELECT a.inbox_id, a.received_at, a.object, a.attempts FROM hint_queue a
    WHERE a.site = $1 AND a.object = ANY (ARRAY(SELECT object FROM heads))
    FOR UPDATE SKIP LOCKED)
  SELECT a.object, array_agg(a.inbox_id ORDER BY a.inbox_id) AS ids, max(a.attempts) AS attempts,
    (array_agg(i.kind ORDER BY a.inbox_id DESC))[1] AS kind
  FROM every_hint a JOIN inbox i ON i.id = a.inbox_id AND i.received_at = a.received_at
  GROUP BY a.object ORDER BY min(a.inbox_id)`;

export function hintStore(q: Queryable): HintStore {
  return {
    async claimHints(site, now, limit) {
      const { rows } = await q.query<HintClaim>({
        name: 'hint-claim',
        text: CLAIM,
        values: [site, timestamptz(now), limit],
      });
      return rows.map(({ object, ids, attempts, kind }) => ({ object, ids, attempts, kind }));
    },

    async hintsDone(ids, now) {
      await q.post({
        name: 'hint-done',
        text: `WITH gone AS (DELETE FROM hint_queue WHERE inbox_id = ANY($1) RETURNING inbox_id, received_at, attempts)
               UPDATE inbox i SET status = 'applied', done_at = $2, stage = NULL, code = NULL, reason = NULL,
                 attempts = gone.attempts + 1, xid = pg_current_xact_id()
               FROM gone WHERE i.id = gone.inbox_id AND i.received_at = gone.received_at`,
        values: [ids, timestamptz(now)],
      });
    },

    async hintsRetry(ids, at) {
      await q.post({
        name: 'hint-retry',
        text: `UPDATE hint_queue SET next_attempt_at = $2, attempts = attempts + 1 WHERE inbox_id = ANY($1)`,
        values: [ids, timestamptz(at)],
      });
    },

    async hintsPark(ids, parking, now) {
      await q.post({
        name: 'hint-park', // a hint is no barrier: it changes nothing, so nothing can wait for it
        text: `WITH gone AS (DELETE FROM hint_queue WHERE inbox_id = ANY($1) RETURNING inbox_id, received_at, attempts)
               UPDATE inbox i SET status = 'parked', stage = $3, code = $4, reason = $5, done_at = $2,
                 attempts = gone.attempts + 1, xid = pg_current_xact_id()
               FROM gone WHERE i.id = gone.inbox_id AND i.received_at = gone.received_at`,
        values: [ids, timestamptz(now), parking.stage, parking.code, parking.reason],
      });
    },
  };
}
