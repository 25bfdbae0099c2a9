/**
 * A whole hub for a test: the real process with its simulators and its database, in folders of its own, which is gone
 * afterwards however the test ends. `kill` takes the hub alone: its simulators and its database server live on, as
 * after a crash.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../src/core/clock.ts';
import { processLives, readLease, type Lease } from '../../src/simulators/kit/lease.ts';
import { clusterFolder, HUB_DATABASE, HUB_ROLE, openCluster } from '../../src/store/embedded-cluster.ts';
import { serverUrl } from '../../src/store/embedded-connect.ts';
import { endLeftovers, readPidFile, serversOf, signal } from '../../src/store/embedded-process.ts';
import { quickConfig, type ConfigFolder } from './config-folder.ts';
import { freshDatabase, type Cleanup } from './database.ts';
import { eventually } from './wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 60_000;
const SERVER_END_MS = 15_000;

export interface HubOptions {
  /** Of the shipped sandbox; default all three. */
  readonly sites?: readonly string[];
  /**
   * `shared`: a database of its own on the tests' server, quicker. `embedded`: the hub's own server, as `npm start` has
   * it.
   */
  readonly database?: 'shared' | 'embedded';
  readonly configure?: (config: ConfigFolder) => Promise<void>;
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder whose src/main.ts is run; default this checkout. The chaos harness runs a copy with a planted bug. */
  readonly root?: string;
  /** Told before anything is in it where DATA_DIR will be: to mount a small disk there, say. */
  readonly beforeData?: (dataDir: string) => Promise<void>;
}

export interface Sandbox {
  readonly fhirBaseUrl: string;
  readonly opsUrl: string;
  readonly mllp: { readonly host: string; readonly port: number };
  readonly tokens: Readonly<Record<string, string>>;
  readonly sites: readonly { readonly id: string; readonly kind: string; readonly simulatorUrl: string }[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly took_ms: number;
}

/** Runs one statement on the hub's database. */
export type Query = (
  text: string,
  values?: readonly unknown[],
) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;

export interface TestHub {
  readonly dataDir: string;
  readonly config: ConfigFolder;
  readonly environment: Readonly<Record<string, string>>;
  /** Where everything is; of the last start. */
  sandbox(): Sandbox;
  /** `http://host:port`, without a path. */
  origin(): string;
  simulator(site: string): string;
  pid(): number;
  /** Standard output and error of every run. */
  output(): string;
  query: Query;
  /** Starts it again on the same folders and, so that callers and vendors find it, on the same HTTP port. */
  start(): Promise<void>;
  /** Resolves when /readyz answers 200; `start` waits for it. */
  ready(): Promise<void>;
  /** SIGKILL to the hub alone. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<Ended>;
  signal(name: NodeJS.Signals): void;
  /** Processes of its own that live: simulators and, when embedded, the database server. */
  companions(): Promise<{ readonly simulators: readonly number[]; readonly database: readonly number[] }>;
}

export async function startHub(cleanup: Cleanup, options: HubOptions = {}): Promise<TestHub> {
  const hub = await prepareHub(cleanup, options);
  await hub.start();
  return hub;
}

/** The folders and the database, with nothing started in them yet. */
export async function prepareHub(cleanup: Cleanup, options: HubOptions = {}): Promise<TestHub> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-story-'));
  const dataDir = join(folder, 'data');
  const shared = options.database === 'embedded' ? null : await freshDatabase(cleanup);
  const config = await quickConfig(join(folder, 'config'), options.sites);
  await options.configure?.(config);
  await options.beforeData?.(dataDir);
  const environment: Readonly<Record<string, string>> = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    HOST: '127.0.0.1',
    HTTP_PORT: '0',
    MLLP_PORT: '0',
    DATA_DIR: dataDir,
    CONFIG_DIR: config.path,
    ...(shared === null ? {} : { DATABASE_URL: shared.url }),
    ...options.environment,
  };
  const hub = new HubProcess(dataDir, config, environment, shared?.url ?? null, options.root);
  cleanup.after(async () => {
    await hub.clear();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  return hub;
}

/** A program run to its end, as an operator sees it: what it printed and how it ended. */
export interface Run {
  readonly child: ChildProcess;
  output(): string;
  isOver(): boolean;
  readonly ended: Promise<Ended>;
}

export function runMain(environment: Readonly<Record<string, string>>, root = ROOT): Run {
  const began = systemClock.monotonic();
  const child = spawn(process.execPath, [join(root, 'src/main.ts')], {
    cwd: root,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, took_ms: systemClock.monotonic() - began }));
  });
  const last = (): void => {
    child.kill('SIGKILL');
  };
  leftBehind.add(last);
  child.once('close', () => leftBehind.delete(last));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return { child, output: () => printed, isOver, ended };
}

/** What a test process that is ended takes along: a runner ends one that takes too long by SIGTERM. */
const leftBehind = new Set<() => void>();
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => {
  for (const end of leftBehind) end();
});

class HubProcess implements TestHub {
  readonly dataDir: string;
  readonly config: ConfigFolder;
  readonly environment: Readonly<Record<string, string>>;
  readonly #database: string | null;
  readonly #root: string | undefined;
  #run: Run | null = null;
  #before = '';
  #sandbox: Sandbox | null = null;
  #pool: pg.Pool | null = null;
  #toldBefore = 0;

