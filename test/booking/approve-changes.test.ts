/** A coordinator decides about changes too; and what the site tells meanwhile may leave nothing to decide. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookingAnswer, Decision } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { AppointmentStatus } from '../../src/fhir/types.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { during, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const ELEVEN = during(11, 0, 50);
const at = (time: typeof NINE): string => slotKey('n1', 't50', time.start);
const slotAt = (time: typeof NINE): string => canonicalId.slot('north', at(time));

interface Day {
  readonly world: World;
  readonly id: string;
}

function policy(world: World, more: Partial<SiteSettings>): void {
  const sites = world.plan.sites.map((site) => (site.id === 'north' ? { ...site, ...more } : site));
  world.plan = { ...world.plan, sites };
}

/** A visit that stands, at a site that from now on wants its coordinator to decide. */
async function booked(t: Cleanup): Promise<Day> {
  const world = await openWorld(t);
  await world.offer(
    'north',
    'n1',
    't50',
    [NINE, TEN, ELEVEN].map((time) => offered('n1', 't50', time)),
  );
  const { appointmentId } = await world.book(slotAt(NINE), await world.patient('north'));
  policy(world, { write: 'approval' });
  return { world, id: appointmentId };
}

const approve = (bookingId: string): Decision => ({ bookingId, decision: 'approve', requestId: 'r', trace: null });
const decline = (bookingId: string): Decision => ({ ...approve(bookingId), decision: 'decline', reason: 'no' });
const decided = async ({ world }: Day, { id }: Booking): Promise<Booking> => {
  await world.approvals.decide(approve(id), SCOPE);
  await world.deliver();
  return world.booking(id);
};
async function waits({ world }: Day, asked: Promise<BookingAnswer>): Promise<Booking> {
  const answer = await asked;
  assert.ok(answer.kind === 'pending' && answer.until === 'approval', answer.kind);
  return world.booking(answer.bookingId);
}
const toStatus = (day: Day, to: AppointmentStatus): Promise<Booking> =>
  waits(day, day.world.desk.setStatus({ ...day.world.changing(day.id), status: to }, SCOPE));
const amended = (day: Day): Promise<Booking> =>
  waits(day, day.world.desk.amend({ ...day.world.changing(day.id), to: { comment: 'ramp' } }, SCOPE));
const cancelled = (day: Day): Promise<Booking> =>
  waits(day, day.world.desk.cancel(day.world.cancelling(day.id), SCOPE));
const moved = (day: Day): Promise<Booking> =>
  waits(day, day.world.desk.move(day.world.moving(day.id, slotAt(TEN)), SCOPE));
const status = async ({ world, id }: Day): Promise<string | undefined> =>
  (await world.appointmentOf(id))?.resource.status;
const says = (day: Day, more: { status?: AppointmentStatus; time?: typeof NINE }): Promise<unknown> => {
  day.world.clock.advance(60_000);
  return day.world.tell('north', visit('K1', 'n1', more.time ?? NINE, { status: more.status ?? 'booked' }));
};
const waiting = async ({ world }: Day): Promise<number> => (await world.approvals.list(SCOPE)).length;
async function nothingLeft(day: Day, booking: Booking, why: RegExp): Promise<void> {
  const late = (error: unknown): boolean =>
    error instanceof HubError && error.code === 'RULE_BROKEN' && why.test(error.message);
  await assert.rejects(day.world.approvals.decide(approve(booking.id), SCOPE), late);
  assert.equal((await day.world.booking(booking.id)).state, 'refused');
  assert.equal(await waiting(day), 0);
  const told = await day.world.desk.status(booking.id, SCOPE);
  assert.ok(told?.kind === 'refused');
  assert.deepEqual([told.error.code, why.test(told.error.message)], ['BOOKING_NOT_SENT', true]);
}

