/** What must not cross: news of one person and visits of another, and decisions that a replay would turn around. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hl7Site } from '../fixtures/siu/site.ts';
import { adt, feedWorld, merge, MRN, pid, siu, type FeedWorld } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const pv1 = (visit: string, authority = 'HOSP_A'): string =>
  `PV1|1|O|CARD${'|'.repeat(16)}${visit}^^^${authority}^VN\r`;

async function status(world: FeedWorld, key: string): Promise<string> {
  return (await world.visit(key))?.body.status ?? 'unknown';
}

describe('a visit number that two systems have given', () => {
  it('is not that of another person: an arrival changes no visit of somebody else', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: '1001' }));
    await world.tell(adt('A04', T(2), pid('2'), pv1('1001', 'ELSEWHERE')));
    assert.equal(await status(world, 'F1^HOSP_A'), 'booked');
    await world.tell(adt('A04', T(3), pid('1'), pv1('1001', '')));
    assert.equal(await status(world, 'F1^HOSP_A'), 'arrived', 'the person is the same, so the visit is');
  });

  it('is not that of another person: a move takes no visit from somebody else', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: '1001' }));
    await world.tell(adt('A45', T(2), pid('3'), `MRG|${MRN('2')}\r`, pv1('1001', 'ELSEWHERE')));
    assert.deepEqual([await world.found('1'), await world.found('3')], [['F1'], []]);
  });

  it('names the visit of the record that was merged since', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: '1001' }), merge(T(2), '1', '2'));
    await world.tell(adt('A04', T(3), pid('2'), pv1('1001', '')));
    assert.equal(await status(world, 'F1^HOSP_A'), 'arrived');
  });
});

describe('a merge', () => {
  it('that is replayed after an unlink of the same minute undoes nothing', async (t) => {
    const world = await feedWorld(t);
    const [id = 0] = await world.tell(merge(T(5), '1', '2'));
    await world.tell(adt('A37', T(5), pid('1'), pid('2')));
    const apart = await world.rows('SELECT site_key, survivor_id FROM patient_link ORDER BY site_key');
    assert.deepEqual(
      apart.map((row) => row['survivor_id']),
      [null, null],
    );
    await world.replay(id);
    assert.deepEqual(await world.rows('SELECT site_key, survivor_id FROM patient_link ORDER BY site_key'), apart);
  });

  it('of a number that the record which stays carries too is known to what comes under the old number', async (t) => {
    const world = await feedWorld(t);
    const both = `PID|1||${MRN('2')}~${MRN('1')}||FAM^GIVEN||19800102|F\r`;
    await world.tell(adt('A31', T(1), both), adt('A40', T(2), both, `MRG|${MRN('1')}\r`));
    await world.tell(siu('S12', T(3), 'F1', '1'));
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [await world.patientId('2')]);
  });
});

describe('news of one person', () => {
  it('shares a sequence where the state number alone names the person', async (t) => {
    const site = hl7Site({ unknownIdentifiers: 'local-only' });
    const world = await feedWorld(t, site);
    const nhs = (name: string): string => `PID|1||9434765919^^^NHS^NH||${name}\r`;
    await world.store1(adt('A31', T(1), nhs('ONE')));
    await world.store1(adt('A31', T(1), nhs('TWO')));
    const claimed = await world.write((tx) => tx.inbox.claim(world.clock.now(), 10));
    assert.equal(claimed.length, 1);
  });

  it('can be stored whatever it says of its time', async (t) => {
    const world = await feedWorld(t, hl7Site({ timeZone: 'Europe/Berlin' }));
    for (const time of ['00010101000000', '00010101000000+1400', '99991231235959']) {
      const [id = 0] = await world.tell(adt('A31', time, pid('1')));
      assert.equal((await world.message(id)).status, 'applied', time);
    }
  });
});
