/**
 * The server's log, DATA_DIR/postgres.log. The server writes to a descriptor that the hub opened for appending, so that
 * its user needs no rights to the folder, and so that the hub may cut the file while the server keeps writing.
 * The settings in embedded-cluster.ts keep statements, their parameters and their errors out of it: those hold patient
 * data.
 */
import { copyFile, open, stat, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '../core/errors.ts';
import { folderError } from './embedded-folder.ts';

const LIMIT_BYTES = 8 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 6;

export interface ServerLog {
  /** For the server's standard output and error. */
  readonly fd: number;
  /** Where the log ends now, for `since`. */
  end(): Promise<number>;
  /** The last lines written after that place. */
  since(end: number): Promise<string>;
  /** Keeps one earlier part, postgres.log.1, and starts the file anew when it has grown too large. */
  bound(): Promise<void>;
  close(): Promise<void>;
}

/** @throws HubError DATA_DIR_UNUSABLE, DISK_FULL */
export async function openServerLog(dataDir: string): Promise<ServerLog> {
  const path = join(dataDir, 'postgres.log');
  await cut(path);
  let file: FileHandle;
  try {
    file = await open(path, 'a+', 0o600);
  } catch (error) {
    throw folderError(path, error);
  }
  return {
    fd: file.fd,
    end: async () => (await file.stat()).size,
    async since(from) {
      const end = (await file.stat()).size;
      const start = Math.max(Math.min(from, end), end - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.toString('utf8', 0, bytesRead);
    },
    bound: () => cut(path),
    close: () => file.close(),
  };
}

async function cut(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= LIMIT_BYTES) return;
  // A full disk must not keep the hub from starting: then the earlier part is lost, and the file still shrinks.
  await copyFile(path, `${path}.1`).catch(() => undefined);
  await truncate(path).catch(() => undefined);
}

/** Why the server, or initdb, did not start, from what it printed. */
export function startError(printed: string, what: string): HubError {
  const lines = printed.split('\n').filter((line) => line.trim() !== '');
  const last = lines.slice(-TAIL_LINES).map((line) => line.replace(/^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] /, '').trim());
  const detail = `${what}: ${last.length === 0 ? 'it printed nothing' : last.join(' | ')}`;
  if (/No space left on device|Disk quota exceeded/i.test(printed)) return new HubError('DISK_FULL', { detail });
  if (/wrong ownership/i.test(printed)) return new HubError('DATA_DIR_NOT_OURS', { detail });
  if (/Read-only file system|incompatible with server/i.test(printed)) {
    return new HubError('DATA_DIR_UNUSABLE', { detail });
  }
  return new HubError('DATABASE_CANNOT_START', { detail });
}

/** The port was taken between our choice and the server's bind: another choice helps. */
export function portWasTaken(printed: string): boolean {
  return /could not create any TCP\/IP sockets|could not bind/i.test(printed);
}

/** The server before this one is not wholly gone: waiting helps. */
export function formerStillThere(printed: string): boolean {
  return /pre-existing shared memory block|lock file "postmaster\.pid" already exists/i.test(printed);
}
