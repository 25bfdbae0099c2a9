/** Asks a site for one person. What it names takes the way of all news: stored before it is acted upon. */
import type { PersonAsked, Seek, Sought } from '../connectors/contract-seek.ts';
import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/ids.ts';
import { systemScope, type Store } from '../store/contract.ts';

export interface SeekDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** News of a site are there to be applied. */
  readonly stored: (siteId: string, hints: boolean) => void;
}

type AskSite = (asked: PersonAsked, signal: AbortSignal) => Promise<Sought['kind']>;

/** Who tries to book again and again asks once: the connection is the one that visits are booked by. */
const ASK_AGAIN_MS = 60_000;
const REMEMBERED = 1_000;

/** By site. Null: it cannot be asked, or does not run. */
export function seeker(
  deps: SeekDeps,
  seekOf: (siteId: string) => Seek | undefined,
): (siteId: string) => AskSite | null {
  /** The oldest first; by hashes, so that nobody's name is kept. */
  const lately = new Map<string, { readonly at: number; readonly answer: ReturnType<AskSite> }>();
  return (siteId) => {
    const seek = seekOf(siteId);
    if (seek === undefined) return null;
    return (asked, signal) => {
      const now = deps.clock.monotonic();
      const { family, given, birthDate } = asked;
      const key = sha256(JSON.stringify([siteId, family, given, birthDate]));
      const before = lately.get(key);
      if (before !== undefined && now - before.at < ASK_AGAIN_MS) return before.answer;
      const answer = seekPerson(deps, siteId, seek, asked, signal);
      lately.delete(key);
      lately.set(key, { at: now, answer });
      answer.catch(() => lately.delete(key));
      const [oldest] = lately.keys();
      if (lately.size > REMEMBERED && oldest !== undefined) lately.delete(oldest);
      return answer;
    };
  };
}

async function seekPerson(
  { store, clock, stored }: SeekDeps,
  site: string,
  seek: Seek,
  asked: PersonAsked,
  signal: AbortSignal,
): Promise<Sought['kind']> {
  const sought = await seek.person(asked, signal);
  if (sought.kind !== 'one') return sought.kind;
  const { message } = sought;
  await store.transaction(systemScope('fetch'), (tx) => tx.inbox.insert(site, 'fetch', [message], clock.now(), null));
  stored(site, false);
  return 'one';
}
