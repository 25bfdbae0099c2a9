/** Looking at, and ending, database server processes that this process may not have started itself. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
  const state = (await statFields(pid))?.[0];
  if (state !== undefined) return state !== 'Z' && state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Is `pid` a server process of the cluster that bears this mark? A process id alone says nothing: they are reused. The
 * mark is part of the server's cluster_name, which stands in the command line of the postmaster and in the title of
 * each of its children. (The working folder, /proc/PID/cwd, would say it too, but root in a container may not read it
 * of another user's process.)
 */
export async function isServerOf(pid: number, mark: string): Promise<boolean> {
  return (await isRunning(pid)) && isMarked(await commandOf(pid), mark);
}

/** Processes of the cluster's server, children of a killed postmaster included. */
export async function serversOf(mark: string): Promise<readonly number[]> {
  if (process.platform === 'win32') return [];
  if (!LINUX) {
    const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command=']).catch(() => ({ stdout: '' }));
    const lines = stdout.split('\n').map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
    return lines.filter((line) => isMarked(line?.[2] ?? '', mark)).map((line) => Number(line?.[1]));
  }
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid > 1);
  const found = await Promise.all(pids.map(async (pid) => ((await isServerOf(pid, mark)) ? pid : 0)));
  return found.filter((pid) => pid !== 0);
}

function isMarked(command: string, mark: string): boolean {
  // A postmaster is `/path/postgres -D ...`, its child `postgres: slotwire-...: checkpointer`; not an editor or a grep.
  return command.includes(mark) && /^(?:postgres:|\S*postgres(?:\.exe)?\s)/.test(command);
}

async function commandOf(pid: number): Promise<string> {
  if (LINUX) return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  // Without a look at the command line, the password decides: only our own server takes it.
  if (process.platform === 'win32') return `postgres ${pid}`;
  const { stdout } = await run('ps', ['-ww', '-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return stdout;
}

/** In clock ticks since boot. Empty off Linux. */
async function beginOf(pid: number): Promise<string> {
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

/** A process, told from a later one with the same number by when it began. */
export interface Known {
  readonly pid: number;
  readonly began: string;
}

export async function known(pid: number): Promise<Known> {
  return { pid, began: await beginOf(pid) };
}

/** Ends a postmaster, harder with each step; none of them loses a committed transaction. */
export async function endServer(clock: Clock, { pid, began }: Known, mark: string, limits: StopLimits): Promise<void> {
  const gone = async (): Promise<boolean> => !(await isRunning(pid)) || (await beginOf(pid)) !== began;
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
  await endLeftovers(clock, mark, limits.immediate_ms);
}

/**
 * Waits until the children of a postmaster that died without them are gone; they notice its death by themselves unless
 * they compute. A new server over the same files while one of them still writes would destroy the data.
 */
export async function endLeftovers(clock: Clock, mark: string, limit_ms: number): Promise<boolean> {
  const none = async (): Promise<boolean> => (await serversOf(mark)).length === 0;
  for (const name of ['SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
    if (await until(clock, limit_ms / 3, none)) return true;
    for (const pid of await serversOf(mark)) signal(pid, name);
  }
  return until(clock, limit_ms / 3, none);
}
