/** Messages of one sender that carry the same time: what holds, and what is an earlier booking sent again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NINE, openSiu, siu, TEN, type Siu, type SiuWorld } from './siu.ts';

/** To the minute, as many senders write it. */
const MINUTE = '202611221200';
const ELEVEN = '^^^20261123110000^20261123113000';

async function after(world: SiuWorld, ...steps: readonly (readonly [trigger: string, said?: Siu])[]): Promise<string> {
  for (const [trigger, said] of steps) await world.send(siu(trigger, { sent: MINUTE, ...said }));
  const { resource } = await world.visit();
  return `${resource.status} ${resource.start?.slice(11, 16) ?? ''}`.trim();
}

describe('several messages of one minute', () => {
  it('that book, move and change a visit hold in the order in which they arrive', async (t) => {
    const world = await openSiu(t);
    assert.equal(await after(world, ['S12'], ['S13', { time: TEN }], ['S14', { time: ELEVEN }]), 'booked 11:00');
    assert.deepEqual(await world.busy(), ['ADA 11:00-11:30', 'room1 11:00-11:30']);
  });

  it('that book and cancel leave it cancelled, and a booking that is sent again does not open it', async (t) => {
    const world = await openSiu(t);
    assert.equal(await after(world, ['S12'], ['S15']), 'cancelled 09:00');
    for (const trigger of ['S12', 'S14', 'S27', 'S18'])
      assert.equal(await after(world, [trigger, { status: 'Scheduled' }]), 'cancelled 09:00', trigger);
    assert.deepEqual(await world.busy(), []);
  });

  it('that mark it as missed, done or entered in error end it the same way', async (t) => {
    const world = await openSiu(t);
    for (const [trigger, said, status] of [
      ['S26', {}, 'noshow'],
      ['S17', {}, 'entered-in-error'],
      ['S14', { status: 'Complete' }, 'fulfilled'],
    ] as const) {
      const filler = `F-${trigger}^HOSP`;
      await world.send(siu('S12', { sent: MINUTE, filler }));
      await world.send(siu(trigger, { sent: MINUTE, filler, ...said }));
      const again = await world.send(siu('S14', { sent: MINUTE, filler, status: 'Booked' }));
      assert.equal(await world.ended(again), 'superseded');
      assert.equal((await world.visit(filler)).resource.status, status);
    }
  });

  it('that cancel it and move it to another time leave it booked there: a move can follow an end', async (t) => {
    const world = await openSiu(t);
    assert.equal(await after(world, ['S12'], ['S26'], ['S13', { time: TEN }]), 'booked 10:00');
    assert.equal(await after(world, ['S15', { time: TEN }], ['S13', { time: TEN }]), 'cancelled 10:00');
  });

  it('of which one ends it in another way: the later one holds', async (t) => {
    const world = await openSiu(t);
    assert.equal(await after(world, ['S12'], ['S26'], ['S15']), 'cancelled 09:00');
  });

  it('of which one says nothing of the status: it changes the rest and opens nothing', async (t) => {
    const world = await openSiu(t);
    assert.equal(await after(world, ['S12'], ['S15'], ['S14', { time: NINE }]), 'cancelled 09:00');
  });

  it('in one frame hold in the order of the frame', async (t) => {
    const world = await openSiu(t);
    const frame = [siu('S12'), siu('S13', { time: TEN }), siu('S15', { time: TEN }), siu('S14', { status: 'Booked' })];
    await world.send(frame.join(''));
    assert.equal((await world.visit()).resource.status, 'cancelled');
  });

  it('give the same state when all of them are replayed', async (t) => {
    const world = await openSiu(t);
    const ids = [];
    for (const said of [siu('S12'), siu('S13', { time: TEN }), siu('S15', { time: TEN }), siu('S12')])
      ids.push(await world.send(said));
    const before = await world.visit();
    for (const id of ids) {
      await world.write((tx) => tx.inbox.replay(id, world.clock.now()));
      await world.apply();
      const { version, resource } = await world.visit();
      assert.deepEqual([version, resource.status], [before.version, 'cancelled']);
    }
  });
});

describe('messages of different times', () => {
  it('open what was cancelled when the later one books it again', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S12', { sent: '202611221200' }));
    await world.send(siu('S15', { sent: '202611221201' }));
    await world.send(siu('S12', { sent: '202611221202' }));
    assert.equal((await world.visit()).resource.status, 'booked');
    assert.deepEqual(await world.busy(), ['ADA 09:00-09:30', 'room1 09:00-09:30']);
  });

  it('in one frame are ordered by their own times, not by that of the first', async (t) => {
    const world = await openSiu(t);
    await world.send(siu('S15', { sent: '202611221205' }));
    await world.send(siu('S12', { sent: '202611221200' }) + siu('S14', { sent: '202611221210', status: 'Booked' }));
    assert.equal((await world.visit()).resource.status, 'booked');
    const late = await world.send(siu('S15', { sent: '202611221207' }));
    assert.equal(await world.ended(late), 'superseded');
  });
});
