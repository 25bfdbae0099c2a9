/**
 * Rehearses each site's connection with the connector's own `check`, beside a hub that may be running: it reads only,
 * stores
 * nothing, and of the sandbox's simulators it stops none that it did not start.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatorFolder, type Environment } from './boot.ts';
import type { CheckResult } from './connectors/contract.ts';
import { createBudgets } from './connectors/kit/budget.ts';
import { kinds } from './connectors/registry.ts';
import type { Clock } from './core/clock.ts';
import { asHubError } from './core/errors.ts';
import { lendSender } from './hub-answers.ts';
import { storeBeside } from './hub-beside.ts';
import { rehearsedTokens } from './hub-keys.ts';
import { wantedSimulators } from './settings/sandbox.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import { livingSimulator, startSimulators, type Addressed, type RunningSimulator } from './simulators/supervisor.ts';

export interface Rehearsal {
  readonly site: string;
  readonly kind: string;
  readonly stage: string;
  readonly results: readonly CheckResult[];
}

export interface LentSimulators {
  readonly simulators: readonly Addressed[];
  /** Stops those that were started for this. */
  release(): Promise<void>;
}

const SITE_LIMIT_MS = 60_000;

/**
 * Those that run already are used as they are. A missing one is started on a folder of its own that is thrown away: a
 * hub that
 * starts meanwhile must not adopt a simulator that is about to stop.
 */
export async function lendSimulators(environment: Environment): Promise<LentSimulators> {
  const wanted = await wantedSimulators(environment.configDir, environment.variables);
  const living: RunningSimulator[] = [];
  for (const { site, kind } of wanted) {
    const one = await livingSimulator(site, kind, simulatorFolder(environment.dataDir, site));
    if (one !== null) living.push(one);
  }
  const missing = wanted.filter(({ site }) => !living.some((one) => one.site === site));
  if (missing.length === 0) return { simulators: living, release: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-check-'));
  const clean = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const started = await startSimulators(
    missing.map(({ site, kind, seedFile }) => ({ site, kind, seedFile, stateDir: join(folder, site) })),
  ).catch(async (error: unknown) => {
    await clean();
    throw error;
  });
  return {
    simulators: [...living, ...started],
    async release() {
      await Promise.all(started.map((one) => one.stop()));
      await clean();
    },
  };
}

/** Addresses that fit the form and lead nowhere, for reading a plan without its simulators. */
export async function standInSimulators(environment: Environment): Promise<LentSimulators['simulators']> {
  const wanted = await wantedSimulators(environment.configDir, environment.variables);
  return wanted.map(({ site, kind }) => ({
    site,
    url: 'http://127.0.0.1:1',
    requestPort: kind === 'hl7v2' ? 1 : null,
  }));
}

/**
 * One site after the other: sites behind one vendor share its limit. `hubUrl` is where the hub answers, which sandbox
 * sites
 * are told for their webhooks.
 */
export async function* rehearse(
  plan: Plan,
  hubUrl: string,
  clock: Clock,
  environment: Pick<Environment, 'dataDir' | 'databaseUrl'>,
): AsyncGenerator<Rehearsal> {
  const budget = createBudgets(clock);
  const base = plan.hub.publicUrl ?? (plan.hub.environment === 'sandbox' ? hubUrl : null);
  const tokens = rehearsedTokens(await storeBeside(environment, clock), clock, plan.hub, base);
  try {
    for (const site of plan.sites) {
      const webhookUrl = base === null ? null : `${base.replace(/\/$/, '')}/intake/${site.id}`;
      const lent = { webhookUrl, hl7Sender: lendSender(clock), backendToken: tokens.lend(site.id) };
      const results = await rehearseSite(site, { clock, budget, ...lent });
      yield { site: site.id, kind: site.kind, stage: site.stage, results };
    }
  } finally {
    await tokens.stop();
  }
}

async function rehearseSite(
  site: SiteSettings,
  tools: Parameters<NonNullable<ReturnType<typeof kinds.get>>['open']>[1],
): Promise<readonly CheckResult[]> {
  try {
    const connector = kinds.get(site.kind)?.open({ id: site.id, file: site, settings: site.settings }, tools);
    if (connector === undefined) return [{ what: 'kind', ok: false, detail: `There is no kind ${site.kind}.` }];
    try {
      return await connector.check(AbortSignal.timeout(SITE_LIMIT_MS));
    } finally {
      await connector.close();
    }
  } catch (error) {
    return [{ what: 'connection', ok: false, detail: asHubError(error).message }];
  }
}
