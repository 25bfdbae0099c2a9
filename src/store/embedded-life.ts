/** The life of the server, as drawn in embedded.ts: found or started, guarded, brought back when it dies, ended. */
import type pg from 'pg';
import { asHubError, HubError } from '../core/errors.ts';
import type { Binaries } from './embedded-binaries.ts';
import { ADMIN_ROLE, HUB_DATABASE, HUB_ROLE, type Cluster } from './embedded-cluster.ts';
import { endOthers, ensureDatabase, meet, runningName, serverUrl, takeGuard } from './embedded-connect.ts';
import { formerStillThere, portWasTaken, startError, type ServerLog } from './embedded-log.ts';
import {
  endLeftovers,
  endServer,
  isServerOf,
  known,
  readPidFile,
  removePidFile,
  serversOf,
  type Known,
} from './embedded-process.ts';
import { clusterName, freePort, spawnServer } from './embedded-server.ts';
import type { RunAs } from './embedded-user.ts';
import type { Embedded, EmbeddedOptions } from './embedded.ts';

const START_LIMIT_MS = 60_000;
const POLL_MS = 20;
const RETRY_MS = 250;
const PORT_TRIES = 5;
/** Within the 10 s that the hub's own stop may take. */
const STOP = { fast_ms: 5_000, immediate_ms: 2_000 };
const LEFTOVER_LIMIT_MS = 15_000;
const LOG_CHECK_MS = 600_000;

export interface Place {
  readonly cluster: Cluster;
  readonly runAs: RunAs | null;
  readonly binaries: Binaries;
  readonly log: ServerLog;
}

type Launch = { readonly server: Known; readonly admin: pg.Client } | { readonly failed: string };

export class EmbeddedServer implements Embedded {
  port = 0;
  pid = 0;
  adopted = false;
  readonly #options: EmbeddedOptions;
  readonly #place: Place;
  readonly #stopper = new AbortController();
  #signal: AbortSignal;
  #guard: pg.Client | null = null;
  /** A server that this process must end when it gives up: started by it, or adopted and under guard. */
  #ours: Known | null = null;
  #recovering: Promise<void> = Promise.resolve();
  #bounding: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;

  constructor(options: EmbeddedOptions, place: Place) {
    this.#options = options;
    this.#place = place;
    const given = options.signal === undefined ? [] : [options.signal];
    this.#signal = AbortSignal.any([this.#stopper.signal, ...given]);
  }

