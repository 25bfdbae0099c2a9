/**
 * What push feeds said, told to the store once a second at most: the first message of a quiet feed with its own commit,
 * what follows within the second with the next one or, when none comes, a second later. It is what silence and the
 * usual rate are computed from, and a row per feed that every commit changes is what commits would wait for. A kill
 * loses the count of a second at most, never a message.
 */
import type { Clock } from '../core/clock.ts';
import type { Arrival, FeedName, HeardFeed, Via } from '../store/contract-inbox.ts';
import { systemScope, type Store } from '../store/contract.ts';

export interface HeardFeeds {
  /** Runs `store` with what is to be told in its commit. */
  with<T>(arrivals: readonly Arrival[], store: (news: readonly HeardFeed[]) => Promise<T>): Promise<T>;
  /** Tells what is left. */
  stop(): Promise<void>;
}

const PUSH_FEEDS: Partial<Record<Via, FeedName>> = { webhook: 'webhook', hl7: 'hl7' };
const SCOPE = systemScope('receive');
const EVERY_MS = 1_000;

export function heardFeeds({ store, clock }: { readonly store: Store; readonly clock: Clock }): HeardFeeds {
  const pending = new Map<string, HeardFeed>();
  const stopper = new AbortController();
  let told = Number.NEGATIVE_INFINITY;
  let timer: Promise<void> | null = null;

  const note = (news: readonly HeardFeed[]): void => {
    for (const one of news) {
      const key = `${one.feed} ${one.site}`;
      pending.set(key, { ...one, messages: one.messages + (pending.get(key)?.messages ?? 0) });
    }
  };
  const takeAll = (): readonly HeardFeed[] => {
    const all = [...pending.values()];
    pending.clear();
    return all;
  };
  const tell = async (): Promise<void> => {
    const left = takeAll();
    if (left.length === 0) return;
    try {
      await store.receive(SCOPE, [], left, clock.now());
      told = clock.monotonic();
    } catch {
      // The database is away: told with the next commit, and a message that comes then says the same.
      note(left);
    }
  };
  const later = (): void => {
    timer ??= clock
      .sleep(EVERY_MS, stopper.signal)
      .then(tell)
      .finally(() => (timer = null));
  };

  return {
    async with(arrivals, run) {
      const mine = tally(arrivals, clock);
      if (mine.length === 0) return run([]);
      if (clock.monotonic() - told < EVERY_MS) {
        const result = await run([]);
        note(mine);
        later();
        return result;
      }
      told = clock.monotonic();
      const earlier = takeAll();
      note(earlier);
      note(mine);
      try {
        return await run(takeAll());
      } catch (error) {
        note(earlier);
        told = Number.NEGATIVE_INFINITY;
        throw error;
      }
    },
    async stop() {
      stopper.abort();
      await timer;
      await tell();
    },
  };
}

function tally(arrivals: readonly Arrival[], clock: Clock): readonly HeardFeed[] {
  const counts = new Map<string, HeardFeed>();
  for (const { site, via } of arrivals) {
    const feed = PUSH_FEEDS[via];
    if (feed === undefined) continue;
    const messages = (counts.get(`${feed} ${site}`)?.messages ?? 0) + 1;
    counts.set(`${feed} ${site}`, { site, feed, messages, at: clock.now() });
  }
  return [...counts.values()];
}
