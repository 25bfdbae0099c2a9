/**
 * DATA_DIR itself: made if missing, refused with a clear sentence where it cannot be ours. Nothing in it is touched
 * before it has passed.
 */
import { constants } from 'node:fs';
import { access, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ErrorCode } from '../core/error-catalogue.ts';
import { HubError } from '../core/errors.ts';
import { errnoOf } from './sqlstate.ts';

const CODES: Readonly<Record<string, ErrorCode>> = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL' };
const MEANING: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read and write it',
  EPERM: 'this user may not read and write it',
  EROFS: 'it lies on a read-only disk',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'it is a file',
  ELOOP: 'its symbolic links run in a circle',
  ENAMETOOLONG: 'its path is too long',
};

/** A failed file operation, said for the operator. */
export function folderError(path: string, thrown: unknown): HubError {
  if (thrown instanceof HubError) return thrown;
  const errno = errnoOf(thrown);
  const why = MEANING[errno] ?? (errno === '' ? 'an unexpected error' : errno);
  return new HubError(CODES[errno] ?? 'DATA_DIR_UNUSABLE', { detail: `${path}: ${why}`, cause: thrown });
}

/**
 * The real path of DATA_DIR. It must belong to the user that runs the hub, root included: whoever owns the folder could
 * put a link in the place of a file that we write.
 * @throws HubError DATA_DIR_NOT_OURS, DATA_DIR_UNUSABLE, DISK_FULL
 */
export async function ensureDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => whyNot(path, error));
    const found = await stat(path);
    if (!found.isDirectory()) throw new HubError('DATA_DIR_UNUSABLE', { detail: `${path}: it is a file` });
    const uid = process.geteuid?.();
    if (uid !== undefined && found.uid !== uid) {
      throw new HubError('DATA_DIR_NOT_OURS', {
        detail: `${path} belongs to uid ${found.uid}, the hub runs as ${uid}`,
      });
    }
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    throw folderError(path, error);
  }
}

/** On a read-only disk, making a folder with those above it fails with "no such folder", which helps nobody. */
async function whyNot(path: string, error: unknown): Promise<never> {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    const there = await stat(at).catch(() => null);
    if (there === null) continue;
    if (errnoOf(error) === 'ENOENT') await access(at, constants.W_OK);
    break;
  }
  throw error;
}
