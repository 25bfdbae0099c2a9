/** What ADT says of visits that are known: arrival, end, another person, another number; and visits booked by ADT. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hl7Settings, hl7Site } from '../fixtures/siu/site.ts';
import { adt, feedWorld, merge, MRN, pid, siu, type FeedWorld } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;
const pv1 = (visit: string, more = ''): string => `PV1|1|O|CARD${'|'.repeat(16)}${visit}^^^HOSP_A^VN${more}\r`;

function about(trigger: string, minute: number, visit: string, mrn = '1'): string {
  return adt(trigger, T(minute), pid(mrn), pv1(visit));
}

async function status(world: FeedWorld, key = 'F1^HOSP_A'): Promise<string> {
  return (await world.visit(key))?.body.status ?? 'unknown';
}

describe('status by ADT', () => {
  it('follows arrival, end, and what takes either back', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }));
    const seen: string[] = [];
    for (const [at, trigger] of ['A04', 'A11', 'A10', 'A32', 'A01', 'A03', 'A13', 'A03'].entries()) {
      await world.tell(about(trigger, 2 + at, 'V1'));
      seen.push(await status(world));
    }
    // prettier-ignore
    assert.deepEqual(seen, [
      'arrived', 'booked', 'arrived', 'booked', 'arrived', 'fulfilled', 'arrived', 'fulfilled',
    ]);
    const { body } = (await world.visit('F1^HOSP_A')) ?? {};
    assert.ok(
      body?.identifier?.some(({ value }) => value === 'V1'),
      'nothing else of the visit is lost',
    );
    assert.equal(body?.participant.length, 3);
  });

  it('of a registration is what the site file says', async (t) => {
    const world = await feedWorld(t, hl7Site({ settings: { ...hl7Settings({ registered: 'checked-in' }) } }));
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }), about('A04', 2, 'V1'));
    assert.equal(await status(world), 'checked-in');
  });

  it('of an older message does not overwrite newer news, nor revive a cancelled visit', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }), siu('S14', T(5), 'F1', '1', { visit: 'V1' }));
    await world.tell(about('A04', 3, 'V1'));
    assert.equal(await status(world), 'booked');
    await world.tell(siu('S15', T(6), 'F1', '1', { visit: 'V1' }), about('A04', 7, 'V1'));
    assert.equal(await status(world), 'cancelled');
  });

  it('of a visit that nobody knows makes none, and is news of the person', async (t) => {
    const world = await feedWorld(t);
    const [id = 0] = await world.tell(about('A04', 1, 'V9'));
    assert.equal((await world.message(id)).status, 'applied');
    assert.deepEqual(await world.rows('SELECT 1 FROM appointment'), []);
    assert.equal((await world.patient('1'))?.name?.[0]?.family, 'FAM1');
  });

  it('is told of the visit of that day where a number is that of a course', async (t) => {
    const world = await feedWorld(t);
    await world.tell(
      siu('S12', T(1), 'F1', '1', { visit: 'V1', start: '20261121090000' }),
      siu('S12', T(1), 'F2', '1', { visit: 'V1', start: '20261122090000' }),
      siu('S12', T(1), 'F3', '1', { visit: 'V1', start: '20261123090000' }),
      about('A04', 5, 'V1'),
    );
    const all = [await status(world, 'F1^HOSP_A'), await status(world, 'F2^HOSP_A'), await status(world, 'F3^HOSP_A')];
    assert.deepEqual(all, ['booked', 'arrived', 'booked']);
  });

  it('finds the visit by another field where the site file says so', async (t) => {
    const settings = { ...hl7Settings({ visitKey: ['PV1-50', 'PV1-19'] }) };
    const world = await feedWorld(t, hl7Site({ settings }));
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: '' }));
    await world.tell(adt('A10', T(2), pid('1'), pv1('', `${'|'.repeat(31)}F1`)));
    assert.equal(await status(world), 'arrived');
  });

  it('is applied though the person beside it cannot be told', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }));
    await world.tell(adt('A03', T(2), 'PID|1||7^^^ELSE^MR\r', pv1('V1')));
    assert.equal(await status(world), 'fulfilled');
  });
});

describe('a visit', () => {
  it('that moves to another person is theirs, by a decision that is written down', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }), siu('S12', T(2), 'F2', '1', { visit: 'V2' }));
    await world.tell(adt('A45', T(3), pid('2'), `MRG|${MRN('1')}||||V1^^^HOSP_A^VN\r`, pv1('V1')));
    assert.deepEqual([await world.found('1'), await world.found('2')], [['F2'], ['F1']]);
    const [entry] = await world.rows(`SELECT data, appointment_id FROM ledger WHERE kind = 'patient-moved'`);
    const moved = { from: await world.patientId('1'), to: await world.patientId('2') };
    assert.deepEqual(JSON.parse(String(entry?.['data'])), moved);
  });

  it('moved to a merged record is that of the one which stands for it', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }), merge(T(2), '2', '3'));
    await world.tell(adt('A45', T(3), pid('2'), `MRG|${MRN('1')}\r`, pv1('V1')));
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [await world.patientId('3')]);
  });

  it('with a new number is found by both', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1', { visit: 'V1' }));
    await world.tell(adt('A50', T(2), pid('1'), 'MRG|1||||V1^^^HOSP_A^VN\r', pv1('V7')), about('A04', 3, 'V7'));
    assert.equal(await status(world), 'arrived');
    await world.tell(about('A11', 4, 'V1'));
    assert.equal(await status(world), 'booked');
  });
});

describe('a hospital that books by ADT', () => {
  const site = hl7Site({ settings: { ...hl7Settings({ adtAppointments: 'a05-a38', adtDuration_min: 20 }) } });
  const booked = (trigger: string, minute: number, visit: string, start: string, more = ''): string =>
    adt(
      trigger,
      T(minute),
      pid('1'),
      `PV1|1|O|CARD||||""|55^GP^REF|970^HEART^HENRY|300|||||||||${visit}^^^HOSP_A\r`,
      `PV2|||KNEE^Sore knee^L|||||${start}\r${more}`,
    );

  it('books by A05: when, where, with whom, why; and for how long by the site file', async (t) => {
    const world = await feedWorld(t, site);
    await world.tell(booked('A05', 1, 'V1', '20261201090000'));
    const visit = await world.visit('V1^HOSP_A');
    assert.deepEqual(
      [visit?.body.status, visit?.body.start, visit?.body.minutesDuration, visit?.body.reasonCode?.[0]?.text],
      ['booked', '2026-12-01T09:00:00-06:00', 20, 'Sore knee'],
    );
    assert.deepEqual(visit?.patients, [await world.patientId('1')]);
    assert.deepEqual(visit.actors.length > 0 && visit.locations.length, 1);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('cancels by A38, and a reschedule is that and an A05 with a new number', async (t) => {
    const world = await feedWorld(t, site);
    await world.tell(booked('A05', 1, 'V1', '20261201090000'));
    await world.tell(booked('A38', 2, 'V1', '20261201090000'), booked('A05', 3, 'V2', '20261201110000'));
    assert.deepEqual([await status(world, 'V1^HOSP_A'), await status(world, 'V2^HOSP_A')], ['cancelled', 'booked']);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('that cancels first: the A05 that comes after it does not book again', async (t) => {
    const world = await feedWorld(t, site);
    await world.tell(booked('A38', 2, 'V1', '20261201090000'), booked('A05', 1, 'V1', '20261201090000'));
    assert.equal(await status(world, 'V1^HOSP_A'), 'cancelled');
  });

  it('tells more of a known visit by A08, and makes none by it', async (t) => {
    const world = await feedWorld(t, site);
    await world.tell(booked('A05', 1, 'V1', '20261201090000'), booked('A04', 2, 'V1', '20261201090000'));
    await world.tell(booked('A08', 3, 'V1', '20261201100000'), booked('A08', 3, 'V2', '20261201100000'));
    const visit = await world.visit('V1^HOSP_A');
    assert.deepEqual([visit?.body.status, visit?.body.start], ['arrived', '2026-12-01T10:00:00-06:00']);
    assert.equal(await world.visit('V2^HOSP_A'), null);
  });

  it('goes on knowing a visit that was given another number', async (t) => {
    const world = await feedWorld(t, site);
    await world.tell(booked('A05', 1, 'V1', '20261201090000'));
    await world.tell(adt('A50', T(2), pid('1'), 'MRG|1||||V1^^^HOSP_A\r', 'PV1|1|O|CARD||||||||||||||||V2^^^HOSP_A\r'));
    await world.tell(booked('A38', 3, 'V2', '20261201090000'));
    assert.equal(await status(world, 'V1^HOSP_A'), 'cancelled');
    assert.equal((await world.rows('SELECT 1 FROM appointment')).length, 1);
  });

  it('without a number of the visit is parked, without a time is news of the person', async (t) => {
    const world = await feedWorld(t, site);
    const [nameless = 0, timeless = 0] = await world.tell(
      booked('A05', 1, '', '20261201090000'),
      booked('A05', 2, 'V2', ''),
    );
    const { code, reason } = await world.message(nameless);
    assert.deepEqual([code, reason?.startsWith('PV1-19')], ['MESSAGE_INCOMPLETE', true]);
    assert.equal((await world.message(timeless)).status, 'applied');
  });
});
