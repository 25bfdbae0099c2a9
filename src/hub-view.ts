/** How the hub stands, for the operations page and for metrics. */
import type { Clock } from './core/clock.ts';
import { formatInstant, type Instant } from './core/instant.ts';
import type { Telemetry } from './core/telemetry.ts';
import type { OpsCompleteness, OpsFeed, OpsSite, OpsView } from './http/deps.ts';
import type { SiteRunner } from './pipeline/site-runner.ts';
import type { Plan, SiteSettings } from './settings/shape.ts';
import type { FeedState } from './store/contract-inbox.ts';
import type { Completeness } from './store/contract-proofs.ts';
import { systemScope, type Store } from './store/contract.ts';

const SCOPE = systemScope('ops');
const REQUESTS = { received: 'not answered', open: 'answered pending' } as const;

export async function opsView(
  store: Store,
  clock: Clock,
  plan: Plan,
  runners: ReadonlyMap<string, SiteRunner>,
): Promise<Omit<OpsView, 'listeners'>> {
  const loaded = new Map<string, boolean>();
  for (const [id, runner] of runners) loaded.set(id, await runner.loaded());
  return store.read(SCOPE, async (tx) => {
    const feeds = await tx.feeds.feeds();
    const complete = await tx.proofs.completeness();
    const replaying = new Set((await tx.replayWindows.unended()).map(({ site }) => site));
    const sites: OpsSite[] = [];
    for (const site of plan.sites) {
      const depth = await tx.inbox.depth(site.id);
      const own = feeds.filter((feed) => feed.site === site.id);
      sites.push({
        id: site.id,
        kind: site.kind,
        stage: site.stage,
        environment: site.environment,
        state: replaying.has(site.id)
          ? 'replay window open'
          : stateOf(site, own, runners.get(site.id), loaded.get(site.id) === true, clock.now()),
        breaker: runners.get(site.id)?.breaker.state() ?? null,
        completeness: shownCompleteness(complete.find((one) => one.site === site.id)),
        feeds: own.map((feed) => opsFeed(feed, clock.now())),
        ...depth,
      });
    }
    const outbox = (await tx.outbox.depth()).map(({ receiver, receiverId, state, count }) => ({
      receiver: receiver === 'client' ? `client ${receiverId}` : receiverId,
      state,
      count,
    }));
    const requests = (await tx.hl7Requests.waiting()).map(({ client, state, count, oldestAt }) => ({
      client,
      state: REQUESTS[state],
      count,
      oldest_s: Math.max(0, Math.round((clock.now() - oldestAt) / 1000)),
    }));
    return { sites, bookings: await tx.bookings.countByState(), outbox, requests };
  });
}

function shownCompleteness(known: Completeness | undefined): OpsCompleteness | null {
  if (known === undefined) return null;
  const time = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
  const { windows, proven, share, provenSince, lastProvenAt, unproven } = known;
  return {
    windows,
    proven,
    share: Math.round(share * 1000) / 1000,
    provenSince: time(provenSince),
    lastProvenAt: time(lastProvenAt),
    unproven: unproven.map(({ calendar, window, differences }) => ({
      calendar,
      from: formatInstant(window.start),
      to: formatInstant(window.end),
      differences,
    })),
  };
}

function opsFeed(feed: FeedState, now: Instant): OpsFeed {
  const seconds = (at: Instant | null): number | null =>
    at === null ? null : Math.max(0, Math.round((now - at) / 1000));
  const pulled = feed.name === 'poll' || feed.name === 'availability';
  return {
    name: feed.name,
    lag_s: pulled ? seconds(feed.seenUpTo) : null,
    silence_s: pulled ? null : seconds(feed.heardAt),
    usualPerHour: feed.usualPerHour,
    error: feed.errorCode,
  };
}

