/** Looking at, and ending, database server processes that this process may not have started itself. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock.ts';

const run = promisify(execFile);
const LINUX = process.platform === 'linux';
const POLL_MS = 25;

/** PostgreSQL's own postmaster.pid, line by line. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  /** 'starting', 'ready', 'stopping', 'standby'; empty while the file is being written. */
  readonly status: string;
}

export async function readPidFile(cluster: string): Promise<PidFile | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isInteger(pid) || pid < 2) return null;
  return { pid, port: Number(lines[3] ?? 0), status: lines[7] ?? '' };
}

export async function removePidFile(cluster: string): Promise<void> {
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

/**
 * True for a running process. A zombie is none: where process 1 does not collect orphans (many containers), a killed
 * server stays in the process table for ever, and PostgreSQL's own check takes it for a live one.
 */
export async function isRunning(pid: number): Promise<boolean> {
  if (LINUX) {
    const state = (await statFields(pid))?.[0];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Is `pid` a server that works in this cluster's folder? A process id alone says nothing: they are reused. */
export async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  if (LINUX) {
    // A server changes into its data folder and stays there, however the folder was named to it.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const exe = await readlink(`/proc/${pid}/exe`).catch(() => '');
    return cwd === cluster && basename(exe).startsWith('postgres');
  }
  if (process.platform === 'win32') return true;
  const { stdout } = await run('ps', ['-ww', '-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(cluster);
}

/** Server processes that still work in the folder, children of a killed postmaster included. Linux only; else none. */
export async function serversIn(cluster: string): Promise<readonly number[]> {
  if (!LINUX) return [];
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid > 1);
  const found = await Promise.all(pids.map(async (pid) => ((await isServerOf(pid, cluster)) ? pid : 0)));
  return found.filter((pid) => pid !== 0);
}

/** What tells a process from a later one with the same id: its start, in clock ticks since boot. Empty off Linux. */
async function startMark(pid: number): Promise<string> {
  return (await statFields(pid))?.[19] ?? '';
}

/** Fields of /proc/PID/stat from `state` on: what stands before may contain blanks and brackets. */
async function statFields(pid: number): Promise<readonly string[] | null> {
  if (!LINUX) return null;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Sends the signal unless the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between, which is what the signal was for.
  }
}

/** Polls until `test` holds; false when it did not within `limit_ms`. */
export async function until(clock: Clock, limit_ms: number, test: () => Promise<boolean>): Promise<boolean> {
  const deadline = clock.monotonic() + limit_ms;
  for (;;) {
    if (await test()) return true;
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(POLL_MS);
  }
}

export interface StopLimits {
  /** Fast shutdown (SIGINT): transactions are rolled back, a checkpoint is written. */
  readonly fast_ms: number;
  /** Immediate shutdown (SIGQUIT): no checkpoint; the next start replays the log. */
  readonly immediate_ms: number;
}

/** A process, told from a later one with the same number by `mark` (see startMark). */
export interface Known {
  readonly pid: number;
  readonly mark: string;
}

export async function known(pid: number): Promise<Known> {
  return { pid, mark: await startMark(pid) };
}

/** Ends a postmaster, harder with each step; none of them loses a committed transaction. */
export async function endServer(
  clock: Clock,
  { pid, mark }: Known,
  cluster: string,
  limits: StopLimits,
): Promise<void> {
  const gone = async (): Promise<boolean> => !(await isRunning(pid)) || (await startMark(pid)) !== mark;
  const steps = [
    { name: 'SIGINT', limit_ms: limits.fast_ms },
    { name: 'SIGQUIT', limit_ms: limits.immediate_ms },
    { name: 'SIGKILL', limit_ms: limits.immediate_ms },
  ] as const;
  for (const { name, limit_ms } of steps) {
    if (await gone()) break;
    if (limit_ms === 0) continue;
    signal(pid, name);
    if (await until(clock, limit_ms, gone)) break;
  }
  await endLeftovers(clock, cluster, limits.immediate_ms);
}

/**
 * Waits until the children of a postmaster that died without them are gone; they notice its death by themselves unless
 * they compute. A new server over the same files while one of them still writes would destroy the data.
 */
export async function endLeftovers(clock: Clock, cluster: string, limit_ms: number): Promise<boolean> {
  const none = async (): Promise<boolean> => (await serversIn(cluster)).length === 0;
  for (const name of ['SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
    if (await until(clock, limit_ms / 3, none)) return true;
    for (const pid of await serversIn(cluster)) signal(pid, name);
  }
  return until(clock, limit_ms / 3, none);
}
