/**
 * Stage receive: what a site sends is stored before it is acknowledged. Many senders share one commit: whoever waits
 * while a commit is under way goes into the next one, so that throughput grows with connections and every answer still
 * follows its commit.
 */
import type { SiteMessage } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import type { FeedName, Stored, Via } from '../store/contract-inbox.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface Receiver {
  /** Resolves after the commit with one answer per message, in order. Rejects when nothing was stored. */
  store(site: string, via: Via, messages: readonly SiteMessage[], trace: string | null): Promise<readonly Stored[]>;
  /** No more is taken; resolves when what was taken is committed. */
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  /** Rung after each commit. */
  readonly stored: (site: string, hints: boolean) => void;
  /** Messages that one commit may carry. */
  readonly maxBatch?: number;
}

interface Waiting {
  readonly site: string;
  readonly via: Via;
  readonly messages: readonly SiteMessage[];
  readonly trace: string | null;
  readonly resolve: (stored: readonly Stored[]) => void;
  readonly reject: (error: unknown) => void;
}

const SCOPE = systemScope('receive');
const PUSH_FEEDS: Partial<Record<Via, FeedName>> = { webhook: 'webhook', hl7: 'hl7' };

export function receiver(options: ReceiverOptions): Receiver {
  const maxBatch = options.maxBatch ?? 256;
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let stopped = false;

  const commit = async (group: readonly Waiting[]): Promise<void> => {
    const now = options.clock.now();
    const answers = await options.store.transaction(SCOPE, async (tx) => {
      const all = new Map<Waiting, readonly Stored[]>();
      const heard = new Map<string, { site: string; feed: FeedName; count: number }>();
      for (const { site, via, trace, members } of together(group)) {
        const messages = members.flatMap((one) => one.messages);
        const stored = await tx.inbox.insert(site, via, messages, now, trace);
        let from = 0;
        for (const one of members) all.set(one, stored.slice(from, (from += one.messages.length)));
        const feed = PUSH_FEEDS[via];
        if (feed === undefined) continue;
        const key = `${site} ${feed}`;
        const count = (heard.get(key)?.count ?? 0) + messages.length;
        heard.set(key, { site, feed, count });
      }
      for (const { site, feed, count } of heard.values()) await tx.feeds.heard(site, feed, now, count, null);
      return all;
    });
    group.forEach((one) => {
      const stored = answers.get(one) ?? [];
      const inserted = stored.filter((answer) => answer.kind === 'inserted').length;
      options.events.received(one.site, one.via, inserted, stored.length - inserted);
      one.resolve(stored);
      if (inserted > 0)
        options.stored(
          one.site,
          one.messages.some((message) => message.shape === 'hint'),
        );
    });
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxBatch);
      waiting = waiting.slice(group.length);
      try {
        await commit(group);
      } catch (error) {
        // One that cannot be stored must not take the others with it: each is tried alone, then told.
        if (group.length > 1 && !(error instanceof HubError && error.code === 'DATABASE_UNREACHABLE'))
          await alone(group);
        else for (const one of group) one.reject(error);
      }
    }
    running = null;
  };

  const alone = async (group: readonly Waiting[]): Promise<void> => {
    for (const one of group) {
      try {
        await commit([one]);
      } catch (error) {
        one.reject(error);
      }
    }
  };

  return {
    store(site, via, messages, trace) {
      if (stopped) return Promise.reject(new HubError('STOPPING', { site }));
      return new Promise((resolve, reject) => {
        waiting.push({ site, via, messages, trace, resolve, reject });
        // Begun behind the callers of this turn, so that they share the first commit too.
        running ??= Promise.resolve().then(run);
      });
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** What can be stored by one statement, each in the order of arrival: a hundred senders cost one and not a hundred. */
function together(
  group: readonly Waiting[],
): readonly (Pick<Waiting, 'site' | 'via' | 'trace'> & { readonly members: readonly Waiting[] })[] {
  const parts = Map.groupBy(group, ({ site, via, trace }) => JSON.stringify([site, via, trace]));
  return [...parts.values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ site: first.site, via: first.via, trace: first.trace, members }];
  });
}
