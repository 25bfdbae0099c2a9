/**
 * Taking one person apart, as decisions that are appended: each link between the two parts is undone, and the records
 * that it joined are told to be two people, so that no third record and no later run of matching joins them again.
 */
import type { PairDecision } from './decision.ts';
import type { Replay } from './replay.ts';

/** What is to be appended; the caller adds who, when, why and the place in the log. */
export type Parting = Pick<PairDecision, 'one' | 'other'> & { readonly kind: 'unlink' | 'not-same' };

/**
 * @param part records of one cluster that are not the person that the others are; what only they held together
 *   falls apart as well: nobody said of it that it is one person
 * @returns empty where nothing joins the part to the rest
 */
export function partings({ clusters, live }: Replay, part: readonly string[]): readonly Parting[] {
  const leaving = new Set(part);
  const cluster = clusters.find(({ members }) => members.some((member) => leaving.has(member)));
  if (cluster === undefined) return [];
  const crossing = live.filter(
    ({ one, other }) =>
      cluster.members.includes(one) && cluster.members.includes(other) && leaving.has(one) !== leaving.has(other),
  );
  return crossing.flatMap(({ one, other }) => [
    { kind: 'unlink' as const, one, other },
    { kind: 'not-same' as const, one, other },
  ]);
}
