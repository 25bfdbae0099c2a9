/** Moves whose answer is not heard, or is heard twice: what the site shows decides, and nothing is moved blindly. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askMove } from '../../src/booking/move.ts';
import type { SiteBooking } from '../../src/connectors/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { plus, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { EXTENSIONS } from '../../src/fhir/types.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { ANA, during, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const ELEVEN = during(11, 0, 50);
const NOON = during(12, 0, 50);
const LOST = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') } as const;

const keyAt = (time: Interval): string => slotKey('n1', 't50', time.start);
const slotAt = (time: Interval): string => canonicalId.slot('north', keyAt(time));
const statuses = async (world: World): Promise<readonly string[]> =>
  Promise.all([NINE, ELEVEN].map(async (time) => (await world.slot('north', keyAt(time))).status));
const at = (time: Interval, more: Partial<SiteBooking> = {}): SiteBooking => ({
  key: 'K1',
  status: 'booked',
  ...time,
  calendar: 'n1',
  ...more,
});

async function booked(t: Cleanup): Promise<{ world: World; booking: Booking }> {
  const world = await openWorld(t);
  const times = [NINE, ELEVEN, NOON];
  await world.offer(
    'north',
    'n1',
    't50',
    times.map((time) => offered('n1', 't50', time)),
  );
  const booking = await world.book(slotAt(NINE), await world.patient('north'));
  world.clock.advance(60_000);
  return { world, booking };
}

/** A move to eleven whose answer was lost. */
async function lost(t: Cleanup): Promise<{ world: World; booking: Booking; move: Booking }> {
  const { world, booking } = await booked(t);
  const { onMove } = world.sites.north;
  world.sites.north.onMove = () => LOST;
  const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
  assert.equal(move.state, 'unknown');
  world.sites.north.onMove = onMove;
  return { world, booking, move };
}

async function look(world: World, times = 1): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    world.clock.advance(10_000);
    await world.resolve();
  }
}

async function stateOf(world: World, { id }: Booking): Promise<string> {
  return (await world.booking(id)).state;
}

describe('a move without an answer', () => {
  it('is done where the site shows the visit at the new time', async (t) => {
    const { world, move } = await lost(t);
    world.sites.north.onFind = () => ({ kind: 'found', at: at(ELEVEN) });
    await look(world);
    assert.equal(await stateOf(world, move), 'booked');
    assert.deepEqual(await statuses(world), ['free', 'busy']);
    assert.equal(world.sites.north.found[0]?.key, 'K1');
    assert.equal(world.sites.north.moved.length, 1);
  });

  it('is sent again where the site twice shows the visit at its old time, and is exclusive', async (t) => {
    const { world, move } = await lost(t);
    world.sites.north.onFind = () => ({ kind: 'found', at: at(NINE) });
    await look(world);
    assert.deepEqual([await stateOf(world, move), await statuses(world)], ['unknown', ['busy', 'busy-tentative']]);
    await look(world);
    await world.deliver();
    assert.deepEqual([await stateOf(world, move), await statuses(world)], ['booked', ['free', 'busy']]);
    assert.equal(world.sites.north.moved.length, 2);
  });

  it('is given up there where the site is not exclusive: the visit stays, the new time is free', async (t) => {
    const { world, move } = await lost(t);
    world.sites.north.exclusive = false;
    world.sites.north.onFind = () => ({ kind: 'found', at: at(NINE) });
    await look(world, 2);
    assert.deepEqual([await stateOf(world, move), await statuses(world)], ['refused', ['busy', 'free']]);
    assert.match((await world.booking(move.id)).detail ?? '', /it is where it was/);
  });

  it('is given up where the visit is cancelled, gone, or at another time still', async (t) => {
    const ends = [
      { kind: 'found', at: at(NINE, { status: 'cancelled' }) } as const,
      { kind: 'absent' } as const,
      { kind: 'found', at: at(NOON) } as const,
    ];
    for (const found of ends) {
      const { world, move } = await lost(t);
      world.sites.north.onFind = () => found;
      await look(world, 2);
      assert.equal(await stateOf(world, move), 'refused');
      assert.equal((await statuses(world))[1], 'free');
      assert.equal(world.sites.north.moved.length, 1);
    }
  });

  it('that the site has accepted is not given up while the site shows the old time', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = () => ({ kind: 'accepted', reference: 'R1' });
    world.sites.north.onFind = () => ({ kind: 'found', at: at(NINE) });
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    await look(world, 3);
    assert.equal(await stateOf(world, move), 'accepted');
    world.sites.north.onFind = () => ({ kind: 'found', at: at(ELEVEN) });
    await look(world);
    assert.equal(await stateOf(world, move), 'booked');
  });

  it('of which the hub was killed in between is looked up, not repeated', async (t) => {
    const { world, booking } = await booked(t);
    const asked = await askMove(world.resolveDeps, world.moving(booking.appointmentId, slotAt(ELEVEN)), SCOPE);
    assert.ok(asked.kind === 'asked');
    const { id } = asked.booking;
    await world.write(async (tx) => {
      const now = world.clock.now();
      await tx.outbox.claim('site', 'north', now, plus(now, 6_000), 10);
      await tx.bookings.move(id, ['held'], 'sent', now, { deadlineAt: plus(now, 6_000) });
      await tx.busy.keep(id);
    });
    world.sites.north.onFind = () => ({ kind: 'found', at: at(ELEVEN) });
    world.clock.advance(3_600_000);
    await world.sweep();
    await look(world, 2);
    assert.deepEqual([(await world.booking(id)).state, await statuses(world)], ['booked', ['free', 'busy']]);
    assert.equal(world.sites.north.moved.length, 0);
  });

  it('that was never sent runs out, and the visit stays', async (t) => {
    const { world, booking } = await booked(t);
    const asked = await askMove(world.resolveDeps, world.moving(booking.appointmentId, slotAt(ELEVEN)), SCOPE);
    assert.ok(asked.kind === 'asked');
    world.clock.advance(24 * 3_600_000);
    await world.sweep();
    assert.equal((await world.booking(asked.booking.id)).state, 'expired');
    assert.deepEqual(await statuses(world), ['busy', 'free']);
    await world.deliver();
    assert.equal(world.sites.north.moved.length, 0);
  });
});

