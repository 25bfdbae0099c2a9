/** What people decide about who is who: it holds before all else, can be taken back, and moves nobody's visits. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import type { Asked, PeopleDesk } from '../../src/identity/contract-desk.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientIndex } from '../../src/identity/patients.ts';
import { systemScope } from '../../src/store/contract.ts';
import { siteOf } from '../support/facts.ts';
import { feedWorld, merge, siu, type FeedWorld } from './feed-world.ts';
import { placingWorld, ROBERT, type PlacingWorld } from './placing-world.ts';

const ANA: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };
const because = { reason: 'asked the patient' } as const;

function deskOf(world: Pick<PlacingWorld, 'store' | 'clock'>): PeopleDesk {
  return peopleDesk({ store: world.store, clock: world.clock });
}

async function twoSites(world: PlacingWorld, other: Parameters<PlacingWorld['tell']>[2]): Promise<[string, string]> {
  const ids: [string, string] = [await world.tell('north', '1', ROBERT), await world.tell('south', '7', other)];
  await world.settle();
  return ids;
}

describe('a pair that waits for a person', () => {
  it('is linked by a word with a reason, leaves the queue, and matching never parts it again', async (t) => {
    const world = await placingWorld(t);
    const desk = deskOf(world);
    const [north, south] = await twoSites(world, { ...ROBERT, birthDate: '1972-11-29' });
    assert.equal((await desk.reviews(ANA, 10, null)).pairs.length, 1);
    await desk.claim(ANA, south, north);
    const decided = await desk.decide(ANA, { one: north, other: south, verdict: 'same', ...because });
    assert.deepEqual(decided.people, [{ goldenId: goldenIdOf(north), records: [north, south] }]);
    assert.equal(decided.decisions.length, 1);
    assert.deepEqual((await desk.reviews(ANA, 10, null)).pairs, []);
    await world.tell('south', '7', { ...ROBERT, birthDate: '1990-11-29', given: 'Hannah' });
    await world.settle();
    assert.equal((await world.people()).length, 1);
    const again = await desk.decide(ANA, { one: north, other: south, verdict: 'same', ...because });
    assert.deepEqual(again.decisions, []);
    const { decisions, samePerson, review } = await desk.explain(ANA, north, south);
    assert.deepEqual([decisions[0]?.actor, decisions[0]?.reason], [{ kind: 'person', id: 'ana' }, because.reason]);
    assert.deepEqual([samePerson, review?.state], [true, 'decided']);
  });

  it('is told apart for good, also where all fits', async (t) => {
    const world = await placingWorld(t);
    const desk = deskOf(world);
    const [north, south] = await twoSites(world, ROBERT);
    await desk.decide(ANA, { one: north, other: south, verdict: 'different', ...because });
    await world.settle();
    assert.equal((await world.people()).length, 2);
    await world.tell('south', '7', { ...ROBERT, given: 'Bob' });
    await world.settle();
    assert.equal((await world.people()).length, 2);
    assert.deepEqual((await desk.reviews(ANA, 10, null)).pairs, []);
    const west = await world.tell('west', '3', ROBERT);
    await world.settle();
    assert.equal((await world.people()).length, 3, 'whom of the two it is would be a guess');
    const waiting = (await desk.reviews(ANA, 10, null)).pairs;
    assert.deepEqual(
      waiting.map(({ why, lo, hi }) => [why, [lo, hi].includes(west)]),
      [
        ['kept-apart', true],
        ['kept-apart', true],
      ],
    );
  });

  it('shows how it came about, and no value of a record', async (t) => {
    const world = await placingWorld(t);
    const [north, south] = await twoSites(world, { ...ROBERT, birthDate: '1972-11-29' });
    const told = await deskOf(world).explain(ANA, south, north);
    assert.deepEqual([told.band, told.guards.map(({ guard }) => guard)], ['review', ['birth-differs']]);
    const sum = told.steps.reduce((bits, step) => bits + step.bits, 0);
    assert.equal(Math.abs(sum - told.score) < 1e-6, true);
    assert.doesNotMatch(JSON.stringify(told), /okonkwo|robert|1972|oak|45501|5552222/i);
    const audited = await world.rows('SELECT resource_id FROM audit ORDER BY resource_id');
    assert.deepEqual(audited.map((row) => row['resource_id']), [north, south].sort()); // prettier-ignore
  });

  it('is not shown to whoever may not see both records', async (t) => {
    const world = await placingWorld(t);
    const desk = deskOf(world);
    const [north, south] = await twoSites(world, { ...ROBERT, birthDate: '1972-11-29' });
    const here: Asked = { ...ANA, scope: { ...ANA.scope, sites: ['north'] } };
    assert.deepEqual((await desk.reviews(here, 10, null)).pairs, []);
    const word = { one: north, other: south, verdict: 'same', ...because } as const;
    await assert.rejects(desk.explain(here, north, south), { code: 'NOT_FOUND' });
    await assert.rejects(desk.decide(here, word), { code: 'NOT_FOUND' });
    await assert.rejects(desk.claim(here, north, south), { code: 'NOT_FOUND' });
    await assert.rejects(desk.unmerge(here, { records: [south], overrule: false, ...because }), { code: 'NOT_FOUND' });
  });

  it('is taken by one person at a time', async (t) => {
    const world = await placingWorld(t);
    const desk = deskOf(world);
    const [north, south] = await twoSites(world, { ...ROBERT, birthDate: '1972-11-29' });
    const ben: Asked = { ...ANA, scope: { ...ANA.scope, actor: 'client:ben' } };
    await desk.claim(ANA, north, south);
    await assert.rejects(desk.claim(ben, north, south), { code: 'RULE_BROKEN' });
    await desk.release(ANA, north, south);
    await desk.claim(ben, north, south);
  });
});

describe('one person who is taken apart', () => {
  it('is two again, each with an id of its own, and is not joined again', async (t) => {
    const world = await placingWorld(t);
    const desk = deskOf(world);
    const [north, south] = await twoSites(world, ROBERT);
    const west = await world.tell('west', '3', ROBERT);
    await world.settle();
    assert.equal((await world.people()).length, 1);
    const { people } = await desk.unmerge(ANA, { records: [west], overrule: false, ...because });
    const parts = people.map(({ goldenId, records }) => [goldenId, records]);
    assert.deepEqual(parts.length, 2);
    assert.deepEqual(
      new Map(parts as [string, readonly string[]][]),
      new Map([
        [goldenIdOf(north), [north, south]],
        [goldenIdOf(west), [west]],
      ]),
    );
    await world.settle();
    assert.equal((await world.people()).length, 2);
    const golden = await world.write(({ identity }) => identity.golden(goldenIdOf(north)));
    assert.deepEqual(golden, { id: goldenIdOf(north), state: 'active', leadsTo: [goldenIdOf(west)] });
  });

  it('needs somebody to be parted from', async (t) => {
    const world = await placingWorld(t);
    const north = await world.tell('north', '1', ROBERT);
    const refused = deskOf(world).unmerge(ANA, { records: [north], overrule: false, ...because });
    await assert.rejects(refused, { code: 'RULE_BROKEN' });
  });
});

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;

/** Another site's record of somebody, in the store of the feed. */
async function elsewhere(world: FeedWorld): Promise<string> {
  const now = world.clock.now();
  const cause = { site: 'south', messageId: null, siteTime: now, now };
  await world.write((tx) =>
    patientIndex.resolve({ key: '7', identifiers: [], ...ROBERT }, siteOf('south'), now, tx, cause),
  );
  return canonicalId.patient('south', '7');
}

