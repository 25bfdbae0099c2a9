/**
 * A hub in pieces: the real store on a real database, the real stages, the real connector against its real simulator;
 * but nothing runs by itself. A test takes each step (poll, fetch, apply, deliver, resolve), so no rule depends on who
 * is faster.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bookingDesk, type Desk } from '../../src/booking/desk.ts';
import { abilityOf } from '../../src/booking/owning-site.ts';
import type { BookingDeps } from '../../src/booking/place.ts';
import { resolveStep } from '../../src/booking/resolve.ts';
import { outdated } from '../../src/booking/outdated.ts';
import { recordOutcome, recordWithin, type SettleDeps } from '../../src/booking/settle.ts';
import type { Tools } from '../../src/connectors/contract.ts';
import { createBudgets } from '../../src/connectors/kit/budget.ts';
import { lapse } from '../../src/booking/lapse.ts';
import { kinds } from '../../src/connectors/registry.ts';
import type { Clock } from '../../src/core/clock.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { practitionerIndex } from '../../src/identity/practitioners.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import { applyStage } from '../../src/pipeline/apply.ts';
import { requeueExpired, type DeliverDeps } from '../../src/pipeline/deliver.ts';
import { lendSender } from '../../src/hub-answers.ts';
import { openHubKeys } from '../../src/hub-keys.ts';
import { syncDirectory } from '../../src/pipeline/directory.ts';
import type { StageEvents } from '../../src/pipeline/events.ts';
import { receiver, type Receiver } from '../../src/pipeline/receive.ts';
import type { PollDeps } from '../../src/pipeline/poll.ts';
import { expireHolds } from '../../src/pipeline/sweep.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import type { Plan } from '../../src/settings/shape.ts';
import type { Store } from '../../src/store/contract.ts';
import { openKeys } from '../../src/store/seal.ts';
import { openStore } from '../../src/store/store.ts';
import { freshDatabase, type Cleanup, type TestDatabase } from '../support/database.ts';
import { serveKeySet } from '../support/key-set.ts';
import type { Arrangement } from './arrangement.ts';
import { jumpClock, type JumpClock } from './clock.ts';
import { openGateway } from './gateway.ts';
import { openSite, type RigSite, type SiteParts } from './site.ts';
import { troubled, type TroubledStore } from './trouble.ts';
import { openIntake, openMllp, receiveWebhook, type Intake, type Mllp } from './ways-in.ts';

export interface RigOptions {
  /** Site ids; the first is `rig.site`. Default one site. */
  readonly sites?: readonly SiteWish[];
  /** The vendor's own limits stay in force. */
  readonly limits?: boolean;
  readonly rowsPerPage?: number;
  readonly correlation?: boolean;
  readonly wrongLogin?: boolean;
  readonly onePerson?: boolean;
  /** Default true. */
  readonly webhooks?: boolean;
}
export interface SiteWish {
  readonly id: string;
  /** Absent: both calendars. */
  readonly calendar?: 'first' | 'second';
  /** Uses the simulator of that site instead of one of its own. */
  readonly at?: string;
  readonly mirrorTo?: readonly string[];
}

export interface Rig {
  readonly arrangement: Arrangement;
  readonly clock: JumpClock;
  readonly store: TroubledStore;
  readonly database: TestDatabase;
  readonly plan: Plan;
  readonly desk: Desk;
  readonly receiver: Receiver;
  readonly intake: Intake;
  readonly mllp: Mllp;
  /** What the stages reported, by name: `parked`, `feedFailed`, `bookingMoved` ... with their arguments. */
  readonly told: readonly (readonly [name: keyof StageEvents, ...rest: readonly unknown[]])[];
  /** The first site. */
  readonly site: RigSite;
  /** @throws when there is no such site */
  siteOf(id: string): RigSite;
  readonly sites: readonly RigSite[];
  /** Until nothing is due. */
  apply(): Promise<void>;
  resolve(): Promise<void>;
  /** Holds and calls past their time. */
  sweep(): Promise<void>;
}

const DEFAULT_SITES: readonly SiteWish[] = [{ id: 'practice' }];

/** The hub's own keys, which the site's system reads over HTTP, and what it gets by them. */
async function tokensOf(
  cleanup: Cleanup,
  store: Store,
  clock: Clock,
  plan: Plan,
): Promise<(site: string) => Tools['backendToken']> {
  const nobody = (): void => undefined;
  const events = { signingKeyMoved: nobody, tokenAsked: nobody, stageFailed: nobody, swept: nobody };
  const keySet = await serveKeySet(cleanup, (environment) => keys.signing.jwks(environment));
  const keys = openHubKeys({ store, clock, events, plan: () => plan, reachedAt: () => keySet.url });
  cleanup.after(() => keys.tokens.stop());
  return keys.tokens.lend;
}

