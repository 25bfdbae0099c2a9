/**
 * Reads CONFIG_DIR: `hub.yaml`, `sites/*.yaml`, `subscribers.yaml`. Whatever cannot be read is an issue, never a throw.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from './issue.ts';
import { readSource, type ReadSource, type Source } from './source.ts';

/** No settings file comes near this; a larger one is something else under a wrong name. */
const FILE_MAX_BYTES = 1_048_576;

export interface Loaded {
  /** Null: missing or unreadable, which is an issue. */
  readonly hub: Source | null;
  /** By site id (the file name without `.yaml`), ascending; null: the file is there but cannot be read. */
  readonly sites: ReadonlyMap<string, Source | null>;
  /** Null: there is none. */
  readonly subscribers: Source | null;
  readonly issues: readonly Issue[];
}

export async function loadConfig(configDir: string): Promise<Loaded> {
  const issues: Issue[] = [];
  const keep = (read: ReadSource): Source | null => {
    issues.push(...read.issues);
    return read.source;
  };
  const sites = new Map<string, Source | null>();
  const hub = keep(await readFileAt(join(configDir, 'hub.yaml'), 'required'));
  for (const name of await siteFiles(join(configDir, 'sites'), issues)) {
    const read = await readFileAt(join(configDir, 'sites', name), 'required');
    sites.set(name.slice(0, -'.yaml'.length), keep(read));
  }
  const subscribers = keep(await readFileAt(join(configDir, 'subscribers.yaml'), 'optional'));
  return { hub, sites, subscribers, issues };
}

/**
 * Names ending in `.yaml`, sorted. Hidden files and editors' backups are left alone; a site file by another ending is
 * told.
 */
async function siteFiles(folder: string, issues: Issue[]): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const problem = `the folder cannot be read (${reasonOf(error)})`;
    issues.push({ file: folder, line: 1, field: '', problem, write: 'create it, or set CONFIG_DIR to its parent' });
    return [];
  }
  const visible = names.filter((name) => !name.startsWith('.'));
  for (const name of visible.filter((other) => /\.(yml|json|YAML)$/.test(other))) {
    const file = join(folder, name);
    issues.push({ file, line: 1, field: '', problem: 'is no site file by its name', write: 'end its name in .yaml' });
  }
  return visible.filter((name) => name.endsWith('.yaml')).sort();
}

async function readFileAt(file: string, need: 'required' | 'optional'): Promise<ReadSource> {
  const refuse = (problem: string, write: string): ReadSource => ({
    source: null,
    issues: [{ file, line: 1, field: '', problem, write }],
  });
  let bytes: Uint8Array;
  try {
    const about = await stat(file);
    if (about.size > FILE_MAX_BYTES) return refuse(`is larger than ${FILE_MAX_BYTES} bytes`, 'write a smaller file');
    bytes = await readFile(file);
  } catch (error) {
    const reason = reasonOf(error);
    if (need === 'optional' && reason === 'ENOENT') return { source: null, issues: [] };
    return refuse(`cannot be read (${reason})`, 'create it or mend its permissions');
  }
  try {
    return readSource(file, new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse('is not UTF-8 text', 'save it as UTF-8');
  }
}

/** ENOENT, EACCES and the like: names the cause without the path, which the issue has already. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unreadable';
}
