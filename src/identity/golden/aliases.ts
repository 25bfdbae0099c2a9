/**
 * What became of a golden id. Each that was ever given out resolves for ever: who kept it stands behind it, and where
 * its records have gone to is found by following them. A function of the log alone; carried along, one step costs no
 * more than the component that the step changed.
 */
import type { Decision } from './decision.ts';
import { goldenIdOf, replay, type Cluster, type Source } from './replay.ts';

/** Of each golden id the records that it ever stood for, sorted. */
export type Holdings = ReadonlyMap<string, readonly string[]>;

export type Resolution =
  /** `parted`: people to whom records went that were once found by this id. */
  | { readonly status: 'active'; readonly id: string; readonly parted: readonly string[] }
  | { readonly status: 'redirected'; readonly to: string }
  /** No one of them has all that was found by this id. The first has its oldest record. */
  | { readonly status: 'split'; readonly into: readonly string[] };

/** Nothing is ever taken out. Each record by itself has an id too, the one that it has again when all is undone. */
export function carried(before: Holdings, clusters: readonly Cluster[]): Holdings {
  const after = new Map(before);
  const hold = (goldenId: string, records: readonly string[]): void => {
    after.set(goldenId, [...new Set([...(after.get(goldenId) ?? []), ...records])].sort());
  };
  for (const { goldenId, members } of clusters) {
    for (const member of members) hold(goldenIdOf(member), [member]);
    hold(goldenId, members);
  }
  return after;
}

/** After each decision of the log, in the order in which they were written down. */
export function holdingsOf(decisions: readonly Decision[], sources: readonly Source[]): Holdings {
  const log = [...decisions].sort((one, other) => one.seq - other.seq);
  let holdings = carried(new Map(), replay([], sources).clusters);
  for (let length = 1; length <= log.length; length += 1) {
    holdings = carried(holdings, replay(log.slice(0, length), sources).clusters);
  }
  return holdings;
}

/**
 * Null: no such id was ever given out.
 *
 * @param clusters all that hold one of the records of this id
 */
export function resolve(id: string, holdings: Holdings, clusters: readonly Cluster[]): Resolution | null {
  const records = holdings.get(id);
  if (records === undefined) return null;
  const holders = clusters.filter(({ members }) => members.some((member) => records.includes(member)));
  const ids = holders.map(({ goldenId }) => goldenId);
  const first = holders.find(({ members }) => members.some((member) => goldenIdOf(member) === id))?.goldenId;
  if (first === undefined) return null;
  const others = ids.filter((one) => one !== first);
  if (first === id) return { status: 'active', id, parted: others };
  return others.length === 0 ? { status: 'redirected', to: first } : { status: 'split', into: [first, ...others] };
}
