/**
 * A database of its own for a test file, cloned from a template in which the migrations are applied: 30 ms instead of a
 * server per file. One server serves all test processes; SLOTWIRE_TEST_DATABASE_URL (a superuser's) names another one.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { randomToken, sha256 } from '../../src/core/ids.ts';
import { holdDataDir } from '../../src/store/embedded-lock.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { openPool, type Pool } from '../../src/store/postgres.ts';

export interface TestDatabase {
  /** Its owner is no superuser, as in production. */
  readonly url: string;
  readonly pool: Pool;
  /** Closes the pool and drops the database, whoever is still connected. A second call does nothing. */
  drop(): Promise<void>;
}

/** A test context, a suite's, or `{ after }` of node:test for the whole file. */
export interface Cleanup {
  after(fn: () => Promise<void>): void;
}

export interface FreshOptions {
  /** Default src/store/sql. Null: an empty database. */
  readonly migrations?: string | null;
  readonly max?: number;
}

const MIGRATIONS = join(import.meta.dirname, '../../src/store/sql');
const KEEPER = join(import.meta.dirname, 'test-server.ts');
const ROLE = 'slotwire_test';
const START_LIMIT_MS = 60_000;
const POLL_MS = 20;
const SERVER_LOCK = 0x510b;

export async function freshDatabase(cleanup: Cleanup, options: FreshOptions = {}): Promise<TestDatabase> {
  await startTestServer();
  const folder = options.migrations === undefined ? MIGRATIONS : options.migrations;
  const name = `test_${sha256(randomToken()).slice(0, 16)}`;
  const template = folder === null ? 'template1' : await templateFor(folder);
  await asAdmin(async (admin) => {
    await admin.query(`CREATE DATABASE ${name} OWNER ${ROLE} TEMPLATE ${template}`);
  });
  const url = await urlOf(name);
  const pool = await openPool({
    url,
    max: options.max ?? 10,
    applicationName: 'slotwire test',
    statementTimeout_ms: 30_000,
    onError: () => undefined,
  });
  let dropped: Promise<void> | null = null;
  const drop = async (): Promise<void> => {
    // A test that left a transaction open would keep the pool from closing; FORCE ends it.
    const closed = pool.close();
    await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    await closed;
  };
  const database = { url, pool, drop: () => (dropped ??= drop()) };
  cleanup.after(database.drop);
  return database;
}

/** Named by what the migrations are: an edited one makes another template. */
async function templateFor(folder: string): Promise<string> {
  const checksums = (await readMigrations(folder)).map(({ name, checksum }) => `${name}:${checksum}`);
  const name = `template_${sha256(checksums.join('\n')).slice(0, 16)}`;
  await asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [SERVER_LOCK]);
    const { rows } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rows.length > 0) return;
    await admin.query(`DROP DATABASE IF EXISTS ${name}_new WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${name}_new OWNER ${ROLE}`);
    const url = await urlOf(`${name}_new`);
    const pool = await openPool({
      url,
      max: 1,
      applicationName: 'slotwire test template',
      statementTimeout_ms: 60_000,
      onError: () => undefined,
    });
    await migrate(pool, folder).finally(() => pool.close());
    // The rename is what makes it a template: one that was cut short is never cloned.
    await admin.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
  });
  return name;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: await startTestServer() });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function urlOf(database: string): Promise<string> {
  const url = new URL(await startTestServer());
  url.username = ROLE;
  url.password = rolePassword(url.password);
  url.pathname = `/${database}`;
  return url.href;
}

/** Follows from the administrator's, so that no process has to tell another. */
function rolePassword(adminPassword: string): string {
  return sha256(`test role:${adminPassword}`);
}

let adminUrl: Promise<string> | null = null;
let users: DatabaseSync | null = null;

/**
 * A superuser's URL of the test server, which is started if need be and kept while this process runs. A test runner
 * calls it first and `stopTestServer` last, so that the server is not stopped and started between two files.
 */
export function startTestServer(): Promise<string> {
  adminUrl ??= begin();
  return adminUrl;
}

/** This process uses the server no more. When no other does either, it stops within seconds, by itself. */
export function stopTestServer(): void {
  if (users?.isOpen === true) users.close();
  users = null;
  adminUrl = null;
}

async function begin(): Promise<string> {
  const given = process.env['SLOTWIRE_TEST_DATABASE_URL'];
  const url = given === undefined || given === '' ? await useEmbedded() : given;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query('SELECT pg_advisory_lock($1)', [SERVER_LOCK]);
  const { rows } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [ROLE]);
  const password = rolePassword(new URL(url).password);
  if (rows.length === 0) await admin.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`);
  await admin.end();
  return url;
}

async function useEmbedded(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `slotwire-test-${sha256(`${import.meta.dirname}:${uid}`).slice(0, 12)}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Waits while a keeper that found nobody stops its server.
  users = new DatabaseSync(join(folder, 'users'), { timeout: START_LIMIT_MS });
  users.exec('PRAGMA journal_mode = MEMORY; BEGIN');
  users.prepare('SELECT count(*) FROM sqlite_master').get();
  const deadline = performance.now() + START_LIMIT_MS;
  for (let keeper = { ended: true }; ;) {
    if (keeper.ended && !(await hasKeeper(folder))) keeper = await keeperFor(folder);
    const url = await readFile(join(folder, 'url'), 'utf8').catch(() => '');
    if (url !== '' && (await answers(url))) return url;
    if (performance.now() > deadline) throw new Error(`no test database server; see ${join(folder, 'keeper.log')}`);
    await systemClock.sleep(POLL_MS);
  }
}

/** The keeper holds the folder as a hub would. */
async function hasKeeper(folder: string): Promise<boolean> {
  try {
    await (await holdDataDir(folder)).release();
    return false;
  } catch (error) {
    if (error instanceof HubError && error.code === 'DATA_DIR_IN_USE') return true;
    throw error;
  }
}

/** Two processes may each start one at once; the second keeper notices and ends. */
async function keeperFor(folder: string): Promise<{ ended: boolean }> {
  const log = await open(join(folder, 'keeper.log'), 'a', 0o600);
  const child = spawn(process.execPath, [KEEPER, folder], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  const keeper = { ended: false };
  child.once('exit', () => (keeper.ended = true));
  child.unref();
  await log.close();
  return keeper;
}

async function answers(url: string): Promise<boolean> {
  const admin = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  admin.on('error', () => undefined);
  try {
    await admin.connect();
    return true;
  } catch {
    return false;
  } finally {
    await admin.end().catch(() => undefined);
  }
}
