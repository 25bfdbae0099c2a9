/**
 * The composition root: the one file that knows every implementation. It puts store, connectors, stages, booking, HTTP and MLLP
 * together, applies a new plan whole or not at all, and stops in the order that loses nothing: stop taking, finish what was taken,
 * stop the sites, close the store (the database itself belongs to main.ts and goes last).
 */
import { bookingDesk, type Desk } from './booking/desk.ts';
import { resolveStep, type ResolveDeps } from './booking/resolve.ts';
import { parkOpenBookings, recordOutcome } from './booking/settle.ts';
import type { Tools } from './connectors/contract.ts';
import { createBudgets } from './connectors/kit/budget.ts';
import type { Clock } from './core/clock.ts';
import { asHubError, HubError } from './core/errors.ts';
import { startLoop, type Loop } from './core/loop.ts';
import type { Telemetry } from './core/telemetry.ts';
import { startHttp, type HttpOptions } from './http/server.ts';
import { patientIndex } from './identity/patients.ts';
import { practitionerIndex } from './identity/practitioners.ts';
import { mappingFor } from './mappings/registry.ts';
import { hl7Intake } from './mllp/intake.ts';
import { startListener } from './mllp/listener.ts';
import { hubEvents } from './hub-events.ts';
import { openConnector, sameSite, takeWebhook } from './hub-sites.ts';
import { opsView, watchGauges } from './hub-view.ts';
import { applyStage } from './pipeline/apply.ts';
import { requeueExpired } from './pipeline/deliver.ts';
import { operations } from './pipeline/operate.ts';
import { syncDirectory } from './pipeline/directory.ts';
import { receiver as makeReceiver } from './pipeline/receive.ts';
import { runSite, type RunnerDeps, type SiteRunner } from './pipeline/site-runner.ts';
import { closeOpenings, expireHolds, keepHouse, type SweepDeps } from './pipeline/sweep.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import { systemScope, type Store } from './store/contract.ts';

export interface HubOptions {
  readonly plan: Plan;
  readonly store: Store;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly host: string;
  readonly httpPort: number;
  readonly mllpPort: number;
  readonly version: string;
  readonly preview: HttpOptions['operate']['preview'];
}

export interface Hub {
  readonly httpUrl: string;
  readonly mllp: { readonly host: string; readonly port: number };
  /** What the hub still waits for, in plain words; empty: ready. */
  missing(): Promise<readonly string[]>;
  plan(): Plan;
  /** Puts another plan in force without dropping a message: sites that changed are restarted, all others go on. */
  apply(next: Plan): Promise<void>;
  /** Finishes or gives back what is under way; afterwards nothing uses the store. */
  stop(deadline_ms: number): Promise<void>;
}

const TICK_MS = 1_000;
const RESOLVE_TICK_MS = 500;
const OPENINGS_TICK_MS = 60_000;
const HOUSE_TICK_MS = 3_600_000;

