/** Which files a feed sends, and in which order. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Problem } from './command.ts';

export interface FeedFile {
  readonly path: string;
  /** As the reader knows it: below the folder that was named, or as it was named. */
  readonly name: string;
}

const ENDINGS = /\.(hl7|txt|dat)$/i;

/**
 * Of a folder the files that end like HL7 files, with those of its folders, sorted by name: senders number their
 * files. A file that
 * is named by itself may end as it likes.
 * @throws Problem
 */
export async function feedFiles(named: readonly string[], cwd: string): Promise<readonly FeedFile[]> {
  const files: FeedFile[] = [];
  for (const name of named) {
    const path = resolve(cwd, name);
    const found = await stat(path).catch(() => null);
    if (found === null) throw new Problem(`There is no file or folder ${path}.`);
    if (!found.isDirectory()) {
      files.push({ path, name });
      continue;
    }
    const inside = await filesBelow(path);
    if (inside.length === 0) throw new Problem(`${path} holds no file that ends in .hl7, .txt or .dat.`);
    files.push(...inside.map((file) => ({ path: file, name: relative(path, file) })));
  }
  return files;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && ENDINGS.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
