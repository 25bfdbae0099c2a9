/**
 * Moving: the new time is held before the old one is given up, and the old one is kept where the site does not move.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { plus, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';

import type { Booking } from '../../src/store/contract-bookings.ts';
import {
  ANA,
  BOB,
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
import { refusedWith } from '../support/refused.ts';

const NINE = during(9, 0, 50);
const QUARTER_PAST = during(9, 15, 50);
const ELEVEN = during(11, 0, 50);
const LOST = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') } as const;

const keyAt = (time: Interval, calendar = 'n1', type = 't50'): string => slotKey(calendar, type, time.start);
const slotAt = (time: Interval, calendar = 'n1', type = 't50'): string =>
  canonicalId.slot('north', keyAt(time, calendar, type));
const statusAt = async (world: World, time: Interval, calendar = 'n1'): Promise<string> =>
  (await world.slot('north', keyAt(time, calendar))).status;

async function openDay(t: Cleanup): Promise<World> {
  const world = await openWorld(t);
  for (const calendar of ['n1', 'n2']) {
    const times = [NINE, QUARTER_PAST, ELEVEN];
    await world.offer(
      'north',
      calendar,
      't50',
      times.map((time) => offered(calendar, 't50', time)),
    );
  }
  return world;
}

/** A visit at nine that the hub placed. */
async function booked(t: Cleanup): Promise<{ world: World; booking: Booking }> {
  const world = await openDay(t);
  const booking = await world.book(slotAt(NINE), await world.patient('north'));
  assert.equal(booking.state, 'booked');
  world.clock.advance(60_000);
  return { world, booking };
}

interface Stand {
  readonly status: string;
  readonly time: string | undefined;
  readonly slots: readonly string[];
  readonly nine: string;
  readonly eleven: string;
}
const AT_NINE: Stand = {
  status: 'booked',
  time: '2026-11-23T09:00:00Z',
  slots: [slotAt(NINE)],
  nine: 'busy',
  eleven: 'free',
};
const AT_ELEVEN: Stand = {
  status: 'booked',
  time: '2026-11-23T11:00:00Z',
  slots: [slotAt(ELEVEN)],
  nine: 'free',
  eleven: 'busy',
};

async function stand(world: World, key = 'K1'): Promise<Stand> {
  const { resource, slots } = await world.appointment('north', key);
  const [nine, eleven] = [await statusAt(world, NINE), await statusAt(world, ELEVEN)];
  return { status: resource.status, time: resource.start, slots, nine, eleven };
}

