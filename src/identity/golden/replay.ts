/**
 * Who is one person, as a pure function of the log: connected components of the links that hold, where no two records
 * that are known to be two people ever meet. Run for one component at a time: the records that a decision concerns and
 * all that decisions connect with them. What a site says of its own records is read by links.ts, as everywhere.
 */
import { derivedId } from '../../core/ids.ts';
import { instant, type Instant } from '../../core/instant.ts';
import type { RecordedDecision } from '../../store/contract-people.ts';
import { linksOf, type Links } from '../links.ts';
import { joinedInOrder } from '../match/clusters.ts';
import {
  isJoining,
  isPair,
  pairKey,
  rankOf,
  standing,
  verdicts,
  type Decision,
  type PairDecision,
} from './decision.ts';

/** A site's record of a person. */
export interface Source {
  /** Of its Patient. */
  readonly id: string;
  readonly site: string;
  /** When the hub first heard of it. Never changes, so that the oldest record of a person stays the oldest. */
  readonly since: Instant;
}

export interface Cluster {
  readonly goldenId: string;
  /** Records of one person, the oldest first. */
  readonly members: readonly string[];
}

/**
 * What was decided and does not hold, for somebody to look at. kept-apart: it would bring two together that are known
 * to be two people. overruled: a site's word against that of a person. circular: a merge that would close a ring.
 */
export interface Contradiction {
  readonly kind: 'kept-apart' | 'overruled' | 'circular';
  readonly decision: number;
  /** Decisions that stand against it. */
  readonly by: readonly number[];
}

export interface Replay {
  /** Sorted by the age of their oldest record. */
  readonly clusters: readonly Cluster[];
  readonly contradictions: readonly Contradiction[];
  /** Which records stand for which at their sites. */
  readonly links: Links;
  /** Links that hold: each joins, or would join, its two records. */
  readonly live: readonly PairDecision[];
}

/**
 * The id belongs to the oldest record of a person: whoever keeps that record keeps the id, and what is parted from it
 * gets the id that its own oldest record always stood for. So no id is ever given to anybody else.
 */
export function goldenIdOf(oldest: string): string {
  return derivedId('golden-patient', oldest);
}

/** @param sources records that are known; others that are named take part, as the youngest */
export function replay(decisions: readonly Decision[], sources: readonly Source[]): Replay {
  const pairs = standing(decisions).filter(isPair);
  const held = verdicts(pairs);
  const site = siteLinks(pairs, held);
  const records = recordsOf(pairs, sources);
  const place = new Map(records.map((id, at) => [id, at]));
  const at = (id: string): number => place.get(id) ?? 0;
  const links = live(pairs, held, site.links).map((decision) => ({
    a: at(decision.one),
    b: at(decision.other),
    decision,
  }));
  const apart = apartFrom(held, site.links, at);
  const between = (as: readonly number[], bs: readonly number[]): readonly number[] =>
    as.flatMap((a) => bs.flatMap((b) => apart.get(a)?.get(b) ?? []));
  const { groupOf, refused } = joinedInOrder(records.length, links, (as, bs) => between(as, bs).length === 0);
  const groups = Map.groupBy(records, (id) => groupOf[at(id)] ?? at(id));
  const membersAt = (record: number): readonly number[] => (groups.get(groupOf[record] ?? record) ?? []).map(at);
  return {
    clusters: [...groups.values()].map((members) => ({ goldenId: goldenIdOf(members[0] ?? ''), members })),
    contradictions: [
      ...refused.map(({ a, b, decision }) => ({
        kind: 'kept-apart' as const,
        decision: decision.seq,
        by: sorted(between(membersAt(a), membersAt(b))),
      })),
      ...site.contradictions,
    ].sort((one, other) => one.decision - other.decision),
    links: heldTogether(site, (one, other) => groupOf[at(one)] === groupOf[at(other)]),
    live: links.map(({ decision }) => decision),
  };
}

/** The oldest first. */
function recordsOf(pairs: readonly PairDecision[], sources: readonly Source[]): readonly string[] {
  const since = new Map<string, number>(sources.map((source) => [source.id, source.since]));
  for (const { one, other } of pairs) {
    for (const id of [one, other]) if (!since.has(id)) since.set(id, Number.MAX_SAFE_INTEGER);
  }
  return [...since].sort(([one, first], [other, second]) => first - second || (one < other ? -1 : 1)).map(([id]) => id);
}

/**
 * In the order in which they join: the weightier word first, then the older one, so that a later link never breaks up
 * what an earlier one of its rank had joined. Of one moment by the records: the order of the log makes no difference.
 */
