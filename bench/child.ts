/** Programs that are measured run as processes of their own, and none is left behind, however a bench ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock } from '../src/core/clock.ts';

export interface Child {
  readonly pid: number;
  /** When it was spawned, on the monotonic clock. */
  readonly spawnedAt: number;
  /** Everything that it said on stdout and stderr, its last 64 KiB. */
  said(): string;
  /** The first line on stdout. Rejects when it ends before. */
  firstLine(): Promise<string>;
  exited(): boolean;
  /** SIGTERM, and SIGKILL for one that does not go. Resolves when it is gone. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 15_000;
const KEPT_CHARACTERS = 65_536;

const running = new Set<Child>();

export function startChild(args: readonly string[], env: Readonly<Record<string, string>>, cwd = process.cwd()): Child {
  const spawnedAt = systemClock.monotonic();
  const spawned = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
  };
  spawned.stdout.on('data', keep);
  spawned.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => {
    spawned.once('exit', () => resolve());
    spawned.once('error', () => resolve());
  });
  const line = firstLine(spawned, () => text);
  // Whoever does not ask for the line must not be ended by its rejection.
  line.catch(() => undefined);
  const child: Child = {
    pid: spawned.pid ?? 0,
    spawnedAt,
    said: () => text,
    firstLine: () => line,
    exited: () => spawned.exitCode !== null || spawned.signalCode !== null,
    async stop() {
      running.delete(child);
      if (child.exited()) return;
      spawned.kill('SIGTERM');
      const late = new AbortController();
      const killer = systemClock.sleep(STOP_LIMIT_MS, late.signal).then(() => {
        if (!late.signal.aborted) spawned.kill('SIGKILL');
      });
      await ended;
      late.abort();
      await killer;
    },
  };
  running.add(child);
  return child;
}

/** For an interrupted run. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

function firstLine(spawned: ChildProcess, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (spawned.stdout !== null) createInterface({ input: spawned.stdout }).once('line', resolve);
    spawned.once('error', reject);
    spawned.once('exit', (code) => reject(new Error(`it ended with exit code ${code ?? 'none'}: ${said()}`)));
  });
}

/** Looks again and again until `look` gives something. */
export async function until<T>(
  what: string,
  limits: { readonly within_ms: number; readonly every_ms: number },
  look: () => Promise<T | null>,
): Promise<T> {
  const deadline = systemClock.monotonic() + limits.within_ms;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`not within ${limits.within_ms} ms: ${what}`);
    await systemClock.sleep(limits.every_ms);
  }
}
