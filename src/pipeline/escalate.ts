/**
 * What people were to do and did not: overdue work items, and pairs of records that wait for a person, go up their
 * chain, one step at a time, each step once. Whoever took a pair and left gives it back.
 */
import type { Clock } from '../core/clock.ts';
import { HOUR_MS } from '../core/instant.ts';
import type { EscalationStep, WorkSettings } from '../settings/people-shape.ts';
import type { Plan } from '../settings/shape.ts';
import type { ChainStep } from '../store/contract-ledger.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface EscalateDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Pick<StageEvents, 'escalated' | 'swept'>;
  /** In force; without `work` nobody is asked but the first. */
  readonly plan: () => Plan;
}

const SCOPE = systemScope('escalate');
export const REVIEW = 'identity-review';

/** All that is to go up now: where the hub was away for long, step after step. */
export async function escalate(deps: EscalateDeps): Promise<void> {
  const { store, clock, events } = deps;
  const lapsed = await store.transaction(SCOPE, (tx) => tx.identity.lapseClaims(clock.now()));
  if (lapsed > 0) events.swept('claims lapsed', lapsed);
  const { work } = deps.plan().hub;
  if (work === undefined) return;
  while ((await itemsUp(deps, work)) > 0);
  while ((await reviewsUp(deps, work)) > 0);
}

async function itemsUp({ store, clock, events }: EscalateDeps, work: WorkSettings): Promise<number> {
  const own = Object.keys(work.escalationFor);
  const chain = [...stepsOf(null, work.escalation), ...own.flatMap((kind) => stepsOf(kind, work.escalationFor[kind]))];
  const moved = await store.transaction(SCOPE, async (tx) => {
    const now = clock.now();
    const gone = await tx.workItems.escalate(chain, own, now);
    await tx.ledger.add(
      gone.map(({ kind, subject, site, from, role, step }) => ({
        at: now,
        kind: 'escalated',
        ...(site === null ? {} : { site }),
        data: { item: kind, subject, from, role, step },
      })),
    );
    return gone;
  });
  for (const { kind, subject, role, step } of moved) events.escalated(kind, role, step, 1, subject);
  return moved.length;
}

async function reviewsUp({ store, clock, events }: EscalateDeps, work: WorkSettings): Promise<number> {
  const chain = stepsOf(REVIEW, work.escalationFor[REVIEW] ?? work.escalation);
  const moved = await store.transaction(SCOPE, async (tx) => {
    const now = clock.now();
    const gone = await tx.identity.escalateReviews(chain, now);
    await tx.ledger.add(
      gone.map(({ lo, hi, from, role, step }) => ({
        at: now,
        kind: 'escalated',
        data: { item: REVIEW, subject: `${lo} ${hi}`, from, role, step },
      })),
    );
    return gone;
  });
  // Many may be overdue at once: one line for each role, the pairs stand in the ledger.
  for (const some of Map.groupBy(moved, ({ role, step }) => `${String(step)} ${role}`).values()) {
    const [{ role, step } = { role: '', step: 0 }] = some;
    events.escalated(REVIEW, role, step, some.length, null);
  }
  return moved.length;
}

function stepsOf(kind: string | null, steps: readonly EscalationStep[] = []): readonly ChainStep[] {
  return steps.map(({ role, after_h }, index) => ({ kind, step: index + 1, role, after_ms: after_h * HOUR_MS }));
}
