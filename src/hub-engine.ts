/**
 * Everything between the store and the doors: the stages and their loops, the running sites, booking. hub.ts opens the
 * doors to it and knows in which order they close.
 */
import { approvals } from './booking/approve.ts';
import type { Approvals } from './booking/contract.ts';
import type { Desk, DeskDeps } from './booking/desk.ts';
import { lapse } from './booking/lapse.ts';
import { abilityOf } from './booking/owning-site.ts';
import { keepWaiting } from './booking/queue.ts';
import { resolveStep, type ResolveDeps } from './booking/resolve.ts';
import { parkOpenBookings } from './booking/park.ts';
import { recordWithin } from './booking/settle.ts';
import { lookAfterUnknown } from './booking/unknown-task.ts';
import { verifier } from './booking/verify.ts';
import { createBudgets } from './connectors/kit/budget.ts';
import { asHubError, HubError } from './core/errors.ts';
import { startLoop, type Loop } from './core/loop.ts';
import { isAnswer, lendSender } from './hub-answers.ts';
import { awayOf, openConnector, runnerDeps, sameSite, type Lent } from './hub-sites.ts';
import type { HubEvents } from './hub-events.ts';
import { askingSites } from './hub-asking.ts';
import { identifying, type IdentifyingDeps } from './hub-identity.ts';
import { openPractitioners, type HubPractitioners } from './hub-practitioners.ts';
import { openDesks, type SetStage } from './hub-sets.ts';
import { patientIndex } from './identity/patients.ts';
import { goldenOf, personMeant } from './identity/serving/people-seen.ts';
import { mappingFor } from './mappings/registry.ts';
import { applyStage, type ApplyStage } from './pipeline/apply.ts';
import { reviewConflicts, sweepConflicts } from './pipeline/conflicts.ts';
import { requeueExpired } from './pipeline/deliver.ts';
import { escalate } from './pipeline/escalate.ts';
import { givingWay, standingAside, type Aside } from './pipeline/give-way.ts';
import { receiver as makeReceiver, type ReceiveStage } from './pipeline/receive.ts';
import { runSite, type RunnerDeps, type SiteRunner } from './pipeline/site-runner.ts';
import { watchBursts, type ReplayWindowDeps } from './pipeline/replay-window.ts';
import { closeOpenings, expireHolds, keepHouse, type SweepDeps } from './pipeline/sweep.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import { systemScope } from './store/contract.ts';

export interface EngineOptions extends Pick<IdentifyingDeps, 'store' | 'clock' | 'memory'> {
  readonly plan: Plan;
  readonly events: HubEvents;
  /** Where vendors send webhooks of a site, and by what the hub gets into it. */
  readonly lent: (plan: Plan, siteId: string) => Lent;
}

const TICK_MS = 1_000;
const RESOLVE_TICK_MS = 500;
const OPENINGS_TICK_MS = 60_000;
const HOUSE_TICK_MS = 3_600_000;
/** Somebody waits for what they do. */
const AT_ONCE: ReadonlySet<string> = new Set(['apply', 'resolve', 'sets']);

export class Engine {
  readonly runners = new Map<string, SiteRunner>();
  readonly desk: Desk;
  readonly sets: SetStage;
  readonly approvals: Approvals;
  readonly receiver: ReceiveStage;
  readonly #options: EngineOptions;
  readonly #budgets: ReturnType<typeof createBudgets>;
  readonly booking: ResolveDeps;
  readonly #loops: Loop[] = [];
  readonly #practitioners: HubPractitioners;
  readonly #aside: Aside;
  readonly #publishing = new WeakMap<SiteSettings, boolean>();
  #apply: Loop | null = null;
  #conflicts: Loop | null = null;
  #plan: Plan;

  constructor(options: EngineOptions) {
    const { store, clock, events } = options;
    this.#options = options;
    this.#plan = options.plan;
    this.#budgets = createBudgets(clock);
    this.#aside = standingAside(() => this.desk.isBooking(), clock);
    const plan = this.plan;
    this.#practitioners = openPractitioners({ ...options, plan }, () => this.#conflicts?.ring());
    const deskDeps: DeskDeps = {
      store,
      clock,
      plan,
      askWindow: (siteId) => this.runners.get(siteId)?.askWindow ?? null,
      verify: verifier({ store, clock, plan }),
      away: (siteId) => awayOf(this.runners.get(siteId)?.breaker),
      ability: (siteId) => {
        const runner = this.runners.get(siteId);
        if (this.isAwaited(siteId)) throw new HubError('NOT_READY', { site: siteId });
        return runner === undefined ? null : abilityOf(runner.kind, runner.connector.book);
      },
      deliver: (siteId) => this.ring(siteId, 'deliver'),
      turn: (siteId) => this.runners.get(siteId)?.turn() ?? null,
      people: { meant: personMeant, goldenOf },
      ...askingSites({ store, clock, events, stored: this.stored }, (siteId) => this.runners.get(siteId)),
    };
    ({ desk: this.desk, sets: this.sets } = openDesks(deskDeps));
    this.booking = {
      store,
      clock,
      plan,
      ability: () => null,
      changed: (booking, state, visit) => {
        this.sets.moved(booking, visit);
        events.bookingMoved(booking.site, booking.action, state);
        this.ring(booking.site, 'availability');
      },
      book: (siteId) => this.runners.get(siteId)?.connector.book ?? null,
      deliveriesWaiting: (siteId) => this.ring(siteId, 'deliver'),
    };
    this.approvals = approvals({ ...deskDeps, changed: this.booking.changed, decided: events.approvalDecided });
    this.receiver = makeReceiver({ store, clock, events, stored: this.stored });
  }