export async function openRig(t: Cleanup, arrangement: Arrangement, options: RigOptions = {}): Promise<Rig> {
  const cleanup = reversed(t);
  const clock = jumpClock();
  const folder = mkdtempSync(join(tmpdir(), 'slotwire-conformance-'));
  cleanup.after(() => rm(folder, { recursive: true, force: true }));
  const database = await freshDatabase(cleanup, { max: 8 });
  const keys = await openKeys({ file: join(folder, 'keys.json') });
  const store = troubled(openStore({ pool: database.pool, keys, clock }));
  const wishes = options.sites ?? DEFAULT_SITES;

  const { worlds, gateways } = await openWorlds(cleanup, clock, folder, arrangement, wishes, options);
  const plan = await planOf(folder, arrangement, wishes, { worlds, gateways }, options);

  const told: [keyof StageEvents, ...unknown[]][] = [];
  const events = recorder(told);
  const stages = { store, clock, events, stored: () => undefined };
  const receive = receiver(stages);
  cleanup.after(() => receive.stop());
  const sites: RigSite[] = [];
  const siteOf = (id: string): RigSite => {
    const found = sites.find((one) => one.settings.id === id);
    if (found === undefined) throw new Error(`the rig has no site ${id}`);
    return found;
  };
  const intake = await openIntake(cleanup, (id, request) =>
    receiveWebhook(id, siteOf(id).connector, receive, clock, request),
  );
  const mllp = await openMllp(cleanup, clock, receive, () =>
    sites.flatMap(({ settings, connector }) =>
      connector.hl7 === undefined ? [] : [{ site: settings, feed: connector.hl7 }],
    ),
  );

  const { desk, deliver, steps } = machinery(stages, plan, siteOf);

  await syncDirectory(store, plan, practitionerIndex, clock.now());
  const budgets = createBudgets(clock);
  const lend = await tokensOf(cleanup, store, clock, plan);
  for (const { id } of wishes) {
    const settings = plan.sites.find((one) => one.id === id);
    const [kind, world, gateway] = [kinds.get(arrangement.kind), worlds.get(id), gateways.get(id)];
    if (settings === undefined || kind === undefined || world === undefined || gateway === undefined)
      throw new Error(`site ${id} is not whole`);
    const webhookUrl = options.webhooks === false ? null : `${intake.url}/${id}`;
    const tools = { clock, budget: budgets, webhookUrl, hl7Sender: lendSender(clock), backendToken: lend(id) };
    const site = openSite({ stages, plan, deliver, desk, kind, settings, world, gateway, tools, steps });
    cleanup.after(() => site.connector.close());
    sites.push(site);
    if (options.wrongLogin !== true) await site.connector.maintain?.(new AbortController().signal);
    await world.connect?.({ webhookUrl: webhookUrl ?? '', mllp: { host: mllp.host, port: mllp.port } });
  }
  const [site] = sites;
  if (site === undefined) throw new Error('a rig needs a site');
  return {
    arrangement,
    clock,
    store,
    database,
    plan,
    desk,
    receiver: receive,
    intake,
    mllp,
    told,
    site,
    sites,
    siteOf,
    ...steps,
  };
}

/** The vendors' systems, and a gateway before each that can hold calls up; sites may share a system. */
async function openWorlds(
  cleanup: Cleanup,
  clock: JumpClock,
  folder: string,
  arrangement: Arrangement,
  wishes: readonly SiteWish[],
  options: RigOptions,
): Promise<{ worlds: Map<string, SiteParts['world']>; gateways: Map<string, SiteParts['gateway']> }> {
  const worlds = new Map<string, SiteParts['world']>();
  const gateways = new Map<string, SiteParts['gateway']>();
  for (const wish of wishes) {
    const shared = wish.at === undefined ? undefined : worlds.get(wish.at);
    const world =
      shared ??
      (await arrangement.start({
        cleanup,
        clock,
        stateDir: join(folder, 'simulators', wish.id),
        site: wish.id,
        limits: options.limits === true,
      }));
    worlds.set(wish.id, world);
    gateways.set(wish.id, await openGateway(cleanup, world.url, clock));
  }
  return { worlds, gateways };
}

