/** What people decided about pairs of the queue, beside what the score had said: to hold the one against the other. */
import { systemScope, type Store } from '../../store/contract.ts';
import type { Asked, Verdicts } from '../contract-desk.ts';
import type { Thresholds } from '../match/thresholds.ts';
import { seenBy } from './desk-words.ts';

/** No ids: a verdict is counted, and nobody is named by it. Pairs that the caller may not see are left out. */
export async function verdicts(store: Store, { scope }: Asked, limit: number, after: number | null): Promise<Verdicts> {
  const rows = await store.read(systemScope('identity'), (tx) => tx.identity.verdicts(limit, after));
  const seen = await seenBy(store, scope, rows.flatMap(({ lo, hi }) => [lo, hi])); // prettier-ignore
  return {
    verdicts: rows.flatMap(({ lo, hi, why, score, same, modelId, evidence }) => {
      const { thresholds, guards } = evidence as { readonly thresholds?: Thresholds; readonly guards?: unknown };
      // A word of a site that does not hold was never scored.
      if (thresholds === undefined || !seen.has(lo) || !seen.has(hi)) return [];
      const guarded = why !== 'review' || !Array.isArray(guards) || guards.length > 0;
      return [{ odds: score + thresholds.prior, same, guarded, modelId }];
    }),
    next: rows.length < limit ? null : (rows.at(-1)?.decision ?? null),
  };
}