describe('the echo of a move', () => {
  it('before the answer is the answer; the answer itself changes nothing then', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = async () => {
      await world.tell('north', visit('K1', 'n1', ELEVEN));
      return LOST;
    };
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    assert.deepEqual([move.state, await statuses(world)], ['booked', ['free', 'busy']]);
    assert.deepEqual(await world.rows(`SELECT origin, tentative FROM busy`), [{ origin: 'hub', tentative: false }]);
    assert.equal((await world.appointment('north', 'K1')).resource.start, '2026-11-23T11:00:00Z');
  });

  it('after the answer changes nothing', async (t) => {
    const { world, booking } = await booked(t);
    await world.move(booking.appointmentId, slotAt(ELEVEN));
    world.clock.advance(1_000);
    await world.tell('north', visit('K1', 'n1', ELEVEN));
    assert.deepEqual(await statuses(world), ['free', 'busy']);
    assert.deepEqual(await world.rows(`SELECT origin, tentative FROM busy`), [{ origin: 'hub', tentative: false }]);
  });

  it('is not a read from before it, which leaves the new time held', async (t) => {
    const { world, move } = await lost(t);
    await world.tell('north', visit('K1', 'n1', NINE));
    assert.deepEqual([await stateOf(world, move), await statuses(world)], ['unknown', ['busy', 'busy-tentative']]);
    await world.tell('north', visit('K1', 'n1', ELEVEN));
    assert.deepEqual([await stateOf(world, move), await statuses(world)], ['booked', ['free', 'busy']]);
  });
});

describe('a site that gives a moved visit another id', () => {
  const linkOf = async (world: World, key: string): Promise<string | undefined> => {
    const { resource } = await world.appointment('north', key);
    return resource.extension?.find(({ url }) => url === EXTENSIONS.replaces)?.valueReference?.reference;
  };
  const check = async (world: World, booking: Booking): Promise<void> => {
    assert.equal(await linkOf(world, 'K9'), `Appointment/${booking.appointmentId}`);
    const [old, now] = [await world.appointment('north', 'K1'), await world.appointment('north', 'K9')];
    assert.notEqual(old.id, now.id);
    assert.deepEqual([old.resource.status, now.resource.status], ['cancelled', 'booked']);
    assert.deepEqual([now.resource.start, now.patients], ['2026-11-23T11:00:00Z', old.patients]);
    assert.deepEqual(await statuses(world), ['free', 'busy']);
    const told = await world.rows(`SELECT count(*)::int AS n FROM ledger WHERE kind = 'rescheduled'`);
    assert.deepEqual(told, [{ n: 1 }]);
  };

  it('has two Appointments then, the new one replaces the old one, and the answer names the new one', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = () => ({ kind: 'booked', at: at(ELEVEN, { key: 'K9' }) });
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    assert.deepEqual([move.state, move.siteKey], ['booked', 'K9']);
    assert.equal(move.appointmentId, (await world.appointment('north', 'K9')).id);
    await check(world, booking);
    world.clock.advance(1_000);
    await world.tell('north', visit('K9', 'n1', ELEVEN, { patients: [ANA] }));
    await world.tell('north', visit('K1', 'n1', NINE, { status: 'cancelled' }));
    await check(world, booking);
    assert.deepEqual(await world.rows(`SELECT origin FROM busy`), [{ origin: 'hub' }]);
  });

  it('and says so before its answer', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = async () => {
      await world.tell('north', visit('K9', 'n1', ELEVEN, { replaces: 'K1' }));
      return LOST;
    };
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    assert.deepEqual([move.state, move.siteKey], ['booked', 'K9']);
    await check(world, booking);
  });
});
