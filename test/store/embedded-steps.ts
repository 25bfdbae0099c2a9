/** Steps that the tests of the embedded database share. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { HubError } from '../../src/core/errors.ts';
import { clusterFolder } from '../../src/store/embedded-cluster.ts';
import { isRunning, readPidFile } from '../../src/store/embedded-process.ts';
import { startEmbedded, type Embedded, type EmbeddedOptions } from '../../src/store/embedded.ts';
import { openPool, type Pool } from '../../src/store/postgres.ts';

const undo = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs `fn` after the test; what was set up last goes first, and a failure keeps nothing else from going. */
export function afterwards(t: TestContext, fn: () => unknown): void {
  const known = undo.get(t);
  if (known !== undefined) {
    known.push(fn);
    return;
  }
  const all = [fn];
  undo.set(t, all);
  t.after(async () => {
    const errors: unknown[] = [];
    for (const each of all.reverse()) {
      try {
        await each();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `after the test: ${errors.map(String).join('; ')}`);
  });
}

export const quiet = { info: () => undefined, warn: () => undefined };

const PREFIX = 'slotwire-embedded-';
let swept: Promise<void> | null = null;

export async function temporaryFolder(t: TestContext): Promise<string> {
  await (swept ??= sweep());
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  afterwards(t, () => removed(folder));
  return folder;
}

async function removed(folder: string): Promise<void> {
  await endServerOf(join(folder, 'data'));
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** What tests left behind that were killed: a database outlives its hub by design. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^slotwire-embedded-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && !(await isRunning(pid))) await removed(join(tmpdir(), name)).catch(() => undefined);
  }
}

/** A server that a test left behind, by what its own pid file says. */
async function endServerOf(dataDir: string): Promise<void> {
  const found = await readPidFile(clusterFolder(dataDir));
  if (found === null || !(await isRunning(found.pid))) return;
  process.kill(found.pid, 'SIGCONT');
  process.kill(found.pid, 'SIGQUIT');
  await eventually('the server ends', async () => !(await isRunning(found.pid)));
}

export async function started(t: TestContext, dataDir: string, more: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const database = await startEmbedded({ dataDir, log: quiet, clock: systemClock, ...more });
  afterwards(t, () => database.stop());
  return database;
}

export async function pooled(t: TestContext, url: string, max = 2): Promise<Pool> {
  const pool = await openPool({
    url,
    max,
    applicationName: 'test',
    statementTimeout_ms: 10_000,
    onError: () => undefined,
  });
  afterwards(t, () => pool.close());
  return pool;
}

export interface Line {
  readonly held?: boolean;
  readonly up?: boolean;
  readonly pid?: number;
  readonly port?: number;
  readonly adopted?: boolean;
  readonly uid?: number;
  readonly committed?: number;
  readonly hangs?: boolean;
  readonly rows?: number;
  readonly error?: ErrorCode;
  readonly detail?: string;
}

export interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly Line[];
  /** The first line, past or to come, that fits. */
  line(fits: (line: Line) => boolean): Promise<Line>;
  readonly exit: Promise<number | null>;
}

const CHILD = join(import.meta.dirname, 'embedded-child.ts');

export interface ChildOptions {
  readonly script?: string;
  readonly node?: string;
  readonly uid?: number;
  readonly home?: string;
}

export function child(t: TestContext, args: readonly string[], options: ChildOptions = {}): Child {
  const { uid, script = CHILD, node = process.execPath, home } = options;
  const env = { PATH: process.env['PATH'] ?? '', ...(home === undefined ? {} : { HOME: home }) };
  const running = spawn(node, [script, ...args], {
    // A process group of its own, so that a test can send it what a terminal sends at Ctrl-C.
    detached: true,
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const lines: Line[] = [];
  let printed = '';
  let heard = (): void => undefined;
  createInterface(running.stdout).on('line', (text) => {
    lines.push(JSON.parse(text) as Line);
    heard();
  });
  running.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const exit = once(running, 'close').then(([code]) => code as number | null);
  let ended = false;
  exit.then(
    () => {
      ended = true;
      heard();
    },
    () => undefined,
  );
  afterwards(t, async () => {
    running.kill('SIGKILL');
    await exit;
  });
  const line = async (fits: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(fits);
      if (found !== undefined) return found;
      if (ended) throw new Error(`the child ended without that line: ${JSON.stringify(lines)} ${printed}`);
      await new Promise<void>((resolve) => (heard = resolve));
    }
  };
  return { process: running, lines, line, exit };
}

export async function killed(running: Child): Promise<void> {
  running.process.kill('SIGKILL');
  await running.exit;
}

/** Polls until true; fails after 30 s, which no machine should need. */
export async function eventually(what: string, test: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + 30_000;
  while (!(await test())) {
    if (systemClock.monotonic() > deadline) assert.fail(`it did not come to pass that ${what}`);
    await systemClock.sleep(10);
  }
}

export function refused(code: ErrorCode, detail: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof HubError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.detail, detail);
    return true;
  };
}
