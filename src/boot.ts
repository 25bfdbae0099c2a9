/**
 * From an environment to a running hub and back: data folder, simulators (sandbox), configuration, database, keys, hub;
 * stopped in the reverse order, the database last. What fails on the way takes down what was started before it.
 */
import { join, resolve } from 'node:path';
import { kinds } from './connectors/registry.ts';
import { systemClock } from './core/clock.ts';
import { asHubError, HubError } from './core/errors.ts';
import { createTelemetry, type Telemetry } from './core/telemetry.ts';
import { startHub, type Hub } from './hub.ts';
import { connectSandbox, sandboxClients, writeSandboxFile, type Tokens } from './sandbox.ts';
import { diffPlans, formatDiff } from './settings/diff.ts';
import { formatIssue } from './settings/issue.ts';
import { buildPlan } from './settings/plan.ts';
import { requestPortVariable, simulatorVariable, wantedSimulators } from './settings/sandbox.ts';
import type { Plan } from './settings/shape.ts';
import { startSimulators, type Addressed, type RunningSimulator } from './simulators/supervisor.ts';
import { startEmbedded } from './store/embedded.ts';
import { holdDataDir } from './store/embedded-lock.ts';
import { keysInUse } from './store/keys-in-use.ts';
import { migrate } from './store/migrate.ts';
import { openPool } from './store/postgres.ts';
import { openKeys } from './store/seal.ts';
import { openStore } from './store/store.ts';

/** What main.ts and cli.ts read from the process environment. */
export interface Environment {
  readonly httpPort: number;
  readonly mllpPort: number;
  readonly host: string;
  readonly dataDir: string;
  readonly configDir: string;
  readonly databaseUrl: string | null;
  readonly logLevel: string;
  /** For `${VAR}` in configuration files. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface Running {
  readonly hub: Hub;
  readonly plan: Plan;
  readonly tokens: Tokens | null;
  readonly simulators: readonly RunningSimulator[];
  /** Reads the configuration again and puts it in force, whole or not at all. The sentence says what happened. */
  reload(): Promise<string>;
  stop(): Promise<void>;
}

export const MIGRATIONS = join(import.meta.dirname, 'store', 'sql');
export const VERSION = '0.1.0';
const STOP_MS = 6_000;
const STATEMENT_TIMEOUT_MS = 30_000;

export { statesPage as bookingStatesPage } from './booking/states-page.ts';

export const kindSettings = new Map([...kinds].map(([name, kind]) => [name, kind.settings]));

