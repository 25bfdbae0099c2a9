import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { HubError } from '../../src/core/errors.ts';
import { migrate, readMigrations, schemaState } from '../../src/store/migrate.ts';
import { openPool, type Pool } from '../../src/store/postgres.ts';
import { freshDatabase } from '../support/database.ts';

const FIRST = { '0001_first.sql': 'CREATE TABLE one (id bigint);\nINSERT INTO one VALUES (1);\n' };
const BOTH = { ...FIRST, '0002_second.sql': '-- breaking\nALTER TABLE one ADD COLUMN two text;\n' };

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-migrate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'sql'));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, 'sql', name), sql);
  return join(folder, 'sql');
}

async function empty(t: TestContext): Promise<{ pool: Pool; url: string }> {
  return freshDatabase(t, { migrations: null });
}

function refused(code: ErrorCode, detail: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof HubError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.detail, detail);
    return true;
  };
}

/** All that stands in the database, as far as a migration could change it. */
async function everything(pool: Pool): Promise<unknown> {
  const columns = await pool.query(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
  );
  const applied = await pool.query('SELECT * FROM slotwire_migrations ORDER BY id');
  return [columns.rows, applied.rows];
}

test('migrations are applied in order, once, and recorded', async (t) => {
  const { pool } = await empty(t);
  assert.deepEqual(await migrate(pool, await folderOf(t, FIRST)), { applied: ['0001_first.sql'] });
  const folder = await folderOf(t, BOTH);
  assert.deepEqual(await migrate(pool, folder), { applied: ['0002_second.sql'] });
  assert.deepEqual(await migrate(pool, folder), { applied: [] });
  assert.deepEqual((await pool.query('SELECT * FROM one')).rows, [{ id: 1, two: null }]);
  const { applied, pending, newer } = await schemaState(pool, folder);
  assert.deepEqual(
    applied.map(({ id, breaking }) => ({ id, breaking })),
    [
      { id: 1, breaking: false },
      { id: 2, breaking: true },
    ],
  );
  assert.deepEqual([pending, newer], [[], []]);
});

test('a schema newer than this release is refused and nothing is touched', async (t) => {
  const { pool } = await empty(t);
  await migrate(pool, await folderOf(t, BOTH));
  const before = await everything(pool);
  const older = await folderOf(t, FIRST);
  await assert.rejects(migrate(pool, older), (error) => {
    refused('SCHEMA_NEWER', /^the database has 0002_second\.sql$/)(error);
    assert.match(String(error), /written by a newer release\. Start that release; this one leaves it untouched/);
    return true;
  });
  assert.deepEqual(await everything(pool), before);
  const { newer } = await schemaState(pool, older);
  assert.deepEqual(
    newer.map(({ name, breaking }) => ({ name, breaking })),
    [{ name: '0002_second.sql', breaking: true }],
  );
});

test('a migration that was edited, removed or slipped in below is refused, and nothing is touched', async (t) => {
  const { pool } = await empty(t);
  await migrate(pool, await folderOf(t, BOTH));
  const before = await everything(pool);
  const third = { '0003_third.sql': 'CREATE TABLE three (id bigint);' };
  const edited = await folderOf(t, { ...BOTH, ...third, '0001_first.sql': 'CREATE TABLE other (id bigint);' });
  await assert.rejects(migrate(pool, edited), refused('SCHEMA_EDITED', /^0001_first\.sql differs from/));
  const removed = await folderOf(t, { ...third, '0002_second.sql': BOTH['0002_second.sql'] });
  await assert.rejects(
    migrate(pool, removed),
    refused('SCHEMA_EDITED', /^0001_first\.sql was applied and its file is gone/),
  );
  const below = await folderOf(t, { ...BOTH, '0000_slipped_in.sql': 'SELECT 1;' });
  await assert.rejects(migrate(pool, below), refused('SCHEMA_EDITED', /^0000_slipped_in\.sql was added below/));
  assert.deepEqual(await everything(pool), before);
});

test('line ends that a checkout changed are no edit', async (t) => {
  const { pool } = await empty(t);
  await migrate(pool, await folderOf(t, FIRST));
  const windows = await folderOf(t, { '0001_first.sql': FIRST['0001_first.sql'].replaceAll('\n', '\r\n') });
  assert.deepEqual(await migrate(pool, windows), { applied: [] });
});

test('a migration that fails half-way leaves nothing, names its file, and keeps the earlier ones', async (t) => {
  const { pool } = await empty(t);
  const broken = { ...FIRST, '0002_broken.sql': 'CREATE TABLE half (id bigint);\nSELECT nonsense;\n' };
  await assert.rejects(
    migrate(pool, await folderOf(t, broken)),
    refused('INTERNAL', /^0002_broken\.sql: SQLSTATE 42703/),
  );
  assert.deepEqual((await pool.query(`SELECT to_regclass('half') AS half, to_regclass('one')::text AS one`)).rows, [
    { half: null, one: 'one' },
  ]);
  assert.deepEqual(await migrate(pool, await folderOf(t, BOTH)), { applied: ['0002_second.sql'] });
});

test('of hubs that migrate at once each migration is applied by one, and all find it done', async (t) => {
  const { url } = await empty(t);
  const folder = await folderOf(t, { ...BOTH, '0003_slow.sql': 'SELECT pg_sleep(0.2);' });
  const hubs = await Promise.all(
    [1, 2, 3].map(() =>
      openPool({ url, max: 1, applicationName: 'hub', statementTimeout_ms: 100, onError: () => undefined }),
    ),
  );
  const done = await Promise.all(hubs.map((hub) => migrate(hub, folder)));
  assert.deepEqual(done.flatMap(({ applied }) => applied).sort(), [
    '0001_first.sql',
    '0002_second.sql',
    '0003_slow.sql',
  ]);
  await Promise.all(hubs.map((hub) => hub.close()));
});

test('misnamed files and numbers given twice are faults of the release', async (t) => {
  const misnamed = await folderOf(t, { '1_first.sql': 'SELECT 1;' });
  await assert.rejects(readMigrations(misnamed), refused('INTERNAL', /^1_first\.sql: a migration is named/));
  const twice = await folderOf(t, { '0001_a.sql': 'SELECT 1;', '0001_b.sql': 'SELECT 1;' });
  await assert.rejects(readMigrations(twice), refused('INTERNAL', /^0001_b\.sql: its number is given twice/));
});

test('a role that may not create tables is told so', async (t) => {
  const { url } = await empty(t);
  const shut = new URL(url);
  shut.searchParams.set('options', '-c search_path=pg_catalog');
  const one = await openPool({
    url: shut.href,
    max: 1,
    applicationName: 'hub',
    statementTimeout_ms: 1_000,
    onError: () => undefined,
  });
  t.after(() => one.close());
  await assert.rejects(
    migrate(one, await folderOf(t, FIRST)),
    refused('DATABASE_REFUSED', /^42501: permission denied/),
  );
});

test('the migrations of this release apply to an empty database, and again do nothing', async (t) => {
  const { pool } = await empty(t);
  const folder = join(import.meta.dirname, '../../src/store/sql');
  const { applied } = await migrate(pool, folder);
  assert.deepEqual(
    applied,
    (await readMigrations(folder)).map(({ name }) => name),
  );
  assert.deepEqual(await migrate(pool, folder), { applied: [] });
});
