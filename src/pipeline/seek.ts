/** Asks a site for one person. What it names takes the way of all news: stored before it is acted upon. */
import type { PersonAsked, Seek, Sought } from '../connectors/contract-seek.ts';
import type { Clock } from '../core/clock.ts';
import { systemScope, type Store } from '../store/contract.ts';

export interface SeekDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** News of a site are there to be applied. */
  readonly stored: (siteId: string, hints: boolean) => void;
}

type AskSite = (asked: PersonAsked, signal: AbortSignal) => Promise<Sought['kind']>;

/** By site. Null: it cannot be asked, or does not run. */
export function seeker(
  deps: SeekDeps,
  seekOf: (siteId: string) => Seek | undefined,
): (siteId: string) => AskSite | null {
  return (siteId) => {
    const seek = seekOf(siteId);
    return seek === undefined ? null : (asked, signal) => seekPerson(deps, siteId, seek, asked, signal);
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
