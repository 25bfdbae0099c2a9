/** A statement on its way to the server and back. */
import type { Socket } from 'node:net';
import type pg from 'pg';
import { Batch, isKnown, queryOf } from './batch.ts';
import type { Rows } from './postgres.ts';

export interface Answer<R> extends Rows<R> {
  readonly command: string;
}

/** Statements of one turn of the event loop leave together, in the order of the calls: see batch.ts. */
export async function run<R>(client: pg.PoolClient, query: pg.QueryConfig): Promise<Answer<R>> {
  const leaving = leavingOf(client);
  const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult>();
  // For both alike, so that what is answered in one turn is heard in the order of sending.
  const done = (error: Error | null | undefined, given: pg.QueryResult): void => {
    if (error === undefined || error === null) resolve(given);
    else reject(error);
  };
  if (isKnown(client, query)) {
    leaving.batch ??= new Batch();
    leaving.batch.add(query, done);
  } else {
    sendBatch(client, leaving);
    client.query(queryOf(query, done));
  }
  const answer = await promise;
  return { rows: answer.rows as R[], rowCount: answer.rowCount ?? 0, command: answer.command };
}

/** What a driver's connection writes to; not in its published types. */
interface Wired {
  readonly connection: { readonly stream: Socket };
}

interface Leaving {
  batch: Batch | null;
}

const underWay = new WeakMap<pg.PoolClient, Leaving>();

/** One write for all: each wakes the server's process, which on a virtual machine costs more than most statements. */
function leavingOf(client: pg.PoolClient): Leaving {
  const known = underWay.get(client);
  if (known !== undefined) return known;
  const { stream } = (client as unknown as Wired).connection;
  const one: Leaving = { batch: null };
  underWay.set(client, one);
  stream.cork();
  process.nextTick(() => {
    underWay.delete(client);
    sendBatch(client, one);
    stream.uncork();
  });
  return one;
}

/** What was given to this connection in this turn is sent now, and whatever comes next is no part of it. */
export function leave(client: pg.PoolClient): void {
  const one = underWay.get(client);
  if (one !== undefined) sendBatch(client, one);
}

function sendBatch(client: pg.PoolClient, one: Leaving): void {
  const { batch } = one;
  one.batch = null;
  if (batch !== null) client.query(batch);
}
