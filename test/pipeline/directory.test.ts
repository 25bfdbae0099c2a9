/** What site files say, as resources, and what becomes of slots when they say something else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { putSchedule } from '../../src/pipeline/directory.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import {
  during,
  NPI,
  offered,
  openWorld,
  SHARED,
  slotKey,
  testPlan,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);

async function openDay(t: Cleanup): Promise<World> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  await world.offer('south', 's1', 't50', [offered('s1', 't50', NINE)]);
  return world;
}

async function status(world: World, site: 'north' | 'south'): Promise<string> {
  return (await world.slot(site, site === 'north' ? KEY : slotKey('s1', 't50', NINE.start))).status;
}

async function withNorth(world: World, north: SiteSettings | null): Promise<void> {
  const [, south, feed] = testSites();
  world.plan = testPlan(north === null ? [south, feed] : [north, south, feed]);
  await world.syncDirectory();
}

describe('the directory', () => {
  it('written again changes no version', async (t) => {
    const world = await openWorld(t);
    const versions = 'SELECT type, id, version FROM resource ORDER BY type, id';
    const before = await world.rows(versions);
    world.clock.advance(60_000);
    await world.syncDirectory();
    assert.deepEqual(await world.rows(versions), before);
  });

  it('has one Practitioner for an NPI at two sites, with a role at each, and one for each local code', async (t) => {
    const world = await openWorld(t);
    const count = async (type: string): Promise<number> =>
      (await world.rows('SELECT 1 FROM resource WHERE type = $1', [type])).length;
    assert.equal(await count('Practitioner'), 2);
    assert.equal(await count('PractitionerRole'), 4);
    const served = await world.read((tx) => tx.resources.read('Practitioner', SHARED));
    assert.ok(served?.json.includes(NPI));
  });

  it('gives each calendar a schedule of its person and place', async (t) => {
    const world = await openWorld(t);
    const served = await world.read((tx) => tx.resources.read('Schedule', canonicalId.schedule('north', 'n1')));
    const { actor } = JSON.parse(served?.json ?? '{}') as { actor: readonly { reference: string }[] };
    assert.deepEqual(actor.map((one) => one.reference).sort(), [
      `Location/${canonicalId.location('north', 'north-clinic')}`,
      `Practitioner/${SHARED}`,
      `PractitionerRole/${canonicalId.practitionerRole('north', SHARED)}`,
    ]);
  });

  it('that gives a calendar to another person looks at its slots again', async (t) => {
    const world = await openDay(t);
    const [north] = testSites();
    await world.tell('south', visit('S1', 's1', NINE));
    assert.equal(await status(world, 'north'), 'busy');
    const calendars = { ...north.resources.calendars, n1: { practitioner: 'local:eve', location: 'north-clinic' } };
    await withNorth(world, { ...north, resources: { ...north.resources, calendars } });
    assert.equal(await status(world, 'north'), 'free');
  });
});

describe('a site that is suspended or removed', () => {
  it('is taken out of the offer, and returns under the same ids', async (t) => {
    const world = await openDay(t);
    const [north] = testSites();
    for (const away of [{ ...north, stage: 'suspended' as const }, null]) {
      await withNorth(world, away);
      assert.equal(await status(world, 'north'), 'busy-unavailable');
      assert.equal(await status(world, 'south'), 'free');
      await withNorth(world, north);
      assert.equal(await status(world, 'north'), 'free');
    }
  });

  it('still takes the time of its people elsewhere', async (t) => {
    const world = await openDay(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await withNorth(world, null);
    assert.equal(await status(world, 'north'), 'busy');
    assert.equal(await status(world, 'south'), 'busy');
  });

  it('is not offered again by what it said before and is applied only now', async (t) => {
    const world = await openDay(t);
    const [north] = testSites();
    await withNorth(world, { ...north, stage: 'suspended' });
    world.clock.advance(1_000);
    const ten = during(10, 0, 50);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE, { capacity: 1 }), offered('n1', 't50', ten)]);
    assert.equal(await status(world, 'north'), 'busy-unavailable');
    assert.equal((await world.slot('north', slotKey('n1', 't50', ten.start))).status, 'busy-unavailable');
    await world.tell('south', visit('S1', 's1', NINE));
    world.clock.advance(1_000);
    await world.tell('south', visit('S1', 's1', NINE, { status: 'cancelled' }));
    assert.equal(await status(world, 'north'), 'busy-unavailable');
    await withNorth(world, north);
    assert.equal((await world.slot('north', slotKey('n1', 't50', ten.start))).status, 'free');
  });
});

describe('a site that is renamed', () => {
  it('is the same site: its slots, visits, people and what waits go on under their ids', async (t) => {
    const world = await openDay(t);
    const [north] = testSites();
    const ana = await world.patient('north');
    const booking = await world.book(canonicalId.slot('north', KEY), ana);
    const waiting = await world.tell('north', visit('V2', 'n2', NINE), { apply: false });
    await withNorth(world, { ...north, id: 'norte', formerly: 'north' });
    await world.apply();
    assert.equal((await world.message(waiting)).status, 'applied');
    world.clock.advance(1_000);
    await world.tell('norte', visit(booking.siteKey ?? '', 'n1', NINE));
    const shown = await world.appointment('norte', booking.siteKey ?? '');
    assert.deepEqual([shown.id, shown.site], [booking.appointmentId, 'norte']);
    assert.equal((await world.rows('SELECT 1 FROM appointment')).length, 2);
    assert.equal((await world.slot('north', KEY)).site, 'norte');
    assert.equal(await status(world, 'north'), 'busy');
    assert.deepEqual(await world.rows(`SELECT 1 FROM patient_link WHERE site = 'north'`), []);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
    const versions = 'SELECT type, id, version FROM resource ORDER BY 1, 2';
    const before = await world.rows(versions);
    await world.syncDirectory();
    assert.deepEqual(await world.rows(versions), before, 'and is renamed once');
  });
});

describe('a schedule of which two have news at once', () => {
  const SCHEDULE = canonicalId.schedule('north', 'ada@annex');
  const BEN = canonicalId.practitionerAtSite('north', 'ben');
  const isWaiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

  for (const before of ['new to both', 'known']) {
    it(`and which is ${before} is written by each in its turn: the later one’s people are its actors`, async (t) => {
      const world = await openWorld(t);
      const north = world.plan.sites.find(({ id }) => id === 'north');
      assert.ok(north);
      const put = (practitionerId: string, behind: () => Promise<unknown>): Promise<unknown> =>
        world.write(async (tx) => {
          const practitioner = { practitionerId, roleId: canonicalId.practitionerRole('north', practitionerId) };
          const cause = { site: 'north', messageId: null, siteTime: null, now: world.clock.now() };
          await putSchedule(tx, north, 'ada@annex', { practitioner, location: null, isRoom: false, cause });
          await tx.flush();
          await behind();
        });
      if (before === 'known') await put(canonicalId.practitionerAtSite('north', 'cy'), () => Promise.resolve());
      const begun = Promise.withResolvers<undefined>();
      const written = Promise.withResolvers<undefined>();
      const first = put(SHARED, () => {
        begun.resolve(undefined);
        return written.promise;
      });
      await begun.promise;
      const second = put(BEN, () => Promise.resolve());
      while ((await world.rows(isWaiting)).length === 0) await setImmediate();
      written.resolve(undefined);
      await Promise.all([first, second]);
      const actors = await world.rows(
        `SELECT actor_id FROM schedule_actor WHERE schedule_id = $1 AND actor_type = 'Practitioner'`,
        [SCHEDULE],
      );
      assert.deepEqual(actors, [{ actor_id: BEN }]);
      const versions = await world.rows('SELECT version FROM history WHERE id = $1 ORDER BY 1', [SCHEDULE]);
      assert.equal(versions.length, before === 'known' ? 3 : 2);
    });
  }
});
