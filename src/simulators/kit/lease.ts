/**
 * STATE/simulator.json: where the simulator of this state folder listens, so that a restarted hub finds a living one.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Lease {
  readonly site: string;
  readonly kind: string;
  readonly url: string;
  readonly pid: number;
  /** Digest of the seed that it was started with: another seed is another clinic. */
  readonly seed: string;
}

const FILE = 'simulator.json';

export function writeLease(folder: string, lease: Lease): void {
  const path = join(folder, FILE);
  writeFileSync(`${path}.next`, `${JSON.stringify(lease)}\n`);
  renameSync(`${path}.next`, path);
}

/** Null when there is none that can be read. */
export function readLease(folder: string): Lease | null {
  try {
    const lease = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Partial<Lease>;
    const { site, kind, url, pid, seed = '' } = lease;
    if (site === undefined || kind === undefined || url === undefined || !Number.isInteger(pid)) return null;
    return { site, kind, url, pid: pid as number, seed };
  } catch {
    return null;
  }
}

/** True when that process lives and answers as this site: a pid alone may have been given to another program. */
export async function isAlive(lease: Lease): Promise<boolean> {
  if (!processLives(lease.pid)) return false;
  try {
    const answer = await fetch(`${lease.url}/__sim/state?only=now`, { signal: AbortSignal.timeout(5000) });
    const state = (await answer.json()) as { readonly site?: unknown; readonly kind?: unknown };
    return state.site === lease.site && state.kind === lease.kind;
  } catch {
    return false;
  }
}

export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
