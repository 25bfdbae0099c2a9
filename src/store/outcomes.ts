/** What became of messages, without their bodies. Part of Tx. */
import { timestamptz } from './column-types.ts';
import type { InboxMessage, InboxStore } from './contract-inbox.ts';
import type { Queryable } from './postgres.ts';

/** `sites`: those that the caller may see; null: all. */
export function outcomeStore(q: Queryable, sites: readonly string[] | null): Pick<InboxStore, 'outcomes'> {
  return {
    async outcomes(ids, since) {
      const { rows } = await q.query<Pick<InboxMessage, 'id' | 'status' | 'code'>>({
        name: 'inbox-outcomes', // primary key, of the months since $2
        text: `SELECT id, status, code FROM inbox
               WHERE id = ANY($1) AND received_at >= $2 AND ($3::text[] IS NULL OR site = ANY($3)) ORDER BY id`,
        values: [ids, timestamptz(since), sites],
      });
      return rows;
    },
  };
}
