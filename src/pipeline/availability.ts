/** Stage availability: asks computed schedulers for their open time, window by window, the most overdue first. */
import type { Availability, SiteState } from '../connectors/contract.ts';
import { asHubError } from '../core/errors.ts';
import { DAY_MS, localDate, plus, startOfDay, type Instant } from '../core/instant.ts';
import { canonicalId } from '../fhir/canonical-ids.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { zoneOf } from '../settings/zone.ts';
import type { FreshnessWindow } from '../store/contract-inbox.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import { feedFailed, type PollDeps } from './poll.ts';

const SCOPE = systemScope('availability');
/** Asked in one step before the plan is looked at again; the site's budget spaces the calls. */
const AT_ONCE = 12;
/** A window that was asked but whose answer is not applied yet is asked again after this. */
const UNAPPLIED_MS = 60_000;
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 600_000;

/** Makes windows of one local day each over the horizon, for every pair that the site offers. */
export async function planWindows(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability,
  signal: AbortSignal,
): Promise<void> {
  try {
    const pairs = await availability.pairs(signal);
    const now = deps.clock.now();
    const windows = pairs.flatMap(({ calendar, visitType }) =>
      localDays(now, site.poll.horizon_days, zoneOf(site, site.resources.calendars[calendar]?.location)).map(
        (window): FreshnessWindow => ({ calendar, visitType, window }),
      ),
    );
    await deps.store.transaction(SCOPE, (tx) => tx.feeds.planWindows(site.id, windows, now));
  } catch (error) {
    if (!signal.aborted && availability.by !== 'template') await feedFailed(deps, site.id, 'availability', error);
    throw error;
  }
}

/** True when more windows are due. */
export async function askWindows(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability,
  signal: AbortSignal,
): Promise<boolean> {
  const due = await deps.store.glance(SCOPE, (tx) => tx.feeds.dueWindows(site.id, deps.clock.now(), AT_ONCE));
  const keep = keeper(deps, site, availability);
  await Promise.all(due.map((window) => askOne(deps, site, availability, window, keep, signal)));
  return due.length === AT_ONCE;
}

type DueWindow = FreshnessWindow & { readonly attempts: number };

async function askOne(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability,
  window: DueWindow,
  keep: Keep,
  signal: AbortSignal,
): Promise<void> {
  const began = deps.clock.monotonic();
  try {
    const news = await keep({ window, state: await availability.ask(window, 'patient', signal) });
    if (availability.by !== 'template')
      deps.events.polled(site.id, 'availability', news === null ? 0 : 1, deps.clock.monotonic() - began);
    if (news !== null) deps.stored(site.id, false);
  } catch (error) {
    if (signal.aborted) return;
    if (availability.by !== 'template') await feedFailed(deps, site.id, 'availability', error);
    const wait_ms = asHubError(error).retryAfter_ms ?? Math.min(RETRY_FIRST_MS * 2 ** window.attempts, RETRY_MAX_MS);
    await deps.store.transaction(SCOPE, (tx) =>
      tx.feeds.windowFailed(site.id, window, plus(deps.clock.now(), wait_ms)),
    );
  }
}

/**
 * One window out of its turn, because a booking waits for it. The id of the message that must be applied; null: the
 * site said again what is known.
 */
export async function askNow(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability,
  window: FreshnessWindow,
  signal: AbortSignal,
): Promise<number | null> {
  const began = deps.clock.monotonic();
  try {
    const state = await availability.ask(window, 'patient', signal, 'booking');
    const [news = null] = await storeAnswers(deps, site, availability, [{ window, state }]);
    deps.events.polled(site.id, 'verify', news === null ? 0 : 1, deps.clock.monotonic() - began);
    if (news !== null) deps.stored(site.id, false);
    return news;
  } catch (error) {
    const failure = asHubError(error);
    deps.events.feedFailed(site.id, 'verify', failure.code, failure.detail);
    throw error;
  }
}

interface Answered {
  readonly window: FreshnessWindow;
  readonly state: SiteState;
}
/** Resolves after the commit with the id of the message; null: the answer is no news. */
type Keep = (answered: Answered) => Promise<number | null>;