export async function boot(environment: Environment, say: (line: string) => void): Promise<Running> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(environment, say, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  environment: Environment,
  say: (line: string) => void,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Running> {
  const clock = systemClock;
  const telemetry = createTelemetry({ level: environment.logLevel });
  const hold = await holdDataDir(environment.dataDir);
  undo.push(() => hold.release());

  const simulators = await startWanted(environment, environment.variables);
  undo.push(() => Promise.all(simulators.map((simulator) => simulator.stop())));
  const variables = withSimulators(environment.variables, simulators);
  const read = async (): Promise<Plan> => readPlan(environment.configDir, variables);
  const tokens = simulators.length === 0 ? null : await sandboxClients(environment.dataDir, await read());
  const plan = withClients(await read(), tokens);

  const database =
    environment.databaseUrl === null ? await startOwn(environment, telemetry, undo) : environment.databaseUrl;
  const pool = await openPool({
    url: database,
    max: plan.hub.limits.databaseConnections,
    applicationName: 'slotwire',
    statementTimeout_ms: STATEMENT_TIMEOUT_MS,
    onError: (error) => telemetry.emit('StageFailed', { stage: 'database', code: asHubError(error).code, detail: '' }),
  });
  undo.push(() => pool.close());
  await migrate(pool, MIGRATIONS);
  const keys = await openKeys({ file: join(environment.dataDir, 'keys.json'), inUse: await keysInUse(pool) });
  const store = openStore({ pool, keys, clock });

  const hub = await startHub({
    plan,
    store,
    clock,
    telemetry,
    host: environment.host,
    httpPort: environment.httpPort,
    mllpPort: environment.mllpPort,
    version: VERSION,
    preview: async () => {
      const next = withClients(await read(), tokens);
      return { configDir: resolve(environment.configDir), diff: diffPlans(hub.plan(), next, clock.now()) };
    },
  });
  undo.push(() => hub.stop(STOP_MS));
  if (tokens !== null) {
    await writeSandboxFile(environment.dataDir, hub, tokens, simulators);
    await connectSandbox(hub, simulators);
  }
  say(`Slotwire ${VERSION}: ${plan.sites.length} sites, environment ${plan.hub.environment}`);

  return {
    hub,
    plan,
    tokens,
    simulators,
    stop,
    async reload() {
      try {
        const next = withClients(await read(), tokens);
        const diff = diffPlans(hub.plan(), next, clock.now());
        const obstacles = [
          ...diff.refused,
          ...diff.needsRestart.map((field) => `${field} takes effect only at a restart`),
        ];
        if (obstacles.length > 0) throw new HubError('CONFIG_INVALID', { detail: obstacles.join('; ') });
        await hub.apply(next);
        return formatDiff(diff);
      } catch (error) {
        const failure = asHubError(error);
        telemetry.emit('PlanRefused', { code: failure.code, detail: failure.detail });
        return `The new configuration was refused; the running one stays in force. ${failure.message}`;
      }
    },
  };
}

/**
 * Starts or adopts the simulators that the sandbox wants; their state lies beside DATA_DIR, so that it is not ours to
 * lose.
 */
export async function startWanted(
  environment: Pick<Environment, 'configDir' | 'dataDir' | 'host'>,
  variables: Environment['variables'],
): Promise<readonly RunningSimulator[]> {
  const wanted = await wantedSimulators(environment.configDir, variables);
  return startSimulators(
    wanted.map(({ site, kind, seedFile }) => ({
      site,
      kind,
      seedFile,
      stateDir: simulatorFolder(environment.dataDir, site),
    })),
    { host: environment.host },
  );
}

/** Beside DATA_DIR: what the sites of the sandbox hold is theirs, and survives a hub that starts anew. */
export function simulatorFolder(dataDir: string, site: string): string {
  return join(`${dataDir.replace(/\/+$/, '')}-simulators`, site);
}

export function withSimulators(
  variables: Environment['variables'],
  simulators: readonly Addressed[],
): Environment['variables'] {
  const addresses = simulators.flatMap(({ site, url, requestPort }) => [
    [simulatorVariable(site), url],
    ...(requestPort === null ? [] : [[requestPortVariable(site), String(requestPort)]]),
  ]);
  return { ...variables, ...(Object.fromEntries(addresses) as Readonly<Record<string, string>>) };
}

/** @throws CONFIG_INVALID with every issue, one a line */
export async function readPlan(configDir: string, variables: Environment['variables']): Promise<Plan> {
  const { plan, issues } = await buildPlan({ configDir, variables, kinds: kindSettings });
  if (plan === null || issues.length > 0) {
    throw new HubError('CONFIG_INVALID', { detail: `\n${issues.map(formatIssue).join('\n')}\n` });
  }
  return plan;
}

function withClients(plan: Plan, tokens: Tokens | null): Plan {
  if (tokens === null) return plan;
  return { ...plan, hub: { ...plan.hub, clients: [...plan.hub.clients, ...tokens.clients] } };
}

async function startOwn(
  environment: Environment,
  telemetry: Telemetry,
  undo: (() => Promise<unknown>)[],
): Promise<string> {
  const embedded = await startEmbedded({
    dataDir: environment.dataDir,
    clock: systemClock,
    log: { info: (text) => telemetry.log.debug(text), warn: (text) => telemetry.log.warn(text) },
  });
  undo.push(() => embedded.stop());
  return embedded.url;
}
