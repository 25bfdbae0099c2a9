/** Bookings while a site is down: refused at once or queued, as its file says; and what becomes of them afterwards. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepWaiting } from '../../src/booking/queue.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import {
  BOB,
  bookedAt,
  during,
  offered,
  openWorld,
  SCOPE,
  slotKey,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const HOURS = [9, 10, 11, 12, 13].map((hour) => during(hour, 0, 50));
const TWELVE = HOURS[3] ?? during(12, 0, 50);
const key = (index: number, calendar = 'n2'): string => slotKey(calendar, 't50', (HOURS[index] ?? TWELVE).start);
const slotId = (index: number): string => canonicalId.slot('north', key(index));
const DOWN = (): { readonly kind: 'unsent'; readonly error: HubError } => ({
  kind: 'unsent',
  error: new HubError('SITE_UNREACHABLE'),
});

interface Down {
  readonly world: World;
  readonly ana: string;
  readonly north: SiteSettings;
  readonly first: Booking;
}

/** North has failed twice, which is enough here; its first booking waits. */
async function northDown(t: Cleanup, whenDown?: 'refuse' | 'queue'): Promise<Down> {
  const [plain, south, feed] = testSites();
  const north = whenDown === undefined ? plain : { ...plain, whenDown };
  const booking = { ...BOOKING, breakerFailures: 2 };
  const world = await openWorld(t, { sites: [north, south, feed], hub: { booking } });
  await world.offer(
    'north',
    'n2',
    't50',
    HOURS.map((one) => offered('n2', 't50', one)),
  );
  const ana = await world.patient('north');
  world.sites.north.onPlace = DOWN;
  world.sites.north.onCancel = DOWN;
  const first = await world.book(slotId(0), ana);
  world.clock.advance(2_000);
  await world.deliver();
  assert.deepEqual(breakerStates(world), ['open']);
  return { world, ana, north, first };
}

const breakerStates = (world: World): unknown[] =>
  world.told.filter(([name, site]) => name === 'breaker' && site === 'north').map(([, , state]) => state);

async function back(world: World): Promise<void> {
  let number = 0;
  world.sites.north.onPlace = (order) => bookedAt(`B${(number += 1)}`, order);
  world.sites.north.placed.length = 0;
  world.clock.advance(60_000);
  await world.deliver();
}

/** The clock goes on until the caller is answered, however long the machine takes for it. */
async function patienceEnds(world: World, asked: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const ended = asked.finally(() => over.abort());
  while (!over.signal.aborted) {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2))]);
    world.clock.advance(100);
  }
}

async function refusedWith(asked: Promise<unknown>): Promise<HubError> {
  const error = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HubError);
  return error;
}

describe('a site that is down and refuses', () => {
  it('takes no booking, holds nothing, and says when to come back', async (t) => {
    const { world, ana } = await northDown(t);
    const error = await refusedWith(world.desk.place(world.placing(slotId(1), ana), SCOPE));
    assert.deepEqual([error.code, error.class], ['SITE_DOWN', 'transient']);
    assert.ok((error.retryAfter_ms ?? 0) > 0 && (error.retryAfter_ms ?? 0) <= 10_000);
    assert.match(error.detail, /again in \d+ s/);
    assert.equal((await world.slot('north', key(1))).status, 'free');
    assert.deepEqual(await world.rows('SELECT id FROM booking WHERE slot_id = $1', [slotId(1)]), []);
    assert.equal(world.sites.north.placed.length, 2, 'nothing more was sent to it');
  });

  it('answers a repeat of an earlier request as before', async (t) => {
    const { world, ana } = await northDown(t);
    const request = world.placing(slotId(0), ana);
    const stored = await world.rows('SELECT request_key, request_digest FROM booking');
    const asked = { requestKey: String(stored[0]?.['request_key']), digest: String(stored[0]?.['request_digest']) };
    const answer = world.desk.place({ ...request, ...asked }, SCOPE);
    await patienceEnds(world, answer);
    assert.equal((await answer).kind, 'pending');
  });

  it('is tried with one call after a pause, and takes bookings again once it has answered', async (t) => {
    const { world, ana, first } = await northDown(t);
    await back(world);
    assert.equal((await world.booking(first.id)).state, 'booked');
    assert.deepEqual(breakerStates(world), ['open', 'half-open', 'closed']);
    assert.equal((await world.book(slotId(1), ana)).state, 'booked');
  });

  it('is left alone again when that call fails: one call in all', async (t) => {
    const { world } = await northDown(t);
    world.sites.north.placed.length = 0;
    world.clock.advance(20_000);
    await world.deliver();
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 1);
    assert.deepEqual(breakerStates(world), ['open', 'half-open', 'open']);
  });

  it('does not keep a booking of before for ever', async (t) => {
    const { world, north, first } = await northDown(t);
    world.clock.advance(BOOKING.resolveFor_s * 1000);
    await keepWaiting(world.resolveDeps, north);
    const booking = await world.booking(first.id);
    assert.deepEqual([booking.state, booking.refusedBecause], ['refused', 'site-down']);
    const answer = await world.desk.status(first.id, SCOPE);
    assert.ok(answer?.kind === 'refused');
    assert.equal(answer.error.code, 'BOOKING_NOT_SENT');
    assert.equal((await world.slot('north', key(0))).status, 'free');
  });

  it('disturbs no other site', async (t) => {
    const { world } = await northDown(t);
    const nine = during(9, 0, 50);
    await world.offer('south', 's1', 't50', [offered('s1', 't50', nine)]);
    const patient = await world.patient('south');
    const booked = await world.book(canonicalId.slot('south', slotKey('s1', 't50', nine.start)), patient);
    assert.equal(booked.state, 'booked');
  });
});