/**
 * Answers that come while others are stored are stored together. Each in a transaction of its own they would wait for
 * each other on the row of their feed, every one with a connection that a booking could have used.
 */
function keeper(deps: PollDeps, site: SiteSettings, availability: Availability): Keep {
  interface Waiting {
    readonly answered: Answered;
    readonly resolve: (news: number | null) => void;
    readonly reject: (error: unknown) => void;
  }
  const waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.splice(0);
      try {
        const news = await storeAnswers(
          deps,
          site,
          availability,
          group.map((one) => one.answered),
        );
        group.forEach((one, index) => one.resolve(news[index] ?? null));
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    running = null;
  };
  return (answered) =>
    new Promise((resolve, reject) => {
      waiting.push({ answered, resolve, reject });
      running ??= run();
    });
}

function storeAnswers(
  deps: PollDeps,
  site: SiteSettings,
  availability: Availability,
  group: readonly Answered[],
): Promise<(number | null)[]> {
  return deps.store.transaction(SCOPE, async (tx) => {
    const now = deps.clock.now();
    const states = group.map((one) => one.state);
    const stored = await tx.inbox.insert(site.id, 'availability', states, now, null);
    const news: (number | null)[] = [];
    const confirmed: FreshnessWindow[] = [];
    // Whoever has one of several is applying an answer for it or makes it due: it is written there, or asked for again.
    const ours = group.length < 2 ? null : await tx.feeds.unheldWindows(site.id, windowsOf(group));
    for (const [index, { window, state }] of group.entries()) {
      const one = stored[index];
      const inserted = one?.kind === 'inserted';
      news.push(inserted ? one.id : null);
      if (ours?.has(window) === false) continue;
      if (inserted || !(await isApplied(tx, site, state))) {
        await tx.feeds.windowFailed(site.id, window, plus(now, UNAPPLIED_MS));
        continue;
      }
      // The site said again what is known: nothing to apply, but the window is confirmed as of this question.
      const again = availability.askAgain?.(window, state.readAt);
      await tx.feeds.verified(site.id, window, state.readAt, again ?? plus(now, site.poll.availabilityEvery_s * 1000));
      if (availability.by !== 'template') confirmed.push(window);
    }
    await refreshClasses(tx, site, confirmed, now);
    // Last, because every other answer of this feed waits for its row. Of a template nothing is heard.
    if (availability.by !== 'template') await tx.feeds.heard(site.id, 'availability', now, group.length, null);
    return news;
  });
}

function windowsOf(group: readonly Answered[]): readonly FreshnessWindow[] {
  return group.map(({ window }) => window);
}

/** A class that was full may not be: what was booked into it before this answer is in what the site counts. */
async function refreshClasses(
  tx: Tx,
  site: SiteSettings,
  windows: readonly FreshnessWindow[],
  now: Instant,
): Promise<void> {
  if (windows.length === 0) return;
  const asked = windows.map(({ calendar, visitType, window }) => ({
    scheduleId: canonicalId.schedule(site.identity, calendar),
    localVisitType: visitType,
    window,
  }));
  await tx.resources.refreshClasses(asked, { site: site.id, messageId: null, siteTime: null, now });
}

/**
 * Said again before its first answer is applied, or while its last one is parked: nobody reads what would be confirmed.
 */
async function isApplied(tx: Tx, site: SiteSettings, { object }: SiteState): Promise<boolean> {
  return (await tx.inbox.appliedReadAt(site.id, object)) !== null && !(await tx.inbox.isParked(site.id, object));
}

/** Today and the following local days, each from midnight to midnight: 23 or 25 hours where the clocks change. */
export function localDays(
  now: Instant,
  days: number,
  zone: string,
): { readonly start: Instant; readonly end: Instant }[] {
  const list: { start: Instant; end: Instant }[] = [];
  let start = startOfDay(localDate(now, zone), zone);
  for (let day = 0; day < days && start !== null; day += 1) {
    // Noon of the next day is the same date however long today is.
    const end = startOfDay(localDate(plus(start, DAY_MS + DAY_MS / 2), zone), zone);
    if (end === null) break;
    list.push({ start, end });
    start = end;
  }
  return list;
}
