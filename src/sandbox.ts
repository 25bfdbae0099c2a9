/**
 * The sandbox: demo tokens, the file that tells programs where everything is, and the simulators told where the hub
 * listens.
 */
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from './core/clock.ts';
import { HubError } from './core/errors.ts';
import { randomToken } from './core/ids.ts';
import type { Hub } from './hub.ts';
import type { ClientSettings, Plan } from './settings/shape.ts';
import { simulatorLives, startSimulators, type RunningSimulator, type SimulatorSpec } from './simulators/supervisor.ts';

export interface Tokens {
  readonly byName: Readonly<Record<string, string>>;
  readonly clients: readonly ClientSettings[];
}

const FILE = 'sandbox.json';
const LOOK_EVERY_MS = 500;

/** Tokens of the last run are kept, so that what was pasted yesterday works today. */
export async function sandboxClients(dataDir: string, plan: Plan): Promise<Tokens> {
  const before = await tokensOf(join(dataDir, FILE));
  const token = (name: string): string => before[name] ?? `sandbox-${name}-${randomToken(18)}`;
  const client = (
    id: string,
    role: ClientSettings['role'],
    sites: ClientSettings['sites'],
  ): ClientSettings & { readonly token: string } => ({
    id,
    token: token(id),
    role,
    sites,
    locations: '*',
    clearances: role === 'admin' ? ['R', 'V', '42CFRPart2'] : [],
  });
  const clients = [
    client('admin', 'admin', '*'),
    client('scheduler', 'scheduler', '*'),
    client('readonly', 'readonly', '*'),
    ...plan.sites.map(({ id }) => client(id, 'site', [id])),
  ];
  return { byName: Object.fromEntries(clients.map(({ id, token: value }) => [id, value])), clients };
}

/** DESIGN section 9. Replaced as a whole, so that nobody reads half of it. */
export async function writeSandboxFile(
  dataDir: string,
  hub: Hub,
  tokens: Tokens,
  simulators: readonly RunningSimulator[],
): Promise<void> {
  const file = join(dataDir, FILE);
  const text = JSON.stringify(
    {
      fhirBaseUrl: `${hub.httpUrl}/fhir/R4`,
      opsUrl: `${hub.httpUrl}/ops`,
      mllp: hub.mllp,
      tokens: tokens.byName,
      sites: simulators.map(({ site, kind, url }) => ({ id: site, kind, simulatorUrl: url })),
    },
    null,
    2,
  );
  await writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}

/** HL7 v2 senders are told the MLLP address; HTTP vendors learn theirs when the connector registers its webhooks. */
export async function connectSandbox(hub: Hub, simulators: readonly RunningSimulator[]): Promise<void> {
  for (const simulator of simulators) {
    if (simulator.kind === 'hl7v2') await simulator.act({ action: 'set-target', ...hub.mllp });
  }
}

export interface ForegroundSimulator extends RunningSimulator {
  /** True: this process was told to stop, and the simulator is stopped too. False: the simulator ended by itself. */
  ended(): Promise<boolean>;
}

/** One simulator for as long as this process runs. @throws HubError SIMULATOR_FAILED also when it runs already */
export async function simulateSite(spec: SimulatorSpec & { readonly host: string }): Promise<ForegroundSimulator> {
  const [simulator] = await startSimulators([spec], { host: spec.host });
  if (simulator === undefined || simulator.adopted) {
    throw new HubError('SIMULATOR_FAILED', { detail: `one runs on this folder already: ${simulator?.url ?? ''}` });
  }
  return {
    ...simulator,
    async ended() {
      const told = new AbortController();
      const tell = (): void => told.abort();
      process.on('SIGINT', tell).on('SIGTERM', tell);
      while (!told.signal.aborted && simulatorLives(simulator)) await systemClock.sleep(LOOK_EVERY_MS, told.signal);
      await simulator.stop();
      return told.signal.aborted;
    },
  };
}

async function tokensOf(file: string): Promise<Readonly<Record<string, string>>> {
  try {
    const { tokens } = JSON.parse(await readFile(file, 'utf8')) as { tokens?: Record<string, string> };
    return tokens ?? {};
  } catch {
    // The first start, or a file cut short by a power failure: new tokens are made.
    return {};
  }
}
