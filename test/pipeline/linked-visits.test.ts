/** A visit that gets another id when it is moved, and the further times of a visit that repeats. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXTENSIONS } from '../../src/fhir/types.ts';
import { KEY, NINE, openSiu, siu, TEN, type SiuWorld } from './siu.ts';

const at = (minute: number): string => `2026112212${String(minute).padStart(2, '0')}`;
const MOVED = 'F-2^HOSP';

async function live(world: SiuWorld): Promise<readonly unknown[]> {
  return (await world.rows(`SELECT site_key, status FROM appointment ORDER BY site_key`)).map(
    (row) => `${String(row['site_key'])} ${String(row['status'])}`,
  );
}

describe('a move under another id', () => {
  it('with the same placer id leaves one visit: the old one is cancelled and named by the new one', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { placer: 'P-1^EHR' }));
    const old = await world.visit();
    await world.send(siu('S13', { sent: at(1), placer: 'P-1^EHR', filler: MOVED, time: TEN }));
    assert.deepEqual(await live(world), [`${KEY} cancelled`, `${MOVED} booked`]);
    assert.deepEqual(await world.busy(), ['ADA 10:00-10:30', 'room1 10:00-10:30']);
    const { resource } = await world.visit(MOVED);
    const replaces = resource.extension?.find(({ url }) => url === EXTENSIONS.replaces);
    assert.deepEqual(replaces?.valueReference, { reference: `Appointment/${old.id}` });
    const told = await world.rows(`SELECT kind FROM ledger WHERE appointment_id = $1`, [old.id]);
    assert.equal(told.filter(({ kind }) => kind === 'rescheduled').length, 1);
    const late = await world.send(siu('S14', { sent: at(0), placer: 'P-1^EHR' }));
    assert.equal(await world.ended(late), 'superseded');
  });

  it('that names the old one as its parent leaves one visit', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    await world.send(siu('S13', { sent: at(1), filler: MOVED, parent: KEY, time: TEN }));
    assert.deepEqual(await live(world), [`${KEY} cancelled`, `${MOVED} booked`]);
  });

  it('of one of several visits of an order, or of a series, ends none of them: it cannot be told which', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { placer: 'P-1^EHR', filler: 'A^HOSP', parent: 'SERIES^HOSP' }));
    await world.send(siu('S12', { placer: 'P-1^EHR', filler: 'B^HOSP', parent: 'SERIES^HOSP', time: TEN }));
    await world.send(siu('S12', { filler: 'SERIES^HOSP', time: '^^^20261124090000^20261124093000' }));
    const eleven = '^^^20261123110000^20261123113000';
    await world.send(
      siu('S13', { sent: at(1), placer: 'P-1^EHR', filler: 'C^HOSP', parent: 'SERIES^HOSP', time: eleven }),
    );
    const all = ['A^HOSP booked', 'B^HOSP booked', 'C^HOSP booked', 'SERIES^HOSP booked'];
    assert.deepEqual(await live(world), all);
  });

  it('of a visit that is known under the new id already is a move of that visit', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { placer: 'P-1^EHR' }));
    await world.send(siu('S12', { sent: at(1), placer: 'P-1^EHR', filler: MOVED, time: TEN }));
    await world.send(siu('S13', { sent: at(2), placer: 'P-1^EHR', filler: MOVED, time: TEN }));
    assert.deepEqual(await live(world), [`${KEY} booked`, `${MOVED} booked`]);
  });

  it('replayed changes nothing', async (t) => {
    const world = await openSiu(t);
    const first = await world.send(siu('S12', { placer: 'P-1^EHR' }));
    const second = await world.send(siu('S13', { sent: at(1), placer: 'P-1^EHR', filler: MOVED, time: TEN }));
    const before = await world.rows('SELECT id, version FROM appointment ORDER BY id');
    for (const id of [first, second]) {
      await world.write((tx) => tx.inbox.replay(id, world.clock.now()));
      await world.apply();
    }
    assert.deepEqual(await world.rows('SELECT id, version FROM appointment ORDER BY id'), before);
  });
});

const WEEKS = `${NINE}~^^^20261130090000^20261130093000~^^^20261207090000^20261207093000`;

describe('a visit whose times are all written down', () => {
  it('is one appointment for each, all of them found by its id', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { time: WEEKS }));
    const second = `${KEY}@2026-11-30T09:00:00Z`;
    const third = `${KEY}@2026-12-07T09:00:00Z`;
    assert.deepEqual(await live(world), [`${KEY} booked`, `${second} booked`, `${third} booked`]);
    assert.equal((await world.busy()).length, 6);
    const token = 'identifier:urn:slotwire:site:riverside-hl7:HOSP|F-1';
    assert.equal((await world.read((tx) => tx.resources.appointmentsByToken(world.site.id, token))).length, 3);
  });

  it('loses the times that a later list does not have, and keeps those that it has', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { time: WEEKS }));
    const fewer = `${NINE}~^^^20261207090000^20261207093000`;
    await world.send(siu('S13', { sent: at(1), time: fewer }));
    assert.deepEqual(await live(world), [
      `${KEY} booked`,
      `${KEY}@2026-11-30T09:00:00Z cancelled`,
      `${KEY}@2026-12-07T09:00:00Z booked`,
    ]);
    assert.equal((await world.busy()).length, 4);
  });

  it('is cancelled with all its times, also by a cancel that names none', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { time: WEEKS }));
    await world.send(siu('S15', { sent: at(1), time: '' }));
    assert.deepEqual(
      (await live(world)).map((one) => String(one).split(' ')[1]),
      ['cancelled', 'cancelled', 'cancelled'],
    );
    assert.deepEqual(await world.busy(), []);
  });
});

describe('an occurrence with an id or a number of its own', () => {
  it('names its parent, and ends alone', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { filler: 'SERIES^HOSP' }));
    await world.send(siu('S12', { filler: 'A^HOSP', parent: 'SERIES^HOSP', time: TEN }));
    await world.send(siu('S12', { filler: 'SERIES^HOSP', occurrence: '2', time: TEN }));
    const { resource } = await world.visit('A^HOSP');
    const parent = resource.extension?.find(({ url }) => url === EXTENSIONS.parent);
    assert.equal(parent?.valueIdentifier?.value, 'SERIES');
    await world.send(siu('S15', { sent: at(1), filler: 'A^HOSP', parent: 'SERIES^HOSP' }));
    assert.deepEqual(await live(world), ['A^HOSP cancelled', 'SERIES^HOSP booked', 'SERIES^HOSP#2 booked']);
  });
});