function stateOf(
  site: SiteSettings,
  feeds: readonly FeedState[],
  runner: SiteRunner | undefined,
  loaded: boolean,
  now: Instant,
): string {
  if (site.stage === 'suspended') return 'suspended';
  if (runner === undefined) return 'not running';
  const { breaker } = runner;
  if (breaker.state() === 'open') return `down, tried again in ${Math.ceil(breaker.retryIn_ms() / 1000)} s`;
  if (breaker.state() === 'half-open') return 'down, one call is tried';
  const failing = feeds.find((feed) => feed.errorSince !== null);
  if (failing !== undefined) return `failing: ${failing.errorCode ?? 'unknown'}`;
  if (!loaded) return 'first load';
  const poll = feeds.find((feed) => feed.name === 'poll');
  const behind_ms = 3 * site.poll.every_s * 1000 + site.poll.overlap_s * 1000;
  if (poll !== undefined && poll.seenUpTo !== null && now - poll.seenUpTo > behind_ms) return 'behind';
  return 'in step';
}

export function watchGauges(telemetry: Telemetry, store: Store, clock: Clock): void {
  telemetry.gauge(
    'slotwire_lag_seconds',
    'Now minus the newest moment of a site that is proven seen',
    ['site', 'feed'],
    async () => {
      const feeds = await store.read(SCOPE, (tx) => tx.feeds.feeds());
      return feeds.flatMap((feed) =>
        feed.seenUpTo === null
          ? []
          : [
              {
                labels: { site: feed.site, feed: feed.name },
                value: Math.max(0, (clock.now() - feed.seenUpTo) / 1000),
              },
            ],
      );
    },
  );
  telemetry.gauge('slotwire_silence_seconds', 'Since a push feed was last heard', ['site', 'feed'], async () => {
    const feeds = await store.read(SCOPE, (tx) => tx.feeds.feeds());
    return feeds.flatMap((feed) =>
      feed.heardAt === null || feed.name === 'poll' || feed.name === 'availability'
        ? []
        : [{ labels: { site: feed.site, feed: feed.name }, value: Math.max(0, (clock.now() - feed.heardAt) / 1000) }],
    );
  });
  telemetry.gauge(
    'slotwire_proven_share',
    'Share of the horizon in which a site was found to have what our copy has',
    ['site'],
    async () => {
      const known = await store.read(SCOPE, (tx) => tx.proofs.completeness());
      return known.map(({ site, share }) => ({ labels: { site }, value: share }));
    },
  );
  telemetry.gauge(
    'slotwire_identity_backlog',
    'Patient records to be compared (due); pairs that wait for a person (open, claimed; overdue: of both)',
    ['state'],
    async () => {
      const backlog = await store.read(SCOPE, (tx) => tx.identity.backlog(clock.now()));
      return Object.entries(backlog).map(([state, value]) => ({ labels: { state }, value }));
    },
  );
  telemetry.gauge(
    'slotwire_work_items',
    'Open work items by kind and role; overdue: past their time, else waiting',
    ['kind', 'role', 'state'],
    async () => {
      const counts = await store.read(SCOPE, (tx) => tx.workItems.counts(clock.now()));
      return counts.map(({ kind, role, isOverdue, count }) => ({
        labels: { kind, role, state: isOverdue ? 'overdue' : 'waiting' },
        value: count,
      }));
    },
  );
  telemetry.gauge('slotwire_inbox_depth', 'Messages waiting', ['state'], async () => {
    const { queued, hints, parked } = await store.read(SCOPE, (tx) => tx.inbox.depth());
    return [
      { labels: { state: 'queued' }, value: queued },
      { labels: { state: 'hints' }, value: hints },
      { labels: { state: 'parked' }, value: parked },
    ];
  });
  telemetry.gauge(
    'slotwire_client_waiting',
    'Requests of HL7 v2 clients not answered or not decided, and messages owed to them',
    ['sender', 'state'],
    async () => {
      const { requests, owed } = await store.read(SCOPE, async (tx) => ({
        requests: await tx.hl7Requests.waiting(),
        owed: (await tx.outbox.depth()).filter(({ receiver }) => receiver === 'client'),
      }));
      return [
        ...requests.map(({ client, state, count }) => ({
          labels: { sender: client, state: state === 'open' ? 'pending' : 'unanswered' },
          value: count,
        })),
        ...owed.map(({ receiverId, state, count }) => ({
          labels: { sender: receiverId, state: `owed ${state}` },
          value: count,
        })),
      ];
    },
  );
}
