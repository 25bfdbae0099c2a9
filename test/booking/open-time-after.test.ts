/** What a site computes from its visits is asked for again after a booking: once, and not once more for its echo. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppointmentChange } from '../../src/mappings/contract.ts';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { during, MONDAY, offered, openWorld, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const SLOT = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));

/** One of our bookings, which the site has just answered; nothing of it has come back as news yet. */
async function justBooked(t: Cleanup): Promise<World> {
  const world = await openWorld(t);
  const window = { calendar: 'n1', visitType: 't50', window: MONDAY };
  await world.write((tx) => tx.feeds.planWindows('north', [window], world.clock.now()));
  await asked(world);
  world.clock.advance(60_000);
  const booking = await world.book(SLOT, await world.patient('north'));
  assert.equal(booking.state, 'booked');
  return world;
}

/** The site is asked, and its answer applied. */
function asked(world: World): Promise<void> {
  return world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', TEN)], world.clock.now());
}

async function isDue(world: World, in_ms = 0): Promise<boolean> {
  const due = await world.read((tx) => tx.feeds.dueWindows('north', plus(world.clock.now(), in_ms), 10));
  return due.length > 0;
}

const tell = (world: World, more: Partial<AppointmentChange>, at = NINE): Promise<number> =>
  world.tell('north', visit('K1', 'n1', at, more));

describe('the open time around a booking', () => {
  it('is asked for a second after the answer, also when the echo has come by then', async (t) => {
    const world = await justBooked(t);
    assert.deepEqual([await isDue(world), await isDue(world, 1_000)], [false, true]);
    await tell(world, { comment: 'at the desk' });
    assert.equal((await world.appointment('north', 'K1')).resource.comment, 'at the desk');
    assert.deepEqual([await isDue(world), await isDue(world, 999), await isDue(world, 1_000)], [false, false, true]);
  });

  it('is not asked for once more for news that leaves the visit where it is', async (t) => {
    const world = await justBooked(t);
    world.clock.advance(1_000);
    await asked(world);
    world.clock.advance(1_000);
    await tell(world, { comment: 'at the desk' });
    assert.equal(await isDue(world, 1_000), false);
  });

  for (const [what, more, at] of [
    ['moved', {}, TEN],
    ['cancelled', { status: 'cancelled' }, NINE],
    ['of another kind', { visitType: { code: 't20' } }, NINE],
    ['given to another calendar', { participants: visit('', 'n2', NINE).participants }, NINE],
  ] as const) {
    it(`is asked for at once when the visit was ${what}`, async (t) => {
      const world = await justBooked(t);
      world.clock.advance(1_000);
      await asked(world);
      world.clock.advance(1_000);
      await tell(world, more, at);
      assert.equal(await isDue(world), true);
    });
  }

  it('is asked for at once when staff have booked', async (t) => {
    const world = await justBooked(t);
    world.clock.advance(1_000);
    await asked(world);
    world.clock.advance(1_000);
    await world.tell('north', visit('THEIRS', 'n1', TEN));
    assert.equal(await isDue(world), true);
  });

  it('was asked for before the booking was made there: then the answer does not count as one after it', async (t) => {
    const world = await openWorld(t);
    const window = { calendar: 'n1', visitType: 't50', window: MONDAY };
    await world.write((tx) => tx.feeds.planWindows('north', [window], world.clock.now()));
    await asked(world);
    world.clock.advance(60_000);
    const left = world.clock.now();
    world.clock.advance(10);
    await world.book(SLOT, await world.patient('north'));
    await tell(world, {});
    await world.write((tx) => tx.feeds.verified('north', window, left, plus(left, 600_000)));
    assert.equal(await isDue(world, 1_000), true);
  });
});
