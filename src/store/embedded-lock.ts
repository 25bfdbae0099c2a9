/**
 * One hub per DATA_DIR. The lock is the operating system's own lock on the file DATA_DIR/hub.lock, taken through
 * SQLite, the one file-locking call that Node brings: it is atomic when two hubs start in the same second, it also
 * holds between containers that share the folder, and it ends with the process however that dies. A file with a process
 * id in it can do none of the three: ids are reused, and mean nothing in another container.
 */
import { rm, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HubError } from '../core/errors.ts';
import { ensureDataDir, folderError } from './embedded-folder.ts';

export interface DataDirHold {
  /** The real path that is held. */
  readonly path: string;
  release(): Promise<void>;
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/**
 * @throws HubError DATA_DIR_IN_USE when another process, or this one, holds it; nothing was touched then
 * @throws HubError DATA_DIR_NOT_OURS, DATA_DIR_UNUSABLE, DISK_FULL
 */
export async function holdDataDir(dataDir: string): Promise<DataDirHold> {
  const path = await ensureDataDir(dataDir);
  const pidFile = join(path, 'hub.pid');
  const lock = await taken(path, pidFile);
  // Only for people, and for the sentence that the next hub prints.
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 }).catch(() => undefined);
  return {
    path,
    async release() {
      if (!lock.isOpen) return;
      await rm(pidFile, { force: true }).catch(() => undefined);
      lock.close();
    },
  };
}

async function taken(path: string, pidFile: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(join(path, 'hub.lock'), { timeout: 0 });
    // Nothing is ever written: the file stays empty, and no journal is left behind.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
    if (code === SQLITE_BUSY) throw await inUse(path, pidFile);
    if (code === SQLITE_FULL) throw new HubError('DISK_FULL', { detail: path, cause: error });
    const said = error instanceof Error ? error.message : '';
    if (code === undefined) throw folderError(path, error);
    throw new HubError('DATA_DIR_UNUSABLE', { detail: `${join(path, 'hub.lock')}: ${said}`, cause: error });
  }
}

async function inUse(path: string, pidFile: string): Promise<HubError> {
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  return new HubError('DATA_DIR_IN_USE', {
    detail: /^\d+$/.test(pid) ? `${path} is held by process ${pid}` : path,
  });
}
