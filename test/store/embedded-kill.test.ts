import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isRunning } from '../../src/store/embedded-process.ts';
import { transaction } from '../../src/store/transaction.ts';
import { child, eventually, killed, pooled, refused, started, temporaryFolder, type Child } from './embedded-steps.ts';

/** A hub that was killed while it committed row after row; the last one that it knew of. */
async function killedWhileWriting(t: TestContext, dataDir: string): Promise<{ pid: number; last: number }> {
  const hub = child(t, [dataDir, 'write']);
  const { pid = 0 } = await hub.line((line) => line.up === true);
  await hub.line((line) => (line.committed ?? 0) >= 50);
  await killed(hub);
  return { pid, last: lastCommitted(hub) };
}

function lastCommitted(hub: Child): number {
  return Math.max(...hub.lines.map((line) => line.committed ?? 0));
}

async function countRows(t: TestContext, url: string): Promise<number> {
  const pool = await pooled(t, url);
  const { rows } = await pool.query<{ n: number }>('SELECT count(*) AS n FROM rows');
  await pool.close();
  return rows[0]?.n ?? 0;
}

/** One more than the hub knew of may be there: it was killed between the commit and its answer. */
function assertNothingLost(there: number, last: number): void {
  assert.ok(there === last || there === last + 1, `${there} rows, ${last} were committed`);
}

test('after kill -9 of the hub the next start adopts the server, and every committed row is there', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const { pid, last } = await killedWhileWriting(t, dataDir);
  assert.ok(await isRunning(pid));
  const database = await started(t, dataDir);
  assert.deepEqual({ pid: database.pid, adopted: database.adopted }, { pid, adopted: true });
  assertNothingLost(await countRows(t, database.url), last);
  await database.stop();
  assert.equal(await isRunning(pid), false);
});

test('a transaction that a killed hub left open is rolled back before the next hub works', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const hub = child(t, [dataDir, 'hang']);
  await hub.line((line) => line.hangs === true);
  await killed(hub);
  const database = await started(t, dataDir);
  assert.equal(database.adopted, true);
  const pool = await pooled(t, database.url);
  await transaction(pool, async (tx) => {
    await tx.query('LOCK TABLE rows IN ACCESS EXCLUSIVE MODE NOWAIT');
    assert.deepEqual((await tx.query('SELECT * FROM rows')).rows, []);
  });
});

test('after kill -9 of hub and server at once every committed row is there', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const hub = child(t, [dataDir, 'write']);
  const { pid = 0 } = await hub.line((line) => line.up === true);
  await hub.line((line) => (line.committed ?? 0) >= 50);
  process.kill(pid, 'SIGKILL');
  await killed(hub);
  const database = await started(t, dataDir);
  assert.equal(database.adopted, false);
  assertNothingLost(await countRows(t, database.url), lastCommitted(hub));
});

test('a server left behind that does not answer is ended and started anew', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const { pid, last } = await killedWhileWriting(t, dataDir);
  process.kill(pid, 'SIGSTOP');
  const database = await started(t, dataDir, { startLimit_ms: 500 });
  assert.equal(database.adopted, false);
  assert.equal(await isRunning(pid), false);
  assertNothingLost(await countRows(t, database.url), last);
});

test('a server left behind by a release with other settings is ended and started anew', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const { pid, last } = await killedWhileWriting(t, dataDir);
  const database = await started(t, dataDir, { settings: { max_connections: '40' } });
  assert.equal(database.adopted, false);
  assert.equal(await isRunning(pid), false);
  assertNothingLost(await countRows(t, database.url), last);
});

test('a server that was told to stop when its hub was killed is waited for', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const { pid, last } = await killedWhileWriting(t, dataDir);
  process.kill(pid, 'SIGINT');
  const database = await started(t, dataDir);
  assert.equal(database.adopted, false);
  assertNothingLost(await countRows(t, database.url), last);
});

test('a kill in the middle of making the database leaves nothing half-made', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const hub = child(t, [dataDir]);
  await eventually('the making has begun', async () =>
    (await readdir(dataDir).catch(() => [])).some((name) => name.startsWith('postgres.new-')),
  );
  await killed(hub);
  const database = await started(t, dataDir);
  await (await pooled(t, database.url)).query('CREATE TABLE rows (id bigint)');
  await database.stop();
  // initdb of the killed hub may have gone on writing for a moment; the next start clears what it left.
  await (await started(t, dataDir)).stop();
  const names = await readdir(dataDir);
  assert.deepEqual(
    names.sort(),
    ['hub.lock', 'hub.pid', 'postgres', 'postgres.log'].filter((name) => names.includes(name)),
  );
});

test('a second hub on the same data folder is refused and disturbs nothing', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const first = child(t, [dataDir, 'idle']);
  const { pid = 0 } = await first.line((line) => line.up === true);
  const second = child(t, [dataDir]);
  const { error, detail = '' } = await second.line((line) => line.error !== undefined);
  assert.equal(error, 'DATA_DIR_IN_USE');
  assert.ok(detail.endsWith(`is held by process ${first.process.pid ?? 0}`), detail);
  assert.equal(await second.exit, 1);
  assert.ok(await isRunning(pid));
  first.process.kill('SIGTERM');
  assert.deepEqual(await first.line((line) => line.rows !== undefined), { rows: 0 });
  assert.equal(await first.exit, 0);
});

test('of hubs that start on one data folder in the same moment exactly one runs', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const hubs = [1, 2, 3, 4].map(() => child(t, [dataDir, 'idle']));
  const outcomes = await Promise.all(
    hubs.map((hub) => hub.line((line) => line.up === true || line.error !== undefined)),
  );
  assert.deepEqual(outcomes.map((line) => line.error ?? 'up').sort(), [
    'DATA_DIR_IN_USE',
    'DATA_DIR_IN_USE',
    'DATA_DIR_IN_USE',
    'up',
  ]);
});

test('where files cannot be locked, the lock in the database still keeps the second hub out', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  const first = child(t, [dataDir, 'idle']);
  const { pid = 0 } = await first.line((line) => line.up === true);
  // startEmbedded without holdDataDir: as if the file lock had been granted twice.
  await assert.rejects(started(t, dataDir), refused('DATA_DIR_IN_USE', /another hub is connected/));
  assert.ok(await isRunning(pid));
  first.process.kill('SIGTERM');
  assert.equal(await first.exit, 0);
});
