/**
 * Stage conflicts: visits at risk (DESIGN section 8, step 5). What a site reports is stored, never refused; an overlap
 * is a conflict only where one person is taken at two sites, where a visit lies over one that the hub placed, or where
 * there are more than the owning site grants and the hub placed one of them. Clinics overbook inside one system all
 * day; that is their business.
 *
 *   noted (by the transaction that reveals it) --> raised: a work item --> cleared: solved, the work item is closed
 *     |
 *     +--> dropped: what was stored of its sites before it, once applied, solved it
 */
import type { Clock } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import { MINUTE_MS, plus, type Instant } from '../core/instant.ts';
import type { Conflict } from '../store/contract-conflicts.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface ConflictDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
}

const SCOPE = systemScope('conflicts');
const DUE_MS = 30 * MINUTE_MS;
/**
 * So long a message that was tried and put off, or an object that must still be fetched, holds a conflict back: its
 * site may be away for hours, and what is known is worth telling.
 */
const PATIENCE_MS = MINUTE_MS;
const AT_ONCE = 50;
const CANDIDATES = 5;

type Verdict = 'raised' | 'cleared' | 'dropped' | 'stands' | 'gone';

/** Decides what can be decided. True when more may be waiting. */
export async function reviewConflicts(deps: ConflictDeps): Promise<boolean> {
  const now = deps.clock.now();
  const due = await deps.store.glance(SCOPE, (tx) => tx.conflicts.due(now, plus(now, -PATIENCE_MS), AT_ONCE));
  for (const conflict of due) await review(deps, conflict);
  return due.length === AT_ONCE;
}

/** Looks at everything raised: what was solved in a way that no visit's news told (a practitioner's link undone). */
export async function sweepConflicts(deps: ConflictDeps): Promise<void> {
  for (let after = ''; ;) {
    const raised = await deps.store.read(SCOPE, (tx) => tx.conflicts.raised(after, AT_ONCE));
    for (const conflict of raised) await review(deps, conflict);
    const last = raised.at(-1);
    if (last === undefined || raised.length < AT_ONCE) return;
    after = last.subject;
  }
}

async function review(deps: ConflictDeps, seen: Conflict): Promise<void> {
  const now = deps.clock.now();
  const said = await deps.store.transaction(SCOPE, async (tx): Promise<{ verdict: Verdict; conflict: Conflict }> => {
    // The same names as apply and booking lock: nothing about these visits changes until this is decided.
    await tx.lock(seen.visits);
    const found = (await tx.conflicts.standing(seen.visits)).find(({ subject }) => subject === seen.subject);
    if (found === undefined) return { verdict: await clear(tx, seen, now), conflict: seen };
    const conflict = { ...seen, ...found, latest: seen.latest };
    if (seen.raised) {
      await tx.conflicts.markSeen(seen.subject);
      return { verdict: 'stands', conflict };
    }
    return { verdict: await raise(tx, conflict, now), conflict };
  });
  const { subject, because, sites } = said.conflict;
  if (said.verdict === 'raised') deps.events.conflict('raised', sites, because, subject);
  if (said.verdict === 'cleared') deps.events.conflict('cleared', sites, because, subject);
}

async function clear(tx: Tx, { subject, raised, sites, visits, because }: Conflict, now: Instant): Promise<Verdict> {
  if (!(await tx.conflicts.drop(subject))) return 'gone';
  if (!raised) return 'dropped';
  await tx.workItems.close('conflict', subject, now);
  await ledger(tx, 'conflict-cleared', { sites, visits, because }, now);
  return 'cleared';
}

async function raise(tx: Tx, conflict: Conflict, now: Instant): Promise<Verdict> {
  const { subject, because, visits, resourceId } = conflict;
  if (!(await tx.conflicts.markRaised(subject, now))) return 'gone';
  const known = await tx.conflicts.visits(visits);
  const siteOf = (id: string): string => known.find((one) => one.id === id)?.site ?? conflict.sites[0] ?? '';
  const first = conflict.latest;
  const other = visits.find((id) => id !== first) ?? first;
  const { move, candidates } = await whereTo(tx, conflict, known, now);
  await tx.workItems.open({
    id: newId(now),
    kind: 'conflict',
    subject,
    site: siteOf(first),
    role: 'scheduling',
    dueAt: plus(now, DUE_MS),
    openedAt: now,
    evidence: {
      because,
      appointment: first,
      site: siteOf(first),
      other,
      otherSite: siteOf(other),
      resource: resourceId,
      ...(visits.length > 2 ? { visits: visits.join(',') } : {}),
      ...(candidates.length === 0 ? {} : { move, candidates: candidates.join(',') }),
    },
  });
  await ledger(tx, 'conflict-raised', conflict, now);
  return 'raised';
}

/** The visit that can be moved with the least ado: one that the hub placed, else the one that came last. */
async function whereTo(
  tx: Tx,
  { visits, latest }: Conflict,
  known: readonly { readonly id: string; readonly byHub: boolean }[],
  now: Instant,
): Promise<{ readonly move: string; readonly candidates: readonly string[] }> {
  const byHub = (id: string): boolean => known.some((one) => one.id === id && one.byHub);
  const rank = (id: string): number => (byHub(id) ? 0 : id === latest ? 1 : 2);
  for (const move of [...visits].sort((one, other) => rank(one) - rank(other))) {
    const candidates = await tx.conflicts.candidates(move, now, CANDIDATES);
    if (candidates.length > 0) return { move, candidates };
  }
  return { move: latest, candidates: [] };
}

async function ledger(
  tx: Tx,
  kind: string,
  { sites, visits, because }: Pick<Conflict, 'sites' | 'visits' | 'because'>,
  at: Instant,
): Promise<void> {
  const site = sites[0];
  const entry = { at, kind, ...(site === undefined ? {} : { site }), data: { because } };
  await tx.ledger.add(visits.map((appointmentId) => ({ ...entry, appointmentId })));
}
