/**
 * Stage fetch: hints -> the object's present state. However many hints an object has, one call answers those that came
 * before it.
 */
import type { Fetch, SiteState } from '../connectors/contract.ts';
import { askedTogether } from '../core/asked-together.ts';
import { asHubError, type HubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import type { HintClaim } from '../store/contract-inbox.ts';
import { systemScope } from '../store/contract.ts';
import type { PollDeps } from './poll.ts';

const SCOPE = systemScope('fetch');
const AT_ONCE = 8;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/**
 * Refused to all calls alike: when an operator has mended it, every object that changed meanwhile must still be looked
 * at.
 */
const OF_THE_SITE: ReadonlySet<HubError['code']> = new Set([
  'SITE_LOGIN_REFUSED',
  'SITE_TOKEN_REFUSED',
  'SITE_FORBIDS',
]);

/** `quiet_ms`: how long the site may take to show what we wrote there. True when more hints may be due. */
export async function fetchHints(
  deps: PollDeps,
  site: string,
  fetch: Fetch,
  signal: AbortSignal,
  quiet_ms = 0,
): Promise<boolean> {
  const claims = await deps.store.transaction(SCOPE, (tx) => tx.inbox.claimHints(site, deps.clock.now(), AT_ONCE));
  if (claims.length === 0) return false;
  const keep = askedTogether((group: readonly Answered[]) => stored(deps, site, quiet_ms, group));
  await Promise.all(claims.map((claim) => fetchOne(deps, { site, fetch, keep }, claim, signal)));
  return claims.length === AT_ONCE;
}

interface Answered {
  readonly claim: HintClaim;
  readonly state: SiteState;
}
/** What could not be stored, and why; null: it was. */
type Kept = { readonly failure: unknown } | null;

interface Asked {
  readonly site: string;
  readonly fetch: Fetch;
  readonly keep: (answered: Answered) => Promise<Kept>;
}

async function fetchOne(
  deps: PollDeps,
  { site, fetch, keep }: Asked,
  claim: HintClaim,
  signal: AbortSignal,
): Promise<void> {
  let state: SiteState;
  try {
    state = await fetch.object(claim.object, signal);
  } catch (error) {
    if (signal.aborted) return;
    await failed(deps, site, claim, asHubError(error));
    return;
  }
  const kept = await keep({ claim, state });
  if (kept !== null) throw kept.failure;
}

/**
 * Answers that come while others are stored are stored together: most say what is known, and a transaction for each
 * would be most of what they cost. One that cannot be stored must not take the others with it.
 */
async function stored(
  deps: PollDeps,
  site: string,
  quiet_ms: number,
  group: readonly Answered[],
): Promise<readonly Kept[]> {
  try {
    await store(deps, site, quiet_ms, group);
    return group.map(() => null);
  } catch (failure) {
    if (group.length === 1) return [{ failure }];
    const each: Kept[] = [];
    for (const one of group) each.push(...(await stored(deps, site, quiet_ms, [one])));
    return each;
  }
}

async function store(deps: PollDeps, site: string, quiet_ms: number, group: readonly Answered[]): Promise<void> {
  const answers = await deps.store.transaction(SCOPE, async (tx) => {
    const now = deps.clock.now();
    const believed: Answered[] = [];
    for (const one of group) {
      const { claim, state } = one;
      // Stored, it would be news that a visit has ended which the site only does not show yet; and once it has said so,
      // the same answer would be no news any more.
      const writtenAt = state.gone === true ? await tx.bookings.writtenAt(site, claim.object, now) : null;
      const shownBy = writtenAt === null ? null : plus(writtenAt, quiet_ms);
      if (shownBy === null || state.readAt >= shownBy) believed.push(one);
      else await tx.inbox.hintsRetry(claim.ids, shownBy);
    }
    if (believed.length === 0) return [];
    const states = believed.map(({ state }) => state);
    const answer = await tx.inbox.insert(site, 'fetch', states, now, null);
    await tx.inbox.hintsDone(
      believed.flatMap(({ claim }) => claim.ids),
      now,
    );
    return answer;
  });
  const inserted = answers.filter((one) => one.kind === 'inserted').length;
  deps.events.received(site, 'fetch', inserted, answers.length - inserted);
  if (inserted > 0) deps.stored(site, false);
}

async function failed(deps: PollDeps, site: string, claim: HintClaim, failure: HubError): Promise<void> {
  const now = deps.clock.now();
  if (failure.class === 'permanent' && !OF_THE_SITE.has(failure.code)) {
    const parking = { stage: 'fetch' as const, code: failure.code, reason: failure.code, barrier: false };
    await deps.store.transaction(SCOPE, (tx) => tx.inbox.hintsPark(claim.ids, parking, now));
    deps.events.parked(site, claim.kind, 'fetch', failure.code, claim.ids[0] ?? 0);
    return;
  }
  const wait_ms = failure.retryAfter_ms ?? Math.min(RETRY_FIRST_MS * 2 ** claim.attempts, RETRY_MAX_MS);
  await deps.store.transaction(SCOPE, (tx) => tx.inbox.hintsRetry(claim.ids, plus(now, wait_ms)));
  deps.events.feedFailed(site, 'fetch', failure.code, failure.detail);
}
