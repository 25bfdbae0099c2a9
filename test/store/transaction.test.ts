import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { openPool, type Pool, type Queryable } from '../../src/store/postgres.ts';
import { StatementError } from '../../src/store/sqlstate.ts';
import { glance } from '../../src/store/glance.ts';
import { transaction } from '../../src/store/transaction.ts';
import { freshDatabase } from '../support/database.ts';
import { refusedWith } from '../support/refused.ts';
import { wire } from './postgres-steps.ts';

const { pool, url } = await freshDatabase({ after }, { migrations: null });
await pool.query('CREATE TABLE rows (id bigint PRIMARY KEY, n bigint NOT NULL DEFAULT 0)');

async function there(id: number): Promise<boolean> {
  return (await pool.query('SELECT FROM rows WHERE id = $1', [id])).rowCount === 1;
}

function insert(db: Queryable, id: number): Promise<unknown> {
  return db.query('INSERT INTO rows (id) VALUES ($1)', [id]);
}

async function opened(t: TestContext, to: string, pooler = false): Promise<Pool> {
  const made = await openPool({
    url: to,
    max: 1,
    applicationName: 'test',
    statementTimeout_ms: 10_000,
    onError: () => undefined,
    pooler,
  });
  t.after(() => made.close());
  return made;
}

/** Resolves when as many have arrived. */
function meetingOf(count: number): () => Promise<void> {
  let missing = count;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return async () => {
    missing -= 1;
    if (missing <= 0) resolve(undefined);
    await promise;
  };
}

test('what resolves is committed, what throws is rolled back and thrown', async () => {
  assert.equal(await transaction(pool, async (tx) => (await insert(tx, 1), 'done')), 'done');
  assert.ok(await there(1));
  const reason = new Error('changed my mind');
  await assert.rejects(
    transaction(pool, async (tx) => {
      await insert(tx, 2);
      throw reason;
    }),
    (error) => error === reason,
  );
  assert.equal(await there(2), false);
});

test('statements of one transaction share a connection, also when sent at once, and the pool gets it back', async () => {
  const pids = await transaction(pool, async (tx) => {
    const ask = (): Promise<unknown> => tx.query('SELECT pg_backend_pid() AS pid').then(({ rows }) => rows[0]);
    return Promise.all([ask(), ask(), ask()]);
  });
  assert.deepEqual(pids, [pids[0], pids[0], pids[0]]);
  const { total, idle } = pool.stats();
  assert.equal(total, idle);
});

for (const pooler of [false, true]) {
  const where = pooler ? ', also behind PgBouncer' : '';
  test(`statements sent at once are run in the order of sending, the first of a transaction too${where}`, async (t) => {
    const one = await opened(t, url, pooler);
    await pool.query('CREATE SEQUENCE IF NOT EXISTS turns');
    for (const first of ["SELECT nextval('turns') AS n", 'WITH one AS (SELECT 1) SELECT nextval($$turns$$) AS n']) {
      const turns = await transaction(one, async (tx) => {
        const next = [first, "SELECT nextval('turns') AS n", "SELECT nextval('turns') AS n"];
        const all = await Promise.all(next.map((text) => tx.query<{ n: number }>(text)));
        return all.map(({ rows }) => rows[0]?.n ?? 0);
      });
      assert.deepEqual(
        turns,
        turns.toSorted((left, right) => left - right),
        first,
      );
    }
  });
}

test('a transaction that asks for a second connection is refused at once', async () => {
  const second = (work: () => Promise<unknown>): Promise<void> =>
    assert.rejects(transaction(pool, work), refusedWith('INTERNAL', /asked the pool for a second connection/));
  await second(() => pool.query('SELECT 1'));
  await second(() => transaction(pool, (inner) => inner.query('SELECT 1')));
  await second(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await pool.query('SELECT 1');
  });
});

test('what a transaction set going and left behind may use the pool once it has ended', async () => {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const { late } = await transaction(pool, (tx) => {
    const reader = ended.then(() => pool.query('SELECT 1 AS one'));
    return tx.query('SELECT 1').then(() => ({ late: reader }));
  });
  resolve(undefined);
  assert.deepEqual((await late).rows, [{ one: 1 }]);
});

test('a statement after the end of its transaction is refused', async () => {
  const escaped = await transaction(pool, (tx) => Promise.resolve({ tx }));
  await assert.rejects(insert(escaped.tx, 3), refusedWith('INTERNAL', /after the end of its transaction/));
  assert.equal(await there(3), false);
});

test('a write that waits for its BEGIN while the transaction ends is not done behind it', async () => {
  const reason = new Error('changed my mind');
  let write: Promise<unknown> = Promise.resolve();
  const ended = transaction(pool, (tx) => {
    write = insert(tx, 5);
    write.catch(() => undefined);
    return Promise.reject(reason);
  });
  await assert.rejects(ended, (error) => error === reason);
  await assert.rejects(write, refusedWith('INTERNAL', /after the end of its transaction/));
  assert.equal(await there(5), false);
});

test('a failure that was swallowed does not pass for a commit', async () => {
  await assert.rejects(
    transaction(pool, async (tx) => {
      await insert(tx, 4);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    }),
    refusedWith('INTERNAL', /it was rolled back/),
  );
  assert.equal(await there(4), false);
});

