/** What a site answers to a placement, what becomes of no answer, and of time that is taken meanwhile. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { hold } from '../../src/booking/hold.ts';
import type { SiteBooking } from '../../src/connectors/contract.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { BOB, bookedAt, fed, SCOPE, SHARED, visit, type World } from '../support/builders.ts';
import { KEY, LOST, NINE, openDay, sentAndKilled, SLOT } from './lost-answer.ts';

const at = (key: string, status: 'booked' | 'cancelled' = 'booked'): SiteBooking => ({
  key,
  status,
  ...NINE,
  calendar: 'n1',
});
const slotStatus = async (world: World): Promise<string> => (await world.slot('north', KEY)).status;

describe('the answer to a placement', () => {
  it('that is a refusal gives the time back and says why', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'refused', because: 'needs-referral', detail: 'bring one' });
    const booking = await world.book(SLOT, ana);
    assert.deepEqual(
      [booking.state, booking.refusedBecause, booking.detail],
      ['refused', 'needs-referral', 'bring one'],
    );
    assert.equal(await slotStatus(world), 'free');
    const answer = await world.desk.status(booking.id, SCOPE);
    assert.ok(answer?.kind === 'refused');
    assert.equal(answer.error.code, 'SITE_REFUSED');
  });

  it('that it was not sent is sent again after a pause, with the same reference, and holds the time meanwhile', async (t) => {
    const { world, ana } = await openDay(t);
    let calls = 0;
    world.sites.north.onPlace = (order) =>
      (calls += 1) === 1 ? { kind: 'unsent', error: new HubError('SITE_UNREACHABLE') } : bookedAt('K1', order);
    const booking = await world.book(SLOT, ana);
    assert.equal(booking.state, 'unsent');
    world.clock.advance(120_000);
    await world.sweep();
    assert.equal(await slotStatus(world), 'busy-tentative');
    await world.deliver();
    assert.equal((await world.booking(booking.id)).state, 'booked');
    assert.deepEqual(
      world.sites.north.placed.map((order) => order.correlation),
      [booking.id, booking.id],
    );
  });

  it('that it can never be sent refuses the booking', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_LOGIN_REFUSED') });
    assert.equal((await world.book(SLOT, ana)).state, 'refused');
    assert.equal(await slotStatus(world), 'free');
  });

  it('that the site will decide later is looked up until it has, and not taken for a refusal where it shows nothing', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'accepted', reference: 'R1' });
    const booking = await world.book(SLOT, ana);
    assert.deepEqual([booking.state, booking.reference], ['accepted', 'R1']);
    for (let round = 0; round < 4; round += 1) {
      world.clock.advance(10_000);
      await world.resolve();
    }
    assert.equal((await world.booking(booking.id)).state, 'accepted');
    assert.equal(world.sites.north.found.length, 4);
    world.sites.north.onFind = () => ({ kind: 'found', at: at('K9') });
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(booking.id)).state, 'booked');
  });

  it('that a connector throws instead counts as unknown', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => Promise.reject(new TypeError('a fault'));
    assert.equal((await world.book(SLOT, ana)).state, 'unknown');
  });
});

describe('a placement without an answer', () => {
  it('cut short by a kill is durable as sent, becomes unknown at its deadline, and is found', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    assert.equal(sent.state, 'sent');
    await world.resolve();
    assert.equal((await world.booking(sent.id)).state, 'sent', 'before its deadline the call may still be under way');
    world.clock.advance(6_001);
    await world.sweep();
    await world.resolve();
    assert.equal((await world.booking(sent.id)).state, 'unknown');
    world.sites.north.onFind = () => ({ kind: 'found', at: at('K7') });
    world.clock.advance(1_000);
    await world.resolve();
    const booking = await world.booking(sent.id);
    assert.deepEqual([booking.state, booking.siteKey], ['booked', 'K7']);
    assert.deepEqual(world.sites.north.placed, [], 'it was never sent a second time');
    assert.equal(await slotStatus(world), 'busy');
  });

  it('is not looked up before the quiet time of its site', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    world.sites.north.showsWithin_ms = 60_000;
    await world.book(SLOT, ana);
    await world.resolve();
    assert.deepEqual(world.sites.north.found, []);
    world.clock.advance(60_000);
    await world.resolve();
    assert.equal(world.sites.north.found.length, 1);
  });

  it('found cancelled is refused, and gives the time back', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'found', at: at('K1', 'cancelled') });
    const { id } = await world.book(SLOT, ana);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(id)).state, 'refused');
    assert.equal(await slotStatus(world), 'free');
  });

  it('absent once is believed only the second time; then an exclusive site is sent it again, and absence counts anew', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    const { id } = await world.book(SLOT, ana);
    world.clock.advance(10_000);
    await world.resolve();
    assert.deepEqual(pick(await world.booking(id)), ['unknown', 1]);
    world.clock.advance(10_000);
    await world.resolve();
    assert.deepEqual(pick(await world.booking(id)), ['unsent', 0]);
    assert.equal(await slotStatus(world), 'busy-tentative');
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 2);
    world.clock.advance(10_000);
    await world.resolve();
    assert.deepEqual(pick(await world.booking(id)), ['unknown', 1]);
  });

  it('absent twice at a site that is not exclusive is refused and never repeated', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.exclusive = false;
    world.sites.north.onPlace = () => LOST;
    const { id } = await world.book(SLOT, ana);
    for (let round = 0; round < 2; round += 1) {
      world.clock.advance(10_000);
      await world.resolve();
    }
    assert.equal((await world.booking(id)).state, 'refused');
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 1);
    assert.equal(await slotStatus(world), 'free');
  });

  it('undecided for too long is parked with a work item, and its hold is kept', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'undecided', because: 'two fit' });
    const { id } = await world.book(SLOT, ana);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(id)).state, 'unknown');
    world.clock.advance(3_600_000);
    await world.resolve();
    assert.equal((await world.booking(id)).state, 'parked');
    const items = await world.read((tx) => tx.workItems.list(10));
    assert.deepEqual(
      items.map((item) => [item.kind, item.subject]),
      [['unresolved-booking', `booking:${id}`]],
    );
    world.clock.advance(3_600_000);
    await world.sweep();
    assert.equal(await slotStatus(world), 'busy-tentative');
  });

  it('parked is settled by news from the site, and its work item is closed', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    world.sites.north.canFind = false;
    const { id, appointmentId } = await world.book(SLOT, ana);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(id)).state, 'parked');
    await world.tell('north', visit('K1', 'n1', NINE));
    assert.equal((await world.booking(id)).state, 'booked');
    assert.equal((await world.appointment('north', 'K1')).id, appointmentId);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('at a site that is suspended does not keep those of other sites from being looked up', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => LOST;
    const { id } = await world.book(SLOT, ana);
    await world.rows(
      `INSERT INTO booking (id, client, request_key, request_digest, action, site, state, state_at, appointment_id,
         key_id, body,
         created_at, created_by, next_check_at)
       SELECT gen_random_uuid(), 'x', n::text, '', 'place', 'south', 'unknown', b.state_at, gen_random_uuid(),
         b.key_id, b.body,
         b.created_at, 'x', b.next_check_at - interval '1 hour'
       FROM booking b, generate_series(1, 60) AS n WHERE b.id = $1`,
      [id],
    );
    world.sites.south.canBook = false;
    world.sites.north.onFind = () => ({ kind: 'found', at: at('K1') });
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(id)).state, 'booked');
  });

  it('at a site that was removed is parked for a person', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    world.plan = { ...world.plan, sites: world.plan.sites.filter((site) => site.id !== 'north') };
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(sent.id)).state, 'parked');
    assert.equal((await world.read((tx) => tx.workItems.list(10))).length, 1);
  });
});

describe('a placement whose time is taken before it is sent', () => {
  it('is refused as taken and never sent, whoever took it: its site, another site, or closed time', async (t) => {
    const { world, ana } = await openDay(t);
    const actor = { kind: 'practitioner', assertion: { code: 'ADA' } } as const;
    const takers = [
      () => world.tell('north', visit('V1', 'n1', NINE, { patients: [BOB] })),
      () => world.tell('south', visit('S1', 's1', NINE, { patients: [BOB] })),
      () => world.tell('feed', { kind: 'block', at: world.clock.now(), key: 'B', actor, during: NINE, closed: true }),
    ];
    for (const [n, take] of takers.entries()) {
      const held = await hold(world.resolveDeps, world.placing(SLOT, ana), SCOPE);
      assert.ok(held.kind === 'held', `round ${n}`);
      await take();
      await world.deliver();
      const booking = await world.booking(held.booking.id);
      assert.deepEqual([booking.state, booking.refusedBecause], ['refused', 'slot-taken']);
      const answer = await world.desk.status(booking.id, SCOPE);
      assert.equal(answer?.kind, 'conflict');
      await world.rows('DELETE FROM busy');
      await world.write((tx) =>
        tx.resources.refreshSlots([SHARED], NINE, {
          site: null,
          messageId: null,
          siteTime: null,
          now: world.clock.now(),
        }),
      );
    }
    assert.deepEqual(world.sites.north.placed, []);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('after an attempt that did not arrive is not sent again where the person is elsewhere by now', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    const { id } = await world.book(SLOT, ana);
    await world.tell('feed', fed('F1', NINE, { patients: [BOB] }));
    world.clock.advance(60_000);
    await world.deliver();
    assert.equal((await world.booking(id)).state, 'refused');
    assert.equal(world.sites.north.placed.length, 1);
  });
});

function pick(booking: Booking): [string, number] {
  return [booking.state, booking.absences];
}
