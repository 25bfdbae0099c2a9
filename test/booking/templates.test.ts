/** What may be booked into a slot of a template, by whom, and what the site is then asked. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HubError } from '../../src/core/errors.ts';
import { BOB, during, fed } from '../support/builders.ts';
import { hours, MORNING, openTemplateWorld, type TemplateWorld } from '../pipeline/template-world.ts';

type Block = Partial<typeof MORNING>;

async function opened(t: TestContext, block: Block, more: { write?: 'read-only' } = {}): Promise<TemplateWorld> {
  const world = await openTemplateWorld(
    t,
    { ada: hours({ morning: { ...MORNING, ...block } }) },
    {
      write: 'automatic',
      ...more,
    },
  );
  world.sites.feed.canBook = true;
  return world;
}

function refusedAs(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as HubError).code, code);
    assert.match((error as HubError).detail, text);
    return true;
  };
}

describe('a booking into a slot of a template', () => {
  it('asks the site for the calendar of the template and its own code of the visit type', async (t) => {
    const world = await opened(t, {});
    const { id } = await world.at('09:30');
    const booking = await world.book(id, await world.patient('feed'));
    assert.equal(booking.state, 'booked');
    const [order] = world.sites.feed.placed;
    assert.deepEqual(
      [order?.calendar, order?.visitType, order?.start, order?.end],
      ['ADA@hall', 'CHECK', during(9, 30).start, during(9, 30).end],
    );
    assert.equal((await world.at('09:30')).status, 'busy');
  });

  it('is refused in words where the site cannot be written', async (t) => {
    const world = await opened(t, {}, { write: 'read-only' });
    const { id } = await world.at('09:30');
    const patientId = await world.patient('feed');
    await assert.rejects(world.book(id, patientId), (error: HubError) => error.code === 'SITE_NOT_WRITABLE');
    world.sites.feed.canBook = false;
    await assert.rejects(
      world.book(id, patientId),
      refusedAs('SITE_CANNOT', /takes no bookings from the hub; call the clinic/),
    );
    assert.equal((await world.at('09:30')).status, 'free');
  });

  it('of one channel is refused to the other, until it is released', async (t) => {
    const release = { before_h: 12, visitTypes: [], close: false };
    const world = await opened(t, { channel: 'staff', release });
    const slot = await world.at('09:30');
    assert.deepEqual(slot.body.extension?.at(-1), { url: 'urn:slotwire:channel', valueCode: 'staff' });
    const patientId = await world.patient('feed');
    await assert.rejects(
      world.book(slot.id, patientId, { channel: 'patient' }),
      refusedAs('RULE_BROKEN', /reserved for the channel staff/),
    );
    world.clock.advance(9 * 3_600_000);
    await world.ask();
    assert.equal((await world.at('09:30')).body.extension?.length, 1);
    assert.equal((await world.book(slot.id, patientId, { channel: 'patient' })).state, 'booked');
  });

  it('has as many seats as the block, and the quota above them for staff alone', async (t) => {
    const world = await opened(t, { capacity: 2, overbook: 1 });
    const { id } = await world.at('09:30');
    const bob = await world.patient('feed', BOB);
    const [cy = '', dora = ''] = await world.crowd('feed', 2);
    await world.tell('feed', fed('V1', during(9, 30)));
    assert.equal((await world.book(id, bob, { channel: 'patient' })).state, 'booked');
    assert.equal((await world.at('09:30')).status, 'busy');
    // Taken is an answer and no error, and there is no booking then.
    const full = /answered without a booking/;
    await assert.rejects(world.book(id, cy, { channel: 'patient' }), full);
    assert.equal((await world.book(id, cy, { channel: 'staff' })).state, 'booked', 'one above the capacity');
    await assert.rejects(world.book(id, dora, { channel: 'staff' }), full);
    assert.equal((await world.rows(`SELECT 1 FROM busy WHERE site = 'feed'`)).length, 3);
  });

  it('does not stand in the way of its neighbours in the block', async (t) => {
    const world = await opened(t, { capacity: 2 });
    const patientId = await world.patient('feed');
    for (const time of ['09:00', '09:30', '10:00']) {
      assert.equal((await world.book((await world.at(time)).id, patientId)).state, 'booked');
    }
    assert.ok((await world.shown('2026-11-23')).every((text) => text.endsWith(' free')));
    assert.deepEqual(await world.rows('SELECT 1 FROM work_item'), []);
  });
});
