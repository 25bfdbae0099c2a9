import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { instant } from '../../src/core/instant.ts';
import { parseTimestamptz, timestamptz } from '../../src/store/column-types.ts';
import { openPool, type Pool, type PoolOptions } from '../../src/store/postgres.ts';
import { StatementError } from '../../src/store/sqlstate.ts';
import { transaction } from '../../src/store/transaction.ts';
import { freshDatabase } from '../support/database.ts';
import { refusedWith } from '../support/refused.ts';
import { serverThatAnswers, wire } from './postgres-steps.ts';

const { pool, url } = await freshDatabase({ after }, { migrations: null });
await pool.query('CREATE TABLE people (id bigint PRIMARY KEY, name text UNIQUE, born date)');

async function opened(t: TestContext, more: Partial<PoolOptions> = {}): Promise<Pool> {
  const made = await openPool({
    url,
    max: 2,
    applicationName: 'test',
    statementTimeout_ms: 10_000,
    onError: () => undefined,
    ...more,
  });
  t.after(() => made.close());
  return made;
}

test('values come back as the types that the hub computes with', async () => {
  const { rows, rowCount } = await pool.query(
    `SELECT 9007199254740991::bigint AS big, ARRAY[1, NULL]::bigint[] AS bigs, '1984-02-29'::date AS born,
            ARRAY['1984-02-29']::date[] AS days, '2026-12-01 09:00:00.1239-05'::timestamptz AS at,
            '\\x00ff'::bytea AS bytes,
            ARRAY['2026-12-01 14:00Z']::timestamptz[] AS ats, '{"a":1}'::jsonb AS json, '42'::xid8 AS xid,
            1.5::numeric AS n`,
  );
  const at = Date.parse('2026-12-01T14:00:00Z');
  assert.equal(rowCount, 1);
  assert.deepEqual(rows[0], {
    big: 9_007_199_254_740_991,
    bigs: [1, null],
    born: '1984-02-29',
    days: ['1984-02-29'],
    at: at + 123,
    bytes: Buffer.from([0, 255]),
    ats: [at],
    json: { a: 1 },
    xid: 42,
    n: '1.5',
  });
});

