/**
 * Which messages may be applied now: those that are due and share no sequence key with an earlier undone one, oldest
 * first.
 *
 * A claim walks the queue in the order of ids, a window at a time. Of each message in the window it looks up the
 * nearest earlier undone message per sequence key (primary key of inbox_pending, one step back). Without one it is
 * taken. With one, that is written down (`waits_for`), and the message is out of the way of later walks until
 * `release`: else a run of fifty thousand messages about one schedule would be walked again by every claim.
 *
 * `waits_for = P` is written only while P's queue row is held by FOR KEY SHARE, and P leaves the queue only under FOR
 * UPDATE, so whoever removes P sees every message that waits for it. All locks here are SKIP LOCKED: claims never wait
 * for each other, and what is skipped stays as it is for the next claim. A message that waits for a parked barrier has
 * nobody in the queue to wait for; it is looked at by every claim (there is at most one per barrier and key, the rest
 * of the run waits for that one).
 */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { InboxMessage } from './contract-inbox.ts';
import { INBOX_COLUMNS, toMessage, type InboxRow } from './inbox-row.ts';
import type { Queryable } from './postgres.ts';
import type { Keys } from './seal.ts';

/**
 * window   inbox_queue_open from $3 on, in order, no sort
 * judged   inbox_pending_message finds the message's keys, inbox_pending_pkey the nearest earlier one of each
 * taken    locked at most $2; the conditions stand here again because another claim may have changed the row since the
 *          snapshot
 * holding  those that are waited for. Not one that is free and was not taken: holding it would hide it from the other
 *          workers
 * marked   the array is built before the first row is changed, or a row that is both waited for and waiting would be
 *          skipped
 * w        how far the walk went, and whether any message is known to wait for another: the first of inbox_queue_waits,
 *          by its order so that the rest of the queue is never looked through
 */
const CLAIM = `
  WITH window_of_queue AS MATERIALIZED (
    SELECT q.inbox_id FROM inbox_queue q
    WHERE q.waits_for IS NULL AND q.inbox_id > $3 AND q.next_attempt_at <= $1
    ORDER BY q.inbox_id LIMIT $4),
  judged AS MATERIALIZED (
    SELECT w.inbox_id, (
      SELECT max(nearest.inbox_id) FROM inbox_pending mine CROSS JOIN LATERAL (
        SELECT e.inbox_id FROM inbox_pending e
        WHERE e.site = mine.site AND e.sequence_key = mine.sequence_key AND e.inbox_id < mine.inbox_id
        ORDER BY e.site DESC, e.sequence_key DESC, e.inbox_id DESC LIMIT 1) nearest
      WHERE mine.inbox_id = w.inbox_id) AS earlier
    FROM window_of_queue w),
  taken AS MATERIALIZED (
    SELECT q.inbox_id, q.received_at, q.attempts FROM inbox_queue q
    WHERE q.inbox_id = ANY (ARRAY(SELECT inbox_id FROM judged WHERE earlier IS NULL))
      AND q.waits_for IS NULL AND q.next_attempt_at <= $1
    ORDER BY q.inbox_id LIMIT $2 FOR UPDATE SKIP LOCKED),
  holding AS MATERIALIZED (
    SELECT p.inbox_id FROM inbox_queue p
    WHERE p.inbox_id = ANY (ARRAY(
      SELECT earlier FROM judged WHERE earlier IS NOT NULL
      EXCEPT (SELECT inbox_id FROM judged WHERE earlier IS NULL EXCEPT SELECT inbox_id FROM taken)))
    ORDER BY p.inbox_id FOR KEY SHARE SKIP LOCKED),
  waiting AS MATERIALIZED (
    SELECT q.inbox_id FROM inbox_queue q
    WHERE q.inbox_id = ANY (ARRAY(SELECT inbox_id FROM judged WHERE earlier IS NOT NULL)) AND q.waits_for IS NULL
    ORDER BY q.inbox_id FOR NO KEY UPDATE SKIP LOCKED),
  marked AS (
    UPDATE inbox_queue q SET waits_for = j.earlier FROM judged j
    WHERE j.inbox_id = q.inbox_id AND q.inbox_id = ANY (ARRAY(SELECT inbox_id FROM waiting))
      AND j.earlier = ANY (ARRAY(SELECT inbox_id FROM holding)))
  SELECT w.last, w.walked, w.waiting, i.id IS NOT NULL AS taken, t.attempts, ${INBOX_COLUMNS}
  FROM (SELECT max(inbox_id) AS last, count(*)::int AS walked, (SELECT q.waits_for FROM inbox_queue q
    WHERE q.waits_for IS NOT NULL ORDER BY q.waits_for LIMIT 1) IS NOT NULL AS waiting FROM window_of_queue) w
  LEFT JOIN taken t ON true
  LEFT JOIN inbox i ON i.id = t.inbox_id AND i.received_at = t.received_at
  ORDER BY i.id`;

/** Large enough that a claim is mostly one statement, small enough that looking costs less than a millisecond. */
const WINDOW = 200;
/**
 * A claim that has something in hand goes to work after this many windows; the next one finds the walked ones marked.
 */
const WINDOWS = 8;

/**
 * One row per message taken; one with no message when there is none, because how far the walk went is told in any case.
 */
type ClaimRow = { readonly last: number | null; readonly walked: number; readonly waiting: boolean } & (
  (InboxRow & { readonly taken: true }) | { readonly taken: false }
);

/** `left`: there are due messages that were not taken, or ones that wait for others. */
export async function claimMessages(
  q: Queryable,
  keys: Keys,
  now: Instant,
  limit: number,
): Promise<{ readonly claimed: readonly InboxMessage[]; readonly left: boolean }> {
  const claimed: InboxMessage[] = [];
  let after = 0;
  let walked = 0;
  for (let windows = 1; claimed.length < limit; windows += 1) {
    const { rows } = await q.query<ClaimRow>({
      name: 'inbox-claim',
      text: CLAIM,
      values: [timestamptz(now), limit - claimed.length, after, WINDOW],
    });
    for (const row of rows) if (row.taken) claimed.push(toMessage(row, keys));
    const first = rows[0];
    if (first === undefined) break;
    walked += first.walked;
    const isLast = first.last === null || first.walked < WINDOW;
    if (isLast) return { claimed, left: first.waiting || walked > claimed.length };
    if (claimed.length > 0 && windows >= WINDOWS) break;
    after = first.last;
  }
  // Nobody has looked at what comes behind.
  return { claimed, left: true };
}

/**
 * Lets go what waits for a message that left the queue. In a statement of its own where the caller did not hold the row
 * before: a claim that held it may have marked a message while we waited, and only a new snapshot shows that.
 */
export async function release(q: Queryable, id: number): Promise<void> {
  await q.query({
    name: 'inbox-release', // inbox_queue_waits
    text: `UPDATE inbox_queue SET waits_for = NULL WHERE waits_for = $1`,
    values: [id],
  });
}

/** Belt and braces, for maintenance: nothing waits for a message that is no longer there. */
export const RELEASE_ORPHANS = `
  UPDATE inbox_queue q SET waits_for = NULL
  WHERE q.waits_for IS NOT NULL AND NOT EXISTS (SELECT FROM inbox_queue p WHERE p.inbox_id = q.waits_for)`;
