/** The stored log as the engine reads it: what the database keeps is what the engine once made. */
import type { StoredDecision } from '../../store/contract-identity.ts';
import type { Decision, PairDecision } from '../golden/decision.ts';

export function decisionsOf(stored: readonly StoredDecision[]): readonly Decision[] {
  return stored.map((one) => {
    const { seq, at, actor, reason, evidence, modelId, supersedes } = one;
    const said = { seq, at, actor, reason, evidence, modelId, supersedes };
    const { attribute, value } = one;
    if (one.kind === 'undo') return { ...said, kind: 'undo', one: one.one, other: one.other, attribute } as Decision;
    if (one.kind !== 'override') return { ...said, kind: one.kind, one: one.one, other: one.other ?? '' };
    return { ...said, kind: 'override', one: one.one, attribute, value } as Decision;
  });
}

type WithoutPlace<T> = T extends unknown ? Omit<T, 'seq'> : never;
/** What a person says, on its way into the log. */
export type UnwrittenWord = WithoutPlace<Decision>;

/** A pair's decision on its way into the log; its place is given there. */
export type Unwritten = Omit<PairDecision, 'seq'>;
