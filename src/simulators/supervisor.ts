/** Starts the simulators of the sandbox as processes of their own, or adopts those that outlived the last hub. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { isAlive, processLives, readLease, type Lease } from './kit/lease.ts';
import { readSeed, seedDigest } from './kit/start.ts';

/** The kinds that have a simulator, by the program that runs one. */
const PROGRAMS: Readonly<Record<string, string>> = {
  acuity: './acuity/main.ts',
  epic: './epic/main.ts',
  hl7v2: './hl7v2/main.ts',
};

export interface SimulatorSpec {
  readonly site: string;
  readonly kind: string;
  readonly seedFile: string;
  /** One folder per simulator, outside DATA_DIR. */
  readonly stateDir: string;
  /** 0 or absent: the port of its last run, else any free one. */
  readonly port?: number;
}

export interface SupervisorOptions {
  readonly host?: string;
  /** How long a simulator may take to listen. */
  readonly startLimit_ms?: number;
  readonly stopLimit_ms?: number;
}

/** Where a simulator is reached. */
export interface Addressed {
  readonly site: string;
  /** Base address; the vendor's paths and `/__sim/` lie below it. */
  readonly url: string;
  /** Where a system that speaks HL7 v2 takes requests (SRM); null: it takes none. */
  readonly requestPort: number | null;
}

export interface RunningSimulator extends Addressed {
  readonly kind: string;
  readonly pid: number;
  /** True when it was running already. */
  readonly adopted: boolean;
  /** What its staff would do: `{action: 'set-target', ...}`. Throws HubError SIMULATOR_FAILED with what it answered. */
  act(request: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Asks it to stop and waits until the process is gone. Its state stays on disk. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const ACT_LIMIT_MS = 10_000;
const LOG = 'simulator.log';

/** @throws HubError when one cannot start; those already started by this call are stopped again */
export async function startSimulators(
  specs: readonly SimulatorSpec[],
  options: SupervisorOptions = {},
): Promise<RunningSimulator[]> {
  const outcomes = await Promise.allSettled(specs.map((spec) => startOne(spec, options)));
  const started = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = outcomes.find((one) => one.status === 'rejected');
  if (failed === undefined) return started;
  await Promise.all(started.filter((one) => !one.adopted).map((one) => one.stop()));
  throw failed.reason;
}

export function simulatorLives({ pid }: Pick<RunningSimulator, 'pid'>): boolean {
  return processLives(pid);
}

/** The simulator that runs on this folder already; null: none does. Nothing is started or stopped. */
export async function livingSimulator(site: string, kind: string, stateDir: string): Promise<RunningSimulator | null> {
  const lease = readLease(stateDir);
  const isOurs = lease !== null && lease.site === site && lease.kind === kind && (await isAlive(lease));
  return isOurs ? running(lease, true, STOP_LIMIT_MS) : null;
}

async function startOne(spec: SimulatorSpec, options: SupervisorOptions): Promise<RunningSimulator> {
  const program = Object.hasOwn(PROGRAMS, spec.kind) ? PROGRAMS[spec.kind] : undefined;
  if (program === undefined) {
    throw new HubError('SIMULATOR_FAILED', { site: spec.site, detail: `there is no simulator of kind ${spec.kind}` });
  }
  const stopLimit_ms = options.stopLimit_ms ?? STOP_LIMIT_MS;
  const living = readLease(spec.stateDir);
  const isOurs = living !== null && living.site === spec.site && living.kind === spec.kind && (await isAlive(living));
  if (isOurs && living.seed === seedDigest(readSeed(spec.seedFile))) return running(living, true, stopLimit_ms);
  // It lives, but by a seed that has changed since: its settings would not be those that the file shows.
  if (isOurs) await stopProcess(living.pid, stopLimit_ms);
  return running(await spawnOne(spec, program, options), false, stopLimit_ms);
}

async function running(
  lease: Pick<Lease, 'site' | 'kind' | 'url' | 'pid'>,
  adopted: boolean,
  limit_ms: number,
): Promise<RunningSimulator> {
  const { site, kind, url, pid } = lease;
  return {
    ...{ site, kind, url, pid, adopted },
    requestPort: kind === 'hl7v2' || kind === 'epic' ? await requestPort(site, url) : null,
    act: (request) => act(site, url, request),
    stop: () => stopProcess(pid, limit_ms),
  };
}

async function requestPort(site: string, url: string): Promise<number | null> {
  try {
    const answer = await fetch(`${url}/__sim/state?only=requests`, { signal: AbortSignal.timeout(ACT_LIMIT_MS) });
    const { requests } = (await answer.json()) as { readonly requests?: { readonly port: number } | null };
    return requests?.port ?? null;
  } catch (error) {
    throw new HubError('SIMULATOR_FAILED', { site, detail: 'it does not tell its state', cause: error });
  }
}

async function act(site: string, url: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(ACT_LIMIT_MS);
    const answer = await fetch(`${url}/__sim/act`, { method: 'POST', body: JSON.stringify(request), signal });
    if (answer.status === 200) return await answer.json();
    throw new Error(`it answered ${answer.status} ${await answer.text()}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'no answer';
    throw new HubError('SIMULATOR_FAILED', { site, detail: `${String(request['action'])}: ${why}`, cause: error });
  }
}

async function spawnOne(
  spec: SimulatorSpec,
  program: string,
  options: SupervisorOptions,
): Promise<Omit<Lease, 'seed'>> {
  mkdirSync(spec.stateDir, { recursive: true });
  const log = openSync(join(spec.stateDir, LOG), 'a');
  const path = fileURLToPath(new URL(program, import.meta.url));
  const where = ['--host', options.host ?? '127.0.0.1', '--port', String(spec.port ?? 0)];
  const args = [path, '--site', spec.site, '--state', spec.stateDir, '--seed', spec.seedFile, ...where];
  // Detached, in a session of its own: a kill of the hub's process group must not take the sites down with it.
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', log] });
  closeSync(log);
  try {
    const url = await readyUrl(child, spec, options.startLimit_ms ?? START_LIMIT_MS);
    return { site: spec.site, kind: spec.kind, url, pid: child.pid ?? 0 };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
}

function readyUrl(child: ChildProcess, spec: SimulatorSpec, limit_ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      const detail = `${spec.kind} simulator: ${why}${lastLines(spec.stateDir)}`;
      reject(new HubError('SIMULATOR_FAILED', { site: spec.site, detail, cause }));
    };
    const timer = setTimeout(() => fail(`it did not listen within ${limit_ms} ms`), limit_ms);
    child.once('error', (error) => fail(error.message, error));
    child.once('exit', (code) => fail(`it ended with exit code ${code ?? 'none'}`));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      try {
        resolve((JSON.parse(line) as { readonly url: string }).url);
      } catch (error) {
        fail('its first line is not JSON', error);
      }
    });
  });
}

function lastLines(stateDir: string): string {
  try {
    const lines = readFileSync(join(stateDir, LOG), 'utf8').trim().split('\n').slice(-3);
    return lines.join('').trim() === '' ? '' : `; its log ends: ${lines.join(' | ')}`;
  } catch {
    return '';
  }
}

async function stopProcess(pid: number, limit_ms: number): Promise<void> {
  send(pid, 'SIGTERM');
  const end = systemClock.monotonic() + limit_ms;
  while (processLives(pid) && systemClock.monotonic() < end) await systemClock.sleep(20);
  if (processLives(pid)) send(pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself, which is what was wanted.
  }
}
