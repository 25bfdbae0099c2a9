/** Moves that wait for a site that is down, and what the site tells of its visits meanwhile. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const ELEVEN = during(11, 0, 50);
const TWELVE = during(12, 0, 50);
const key = (time: typeof NINE): string => slotKey('n2', 't50', time.start);
const slot = (time: typeof NINE): string => canonicalId.slot('north', key(time));

interface Waiting {
  readonly world: World;
  readonly visitId: string;
  readonly moveId: string;
  /** The site is back, and what waited is sent. */
  readonly back: () => Promise<void>;
  /** State of the move, and why it was refused; what the visit is then; the calls that the site had. */
  readonly outcome: () => Promise<readonly unknown[]>;
}

/** A visit at nine is to be moved to ten while north is down. */
async function moveWaits(t: Cleanup): Promise<Waiting> {
  const [north, south, feed] = testSites();
  const booking = { ...BOOKING, breakerFailures: 2 };
  const world = await openWorld(t, { sites: [{ ...north, whenDown: 'queue' }, south, feed], hub: { booking } });
  const times = [NINE, TEN, ELEVEN, TWELVE].map((time) => offered('n2', 't50', time));
  await world.offer('north', 'n2', 't50', times);
  const { appointmentId: visitId } = await world.book(slot(NINE), await world.patient('north'));
  const { onPlace } = world.sites.north;
  world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
  const other = await world.book(slot(TWELVE), await world.patient('north', BOB));
  world.clock.advance(2_000);
  await world.deliver();
  const answer = await world.desk.move(world.moving(visitId, slot(TEN)), SCOPE);
  assert.ok(answer.kind === 'pending' && answer.until === 'site-back');
  assert.equal((await world.booking(other.id)).state, 'unsent');
  world.clock.advance(1_000);
  return {
    world,
    visitId,
    moveId: answer.bookingId,
    async back() {
      world.sites.north.onPlace = onPlace;
      world.clock.advance(60_000);
      await world.deliver();
    },
    async outcome() {
      const { state, refusedBecause } = await world.booking(answer.bookingId);
      const now = await world.appointmentOf(visitId);
      return [state, refusedBecause, now?.resource.status, now?.during, world.sites.north.moved.length];
    },
  };
}

const held = (world: World): Promise<readonly unknown[]> => world.rows('SELECT 1 FROM busy WHERE live AND tentative');

describe('a move that waits for its site', () => {
  it('is made when the site is back, and holds its new time until then', async (t) => {
    const { world, back, outcome } = await moveWaits(t);
    assert.equal((await world.slot('north', key(TEN))).status, 'busy-tentative');
    await back();
    assert.deepEqual(await outcome(), ['booked', null, 'booked', TEN, 1]);
  });

  it('is refused, and the visit stays, where the site has given the new time away: a conflict, with others', async (t) => {
    const { world, moveId, back, outcome } = await moveWaits(t);
    await world.tell('north', visit('V9', 'n2', TEN, { patients: [BOB] }));
    await back();
    assert.deepEqual(await outcome(), ['refused', 'slot-taken', 'booked', NINE, 0]);
    const answer = await world.desk.status(moveId, SCOPE);
    assert.ok(answer?.kind === 'conflict' && answer.alternatives.length > 0);
    assert.deepEqual(await held(world), []);
    assert.equal((await world.slot('north', key(NINE))).status, 'busy');
  });

  for (const [what, news, status, time] of [
    ['let the patient arrive', { status: 'arrived' }, 'arrived', NINE],
    ['moved the visit to another time', {}, 'booked', ELEVEN],
  ] as const) {
    it(`is refused, and gives its time back, where the site has ${what}`, async (t) => {
      const { world, moveId, back, outcome } = await moveWaits(t);
      await world.tell('north', visit('K1', 'n2', time, news));
      await back();
      assert.deepEqual(await outcome(), ['refused', 'outdated', status, time, 0]);
      const answer = await world.desk.status(moveId, SCOPE);
      assert.ok(answer?.kind === 'refused');
      assert.equal(answer.error.code, 'BOOKING_NOT_SENT');
      assert.match(answer.error.detail, /while the request waited/);
      assert.deepEqual(await held(world), []);
      assert.equal((await world.slot('north', key(TEN))).status, 'free');
    });
  }

  it('is refused, and gives its time back, where the site has cancelled the visit', async (t) => {
    const { world, back, outcome } = await moveWaits(t);
    await world.tell('north', visit('K1', 'n2', NINE, { status: 'cancelled' }));
    await back();
    assert.deepEqual(await outcome(), ['refused', 'rule', 'cancelled', NINE, 0]);
    assert.deepEqual(await held(world), []);
    assert.equal((await world.slot('north', key(TEN))).status, 'free');
  });

  it('is done where the site has moved the visit there itself', async (t) => {
    const { world, back, outcome } = await moveWaits(t);
    await world.tell('north', visit('K1', 'n2', TEN));
    await back();
    assert.deepEqual(await outcome(), ['booked', null, 'booked', TEN, 0]);
    assert.deepEqual(await held(world), []);
    assert.equal((await world.slot('north', key(NINE))).status, 'free');
  });
});

describe('a change that waits for its site', () => {
  it('is refused where the site has given the visit another status meanwhile', async (t) => {
    const { world, visitId, moveId, back } = await moveWaits(t);
    await world.tell('north', visit('K1', 'n2', ELEVEN));
    const asked = await world.desk
      .setStatus({ ...world.changing(visitId), status: 'arrived' }, SCOPE)
      .catch(() => null);
    assert.equal(asked, null, 'the move comes first');
    await back();
    assert.equal((await world.booking(moveId)).state, 'refused');
    assert.equal((await world.setStatus(visitId, 'arrived')).state, 'booked');
  });
});
