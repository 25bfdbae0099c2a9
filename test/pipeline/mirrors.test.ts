/** What a visit owes to other systems: time closed there because its person is taken here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { BlockWindowChange } from '../../src/mappings/contract-blocks.ts';
import { during, MONDAY, offered, openWorld, slotKey, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const [NORTH, SOUTH, FEED] = testSites();
const MIRRORING = { ...NORTH, mirror: [{ to: 'south', as: 'block' as const }] };

async function mirrored(t: Cleanup): Promise<World> {
  const world = await openWorld(t, { sites: [MIRRORING, SOUTH, FEED] });
  await world.offer('south', 's1', 't50', [offered('s1', 't50', NINE), offered('s1', 't50', TEN)]);
  await world.tell('north', visit('N1', 'n1', NINE));
  return world;
}

async function mirrors(world: World): Promise<readonly unknown[]> {
  return (await world.rows('SELECT calendar, state, key, start_at FROM mirror')).map((row) => [
    row['calendar'],
    row['state'],
    row['key'],
    row['start_at'],
  ]);
}

function listed(world: World, blocks: BlockWindowChange['blocks']): BlockWindowChange {
  return { kind: 'blocks', at: world.clock.now(), calendar: 's1', window: MONDAY, blocks };
}

describe('a mirror', () => {
  it('is owed in the calendars of the same person, and placed once', async (t) => {
    const world = await mirrored(t);
    assert.deepEqual(await mirrors(world), [['s1', 'owed', null, NINE.start]]);
    await world.deliver('south');
    await world.deliver('south');
    assert.equal(world.sites.south.blocked.length, 1);
    assert.deepEqual(world.sites.south.blocked[0]?.window, NINE);
    assert.deepEqual(
      (await mirrors(world)).map((row) => (row as unknown[])[1]),
      ['placed'],
    );
  });

  it('that comes back in the other site’s own listing is not taken for closed time there', async (t) => {
    const world = await mirrored(t);
    await world.deliver('south');
    const [row] = await world.rows('SELECT key FROM mirror');
    await world.tell('south', listed(world, [{ key: String(row?.['key']), during: NINE }]), { object: 'blocks:s1' });
    assert.deepEqual(await world.rows(`SELECT 1 FROM busy WHERE origin = 'block'`), []);
  });

  it('listed before its answer is heard is known by what we wrote into it', async (t) => {
    const world = await mirrored(t);
    world.sites.south.onBlock = async (order) => {
      await world.tell('south', listed(world, [{ key: 'B1', during: NINE, correlation: order.correlation }]), {
        object: 'blocks:s1',
      });
      return { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') };
    };
    await world.deliver('south');
    assert.deepEqual(await world.rows(`SELECT 1 FROM busy WHERE origin = 'block'`), []);
  });

  it('moves with the visit: the old block is taken away and the new one stands', async (t) => {
    const world = await mirrored(t);
    await world.deliver('south');
    const [before] = await world.rows('SELECT key FROM mirror');
    world.clock.advance(1_000);
    await world.tell('north', visit('N1', 'n1', TEN));
    await world.deliver('south');
    await world.deliver('south');
    assert.deepEqual(world.sites.south.unblocked, [before?.['key']]);
    assert.deepEqual(
      world.sites.south.blocked.map((order) => order.window),
      [NINE, TEN],
    );
    const [after] = await mirrors(world);
    assert.deepEqual((after as unknown[]).slice(0, 2), ['s1', 'placed']);
    assert.equal((after as unknown[])[3], TEN.start);
  });

  it('is removed when the visit is cancelled', async (t) => {
    const world = await mirrored(t);
    await world.deliver('south');
    world.clock.advance(1_000);
    await world.tell('north', visit('N1', 'n1', NINE, { status: 'cancelled' }));
    await world.deliver('south');
    assert.equal(world.sites.south.unblocked.length, 1);
    assert.deepEqual(
      (await mirrors(world)).map((row) => (row as unknown[])[1]),
      ['removed'],
    );
    assert.equal((await world.slot('south', slotKey('s1', 't50', NINE.start))).status, 'free');
  });

  it('that the other site refuses is a work item', async (t) => {
    const world = await mirrored(t);
    world.sites.south.onBlock = () => ({ kind: 'refused', detail: 'no' });
    await world.deliver('south');
    const items = await world.read((tx) => tx.workItems.list(10));
    assert.deepEqual(
      items.map((item) => item.kind),
      ['mirror-refused'],
    );
  });

  it('is not owed outside the scope of a pilot, nor for a visit that is over', async (t) => {
    const pilot = { ...SOUTH, stage: 'pilot' as const, scope: { locations: ['elsewhere'], visitTypes: [] } };
    const world = await openWorld(t, { sites: [MIRRORING, pilot, FEED] });
    await world.tell('north', visit('N1', 'n1', NINE));
    assert.deepEqual(await mirrors(world), []);
    world.plan = { ...world.plan, sites: world.plan.sites.map((site) => (site.id === 'south' ? SOUTH : site)) };
    world.clock.advance(NINE.end - world.clock.now());
    await world.tell('north', visit('N2', 'n1', NINE));
    assert.deepEqual(await mirrors(world), []);
  });

  it('is owed for what the hub books, once the site shows it', async (t) => {
    const world = await openWorld(t, { sites: [MIRRORING, SOUTH, FEED] });
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const booking = await world.book(
      canonicalId.slot('north', slotKey('n1', 't50', NINE.start)),
      await world.patient('north'),
    );
    await world.tell('north', visit(booking.siteKey ?? '', 'n1', NINE));
    assert.deepEqual(await mirrors(world), [['s1', 'owed', null, NINE.start]]);
  });
});