describe('a site that is down and queues', () => {
  it('answers pending at once, and the time stays taken for longer than a hold lasts', async (t) => {
    const { world, ana } = await northDown(t, 'queue');
    const answer = await world.desk.place(world.placing(slotId(1), ana), SCOPE);
    assert.ok(answer.kind === 'pending');
    assert.equal(answer.until, 'site-back');
    assert.equal((await world.booking(answer.bookingId)).state, 'queued');
    world.clock.advance(BOOKING.holdExpiry_s * 2_000);
    await world.sweep();
    assert.equal((await world.slot('north', key(1))).status, 'busy-tentative');
    const other = await world.desk.place(world.placing(slotId(1), await world.patient('north', BOB)), SCOPE);
    assert.equal(other.kind, 'conflict');
  });

  it('gets what waited in the order of asking when it is back', async (t) => {
    const { world, ana } = await northDown(t, 'queue');
    for (const index of [3, 1, 2]) await world.desk.place(world.placing(slotId(index), ana), SCOPE);
    await back(world);
    const sent = world.sites.north.placed.map((order) => HOURS.findIndex((hour) => hour.start === order.start));
    assert.deepEqual(
      sent.filter((index) => index !== 0),
      [3, 1, 2],
      'the one that was tried before has its own pause',
    );
    assert.deepEqual(await world.rows('SELECT DISTINCT state FROM booking'), [{ state: 'booked' }]);
  });

  it('takes a cancellation in the same way', async (t) => {
    const { world, ana, first } = await northDown(t, 'queue');
    await back(world);
    world.sites.north.onPlace = DOWN;
    for (const index of [1, 2]) await world.book(slotId(index), ana);
    world.sites.north.onCancel = (order) => ({
      kind: 'booked',
      at: { key: order.key, status: 'cancelled', ...TWELVE, calendar: '' },
    });
    const { appointmentId } = first;
    const answer = await world.desk.cancel(world.cancelling(appointmentId), SCOPE);
    assert.ok(answer.kind === 'pending');
    assert.equal((await world.booking(answer.bookingId)).state, 'queued');
    assert.equal((await world.appointmentOf(appointmentId))?.resource.status, 'booked');
    await back(world);
    assert.equal((await world.appointmentOf(appointmentId))?.resource.status, 'cancelled');
  });

  it('is not asked for a time that its staff have given away meanwhile: a conflict, with alternatives', async (t) => {
    const { world, ana } = await northDown(t, 'queue');
    const waiting = await world.desk.place(world.placing(slotId(1), ana), SCOPE);
    assert.ok(waiting.kind === 'pending');
    await world.tell('north', visit('V1', 'n2', HOURS[1] ?? TWELVE, { patients: [BOB] }));
    await back(world);
    const booking = await world.booking(waiting.bookingId);
    assert.deepEqual([booking.state, booking.refusedBecause], ['refused', 'slot-taken']);
    assert.ok(!world.sites.north.placed.some((order) => order.correlation === booking.id));
    const answer = await world.desk.status(booking.id, SCOPE);
    assert.ok(answer?.kind === 'conflict');
    assert.ok(answer.alternatives.length > 0);
    assert.equal(answer.patientId, ana);
  });

  it('queues what was held just before, so that its hold does not run out', async (t) => {
    const { world, ana, north } = await northDown(t, 'queue');
    world.clock.advance(10_000);
    const held = world.desk.place(world.placing(slotId(1), ana), SCOPE);
    await patienceEnds(world, held);
    const answer = await held;
    assert.ok(answer.kind === 'pending');
    assert.equal((await world.booking(answer.bookingId)).state, 'held', 'one call was to be tried');
    await keepWaiting(world.resolveDeps, north);
    world.clock.advance(BOOKING.holdExpiry_s * 2_000);
    await world.sweep();
    assert.equal((await world.booking(answer.bookingId)).state, 'queued');
  });

  it('keeps a booking for so long and no longer, and never past its own time', async (t) => {
    const { world, ana, north } = await northDown(t, 'queue');
    const waiting = await world.desk.place(world.placing(slotId(1), ana), SCOPE);
    assert.ok(waiting.kind === 'pending');
    world.clock.advance(BOOKING.queueFor_s * 1000 - 60_000);
    await keepWaiting(world.resolveDeps, north);
    assert.equal((await world.booking(waiting.bookingId)).state, 'queued');
    world.clock.advance(120_000);
    await keepWaiting(world.resolveDeps, north);
    assert.equal((await world.booking(waiting.bookingId)).state, 'refused');
    assert.equal((await world.slot('north', key(1))).status, 'free');
  });
});
