/** One number of a site that names two people: shown to a person, and nobody's visits become another person's. */
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { readAs } from '../../src/identity/record-reused.ts';
import { SCOPE } from '../support/facts.ts';
import { adt, feedWorld, MRN, pid, siu, type FeedWorld } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const ADA = { name: 'MILLER^ADA', born: '19800102' };
const OTTO = { name: 'SCHULZ^OTTO', born: '19551130' };

function person(family: string, given: string, birthDate?: string): Patient {
  return {
    resourceType: 'Patient',
    name: [{ family, given: [given] }],
    ...(birthDate === undefined ? {} : { birthDate }),
  };
}

test('what is another person is told by name and date of birth together, and slips and marriages are none', () => {
  const ada = person('Miller', 'Ada', '1980-01-02');
  const read = (family: string, given: string, birthDate?: string): string =>
    readAs(ada, person(family, given, birthDate));
  assert.equal(read('Schulz', 'Otto', '1955-11-30'), 'other');
  assert.equal(read('Schulz', 'Otto'), 'other');
  assert.equal(read('Schulz', 'Ada', '1980-01-02'), 'same');
  assert.equal(read('Miler', 'Ada', '1980-02-01'), 'same');
  assert.equal(read('Ada', 'Miller', '1980-01-02'), 'same');
  assert.equal(read('Miller', 'Ada', '1980-01-03'), 'same');
  assert.equal(read('Miller', 'Zoe', '1980-01-02'), 'doubt');
  assert.equal(read('Miller', 'Ada', '2004-06-20'), 'doubt');
  assert.equal(readAs(person('Miller', 'BABY BOY', '2026-01-02'), person('Miller', 'Noah', '2026-01-02')), 'same');
});

describe('a number that comes with another person', () => {
  it('is taken as the site says it, and one work item asks for a look, however often it comes', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '7'), adt('A31', T(2), pid('7', ADA)), adt('A31', T(3), pid('7', OTTO)));
    assert.equal((await world.patient('7'))?.name?.[0]?.family, 'SCHULZ');
    await world.tell(adt('A31', T(4), pid('7', ADA)), adt('A31', T(5), pid('7', OTTO)));
    const items = await world.workItems();
    assert.deepEqual(
      items.map(({ kind, evidence }) => [kind, evidence['patient']]),
      [['patient-conflict', await world.patientId('7')]],
    );
    assert.doesNotMatch(JSON.stringify(items), /SCHULZ|MILLER|1980|1955/i);
  });
});

/** The number 7 was merged into 5; both are Ada's. */
const MERGED = [
  adt('A31', T(1), pid('7', ADA)),
  adt('A31', T(1), pid('5', ADA)),
  adt('A40', T(2), pid('5', ADA), `MRG|${MRN('7')}\r`),
];

/** A visit of the number 7, with whoever has it. */
function visitOf(time: string, { name, born }: typeof ADA): string {
  return siu('S12', time, 'F9', '7').replace(/PID\|[^\r]*\r/, pid('7', { name, born }));
}

async function reused(world: FeedWorld): Promise<readonly number[]> {
  await world.tell(...MERGED);
  return world.tell(adt('A31', T(3), pid('7', OTTO)), visitOf(T(4), OTTO));
}

describe('a number that was merged away and comes with another person', () => {
  it('keeps that person and their visits waiting for somebody who decides', async (t) => {
    const world = await feedWorld(t);
    const [news = 0, visit = 0] = await reused(world);
    assert.equal((await world.message(news)).code, 'MERGE_UNDECIDED');
    assert.equal((await world.message(visit)).status, 'received');
    assert.equal(await world.visit('F9^HOSP_A'), null);
    assert.equal((await world.patient('7'))?.name?.[0]?.family, 'MILLER');
    assert.deepEqual((await world.workItems()).map(({ kind }) => kind), ['parked']); // prettier-ignore
  });

  it('is a record of its own when a person has taken the two apart and the message is replayed', async (t) => {
    const world = await feedWorld(t);
    const [news = 0] = await reused(world);
    const desk = peopleDesk({ store: world.store, clock: world.clock });
    const seven = (await world.patientId('7')) ?? '';
    const reason = 'the clinic has given the number anew';
    await desk.unmerge({ scope: SCOPE, requestId: 'r' }, { records: [seven], reason, overrule: true });
    assert.equal(await world.operate.replay(SCOPE, news, 'r'), true);
    await world.apply();
    assert.deepEqual(await world.parked(), []);
    assert.equal((await world.patient('7'))?.name?.[0]?.family, 'SCHULZ');
    assert.equal((await world.patient('7'))?.active, true);
    assert.deepEqual((await world.visit('F9^HOSP_A'))?.patients, [seven]);
    assert.deepEqual(await world.found('5'), []);
    assert.deepEqual((await world.workItems()).map(({ kind }) => kind), ['patient-conflict']); // prettier-ignore
  });

  it('is news of the merged person where that fits', async (t) => {
    const world = await feedWorld(t);
    await world.tell(...MERGED);
    await world.tell(adt('A31', T(3), pid('7', { ...ADA, name: 'MILLER-LEE^ADA' })), visitOf(T(4), ADA));
    assert.deepEqual(await world.parked(), []);
    assert.deepEqual((await world.visit('F9^HOSP_A'))?.patients, [await world.patientId('5')]);
  });
});
