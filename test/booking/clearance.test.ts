/** A slot that a caller has no clearance for is taken time to that caller, wherever in a request it is named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SetRequest } from '../../src/booking/contract-set.ts';
import { hold } from '../../src/booking/hold.ts';
import { askMove } from '../../src/booking/move.ts';
import { holdSet } from '../../src/booking/set.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Scope } from '../../src/store/contract.ts';
import { during, offered, openWorld, SCOPE, slotKey, testSites, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const OPEN = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));
const MASKED = canonicalId.slot('north', slotKey('room', 't50', NINE.start));
const UNCLEARED: Scope = { ...SCOPE, clearances: [] };

/** One room of the clinic is sensitive. */
function clinic(): readonly SiteSettings[] {
  const [north, south, feed] = testSites();
  const room = { name: 'Room 1', timeZone: 'UTC', room: true, codes: [], partOf: 'north-clinic' };
  const calendars = { ...north.resources.calendars, room: { location: 'r1' } };
  return [
    {
      ...north,
      locations: { ...north.locations, r1: room },
      resources: { ...north.resources, calendars },
      sensitivity: { ...north.sensitivity, departments: { r1: ['R'] } },
    },
    south,
    feed,
  ];
}

async function openDay(t: Cleanup): Promise<{ readonly world: World; readonly ana: string }> {
  const world = await openWorld(t, { sites: clinic() });
  world.sites.north.resources = 'several';
  for (const calendar of ['n1', 'room']) await world.offer('north', calendar, 't50', [offered(calendar, 't50', NINE)]);
  return { world, ana: await world.patient('north') };
}

describe('a slot that is masked for the caller', () => {
  it('is taken where it is a further slot of a visit, and nothing of the visit is held', async (t) => {
    const { world, ana } = await openDay(t);
    const held = await hold(world.resolveDeps, world.placing(OPEN, ana, { also: [MASKED] }), UNCLEARED);
    assert.equal(held.kind, 'taken');
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
    const cleared = await hold(world.resolveDeps, world.placing(OPEN, ana, { also: [MASKED] }), SCOPE);
    assert.equal(cleared.kind, 'held');
  });

  it('is taken where it is one of several visits of which those are booked that can be', async (t) => {
    const { world, ana } = await openDay(t);
    const { client, requestKey, digest, requestId, trace, ...wish } = world.placing(MASKED, ana);
    const asked = { client, requestKey, digest, requestId, trace };
    const request: SetRequest = {
      ...asked,
      mode: 'best-effort',
      rules: [],
      visits: [{ ...wish, name: null, recurrence: null }],
    };
    const held = await holdSet(world.resolveDeps, request, UNCLEARED);
    assert.ok(held.kind === 'held');
    assert.deepEqual(
      held.steps.map(({ state, code }) => [state, code]),
      [['refused', 'SLOT_TAKEN']],
    );
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('is taken where a visit is moved there, also when it overlaps the time that the visit has', async (t) => {
    const { world, ana } = await openDay(t);
    const booking = await world.book(OPEN, ana);
    world.clock.advance(60_000);
    const moved = await askMove(world.resolveDeps, world.moving(booking.appointmentId, MASKED), UNCLEARED);
    assert.equal(moved.kind, 'taken');
    assert.equal((await world.slot('north', slotKey('room', 't50', NINE.start))).siteStatus, 'free');
    assert.deepEqual(await world.rows(`SELECT 1 FROM booking WHERE action = 'move'`), []);
  });
});