describe('a move', () => {
  it('that the site has done shows the visit at its new time, and frees the old one', async (t) => {
    const { world, booking } = await booked(t);
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    assert.deepEqual([move.state, move.action, move.siteKey], ['booked', 'move', 'K1']);
    assert.deepEqual(await stand(world), AT_ELEVEN);
    const [order] = world.sites.north.moved;
    assert.deepEqual(
      [order?.key, order?.start, order?.calendar, order?.patient.family],
      ['K1', ELEVEN.start, 'n1', ANA.family],
    );
    const rows = await world.rows(`SELECT origin, tentative, expires_at FROM busy`);
    assert.deepEqual(rows, [{ origin: 'hub', tentative: false, expires_at: null }]);
    const told = await world.read((tx) => tx.ledger.ofBooking(move.id));
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['held', 'booked', 'rescheduled'],
    );
    assert.equal((await world.appointment('north', 'K1')).version, 2);
  });

  it('holds both times until the site has answered', async (t) => {
    const { world, booking } = await booked(t);
    const seen: unknown[] = [];
    world.sites.north.onMove = async () => {
      seen.push(await stand(world));
      return LOST;
    };
    assert.equal((await world.move(booking.appointmentId, slotAt(ELEVEN))).state, 'unknown');
    assert.deepEqual(seen, [{ ...AT_NINE, eleven: 'busy-tentative' }]);
    assert.deepEqual(await stand(world), { ...AT_NINE, eleven: 'busy-tentative' });
    world.clock.advance(3_600_000);
    await world.sweep();
    assert.equal(await statusAt(world, ELEVEN), 'busy-tentative');
  });

  it('that the site refuses keeps the visit where it is, and gives the new time back', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = () => ({ kind: 'refused', because: 'not-allowed', detail: 'too late' });
    const move = await world.move(booking.appointmentId, slotAt(ELEVEN));
    assert.deepEqual([move.state, move.detail], ['refused', 'too late']);
    assert.deepEqual(await stand(world), AT_NINE);
    world.sites.north.onMove = () => ({ kind: 'refused', because: 'slot-taken', detail: 'gone' });
    const taken = await world.move(booking.appointmentId, slotAt(ELEVEN));
    const answer = await world.desk.status(taken.id, SCOPE);
    assert.ok(answer?.kind === 'conflict');
    assert.deepEqual(
      answer.alternatives.map(({ id }) => id),
      [],
    );
  });

  it('may lead to a time that overlaps the visit itself, also where the site calls it taken', async (t) => {
    const { world, booking } = await booked(t);
    const times = [
      { ...offered('n1', 't50', NINE), status: 'busy' as const },
      { ...offered('n1', 't50', QUARTER_PAST), status: 'busy' as const },
    ];
    await world.offer('north', 'n1', 't50', [...times, offered('n1', 't50', ELEVEN)]);
    const move = await world.move(booking.appointmentId, slotAt(QUARTER_PAST));
    assert.equal(move.state, 'booked');
    assert.equal((await world.appointment('north', 'K1')).resource.start, '2026-11-23T09:15:00Z');
    assert.equal((await world.rows(`SELECT 1 FROM busy`)).length, 1);
  });

  it('may lead to another person of the site, who takes part then', async (t) => {
    const { world, booking } = await booked(t);
    const before = await world.appointment('north', 'K1');
    assert.equal((await world.move(booking.appointmentId, slotAt(ELEVEN, 'n2'))).state, 'booked');
    const after = await world.appointment('north', 'K1');
    const ben = await world.read((tx) => tx.resources.occupies(canonicalId.schedule('north', 'n2')));
    assert.deepEqual(
      after.actors.filter((id) => !before.actors.includes(id)),
      ben.filter((id) => !before.actors.includes(id)),
    );
    const named = after.resource.participant.flatMap(({ actor }) => actor?.reference ?? []);
    assert.ok(
      named.some((one) => one.startsWith('Patient/')) &&
        !named.some((one) => one === `Practitioner/${before.actors[0] ?? ''}`),
    );
    assert.ok(after.tokens.includes('calendar:n2') && !after.tokens.includes('calendar:n1'));
    assert.deepEqual(
      [await statusAt(world, NINE), await statusAt(world, ELEVEN), await statusAt(world, ELEVEN, 'n2')],
      ['free', 'free', 'busy'],
    );
  });

  it('of a visit that staff booked is done like any other', async (t) => {
    const world = await openDay(t);
    await world.tell('north', visit('K7', 'n1', NINE));
    world.clock.advance(60_000);
    const { id } = await world.appointment('north', 'K7');
    const move = await world.move(id, slotAt(ELEVEN));
    assert.equal(move.state, 'booked');
    assert.deepEqual(await stand(world, 'K7'), AT_ELEVEN);
    assert.equal(world.sites.north.moved[0]?.key, 'K7');
  });

  it('finds the slot by the new start alone', async (t) => {
    const { world, booking } = await booked(t);
    const move = await world.move(booking.appointmentId, '', { slotId: null, start: ELEVEN.start });
    assert.deepEqual([move.state, move.slotId], ['booked', slotAt(ELEVEN)]);
    await assert.rejects(
      world.move(booking.appointmentId, '', { slotId: null, start: plus(ELEVEN.start, 60_000) }),
      refusedWith('RULE_BROKEN', /name the Slot/),
    );
  });

  it('to where the visit is changes nothing; asked for twice it is sent once', async (t) => {
    const { world, booking } = await booked(t);
    const same = await world.desk.move(world.moving(booking.appointmentId, slotAt(NINE)), SCOPE);
    assert.ok(same.kind === 'moved' && same.repeated);
    await world.move(booking.appointmentId, slotAt(ELEVEN), { requestKey: 'm' });
    const again = await world.desk.move(
      world.moving(booking.appointmentId, slotAt(ELEVEN), { requestKey: 'm' }),
      SCOPE,
    );
    assert.ok(again.kind === 'moved' && again.repeated);
    // The visit is where the repeat wants it, so it may be read as the booking of a time that is held: it is none.
    const asHeld = { ...world.moving(booking.appointmentId, ''), requestKey: 'm', digest: 'as held' };
    assert.equal(await world.desk.bookHeld({ ...asHeld, patientId: null, identifiers: [] }, SCOPE), null);
    await assert.rejects(
      world.desk.move(world.moving(booking.appointmentId, slotAt(NINE), { requestKey: 'm' }), SCOPE),
      refusedWith('REQUEST_KEY_REUSED'),
    );
    assert.equal(world.sites.north.moved.length, 1);
  });

  it('can be undone by another, and the visit can be cancelled afterwards under the reference of its placement', async (t) => {
    const { world, booking } = await booked(t);
    await world.move(booking.appointmentId, slotAt(ELEVEN));
    world.clock.advance(60_000);
    assert.equal((await world.move(booking.appointmentId, slotAt(NINE))).state, 'booked');
    assert.deepEqual(await stand(world), AT_NINE);
    world.clock.advance(60_000);
    assert.equal((await world.cancel(booking.appointmentId)).state, 'booked');
    assert.equal(world.sites.north.cancelled[0]?.placedAs, booking.id);
    assert.deepEqual([await statusAt(world, NINE), await statusAt(world, ELEVEN)], ['free', 'free']);
  });
});

