/**
 * Labelled files of others, which lie beside the project and may not be part of it. Tests of them say when they are
 * absent.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../shared/samples');

/** The path of one, and why a test of it is skipped: false where the file is there. */
export function sharedFile(path: string): { readonly path: string; readonly skip: string | false } {
  const full = join(FOLDER, path);
  return { path: full, skip: existsSync(full) ? false : `../shared/samples/${path} is not there` };
}
