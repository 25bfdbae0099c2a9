/**
 * The cluster: DATA_DIR/postgres, everything that one database server stores, the secret of its passwords included
 * (kept inside, so that neither can be restored from a backup without the other).
 *
 * It appears whole or not at all: initdb works in a folder beside it, which takes the name by a rename when all is on
 * the disk. A kill in the middle leaves a folder postgres.new-*, which the next start removes.
 */
import { spawn } from 'node:child_process';
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '../core/errors.ts';
import { randomToken, sha256 } from '../core/ids.ts';
import { serverEnvironment, type Binaries } from './embedded-binaries.ts';
import { folderError } from './embedded-folder.ts';
import { startError } from './embedded-log.ts';
import { handOver, isRoot, namedUser, unusedUser, type RunAs } from './embedded-user.ts';
import { errnoOf } from './sqlstate.ts';

const SECRET_FILE = 'hub.secret';
const LEFTOVER = 'postgres.new-';
/** PostgreSQL's superuser, for making the role and the database below and for nothing else. */
export const ADMIN_ROLE = 'postgres';
/** The hub's own role: it owns its database and is no superuser. */
export const HUB_ROLE = 'slotwire';
export const HUB_DATABASE = 'slotwire';

export interface Passwords {
  readonly admin: string;
  readonly hub: string;
}

export interface Cluster {
  readonly folder: string;
  readonly passwords: Passwords;
  /** Tells its server's processes from those of every other cluster, a copy of this one included. */
  readonly mark: string;
}

export function clusterFolder(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/**
 * As whom the server of this DATA_DIR runs; null for the user of this process.
 * @throws HubError DATA_DIR_NOT_OURS when the cluster's files belong to somebody else, or to several users
 */
export async function serverUser(dataDir: string): Promise<RunAs | null> {
  const cluster = clusterFolder(dataDir);
  const folder = await lstat(cluster).catch(() => null);
  if (folder === null) return isRoot() ? unusedUser() : null;
  const inside = await lstat(join(cluster, 'PG_VERSION')).catch(() => folder);
  if (inside.uid !== folder.uid) {
    const detail = `${cluster} belongs to uid ${folder.uid}, files inside it to uid ${inside.uid}`;
    throw new HubError('DATA_DIR_NOT_OURS', { detail });
  }
  if (!isRoot()) {
    const own = process.geteuid?.();
    if (own === undefined || folder.uid === own) return null;
    throw new HubError('DATA_DIR_NOT_OURS', {
      detail: `${cluster} belongs to uid ${folder.uid}, the hub runs as ${own}`,
    });
  }
  if (folder.uid !== 0) return { uid: folder.uid, gid: folder.gid };
  // Restored from a backup by root, say. The server cannot run as root, so its files cannot stay root's.
  const chosen = await unusedUser();
  await giveTo(cluster, chosen);
  return chosen;
}

/**
 * Makes the cluster if there is none.
 * @throws HubError DATA_DIR_UNUSABLE (something else is there, or the data of another major version), DISK_FULL, ...
 */
export async function ensureCluster(options: {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly runAs: RunAs | null;
  readonly signal?: AbortSignal;
}): Promise<{ made: boolean }> {
  const { dataDir, binaries } = options;
  const cluster = clusterFolder(dataDir);
  for (const name of await readdir(dataDir)) {
    // A killed hub's initdb may still be writing there; then what it wrote last goes at the next start.
    if (name.startsWith(LEFTOVER))
      await rm(join(dataDir, name), { recursive: true, force: true }).catch(() => undefined);
  }
  const written = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null);
  if (written !== null) {
    if (Number(written) === binaries.major) return { made: false };
    throw new HubError('DATA_DIR_UNUSABLE', {
      detail:
        `${cluster} was written by PostgreSQL ${written.trim()}, this release brings ${binaries.major}; ` +
        'start the release that wrote it, dump it with pg_dump and load the dump into a new DATA_DIR',
    });
  }
  const there = await readdir(cluster).catch((error: unknown) => (errnoOf(error) === 'ENOENT' ? [] : null));
  if (there === null || there.length > 0) {
    throw new HubError('DATA_DIR_UNUSABLE', { detail: `${cluster} is in the way: it is not a database folder` });
  }
  try {
    await make(options, cluster);
  } catch (error) {
    throw folderError(cluster, error);
  }
  return { made: true };
}