  readonly plan = (): Plan => this.#plan;

  /** Something waits in the inbox of a site: hints to be fetched, the rest to be applied. */
  readonly stored = (siteId: string, hints: boolean): void => {
    if (hints) this.ring(siteId, 'fetch');
    this.#apply?.ring();
  };

  ring(siteId: string, what: Parameters<SiteRunner['ring']>[0]): void {
    this.runners.get(siteId)?.ring(what);
  }

  /**
   * Writes the directory and starts the stages. Sites start apart, when the doors that their vendors knock at are open.
   */
  async start(): Promise<void> {
    const { store, clock } = this.#options;
    await store.maintain(clock.now(), this.#plan.hub.retention);
    await this.#practitioners.writeDirectory(this.#plan);
    await this.#parkBookingsOfRemovedSites();
    const served = { receiver: this.receiver, isBooking: (): boolean => this.desk.isBooking() };
    const apply = this.#applyStage();
    const step = (): Promise<boolean> => apply.step(this.desk.isBooking());
    const applying = givingWay(served, clock, () => this.#practitioners.then(step));
    this.#apply = this.#loop('apply', TICK_MS, applying);
    this.#loop('identify', TICK_MS, identifying({ ...this.#options, plan: this.plan }, served));
    this.#conflicts = this.#loop('conflicts', TICK_MS, () => reviewConflicts(this.#options));
    this.#loop('conflicts at rest', OPENINGS_TICK_MS, () => sweepConflicts(this.#options).then(() => false));
    this.#loop('resolve', RESOLVE_TICK_MS, (signal) => resolveStep(this.booking, signal));
    this.#loop('requeue', TICK_MS, async () => (await requeueExpired(this.#runnerDeps())) > 0);
    this.#loop('queue', TICK_MS, () => this.#keepQueues());
    this.sets.rings(this.#loop('sets', TICK_MS, () => this.sets.step()));
    const sweep = this.#sweep();
    this.#loop('expire', TICK_MS, async () => (await expireHolds(sweep)) > 0);
    this.#loop('openings', OPENINGS_TICK_MS, () => closeOpenings(sweep).then(() => false));
    this.#loop('registered', OPENINGS_TICK_MS, () => lookAfterUnknown(this.#options, this.#plan));
    this.#loop('bursts', TICK_MS, () => watchBursts(this.replayWindows(), systemScope('burst')).then(() => false));
    this.#loop('escalate', OPENINGS_TICK_MS, () => escalate({ ...this.#options, plan: this.plan }).then(() => false));
    this.#loop('house', HOUSE_TICK_MS, () => keepHouse(sweep).then(() => false));
  }

  startSites(): void {
    for (const site of this.#plan.sites) this.#startSite(site);
  }

  /** It will run in a moment: whoever knocks now comes again, and must not be told that there is nobody. */
  isAwaited(siteId: string): boolean {
    if (this.runners.has(siteId)) return false;
    return this.#plan.sites.some(({ id, stage }) => id === siteId && stage !== 'suspended');
  }

  /** Puts another plan in force; sites that did not change go on undisturbed. */
  async apply(next: Plan): Promise<{ readonly started: number; readonly stopped: number }> {
    const running = this.#plan.sites;
    const before = new Map(running.map((site) => [site.id, site]));
    const changed = next.sites.filter((site) => !sameSite(before.get(site.id), site));
    // Opened before anything is stopped: a site that cannot open leaves the running plan as it is.
    for (const site of changed) await this.#open(site, next).connector.close();
    const gone = running.filter((old) => !next.sites.some((site) => site.id === old.id));
    await this.#practitioners.writeDirectory(next);
    this.#plan = next;
    this.#practitioners.askAgain();
    for (const { id } of gone) {
      await this.runners.get(id)?.stop();
      this.runners.delete(id);
      await parkOpenBookings(this.booking, id);
    }
    for (const site of changed) {
      // It stays known until the new one takes its place: what is sent meanwhile is verified, read and stored as
      // before.
      await this.runners.get(site.id)?.stop();
      if (site.stage === 'suspended') this.runners.delete(site.id);
      this.#startSite(site);
    }
    this.#apply?.ring();
    return { started: changed.length, stopped: gone.length };
  }

  /** What was taken is stored; what is under way is finished or given back. Nothing uses the store afterwards. */
  async stop(): Promise<void> {
    await this.receiver.stop();
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await Promise.all(this.#loops.map((one) => one.stop()));
  }

  /** Of sites whose file was taken away while the hub was down: nobody will ever ask them how these stand. */
  async #parkBookingsOfRemovedSites(): Promise<void> {
    const known = await this.#options.store.read(systemScope('start'), (tx) => tx.resources.sites());
    const named = new Set(this.#plan.sites.flatMap((site) => [site.id, site.identity]));
    for (const site of known) if (!named.has(site)) await parkOpenBookings(this.booking, site);
  }

  #startSite(site: SiteSettings): void {
    if (site.stage === 'suspended') return;
    const { kind, connector } = this.#open(site, this.#plan);
    this.runners.set(site.id, runSite(this.#runnerDeps(), site, kind, connector));
  }

  #open(site: SiteSettings, plan: Plan): ReturnType<typeof openConnector> {
    const { clock, lent } = this.#options;
    const hl7Sender = lendSender(clock, (bytes) => this.#lateAnswer(site.id, bytes));
    return openConnector(site, { clock, budget: this.#budgets, ...lent(plan, site.id), hl7Sender });
  }

  /** What a site says later on a connection of ours belongs to its feed: it is stored before it is acted upon. */
  #lateAnswer(siteId: string, bytes: Uint8Array): void {
    const { clock, events } = this.#options;
    const feed = this.runners.get(siteId)?.connector.hl7;
    if (feed === undefined || !isAnswer(bytes)) return;
    this.receiver.store(siteId, 'hl7', [feed.read(bytes, clock.now())], null).catch((error: unknown) => {
      const failure = asHubError(error);
      events.stageFailed(`answer:${siteId}`, failure.code, failure.detail);
    });
  }

  /**
   * Asked of a connector of its own: messages of a site that does not run (suspended, not started yet) are applied too.
   */
  #publishesSlots(site: SiteSettings): boolean {
    const known = this.#publishing.get(site);
    if (known !== undefined) return known;
    const { connector } = this.#open(site, this.#plan);
    const publishes = connector.availability !== undefined;
    this.#publishing.set(site, publishes);
    connector.close().catch(() => undefined);
    return publishes;
  }

  #runnerDeps(): RunnerDeps {
    const { store, clock, events } = this.#options;
    return runnerDeps({ store, clock, events, stored: this.stored, plan: this.plan, aside: this.#aside }, this.booking);
  }

  #applyStage(): ApplyStage {
    const { store, clock, events } = this.#options;
    return applyStage({
      store,
      clock,
      plan: this.plan,
      events,
      patients: patientIndex,
      practitioners: this.#practitioners.index,
      mappingOf: (site, messageKind) => mappingFor(site.kind, messageKind) ?? null,
      publishesSlots: (site) => this.#publishesSlots(site),
      settle: (tx, answer) => recordWithin(this.booking, tx, answer),
      after: (effects) => {
        for (const id of effects.bookings) this.desk.changed(id);
        for (const runner of this.runners.values()) {
          if (effects.deliveries) runner.ring('deliver');
          if (effects.availability) runner.ring('availability');
        }
        if (effects.conflicts) this.#conflicts?.ring();
      },
    });
  }

  /** Sites that are tried just now are looked at too: what has waited too long must not go out then. */
  async #keepQueues(): Promise<false> {
    const tried = [...this.runners.values()].filter(({ breaker }) => breaker.state() !== 'closed');
    for (const { site } of tried) await keepWaiting(this.booking, site);
    return false;
  }

  #sweep(): SweepDeps {
    const retention = (): Plan['hub']['retention'] => this.#plan.hub.retention;
    return { ...this.#options, retention, lapse, expired: (id) => this.desk.changed(id) };
  }

  replayWindows(): ReplayWindowDeps {
    const mappingOf: ReplayWindowDeps['mappingOf'] = (site, kind) => mappingFor(site.kind, kind) ?? null;
    return { ...this.#options, plan: this.plan, mappingOf };
  }

  #loop(stage: string, tick_ms: number, step: (signal: AbortSignal) => Promise<boolean>): Loop {
    const { clock, events } = this.#options;
    const onError = (error: unknown): void => {
      const failure = asHubError(error);
      events.stageFailed(stage, failure.code, failure.detail);
    };
    const paced = AT_ONCE.has(stage) ? step : this.#aside(step);
    const started = startLoop({ clock, tick_ms, step: paced, onError });
    this.#loops.push(started);
    return started;
  }
}
