/**
 * Up to ten thousand histories of links, merges, partings and second thoughts: whatever happened before, people are
 * what the decisions that stand make of them, and nothing of what was taken back is left in any golden record.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../../src/core/instant.ts';
import { carried, holdingsOf, resolve } from '../../../src/identity/golden/aliases.ts';
import {
  isPair,
  pairKey,
  standing,
  verdicts,
  type Decision,
  type PairDecision,
} from '../../../src/identity/golden/decision.ts';
import { SURVIVORSHIP, type Member } from '../../../src/identity/golden/member.ts';
import { goldenRecord } from '../../../src/identity/golden/record.ts';
import { goldenIdOf, replay, type Replay } from '../../../src/identity/golden/replay.ts';
import { partings } from '../../../src/identity/golden/unmerge.ts';
import { linksOf } from '../../../src/identity/links.ts';
import type { RecordedDecision } from '../../../src/store/contract-people.ts';
import { said, sources, type Step } from '../../support/decisions.ts';

const HISTORIES = 10_000;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const known = sources(...IDS);
const members: readonly Member[] = known.map((source, at) => ({
  ...source,
  patient: {
    resourceType: 'Patient',
    identifier: [{ system: 'n', value: String(at) }],
    name: [{ family: ['Ng', 'Lund', 'Ng-Lund'][at % 3] ?? '', given: [['Ai', 'Bo'][at % 2] ?? ''] }],
    telecom: [{ system: 'phone', value: `515555010${String(at % 4)}` }],
    birthDate: `198${String(at % 5)}-03-04`,
  },
  statedAt: instant(at % 3),
  inUse: true,
  verified: at === 4 ? ['birthDate'] : [],
  withheld: [],
}));

/** Golden records of all people, as bytes. */
function golden({ clusters, links }: Replay, log: readonly Decision[]): string {
  const records = clusters.map((cluster) => {
    const own = members
      .filter(({ id }) => cluster.members.includes(id))
      .map((member) => ({ ...member, inUse: !links.survivors.has(member.id) }));
    return JSON.stringify(goldenRecord(cluster.goldenId, own, SURVIVORSHIP, log));
  });
  return records.join('\n');
}

const record = fc.constantFrom(...IDS);
const step = fc
  .tuple(
    fc.constantFrom<Step[0]>('hub', 'site', 'person'),
    fc.constantFrom<Step[1]>('link', 'merge', 'unlink', 'not-same', 'link'),
    record,
    record,
  )
  .filter(([actor, kind, one, other]) => one !== other && (actor !== 'hub' || kind === 'link' || kind === 'unlink'));
const steps = fc.array(fc.tuple(step, fc.nat({ max: 5 })), { maxLength: 14 });

/** Times go up, often stay, and are sometimes those of an earlier hour. */
function history(of: readonly (readonly [Step, number])[]): readonly PairDecision[] {
  return of.map(([one, time], index) => said(index + 1, one, { at: instant(index + time) }));
}

function shuffled<T>(list: readonly T[], seed: number): readonly T[] {
  return list
    .map((one, at) => [Math.imul(at + 1, seed | 1) >>> 0, one] as const)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one);
}

/** By a person, one record after the other, and again where a link comes to hold because another one is gone. */
function takenApart(log: readonly PairDecision[]): readonly PairDecision[] {
  const all = [...log];
  for (let replayed = replay(all, known); replayed.clusters.length < IDS.length; replayed = replay(all, known)) {
    const part = replayed.clusters.find(({ members: ids }) => ids.length > 1)?.members.slice(-1) ?? [];
    for (const { kind, one, other } of partings(replayed, part)) {
      all.push(said(all.length + 1, ['person', kind, one, other], { at: instant(1_000) }));
    }
  }
  return all;
}

