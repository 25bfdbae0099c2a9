/** What a booking takes besides the slot it names: rooms and devices by the site file, and further slots. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, testSites, visit } from '../support/builders.ts';
import type { World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const ROOM = canonicalId.location('north', 'r1');
const DEVICE = canonicalId.device('north', 'US1');
const at = (calendar: string, hour: number, minute = 0): string =>
  canonicalId.slot('north', slotKey(calendar, 't50', during(hour, minute).start));

/** Two practitioners, a room with a calendar of its own, and therapy that needs the room and a device. */
function clinic(needs: NonNullable<SiteSettings['visits']>[string]['needs']): readonly SiteSettings[] {
  const [north, south, feed] = testSites();
  const r1 = { name: 'Room 1', timeZone: 'UTC', room: true, codes: [], partOf: 'north-clinic' };
  return [
    {
      ...north,
      locations: { ...north.locations, r1 },
      resources: {
        ...north.resources,
        calendars: { ...north.resources.calendars, room: { location: 'r1' } },
        devices: { US1: { name: 'Ultrasound' } },
      },
      visits: { 'therapy-50': { padBefore_min: 0, padAfter_min: 0, needs } },
    },
    south,
    feed,
  ];
}

async function openDay(
  t: Cleanup,
  sites: readonly SiteSettings[],
): Promise<{ world: World; ana: string; bob: string }> {
  const world = await openWorld(t, { sites, max: 20 });
  const times = [during(9, 0, 50), during(10, 0, 50), during(11, 0, 50)];
  for (const calendar of ['n1', 'n2', 'room']) {
    await world.offer(
      'north',
      calendar,
      't50',
      times.map((time) => offered(calendar, 't50', time)),
    );
  }
  return { world, ana: await world.patient('north'), bob: await world.patient('north', BOB) };
}

async function taken(world: World, resource: string): Promise<string[]> {
  const rows = await world.rows(`SELECT lower(during) AS a, upper(during) AS b FROM busy WHERE resource_id = $1`, [
    resource,
  ]);
  const clock = (value: unknown): string => new Date(Number(value)).toISOString().slice(11, 16);
  return rows.map(({ a, b }) => `${clock(a)}-${clock(b)}`).sort();
}

describe('a visit type that needs a room and a device', () => {
  const NEEDS = [
    { room: 'r1', before_min: 10, after_min: 15 },
    { device: 'US1', before_min: 0, after_min: 0 },
  ];

  it('takes each of them for its own time, and keeps them when the site speaks of the visit', async (t) => {
    const { world, ana } = await openDay(t, clinic(NEEDS));
    const booking = await world.book(at('n1', 9), ana);
    assert.equal(booking.state, 'booked');
    assert.deepEqual([await taken(world, ROOM), await taken(world, DEVICE)], [['08:50-10:05'], ['09:00-09:50']]);
    world.clock.advance(1000);
    await world.tell('north', visit('K1', 'n1', during(9, 0, 50)));
    assert.deepEqual([await taken(world, ROOM), await taken(world, DEVICE)], [['08:50-10:05'], ['09:00-09:50']]);
    const rows = await world.rows(`SELECT DISTINCT origin FROM busy`);
    assert.deepEqual(rows, [{ origin: 'hub' }], 'still under the constraint');
  });

  it('is refused when one of them is taken, with the reason, and nothing is held', async (t) => {
    const { world, ana, bob } = await openDay(t, clinic(NEEDS));
    await world.book(at('n1', 9), ana);
    const answer = await world.desk.place(world.placing(at('n2', 10), bob), SCOPE);
    assert.ok(answer.kind === 'conflict');
    assert.match(answer.error.detail, /a room or device that such a visit needs is taken/);
    assert.equal((await world.slot('north', slotKey('n2', 't50', during(10).start))).status, 'free');
    assert.equal((await world.book(at('n2', 11), bob)).state, 'booked');
  });

  it('takes them too when the site itself books it, moves it and cancels it', async (t) => {
    const { world } = await openDay(t, clinic(NEEDS));
    await world.tell('north', visit('V1', 'n1', during(9, 0, 50)));
    assert.deepEqual(await taken(world, ROOM), ['08:50-10:05']);
    assert.equal((await world.slot('north', slotKey('room', 't50', during(9).start))).status, 'busy');
    world.clock.advance(1000);
    await world.tell('north', visit('V1', 'n1', during(10, 0, 50), { at: world.clock.now() }));
    assert.deepEqual(await taken(world, ROOM), ['09:50-11:05']);
    world.clock.advance(1000);
    await world.tell('north', visit('V1', 'n1', during(10, 0, 50), { status: 'cancelled' }));
    assert.deepEqual(await taken(world, ROOM), []);
  });

  it('asked for by callers who each name another practitioner at once is booked for exactly one', async (t) => {
    const { world, ana, bob } = await openDay(t, clinic(NEEDS));
    const held = await Promise.all([
      hold(world.resolveDeps, world.placing(at('n1', 9), ana), SCOPE),
      hold(world.resolveDeps, world.placing(at('n2', 9), bob), SCOPE),
    ]);
    assert.deepEqual(held.map(({ kind }) => kind).sort(), ['held', 'taken']);
  });
});

