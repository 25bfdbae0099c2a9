/** Beginning, ending and comparing replay windows; what they do to a message is in replay-guard.ts. */
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { HOUR_MS, MINUTE_MS, plus, type Instant } from '../core/instant.ts';
import { feedSettings } from '../settings/feed-settings.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { InboxMessage } from '../store/contract-inbox.ts';
import type { HeldMessage, ReplayVerdict, ReplayWindow } from '../store/contract-replay.ts';
import type { AuditEntry, Scope, Store, Tx } from '../store/contract.ts';
import type { MappingOf } from './apply-context.ts';

export interface ReplayWindowDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly plan: () => Plan;
  readonly mappingOf: MappingOf;
  readonly events: { readonly replayWindow: (site: string, what: 'began' | 'ended') => void };
}

export interface ReplayReport {
  readonly window: ReplayWindow;
  readonly counts: Readonly<Record<ReplayVerdict, number>>;
  /** At most 1,000; the counts say how many there are. */
  readonly held: readonly HeldMessage[];
}

const LOOK_BACK_MS = 48 * HOUR_MS;
const CHUNK = 500;
const HELD_SHOWN = 1_000;

/**
 * Everything that the site sent since `from` (default 48 h ago) is known by its content from now on.
 * @throws HubError SITE_UNKNOWN, RULE_BROKEN when a window is open already
 */
export async function beginReplayWindow(
  deps: ReplayWindowDeps,
  scope: Scope,
  siteId: string,
  times: { readonly from?: Instant; readonly until?: Instant },
  audit?: Pick<AuditEntry, 'requestId'>,
): Promise<ReplayWindow> {
  const site = deps.plan().sites.find(({ id }) => id === siteId);
  if (site === undefined) throw new HubError('SITE_UNKNOWN', { detail: `no site file is named ${siteId}` });
  const now = deps.clock.now();
  const knownFrom = times.from ?? plus(now, -LOOK_BACK_MS);
  const window = await deps.store.transaction(scope, async (tx) => {
    const opened = await tx.replayWindows.open({
      site: siteId,
      knownFrom,
      beganAt: now,
      until: times.until ?? null,
      beganBy: scope.actor,
    });
    if (opened === null) throw new HubError('RULE_BROKEN', { site: siteId, detail: 'a replay window is open already' });
    for (let after = 0; ;) {
      const page = await tx.replayWindows.received(siteId, knownFrom, now, after, CHUNK);
      const known = page.flatMap((message) => digestOf(deps, site, message));
      if (known.length > 0) await tx.replayWindows.remember(opened.id, known);
      const last = page.at(-1);
      if (last === undefined || page.length < CHUNK) break;
      after = last.id;
    }
    if (audit !== undefined) {
      await tx.audit({ at: now, action: 'operate', site: siteId, outcome: 'success', ...audit });
    }
    return opened;
  });
  deps.events.replayWindow(siteId, 'began');
  return window;
}

function digestOf(
  deps: ReplayWindowDeps,
  site: SiteSettings,
  message: InboxMessage,
): readonly { readonly digest: string; readonly messageId: number }[] {
  const mapping = deps.mappingOf(site, message.kind);
  const digest = mapping?.contentDigest?.(message, { site, visitTypes: deps.plan().hub.visitTypes });
  return digest === undefined ? [] : [{ digest, messageId: message.id }];
}

/** @throws HubError RULE_BROKEN when none is open */
export async function endReplayWindow(
  deps: ReplayWindowDeps,
  scope: Scope,
  siteId: string,
  audit?: Pick<AuditEntry, 'requestId'>,
): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction(scope, async (tx) => {
    const window = await tx.replayWindows.newest(siteId);
    if (window === null || window.endedAt !== null) {
      throw new HubError('RULE_BROKEN', { site: siteId, detail: 'no replay window is open' });
    }
    await tx.replayWindows.end(window.id, now);
    if (audit !== undefined) {
      await tx.audit({ at: now, action: 'operate', site: siteId, outcome: 'success', ...audit });
    }
  });
  deps.events.replayWindow(siteId, 'ended');
}

/** Of the newest window of the site. @throws HubError NOT_FOUND when there was none */
export async function replayReport(store: Store, scope: Scope, siteId: string): Promise<ReplayReport> {
  return store.read(scope, async (tx) => {
    const window = await tx.replayWindows.newest(siteId);
    if (window === null) throw new HubError('NOT_FOUND', { detail: `${siteId} has had no replay window` });
    const none = { applied: 0, resent: 0, held: 0, forced: 0 };
    return {
      window,
      counts: { ...none, ...(await tx.replayWindows.counts(window.id)) },
      held: await tx.replayWindows.held(window.id, HELD_SHOWN),
    };
  });
}

/** The operator has read what was held and wants it applied: the next replay of this message is not held back. */
export async function forceMessage(tx: Tx, message: InboxMessage): Promise<void> {
  const window = await tx.replayWindows.at(message.site, message.receivedAt);
  if (window === null) return;
  await tx.replayWindows.decide(window.id, {
    messageId: message.id,
    verdict: 'forced',
    appointmentId: null,
    detail: null,
  });
}

/** A burst is over when nothing came for so long. */
const QUIET_MS = 15 * MINUTE_MS;
const BURST_WITHIN_MS = 5 * MINUTE_MS;
const BURST_ACTOR = 'hub:burst';

/** Ends windows whose time is over, and begins one where a site sends more than its setting calls usual. */
export async function watchBursts(deps: ReplayWindowDeps, scope: Scope): Promise<void> {
  const now = deps.clock.now();
  const open = await deps.store.read(scope, (tx) => tx.replayWindows.unended());
  for (const window of open) {
    const newest = await deps.store.read(scope, (tx) => tx.replayWindows.nthNewest(window.site, 1));
    const quiet = window.beganBy === BURST_ACTOR && (newest === null || now - newest > QUIET_MS);
    if (quiet || (window.until !== null && window.until <= now)) await endReplayWindow(deps, scope, window.site);
  }
  await deps.store.transaction(scope, (tx) => tx.replayWindows.forgetKnown());
  const isOpen = new Set(open.map(({ site }) => site));
  for (const site of deps.plan().sites) {
    const burst = feedSettings(site.settings)['burst_per_5min'];
    if (typeof burst !== 'number' || burst === 0 || isOpen.has(site.id)) continue;
    const reached = await deps.store.read(scope, (tx) => tx.replayWindows.nthNewest(site.id, burst));
    if (reached === null || now - reached > BURST_WITHIN_MS) continue;
    await beginReplayWindow(deps, { ...scope, actor: BURST_ACTOR }, site.id, {});
  }
}

/** What the operations API asks for. */
export interface ReplayOperations {
  begin(
    scope: Scope,
    site: string,
    times: { readonly from?: Instant; readonly until?: Instant },
    requestId: string,
  ): Promise<ReplayReport>;
  end(scope: Scope, site: string, requestId: string): Promise<ReplayReport>;
  report(scope: Scope, site: string): Promise<ReplayReport>;
}

export function replayOperations(deps: ReplayWindowDeps): ReplayOperations {
  const report = (scope: Scope, site: string): Promise<ReplayReport> => replayReport(deps.store, scope, site);
  return {
    async begin(scope, site, times, requestId) {
      await beginReplayWindow(deps, scope, site, times, { requestId });
      return report(scope, site);
    },
    async end(scope, site, requestId) {
      await endReplayWindow(deps, scope, site, { requestId });
      return report(scope, site);
    },
    report,
  };
}
