import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { sha256 } from '../../core/ids.ts';
import { SimulatedClock } from './clock.ts';
import { Faults } from './faults.ts';
import type { SimulatorKind } from './kind.ts';
import { isAlive, readLease, writeLease } from './lease.ts';
import { simulatorServer } from './server.ts';
import { Store } from './store.ts';

export interface StartOptions {
  readonly site: string;
  readonly stateDir: string;
  readonly host?: string;
  /** 0: the port of the last run of this state folder when it is free, else any. */
  readonly port?: number;
  /** The parsed seed; `readSeed` reads one from a file. */
  readonly seed: unknown;
  readonly clock?: Clock;
}

export interface StartedSimulator {
  readonly site: string;
  readonly kind: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a simulator in this process. Throws HubError when the seed, the state folder or the port cannot be used. */
export async function startSimulator(kind: SimulatorKind, options: StartOptions): Promise<StartedSimulator> {
  const { site, stateDir } = options;
  const host = options.host ?? '127.0.0.1';
  const last = readLease(stateDir);
  if (last !== null && last.pid !== process.pid && (await isAlive(last))) {
    throw new HubError('DATA_DIR_IN_USE', { site, detail: `a simulator with pid ${last.pid} uses ${stateDir}` });
  }
  const store = openStore(stateDir, options.clock);
  const faults = new Faults(kind.switches);
  const clock = new SimulatedClock(store, faults, options.clock);
  const parts = kind.open({ site, seed: options.seed, store, faults, clock });
  const server = simulatorServer({ identity: { site, kind: kind.name }, parts, store, faults, clock });
  try {
    await listenSomewhere(server, host, options.port ?? 0, last === null ? 0 : Number(new URL(last.url).port));
  } catch (error) {
    store.close();
    throw new HubError('PORT_IN_USE', { site, detail: error instanceof Error ? error.message : '', cause: error });
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  writeLease(stateDir, { site, kind: kind.name, url, pid: process.pid, seed: seedDigest(options.seed) });
  const stop = async (): Promise<void> => {
    await parts.stop();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    store.close();
  };
  try {
    await parts.started(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { site, kind: kind.name, url, stop };
}

/** Of the parsed seed, so that a comment or a line break makes no other clinic. */
export function seedDigest(seed: unknown): string {
  return sha256(JSON.stringify(seed));
}

/** YAML, of which JSON is a part. @throws HubError CONFIG_UNREADABLE or CONFIG_INVALID with file and reason */
export function readSeed(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new HubError('CONFIG_UNREADABLE', { detail: `seed ${file}`, cause: error });
  }
  try {
    return parse(text);
  } catch (error) {
    const detail = `seed ${file}: ${error instanceof Error ? error.message : 'not YAML'}`;
    throw new HubError('CONFIG_INVALID', { detail, cause: error });
  }
}

function openStore(folder: string, clock?: Clock): Store {
  try {
    return new Store(folder, clock);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new HubError('DATA_DIR_UNUSABLE', { detail: `simulator state ${folder}: ${reason}`, cause: error });
  }
}

async function listenSomewhere(server: Server, host: string, port: number, previous: number): Promise<void> {
  if (port === 0 && previous > 0) {
    const taken = await listen(server, host, previous).then(
      () => false,
      () => true,
    );
    if (!taken) return;
  }
  await listen(server, host, port);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
