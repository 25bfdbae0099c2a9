/** What a site says about one visit, applied on a real database. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { BOB, during, fed, MONDAY, monday, offered, openWorld, SHARED, slotKey, visit } from '../support/builders.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);

describe('a visit that a site reports', () => {
  it('takes the slot at its own site, its siblings for other visit types, and the same person at other sites', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', TEN)]);
    await world.offer('north', 'n1', 't30', [offered('n1', 't30', during(9)), offered('n1', 't30', during(9, 30))]);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE)]);
    await world.offer('south', 's1', 't50', [offered('s1', 't50', during(9, 30, 50)), offered('s1', 't50', TEN)]);
    await world.tell('north', visit('V1', 'n1', NINE));
    const status = async (site: string, key: string): Promise<string> => (await world.slot(site, key)).status;
    assert.equal(await status('north', slotKey('n1', 't50', NINE.start)), 'busy');
    assert.equal(await status('north', slotKey('n1', 't30', monday(9))), 'busy');
    assert.equal(await status('north', slotKey('n1', 't30', monday(9, 30))), 'busy');
    assert.equal(await status('south', slotKey('s1', 't50', monday(9, 30))), 'busy');
    assert.equal(await status('north', slotKey('n1', 't50', TEN.start)), 'free');
    assert.equal(await status('south', slotKey('s1', 't50', TEN.start)), 'free');
    assert.equal(await status('north', slotKey('n2', 't50', NINE.start)), 'free');
    const sibling = await world.slotBody('south', slotKey('s1', 't50', monday(9, 30)));
    assert.ok(
      sibling.extension?.some((one) => 'valueCode' in one && one.valueCode === 'free'),
      'what its site said stays',
    );
  });

  it('frees the time again when it is cancelled, under the same slot ids', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const before = await world.slot('north', slotKey('n1', 't50', NINE.start));
    await world.tell('north', visit('V1', 'n1', NINE));
    world.clock.advance(1_000);
    await world.tell('north', visit('V1', 'n1', NINE, { status: 'cancelled' }));
    const after = await world.slot('north', slotKey('n1', 't50', NINE.start));
    assert.equal(after.id, before.id);
    assert.equal(after.status, 'free');
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('keeps the time when it is a no-show', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('V1', 'n1', NINE));
    world.clock.advance(1_000);
    await world.tell('north', visit('V1', 'n1', NINE, { status: 'noshow' }));
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('moves from nine to ten and back to nine', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', TEN)]);
    for (const time of [NINE, TEN, NINE]) {
      await world.tell('north', visit('V1', 'n1', time));
      world.clock.advance(1_000);
    }
    assert.deepEqual((await world.appointment('north', 'V1')).during, NINE);
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
    assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'free');
  });

  it('is not overwritten by older news that comes later', async (t) => {
    const world = await openWorld(t);
    const now = world.clock.now();
    await world.tell('north', visit('V1', 'n1', TEN), { at: plus(now, 10) });
    const late = await world.tell('north', visit('V1', 'n1', NINE), { at: now, shape: 'event' });
    assert.deepEqual((await world.appointment('north', 'V1')).during, TEN);
    assert.equal((await world.message(late)).status, 'superseded');
  });

  it('of two that have the same time, takes the one that arrived later, also after a replay of the first', async (t) => {
    const world = await openWorld(t);
    const at = world.clock.now();
    const first = await world.tell('north', visit('V1', 'n1', NINE), { at, shape: 'event' });
    const second = await world.tell('north', visit('V1', 'n1', TEN), { at, shape: 'event' });
    assert.deepEqual((await world.appointment('north', 'V1')).during, TEN);
    for (const id of [first, second, first]) {
      await world.write((tx) => tx.inbox.replay(id, world.clock.now()));
      await world.apply();
      assert.deepEqual((await world.appointment('north', 'V1')).during, TEN);
    }
  });

  it('replayed gives the same state and no new version', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const first = await world.tell('north', visit('V1', 'n1', NINE));
    const versions = `SELECT type, id, version FROM history ORDER BY 1, 2, 3`;
    const before = await world.rows(versions);
    world.clock.advance(60_000);
    assert.equal(await world.write((tx) => tx.inbox.replay(first, world.clock.now())), true);
    await world.apply();
    assert.deepEqual(await world.rows(versions), before);
    assert.equal((await world.message(first)).status, 'applied');
  });

  it('occupies each of its resources for the interval of that resource', async (t) => {
    const world = await openWorld(t);
    const room = { actor: { kind: 'location', code: 'room1' }, status: 'accepted', during: during(9, 30, 20) } as const;
    const person = { actor: { kind: 'practitioner', assertion: { code: 'ADA' } }, status: 'accepted' } as const;
    await world.tell('feed', fed('F1', NINE, { participants: [person, room] }));
    const rows = await world.rows(
      'SELECT resource_id, lower(during) AS from_at, upper(during) AS to_at FROM busy ORDER BY 2',
    );
    assert.deepEqual(rows, [
      { resource_id: SHARED, from_at: NINE.start, to_at: NINE.end },
      { resource_id: canonicalId.location('feed', 'room1'), from_at: monday(9, 30), to_at: monday(9, 50) },
    ]);
  });

  it('that is gone at the site is cancelled and frees its time', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('V1', 'n1', NINE));
    world.clock.advance(1_000);
    await world.tell('north', { kind: 'appointment-gone', at: world.clock.now(), key: 'V1' });
    assert.equal((await world.appointment('north', 'V1')).resource.status, 'cancelled');
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('is stored where it overlaps another one of the same site, and is no conflict there', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('V1', 'n1', NINE));
    await world.tell('north', visit('V2', 'n1', NINE, { patients: [BOB] }));
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 2);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('keeps the labels of its place and those of earlier messages when a cancel names neither', async (t) => {
    const world = await openWorld(t);
    world.plan = {
      ...world.plan,
      sites: world.plan.sites.map((site) =>
        site.id === 'feed'
          ? { ...site, sensitivity: { ...site.sensitivity, departments: { hall: ['42CFRPart2'] } } }
          : site,
      ),
    };
    await world.tell('feed', fed('F1', NINE, { security: ['VIP'] }));
    assert.deepEqual((await world.appointment('feed', 'F1')).security, ['42CFRPart2', 'VIP']);
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', NINE, { status: 'cancelled', participants: [] }));
    const cancelled = await world.appointment('feed', 'F1');
    assert.equal(cancelled.resource.status, 'cancelled');
    assert.deepEqual(cancelled.security, ['42CFRPart2', 'VIP']);
  });

  it('whose labels come from a place loses them when it moves to another place', async (t) => {
    const world = await openWorld(t);
    world.plan = {
      ...world.plan,
      sites: world.plan.sites.map((site) =>
        site.id === 'feed'
          ? { ...site, sensitivity: { ...site.sensitivity, departments: { hall: ['42CFRPart2'] } } }
          : site,
      ),
    };
    await world.tell('feed', fed('F1', NINE));
    world.clock.advance(1_000);
    const there = { actor: { kind: 'location', code: 'room1' }, status: 'accepted' } as const;
    await world.tell('feed', fed('F1', NINE, { participants: [there] }));
    assert.deepEqual((await world.appointment('feed', 'F1')).security, []);
  });
});

describe('a feed that publishes no slots', () => {
  it('fills a slot for each visit, which is free again when the visit is cancelled', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', during(9)));
    await world.tell('feed', fed('F2', during(9, 15), { patients: [BOB] }));
    const slots = `SELECT start_at, end_at, status FROM slot WHERE site = 'feed' ORDER BY start_at`;
    assert.deepEqual(
      (await world.rows(slots)).map((row) => [row['start_at'], row['end_at'], row['status']]),
      [
        [monday(9), monday(9, 30), 'busy'],
        [monday(9, 15), monday(9, 45), 'busy'],
      ],
    );
    world.clock.advance(1_000);
    await world.tell('feed', fed('F2', during(9, 15), { patients: [BOB], status: 'cancelled' }));
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(9), { status: 'cancelled' }));
    assert.deepEqual(
      (await world.rows(slots)).map((row) => row['status']),
      ['free', 'free'],
    );
  });

  it('moves the slot with a visit whose message names nobody', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', during(9)));
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(11), { participants: [] }));
    const slots = await world.rows(
      `SELECT start_at, status, content::json->>'start' AS start FROM slot ORDER BY start_at`,
    );
    assert.deepEqual(
      slots.map((row) => [row['start_at'], row['status'], row['start']]),
      [
        [monday(9), 'free', '2026-11-23T09:00:00Z'],
        [monday(11), 'busy', '2026-11-23T11:00:00Z'],
      ],
    );
    assert.equal((await world.appointment('feed', 'F1')).slots.length, 1);
  });

  it('opens no time by a visit that was over before it was heard of', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', during(9), { status: 'cancelled' }));
    assert.deepEqual(await world.rows('SELECT 1 FROM slot'), []);
  });

  it('shows a visit that names only a place as taken time', async (t) => {
    const world = await openWorld(t);
    const hall = { actor: { kind: 'location', code: 'hall' }, status: 'accepted' } as const;
    await world.tell('feed', fed('F1', during(9), { participants: [hall] }));
    assert.deepEqual(
      (await world.rows(`SELECT status FROM slot WHERE site = 'feed'`)).map((row) => row['status']),
      ['busy'],
    );
  });

  it('closes the time of the person at the sites that publish slots', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.tell('feed', fed('F1', during(9, 30)));
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
  });
});

describe('what cannot be applied', () => {
  it('an unknown calendar parks the message alone, and a replay after the site file was mended applies it', async (t) => {
    const world = await openWorld(t);
    const bad = await world.tell('north', visit('V1', 'n9', NINE), { apply: false });
    const good = await world.tell('north', visit('V2', 'n1', TEN), { apply: false });
    await world.apply();
    const parked = await world.message(bad);
    assert.deepEqual([parked.status, parked.stage, parked.code], ['parked', 'identify', 'RESOURCE_UNKNOWN']);
    assert.equal((await world.message(good)).status, 'applied');
    world.plan = {
      ...world.plan,
      sites: world.plan.sites.map((site) =>
        site.id === 'north'
          ? {
              ...site,
              resources: {
                ...site.resources,
                calendars: { ...site.resources.calendars, n9: { practitioner: 'local:zoe', location: 'annex' } },
              },
            }
          : site,
      ),
    };
    await world.syncDirectory();
    await world.write((tx) => tx.inbox.replay(bad, world.clock.now()));
    await world.apply();
    assert.equal((await world.message(bad)).status, 'applied');
    assert.deepEqual((await world.appointment('north', 'V1')).during, NINE);
  });

  it('an unknown visit type is counted, leaves the visit applied, and opens one work item', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('V1', 'n1', NINE, { visitType: { code: 'odd' } }));
    await world.tell('north', visit('V2', 'n1', TEN, { visitType: { code: 'odd' } }));
    assert.deepEqual(await world.rows('SELECT code, count FROM unmapped_code'), [{ code: 'odd', count: 2 }]);
    const items = await world.read((tx) => tx.workItems.list(10));
    assert.deepEqual(
      items.map((item) => item.kind),
      ['unmapped'],
    );
    assert.equal((await world.appointment('north', 'V2')).visitType, null);
  });

  it('a fault while applying is told once and parks that message alone', async (t) => {
    const world = await openWorld(t);
    const bad = await world.tell('north', { fault: 'a bug' }, { apply: false });
    const unreadable = {
      kind: 'unreadable',
      issues: [{ code: 'MESSAGE_INCOMPLETE', where: 'x', problem: 'is not there' }],
    } as const;
    const poor = await world.tell('north', { mapped: unreadable }, { apply: false });
    const good = await world.tell('north', visit('V2', 'n1', TEN), { apply: false });
    await world.apply();
    assert.equal((await world.message(bad)).status, 'parked');
    assert.equal((await world.message(bad)).code, 'APPLY_FAILED');
    assert.equal((await world.message(poor)).code, 'MESSAGE_INCOMPLETE');
    assert.equal((await world.message(good)).status, 'applied');
    const told = world.told.filter(([name]) => name === 'parked').map((args) => args.at(-1));
    assert.deepEqual([...told].sort(), [bad, poor].sort());
  });

  it('a hundred messages share one transaction', async (t) => {
    const world = await openWorld(t);
    for (let n = 0; n < 100; n += 1) {
      const time = during(8, 0, 5);
      await world.tell(
        'feed',
        fed(`F${n}`, { start: plus(time.start, n * 300_000), end: plus(time.end, n * 300_000) }),
        { apply: false },
      );
    }
    await world.stage.step();
    const rows = await world.rows('SELECT count(*)::int AS n, count(DISTINCT xid)::int AS commits FROM appointment');
    assert.deepEqual(rows, [{ n: 100, commits: 1 }]);
  });
});

describe('slots that a site publishes', () => {
  it('that vanish become busy-unavailable under the same id, and return when they are offered again', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const { id } = await world.slot('north', slotKey('n1', 't50', NINE.start));
    world.clock.advance(1_000);
    await world.offer('north', 'n1', 't50', []);
    assert.deepEqual(pick(await world.slot('north', slotKey('n1', 't50', NINE.start))), [id, 'busy-unavailable']);
    world.clock.advance(1_000);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    assert.deepEqual(pick(await world.slot('north', slotKey('n1', 't50', NINE.start))), [id, 'free']);
  });

  it('that are new are taken at once where their person already is', async (t) => {
    const world = await openWorld(t);
    await world.tell('south', visit('S1', 's1', NINE));
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
  });

  it('of an older answer do not overwrite those of a newer one', async (t) => {
    const world = await openWorld(t);
    const now = world.clock.now();
    await world.offer('north', 'n1', 't50', [], plus(now, 1_000));
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)], now);
    assert.deepEqual(await world.rows('SELECT 1 FROM slot'), []);
  });

  it('carry the place that the calendar has now', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    world.plan = {
      ...world.plan,
      sites: world.plan.sites.map((site) =>
        site.id === 'north'
          ? {
              ...site,
              resources: {
                ...site.resources,
                calendars: { ...site.resources.calendars, n1: { practitioner: 'npi:1043333339', location: 'annex' } },
              },
            }
          : site,
      ),
    };
    await world.syncDirectory();
    world.clock.advance(1_000);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const slot = await world.slot('north', slotKey('n1', 't50', NINE.start));
    assert.equal(slot.locationId, canonicalId.location('north', 'annex'));
  });
});

describe('blocks', () => {
  const block = { key: 'B1', during: during(9, 0, 120) };

  it('close every slot of the person, at every site, and open it again when they are no longer listed', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.offer('south', 's1', 't50', [offered('s1', 't50', TEN)]);
    const listed = (blocks: readonly (typeof block)[]) =>
      ({ kind: 'blocks', at: world.clock.now(), calendar: 'n1', window: MONDAY, blocks }) as const;
    await world.tell('north', listed([block]), { object: 'blocks:n1' });
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy-unavailable');
    assert.equal((await world.slot('south', slotKey('s1', 't50', TEN.start))).status, 'busy-unavailable');
    world.clock.advance(1_000);
    await world.tell('north', listed([]), { object: 'blocks:n1' });
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'free');
    assert.equal((await world.slot('south', slotKey('s1', 't50', TEN.start))).status, 'free');
  });

  it('that were opened are not closed again by older news', async (t) => {
    const world = await openWorld(t);
    const actor = { kind: 'practitioner', assertion: { code: 'ADA' } } as const;
    const change = (closed: boolean) =>
      ({ kind: 'block', at: world.clock.now(), key: 'B1', actor, during: block.during, closed }) as const;
    const closed = await world.tell('feed', change(true), { shape: 'event', object: 'schedule:ADA' });
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
    world.clock.advance(1_000);
    await world.tell('feed', change(false), { shape: 'event', object: 'schedule:ADA' });
    await world.write((tx) => tx.inbox.replay(closed, world.clock.now()));
    await world.apply();
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });
});

function pick(slot: { readonly id: string; readonly status: string }): [string, string] {
  return [slot.id, slot.status];
}
