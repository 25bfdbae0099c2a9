import assert from 'node:assert/strict';
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { processLives, readLease } from '../../src/simulators/kit/lease.ts';
import { HORIZON_DAYS, MIDTOWN, quickConfig } from '../support/config-folder.ts';
import { freshDatabase } from '../support/database.ts';
import { runMain, type Ended } from '../support/hub.ts';

const folder = await mkdtemp(join(tmpdir(), 'slotwire-refused-'));
after(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
const config = await quickConfig(join(folder, 'config'), [MIDTOWN]);
const database = await freshDatabase({ after });
let count = 0;

interface Refused extends Ended {
  readonly said: string;
}

/** A start that must fail: ends by itself, says why in its last words, leaves no process behind. */
async function refused(environment: Readonly<Record<string, string>>): Promise<Refused> {
  const dataDir = environment['DATA_DIR'] ?? join(folder, `data-${(count += 1)}`);
  const run = runMain({
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    HTTP_PORT: '0',
    MLLP_PORT: '0',
    CONFIG_DIR: config.path,
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    ...environment,
  });
  const ended = await run.ended;
  const said = run.output();
  assert.notEqual(ended.code, 0, said);
  assert.equal(ended.signal, null, said);
  assert.match(said, /^slotwire: [A-Z][^.]+\. .*[.)(]$/m, 'a sentence');
  assert.doesNotMatch(said, /\n {4}at |node:internal/, 'for an operator, not for a debugger');
  const simulators = `${dataDir}-simulators`;
  for (const name of await readdir(simulators).catch(() => [])) {
    const lease = readLease(join(simulators, name));
    assert.ok(lease === null || !processLives(lease.pid), `the simulator of ${name} lives on`);
  }
  return { ...ended, said };
}

async function occupied(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

describe('a start that cannot be is refused in a clear sentence', () => {
  test('a wrong password, which is not repeated', async () => {
    const url = new URL(database.url);
    url.password = 'not-the-password-4711';
    const { said } = await refused({ DATABASE_URL: url.href });
    assert.match(said, /The database refused the login\. Check user, password and database name in DATABASE_URL\./);
    assert.doesNotMatch(said, /not-the-password-4711/);
  });

  test('a database that is not there', async () => {
    const { said } = await refused({ DATABASE_URL: `postgres://nobody@127.0.0.1:${await occupied()}/none` });
    assert.match(said, /The database does not answer/);
  });

  test('a schema that is newer, and stays as it is', async () => {
    const newer = await freshDatabase({ after });
    await newer.pool.query(
      `INSERT INTO slotwire_migrations (id, name, checksum, breaking) VALUES (9000, '9000_tomorrow.sql', 'x', true)`,
    );
    const { said } = await refused({ DATABASE_URL: newer.url });
    assert.match(said, /The database was written by a newer release/);
    const { rows } = await newer.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM slot');
    assert.equal(rows[0]?.count, 0, 'nothing was done in it');
  });

  test('a data folder of somebody else, which stays as it is', async () => {
    const mine = process.getuid?.() === 0;
    const dataDir = mine ? join(folder, 'theirs') : '/usr';
    if (mine) {
      await mkdir(dataDir);
      await chown(dataDir, 12_345, 12_345);
    }
    const before = await readdir(dataDir);
    const { said } = await refused({ DATA_DIR: dataDir });
    assert.match(said, /DATA_DIR belongs to another user/);
    assert.deepEqual(await readdir(dataDir), before);
  });

  test('a data folder that is a file', async () => {
    const dataDir = join(folder, 'a-file');
    await writeFile(dataDir, '');
    assert.match((await refused({ DATA_DIR: dataDir })).said, /DATA_DIR cannot be used.*it is a file/);
  });

  for (const name of ['HTTP_PORT', 'MLLP_PORT']) {
    test(`${name} in use`, async () => {
      const port = await occupied();
      const { said } = await refused({ [name]: String(port) });
      assert.match(said, /A port that the hub needs is taken/);
      assert.match(said, new RegExp(`${name.replace('_PORT', '')}.*\\b${port}\\b`));
    });
    test(`${name} that is no port`, async () => {
      assert.match((await refused({ [name]: '80a' })).said, new RegExp(`${name} must be a port`));
    });
  }

  test('a configuration with errors: all of them, with file and line', async () => {
    const broken = await quickConfig(join(folder, 'broken'), [MIDTOWN]);
    await broken.edit(`sites/${MIDTOWN}.yaml`, (file) => {
      file.setIn(['poll', 'horizon_days'], HORIZON_DAYS * 1_000);
      file.setIn(['write'], 'sometimes');
    });
    const { said } = await refused({ CONFIG_DIR: broken.path });
    assert.match(said, /midtown-acuity\.yaml:\d+ poll\.horizon_days: .+; /);
    assert.match(said, /midtown-acuity\.yaml:\d+ write: .+; /);
  });

  test('a configuration folder that is not there', async () => {
    assert.match((await refused({ CONFIG_DIR: join(folder, 'nowhere') })).said, /CONFIG_DIR|configuration/);
  });
});
