import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { HubError } from '../../src/core/errors.ts';
import { holdDataDir } from '../../src/store/embedded-lock.ts';
import { afterwards, child, pooled, refused, started, temporaryFolder } from './embedded-steps.ts';

const run = promisify(execFile);
const ROOT = process.getuid?.() === 0;

/** Every file below, with owner and size: what "nothing was touched" means. */
async function fingerprint(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const all = names.map(async (name) => {
    const { uid, size, mode } = await stat(join(folder, name));
    return `${name} ${uid} ${size} ${mode}`;
  });
  return (await Promise.all(all)).join('\n');
}

test('a data folder that is a file is refused', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await writeFile(dataDir, 'mine');
  await assert.rejects(holdDataDir(dataDir), refused('DATA_DIR_UNUSABLE', /data: it is a file$/));
  await assert.rejects(
    holdDataDir(join(dataDir, 'deeper')),
    refused('DATA_DIR_UNUSABLE', /a part of its path is a file$/),
  );
  assert.equal(await readFile(dataDir, 'utf8'), 'mine');
});

test('a data folder that belongs to somebody else is refused and not touched', async (t) => {
  if (!ROOT) {
    t.diagnostic('not tried: only root can give a folder to somebody else');
    return;
  }
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await chown(dataDir, 12_345, 12_345);
  const before = await fingerprint(dataDir);
  await assert.rejects(holdDataDir(dataDir), refused('DATA_DIR_NOT_OURS', /belongs to uid 12345, the hub runs as 0$/));
  await assert.rejects(started(t, dataDir), refused('DATA_DIR_NOT_OURS', /12345/));
  assert.equal(await fingerprint(dataDir), before);
});

test('an ordinary user is refused a data folder, or a database in it, of somebody else', async (t) => {
  if (!ROOT) {
    t.diagnostic('not tried: only root can become somebody else');
    return;
  }
  const folder = await temporaryFolder(t);
  const dataDir = join(folder, 'data');
  await (await started(t, dataDir)).stop();
  await chmod(folder, 0o755);
  const outside = child(t, [dataDir], { uid: 65_534 });
  const first = await outside.line(({ error }) => error !== undefined);
  assert.equal(first.error, 'DATA_DIR_NOT_OURS', first.detail);
  await chown(dataDir, 65_534, 65_534);
  const inside = child(t, [dataDir], { uid: 65_534 });
  const { error, detail = '' } = await inside.line((said) => said.error !== undefined);
  assert.equal(error, 'DATA_DIR_NOT_OURS', detail);
  assert.match(detail, /postgres belongs to uid \d+, the hub runs as 65534$/);
});

test('a database whose files belong to several users is refused', async (t) => {
  if (!ROOT) {
    t.diagnostic('not tried: only root can give a folder to somebody else');
    return;
  }
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await chown(join(dataDir, 'postgres'), 12_345, 12_345);
  await assert.rejects(started(t, dataDir), refused('DATA_DIR_NOT_OURS', /belongs to uid 12345, files inside it to/));
});

test('a database that root restored from a backup is given back to its user', async (t) => {
  if (!ROOT) {
    t.diagnostic('not tried: only root gives its database another user');
    return;
  }
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await run('chown', ['-R', '0:0', dataDir]);
  const database = await started(t, dataDir);
  await (await pooled(t, database.url)).query('SELECT 1');
});

test('a read-only disk is refused', async (t) => {
  const disk = await mounted(t, 'size=16m,ro');
  if (disk === null) return;
  await assert.rejects(holdDataDir(disk), refused('DATA_DIR_UNUSABLE', /read-only disk$/));
  await assert.rejects(holdDataDir(join(disk, 'data')), refused('DATA_DIR_UNUSABLE', /read-only disk$/));
});

test('data of another major version is refused and not touched', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
  const before = await fingerprint(join(dataDir, 'postgres'));
  await assert.rejects(
    started(t, dataDir),
    refused('DATA_DIR_UNUSABLE', /written by PostgreSQL 17, this release brings 18/),
  );
  assert.equal(await fingerprint(join(dataDir, 'postgres')), before);
});

test('a folder `postgres` that holds something else is left alone', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await mkdir(join(dataDir, 'postgres'), { recursive: true });
  await writeFile(join(dataDir, 'postgres', 'letter.txt'), 'mine');
  await assert.rejects(
    started(t, dataDir),
    refused('DATA_DIR_UNUSABLE', /is in the way: it is not a database folder$/),
  );
  assert.deepEqual(await readdir(join(dataDir, 'postgres')), ['letter.txt']);
});

