/** Stage poll: one page of a site -> inbox rows, with the cursor and the lag mark in the same commit. */
import type { CompleteWindow, Connector, ConnectorKind, SiteHint } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { asHubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface PollDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  readonly stored: (site: string, hints: boolean) => void;
}

const SCOPE = systemScope('poll');

/** Asks for one page and stores it. True: ask again at once. Failures are recorded on the feed and thrown. */
export async function pollPage(
  deps: PollDeps,
  site: SiteSettings,
  kind: ConnectorKind,
  connector: Connector,
  signal: AbortSignal,
): Promise<boolean> {
  const { poll } = connector;
  if (poll === undefined) return false;
  const began = deps.clock.monotonic();
  try {
    const saved = await deps.store.read(SCOPE, (tx) => tx.feeds.cursor(site.id, 'poll'));
    const from = saved === null ? null : kind.cursor.parse(saved.version, saved.value);
    const page = await poll.page(from, signal);
    let hints = false;
    const inserted = await deps.store.transaction(SCOPE, async (tx) => {
      const now = deps.clock.now();
      const stored = await tx.inbox.insert(site.id, 'poll', page.messages, now, null);
      const missing = await missingObjects(tx, site, page.complete ?? [], connector.book?.showsWithin_ms ?? 0);
      if (missing.length > 0) await tx.inbox.insert(site.id, 'poll', missing, now, null);
      hints = missing.length > 0 || page.messages.some((message) => message.shape === 'hint');
      await tx.feeds.saveCursor(site.id, 'poll', kind.cursor.version, page.next, now);
      await tx.feeds.heard(site.id, 'poll', now, page.messages.length, page.seenUpTo);
      return stored.filter((one) => one.kind === 'inserted').length + missing.length;
    });
    deps.events.polled(site.id, 'poll', inserted, deps.clock.monotonic() - began);
    if (inserted > 0) deps.stored(site.id, hints);
    return page.more;
  } catch (error) {
    if (!signal.aborted) await feedFailed(deps, site.id, 'poll', error);
    throw error;
  }
}

/**
 * Live appointments that a whole listing does not name: each is looked at by itself before anything is believed. Not
 * those that we have written within the site's quiet time before the listing: it may be slow to show them, in the
 * listing and when it is asked for one of them alike, and both together would look like an end.
 */
export async function missingObjects(
  tx: Tx,
  site: SiteSettings,
  windows: readonly CompleteWindow[],
  showsWithin_ms: number,
): Promise<SiteHint[]> {
  const hints: SiteHint[] = [];
  for (const window of windows) {
    const quietSince = plus(window.readAt, -showsWithin_ms);
    for (const { siteKey } of await tx.inbox.missingFrom(site.id, window, quietSince)) {
      hints.push({
        shape: 'hint',
        kind: 'missing-from-listing',
        object: `appointment:${siteKey}`,
        sequenceKeys: [`appointment:${siteKey}`],
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify({ object: `appointment:${siteKey}` })),
      });
    }
  }
  return hints;
}

export async function feedFailed(
  deps: Pick<PollDeps, 'store' | 'clock' | 'events'>,
  site: string,
  feed: 'poll' | 'availability',
  error: unknown,
): Promise<void> {
  const failure = asHubError(error);
  deps.events.feedFailed(site, feed, failure.code, failure.detail);
  // Not being able to note the failure must not hide it: the caller throws the first error.
  await deps.store
    .transaction(SCOPE, (tx) => tx.feeds.failed(site, feed, deps.clock.now(), failure.code))
    .catch(() => undefined);
}