describe('visits', () => {
  it('stay with the record of their site, and are found by all records of the person as long as they are one', async (t) => {
    const world = await feedWorld(t);
    const desk = deskOf(world);
    await world.tell(siu('S12', T(1), 'F1', '1'));
    const north = (await world.patientId('1')) ?? '';
    const south = await elsewhere(world);
    const { people } = await desk.decide(ANA, { one: south, other: north, verdict: 'same', ...because });
    const golden = people[0]?.goldenId ?? '';
    const linked = await world.write(({ resources }) => resources.linkedPatients(south));
    assert.deepEqual([...linked].sort(), [north, south].sort());
    assert.deepEqual(await found(world, south), ['F1']);
    assert.deepEqual(await found(world, golden), ['F1']);
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [north]);
    await desk.unmerge(ANA, { records: [south], overrule: false, ...because });
    assert.deepEqual([await found(world, south), await found(world, north)], [[], ['F1']]);
  });

  it('of records that a site had merged are given back when a person overrules it, and only then', async (t) => {
    const world = await feedWorld(t);
    const desk = deskOf(world);
    await world.tell(siu('S12', T(1), 'F1', '1'), siu('S12', T(2), 'F2', '2'), merge(T(3), '1', '2'));
    const one = (await world.patientId('1')) ?? '';
    const parting = { records: [one], ...because };
    await assert.rejects(desk.unmerge(ANA, { ...parting, overrule: false }), { code: 'RULE_BROKEN' });
    await desk.unmerge(ANA, { ...parting, overrule: true });
    assert.deepEqual([await world.found('1'), await world.found('2')], [['F1'], ['F2']]);
    assert.equal((await world.patient('1'))?.active, true);
    await world.tell(merge(T(9), '1', '2'));
    assert.deepEqual(await world.found('1'), ['F1'], 'the site says it again: a person has said otherwise');
    const [raised] = (await desk.reviews(ANA, 10, null)).pairs;
    assert.equal(raised?.why, 'overruled');
    const again = { one: raised.lo, other: raised.hi, verdict: 'different', ...because } as const;
    assert.deepEqual((await desk.decide(ANA, again)).decisions, [], 'it stands already');
    assert.deepEqual((await desk.reviews(ANA, 10, null)).pairs, [], 'and whoever was asked has answered');
    assert.equal((await desk.explain(ANA, raised.lo, raised.hi)).review?.state, 'decided');
  });
});

/** SCH-2 numbers of the visits that a search by this Patient finds. */
async function found(world: FeedWorld, patient: string): Promise<readonly string[]> {
  return world.foundBy(`Patient/${patient}`);
}