describe('any history', () => {
  it('what is taken apart is, to the byte, what was never merged', () => {
    const never = golden(replay([], known), []);
    fc.assert(
      fc.property(steps, (of) => {
        const apart = takenApart(history(of));
        assert.ok(golden(replay(apart, known), apart) === never);
      }),
      { numRuns: HISTORIES },
    );
  });

  it('a person is, to the byte, what the links that stand make of somebody with no other past', () => {
    fc.assert(
      fc.property(steps, (of) => {
        const log = history(of);
        const now = replay(log, known);
        const together = now.clusters.flatMap((cluster) =>
          now.live.filter(({ one, other }) => [one, other].every((id) => cluster.members.includes(id))),
        );
        const links: PairDecision[] = together.map((one) => ({ ...one, kind: 'link' as const }));
        for (const [one, other] of now.links.merges)
          links.push(said(100 + links.length, ['site', 'merge', one, other]));
        assert.ok(golden(replay(links, known), links) === golden(now, log));
      }),
      { numRuns: HISTORIES / 5 },
    );
  });

  it('two people never meet, and what does not hold is named with what stands against it', () => {
    fc.assert(
      fc.property(steps, (of) => {
        const log = history(of);
        const { clusters, contradictions, links, live } = replay(log, known);
        const clusterOf = new Map(clusters.flatMap(({ goldenId, members: ids }) => ids.map((id) => [id, goldenId])));
        assert.deepEqual([...clusterOf.keys()].sort(), IDS);
        const pairs = standing(log).filter(isPair);
        const site = linksOf(pairs.filter(({ actor }) => actor.kind === 'site').map(asTold)).people;
        for (const { kind, one, other, actor } of verdicts(pairs).values()) {
          // By way of third records a site may join again what it told apart.
          const isJoined = actor.kind === 'site' && site.some((group) => group.includes(one) && group.includes(other));
          if (kind === 'not-same' && !isJoined) assert.notEqual(clusterOf.get(one), clusterOf.get(other));
        }
        for (const [one, other] of links.survivors) assert.equal(clusterOf.get(one), clusterOf.get(other));
        const keptApart = contradictions.filter(({ kind }) => kind === 'kept-apart');
        const refused = live.filter(({ one, other }) => clusterOf.get(one) !== clusterOf.get(other));
        assert.deepEqual(
          keptApart.map(({ decision }) => decision),
          refused.map(({ seq }) => seq).sort((a, b) => a - b),
        );
        for (const { by } of keptApart) assert.ok(by.length > 0);
      }),
      { numRuns: HISTORIES },
    );
  });

  it('every golden id resolves for ever, to those who have the records that it was ever found by', () => {
    fc.assert(
      fc.property(steps, (of) => {
        const log = history(of);
        let holdings = carried(new Map(), replay([], known).clusters);
        for (let length = 1; length <= log.length; length += 1) {
          holdings = carried(holdings, replay(log.slice(0, length), known).clusters);
        }
        const { clusters } = replay(log, known);
        for (const [id, records] of holdings) {
          const resolution = resolve(id, holdings, clusters);
          assert.ok(resolution !== null);
          const found =
            resolution.status === 'active'
              ? [resolution.id, ...resolution.parted]
              : resolution.status === 'redirected'
                ? [resolution.to]
                : resolution.into;
          const reached = clusters.filter(({ goldenId }) => found.includes(goldenId));
          assert.equal(reached.length, found.length, 'each of them stands for somebody now');
          for (const one of records) assert.ok(reached.some(({ members: ids }) => ids.includes(one)));
          assert.equal(
            resolution.status === 'active',
            clusters.some(({ goldenId }) => goldenId === id),
          );
        }
      }),
      { numRuns: HISTORIES / 5 },
    );
  });

  it('neither the order of arrival nor that of decisions of one moment makes a difference', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (of, seed) => {
        const log = history(of);
        const now = replay(log, known);
        const again = replay(shuffled([...log, ...log.slice(0, 3)], seed), known.toReversed());
        assert.deepEqual([again.clusters, again.contradictions], [now.clusters, now.contradictions]);
        assert.ok(golden(again, shuffled(log, seed)) === golden(now, log));
        // A site's words of one moment keep the order in which they came; so do several about one pair.
        const ofOneMoment = [...new Map(log.map((one) => [pairKey(one.one, one.other), one])).values()]
          .filter(({ actor }) => actor.kind !== 'site')
          .map((one) => ({ ...one, at: instant(5) }));
        const renumbered = shuffled(ofOneMoment, seed).map((one, index) => ({ ...one, seq: index + 1 }));
        assert.deepEqual(replay(renumbered, known).clusters, replay(ofOneMoment, known).clusters);
      }),
      { numRuns: HISTORIES / 5 },
    );
  });
});

describe('golden ids', () => {
  const id = goldenIdOf;
  const resolved = (log: readonly PairDecision[], of: string): unknown =>
    resolve(id(of), holdingsOf(log, known), replay(log, known).clusters);

  it('of two that were joined the older one stays, the younger one leads to it, and has its own again when parted', () => {
    const joined = [said(1, ['person', 'link', 'b', 'a'])];
    assert.deepEqual(resolved(joined, 'b'), { status: 'redirected', to: id('a') });
    assert.deepEqual(resolved(joined, 'a'), { status: 'active', id: id('a'), parted: [] });
    const parted = [...joined, said(2, ['person', 'not-same', 'b', 'a'])];
    assert.deepEqual(resolved(parted, 'b'), { status: 'active', id: id('b'), parted: [] });
    assert.deepEqual(resolved(parted, 'a'), { status: 'active', id: id('a'), parted: [id('b')] });
  });

  it('an id whose records went to several people leads to all of them, first to who has its oldest', () => {
    const log = [
      said(1, ['person', 'link', 'b', 'c']),
      said(2, ['person', 'unlink', 'b', 'c']),
      said(3, ['person', 'link', 'b', 'a']),
    ];
    assert.deepEqual(resolved(log, 'b'), { status: 'split', into: [id('a'), id('c')] });
    assert.equal(resolve('never given out', holdingsOf(log, known), replay(log, known).clusters), null);
  });
});

function asTold({ seq, kind, one, other, at, reason }: PairDecision): RecordedDecision {
  return { id: seq, kind: kind === 'not-same' ? 'unlink' : kind, one, other, at, reason, messageId: null };
}
