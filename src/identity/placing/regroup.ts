/**
 * What the log comes to, written down: who stands for whom, under which golden id, and what became of every id that was
 * ever given out. Only under the lock on the log: of two who append at once, the second must see what the first said.
 */
import type { Instant } from '../../core/instant.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Tx } from '../../store/contract.ts';
import { carried, resolve } from '../golden/aliases.ts';
import { isPair, type Decision } from '../golden/decision.ts';
import { replay, type Cluster, type Replay } from '../golden/replay.ts';
import { decisionsOf } from './decisions-of.ts';

export interface Regrouped extends Replay {
  readonly log: readonly Decision[];
  readonly sources: readonly KnownRecord[];
}

/** @param ids of records; all that decisions connect with them is computed anew */
export async function regroup(tx: Tx, ids: readonly string[], now: Instant): Promise<Regrouped> {
  const told = await component(tx, ids);
  const byId = new Map(told.sources.map((source) => [source.id, source]));
  const changed = told.clusters.flatMap(({ goldenId, members }) =>
    members.flatMap((id) => {
      const known = byId.get(id);
      const survivorId = told.links.survivors.get(id) ?? null;
      if (known === undefined || (known.goldenId === goldenId && known.survivorId === survivorId)) return [];
      return [{ id, goldenId, survivorId }];
    }),
  );
  await tx.identity.setPeople(changed);
  await keepIds(tx, told.clusters, now);
  return told;
}

/** As `regroup` computes it, with nothing written. */
export async function component(tx: Tx, ids: readonly string[]): Promise<Regrouped> {
  const log = decisionsOf(await tx.identity.about(ids));
  const named = new Set([...ids, ...log.filter(isPair).flatMap(({ one, other }) => [one, other])]);
  const sources = await tx.identity.records([...named]);
  return { ...replay(log, sources), log, sources };
}

/** Of each golden id that ever stood for one of these records what it stands for now. */
async function keepIds(tx: Tx, clusters: readonly Cluster[], now: Instant): Promise<void> {
  const records = clusters.flatMap(({ members }) => members);
  const before = await tx.identity.holdings(records);
  const after = carried(before, clusters);
  const fresh = [...after].flatMap(([goldenId, held]) =>
    held.filter((id) => before.get(goldenId)?.includes(id) !== true).map((patientId) => ({ goldenId, patientId })),
  );
  await tx.identity.hold(fresh);
  const held = new Set([...after.values()].flat());
  // People to whom records of these ids went before, and who are not concerned otherwise.
  const beyond = [...held].filter((id) => !records.includes(id));
  const others = Map.groupBy(await tx.identity.records(beyond), ({ goldenId }) => goldenId);
  const all = [
    ...clusters,
    ...[...others].map(([goldenId, known]) => ({ goldenId, members: known.map(({ id }) => id) })),
  ];
  await tx.identity.setGolden(
    [...after.keys()].flatMap((id) => {
      const found = resolve(id, after, all);
      if (found === null) return [];
      const leadsTo =
        found.status === 'active' ? found.parted : found.status === 'redirected' ? [found.to] : found.into;
      return [{ id, state: found.status, leadsTo }];
    }),
    now,
  );
}