test('a bigint that a number cannot hold is an error and never a rounded number', async () => {
  await assert.rejects(pool.query('SELECT 9007199254740992::bigint AS big'), /beyond 2\^53-1/);
  assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('a timestamptz is read whatever the zone of the session, and an Instant goes in as text', async () => {
  const at = instant(Date.parse('1883-11-18T12:03:58.5Z'));
  const { rows } = await pool.query('SELECT $1::timestamptz AS at', [timestamptz(at)]);
  assert.deepEqual(rows, [{ at }]);
  assert.equal(parseTimestamptz('1883-11-18 07:07:56.5-04:56:02'), at);
  assert.equal(parseTimestamptz('2026-12-01 19:30:00+05:30'), Date.parse('2026-12-01T14:00:00Z'));
  assert.throws(() => parseTimestamptz('infinity'), /infinity/);
});

test('a statement with a name is prepared once per connection', async (t) => {
  const one = await opened(t, { max: 1 });
  for (const id of [1, 2]) await one.query({ name: 'by-id', text: 'SELECT $1::int AS id', values: [id] });
  const { rows } = await one.query('SELECT name FROM pg_prepared_statements');
  assert.deepEqual(rows, [{ name: 'by-id' }]);
});

test('a refused statement tells its SQLSTATE and constraint, and no value', async () => {
  const insert = 'INSERT INTO people VALUES ($1, $2, $3::text::date)';
  await pool.query(insert, [1, 'Roe^Jane', '1984-02-29']);
  const said = async (values: readonly unknown[]): Promise<StatementError> => {
    const error: unknown = await pool.query(insert, values).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof StatementError, String(error));
    const { stack, message, detail } = error;
    assert.doesNotMatch(`${JSON.stringify(error)} ${stack ?? ''} ${message} ${detail}`, /Roe|1984/);
    assert.equal(error.cause, undefined);
    return error;
  };
  const twice = await said([2, 'Roe^Jane', null]);
  assert.deepEqual([twice.sqlState, twice.constraint, twice.table], ['23505', 'people_name_key', 'people']);
  assert.equal((await said([3, 'Roe^June', 'in 1984'])).sqlState, '22007');
});

test('a wrong password, user or database is said so, and is permanent', async () => {
  const wrong = new URL(url);
  wrong.password = 'wrong';
  const nowhere = new URL(url);
  nowhere.pathname = '/nowhere';
  const open = (to: URL): Promise<Pool> =>
    openPool({ url: to.href, max: 1, applicationName: 'test', statementTimeout_ms: 1_000, onError: () => undefined });
  await assert.rejects(open(wrong), (error) => {
    refusedWith('DATABASE_REFUSED', /^28P01: password authentication failed/)(error);
    assert.ok(error instanceof HubError);
    assert.match(error.message, /^The database refused the login\. Check user, password and database name/);
    return error.class === 'permanent';
  });
  await assert.rejects(open(nowhere), refusedWith('DATABASE_REFUSED', /^3D000/));
  wrong.password = '';
  await assert.rejects(open(wrong), refusedWith('DATABASE_REFUSED'));
});

test('no server at the address is said so, and is transient', async (t) => {
  await assert.rejects(opened(t, { url: 'postgres://a:b@127.0.0.1:1/c' }), (error) => {
    refusedWith('DATABASE_UNREACHABLE', /ECONNREFUSED/)(error);
    return error instanceof HubError && error.class === 'transient';
  });
});

test('a text that is no URL is refused without repeating the password in it', async (t) => {
  await assert.rejects(opened(t, { url: 'postgres://hub:geheim@[half' }), (error) => {
    refusedWith('CONFIG_INVALID', /write postgres:/)(error);
    assert.doesNotMatch(`${String(error)} ${error instanceof Error ? (error.stack ?? '') : ''}`, /geheim/);
    return true;
  });
});

test('a server older than 15 is refused', async (t) => {
  const old = await serverThatAnswers(t, '140011');
  await assert.rejects(opened(t, { url: old }), refusedWith('DATABASE_TOO_OLD', /140011/));
});

test('a statement that runs too long is cancelled, and the connection goes on', async (t) => {
  const one = await opened(t, { max: 1, statementTimeout_ms: 50 });
  await assert.rejects(one.query('SELECT pg_sleep(60)'), refusedWith('DATABASE_UNREACHABLE', /^57014/));
  assert.deepEqual((await one.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('where all connections are in use a caller waits, then hears that the hub is too busy', async (t) => {
  const one = await opened(t, { max: 1, connectTimeout_ms: 1_000 });
  const long = one.query('SELECT pg_sleep(2)');
  await assert.rejects(one.query('SELECT 1'), refusedWith('TOO_BUSY', /all 1 database connections are in use/));
  await long;
});

test('a connection that breaks while idle is replaced, and told of', async (t) => {
  const broken: Error[] = [];
  const one = await opened(t, { max: 1, onError: (error) => broken.push(error) });
  const { rows } = await one.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
  // The news of the end may still be under way: a read meets either the old connection or the new one.
  await one.query('SELECT 1').catch(refusedWith('DATABASE_UNREACHABLE'));
  assert.deepEqual((await one.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('a write whose answer is lost is ambiguous, a read is not', async (t) => {
  const line = await wire(t, url);
  const one = await opened(t, { url: line.url, max: 1 });
  line.cutAfter('people');
  await assert.rejects(one.query('INSERT INTO people (id) VALUES (99)'), refusedWith('DATABASE_ANSWER_LOST'));
  await assert.rejects(one.query('SELECT * FROM people'), refusedWith('DATABASE_UNREACHABLE'));
  line.cutAfter('nothing that is ever sent');
  assert.equal((await one.query('SELECT id FROM people WHERE id = 99')).rowCount, 1);
});

test('behind PgBouncer nothing is kept in the session, and statements are still limited', async (t) => {
  const { url: bouncer } = await wire(t, url, 'statement_timeout');
  const one = await opened(t, { url: bouncer, max: 1, statementTimeout_ms: 1_234 });
  await one.query({ name: 'by-id', text: 'SELECT $1::int', values: [1] });
  assert.deepEqual((await one.query('SELECT name FROM pg_prepared_statements')).rows, []);
  const limit = `SELECT current_setting('statement_timeout') AS ms`;
  assert.deepEqual(await transaction(one, async (tx) => (await tx.query(limit)).rows), [{ ms: '1234ms' }]);
  assert.deepEqual((await one.query(limit)).rows, [{ ms: '0' }]);
});
