/**
 * Stage reconcile: our copy of a window held against all that the site has in it. First by count and hash; where those
 * differ, visit by visit. What differs is repaired by the path of all news: the state that the site has just listed is
 * stored and applied; what it does not list is fetched by itself. Then the window is asked for again: it is proven when
 * both are found the same. What cannot be proven is shown as unproven, which is no alarm.
 */
import type { CompleteWindow, Connector, Reconcile, SiteMessage, SiteState } from '../connectors/contract.ts';
import { asHubError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import { MINUTE_MS, plus, type Interval } from '../core/instant.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { VisitThere } from '../store/contract-proofs.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { MappingOf } from './apply-context.ts';
import { occupiesTime } from './occupy.ts';
import { missingObjects, type PollDeps } from './poll.ts';

export interface ReconcileDeps extends PollDeps {
  readonly plan: () => Plan;
  readonly mappingOf: MappingOf;
}

const SCOPE = systemScope('reconcile');
/** A repaired window is looked at again when what was stored for it should be applied. */
const AGAIN_MS = 15_000;
const FAILED_MS = 5 * MINUTE_MS;
/** After so many repairs in vain it is asked for as seldom as others, and stays unproven. */
const ROUNDS = 3;

/** Makes the windows of the horizon anew. To be called now and then: the date changes. */
export async function planProofs(deps: ReconcileDeps, site: SiteSettings, reconcile: Reconcile): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction(SCOPE, (tx) => tx.proofs.plan(site.id, reconcile.windows(now), now));
}

/** One window, the most overdue. False: none is due. */
export async function reconcileNext(
  deps: ReconcileDeps,
  site: SiteSettings,
  connector: Pick<Connector, 'reconcile' | 'book'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { reconcile } = connector;
  const window = await deps.store.read(SCOPE, (tx) => tx.proofs.due(site.id, deps.clock.now()));
  if (reconcile === undefined || window === null) return false;
  const began = deps.clock.monotonic();
  let listed: Awaited<ReturnType<Reconcile['list']>>;
  try {
    listed = await reconcile.list(window, signal);
  } catch (error) {
    if (signal.aborted) return false;
    const failure = asHubError(error);
    deps.events.feedFailed(site.id, 'reconcile', failure.code, failure.detail);
    const nextDue = plus(deps.clock.now(), failure.retryAfter_ms ?? FAILED_MS);
    await deps.store.transaction(SCOPE, (tx) => tx.proofs.putOff(site.id, window, nextDue));
    return true;
  }
  const there = thereIn(deps, site, window.window, listed.messages);
  const repaired = await deps.store.transaction(SCOPE, async (tx) => {
    const now = deps.clock.now();
    const copy = await tx.proofs.copyOf(site.id, window);
    const differing = isSame([...there.values()], copy) ? [] : differences(there, copy);
    const often = differing.length === 0 || window.rounds >= ROUNDS;
    const nextDue = plus(now, often ? site.poll.reconcileEvery_min * MINUTE_MS : AGAIN_MS);
    await tx.proofs.record(site.id, window, { at: now, differences: differing.length, nextDue });
    if (differing.length === 0) return { differences: 0, stored: 0, hints: false };
    return repair(deps, tx, site, {
      listed,
      differing,
      rounds: window.rounds,
      quiet_ms: connector.book?.showsWithin_ms,
    });
  });
  deps.events.polled(site.id, 'reconcile', repaired.stored, deps.clock.monotonic() - began);
  if (repaired.differences > 0) deps.events.swept('differences reconciled', repaired.differences);
  if (repaired.stored > 0) deps.stored(site.id, repaired.hints);
  return true;
}

interface Repairs {
  readonly listed: { readonly messages: readonly SiteMessage[]; readonly complete?: readonly CompleteWindow[] };
  readonly differing: readonly string[];
  readonly rounds: number;
  readonly quiet_ms: number | undefined;
}

async function repair(
  deps: ReconcileDeps,
  tx: Tx,
  site: SiteSettings,
  { listed, differing, rounds, quiet_ms = 0 }: Repairs,
): Promise<{ readonly differences: number; readonly stored: number; readonly hints: boolean }> {
  const now = deps.clock.now();
  const objects = new Set(differing.map((key) => `appointment:${key}`));
  const states = listed.messages.filter(
    (message): message is SiteState => message.shape === 'state' && objects.has(message.object),
  );
  // The first time it may be on its way; afterwards it is applied again although nothing new is said.
  if (rounds > 0)
    await tx.proofs.forgetReceived(
      site.id,
      states.map(({ object }) => object),
    );
  const stored = await tx.inbox.insert(site.id, 'poll', states, now, null);
  const missing = await missingObjects(tx, site, listed.complete ?? [], quiet_ms);
  if (missing.length > 0) await tx.inbox.insert(site.id, 'poll', missing, now, null);
  const inserted = stored.filter(({ kind }) => kind === 'inserted').length;
  return { differences: differing.length, stored: inserted + missing.length, hints: missing.length > 0 };
}

/** By the site's key: visits that begin in the window and take their time, as the mapping reads them. */
function thereIn(
  deps: ReconcileDeps,
  site: SiteSettings,
  window: Interval,
  messages: readonly SiteMessage[],
): ReadonlyMap<string, VisitThere> {
  const there = new Map<string, VisitThere>();
  for (const message of messages) {
    if (message.shape !== 'state') continue;
    const facts = { site, visitTypes: deps.plan().hub.visitTypes };
    const stored = { ...message, receivedAt: message.readAt, occurredAt: null };
    const mapped = deps.mappingOf(site, message.kind)?.map(stored, facts);
    for (const change of mapped?.kind === 'changes' ? mapped.changes : []) {
      if (change.kind !== 'appointment' || change.during === undefined) continue;
      const { key, status, during } = change;
      if (!occupiesTime(status) || status === 'noshow') continue;
      if (during.start >= window.start && during.start < window.end) there.set(key, { key, ...during });
    }
  }
  return there;
}

function isSame(site: readonly VisitThere[], copy: readonly VisitThere[]): boolean {
  return site.length === copy.length && hashOf(site) === hashOf(copy);
}

function hashOf(visits: readonly VisitThere[]): string {
  return sha256(visits.map(textOf).sort().join('\n'));
}

function textOf({ key, start, end }: VisitThere): string {
  return `${key} ${start} ${end}`;
}

/** Keys of visits that one side has and the other has not, or has at another time. */
function differences(there: ReadonlyMap<string, VisitThere>, copy: readonly VisitThere[]): readonly string[] {
  const ours = new Map(copy.map((visit) => [visit.key, textOf(visit)]));
  const keys = new Set([...there.keys(), ...ours.keys()]);
  return [...keys].filter((key) => {
    const visit = there.get(key);
    return visit === undefined || ours.get(key) !== textOf(visit);
  });
}