describe('a change at a site that wants a coordinator to decide', () => {
  it('of the status is made when it is approved, and the visit stays as it was until then', async (t) => {
    const day = await booked(t);
    const asked = await toStatus(day, 'arrived');
    assert.equal(asked.state, 'awaiting-approval');
    assert.deepEqual([await status(day), await waiting(day), day.world.sites.north.statused.length], ['booked', 1, 0]);
    assert.equal((await decided(day, asked)).state, 'booked');
    assert.deepEqual([await status(day), await waiting(day)], ['arrived', 0]);
  });

  it('of the comment is made when it is approved, and is not when it is declined', async (t) => {
    const day = await booked(t);
    const first = await amended(day);
    await day.world.approvals.decide(decline(first.id), SCOPE);
    await day.world.deliver();
    assert.deepEqual([(await day.world.booking(first.id)).state, day.world.sites.north.amended.length], ['refused', 0]);
    const second = await amended(day);
    assert.equal((await decided(day, second)).state, 'booked');
    assert.equal((await day.world.appointmentOf(day.id))?.resource.comment, 'ramp');
  });

  it('that nobody decides about expires, and leaves the visit as it was', async (t) => {
    const day = await booked(t);
    const asked = await toStatus(day, 'arrived');
    day.world.clock.advance(BOOKING.approvalExpiry_s * 1000);
    await day.world.sweep();
    assert.equal((await day.world.booking(asked.id)).state, 'expired');
    assert.deepEqual([await status(day), await waiting(day)], ['booked', 0]);
    assert.equal((await day.world.slot('north', at(NINE))).status, 'busy');
  });

  it('asked for twice waits once', async (t) => {
    const day = await booked(t);
    const first = await toStatus(day, 'arrived');
    assert.equal((await toStatus(day, 'arrived')).id, first.id);
    assert.equal(await waiting(day), 1);
  });

  it('does not keep the visit from being cancelled', async (t) => {
    const day = await booked(t);
    const change = await amended(day);
    const cancel = await cancelled(day);
    assert.equal((await day.world.booking(change.id)).refusedBecause, 'let-go');
    assert.deepEqual(
      (await day.world.approvals.list(SCOPE)).map(({ bookingId }) => bookingId),
      [cancel.id],
    );
    await decided(day, cancel);
    assert.equal(await status(day), 'cancelled');
  });
});

describe('while a coordinator has to decide, what the site tells', () => {
  it('is the very change: it is done, and there is nothing to decide', async (t) => {
    const day = await booked(t);
    const asked = await toStatus(day, 'arrived');
    await says(day, { status: 'arrived' });
    assert.deepEqual([(await day.world.booking(asked.id)).state, await waiting(day)], ['booked', 0]);
  });

  it('is the end of the visit: a cancel is done, anything else is refused', async (t) => {
    const day = await booked(t);
    const cancel = await cancelled(day);
    await says(day, { status: 'cancelled' });
    assert.deepEqual([(await day.world.booking(cancel.id)).state, await waiting(day)], ['booked', 0]);

    const other = await booked(t);
    const amend = await amended(other);
    await says(other, { status: 'cancelled' });
    assert.deepEqual([(await other.world.booking(amend.id)).state, await waiting(other)], ['refused', 0]);
  });

  it('is another status: the one asked for started from the old one, and is asked for anew', async (t) => {
    const day = await booked(t);
    const asked = await toStatus(day, 'arrived');
    await says(day, { status: 'checked-in' });
    await nothingLeft(day, asked, /is checked-in since.*Ask again/);
    assert.equal(day.world.sites.north.statused.length, 0);
  });

  it('is that the visit is fulfilled: it is neither amended nor cancelled any more', async (t) => {
    const day = await booked(t);
    const amend = await amended(day);
    await says(day, { status: 'fulfilled' });
    await nothingLeft(day, amend, /cannot be amended/);

    const other = await booked(t);
    const answer = await cancelled(other);
    await says(other, { status: 'fulfilled' });
    await nothingLeft(other, answer, /cannot be cancelled/);
    assert.equal(other.world.sites.north.cancelled.length, 0);
  });

  it('is a move of its own: the one asked for is not made on top, and gives its time back', async (t) => {
    const day = await booked(t);
    const answer = await moved(day);
    await says(day, { time: ELEVEN });
    await nothingLeft(day, answer, /was moved at its site/);
    assert.equal((await day.world.slot('north', at(TEN))).status, 'free');
    assert.equal((await day.world.slot('north', at(ELEVEN))).status, 'busy');
  });

  it('is that the patient has come: the visit is not moved any more', async (t) => {
    const day = await booked(t);
    const answer = await moved(day);
    await says(day, { status: 'arrived' });
    await nothingLeft(day, answer, /cannot be moved/);
  });
});