  constructor(
    dataDir: string,
    config: ConfigFolder,
    environment: Readonly<Record<string, string>>,
    database: string | null,
    root: string | undefined,
  ) {
    this.dataDir = dataDir;
    this.config = config;
    this.environment = environment;
    this.#database = database;
    this.#root = root;
    leftBehind.add(this.#last);
  }

  sandbox(): Sandbox {
    if (this.#sandbox === null) throw new Error('the hub was not ready yet');
    return this.#sandbox;
  }

  origin(): string {
    return new URL(this.sandbox().fhirBaseUrl).origin;
  }

  simulator(site: string): string {
    const found = this.sandbox().sites.find((one) => one.id === site);
    if (found === undefined) throw new Error(`no simulator of ${site}`);
    return found.simulatorUrl;
  }

  pid(): number {
    const pid = this.#run?.child.pid;
    if (pid === undefined) throw new Error('the hub does not run');
    return pid;
  }

  output(): string {
    return this.#before + (this.#run?.output() ?? '');
  }

  readonly query: Query = async (text, values = []) => {
    this.#pool ??= await this.#connect();
    return this.#pool.query<Record<string, unknown>>(text, [...values]);
  };

  async start(): Promise<void> {
    await this.launch();
    await this.ready();
  }

  async launch(): Promise<void> {
    if (this.#run !== null) throw new Error('the hub runs already');
    await this.#disconnect();
    const port = this.#sandbox === null ? {} : { HTTP_PORT: new URL(this.#sandbox.fhirBaseUrl).port };
    this.#toldBefore = await this.#told();
    this.#run = runMain({ ...this.environment, ...port }, this.#root);
  }

  async ready(): Promise<void> {
    const run = this.#run;
    if (run === null) throw new Error('the hub does not run');
    const isReady = async (): Promise<'ready' | 'ended' | null> => {
      if (run.isOver()) return 'ended';
      // The file of the run before still names its MLLP port.
      if ((await this.#told()) === this.#toldBefore) return null;
      this.#sandbox = JSON.parse(await readFile(join(this.dataDir, 'sandbox.json'), 'utf8')) as Sandbox;
      const { status } = await fetch(`${this.origin()}/readyz`, { signal: AbortSignal.timeout(10_000) });
      return status === 200 ? 'ready' : null;
    };
    const found = await eventually('the hub is ready', isReady, { within_ms: READY_WITHIN_MS }).catch(
      (error: unknown) => {
        throw new Error(`the hub is not ready; it printed:\n${run.output()}`, { cause: error });
      },
    );
    if (found === 'ended') throw new Error(`the hub ended; it printed:\n${run.output()}`);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#end();
  }

  async stop(): Promise<Ended> {
    const began = systemClock.monotonic();
    this.signal('SIGTERM');
    const ended = await this.#end();
    return { ...ended, took_ms: systemClock.monotonic() - began };
  }

  signal(name: NodeJS.Signals): void {
    if (this.#run?.child.kill(name) !== true) throw new Error('the hub does not run');
  }

  async companions(): ReturnType<TestHub['companions']> {
    const database = await openCluster(this.dataDir).then(
      ({ mark }) => serversOf(mark),
      () => [],
    );
    return { simulators: this.#leases().map((lease) => lease.pid), database };
  }

  /** Everything it started is ended, whatever state it is in. */
  async clear(): Promise<void> {
    await this.#disconnect();
    if (this.#run !== null) {
      this.#run.child.kill('SIGKILL');
      await this.#run.ended;
    }
    for (const pid of this.#leases().map((lease) => lease.pid)) {
      process.kill(pid, 'SIGKILL');
      await eventually('a simulator is gone', () => !processLives(pid));
    }
    const cluster = await openCluster(this.dataDir).catch(() => null);
    if (cluster !== null) await endLeftovers(systemClock, cluster.mark, SERVER_END_MS);
    leftBehind.delete(this.#last);
  }

  /** Which sandbox.json there is: it is replaced as a whole, so another one has another number. */
  async #told(): Promise<number> {
    return stat(join(this.dataDir, 'sandbox.json')).then(
      ({ ino, mtimeMs }) => ino + mtimeMs,
      () => 0,
    );
  }

  async #end(): Promise<Ended> {
    const run = this.#run;
    if (run === null) throw new Error('the hub does not run');
    const late = new AbortController();
    const ended = await Promise.race([run.ended, systemClock.sleep(END_WITHIN_MS, late.signal).then(() => null)]);
    late.abort();
    if (ended === null) throw new Error(`the hub did not end; it printed:\n${run.output()}`);
    this.#before += run.output();
    this.#run = null;
    return ended;
  }

  readonly #last = (): void => {
    const pids = this.#leases().map((lease) => [lease.pid, 'SIGKILL'] as const);
    const server = Number(readTextNow(join(clusterFolder(this.dataDir), 'postmaster.pid')).split('\n', 1)[0]);
    for (const [pid, name] of server > 1 ? [...pids, [server, 'SIGQUIT'] as const] : pids) signal(pid, name);
  };

  /** By their leases, so that only processes of this hub's folders are meant. */
  #leases(): Lease[] {
    const base = `${this.dataDir}-simulators`;
    const leases = foldersNow(base).map((folder) => readLease(join(base, folder)));
    return leases.filter((lease) => lease !== null && processLives(lease.pid)) as Lease[];
  }

  async #connect(): Promise<pg.Pool> {
    const url = this.#database ?? (await this.#embeddedUrl());
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    // The server is killed and restarted by some tests; the next question opens another connection.
    pool.on('error', () => undefined);
    return pool;
  }

  async #embeddedUrl(): Promise<string> {
    const { passwords } = await openCluster(this.dataDir);
    const file = await readPidFile(clusterFolder(this.dataDir));
    if (file === null) throw new Error('the embedded database does not run');
    return serverUrl(file.port, HUB_ROLE, passwords.hub, HUB_DATABASE);
  }

  async #disconnect(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await pool?.end().catch(() => undefined);
  }
}

function foldersNow(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readTextNow(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