describe('a move is refused', () => {
  it('where the time is taken, with other times', async (t) => {
    const { world, booking } = await booked(t);
    assert.equal((await world.book(slotAt(ELEVEN), await world.patient('north', BOB))).state, 'booked');
    const answer = await world.desk.move(world.moving(booking.appointmentId, slotAt(ELEVEN)), SCOPE);
    assert.equal(answer.kind, 'conflict');
    assert.equal((await stand(world)).nine, 'busy');
    assert.equal(world.sites.north.moved.length, 0);
  });

  it('to another site, to another type of visit, of what is over, and of an old version, with what to do instead', async (t) => {
    const { world, booking } = await booked(t);
    await world.offer('south', 's1', 't50', [offered('s1', 't50', ELEVEN)]);
    await world.offer('north', 'n1', 't30', [offered('n1', 't30', during(14))]);
    const asked = (slotId: string, more = {}): Promise<unknown> =>
      world.desk.move(world.moving(booking.appointmentId, slotId, more), SCOPE);
    const south = canonicalId.slot('south', keyAt(ELEVEN, 's1'));
    await assert.rejects(asked(south), refusedWith('RULE_BROKEN', /another site: book the new time there first/));
    await assert.rejects(asked(slotAt(during(14), 'n1', 't30')), refusedWith('RULE_BROKEN', /another type of visit/));
    await assert.rejects(asked(slotAt(ELEVEN), { version: 7 }), refusedWith('VERSION_MISMATCH'));
    await assert.rejects(
      asked(slotAt(ELEVEN), { start: NINE.start }),
      refusedWith('RULE_BROKEN', /not the start of the slot/),
    );
    world.sites.north.canMove = false;
    await assert.rejects(asked(slotAt(ELEVEN)), refusedWith('SITE_CANNOT', /book the new time first, then cancel/));
    world.sites.north.canMove = true;
    await world.tell('north', visit('K1', 'n1', NINE, { status: 'cancelled' }));
    await assert.rejects(
      asked(slotAt(ELEVEN)),
      refusedWith('RULE_BROKEN', /cancelled cannot be moved; place a new booking/),
    );
  });

  it('while another call about the visit is open, and where the site file does not let the hub write', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onCancel = () => LOST;
    const cancel = await world.cancel(booking.appointmentId);
    const asked = (): Promise<unknown> => world.desk.move(world.moving(booking.appointmentId, slotAt(ELEVEN)), SCOPE);
    await assert.rejects(asked(), refusedWith('RULE_BROKEN', /cancel of this visit is not settled/));
    await world.rows(`UPDATE booking SET state = 'refused' WHERE id = $1`, [cancel.id]);
    const [north] = testSites();
    for (const site of [
      { ...north, stage: 'read' as const },
      { ...north, write: 'read-only' as const },
    ]) {
      world.plan = { ...world.plan, sites: world.plan.sites.map((one) => (one.id === 'north' ? site : one)) };
      await assert.rejects(asked(), refusedWith('SITE_NOT_WRITABLE'));
    }
    await assert.rejects(
      world.desk.move(world.moving(booking.appointmentId, slotAt(ELEVEN)), { ...SCOPE, sites: ['south'] }),
      refusedWith('NOT_FOUND'),
    );
  });
});

describe('of two who want one time', () => {
  const race = async (
    world: World,
    requests: readonly (() => Promise<{ readonly kind: string }>)[],
  ): Promise<readonly string[]> => {
    const answers = Promise.all(requests.map((ask) => ask()));
    const ended = answers.then(() => true);
    const tick = (): Promise<false> => new Promise((resolve) => setTimeout(resolve, 5, false));
    while (!(await Promise.race([ended, tick()]))) {
      await world.deliver();
      world.clock.advance(100);
    }
    return (await answers).map(({ kind }) => kind).sort();
  };

  it('two movers: one has it, the other keeps what it had', async (t) => {
    const { world, booking } = await booked(t);
    await world.tell('north', visit('K7', 'n1', during(13, 0, 50), { patients: [BOB] }));
    const { id } = await world.appointment('north', 'K7');
    const kinds = await race(
      world,
      [booking.appointmentId, id].map((visitId) => () => world.desk.move(world.moving(visitId, slotAt(ELEVEN)), SCOPE)),
    );
    assert.deepEqual(kinds, ['conflict', 'moved']);
    assert.equal(world.sites.north.moved.length, 1);
    assert.equal((await world.rows(`SELECT 1 FROM busy WHERE lower(during) = $1`, [new Date(ELEVEN.start)])).length, 1);
    assert.equal((await world.rows(`SELECT 1 FROM busy`)).length, 2);
  });

  it('a mover and a placer: one has it', async (t) => {
    const { world, booking } = await booked(t);
    const bob = await world.patient('north', BOB);
    const kinds = await race(world, [
      () => world.desk.move(world.moving(booking.appointmentId, slotAt(ELEVEN)), SCOPE),
      () => world.desk.place(world.placing(slotAt(ELEVEN), bob), SCOPE),
    ]);
    assert.equal(kinds.filter((kind) => kind === 'conflict').length, 1, kinds.join());
    assert.equal((await world.rows(`SELECT 1 FROM busy WHERE lower(during) = $1`, [new Date(ELEVEN.start)])).length, 1);
  });
});
