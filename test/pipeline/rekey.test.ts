/** Two practitioners turn out to be one, or one to be two: what their codes take moves, and nobody is booked twice. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { PractitionerAssertion } from '../../src/mappings/contract.ts';
import { hold } from '../../src/booking/hold.ts';
import type { ResourceRule, SiteSettings } from '../../src/settings/shape.ts';
import {
  ANA,
  BOB,
  NPI,
  SCOPE,
  SHARED,
  during,
  fed,
  offered,
  openWorld,
  slotKey,
  testPlan,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';

const [NORTH, SOUTH, FEED] = testSites();
const OTHER = '1234567893';
const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const ALONE = canonicalId.practitionerAtSite('feed', 'P9');
const BEN = canonicalId.practitionerAtSite('north', 'ben');
const BY_OTHER = canonicalId.practitionerByNpi(OTHER);

function says(assertion: PractitionerAssertion): Pick<Parameters<typeof fed>[2] & object, 'participants' | 'patients'> {
  return { participants: [{ actor: { kind: 'practitioner', assertion }, status: 'accepted' }], patients: [BOB] };
}

async function write(
  world: World,
  more: { feed?: Readonly<Record<string, ResourceRule>>; n2?: ResourceRule },
): Promise<void> {
  const { calendars } = NORTH.resources;
  const n2 = more.n2 ?? calendars['n2'] ?? {};
  const north: SiteSettings = { ...NORTH, resources: { ...NORTH.resources, calendars: { ...calendars, n2 } } };
  const practitioners = more.feed ?? FEED.resources.practitioners;
  world.plan = testPlan([north, SOUTH, { ...FEED, resources: { ...FEED.resources, practitioners } }]);
  await world.syncDirectory();
  await world.apply();
}

async function taken(world: World, id: string): Promise<number> {
  return (await world.rows('SELECT 1 FROM busy WHERE resource_id = $1 AND live', [id])).length;
}

async function conflicts(world: World): Promise<number> {
  return (await world.read((tx) => tx.workItems.list(50))).filter(({ kind }) => kind === 'conflict').length;
}

describe('a code that turns out to be a person who is known elsewhere', () => {
  it('brings its visits with it: slots elsewhere close, visits name the person, and the ledger says why', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9', family: 'Shared' })));
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'free');
    await write(world, { feed: { P9: { practitioner: `npi:${NPI}` } } });
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'busy');
    const moved = await world.appointment('feed', 'F1');
    assert.ok(moved.actors.includes(SHARED) && !moved.actors.includes(ALONE));
    const named = moved.resource.participant.map(({ actor }) => actor?.reference);
    assert.ok(named.includes(`Practitioner/${SHARED}`) && !named.includes(`Practitioner/${ALONE}`));
    const entries = await world.rows(
      `SELECT cause, appointment_id FROM ledger WHERE kind = 'practitioner-changed' AND data::jsonb ->> 'code' = 'P9'
       ORDER BY appointment_id NULLS FIRST`,
    );
    assert.deepEqual(entries, [
      { cause: 'site-file', appointment_id: null },
      { cause: 'site-file', appointment_id: moved.id },
    ]);
  });

  it('is undone by the reverse change, to the same rows', async (t) => {
    const world = await openWorld(t);
    const rows = (): ReturnType<World['rows']> =>
      world.rows(`SELECT resource_id, during, occupancy, origin, site, appointment_id, contested FROM busy
                  ORDER BY appointment_id, resource_id`);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9' })));
    await world.tell('feed', fed('F2', TEN, says({ code: 'ADA' })));
    const before = await rows();
    await write(world, { feed: { ADA: { practitioner: `npi:${NPI}` }, P9: { practitioner: `npi:${NPI}` } } });
    assert.notDeepEqual(await rows(), before);
    await write(world, {});
    assert.deepEqual(await rows(), before);
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'free');
    const [person] = (await world.appointment('feed', 'F1')).resource.participant.map(({ actor }) => actor?.reference);
    assert.ok((await world.appointment('feed', 'F1')).actors.includes(ALONE), person);
  });

  it('takes the time once, and is named once, where a visit had it under both codes', async (t) => {
    const world = await openWorld(t);
    const both = ['ADA', 'P9'].flatMap((code) => says({ code }).participants ?? []);
    await world.tell('feed', fed('F1', NINE, { ...says({ code: 'P9' }), participants: both }));
    assert.deepEqual([await taken(world, ALONE), await taken(world, SHARED)], [1, 1]);
    const npi = { practitioner: `npi:${NPI}` };
    await write(world, { feed: { ADA: npi, P9: npi } });
    assert.deepEqual([await taken(world, ALONE), await taken(world, SHARED)], [0, 1]);
    const { actors, resource } = await world.appointment('feed', 'F1');
    const named = resource.participant.flatMap(({ actor }) => actor?.reference ?? []);
    const people = named.filter((one) => one.startsWith('Practitioner/'));
    assert.deepEqual([actors.includes(ALONE), people], [false, [`Practitioner/${SHARED}`]]);
  });

  it('leaves what is over as it was', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9' })));
    world.clock.advance(TEN.start - world.clock.now());
    await write(world, { feed: { P9: { practitioner: `npi:${NPI}` } } });
    assert.deepEqual([await taken(world, ALONE), await taken(world, SHARED)], [1, 0]);
    assert.ok((await world.appointment('feed', 'F1')).actors.includes(ALONE));
  });

  it('reveals overlaps: both visits stand, contested, and are a conflict until the two are two again', async (t) => {
    const world = await openWorld(t);
    for (const calendar of ['n1', 'n2']) await world.offer('north', calendar, 't50', [offered(calendar, 't50', NINE)]);
    const [ana, bob] = [await world.patient('north'), await world.patient('north', BOB)];
    const one = await world.book(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), ana);
    const two = await world.book(canonicalId.slot('north', slotKey('n2', 't50', NINE.start)), bob);
    assert.deepEqual([one.state, two.state], ['booked', 'booked']);
    await write(world, { n2: { practitioner: `npi:${NPI}`, location: 'north-clinic' } });
    assert.deepEqual([await taken(world, BEN), await taken(world, SHARED)], [0, 2]);
    assert.equal(await conflicts(world), 1);
    // News of a contested visit is applied like any other.
    world.clock.advance(1_000);
    const { siteKey } = await world.booking(two.id);
    await world.tell('north', visit(siteKey ?? '', 'n2', NINE, { patients: [BOB], status: 'arrived' }));
    assert.equal((await world.appointmentOf(two.appointmentId))?.resource.status, 'arrived');
    await write(world, {});
    assert.deepEqual([await taken(world, BEN), await taken(world, SHARED)], [1, 1]);
    assert.deepEqual(await world.rows('SELECT 1 FROM busy WHERE contested'), []);
    assert.equal(await conflicts(world), 0);
  });

  it('takes along what is held and not booked yet: its visit names the right person when the site says yes', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE)]);
    const request = world.placing(
      canonicalId.slot('north', slotKey('n2', 't50', NINE.start)),
      await world.patient('north'),
    );
    const held = await hold(world.resolveDeps, request, SCOPE);
    assert.equal(held.kind, 'held');
    await write(world, { n2: { practitioner: `npi:${OTHER}`, location: 'north-clinic' } });
    assert.deepEqual([await taken(world, BEN), await taken(world, BY_OTHER)], [0, 1]);
    await world.deliver();
    const booking = await world.read((tx) => tx.bookings.byRequestKey('tester', request.requestKey));
    assert.equal(booking?.state, 'booked');
    assert.deepEqual(booking.resources, [BY_OTHER]);
    const actors = (await world.appointmentOf(booking.appointmentId))?.actors ?? [];
    assert.ok(actors.includes(BY_OTHER) && !actors.includes(BEN));
  });
});

describe('one person who turns out to be two', () => {
  it('keeps the visits of the other codes, of a site that had both under one number too', async (t) => {
    const world = await openWorld(t);
    const both = { ADA: { practitioner: `npi:${NPI}` }, P9: { practitioner: `npi:${NPI}` } };
    await write(world, { feed: both });
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9' })));
    await world.tell('feed', fed('F2', TEN, says({ code: 'ADA' })));
    await world.tell('south', visit('S1', 's1', during(11, 0, 50)));
    assert.equal(await taken(world, SHARED), 3);
    await write(world, { feed: { ...both, P9: { practitioner: `npi:${OTHER}` } } });
    assert.deepEqual([await taken(world, SHARED), await taken(world, BY_OTHER)], [2, 1]);
    assert.ok((await world.appointment('feed', 'F1')).actors.includes(BY_OTHER));
    assert.ok((await world.appointment('feed', 'F2')).actors.includes(SHARED));
  });

  it('is told by the rows of an earlier release, which name no code, by the calendar of the visit', async (t) => {
    const world = await openWorld(t);
    const both = { ADA: { practitioner: `npi:${NPI}` }, P9: { practitioner: `npi:${NPI}` } };
    await write(world, { feed: both });
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9' })));
    await world.tell('feed', fed('F2', TEN, says({ code: 'ADA' })));
    await world.pool.query('UPDATE busy SET code = NULL');
    await write(world, { feed: { ...both, P9: { practitioner: 'local:p9' } } });
    const own = canonicalId.practitionerAtSite('feed', 'p9');
    assert.deepEqual([await taken(world, SHARED), await taken(world, own)], [1, 1]);
    assert.ok((await world.appointment('feed', 'F1')).actors.includes(own));
  });

  it('leaves a calendar to its room, or to itself, where the file says that it is nobody', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n2', NINE));
    assert.equal(await taken(world, BEN), 1);
    await write(world, { n2: { location: 'north-clinic' } });
    const itself = canonicalId.schedule('north', 'n2');
    assert.deepEqual([await taken(world, BEN), await taken(world, itself)], [0, 1]);
    assert.ok(!(await world.appointment('north', 'N1')).actors.includes(BEN));
  });
});

describe('a code that turns out to be a room', () => {
  it('takes the room from then on, and its visits name no person', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9' })));
    await write(world, { feed: { P9: { location: 'room1' } } });
    const room = canonicalId.location('feed', 'room1');
    assert.deepEqual([await taken(world, ALONE), await taken(world, room)], [0, 1]);
    const { actors } = await world.appointment('feed', 'F1');
    assert.ok(actors.includes(room) && !actors.includes(ALONE));
    await world.tell('feed', { kind: 'practitioner', at: world.clock.now(), assertion: { code: 'P9', npi: OTHER } });
    assert.deepEqual([await taken(world, room), await taken(world, BY_OTHER)], [1, 0]);
  });

  it('is the room of its calendar, where a vendor has calendars for rooms', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n2', NINE));
    const { calendars } = NORTH.resources;
    const annex = { ...NORTH.locations['annex'], name: 'Annex', timeZone: 'UTC', codes: [], room: true };
    const north: SiteSettings = {
      ...NORTH,
      locations: { ...NORTH.locations, annex },
      resources: { ...NORTH.resources, calendars: { ...calendars, n2: { location: 'annex' } } },
    };
    world.plan = testPlan([north, SOUTH, FEED]);
    await world.syncDirectory();
    const room = canonicalId.location('north', 'annex');
    assert.deepEqual([await taken(world, BEN), await taken(world, room)], [0, 1]);
    await world.tell('north', visit('N2', 'n2', TEN));
    assert.equal(await taken(world, room), 2);
  });
});

describe('what a site says of its own codes', () => {
  it('makes a code alone the person that a master file named, for visits before and behind it', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9', family: 'Ortiz', given: 'Ben' })));
    const assertion = { code: 'P9', npi: OTHER, family: 'Ortiz', given: 'Benjamin' };
    await world.tell('feed', { kind: 'practitioner', at: world.clock.now(), assertion });
    await world.apply();
    assert.deepEqual([await taken(world, ALONE), await taken(world, BY_OTHER)], [0, 1]);
    await world.tell('feed', fed('F2', TEN, says({ code: 'P9', family: 'Ortiz' })));
    assert.equal(await taken(world, BY_OTHER), 2);
  });

  it('is learned from any message, once, and another number later is shown to a person', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9', npi: OTHER, family: 'Ortiz' })));
    await world.tell('feed', fed('F2', TEN, says({ code: 'P9', family: 'Ortiz' })));
    assert.equal(await taken(world, BY_OTHER), 2);
    await world.tell('feed', fed('F3', during(11, 0, 50), says({ code: 'P9', npi: NPI, family: 'Ortiz' })));
    await world.tell('feed', fed('F4', during(12, 0, 50), says({ code: 'P9' })));
    assert.deepEqual([await taken(world, BY_OTHER), await taken(world, SHARED)], [3, 1]);
    const items = await world.read((tx) => tx.workItems.list(50));
    assert.ok(items.some(({ evidence }) => evidence['said'] === NPI && evidence['before'] === OTHER));
  });

  it('moves nothing where no name fits, until the site file has decided', async (t) => {
    const world = await openWorld(t);
    await world.tell('feed', fed('F1', NINE, says({ code: 'P9', family: 'Ortiz', given: 'Ben' })));
    await world.tell('feed', fed('F2', TEN, says({ code: 'P9', npi: NPI, family: 'Ortiz', given: 'Ben' })));
    await world.apply();
    assert.deepEqual([await taken(world, ALONE), await taken(world, SHARED)], [2, 0]);
    const asked = async (): Promise<number> =>
      (await world.read((tx) => tx.workItems.list(50))).filter(({ kind }) => kind === 'practitioner-conflict').length;
    assert.equal(await asked(), 1);
    await write(world, { feed: { P9: { practitioner: `npi:${NPI}`, name: 'Ben Ortiz' } } });
    assert.equal(await asked(), 0);
    assert.deepEqual([await taken(world, ALONE), await taken(world, SHARED)], [0, 2]);
  });
});

describe('bookings while two calendars become one', () => {
  it('of one time by many callers are one: the others are refused, whichever calendar they ask for', async (t) => {
    const world = await openWorld(t, { max: 16 });
    for (const calendar of ['n1', 'n2']) await world.offer('north', calendar, 't50', [offered(calendar, 't50', NINE)]);
    const people = await world.crowd('north', 10);
    const slots = ['n1', 'n2'].map((calendar) => canonicalId.slot('north', slotKey(calendar, 't50', NINE.start)));
    const joined = write(world, { n2: { practitioner: `npi:${NPI}`, location: 'north-clinic' } });
    const asked = people.map((patient, at) =>
      hold(world.resolveDeps, world.placing(slots[at % 2] ?? '', patient), SCOPE).then(
        ({ kind }) => kind,
        (error: unknown) => (error instanceof HubError ? error.code : 'fault'),
      ),
    );
    const told = await Promise.all(asked);
    await joined;
    await world.deliver();
    // Two that were both held before the calendars were one are both there, and at most one of them goes out.
    const held = told.filter((kind) => kind === 'held').length;
    assert.ok(held === 1 || held === 2, told.join(' '));
    const rows = await world.rows(
      `SELECT b.contested FROM busy b WHERE b.live AND b.resource_id = $1 AND b.origin = 'hub'`,
      [SHARED],
    );
    assert.equal(rows.filter(({ contested }) => contested === false).length <= 1, true);
    assert.equal(await taken(world, BEN), 0);
    const sent = await world.rows(`SELECT state FROM booking WHERE state = 'booked'`);
    assert.equal(sent.length, 1);
    for (const slot of slots)
      assert.notEqual((await world.rows('SELECT status FROM slot WHERE id = $1', [slot]))[0]?.['status'], 'free');
    const late = await hold(world.resolveDeps, world.placing(slots[1] ?? '', people[9] ?? ''), SCOPE);
    assert.equal(late.kind, 'taken');
  });

  it('that have looked before and lock behind it are made again as the other person', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE), offered('n2', 't50', TEN)]);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.tell('north', visit('N1', 'n1', NINE));
    const patient = await world.patient('north', ANA);
    // Holds the lock of the person of before, as the change does, until both bookings wait for it.
    const request = world.placing(canonicalId.slot('north', slotKey('n2', 't50', NINE.start)), patient);
    const other = world.placing(canonicalId.slot('north', slotKey('n2', 't50', TEN.start)), patient);
    const { promise: waiting, resolve: go } = Promise.withResolvers<undefined>();
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<undefined>();
    const first = world.store.transaction(SCOPE, async (tx) => {
      await tx.lock([BEN]);
      isLocked(undefined);
      await waiting;
    });
    await locked;
    const changed = write(world, { n2: { practitioner: `npi:${NPI}`, location: 'north-clinic' } });
    const blocked = async (): Promise<number> =>
      (
        await world.rows(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())`)
      ).length;
    while ((await blocked()) < 1) await new Promise(setImmediate);
    const asked = [hold(world.resolveDeps, request, SCOPE), hold(world.resolveDeps, other, SCOPE)];
    while ((await blocked()) < 3) await new Promise(setImmediate);
    go(undefined);
    await first;
    await changed;
    const told = await Promise.all(asked);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['taken', 'held'],
    );
    assert.deepEqual([await taken(world, BEN), await taken(world, SHARED)], [0, 2]);
  });
});
