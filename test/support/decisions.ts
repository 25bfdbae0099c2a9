/** Logs of identity decisions in few words: `said('person', 'not-same', 'a', 'b')`. */
import { instant } from '../../src/core/instant.ts';
import type { ActorKind, Decision, PairDecision } from '../../src/identity/golden/decision.ts';
import { goldenIdOf, replay, type Source } from '../../src/identity/golden/replay.ts';

export type Step = readonly [ActorKind, PairDecision['kind'], string, string];

/** All records of these worlds belong to one site, so that it may merge any two of them. */
export const SITE = 'north';

export function said(seq: number, [kind, what, one, other]: Step, more: Partial<PairDecision> = {}): PairDecision {
  return {
    seq,
    at: instant(1_000 * seq),
    kind: what,
    one,
    other,
    actor: { kind, id: kind === 'site' ? SITE : kind },
    reason: 'told by a test',
    evidence: kind === 'hub' ? { score: 20 } : null,
    modelId: kind === 'hub' ? 'model' : null,
    supersedes: null,
    ...more,
  };
}

export function log(...steps: readonly Step[]): readonly PairDecision[] {
  return steps.map((step, index) => said(index + 1, step));
}

/** Records in the order of their age. */
export function sources(...ids: readonly string[]): readonly Source[] {
  return ids.map((id, age) => ({ id, site: SITE, since: instant(age) }));
}

/** Who is one person, as lists of records. */
export function people(decisions: readonly Decision[], known: readonly Source[]): readonly (readonly string[])[] {
  return replay(decisions, known).clusters.map(({ members }) => members);
}

/** A golden id by the record that it belongs to. */
export function founderOf(goldenId: string, known: readonly Source[]): string | undefined {
  return known.find(({ id }) => goldenIdOf(id) === goldenId)?.id;
}