test('a broken constraint rolls back and keeps its SQLSTATE, one checked at the commit too', async () => {
  await pool.query('CREATE TABLE late (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  const twice = transaction(pool, (tx) => tx.query('INSERT INTO late VALUES (1), (1)'));
  await assert.rejects(twice, (error) => error instanceof StatementError && error.sqlState === '23505');
  assert.equal((await pool.query('SELECT FROM late')).rowCount, 0);
});

test('of two transactions that wait for each other one is run again, and both are done', async () => {
  await pool.query('INSERT INTO rows (id) VALUES (10), (11)');
  const met = meetingOf(2);
  let runs = 0;
  const add = (first: number, second: number): Promise<void> =>
    transaction(pool, async (tx) => {
      runs += 1;
      await tx.query('UPDATE rows SET n = n + 1 WHERE id = $1', [first]);
      await met();
      await tx.query('UPDATE rows SET n = n + 1 WHERE id = $1', [second]);
    });
  await Promise.all([add(10, 11), add(11, 10)]);
  assert.equal(runs, 3);
  assert.deepEqual((await pool.query('SELECT n FROM rows WHERE id IN (10, 11)')).rows, [{ n: 2 }, { n: 2 }]);
});

test('a serialisation failure is run again, and given up as transient when it does not end', async () => {
  await pool.query('INSERT INTO rows (id) VALUES (20)');
  const disturbed = (times: number, retries: number): Promise<number> => {
    let runs = 0;
    const work = async (tx: Queryable): Promise<number> => {
      runs += 1;
      await tx.query('SELECT n FROM rows WHERE id = 20');
      if (runs <= times) await disturber.query('UPDATE rows SET n = n + 1 WHERE id = 20');
      await tx.query('UPDATE rows SET n = n + 1 WHERE id = 20');
      return runs;
    };
    return transaction(pool, work, { isolation: 'repeatable read', retries });
  };
  // Outside the pool and its guard: another hub.
  const { Client } = (await import('pg')).default;
  const disturber = new Client({ connectionString: url });
  await disturber.connect();
  assert.equal(await disturbed(2, 4), 3);
  await assert.rejects(disturbed(9, 1), refusedWith('TOO_BUSY', /^40001/));
  await disturber.end();
});

test('a read-only transaction refuses to write', async () => {
  const write = transaction(pool, (tx) => insert(tx, 5), { readOnly: true });
  await assert.rejects(write, (error) => error instanceof StatementError && error.sqlState === '25006');
});

test('a posted write of a read-only transaction is refused before its result is used', async () => {
  const write = transaction(pool, (tx) => tx.post({ text: 'INSERT INTO rows (id) VALUES (6)' }), { readOnly: true });
  await assert.rejects(write, (error) => error instanceof StatementError && error.sqlState === '25006');
});

test('a glance refuses to write, leaves its connection, and cannot be used behind its end', async (t) => {
  const one = await opened(t, url);
  await assert.rejects(
    glance(one, (q) => insert(q, 7)),
    refusedWith('INTERNAL', /a glance .* asked for a write/),
  );
  await assert.rejects(
    glance(one, () => one.query('SELECT 1')),
    refusedWith('INTERNAL', /second connection/),
  );
  const kept = await glance(one, async (q) => {
    assert.equal((await q.query('SELECT id FROM rows WHERE id = 7')).rowCount, 0);
    return q;
  });
  await assert.rejects(kept.query('SELECT 1'), refusedWith('INTERNAL'));
  assert.equal(one.stats().idle, 1);
});

test('a connection lost inside a transaction is transient: nothing was committed', async (t) => {
  const one = await opened(t, url);
  const work = transaction(one, async (tx) => {
    await insert(tx, 30);
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await killer.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    await tx.query('SELECT 1');
  });
  const { Client } = (await import('pg')).default;
  const killer = new Client({ connectionString: url });
  await killer.connect();
  await assert.rejects(work, refusedWith('DATABASE_UNREACHABLE'));
  assert.equal(await there(30), false);
  await transaction(one, (tx) => insert(tx, 31));
  assert.ok(await there(31));
  await killer.end();
});

test('a connection lost during the commit is ambiguous, and here the rows are there', async (t) => {
  const line = await wire(t, url);
  const one = await opened(t, line.url);
  line.cutAfter('COMMIT');
  await assert.rejects(
    transaction(one, (tx) => insert(tx, 40)),
    (error) => {
      refusedWith('DATABASE_ANSWER_LOST')(error);
      return error instanceof HubError && error.class === 'ambiguous';
    },
  );
  assert.ok(await there(40));
});

test('a transaction whose BEGIN failed keeps nothing of what was meant to be in it, and says so', async () => {
  const options = { isolation: 'of no kind' as 'serializable' };
  let ran = false;
  const failed = transaction(
    pool,
    async (tx) => {
      await tx.query('SELECT 1');
      ran = true;
      await insert(tx, 301);
    },
    options,
  );
  await assert.rejects(failed, StatementError);
  assert.equal(ran, false);
  assert.equal(await there(301), false);
});
