/** A visit of several slots is moved as a whole: all new times are held before the old are given up, or none. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import type { Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, testSites, visit } from '../support/builders.ts';
import type { World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const ELEVEN = during(11, 0, 50);
const CALENDARS = ['n1', 'n2', 'room', 'room2'];

function clinic(): readonly SiteSettings[] {
  const [north, south, feed] = testSites();
  const room = (name: string) => ({ name, timeZone: 'UTC', room: true, codes: [], partOf: 'north-clinic' });
  const calendars = { ...north.resources.calendars, room: { location: 'r1' }, room2: { location: 'r2' } };
  return [
    {
      ...north,
      locations: { ...north.locations, r1: room('Room 1'), r2: room('Room 2') },
      resources: { ...north.resources, calendars },
    },
    south,
    feed,
  ];
}

const at = (calendar: string, time: Interval): string =>
  canonicalId.slot('north', slotKey(calendar, 't50', time.start));

/** A visit of n1 and of the room at nine. */
async function booked(t: Cleanup): Promise<{ world: World; booking: Booking; bob: string }> {
  const world = await openWorld(t, { sites: clinic(), max: 20 });
  for (const calendar of CALENDARS) {
    const times = [NINE, TEN, ELEVEN].map((time) => offered(calendar, 't50', time));
    await world.offer('north', calendar, 't50', times);
  }
  world.sites.north.resources = 'several';
  const booking = await world.book(at('n1', NINE), await world.patient('north'), { also: [at('room', NINE)] });
  assert.equal(booking.state, 'booked');
  world.clock.advance(60_000);
  return { world, booking, bob: await world.patient('north', BOB) };
}

const free = async (world: World, ...slots: readonly (readonly [string, Interval])[]): Promise<readonly string[]> =>
  Promise.all(
    slots.map(async ([calendar, time]) => (await world.slot('north', slotKey(calendar, 't50', time.start))).status),
  );
