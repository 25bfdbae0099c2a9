/** Statements that leave together and are answered together are what they would be one by one. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { openPool, type Queryable, type Statement } from '../../src/store/postgres.ts';
import { StatementError } from '../../src/store/sqlstate.ts';
import { transaction } from '../../src/store/transaction.ts';
import { freshDatabase } from '../support/database.ts';

const { pool: any, url } = await freshDatabase({ after }, { migrations: null });
await any.query('CREATE TABLE kept (id int PRIMARY KEY, at timestamptz NOT NULL, note text)');

const NOON = new Date('2026-03-01T12:00:00Z');

const add = (id: number, note: string | null = null): Statement => ({
  name: 'add',
  text: 'INSERT INTO kept (id, at, note) VALUES ($1, $2, $3)',
  values: [id, NOON, note],
});
const noteOf = (id: number): Statement => ({
  name: 'note',
  text: 'SELECT note, at FROM kept WHERE id = $1',
  values: [id],
});
const divide = (by: number): Statement => ({ name: 'divide', text: 'SELECT 1 / $1::int AS n', values: [by] });

const seen = async (id: number): Promise<boolean> => (await any.query(noteOf(id))).rowCount > 0;

// One connection, on which each statement is parsed by its first use: from the second on it is part of a batch.
const pool = await openPool({
  url,
  max: 1,
  applicationName: 'batch',
  statementTimeout_ms: 5_000,
  onError: () => undefined,
});
after(() => pool.close());
await transaction(pool, async (tx) => {
  await tx.query(add(0, 'first'));
  await tx.query(noteOf(0));
  await tx.query(divide(1));
});

test('each is answered with its own rows, of the same types as when it was parsed', async () => {
  const together = (tx: Queryable): Promise<readonly unknown[]> =>
    Promise.all([tx.query(noteOf(0)), tx.query(divide(1)), tx.query(noteOf(-1)), tx.query(noteOf(0))]);
  const [first, half, none, again] = await transaction(pool, together);
  assert.deepEqual(first, again);
  assert.deepEqual((first as { rows: unknown }).rows, [{ note: 'first', at: NOON.getTime() }]);
  assert.deepEqual((half as { rows: unknown }).rows, [{ n: 1 }]);
  assert.deepEqual((none as { rowCount: number }).rowCount, 0);
});

test('a write is seen by what is sent behind it', async () => {
  const [, { rows }] = await transaction(pool, (tx) =>
    Promise.all([tx.post(add(1, 'mine')), tx.query<{ note: string }>(noteOf(1))]),
  );
  assert.equal(rows[0]?.note, 'mine');
});

test('what fails is told by its own error, those behind it are not run, and nothing is kept', async () => {
  const told: unknown[] = [];
  const failing = transaction(pool, async (tx) => {
    const tell = (error: unknown): void => void told.push(error);
    const all = [tx.query(add(2)), tx.query(divide(0)).catch(tell), tx.query(add(3)).catch(tell)];
    await Promise.all(all);
  });
  await assert.rejects(failing);
  assert.deepEqual(
    told.map((error) => (error instanceof StatementError ? error.sqlState : error)),
    ['22012', '22012'],
  );
  assert.deepEqual([await seen(2), await seen(3)], [false, false]);
  assert.equal((await transaction(pool, (tx) => tx.query(noteOf(0)))).rowCount, 1, 'the connection is of use');
});

test('a commit that leaves together with what failed is none, and throws what it failed with', async () => {
  const failing = transaction(pool, async (tx) => {
    await Promise.all([tx.post(add(4)), tx.post(add(0)), tx.post(add(5))]);
  });
  await assert.rejects(failing, (error) => error instanceof StatementError && error.sqlState === '23505');
  assert.deepEqual([await seen(4), await seen(5)], [false, false]);
  await transaction(pool, (tx) => tx.post(add(4)));
  assert.equal(await seen(4), true);
});

test('a connection that is lost under a commit that left with its writes says that the answer is lost', async () => {
  const { rows } = await transaction(pool, (tx) => tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'));
  const holder = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<undefined>();
  const holding = transaction(any, async (tx) => {
    await tx.query(add(6));
    held.resolve(undefined);
    await holder.promise;
  });
  await held.promise;
  // Waits behind the other's row, and its COMMIT behind it.
  const waiting = transaction(pool, (tx) => tx.post(add(6)));
  const lost = assert.rejects(waiting, (error) => error instanceof HubError && error.code === 'DATABASE_ANSWER_LOST');
  await any.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
  await lost;
  holder.resolve(undefined);
  await holding;
  assert.equal((await transaction(pool, (tx) => tx.query(noteOf(6)))).rowCount, 1);
});

test('behind a value that cannot be sent nothing is run, and nothing is answered with the rows of another', async () => {
  const toPostgres = (): never => assert.fail('no text');
  const unwritable: Statement = { ...noteOf(0), values: [{ toPostgres }] };
  const told: unknown[] = [];
  const failing = transaction(pool, async (tx) => {
    const all = [tx.query(divide(1)), tx.query(unwritable), tx.query(divide(1)), tx.post(add(8))];
    for (const one of await Promise.allSettled(all)) told.push(one.status);
  });
  await assert.rejects(failing);
  assert.deepEqual(told.slice(1, 3), ['rejected', 'rejected']);
  assert.equal(await seen(8), false);
  await assert.rejects(transaction(pool, (tx) => Promise.all([tx.post(add(9)), tx.post(unwritable)])));
  assert.equal(await seen(9), false);
  const later = transaction(pool, async (tx) => {
    await tx.query(add(9));
    await tx.query(unwritable).catch(() => undefined);
  });
  await assert.rejects(later);
  assert.equal(await seen(9), false);
  assert.equal((await transaction(pool, (tx) => tx.query(noteOf(0)))).rowCount, 1, 'the connection is of use');
});

test('a write that leaves together with a reading is not run where the transaction was never begun', async () => {
  const wrong = { isolation: 'no such level' as never };
  const both = (tx: Queryable): Promise<unknown> => Promise.all([tx.query(noteOf(0)), tx.query(add(10))]);
  await assert.rejects(transaction(pool, both, wrong));
  assert.equal(await seen(10), false);
  const unread = (tx: Queryable): Promise<unknown> =>
    Promise.all([tx.query(noteOf(0)), tx.post({ ...add(11), name: 'add-11' })]);
  await assert.rejects(transaction(pool, unread, wrong));
  assert.equal(await seen(11), false);
});