export async function startHub(options: HubOptions): Promise<Hub> {
  const { store, clock, telemetry } = options;
  const events = hubEvents(telemetry);
  const budgets = createBudgets(clock);
  let plan = options.plan;
  let ready = false;
  const runners = new Map<string, SiteRunner>();
  const globals: Loop[] = [];
  const currentPlan = (): Plan => plan;
  const ring = (siteId: string, what: Parameters<SiteRunner['ring']>[0]): void => runners.get(siteId)?.ring(what);

  await store.maintain(clock.now(), plan.hub.retention);
  await syncDirectory(store, plan, practitionerIndex, clock.now());

  const onError = (stage: string) => (error: unknown) => {
    const failure = asHubError(error);
    events.stageFailed(stage, failure.code, failure.detail);
  };
  const loop = (stage: string, tick_ms: number, step: (signal: AbortSignal) => Promise<boolean>): Loop => {
    const started = startLoop({ clock, tick_ms, step, onError: onError(stage) });
    globals.push(started);
    return started;
  };

  const desk: Desk = bookingDesk({
    store,
    clock,
    plan: currentPlan,
    ability: (siteId) => {
      const runner = runners.get(siteId);
      return runner === undefined ? null : { kind: runner.kind, book: runner.connector.book !== undefined };
    },
    deliver: (siteId) => ring(siteId, 'deliver'),
  });
  const booking: ResolveDeps = {
    store,
    clock,
    plan: currentPlan,
    ability: () => null,
    changed: (changed, state) => {
      desk.changed(changed.id);
      events.bookingMoved(changed.site, changed.action, state);
      ring(changed.site, 'availability');
    },
    book: (siteId) => runners.get(siteId)?.connector.book ?? null,
    deliveriesWaiting: (siteId) => ring(siteId, 'deliver'),
  };

  const apply = applyStage({
    store,
    clock,
    plan: currentPlan,
    events,
    patients: patientIndex,
    practitioners: practitionerIndex,
    mappingOf: (site, messageKind) => mappingFor(site.kind, messageKind) ?? null,
    publishesSlots: (site) => runners.get(site.id)?.connector.availability !== undefined,
    after: (effects) => {
      for (const id of effects.bookings) desk.changed(id);
      for (const runner of runners.values()) {
        if (effects.deliveries) runner.ring('deliver');
        if (effects.availability) runner.ring('availability');
      }
    },
  });
  const applyLoop = loop('apply', TICK_MS, () => apply.step());
  const stored = (siteId: string, hints: boolean): void => {
    if (hints) ring(siteId, 'fetch');
    applyLoop.ring();
  };
  const receiver = makeReceiver({ store, clock, events, stored });
  const runnerDeps: RunnerDeps = {
    store, clock, events, stored, plan: currentPlan,
    settle: (answer) => recordOutcome(booking, answer),
  }; // prettier-ignore
  loop('resolve', RESOLVE_TICK_MS, (signal) => resolveStep(booking, signal));
  loop('requeue', TICK_MS, async () => (await requeueExpired(runnerDeps)) > 0);
  const sweep: SweepDeps = {
    store,
    clock,
    events,
    retention: () => plan.hub.retention,
    expired: (id) => desk.changed(id),
  };
  loop('expire', TICK_MS, async () => (await expireHolds(sweep)) > 0);
  loop('openings', OPENINGS_TICK_MS, async () => {
    await closeOpenings(sweep);
    return false;
  });
  loop('house', HOUSE_TICK_MS, async () => {
    await keepHouse(sweep);
    return false;
  });

  // In the sandbox the vendors run on this machine and reach the hub where it listens.
  const publicUrl = (): string | undefined =>
    plan.hub.publicUrl ?? (plan.hub.environment === 'sandbox' ? `http://${options.host}:${http.port}` : undefined);
  const tools = (site: SiteSettings): Tools => ({
    clock,
    budget: budgets,
    webhookUrl: publicUrl()?.replace(/\/$/, '').concat(`/intake/${site.id}`) ?? null,
  });
  const startSite = (site: SiteSettings): void => {
    if (site.stage === 'suspended') return;
    const { kind, connector } = openConnector(site, tools(site));
    runners.set(site.id, runSite(runnerDeps, site, kind, connector));
  };

  const http = await startHttp({
    host: options.host,
    port: options.httpPort,
    clock,
    store,
    desk,
    currentPlan,
    version: options.version,
    events: events.http,
    metrics: () => telemetry.metrics(),
    opsView: () => opsView(store, clock, plan, runners),
    operate: operations({
      store,
      clock,
      runner: (id) => runners.get(id),
      configured: () => plan.sites.map((site) => site.id),
      waiting: stored,
      preview: options.preview,
    }),
    readiness: async () => ({ missing: await missing() }),
    receiveWebhook: async (siteId, request, trace) => {
      const webhook = runners.get(siteId)?.connector.webhook;
      if (webhook === undefined) throw new HubError('WEBHOOK_UNSUPPORTED', { site: siteId });
      return takeWebhook(webhook, request, clock, (messages) => receiver.store(siteId, 'webhook', messages, trace));
    },
  });
  const listener = await startListener({
    host: options.host,
    port: options.mllpPort,
    clock,
    limits: {
      maxFrame_bytes: plan.hub.limits.frame_bytes,
      idle_ms: plan.hub.limits.mllpIdle_ms,
      maxConnections: plan.hub.limits.mllpConnections,
      maxPending_frames: 64,
    },
    receive: hl7Intake({
      clock,
      receiver,
      answered: (site, code) => events.frameAnswered(site, code),
      sites: () =>
        [...runners.values()].flatMap(({ site, connector }) =>
          connector.hl7 === undefined ? [] : [{ site, feed: connector.hl7 }],
        ),
    }),
    onEvent: (event) => events.mllp(event.kind),
  }).catch(async (error: unknown) => {
    await http.close(0);
    throw error;
  });
  for (const site of plan.sites) startSite(site);
  watchGauges(telemetry, store, clock);

  const missing = async (): Promise<readonly string[]> => {
    const waiting: string[] = ready ? [] : ['the listeners are not up yet'];
    try {
      await store.ping();
    } catch {
      return [...waiting, 'the database does not answer'];
    }
    if (plan.hub.environment !== 'sandbox') return waiting;
    for (const runner of runners.values()) {
      if (!(await runner.loaded())) waiting.push(`the first load of ${runner.site.id} is under way`);
    }
    const { queued, hints } = await store.read(systemScope('ready'), (tx) => tx.inbox.depth());
    if (waiting.length > 0 && queued + hints > 0)
      waiting.push(`${queued + hints} messages of the first load are not applied`);
    return waiting;
  };
  ready = true;
  telemetry.emit('Started', { sites: plan.sites.length });

  return {
    httpUrl: `http://${options.host}:${http.port}`,
    mllp: { host: options.host, port: listener.port },
    missing,
    plan: currentPlan,
    async apply(next) {
      // Opened before anything is stopped: a site that cannot open leaves the running plan as it is.
      const changed = next.sites.filter(
        (site) =>
          !sameSite(
            plan.sites.find((old) => old.id === site.id),
            site,
          ),
      );
      for (const site of changed) await openConnector(site, tools(site)).connector.close();
      const gone = plan.sites.filter((old) => !next.sites.some((site) => site.id === old.id));
      await syncDirectory(store, next, practitionerIndex, clock.now());
      plan = next;
      for (const { id } of [...gone, ...changed]) {
        await runners.get(id)?.stop();
        runners.delete(id);
      }
      for (const { id } of gone) await parkOpenBookings(booking, id);
      for (const site of changed) startSite(site);
      applyLoop.ring();
      telemetry.emit('PlanApplied', { started: changed.length, stopped: gone.length });
    },
    async stop(deadline_ms) {
      telemetry.emit('Stopping', {});
      ready = false;
      const half = deadline_ms / 2;
      await Promise.all([http.close(half), listener.close(half)]);
      await receiver.stop();
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
      await Promise.all(globals.map((one) => one.stop()));
      await store.close();
    },
  };
}