  get url(): string {
    return serverUrl(this.port, HUB_ROLE, this.#place.cluster.passwords.hub, HUB_DATABASE);
  }

  get adminUrl(): string {
    return serverUrl(this.port, ADMIN_ROLE, this.#place.cluster.passwords.admin, 'postgres');
  }

  async start(): Promise<void> {
    await this.#bringUp();
    // The caller's signal gives up a start; ending a server that is up is for stop() alone, after the drain.
    this.#signal = this.#stopper.signal;
    this.#bounding = this.#boundLog();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    this.#stopper.abort();
    await this.#recovering;
    await this.#bounding;
    await this.#guard?.end().catch(() => undefined);
    if (this.#ours !== null) await endServer(this.#options.clock, this.#ours, this.#place.cluster.mark, STOP);
    await this.#place.log.close();
  }

  /** One server up, guarded, whatever was in the folder before. */
  async #bringUp(): Promise<void> {
    const { folder, mark } = this.#place.cluster;
    const { clock } = this.#options;
    for (;;) {
      this.#assertWanted();
      const found = await readPidFile(folder);
      if (found !== null && (await isServerOf(found.pid, mark))) {
        if (await this.#adopt(await known(found.pid), found.port)) return;
        continue;
      }
      if (!(await endLeftovers(clock, mark, LEFTOVER_LIMIT_MS))) {
        const detail = `processes ${(await serversOf(mark)).join(', ')} still work in ${folder} and cannot be ended`;
        throw new HubError('DATABASE_CANNOT_START', { detail });
      }
      // PostgreSQL removes it too, but believes it when its number now belongs to a zombie or to somebody else.
      if (found !== null) await removePidFile(folder);
      await this.#startNew();
      return;
    }
  }

  /** False when the server found had to be ended. */
  async #adopt(server: Known, port: number): Promise<boolean> {
    const { binaries, cluster } = this.#place;
    const { passwords, mark } = cluster;
    const { clock, log, settings = {} } = this.#options;
    const { pid } = server;
    const met = await this.#waitFor(port, () => isServerOf(pid, mark));
    if (met === null) {
      if (!(await isServerOf(pid, mark))) return false;
      log.warn(`the database server ${pid}, left behind, does not answer; it is ended and started anew`);
      await endServer(clock, server, mark, { ...STOP, fast_ms: 0 });
      return false;
    }
    try {
      await ensureDatabase(met, passwords);
      const guard = await takeGuard(clock, port, passwords);
      if ((await runningName(met)) !== clusterName(binaries, settings, mark)) {
        log.info(`the database server ${pid}, left behind, is of another release; it is ended and started anew`);
        await guard.end().catch(() => undefined);
        await endServer(clock, server, mark, STOP);
        return false;
      }
      // Only at the start: later, the connections are those of this hub's own pool.
      if (this.port === 0) await endOthers(met, guard);
      this.#up(server, port, guard, true);
      return true;
    } finally {
      await met.end().catch(() => undefined);
    }
  }

  async #startNew(): Promise<void> {
    const { clock } = this.#options;
    const { passwords } = this.#place.cluster;
    const deadline = clock.monotonic() + this.#limit_ms;
    // After a restart under way the pool still has the old address.
    const fixed = this.port;
    for (let ports = 1; ;) {
      const port = fixed === 0 ? await freePort() : fixed;
      const launch = await this.#launch(port);
      if ('admin' in launch) {
        try {
          await ensureDatabase(launch.admin, passwords);
          this.#up(launch.server, port, await takeGuard(clock, port, passwords), false);
          return;
        } finally {
          await launch.admin.end().catch(() => undefined);
        }
      }
      this.#assertWanted();
      const again = formerStillThere(launch.failed) && clock.monotonic() < deadline;
      if (!again && !(portWasTaken(launch.failed) && ports < PORT_TRIES)) throw startError(launch.failed, 'postgres');
      if (!again) ports += 1;
      await clock.sleep(RETRY_MS, this.#signal);
    }
  }

  async #launch(port: number): Promise<Launch> {
    const { log, cluster } = this.#place;
    const before = await log.end();
    const child = await spawnServer({ ...this.#place, port, settings: this.#options.settings ?? {} });
    const pid = child.pid;
    if (pid !== undefined) this.#ours = await known(pid);
    const runs = (): Promise<boolean> =>
      Promise.resolve(pid !== undefined && child.exitCode === null && child.signalCode === null);
    const admin = await this.#waitFor(port, runs);
    if (admin !== null && this.#ours !== null) return { server: this.#ours, admin };
    const silent = await runs();
    if (silent && this.#ours !== null) await endServer(this.#options.clock, this.#ours, cluster.mark, STOP);
    this.#ours = null;
    const printed = await log.since(before);
    return { failed: silent ? `${printed}\nit did not answer within ${this.#limit_ms} ms` : printed };
  }

  /** A connection as superuser; null when the server is gone, or stays mute beyond the limit. */
  async #waitFor(port: number, runs: () => Promise<boolean>): Promise<pg.Client | null> {
    const { clock } = this.#options;
    let deadline = clock.monotonic() + this.#limit_ms;
    for (;;) {
      this.#assertWanted();
      const met = await meet(port, this.#place.cluster.passwords);
      if (met.kind === 'ready') return met.admin;
      if (met.kind === 'stranger' && (await runs())) {
        throw new HubError('DATABASE_CANNOT_START', {
          detail: `the server in ${this.#place.cluster.folder} does not take the password in hub.secret`,
        });
      }
      if (met.kind === 'starting') deadline = clock.monotonic() + this.#limit_ms;
      if (!(await runs()) || clock.monotonic() >= deadline) return null;
      await clock.sleep(POLL_MS, this.#signal);
    }
  }

  #up(server: Known, port: number, guard: pg.Client, adopted: boolean): void {
    const { pid } = server;
    this.pid = pid;
    this.port = port;
    this.adopted = adopted;
    this.#ours = server;
    this.#guard = guard;
    const { log } = this.#options;
    log.info(adopted ? `adopted the database server ${pid} on port ${port}` : `database server ${pid} on port ${port}`);
    guard.once('end', () => {
      if (this.#stopper.signal.aborted) return;
      log.warn(`the database server ${pid} closed the hub's connection; looking for it`);
      this.#recovering = this.#recover();
    });
  }

  async #recover(): Promise<void> {
    try {
      await this.#bringUp();
    } catch (error) {
      if (!this.#stopper.signal.aborted) this.#options.onLost?.(asHubError(error));
    }
  }

  async #boundLog(): Promise<void> {
    while (!this.#stopper.signal.aborted) {
      await this.#options.clock.sleep(LOG_CHECK_MS, this.#stopper.signal);
      await this.#place.log.bound();
    }
  }

  get #limit_ms(): number {
    return this.#options.startLimit_ms ?? START_LIMIT_MS;
  }

  #assertWanted(): void {
    if (this.#signal.aborted) throw new HubError('STOPPING');
  }
}