interface Making {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly runAs: RunAs | null;
  readonly signal?: AbortSignal;
}

async function make({ dataDir, binaries, runAs, signal }: Making, cluster: string): Promise<void> {
  // initdb looks its user up by name, which the server's own user has not got; the files are handed on afterwards.
  const maker = runAs === null ? null : await namedUser();
  const outer = await mkdtemp(join(dataDir, LEFTOVER));
  try {
    // The outer folder stays ours and shut: while the inner one belongs to `nobody`, its other processes cannot get in.
    const inner = join(outer, 'in');
    await mkdir(inner, { mode: 0o700 });
    const secret = randomToken(32);
    await writeSynced(join(inner, 'password'), `${passwordsOf(secret).admin}\n`);
    if (maker !== null) await giveTo(inner, maker);
    await initdb(inner, binaries, maker, signal);
    const data = join(inner, 'data');
    await writeSynced(join(data, SECRET_FILE), secret);
    if (runAs !== null) await giveTo(data, runAs);
    await chmod(data, 0o700);
    await rename(data, cluster);
    await syncFolder(dataDir);
  } finally {
    await rm(outer, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function initdb(inner: string, binaries: Binaries, maker: RunAs | null, signal?: AbortSignal): Promise<void> {
  const handed = await handOver(inner, maker);
  const args = [
    ...['-D', `${handed.name}/data`, '-U', ADMIN_ROLE, `--pwfile=${handed.name}/password`, '--auth=scram-sha-256'],
    // Sorting and case rules come from PostgreSQL itself and so never change with the system's C library, which
    // would silently break every text index.
    ...['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
  ];
  try {
    let made = await run(binaries.initdb, args, handed.fd, maker, signal);
    if (made.status !== 0 && maker === null && made.printed.includes('could not look up effective user ID')) {
      // A user without a name (a container started under any uid): initdb insists on one, the server does not. In a
      // user namespace of its own it is called nobody, and its files are still this user's.
      const named = ['--user', '--map-user=65534', '--map-group=65534', binaries.initdb, ...args];
      made = await run('/usr/bin/unshare', named, handed.fd, null, signal).catch(() => made);
    }
    if (signal?.aborted === true) throw new HubError('STOPPING');
    if (made.status !== 0) throw startError(made.printed, 'initdb');
  } finally {
    await handed.close();
  }
}

async function run(
  program: string,
  args: readonly string[],
  fd: number | null,
  maker: RunAs | null,
  signal?: AbortSignal,
): Promise<{ readonly status: number | null; readonly printed: string }> {
  const child = spawn(program, args, {
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe', fd ?? 'ignore'],
    windowsHide: true,
    // A process group of its own: Ctrl-C at the terminal is for the hub to act on.
    detached: true,
    ...(maker ?? {}),
  });
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const stop = (): boolean => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => signal?.removeEventListener('abort', stop));
  return { status, printed };
}

/** @throws HubError DATABASE_CANNOT_START when its secret is gone */
export async function openCluster(dataDir: string): Promise<Cluster> {
  const folder = await realpath(clusterFolder(dataDir));
  const secret = await readFile(join(folder, SECRET_FILE), 'utf8').catch(() => '');
  if (secret === '') {
    throw new HubError('DATABASE_CANNOT_START', {
      detail: `${join(folder, SECRET_FILE)} cannot be read; restore it from the backup that the rest came from`,
    });
  }
  const { dev, ino } = await stat(folder);
  return { folder, passwords: passwordsOf(secret), mark: sha256(`mark:${secret}:${dev}:${ino}`).slice(0, 16) };
}

function passwordsOf(secret: string): Passwords {
  return { admin: sha256(`admin:${secret}`), hub: sha256(`hub:${secret}`) };
}

async function giveTo(folder: string, { uid, gid }: RunAs): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  }
  await lchown(folder, uid, gid);
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