function live(
  pairs: readonly PairDecision[],
  held: ReadonlyMap<string, PairDecision>,
  links: Links,
): readonly PairDecision[] {
  const found = new Map<string, PairDecision>();
  for (const [key, verdict] of held) {
    if (verdict.actor.kind !== 'site' && isJoining(verdict)) found.set(key, verdict);
  }
  const told = pairs.filter(({ actor }) => actor.kind === 'site');
  const add = (one: string, other: string, kind: PairDecision['kind']): void => {
    const key = pairKey(one, other);
    const decision = told.findLast(
      (said) => said.kind === kind && pairKey(said.one, said.other) === key && (kind !== 'merge' || said.one === one),
    );
    if (decision !== undefined && (found.get(key)?.actor.kind ?? 'hub') === 'hub') found.set(key, decision);
  };
  for (const [one, other] of links.merges) add(one, other, 'merge');
  for (const [one, other] of links.same) add(one, other, 'link');
  return [...found]
    .sort(([one, a], [other, b]) => rankOf(b) - rankOf(a) || a.at - b.at || (one < other ? -1 : 1))
    .map(([, decision]) => decision);
}

/**
 * What a site tells apart and then joins by way of third records is one person to the site: its word stands against
 * what others join, and not against its own.
 */
function apartFrom(
  held: ReadonlyMap<string, PairDecision>,
  { people }: Links,
  at: (id: string) => number,
): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const apart = new Map<number, Map<number, number>>();
  for (const { kind, one, other, seq, actor } of held.values()) {
    if (kind !== 'not-same') continue;
    if (actor.kind === 'site' && people.some((group) => group.includes(one) && group.includes(other))) continue;
    for (const [a, b] of [
      [at(one), at(other)],
      [at(other), at(one)],
    ] as const) {
      apart.set(a, (apart.get(a) ?? new Map<number, number>()).set(b, seq));
    }
  }
  return apart;
}

interface SiteLinks {
  readonly log: readonly RecordedDecision[];
  readonly links: Links;
  readonly contradictions: readonly Contradiction[];
}

/**
 * A site's merges in the order of its times, and then what people say against them: who is told apart from a record
 * leaves the chain of merges where it entered it.
 */
function siteLinks(pairs: readonly PairDecision[], held: ReadonlyMap<string, PairDecision>): SiteLinks {
  const told = pairs.filter(({ actor }) => actor.kind === 'site');
  const against = [...held]
    .filter(([, one]) => one.actor.kind === 'person' && !isJoining(one))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, one]) => one);
  const alone = linksOf(told.map(recorded));
  const log = [...told.map(recorded), ...against.map(({ one, other }, index) => atTheEnd(one, other, index))];
  const links = against.length === 0 ? alone : linksOf(log);
  const isLeft = (decision: PairDecision, of: Links): boolean =>
    decision.kind === 'merge'
      ? of.merges.get(decision.one) === decision.other
      : of.same.some((pair) => pairKey(...pair) === pairKey(decision.one, decision.other));
  const overruled = [...verdicts(told).values()].flatMap((decision): readonly Contradiction[] => {
    const verdict = held.get(pairKey(decision.one, decision.other));
    if (verdict !== undefined && verdict.actor.kind === 'person' && isJoining(verdict) !== isJoining(decision)) {
      return [{ kind: 'overruled', decision: decision.seq, by: [verdict.seq] }];
    }
    if (!isJoining(decision) || !isLeft(decision, alone) || isLeft(decision, links)) return [];
    const by = against.filter(({ one, other }) => [one, other].includes(decision.one)).map(({ seq }) => seq);
    return [{ kind: 'overruled', decision: decision.seq, by: sorted(by) }];
  });
  const circular = links.circular.map(({ id }): Contradiction => ({ kind: 'circular', decision: id, by: [] }));
  return { log, links, contradictions: [...overruled, ...circular] };
}

/** A record that a site merged and that is kept apart is not stood for by another person's. */
function heldTogether(site: SiteLinks, areOne: (one: string, other: string) => boolean): Links {
  const apart = [...site.links.merges, ...site.links.same].filter(([one, other]) => !areOne(one, other));
  if (apart.length === 0) return site.links;
  return linksOf([...site.log, ...apart.map(([one, other], index) => atTheEnd(one, other, site.log.length + index))]);
}

/** Unlinked after all that the site said, and in the order given: when each was decided makes no difference. */
function atTheEnd(one: string, other: string, id: number): RecordedDecision {
  const at = instant(Number.MAX_SAFE_INTEGER);
  return { id, kind: 'unlink', one, other, at, reason: 'known to be two people', messageId: null };
}

/** As links.ts reads it: what is told apart is unlinked. */
function recorded({ seq, kind, one, other, at, reason }: PairDecision): RecordedDecision {
  return { id: seq, kind: kind === 'not-same' ? 'unlink' : kind, one, other, at, reason, messageId: null };
}

function sorted(seqs: readonly number[]): readonly number[] {
  return [...new Set(seqs)].sort((one, other) => one - other);
}
