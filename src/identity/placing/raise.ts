/** A site's word is always written down; where it does not hold, a person is shown what stands against it. */
import { plus, type Instant } from '../../core/instant.ts';
import type { StoredDecision } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import type { Contradiction } from '../golden/replay.ts';
import { REVIEW_WITHIN_MS } from './conclude.ts';

export async function raise(
  tx: Tx,
  { contradictions }: { readonly contradictions: readonly Contradiction[] },
  written: readonly Pick<StoredDecision, 'seq' | 'one' | 'other'>[],
  now: Instant,
): Promise<void> {
  for (const { kind, decision, by } of contradictions) {
    const pair = written.find(({ seq }) => seq === decision);
    if (pair === undefined || pair.other === null) continue;
    const [lo, hi] = pair.one < pair.other ? [pair.one, pair.other] : [pair.other, pair.one];
    await tx.identity.openReview(
      {
        lo,
        hi,
        why: kind === 'kept-apart' ? 'kept-apart' : 'overruled',
        score: 0,
        // Before all that matching is unsure of.
        probability: 1,
        modelId: '',
        evidence: { said: decision, against: by },
        dueAt: plus(now, REVIEW_WITHIN_MS),
      },
      now,
    );
  }
}
