/** One running site: its connector and a loop for each of its abilities. A slow site delays only its own loops. */
import type { SendTurn } from '../booking/contract-send.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { asHubError, HubError } from '../core/errors.ts';
import type { Availability, Connector, ConnectorKind } from '../connectors/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { mayWrite } from '../settings/write.ts';
import type { FreshnessWindow } from '../store/contract-inbox.ts';
import { systemScope } from '../store/contract.ts';
import type { MappingOf } from './apply-context.ts';
import { askNow, askWindows, planWindows } from './availability.ts';
import { createBreaker, hearFailure, type Breaker } from './breaker.ts';
import { deliverer, type DeliverDeps } from './deliver.ts';
import { fetchHints } from './fetch.ts';
import type { Aside } from './give-way.ts';
import { planProofs, reconcileNext } from './reconcile.ts';
import { pollPage, type PollDeps } from './poll.ts';
import { takeUpTemplates, templateAvailability } from './template-window.ts';

export interface SiteRunner {
  readonly site: SiteSettings;
  readonly kind: ConnectorKind;
  readonly connector: Connector;
  /** Whether the site answers. */
  readonly breaker: Breaker;
  /** Asks the site for a window of open time now, for a booking (booking/verify.ts); null: it cannot be asked. */
  readonly askWindow: ((window: FreshnessWindow, signal: AbortSignal) => Promise<number | null>) | null;
  /** Room for one call; null: the call has to wait, and is found in the database. */
  turn(): SendTurn | null;
  /** Which of its loops should look for work now. */
  ring(what: 'fetch' | 'availability' | 'deliver' | 'poll'): void;
  /** True once what is open and booked at the site was read for the first time; it stays true over restarts. */
  loaded(): Promise<boolean>;
  /** Reads everything again once `reset` has forgotten where reading stood. Bookings under way are not disturbed. */
  startOver(reset: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface RunnerDeps extends PollDeps, DeliverDeps {
  /** Absent: the copy is not held against what the site has. */
  readonly mappingOf?: MappingOf;
  /** Absent: nobody waits for bookings. */
  readonly aside?: Aside;
}

const LOAD_SCOPE = systemScope('load');
const FETCH_TICK_MS = 1_000;
const DELIVER_TICK_MS = 1_000;
const MAINTAIN_TICK_MS = 3_600_000;
const AVAILABILITY_TICK_MS = 2_000;
/** Pairs and horizon are planned anew this often: the vendor's offer and the date change. */
const REPLAN_MS = 900_000;
/** One window at most in so long, so that whoever else reads the site is never kept waiting. */
const RECONCILE_TICK_MS = 3_000;
const FAILURE_PAUSE_MS = 5_000;
/** They follow what bookings did, or look at what nobody waits for. */
const STAND_ASIDE: ReadonlySet<string> = new Set(['fetch', 'availability', 'reconcile']);

export function runSite(deps: RunnerDeps, site: SiteSettings, kind: ConnectorKind, connector: Connector): SiteRunner {
  const loops = new Map<string, Loop>();
  const stopper = new AbortController();
  const availability = connector.availability ?? templateAvailability(deps, site);
  let planned = availability === undefined;
  const breaker = createBreaker(
    deps.clock,
    () => deps.plan().hub.booking,
    (state) => deps.events.breaker(site.id, state),
  );

  const loop = (name: string, tick_ms: number, work: (signal: AbortSignal) => Promise<boolean>): void => {
    const step = STAND_ASIDE.has(name) && deps.aside !== undefined ? deps.aside(work) : work;
    loops.set(
      name,
      startLoop({
        clock: deps.clock,
        tick_ms,
        step: (signal) => step(AbortSignal.any([signal, stopper.signal])),
        onError: (error) => {
          const failure = asHubError(error);
          if (!stopper.signal.aborted) deps.events.stageFailed(`${name}:${site.id}`, failure.code, failure.detail);
        },
      }),
    );
  };

  const { poll, fetch, load } = connector;
  const startReading = (): void => {
    if (poll !== undefined) {
      loop('poll', site.poll.every_s * 1000, async (signal) => {
        try {
          const more = await pollPage(deps, site, kind, connector, signal);
          breaker.worked('read');
          return more;
        } catch (error) {
          if (!signal.aborted) hearFailure(breaker, 'read', error);
          await backOff(error, signal);
          return !signal.aborted;
        }
      });
    }
    if (load !== undefined) {
      loop('load', MAINTAIN_TICK_MS, async (signal) => {
        await loadOnce(deps, site, connector, signal);
        return false;
      });
    }
  };
  startReading();
  const quiet_ms = connector.book?.showsWithin_ms ?? 0;
  if (fetch !== undefined) loop('fetch', FETCH_TICK_MS, (signal) => fetchHints(deps, site.id, fetch, signal, quiet_ms));
  if (availability !== undefined) {
    const step = asking(deps, site, availability, () => {
      planned = true;
    });
    loop('availability', AVAILABILITY_TICK_MS, step);
  }
  if (availability === undefined) {
    // Of templates that stood in the file once.
    loop('templates', MAINTAIN_TICK_MS, async () => {
      await takeUpTemplates(deps, site);
      return false;
    });
  }
  const ringDeliver = (): void => loops.get('deliver')?.ring();
  const owed = deliverer(deps, site, { book: connector.book, block: connector.block }, ringDeliver, breaker);
  if (mayWrite(site) && (connector.book !== undefined || connector.block !== undefined)) {
    loop('deliver', DELIVER_TICK_MS, (signal) => owed.step(signal));
  }
  if (connector.maintain !== undefined) {
    loop('maintain', MAINTAIN_TICK_MS, async (signal) => {
      await connector.maintain?.(signal);
      return false;
    });
  }

  /**
   * A site that fails is asked again soon, not at the next regular tick; one that names a time is left alone until
   * then.
   */
  const backOff = async (error: unknown, signal: AbortSignal): Promise<void> => {
    const failure = asHubError(error);
    const pause_ms = failure.retryAfter_ms ?? Math.min(FAILURE_PAUSE_MS, site.poll.every_s * 1000);
    await deps.clock.sleep(failure.class === 'permanent' ? site.poll.every_s * 1000 : pause_ms, signal);
  };

  let turn: Promise<void> = Promise.resolve();
  const readAnew = async (reset: () => Promise<void>): Promise<void> => {
    // A page under way would save its cursor after the reset, and the site would not be read again.
    for (const name of ['poll', 'load']) await loops.get(name)?.stop();
    try {
      await reset();
    } finally {
      if (!stopper.signal.aborted) startReading();
      loops.get('availability')?.ring();
    }
  };

  const runner: SiteRunner = {
    site,
    kind,
    connector,
    breaker,
    askWindow: askingNow(deps, site, connector.availability, breaker, stopper.signal),
    turn: () => (mayWrite(site) ? owed.turn(stopper.signal) : null),
    ring: (what) => loops.get(what)?.ring(),
    loaded: () =>
      deps.store.read(LOAD_SCOPE, async (tx) => {
        if (load !== undefined && (await tx.feeds.cursor(site.id, 'load')) === null) return false;
        const feeds = await tx.feeds.feeds(site.id);
        // One window asked: all were planned, if not in this run then in an earlier one. The site may be away today.
        if (!planned && !feeds.some((feed) => feed.name === 'availability' && feed.heardAt !== null)) return false;
        if (poll !== undefined && !feeds.some((feed) => feed.name === 'poll' && feed.seenUpTo !== null)) return false;
        return (await tx.feeds.unverified(site.id)) === 0;
      }),
    startOver(reset) {
      const mine = turn.then(() => readAnew(reset));
      turn = mine.catch(() => undefined);
      return mine;
    },
    async stop() {
      stopper.abort(new HubError('STOPPING', { site: site.id }));
      await Promise.all([...loops.values()].map((one) => one.stop()));
      await owed.idle();
      await connector.close();
    },
  };
  // A loop takes its first step at once, and this one asks the runner.
  const proving = reconciling(deps, site, connector, () => runner.loaded());
  if (proving !== null) loop('reconcile', RECONCILE_TICK_MS, proving);
  return runner;
}

/** Null: it cannot be asked for what it has, or its file says never. */
function reconciling(
  deps: RunnerDeps,
  site: SiteSettings,
  connector: Connector,
  loaded: () => Promise<boolean>,
): ((signal: AbortSignal) => Promise<boolean>) | null {
  const { mappingOf } = deps;
  const { reconcile } = connector;
  if (reconcile === undefined || mappingOf === undefined || site.poll.reconcileEvery_min === 0) return null;
  let plannedAt = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    // Before the first load is over, everything would differ.
    if (!(await loaded())) return false;
    const proving = { ...deps, mappingOf };
    if (deps.clock.monotonic() - plannedAt > REPLAN_MS) {
      await planProofs(proving, site, reconcile);
      plannedAt = deps.clock.monotonic();
    }
    await reconcileNext(proving, site, connector, signal);
    return false;
  };
}

function askingNow(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability | undefined,
  breaker: Breaker,
  stopped: AbortSignal,
): SiteRunner['askWindow'] {
  if (availability === undefined) return null;
  return async (window, signal) => {
    try {
      return await askNow(deps, site, availability, window, AbortSignal.any([signal, stopped]));
    } catch (error) {
      if (!stopped.aborted) hearFailure(breaker, 'read', error);
      throw error;
    }
  };
}

/** Plans the windows now and then, and asks those that are due. */
function asking(
  deps: RunnerDeps,
  site: SiteSettings,
  availability: Availability,
  onPlanned: () => void,
): (signal: AbortSignal) => Promise<boolean> {
  let plannedAt = Number.NEGATIVE_INFINITY;
  let basis: string | undefined;
  return async (signal) => {
    const next = availability.basis?.();
    if (next !== basis) {
      await takeUpTemplates(deps, site);
      basis = next;
    }
    if (deps.clock.monotonic() - plannedAt > REPLAN_MS) {
      await planWindows(deps, site, availability, signal);
      plannedAt = deps.clock.monotonic();
      onPlanned();
    }
    return askWindows(deps, site, availability, signal);
  };
}

/** Once in a site's life; a kill in the middle begins it anew, and every row that came before is a repeat. */
export async function loadOnce(
  deps: PollDeps,
  site: SiteSettings,
  connector: Connector,
  signal: AbortSignal,
): Promise<void> {
  if (connector.load === undefined) return;
  const done = await deps.store.read(LOAD_SCOPE, (tx) => tx.feeds.cursor(site.id, 'load'));
  if (done?.value['done'] === true) return;
  for await (const messages of connector.load.run(signal)) {
    const stored = await deps.store.transaction(LOAD_SCOPE, (tx) =>
      tx.inbox.insert(site.id, 'load', messages, deps.clock.now(), null),
    );
    if (stored.some((one) => one.kind === 'inserted')) deps.stored(site.id, false);
  }
  await deps.store.transaction(LOAD_SCOPE, (tx) =>
    tx.feeds.saveCursor(site.id, 'load', 1, { done: true }, deps.clock.now()),
  );
}
