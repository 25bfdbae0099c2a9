/**
 * The test database server's keeper: a process of its own, started by whichever test needs a server first. It stops the
 * server and ends as soon as no test process uses it, also when those were killed: each user holds a shared lock on the
 * file `users`, which ends with the process.
 *
 *   node test/support/test-server.ts FOLDER
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { holdDataDir } from '../../src/store/embedded-lock.ts';
import { startEmbedded } from '../../src/store/embedded.ts';

const CHECK_MS = 500;
/** A test run starts file after file; between two of them nobody may use the server for a moment. */
const UNUSED_CHECKS = 4;

const folder = process.argv[2] ?? '';
const log = { info: () => undefined, warn: (text: string) => process.stderr.write(`${text}\n`) };

/** Nobody uses the server: then nobody can begin to, until the file is closed. */
function closedToUsers(): DatabaseSync | null {
  const users = new DatabaseSync(join(folder, 'users'), { timeout: 0 });
  try {
    users.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return users;
  } catch {
    users.close();
    return null;
  }
}

async function dropLeftovers(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'`,
  );
  for (const { datname } of rows) await admin.query(`DROP DATABASE ${datname} WITH (FORCE)`);
  await admin.end();
}

async function keep(): Promise<void> {
  const hold = await holdDataDir(folder);
  const server = await startEmbedded({
    dataDir: folder,
    log,
    clock: systemClock,
    // Tests ask whether a commit is a commit, not whether it survives the loss of power.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  const urlFile = join(folder, 'url');
  // An adopted server may have users: those of the keeper that was killed.
  if (!server.adopted) await dropLeftovers(server.adminUrl);
  await writeFile(`${urlFile}.new`, server.adminUrl, { mode: 0o600 });
  await rename(`${urlFile}.new`, urlFile);
  let users: DatabaseSync | null = null;
  for (let unused = 0; unused < UNUSED_CHECKS || users === null;) {
    users?.close();
    await systemClock.sleep(CHECK_MS);
    users = closedToUsers();
    unused = users === null ? 0 : unused + 1;
  }
  await rm(urlFile, { force: true });
  await server.stop();
  await hold.release();
  users.close();
}

try {
  await keep();
} catch (error) {
  // Two tests started a keeper at once; the other one keeps.
  if (!(error instanceof HubError && error.code === 'DATA_DIR_IN_USE')) throw error;
}
