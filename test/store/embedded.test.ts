import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRunning } from '../../src/store/embedded-process.ts';
import { migrate } from '../../src/store/migrate.ts';
import { child, pooled, refused, started, temporaryFolder, eventually } from './embedded-steps.ts';

test('the first start makes a database that the hub owns without being its superuser', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const database = await started(t, dataDir);
  assert.equal(database.adopted, false);
  const pool = await pooled(t, database.url);
  const { rows } = await pool.query<{ super: string; owner: string; encoding: string; fsync: string; sync: string }>(
    `SELECT current_setting('is_superuser') AS super, pg_get_userbyid(datdba) AS owner,
            pg_encoding_to_char(encoding) AS encoding, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS sync
       FROM pg_database WHERE datname = current_database()`,
  );
  assert.deepEqual(rows, [{ super: 'off', owner: 'slotwire', encoding: 'UTF8', fsync: 'on', sync: 'on' }]);
});

test('the migrations of this release run on it', async (t) => {
  const database = await started(t, join(await temporaryFolder(t), 'data'));
  const pool = await pooled(t, database.url);
  const { applied } = await migrate(pool, join(import.meta.dirname, '../../src/store/sql'));
  assert.ok(applied.length > 0);
});

test('a stopped database leaves no process behind, and starts again with its rows', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const first = await started(t, dataDir);
  const pool = await pooled(t, first.url);
  await pool.query('CREATE TABLE kept AS SELECT 7 AS id');
  await pool.close();
  await Promise.all([first.stop(), first.stop()]);
  assert.equal(await isRunning(first.pid), false);
  const second = await started(t, dataDir);
  assert.equal(second.adopted, false);
  const { rows } = await (await pooled(t, second.url)).query('SELECT id FROM kept');
  assert.deepEqual(rows, [{ id: 7 }]);
});

test('the log of the server holds no value of a statement that failed', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const database = await started(t, dataDir);
  const pool = await pooled(t, database.url);
  await pool.query('CREATE TABLE people (name text PRIMARY KEY, born date)');
  const insert = 'INSERT INTO people (name, born) VALUES ($1, $2::text::date)';
  await pool.query(insert, ['Roe^Jane', '1984-02-29']);
  await assert.rejects(pool.query(insert, ['Roe^Jane', '1984-02-29']));
  await assert.rejects(pool.query(insert, ['Roe^June', 'born 1984']));
  await assert.rejects(pool.query(`SELEKT 'Roe^Jane'`));
  await pool.close();
  await database.stop();
  const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
  assert.match(log, /database system is shut down/);
  assert.doesNotMatch(log, /Roe|1984|SELEKT/);
});

test('a server that dies under a running hub comes back on the same address', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const database = await started(t, dataDir);
  const { url, pid } = database;
  const pool = await pooled(t, url);
  await pool.query('CREATE TABLE kept AS SELECT 7 AS id');
  process.kill(pid, 'SIGKILL');
  await eventually('another server is up', () => Promise.resolve(database.pid !== pid));
  await eventually('the table is read again', async () => {
    const read = pool.query<{ id: number }>('SELECT id FROM kept');
    return read.then(
      ({ rows }) => rows[0]?.id === 7,
      () => false,
    );
  });
  assert.equal(database.url, url);
});

test('a start that is given up leaves no server and no half-made folder behind', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await assert.rejects(started(t, dataDir, { signal: AbortSignal.abort() }), refused('STOPPING', /^$/));
  const left = await readdir(dataDir);
  assert.deepEqual(
    left.filter((name) => name.startsWith('postgres.new-')),
    [],
  );
  const database = await started(t, dataDir);
  assert.equal(database.adopted, false);
});

test('a pid file that names a living process of somebody else does not keep the server from starting', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  const stale = `${process.pid}\n${dataDir}/postgres\n1700000000\n5432\n\n127.0.0.1\n  5432001  1\nready   \n`;
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), stale);
  const database = await started(t, dataDir);
  assert.equal(database.adopted, false);
  assert.ok(await isRunning(process.pid));
});

test('Ctrl-C at the terminal reaches the hub and not the database', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const hub = child(t, [dataDir, 'idle']);
  const { pid = 0 } = await hub.line((line) => line.up === true);
  process.kill(-(hub.process.pid ?? 0), 'SIGINT');
  await hub.exit;
  assert.ok(await isRunning(pid));
  const database = await started(t, dataDir);
  assert.deepEqual({ pid: database.pid, adopted: database.adopted }, { pid, adopted: true });
});
