/** Reads that need no transaction. Part of transaction.ts. */
import { HubError } from '../core/errors.ts';
import { ended, inside, isRead, PgPool, type Pool, type Queryable, type Statement } from './postgres.ts';
import { leave, run } from './run.ts';
import { databaseError, isConnectionLoss } from './sqlstate.ts';
import { transaction } from './transaction.ts';

/**
 * Reads on one connection without a transaction: BEGIN and COMMIT would cost more than the reading. Each statement sees
 * what is committed when it is run, in the order of sending; what has to be of one moment is read in a transaction.
 * Behind PgBouncer it takes the long way, which carries the time limit along.
 */
export async function glance<T>(pool: Pool, fn: (q: Queryable) => Promise<T>): Promise<T> {
  if (!(pool instanceof PgPool) || pool.pooler) return transaction(pool, fn, { readOnly: true });
  const client = await pool.checkOut();
  const reading = { open: true };
  let broken = false;
  const q: Queryable = {
    async query<R>(statement: string | Statement, values?: readonly unknown[]) {
      if (!reading.open) throw ended();
      if (!isRead(statement)) throw new HubError('INTERNAL', { detail: 'a glance at the store asked for a write' });
      try {
        return await run<R>(client, pool.prepared(statement, values));
      } catch (error) {
        broken ||= isConnectionLoss(error);
        throw databaseError(error);
      }
    },
    post: (statement) => q.query(statement).then(() => undefined),
  };
  try {
    return await inside.run(reading, () => fn(q));
  } finally {
    reading.open = false;
    // Or what was not waited for would be answered together with the next one's transaction.
    leave(client);
    client.release(broken);
  }
}
