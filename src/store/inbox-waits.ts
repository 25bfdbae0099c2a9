/** What a queued message waits for. Part of InboxStore. */
import type { Queryable } from './postgres.ts';

const SHOWN_MAX = 20;

/** Undone messages before it that share a sequence key with it, the oldest first; a parked barrier is one of them. */
export async function waitsFor(q: Queryable, id: number): Promise<readonly number[]> {
  const { rows } = await q.query<{ readonly inbox_id: number }>({
    name: 'inbox-waits-for',
    text: `SELECT DISTINCT earlier.inbox_id
           FROM inbox_pending mine
           JOIN inbox_pending earlier ON earlier.site = mine.site AND earlier.sequence_key = mine.sequence_key
           WHERE mine.inbox_id = $1 AND earlier.inbox_id < $1
           ORDER BY 1 LIMIT $2`,
    values: [id, SHOWN_MAX],
  });
  return rows.map((row) => row.inbox_id);
}