test('a database without its secret says what to restore', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await rm(join(dataDir, 'postgres', 'hub.secret'));
  await assert.rejects(started(t, dataDir), refused('DATABASE_CANNOT_START', /hub\.secret cannot be read; restore it/));
});

test('a secret from another backup is named as the reason, and the server is not left running', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await writeFile(join(dataDir, 'postgres', 'hub.secret'), 'another');
  await assert.rejects(
    started(t, dataDir),
    refused('DATABASE_CANNOT_START', /does not take the password in hub\.secret/),
  );
  await assert.rejects(readFile(join(dataDir, 'postgres', 'postmaster.pid')), /ENOENT/);
});

test('damaged data is reported with the last lines of the log', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await (await started(t, dataDir)).stop();
  await rm(join(dataDir, 'postgres', 'global', 'pg_control'));
  await assert.rejects(started(t, dataDir), refused('DATABASE_CANNOT_START', /^postgres: .*pg_control/));
});

test('a full disk at the first start is said so, and room is all it takes', async (t) => {
  const disk = await mounted(t, 'size=30m');
  if (disk === null) return;
  const dataDir = join(disk, 'data');
  await assert.rejects(started(t, dataDir), refused('DISK_FULL', /No space left|ENOSPC/));
  await run('mount', ['-o', 'remount,size=400m', disk]);
  const database = await started(t, dataDir);
  await (await pooled(t, database.url)).query('SELECT 1');
});

test('a disk that fills up refuses rows with a clear sentence, loses none, and goes on when there is room', async (t) => {
  const disk = await mounted(t, 'size=150m');
  if (disk === null) return;
  const dataDir = join(disk, 'data');
  const database = await started(t, dataDir);
  const pool = await pooled(t, database.url);
  await pool.query('CREATE TABLE rows (id bigint PRIMARY KEY, filler text)');
  await filled(join(disk, 'ballast'));
  let stored = 0;
  let code: ErrorCode | undefined;
  while (code === undefined && stored < 100_000) {
    await pool
      .query(`INSERT INTO rows SELECT $1, string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 200)`, [
        stored + 1,
      ])
      .then(
        () => (stored += 1),
        (error: unknown) => {
          code = error instanceof HubError ? error.code : 'INTERNAL';
          t.diagnostic(String(error));
        },
      );
  }
  // Where the write-ahead log itself cannot grow PostgreSQL stops at once, and is started again by the hub.
  assert.ok(code === 'DISK_FULL' || code === 'DATABASE_ANSWER_LOST' || code === 'DATABASE_UNREACHABLE', code);
  await database.stop();
  const full = await started(t, dataDir).then(
    async (again) => {
      await again.stop();
      return 'started' as const;
    },
    (error: unknown) => (error instanceof HubError ? error.code : String(error)),
  );
  t.diagnostic(`a start on the full disk: ${full}`);
  assert.ok(full === 'DISK_FULL' || full === 'started', full);
  await rm(join(disk, 'ballast'));
  const after = await started(t, dataDir);
  const { rows } = await (await pooled(t, after.url)).query<{ n: number }>('SELECT count(*) AS n FROM rows');
  assert.ok(stored === rows[0]?.n || stored + 1 === rows[0]?.n, `${stored} stored, ${rows[0]?.n ?? 0} there`);
});

/** A small disk of its own, or null with the reason in the test's output. */
async function mounted(t: TestContext, options: string): Promise<string | null> {
  if (!ROOT || process.platform !== 'linux') {
    t.diagnostic('not tried: only root on Linux can mount a small disk');
    return null;
  }
  const folder = await temporaryFolder(t);
  const disk = join(folder, 'disk');
  await mkdir(disk);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'slotwire-test', disk]);
  } catch {
    t.diagnostic('not tried: this root may not mount');
    return null;
  }
  afterwards(t, () => run('umount', ['-l', disk]));
  return disk;
}

/** Takes all room of the disk but about 3 MB. */
async function filled(file: string): Promise<void> {
  const { stdout } = await run('df', ['--output=avail', '-k', join(file, '..')]);
  const kilobytes = Number(stdout.split('\n')[1]) - 3_000;
  await run('dd', ['if=/dev/zero', `of=${file}`, 'bs=1024', `count=${kilobytes}`]);
}
