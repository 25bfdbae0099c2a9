/** Bookings of one site leave in the order in which they were asked for, also when it was down, or has room again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SendTurn } from '../../src/booking/contract-send.ts';
import { hold } from '../../src/booking/hold.ts';
import { keepWaiting } from '../../src/booking/queue.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { deliverer } from '../../src/pipeline/deliver.ts';
import { bookedAt, during, offered, openWorld, SCOPE, slotKey, testSites, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const HOURS = [9, 10, 11, 12, 13].map((hour) => during(hour, 0, 50));
const NINE = HOURS[0] ?? during(9, 0, 50);
const slotId = (index: number): string => canonicalId.slot('north', slotKey('n2', 't50', (HOURS[index] ?? NINE).start));
const NEVER = new AbortController().signal;

async function openDay(t: Cleanup): Promise<{ world: World; crowd: readonly string[]; sent: () => readonly number[] }> {
  const [north, south, feed] = testSites();
  const booking = { ...BOOKING, breakerFailures: 3 };
  const world = await openWorld(t, { sites: [{ ...north, whenDown: 'queue' }, south, feed], hub: { booking } });
  const slots = HOURS.map((one) => offered('n2', 't50', one));
  await world.offer('north', 'n2', 't50', slots);
  const sent = (): readonly number[] =>
    world.sites.north.placed.map(({ start }) => HOURS.findIndex((hour) => hour.start === start));
  return { world, crowd: await world.crowd('north', 5), sent };
}

describe('what waited for a site that was down', () => {
  it('is sent in the order in which it was asked for, also what was tried before', async (t) => {
    const { world, crowd, sent } = await openDay(t);
    const { north } = world.sites;
    north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    const first = await world.book(slotId(4), crowd[4] ?? '');
    for (const pause_ms of [2_000, 4_000]) {
      world.clock.advance(pause_ms);
      await world.deliver();
    }
    assert.equal((await world.booking(first.id)).attempts, 3);
    for (const index of [3, 1]) {
      const answer = await world.desk.place(world.placing(slotId(index), crowd[index] ?? ''), SCOPE);
      assert.ok(answer.kind === 'pending' && answer.until === 'site-back');
    }
    const site = world.plan.sites.find(({ id }) => id === 'north');
    assert.ok(site !== undefined);
    world.clock.advance(1_000);
    await keepWaiting(world.resolveDeps, site);
    north.onPlace = (order) => bookedAt(`B${order.start}`, order);
    north.placed.length = 0;
    world.clock.advance(10_000);
    await world.deliver();
    assert.deepEqual(sent(), [4, 3, 1]);
  });

  it('goes before a booking that is asked for when the site has room again', async (t) => {
    const { world, crowd, sent } = await openDay(t);
    const site = world.plan.sites.find(({ id }) => id === 'north');
    assert.ok(site !== undefined);
    const { book, block } = world.sites.north;
    const owed = deliverer(world.deliverDeps, site, { book, block }, () => undefined);
    const turn = (): SendTurn | null => owed.turn(NEVER);
    // Owed, and nobody has sent it yet.
    await hold(world.resolveDeps, world.placing(slotId(2), crowd[2] ?? ''), SCOPE);
    world.clock.advance(10);
    const held = await hold({ ...world.resolveDeps, turn }, world.placing(slotId(0), crowd[0] ?? ''), SCOPE);
    assert.ok(held.kind === 'held' && held.sent !== true);
    await owed.idle();
    assert.deepEqual(sent(), []);
    while (await owed.step(NEVER));
    await owed.idle();
    assert.deepEqual(sent(), [2, 0]);
    const alone = await hold({ ...world.resolveDeps, turn }, world.placing(slotId(1), crowd[1] ?? ''), SCOPE);
    assert.ok(alone.kind === 'held' && alone.sent === true, 'behind nobody it is sent by itself');
    await owed.idle();
  });
});
