/** A window that is older than its site's limit is asked for before a booking takes a slot of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { during, MONDAY, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const SLOT = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));
const BOTH = [offered('n1', 't50', NINE), offered('n1', 't50', TEN)];

/** The site offered both slots when it was asked last. */
async function opened(t: { after(fn: () => Promise<void>): void }): Promise<World> {
  const world = await openWorld(t);
  const window = { calendar: 'n1', visitType: 't50', window: MONDAY };
  await world.store.transaction(SCOPE, (tx) => tx.feeds.planWindows('north', [window], world.clock.now()));
  await world.offer('north', 'n1', 't50', BOTH);
  world.sites.north.onAsk = () => BOTH;
  return world;
}

/** Books while time passes: the site is delivered to whenever something is owed to it. */
async function booked(world: World, asked: Promise<BookingAnswer>): Promise<BookingAnswer> {
  const over = asked.then((answer) => ({ answer }));
  for (;;) {
    await world.deliver();
    const ended = await Promise.race([over, tick()]);
    if (ended !== undefined) return ended.answer;
    world.clock.advance(5);
  }
}

function tick(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}

describe('a booking', () => {
  it('of a fresh window asks nothing', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(599_000);
    const answer = await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE));
    assert.equal(answer.kind, 'booked');
    assert.equal(world.sites.north.asked.length, 0);
  });

  it('of an older one has the site asked first, once for all who want it, and applies what it says', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(601_000);
    world.sites.north.onAsk = () => [offered('n1', 't50', TEN)];
    const all = await Promise.all(
      Array.from({ length: 64 }, () => booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE))),
    );
    assert.deepEqual(new Set(all.map(({ kind }) => kind)), new Set(['conflict']));
    assert.deepEqual(world.sites.north.asked, [{ calendar: 'n1', visitType: 't50', window: MONDAY }]);
    assert.equal(world.sites.north.placed.length, 0, 'the site was not asked for what it no longer offers');
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).siteStatus, 'busy-unavailable');
    world.clock.advance(1_000);
    await world.offer('north', 'n1', 't50', BOTH);
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'free', 'under the same id');
  });

  it('goes on where the site says the same again, which is then confirmed', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(601_000);
    const answer = await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE));
    assert.equal(answer.kind, 'booked');
    const ten = canonicalId.slot('north', slotKey('n1', 't50', TEN.start));
    await booked(world, world.desk.place(world.placing(ten, ana), SCOPE));
    assert.equal(world.sites.north.asked.length, 1);
  });

  it('goes on to a site that does not answer the question, and does not ask again at once', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(601_000);
    world.sites.north.onAsk = () => {
      throw new HubError('SITE_UNREACHABLE', { site: 'north' });
    };
    assert.equal((await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE))).kind, 'booked');
    const ten = canonicalId.slot('north', slotKey('n1', 't50', TEN.start));
    assert.equal((await booked(world, world.desk.place(world.placing(ten, ana), SCOPE))).kind, 'booked');
    assert.equal(world.sites.north.asked.length, 1);
  });

  it('waits for the answer no longer than its caller does', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(601_000);
    world.sites.north.onAsk = () => new Promise(() => undefined);
    world.sites.north.onPlace = () => ({ kind: 'accepted', reference: 'R' });
    const answer = await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE));
    assert.equal(answer.kind, 'pending');
    assert.equal(
      (await world.rows(`SELECT FROM booking WHERE state IN ('held', 'accepted')`)).length,
      1,
      'and it is on its way',
    );
  });

  it('of a site that cannot be asked is not verified', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    world.clock.advance(601_000);
    world.sites.north.onAsk = null;
    assert.equal((await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE))).kind, 'booked');
  });

  it('that moves a visit has the new window asked for', async (t) => {
    const world = await opened(t);
    const ana = await world.patient('north');
    const first = await booked(world, world.desk.place(world.placing(SLOT, ana), SCOPE));
    assert.ok(first.kind === 'booked');
    world.clock.advance(601_000);
    const ten = canonicalId.slot('north', slotKey('n1', 't50', TEN.start));
    const moved = await booked(world, world.desk.move(world.moving(first.appointment.id, ten), SCOPE));
    assert.equal(moved.kind, 'moved');
    assert.equal(world.sites.north.asked.length, 1);
  });
});
