/** Messages that leave the queue together, because one transaction claimed and applied them. Part of inbox.ts. */
import type { Instant } from '../core/instant.ts';
import { timestamptz } from './column-types.ts';
import type { Writer } from './gather.ts';

interface Done {
  readonly id: number;
  readonly receivedAt: Instant;
  readonly status: string;
  readonly reason: string | null;
  readonly now: Instant;
}

/**
 * As one alone (DONE in inbox.ts). The bounds on the time keep it out of partitions in which none of them lies; the
 * ids stand there as a list, so that their index is used however many the planner thinks they are.
 */
export const ALL_DONE: Writer<Done> = {
  place: 7,
  async write(q, rows) {
    const times = rows.map((row) => row.receivedAt).sort((one, other) => one - other);
    await q.post({
      name: 'inbox-all-done',
      text: `WITH gone AS (DELETE FROM inbox_queue WHERE inbox_id = ANY($1) RETURNING inbox_id, attempts),
             unblocked AS (DELETE FROM inbox_pending WHERE inbox_id = ANY($1)),
             released AS (UPDATE inbox_queue SET waits_for = NULL WHERE waits_for = ANY($1))
             UPDATE inbox i SET status = u.status, reason = u.reason, done_at = u.done_at, stage = NULL, code = NULL,
               attempts = COALESCE(gone.attempts + 1, i.attempts), xid = pg_current_xact_id()
             FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS u(id, status, reason, done_at)
             LEFT JOIN gone ON gone.inbox_id = u.id
             WHERE i.id = u.id AND i.id = ANY($1) AND i.received_at >= $5 AND i.received_at <= $6
               AND i.status IN ('received', 'parked')`,
      values: [
        rows.map((row) => row.id),
        rows.map((row) => row.status),
        rows.map((row) => row.reason),
        rows.map((row) => timestamptz(row.now)),
        times[0] === undefined ? null : timestamptz(times[0]),
        // What lies below a millisecond is cut off where it is read.
        upper(times.at(-1)),
      ],
    });
  },
};

function upper(at: Instant | undefined): Date | null {
  return at === undefined ? null : new Date(at + 1);
}
