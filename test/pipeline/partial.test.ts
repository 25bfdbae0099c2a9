/** Messages that list only what changes of a visit (SIU S18-S22), through mapping and apply on a real database. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANA, BOB } from '../support/builders.ts';
import { openSiu, siu, type SiuWorld } from './siu.ts';

const at = (minute: number): string => `202611221200${String(minute).padStart(2, '0')}`;

async function actors(world: SiuWorld): Promise<readonly string[]> {
  const { resource } = await world.visit();
  return resource.participant.map(({ actor }) => actor?.reference?.split('/')[0] ?? actor?.identifier?.value ?? '?');
}

describe('a message that lists only what changes', () => {
  it('adds its resource to those that are known, each with its own time', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    const added = ['RGS|1', 'AIP|1|A|BEN|||20261123091500|||15|min'];
    await world.send(siu('S18', { sent: at(1), resources: added }));
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'BEN 09:15-09:30', 'room1 09:00-09:30']);
    assert.deepEqual(await actors(world), ['Patient', 'Practitioner', 'Location', 'Practitioner']);
    const { actors: ids, status } = await world.visit().then((visit) => ({ ...visit, status: visit.resource.status }));
    assert.equal(ids.length, 5, 'both people with their roles, and the room, are found by a search');
    assert.equal(status, 'booked');
  });

  it('removes its resource and leaves the others, also when it is told twice', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { resources: ['RGS|1', 'AIL|1||ROOM1', 'AIP|1||ADA', 'AIP|2||BEN'] }));
    for (const minute of [1, 2]) {
      await world.send(siu('S20', { sent: at(minute), resources: ['RGS|1', 'AIP|1|D|BEN'] }));
      assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room1 09:00-09:30']);
    }
    assert.deepEqual(await actors(world), ['Patient', 'Practitioner', 'Location']);
  });

  it('exchanges a room by removing one and adding another, and the visit stays one visit in one slot', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    await world.send(siu('S19', { sent: at(1), resources: ['RGS|1|D', 'AIL|1||ROOM1', 'RGS|2|A', 'AIL|1||ROOM2'] }));
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room2 09:00-09:30']);
    const { slots } = await world.visit();
    assert.equal(slots.length, 1);
    const states = await world.rows('SELECT status FROM slot ORDER BY status');
    assert.deepEqual(states, [{ status: 'busy' }, { status: 'busy' }], "the slot in the old room's schedule is Ada's");
  });

  it('ends the part of someone who leaves early at the time of the message', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    await world.send(siu('S21', { sent: '20261123091000', resources: ['RGS|1', 'AIL|1|D|ROOM1'] }));
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room1 09:00-09:10']);
    const { resource } = await world.visit();
    assert.deepEqual(resource.participant[1]?.period ?? resource.participant[2]?.period, {
      start: '2026-11-23T09:00:00Z',
      end: '2026-11-23T09:10:00Z',
    });
  });

  it('states a known resource anew: a person who comes later than was said', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    const later = ['RGS|1', 'AIP|1|U|ADA|||20261123092000|||10|min'];
    await world.send(siu('S19', { sent: at(1), resources: later }));
    assert.deepEqual(await world.busy(), ['ADA 09:20-09:30', 'room1 09:00-09:30']);
  });

  it('of a visit that is not known makes one of what it states', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S18', { resources: ['RGS|1', 'AIP|1|A|BEN', 'AIP|2|D|ADA'] }));
    assert.deepEqual(await world.busy(), ['BEN 09:00-09:30']);
    await world.send(siu('S14', { sent: at(1) }));
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room1 09:00-09:30'], 'the whole list replaces it');
  });

  it('of a visit that is not known, without any time, is parked', async (t) => {
    const world = await openSiu(t);
    const id = await world.send(siu('S18', { time: '', resources: ['RGS|1', 'AIP|1|A|BEN'] }));
    assert.equal(await world.ended(id), 'parked MESSAGE_INCOMPLETE');
  });

  it('moves what it does not name along when it moves the visit', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    const time = '^^^20261123110000^20261123113000';
    await world.send(siu('S19', { sent: at(1), time, resources: ['RGS|1', 'AIP|1|U|ADA'] }));
    assert.deepEqual(await world.busy(), ['ADA 11:00-11:30', 'room1 11:00-11:30']);
  });

  it('adds and cancels services; the first that is left is the kind of visit', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    await world.send(siu('S18', { sent: at(1), resources: ['RGS|1', 'AIS|1|A|LAB^Blood'] }));
    const codes = async (): Promise<readonly (string | undefined)[]> =>
      ((await world.visit()).resource.serviceType ?? []).map(({ coding }) => coding?.at(-1)?.code);
    assert.deepEqual(await codes(), ['CHECK', 'LAB']);
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room1 09:00-09:30'], 'nobody left with the news');
    await world.send(siu('S20', { sent: at(2), resources: ['RGS|1', 'AIS|1|D|CHECK^Check'] }));
    assert.deepEqual(await codes(), ['LAB']);
    assert.equal((await world.visit()).visitType, null);
  });

  it('replayed gives the same state', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12'));
    const id = await world.send(siu('S18', { sent: at(1), resources: ['RGS|1', 'AIP|1|A|BEN'] }));
    const before = await world.rows('SELECT id, version FROM appointment');
    await world.write((tx) => tx.inbox.replay(id, world.clock.now()));
    await world.apply();
    assert.deepEqual(await world.rows('SELECT id, version FROM appointment'), before);
  });
});

describe('what a message does not touch', () => {
  it('the patients of a visit stay when a message names none, and are replaced when it names others', async (t) => {
    const world = await openSiu(t);
    assert.notEqual(ANA.key, BOB.key);
    await world.send(siu('S12', { patients: ['M1', 'M2'] }));
    assert.equal((await world.visit()).patients.length, 2, 'a group visit');
    await world.send(siu('S14', { sent: at(1), patients: [] }));
    assert.equal((await world.visit()).patients.length, 2);
    await world.send(siu('S14', { sent: at(2), patients: ['M2', 'M3', 'M4'] }));
    assert.equal((await world.visit()).patients.length, 3);
  });
});
