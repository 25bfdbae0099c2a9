/** The real hub as a child process, with a folder of its own. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { startChild, until, type Child } from './child.ts';
import { fine, openClient } from './client.ts';
import type { Run } from './figure.ts';

const ROOT = join(import.meta.dirname, '..');
const READY_LIMIT_MS = 180_000;

/** DATA_DIR/sandbox.json (DESIGN section 9). */
export interface SandboxFile {
  readonly fhirBaseUrl: string;
  readonly mllp: { readonly host: string; readonly port: number };
  readonly tokens: Readonly<Record<string, string>>;
  readonly sites: readonly { readonly id: string; readonly kind: string; readonly simulatorUrl: string }[];
}

export interface Hub extends SandboxFile {
  readonly origin: string;
  /** From the spawn of the process to the first 200 of /readyz. */
  readonly ready_ms: number;
  /** Processor time of its process so far; null where the system does not tell (only Linux does). */
  cpu_ms(): Promise<number | null>;
  /** Ends its simulators too, unless it is killed. */
  stop(): Promise<void>;
}

export interface HubOptions {
  readonly dataDir: string;
  readonly configDir: string;
  /** Absent: the hub starts the PostgreSQL that comes with it. */
  readonly databaseUrl?: string;
}

export async function startHub(run: Run, options: HubOptions): Promise<Hub> {
  const file = join(options.dataDir, 'sandbox.json');
  const before = await readSandbox(file);
  // Tokens of the last run stay valid; the addresses in the old file would be taken for those of this run.
  await rm(file, { force: true });
  const profile = run.profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${run.profiles}`];
  const child = startChild([...profile, join(ROOT, 'src/main.ts')], {
    HTTP_PORT: '0',
    MLLP_PORT: '0',
    DATA_DIR: options.dataDir,
    CONFIG_DIR: options.configDir,
    DATABASE_URL: options.databaseUrl ?? '',
    LOG_LEVEL: 'error',
  });
  try {
    const sandbox = await until('the hub to listen', { within_ms: READY_LIMIT_MS, every_ms: 10 }, () => {
      alive(child);
      return readSandbox(file);
    });
    const origin = new URL(sandbox.fhirBaseUrl).origin;
    const client = openClient(origin, {});
    await until('/readyz to answer 200', { within_ms: READY_LIMIT_MS, every_ms: 20 }, async () => {
      alive(child);
      return (await client.send('GET', '/readyz')).status === 200 ? true : null;
    });
    const ready_ms = systemClock.monotonic() - child.spawnedAt;
    client.close();
    if (before !== null) run.say(`  the hub was started again on its data`);
    return { ...sandbox, origin, ready_ms, cpu_ms: () => cpuOf(child.pid), stop: () => stopHub(child, sandbox) };
  } catch (error) {
    await child.stop();
    throw new Error(`the hub did not become ready; it said:\n${child.said()}`, { cause: error });
  }
}

/** Fields 14 and 15 of /proc/<pid>/stat, in hundredths of a second; the second field may hold blanks. */
async function cpuOf(pid: number): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

function alive(child: Child): void {
  if (child.exited()) throw new Error('the hub has ended');
}

async function readSandbox(file: string): Promise<SandboxFile | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SandboxFile;
  } catch {
    // Not there yet. It is replaced as a whole, so half a file is never seen.
    return null;
  }
}

async function stopHub(child: Child, sandbox: SandboxFile): Promise<void> {
  await child.stop();
  const left = await Promise.all(sandbox.sites.map((site) => answers(site.simulatorUrl)));
  if (left.includes(true)) throw new Error('a simulator outlived its hub');
}

async function answers(url: string): Promise<boolean> {
  const client = openClient(url, {});
  try {
    fine(await client.send('GET', '/__sim/state?only=now'));
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