describe('a booking of several slots', () => {
  const CANNOT = (code: HubError['code']) => (error: unknown) => error instanceof HubError && error.code === code;

  it('is refused at a site that cannot carry it, with what can be done instead', async (t) => {
    const { world, ana } = await openDay(t, clinic([]));
    const asked = world.placing(at('n1', 9), ana, { also: [at('room', 9)] });
    await assert.rejects(world.desk.place(asked, SCOPE), (error) => {
      assert.ok(CANNOT('SITE_CANNOT')(error));
      assert.match((error as Error).message, /book them as a set/);
      return true;
    });
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('takes each for its own time and tells the site all of them', async (t) => {
    const { world, ana } = await openDay(t, clinic([]));
    world.sites.north.resources = 'several';
    const booking = await world.book(at('n1', 9), ana, { also: [at('room', 10)] });
    assert.equal(booking.state, 'booked');
    const [order] = world.sites.north.placed;
    const time = during(10, 0, 50);
    assert.deepEqual(order?.also, [{ calendar: 'room', visitType: 't50', start: time.start, end: time.end }]);
    assert.deepEqual(await taken(world, ROOM), ['10:00-10:50']);
    const shown = await world.appointment('north', 'K1');
    assert.deepEqual(shown.slots, [at('n1', 9), at('room', 10)]);
    assert.deepEqual(shown.during, during(9, 0, 50), 'the first slot is the visit');
    assert.equal((await world.slot('north', slotKey('room', 't50', time.start))).status, 'busy');
    const cancelled = await world.cancel(booking.appointmentId);
    assert.equal(cancelled.state, 'booked');
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('keeps all of them when the site speaks of the visit and names the first alone, before its answer or after', async (t) => {
    const { world, ana, bob } = await openDay(t, clinic([]));
    const { north } = world.sites;
    north.resources = 'several';
    const news = visit('K1', 'n1', during(9, 0, 50));
    north.onPlace = async ({ correlation }) => {
      await world.tell('north', { ...news, correlation });
      assert.deepEqual(await taken(world, ROOM), ['10:00-10:50']);
      return { kind: 'booked', at: { key: 'K1', status: 'booked', ...during(9, 0, 50), calendar: 'n1' } };
    };
    const booking = await world.book(at('n1', 9), ana, { also: [at('room', 10)] });
    assert.equal(booking.state, 'booked');
    await world.tell('north', { ...news, comment: 'from the site' }, { at: world.clock.now() });
    assert.deepEqual(await taken(world, ROOM), ['10:00-10:50']);
    const other = await world.desk.place(world.placing(at('n2', 10), bob, { also: [at('room', 10)] }), SCOPE);
    assert.equal(other.kind, 'conflict');
    await world.tell('north', { ...news, status: 'cancelled' }, { at: world.clock.now() });
    assert.deepEqual(await taken(world, ROOM), []);
  });

  it('is all or nothing: where one of them is taken none is', async (t) => {
    const { world, ana, bob } = await openDay(t, clinic([]));
    world.sites.north.resources = 'several';
    await world.book(at('room', 9), bob);
    const answer = await world.desk.place(world.placing(at('n1', 9), ana, { also: [at('room', 9)] }), SCOPE);
    assert.equal(answer.kind, 'conflict');
    assert.equal((await world.slot('north', slotKey('n1', 't50', during(9).start))).status, 'free');
    world.sites.north.onPlace = () => ({ kind: 'refused', because: 'slot-taken', detail: 'no' });
    assert.equal((await world.book(at('n1', 10), ana, { also: [at('room', 10)] })).state, 'refused');
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('is of one site and of different schedules, and of no class', async (t) => {
    const { world, ana } = await openDay(t, clinic([]));
    world.sites.north.resources = 'several';
    await world.offer('south', 's1', 't50', [offered('s1', 't50', during(9, 0, 50))]);
    const south = canonicalId.slot('south', slotKey('s1', 't50', during(9).start));
    for (const also of [south, at('n1', 10)]) {
      await assert.rejects(world.desk.place(world.placing(at('n1', 9), ana, { also: [also] }), SCOPE), /as a set/);
    }
  });

  it('asked for by sixteen at once in either order of slots gets each resource once, without a deadlock', async (t) => {
    const { world } = await openDay(t, clinic([]));
    world.sites.north.resources = 'several';
    const people = await world.crowd('north', 16);
    const held = await Promise.all(
      people.map((one, index) => {
        const [first, second] = index % 2 === 0 ? [at('n1', 9), at('room', 9)] : [at('room', 9), at('n1', 9)];
        return hold(world.resolveDeps, world.placing(first, one, { also: [second] }), SCOPE);
      }),
    );
    assert.equal(held.filter(({ kind }) => kind === 'held').length, 1);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 2);
  });
});