const refusedWith =
  (code: HubError['code'], text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof HubError && error.code === code && text.test(error.message);
const shownOf = async (world: World, { appointmentId }: Booking): Promise<Appointment> => {
  const found = await world.appointmentOf(appointmentId);
  assert.ok(found !== null);
  return found.resource;
};

describe('a visit of several slots', () => {
  it('is moved to as many others: all are taken, the old are free, and the site is told all of them', async (t) => {
    const { world, booking } = await booked(t);
    const moved = await world.move(booking.appointmentId, at('n2', TEN), { also: [at('room2', ELEVEN)] });
    assert.equal(moved.state, 'booked');
    const [order] = world.sites.north.moved;
    assert.deepEqual(order?.also, [{ calendar: 'room2', visitType: 't50', start: ELEVEN.start, end: ELEVEN.end }]);
    assert.deepEqual([order.calendar, order.had], ['n2', ['room']]);
    assert.deepEqual(await free(world, ['n1', NINE], ['room', NINE], ['n2', TEN], ['room2', ELEVEN]), [
      ...['free', 'free'],
      ...['busy', 'busy'],
    ]);
    const shown = await shownOf(world, booking);
    assert.deepEqual(
      shown.slot?.map(({ reference }) => reference),
      [at('n2', TEN), at('room2', ELEVEN)].map((id) => `Slot/${id}`),
    );
    const room = shown.participant.find(
      ({ actor }) => actor?.reference === `Location/${canonicalId.location('north', 'r2')}`,
    );
    assert.equal(Date.parse(room?.period?.start ?? ''), ELEVEN.start);
    assert.ok(!shown.participant.some(({ actor }) => actor?.reference?.endsWith(canonicalId.location('north', 'r1'))));
  });

  it('of which the first alone, or a start, is named is moved by as much in all of its calendars', async (t) => {
    const { world, booking } = await booked(t);
    assert.equal((await world.move(booking.appointmentId, at('n1', TEN))).state, 'booked');
    assert.deepEqual(await free(world, ['n1', NINE], ['room', NINE], ['n1', TEN], ['room', TEN]), [
      ...['free', 'free'],
      ...['busy', 'busy'],
    ]);
    world.clock.advance(60_000);
    const request = { ...world.moving(booking.appointmentId, ''), slotId: null, start: ELEVEN.start };
    const again = await world.move(booking.appointmentId, '', request);
    assert.equal(again.state, 'booked');
    assert.deepEqual(await free(world, ['n1', TEN], ['room', TEN], ['n1', ELEVEN], ['room', ELEVEN]), [
      ...['free', 'free'],
      ...['busy', 'busy'],
    ]);
  });

  it('keeps all that it has, and holds nothing more, where one of the new times is taken', async (t) => {
    const { world, booking, bob } = await booked(t);
    await world.book(at('room', TEN), bob);
    const answer = await world.desk.move(world.moving(booking.appointmentId, at('n1', TEN)), SCOPE);
    assert.equal(answer.kind, 'conflict');
    assert.equal(world.sites.north.moved.length, 0);
    assert.deepEqual(await free(world, ['n1', NINE], ['room', NINE], ['n1', TEN]), ['busy', 'busy', 'free']);
  });

  it('keeps all that it has where its site refuses', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = () => ({ kind: 'refused', because: 'rule', detail: 'no' });
    assert.equal((await world.move(booking.appointmentId, at('n1', TEN))).state, 'refused');
    assert.deepEqual(await free(world, ['n1', NINE], ['room', NINE], ['n1', TEN], ['room', TEN]), [
      ...['busy', 'busy'],
      ...['free', 'free'],
    ]);
    assert.equal((await shownOf(world, booking)).slot?.length, 2);
  });

  it('has both of its times until the answer is known, and all of the new one when news shows the first alone', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.onMove = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
    const open = await world.move(booking.appointmentId, at('n1', ELEVEN));
    assert.equal(open.state, 'unknown');
    const both = [
      ['n1', NINE],
      ['room', NINE],
      ['n1', ELEVEN],
      ['room', ELEVEN],
    ] as const;
    assert.ok((await free(world, ...both)).every((status) => status !== 'free'));
    await world.tell('north', visit('K1', 'n1', ELEVEN, { at: world.clock.now() }));
    assert.equal((await world.booking(open.id)).state, 'booked');
    assert.deepEqual(await free(world, ...both), ['free', 'free', 'busy', 'busy']);
    const { slots } = await world.appointment('north', 'K1');
    assert.deepEqual(slots, [at('n1', ELEVEN), at('room', ELEVEN)]);
  });

  it('is not moved to more or fewer slots than it has, nor to two of one Schedule, and its caller is told what to name', async (t) => {
    const { world, booking, bob } = await booked(t);
    const move = (id: string, also: readonly string[]) =>
      world.desk.move(world.moving(id, at('n1', TEN), { also }), SCOPE);
    const three = move(booking.appointmentId, [at('room', TEN), at('room2', TEN)]);
    await assert.rejects(three, refusedWith('RULE_BROKEN', /has 2 slots and the request names 3: name as many/));
    await assert.rejects(
      move(booking.appointmentId, [at('n1', ELEVEN)]),
      refusedWith('RULE_BROKEN', /of one Schedule/),
    );
    const single = await world.book(at('n2', TEN), bob);
    const more = world.desk.move(
      world.moving(single.appointmentId, at('n2', ELEVEN), { also: [at('room2', TEN)] }),
      SCOPE,
    );
    await assert.rejects(more, refusedWith('RULE_BROKEN', /move it to exactly one/));
  });

  it('is not moved by as much where a calendar of it has no slot then: nothing is guessed', async (t) => {
    const { world, booking } = await booked(t);
    const late = during(14, 0, 50);
    await world.offer(
      'north',
      'n1',
      't50',
      [...[NINE, TEN, ELEVEN], late].map((time) => offered('n1', 't50', time)),
    );
    const asked = world.desk.move(world.moving(booking.appointmentId, at('n1', late)), SCOPE);
    await assert.rejects(asked, refusedWith('RULE_BROKEN', /name all slots of the visit, or another time/));
  });

  it('that its site can write one calendar of is not moved, with what can be done instead', async (t) => {
    const { world, booking } = await booked(t);
    world.sites.north.resources = 'one';
    const asked = world.desk.move(world.moving(booking.appointmentId, at('n1', TEN)), SCOPE);
    await assert.rejects(asked, refusedWith('SITE_CANNOT', /book the new time anew, then cancel this visit/));
  });
});
