/** Cancelling: done by the owning site; until it has, the visit keeps its time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parkOpenBookings } from '../../src/booking/park.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { during, offered, openWorld, SCOPE, slotKey, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { refusedWith } from '../support/refused.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const LOST = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') } as const;

async function booked(
  t: Cleanup,
  options: Parameters<typeof openWorld>[1] = {},
): Promise<{ world: World; booking: Booking }> {
  const world = await openWorld(t, options);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const booking = await world.book(canonicalId.slot('north', KEY), await world.patient('north'));
  assert.equal(booking.state, 'booked');
  world.clock.advance(60_000);
  return { world, booking };
}

async function facts(world: World): Promise<[string, string]> {
  return [(await world.appointment('north', 'K1')).resource.status, (await world.slot('north', KEY)).status];
}

describe('a cancel', () => {
  it('that the site has done frees the time, with the reason that was given', async (t) => {
    const { world, booking } = await booked(t);
    const cancel = await world.cancel(booking.appointmentId, { reason: 'ill', by: 'patient' });
    assert.equal(cancel.state, 'booked');
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
    const [order] = world.sites.north.cancelled;
    assert.deepEqual([order?.key, order?.reason, order?.by, order?.correlation], ['K1', 'ill', 'patient', cancel.id]);
    assert.equal((await world.appointment('north', 'K1')).resource.cancelationReason?.text, 'ill');
  });

  it('says who cancelled, and still does when the site repeats the news in its own words', async (t) => {
    const said = { patient: 'pat', practitioner: 'prov', staff: 'other' } as const;
    for (const [by, code] of Object.entries(said)) {
      const { world, booking } = await booked(t);
      const cancel = await world.cancel(booking.appointmentId, { by: by as keyof typeof said });
      const codes = async (): Promise<readonly unknown[]> =>
        ((await world.appointment('north', 'K1')).resource.cancelationReason?.coding ?? []).map((one) => one.code);
      assert.deepEqual(await codes(), [code]);
      const asked = await world.read((tx) => tx.ledger.ofBooking(cancel.id));
      assert.equal(asked.find(({ kind }) => kind === 'cancel-asked')?.data?.['by'], by);
      world.clock.advance(60_000);
      const reason = { coding: [{ system: 'urn:x', code: 'Z9' }], text: 'cancelled online' };
      const time = booking.during ?? NINE;
      await world.tell('north', visit('K1', 'n1', time, { status: 'cancelled', cancelationReason: reason }));
      assert.deepEqual(await codes(), ['Z9', code]);
    }
  });

  it('that the site has made itself carries the reason of the site and no one else’s', async (t) => {
    const { world, booking } = await booked(t);
    world.clock.advance(60_000);
    const reason = { coding: [], text: 'doctor away' };
    const time = booking.during ?? NINE;
    await world.tell('north', visit('K1', 'n1', time, { status: 'cancelled', cancelationReason: reason }));
    const { resource } = await world.appointment('north', 'K1');
    assert.deepEqual([resource.status, resource.cancelationReason], ['cancelled', { text: 'doctor away' }]);
    const kinds = (await world.rows('SELECT kind FROM ledger WHERE appointment_id = $1', [booking.appointmentId])).map(
      ({ kind }) => kind,
    );
    assert.ok(kinds.includes('status') && !kinds.includes('cancel-asked'));
  });

  it('keeps the time until the site has done it', async (t) => {
    const { world, booking } = await booked(t);
    const seen: unknown[] = [];
    world.sites.north.onCancel = async () => {
      seen.push(await facts(world));
      return LOST;
    };
    assert.equal((await world.cancel(booking.appointmentId)).state, 'unknown');
    assert.deepEqual(seen, [['booked', 'busy']]);
    assert.deepEqual(await facts(world), ['booked', 'busy']);
  });

  it('that the site refuses changes nothing', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onCancel = () => ({ kind: 'refused', because: 'not-allowed', detail: 'too late' });
    const cancel = await world.cancel(booking.appointmentId);
    assert.deepEqual([cancel.state, cancel.detail], ['refused', 'too late']);
    assert.deepEqual(await facts(world), ['booked', 'busy']);
    world.sites.north.onCancel = () => ({
      kind: 'booked',
      at: { key: 'K1', status: 'cancelled', start: NINE.start, end: NINE.end, calendar: 'n1' },
    });
    assert.equal((await world.cancel(booking.appointmentId)).state, 'booked', 'it may be asked for again');
  });

  it('that was not sent goes again', async (t) => {
    const { world, booking } = await booked(t);
    const done = world.sites.north.onCancel;
    world.sites.north.onCancel = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    const cancel = await world.cancel(booking.appointmentId);
    assert.equal(cancel.state, 'unsent');
    world.sites.north.onCancel = done;
    world.clock.advance(60_000);
    await world.deliver();
    assert.equal((await world.booking(cancel.id)).state, 'booked');
  });

  it('without an answer is done where the site shows the visit cancelled', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onCancel = () => LOST;
    world.sites.north.onFind = () => ({
      kind: 'found',
      at: { key: 'K1', status: 'cancelled', start: NINE.start, end: NINE.end, calendar: 'n1' },
    });
    const cancel = await world.cancel(booking.appointmentId);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(cancel.id)).state, 'booked');
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
    assert.equal(world.sites.north.found[0]?.key, 'K1');
  });

  it('without an answer is sent again where the site twice shows the visit standing', async (t) => {
    const { world, booking } = await booked(t);
    const done = world.sites.north.onCancel;
    world.sites.north.onCancel = () => LOST;
    world.sites.north.onFind = () => ({
      kind: 'found',
      at: { key: 'K1', status: 'booked', start: NINE.start, end: NINE.end, calendar: 'n1' },
    });
    const cancel = await world.cancel(booking.appointmentId);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(cancel.id)).state, 'unknown');
    world.sites.north.onCancel = done;
    world.clock.advance(10_000);
    await world.resolve();
    await world.deliver();
    assert.equal((await world.booking(cancel.id)).state, 'booked');
  });

  it('without an answer is done where the record is gone, once that is seen twice', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onCancel = () => LOST;
    const cancel = await world.cancel(booking.appointmentId);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(cancel.id)).state, 'unknown');
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(cancel.id)).state, 'booked');
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
  });

  it('asked for twice is sent once', async (t) => {
    const { world, booking } = await booked(t);
    const first = await world.cancel(booking.appointmentId, { requestKey: 'c' });
    const again = await world.desk.cancel(world.cancelling(booking.appointmentId, { requestKey: 'c' }), SCOPE);
    assert.ok(again.kind === 'cancelled');
    assert.deepEqual([again.bookingId, again.repeated], [first.id, true]);
    const other = await world.desk.cancel(world.cancelling(booking.appointmentId), SCOPE);
    assert.equal(other.kind, 'cancelled');
    assert.equal(world.sites.north.cancelled.length, 1);
  });

  it('is known from the news of the site before its answer comes', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onCancel = async () => {
      await world.tell('north', visit('K1', 'n1', NINE, { status: 'cancelled' }));
      return LOST;
    };
    assert.equal((await world.cancel(booking.appointmentId)).state, 'booked');
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
  });

  it('is not undone by a read from before it', async (t) => {
    const { world, booking } = await booked(t);
    const before = world.clock.now();
    world.clock.advance(1_000);
    await world.cancel(booking.appointmentId);
    await world.tell('north', visit('K1', 'n1', NINE), { at: before, shape: 'event' });
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
  });

  it('while the booking is not settled is refused, and so is one that names an old version, or a visit that is over', async (t) => {
    const { world, booking } = await booked(t);
    await assert.rejects(
      world.desk.cancel(world.cancelling(booking.appointmentId, { version: 7 }), SCOPE),
      refusedWith('VERSION_MISMATCH'),
    );
    await assert.rejects(
      world.desk.cancel(world.cancelling(canonicalId.appointment('north', 'none')), SCOPE),
      refusedWith('NOT_FOUND'),
    );
    await assert.rejects(
      world.desk.cancel(world.cancelling(booking.appointmentId), { ...SCOPE, sites: ['south'] }),
      refusedWith('NOT_FOUND'),
    );
    await world.tell('north', visit('K1', 'n1', NINE, { status: 'noshow' }));
    await assert.rejects(world.desk.cancel(world.cancelling(booking.appointmentId), SCOPE), refusedWith('RULE_BROKEN'));
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: booking.id }));
    await world.rows(`UPDATE booking SET state = 'unknown' WHERE id = $1`, [booking.id]);
    await assert.rejects(world.desk.cancel(world.cancelling(booking.appointmentId), SCOPE), refusedWith('RULE_BROKEN'));
  });

  it('keeps to the scope of a pilot and to the write policy', async (t) => {
    const { world, booking } = await booked(t);
    const [north] = testSites();
    for (const site of [
      { ...north, stage: 'pilot' as const, scope: { locations: ['annex'], visitTypes: [] } },
      { ...north, stage: 'read' as const },
      { ...north, write: 'read-only' as const },
    ]) {
      world.plan = { ...world.plan, sites: world.plan.sites.map((one) => (one.id === 'north' ? site : one)) };
      await assert.rejects(
        world.desk.cancel(world.cancelling(booking.appointmentId), SCOPE),
        refusedWith('SITE_NOT_WRITABLE'),
      );
    }
  });

  it('that waits at a site which is removed is given up, and one under way is parked', async (t) => {
    const { world, booking } = await booked(t);
    const asked = world.desk.cancel(world.cancelling(booking.appointmentId, { requestKey: 'c' }), SCOPE);
    let waiting: Booking | null = null;
    while (waiting === null) waiting = await world.read((tx) => tx.bookings.byRequestKey('tester', 'c'));
    await parkOpenBookings(world.resolveDeps, 'north');
    assert.equal((await world.booking(waiting.id)).state, 'refused');
    assert.equal((await asked).kind, 'refused');
    world.sites.north.onCancel = () => LOST;
    const lost = await world.cancel(booking.appointmentId);
    await parkOpenBookings(world.resolveDeps, 'north');
    assert.equal((await world.booking(lost.id)).state, 'parked');
  });
});
