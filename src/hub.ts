/**
 * The composition root, together with hub-engine.ts: it opens the doors (HTTP, MLLP) to the engine, applies a new plan
 * whole or not at all, and stops in the order that loses nothing: stop taking, finish what was taken, stop the sites,
 * close the store (the database itself belongs to boot.ts and goes last).
 */
import { settleByHand } from './booking/by-hand.ts';
import type { Clock } from './core/clock.ts';
import { HubError } from './core/errors.ts';
import type { Telemetry } from './core/telemetry.ts';
import { Engine } from './hub-engine.ts';
import { hubEvents, type HubEvents } from './hub-events.ts';
import { openHubKeys } from './hub-keys.ts';
import { shownListeners, startMllp, type Mllp } from './hub-mllp.ts';
import { missingOf } from './hub-ready.ts';
import { startRequests } from './hub-requests.ts';
import { reconcileFile } from './hub-snapshot.ts';
import { takeWebhook } from './hub-sites.ts';
import { opsView, watchGauges } from './hub-view.ts';
import { startHttp, type HttpOptions } from './http/server.ts';
import { peopleDesk } from './identity/placing/desk.ts';
import { registryDesk } from './identity/registry-desk.ts';
import type { Memory } from './identity/placing/memory.ts';
import { memoryUnder } from './identity/placing/placing.ts';
import { peopleServing, servingMemory } from './identity/serving/serving.ts';
import { survivorshipOf } from './identity/survivorship.ts';
import { mappingFor } from './mappings/registry.ts';
import { aMomentAside } from './pipeline/give-way.ts';
import { explainMessage } from './pipeline/explain.ts';
import { operations } from './pipeline/operate.ts';
import { replayOperations } from './pipeline/replay-window.ts';
import type { Mapping } from './mappings/contract.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import type { Store } from './store/contract.ts';

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

/** Of people: the desk takes out of both whoever is erased. */
interface Memories {
  readonly placing: Memory;
  readonly serving: Memory;
}

interface Doors {
  httpPort: number;
  mllp: Mllp | null;
  ready: boolean;
}

export async function startHub(options: HubOptions): Promise<Hub> {
  const { store, clock, telemetry, host } = options;
  const events = hubEvents(telemetry);
  const doors: Doors = { httpPort: options.httpPort, ready: false, mllp: null };
  const plan = (): Plan => engine.plan();
  const memories: Memories = { placing: memoryUnder(plan), serving: servingMemory(plan) };
  const reachedAt = (of: Plan): string | null => addressOf(of, host, doors.httpPort);
  const keys = openHubKeys({ store, clock, events, plan, reachedAt });
  const engine = new Engine({
    plan: options.plan,
    store,
    clock,
    events,
    memory: memories.placing,
    lent: (of, id) => ({ webhookUrl: webhookUrl(reachedAt(of), id), backendToken: keys.tokens.lend(id) }),
  });
  const missing = async (): Promise<readonly string[]> => [
    ...(doors.ready ? [] : ['the listeners are not up yet']),
    ...(await missingOf(engine, store)),
  ];
  await engine.start();
  const http = await startHttp({
    ...httpDeps(options, engine, events, doors, memories, missing),
    keys,
    host,
    port: options.httpPort,
  }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  doors.httpPort = http.port;
  const requests = startRequests(options, engine, events);
  const mllp = await startMllp(options, engine, events, requests).catch(async (error: unknown) => {
    await Promise.all([http.close(0), requests.stop()]);
    await engine.stop();
    throw error;
  });
  doors.mllp = mllp;
  engine.startSites();
  keys.start();
  watchGauges(telemetry, store, clock);
  doors.ready = true;
  telemetry.emit('Started', { sites: options.plan.sites.length });

  return {
    httpUrl: `http://${host}:${http.port}`,
    mllp: { host, port: mllp.port },
    missing,
    plan: engine.plan,
    async apply(next) {
      const change = await mllp.prepare(next);
      const { started, stopped } = await engine.apply(next).catch(async (error: unknown) => {
        await change.rollback();
        throw error;
      });
      change.commit();
      telemetry.emit('PlanApplied', { started, stopped });
    },
    async stop(deadline_ms) {
      telemetry.emit('Stopping', {});
      doors.ready = false;
      const half_ms = deadline_ms / 2;
      await Promise.all([http.close(half_ms), mllp.close(half_ms), requests.stop()]);
      await engine.stop();
      await keys.stop();
      await store.close();
    },
  };
}

/** In the sandbox the vendors run on this machine and reach the hub where it listens. Null: they cannot reach it. */
function addressOf({ hub }: Plan, host: string, port: number): string | null {
  return hub.publicUrl ?? (hub.environment === 'sandbox' ? `http://${host}:${port}` : null);
}

function webhookUrl(base: string | null, siteId: string): string | null {
  return base === null ? null : `${base.replace(/\/$/, '')}/intake/${siteId}`;
}

function httpDeps(
  options: HubOptions,
  engine: Engine,
  events: HubEvents,
  doors: Doors,
  memories: Memories,
  missing: () => Promise<readonly string[]>,
): Omit<HttpOptions, 'host' | 'port' | 'keys'> {
  const { store, clock, telemetry, version } = options;
  const { desk, sets, approvals, receiver, runners } = engine;
  return {
    clock,
    store,
    desk,
    sets: sets.desk,
    approvals,
    people: peopleDesk({ store, clock, plan: engine.plan, memories: Object.values(memories) }),
    registry: registryDesk({ store, clock, plan: engine.plan }),
    serving: peopleServing({
      plan: engine.plan,
      survivorship: () => survivorshipOf(engine.plan().hub),
      memory: memories.serving,
    }),
    currentPlan: engine.plan,
    version,
    events: events.http,
    metrics: () => telemetry.metrics(),
    opsView: async () => ({
      ...(await opsView(store, clock, engine.plan(), runners)),
      listeners: shownListeners(doors.mllp?.view() ?? []),
    }),
    operate: operations({
      store,
      clock,
      runner: (id) => runners.get(id),
      configured: () => engine.plan().sites.map((site) => site.id),
      waiting: engine.stored,
      preview: options.preview,
    }),
    settleBooking: (scope, word) => settleByHand(engine.booking, scope, word),
    replayWindows: replayOperations(engine.replayWindows()),
    reconcileFile: (scope, site, file, requestId) =>
      reconcileFile(
        { ...engine.replayWindows(), stored: engine.stored, runner: (id) => runners.get(id) },
        scope,
        site,
        file,
        requestId,
      ),
    explain: (scope, id) => {
      const mappingOf = (site: SiteSettings, kind: string): Mapping | null => mappingFor(site.kind, kind) ?? null;
      return explainMessage({ store, plan: engine.plan, mappingOf }, scope, id);
    },
    readiness: async () => ({ missing: await missing() }),
    receiveWebhook: async (siteId, request, trace) => {
      if (engine.isAwaited(siteId)) throw new HubError('NOT_READY', { site: siteId });
      const webhook = runners.get(siteId)?.connector.webhook;
      if (webhook === undefined) throw new HubError('WEBHOOK_UNSUPPORTED', { site: siteId });
      return takeWebhook(webhook, request, clock, async (messages) => {
        await aMomentAside(() => engine.desk.isBooking(), clock);
        return receiver.store(siteId, 'webhook', messages, trace);
      });
    },
  };
}
