/** Control ids that a sender used more than once. Part of Tx. */
import { timestamptz } from './column-types.ts';
import type { InboxStore } from './contract-inbox.ts';
import type { Queryable } from './postgres.ts';

/** Bounds one statement; each message costs a look into inbox_control per month of the window. */
const CHUNK = 500;

/** `sites`: those that the caller may see; null: all. */
export function controlIdStore(q: Queryable, sites: readonly string[] | null): Pick<InboxStore, 'controlIdUsedBefore'> {
  return {
    async controlIdUsedBefore(ids, since) {
      const found: number[] = [];
      for (let from = 0; from < ids.length; from += CHUNK) {
        const { rows } = await q.query<{ id: number }>({
          name: 'inbox-control-used', // primary key, then inbox_control, of the months since $2
          text: `SELECT i.id FROM inbox i
                 WHERE i.id = ANY($1) AND i.received_at >= $2 AND i.control_id IS NOT NULL
                   AND ($3::text[] IS NULL OR i.site = ANY($3))
                   AND EXISTS (SELECT FROM inbox e WHERE e.site = i.site AND e.control_id = i.control_id
                     AND e.id < i.id AND e.received_at >= $2)
                 ORDER BY i.id`,
          values: [ids.slice(from, from + CHUNK), timestamptz(since), sites],
        });
        found.push(...rows.map(({ id }) => id));
      }
      return found;
    },
  };
}
