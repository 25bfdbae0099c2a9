/** Statements that are sent and not waited for: in order, part of the transaction, and never failing unheard. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { openPool, type Queryable, type Statement } from '../../src/store/postgres.ts';
import { StatementError } from '../../src/store/sqlstate.ts';
import { transaction } from '../../src/store/transaction.ts';
import { freshDatabase } from '../support/database.ts';

const { pool, url } = await freshDatabase({ after }, { migrations: null });
await pool.query('CREATE TABLE rows (id bigint CONSTRAINT rows_once PRIMARY KEY, n bigint NOT NULL DEFAULT 0)');

const insert = (id: number): Statement => ({
  name: 'insert',
  text: 'INSERT INTO rows (id) VALUES ($1)',
  values: [id],
  refusal: (constraint) => (constraint === 'rows_once' ? new HubError('SLOT_TAKEN') : null),
});
const add: Statement = { name: 'add', text: 'UPDATE rows SET n = n + 1 WHERE id = $1' };
const isTaken = (error: unknown): boolean => error instanceof HubError && error.code === 'SLOT_TAKEN';

async function count(id: number): Promise<number> {
  return (await pool.query('SELECT FROM rows WHERE id = $1', [id])).rowCount;
}

test('what is posted is done in order, seen by what follows, and committed with the rest', async () => {
  const seen = await transaction(pool, async (tx) => {
    await tx.post(insert(1));
    for (let times = 0; times < 50; times += 1) await tx.post({ ...add, values: [1] });
    const { rows } = await tx.query<{ n: number }>('SELECT n::int AS n FROM rows WHERE id = 1');
    await tx.post({ ...add, values: [1] });
    return rows[0]?.n;
  });
  assert.equal(seen, 50);
  const { rows } = await pool.query<{ n: number }>('SELECT n::int AS n FROM rows WHERE id = 1');
  assert.equal(rows[0]?.n, 51);
});

test('what a posted statement fails with is thrown by the commit, in the words of whoever posted it', async () => {
  const twice = transaction(pool, async (tx) => {
    await tx.post(insert(2));
    await tx.post(insert(2));
    await tx.post(insert(3));
  });
  await assert.rejects(twice, isTaken);
  assert.equal(await count(2), 0);
  assert.equal(await count(3), 0);
});

test('the next statement that is waited for throws it, and not that the transaction is over', async () => {
  let reached = false;
  const failing = transaction(pool, async (tx) => {
    await tx.post(insert(4));
    await tx.post(insert(4));
    await tx.query('SELECT 1');
    reached = true;
  });
  await assert.rejects(failing, isTaken);
  assert.equal(reached, false);
});

test('a refusal that says nothing of the constraint leaves the database’s own error', async () => {
  const failing = transaction(pool, (tx) =>
    tx.post({ text: 'INSERT INTO rows (id) VALUES (NULL)', refusal: () => null }),
  );
  await assert.rejects(failing, (error) => error instanceof StatementError && error.sqlState === '23502');
});

test('a deadlock that only a posted statement runs into is run again', async () => {
  await pool.query('INSERT INTO rows (id) VALUES (10), (11)');
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let [waiting, runs] = [2, 0];
  const both = async (tx: Queryable, first: number, second: number): Promise<void> => {
    runs += 1;
    await tx.query({ ...add, values: [first] });
    waiting -= 1;
    if (waiting <= 0) resolve(undefined);
    await promise;
    await tx.post({ ...add, values: [second] });
  };
  await Promise.all([transaction(pool, (tx) => both(tx, 10, 11)), transaction(pool, (tx) => both(tx, 11, 10))]);
  const { rows } = await pool.query<{ n: number }>('SELECT n::int AS n FROM rows WHERE id IN (10, 11)');
  assert.deepEqual(rows, [{ n: 2 }, { n: 2 }]);
  assert.ok(runs >= 3);
});

test('what throws before the commit takes back what was posted', async () => {
  const reason = new Error('changed my mind');
  const failing = transaction(pool, async (tx) => {
    await tx.post(insert(20));
    throw reason;
  });
  await assert.rejects(failing, reason);
  assert.equal(await count(20), 0);
});

test('behind PgBouncer, and outside a transaction, a posted statement is waited for', async (t) => {
  const made = await openPool({
    url,
    max: 1,
    applicationName: 'test',
    statementTimeout_ms: 10_000,
    onError: () => undefined,
    pooler: true,
  });
  t.after(() => made.close());
  await made.post(insert(30));
  assert.equal(await count(30), 1);
  await assert.rejects(made.post(insert(30)), isTaken);
  await assert.rejects(
    transaction(made, (tx) => tx.post(insert(30))),
    isTaken,
  );
});