/** Booking and apply as hub-engine.ts puts them together, but stepped by the test. */
function machinery(
  stages: PollDeps & { readonly clock: JumpClock },
  plan: Plan,
  siteOf: (id: string) => RigSite,
): { desk: Rig['desk']; deliver: DeliverDeps; steps: Pick<Rig, 'apply' | 'resolve' | 'sweep'> } {
  const { store, clock, events } = stages;
  const booking: BookingDeps = {
    store,
    clock,
    plan: () => plan,
    ability: (id) => {
      const { kind, connector } = siteOf(id);
      return abilityOf(kind, connector.book);
    },
  };
  const desk = bookingDesk({ ...booking, deliver: () => undefined });
  const settle: SettleDeps = { ...booking, changed: (one, _state, visit) => desk.changed(one.id, visit) };
  const deliver: DeliverDeps = {
    ...stages,
    plan: () => plan,
    outdated,
    settle: (answer) => recordOutcome(settle, answer),
  };
  const stage = applyStage({
    store,
    clock,
    plan: () => plan,
    mappingOf: (site, kind) => mappingFor(site.kind, kind) ?? null,
    patients: patientIndex,
    practitioners: practitionerIndex,
    publishesSlots: (site) => siteOf(site.id).connector.availability !== undefined,
    settle: (tx, answer) => recordWithin(settle, tx, answer),
    events,
    after: (effects) => {
      for (const id of effects.bookings) desk.changed(id);
    },
  });

  const steps = {
    async apply() {
      while (await stage.step());
    },
    async resolve() {
      const stopper = new AbortController();
      const book = (id: string): ReturnType<Parameters<typeof resolveStep>[0]['book']> =>
        siteOf(id).connector.book ?? null;
      while (await clock.hurry(resolveStep({ ...settle, book, deliveriesWaiting: () => undefined }, stopper.signal)));
    },
    async sweep() {
      const { retention } = plan.hub;
      await expireHolds({ store, clock, events, retention: () => retention, lapse, expired: (id) => desk.changed(id) });
      await requeueExpired(deliver);
    },
  };
  return { desk, deliver, steps };
}

/** What was opened last is closed first: the listener before the store, the connector before the simulator. */
function reversed(t: Cleanup): Cleanup {
  const works: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const work of works.toReversed()) await work();
  });
  return { after: (work) => works.push(work) };
}

async function planOf(
  folder: string,
  arrangement: Arrangement,
  wishes: readonly SiteWish[],
  { worlds, gateways }: Awaited<ReturnType<typeof openWorlds>>,
  options: RigOptions,
): Promise<Plan> {
  const configDir = join(folder, 'config');
  mkdirSync(join(configDir, 'sites'), { recursive: true });
  const hub = {
    environment: 'sandbox',
    timeZone: 'America/Chicago',
    visitTypes: {
      'visit-30': { name: 'Visit, 30 minutes', duration_min: 30 },
      'long-60': { name: 'Long visit', duration_min: 60 },
      'group-60': { name: 'Group', duration_min: 60, modality: 'group' },
    },
    booking: { resolveEvery_ms: 1000, wait_ms: 30_000, resolveFor_s: 600 },
    clients: [],
  };
  writeFileSync(join(configDir, 'hub.yaml'), JSON.stringify(hub));
  for (const wish of wishes) {
    const file = arrangement.siteFile({
      site: wish.id,
      address: gateways.get(wish.id)?.url ?? '',
      requests: worlds.get(wish.id)?.requests ?? null,
      limits: options.limits === true,
      correlation: options.correlation !== false,
      wrongLogin: options.wrongLogin === true,
      onePerson: options.onePerson === true,
      mirrorTo: wish.mirrorTo ?? [],
      ...(wish.calendar === undefined ? {} : { calendar: wish.calendar }),
      ...(options.rowsPerPage === undefined ? {} : { rowsPerPage: options.rowsPerPage }),
    });
    writeFileSync(join(configDir, 'sites', `${wish.id}.yaml`), JSON.stringify(file));
  }
  const specs = new Map([...kinds].map(([name, kind]) => [name, kind.settings]));
  const { plan, issues } = await buildPlan({ configDir, variables: {}, kinds: specs });
  if (plan === null) throw new Error(issues.map((issue) => formatIssue(issue)).join('\n'));
  return plan;
}

/** Writes down what the stages report. */
function recorder(told: [keyof StageEvents, ...unknown[]][]): StageEvents {
  const note =
    (name: keyof StageEvents) =>
    (...rest: readonly unknown[]): void => {
      told.push([name, ...rest]);
    };
  return {
    received: note('received'),
    applied: note('applied'),
    parked: note('parked'),
    polled: note('polled'),
    feedFailed: note('feedFailed'),
    delivered: note('delivered'),
    breaker: note('breaker'),
    bookingMoved: note('bookingMoved'),
    unusualStatus: note('unusualStatus'),
    stageFailed: note('stageFailed'),
    conflict: note('conflict'),
    placed: note('placed'),
    keyCapped: note('keyCapped'),
    practitionerMoved: note('practitionerMoved'),
    swept: note('swept'),
    escalated: note('escalated'),
    replayWindow: note('replayWindow'),
  };
}
