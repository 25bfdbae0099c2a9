/** Who acts for the patient of a visit: whom a caller may name, and what becomes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import type { Instant } from '../../src/core/instant.ts';
import { actingIn } from '../../src/fhir/acting.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import type { RelatedAssertion } from '../../src/mappings/contract-people.ts';
import type { PlaceRequest } from '../../src/booking/contract.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { Scope } from '../../src/store/contract.ts';
import {
  ANA,
  BOB,
  bookedAt,
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

const NINE = during(9, 0, 50);
const ELEVEN = during(11, 0, 50);
const slotAt = (time: typeof NINE, calendar = 'n1'): string =>
  canonicalId.slot('north', slotKey(calendar, 't50', time.start));
const numbered = (value: string): (typeof ANA)['identifiers'] => [{ system: 'urn:mrn', value, type: 'MR' }];

async function openDay(t: Cleanup): Promise<World> {
  const world = await openWorld(t);
  for (const calendar of ['n1', 'n2'])
    await world.offer('north', calendar, 't50', [offered(calendar, 't50', NINE), offered(calendar, 't50', ELEVEN)]);
  return world;
}

/** Her mother, as a site tells of her beside its own record; the RelatedPerson's id. */
async function motherOf(
  world: World,
  site: string,
  key: string,
  more: Partial<RelatedAssertion> = {},
): Promise<string> {
  const mother = { key: 'rosa', identifiers: [], family: 'Lopez', given: 'Rosa', relationship: [], ...more };
  const at: Instant = world.clock.now();
  const people = { kind: 'related-people', at, patient: { key }, parts: ['contact'], people: [mother] } as const;
  await world.tell(site, people, { object: `related-${site}-${key}-${String(at)}` });
  return canonicalId.relatedPerson(site, key, mother.key);
}

async function decide(world: World, verdict: 'same' | 'different', one: string, other: string): Promise<void> {
  world.clock.advance(1_000);
  const desk = peopleDesk({ store: world.store, clock: world.clock });
  await desk.decide({ scope: SCOPE, requestId: 'r' }, { one, other, verdict, reason: 'asked at the counter' });
}

async function shown(world: World, id: string, scope: Scope = SCOPE): Promise<Appointment> {
  const served = await world.read((tx) => tx.resources.read('Appointment', id), scope);
  return JSON.parse(served?.json ?? '{}') as Appointment;
}

async function actingOn(world: World, { appointmentId }: Pick<Booking, 'appointmentId'>): Promise<readonly string[]> {
  const stored = await world.appointmentOf(appointmentId);
  const named = actingIn(await shown(world, appointmentId));
  // Whom it names is what it is found by.
  for (const id of named) assert.ok(stored?.actors.includes(id));
  return named;
}

const refusedAs =
  (code: string, text = /./) =>
  (error: unknown) =>
    error instanceof HubError && error.code === code && text.test(error.message);

describe('a booking that names who acts for the patient', () => {
  it('keeps them on the visit, who asked and who acts in audit and ledger, and tells the site nothing', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    const booking = await world.book(slotAt(NINE), ana, { acting });
    assert.equal(booking.state, 'booked');
    const { participant } = await shown(world, booking.appointmentId);
    assert.deepEqual(participant.at(-1), {
      actor: { reference: `RelatedPerson/${acting}` },
      status: 'accepted',
    });
    assert.deepEqual(await actingOn(world, booking), [acting]);
    assert.ok(!JSON.stringify(world.sites.north.placed).includes(acting));
    const [held] = await world.read((tx) => tx.ledger.ofBooking(booking.id));
    assert.deepEqual(held?.data, { acting });
    const audited = await world.rows(
      `SELECT actor, action, outcome FROM audit WHERE resource_type = 'RelatedPerson' AND resource_id = $1`,
      [acting],
    );
    assert.deepEqual(audited, [{ actor: SCOPE.actor, action: 'book', outcome: 'success' }]);
  });

  it('is refused for somebody unknown, for another patient’s, and for one who acts no more or not yet', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    await world.patient('north', BOB);
    const ask = (acting: string): Promise<Booking> => world.book(slotAt(NINE), ana, { acting });
    await assert.rejects(ask(canonicalId.relatedPerson('north', 'ana', 'nobody')), refusedAs('NOT_FOUND'));
    const ofBob = await motherOf(world, 'north', 'bob');
    await assert.rejects(ask(ofBob), refusedAs('RULE_BROKEN', /another patient/));
    world.clock.advance(1_000);
    const past = await motherOf(world, 'north', 'ana', { key: 'past', until: '2026-11-20' });
    await assert.rejects(ask(past), refusedAs('RULE_BROKEN', /any more, or not yet/));
    world.clock.advance(1_000);
    const coming = await motherOf(world, 'north', 'ana', { key: 'coming', from: '2026-11-24' });
    await assert.rejects(ask(coming), refusedAs('RULE_BROKEN', /any more, or not yet/));
    world.clock.advance(1_000);
    const until = await motherOf(world, 'north', 'ana', { key: 'today', until: '2026-11-22' });
    // Not in the list any more.
    await assert.rejects(ask(coming), refusedAs('RULE_BROKEN', /any more, or not yet/));
    assert.equal((await world.slot('north', slotKey('n1', 't50', NINE.start))).status, 'free');
    assert.equal((await ask(until)).state, 'booked');
  });

  it('takes one of a linked record, as long as it is linked and may be seen', async (t) => {
    const world = await openDay(t);
    const north = await world.patient('north', { ...ANA, identifiers: numbered('N1') });
    world.clock.advance(1_000);
    const feed = await world.patient('feed', { ...ANA, key: 'f1', identifiers: numbered('F1') });
    const acting = await motherOf(world, 'feed', 'f1');
    await assert.rejects(world.book(slotAt(NINE), north, { acting }), refusedAs('RULE_BROKEN', /another patient/));
    await decide(world, 'same', north, feed);
    const request = world.placing(slotAt(NINE), north, { acting });
    const ofNorth: Scope = { ...SCOPE, sites: ['north'] };
    await assert.rejects(world.desk.place(request, ofNorth), refusedAs('NOT_FOUND'));
    const booking = await world.book(slotAt(NINE), north, { acting });
    assert.deepEqual(await actingOn(world, booking), [acting]);
    // Whoever may not see the other site is not told of her by the visit.
    assert.deepEqual(actingIn(await shown(world, booking.appointmentId, ofNorth)), []);
    const first = await world.read((tx) => tx.resources.readVersion('Appointment', booking.appointmentId, 1), ofNorth);
    assert.ok(first !== null && !first.json.includes('RelatedPerson'));
  });

  it('is the same asked again under its key, and another one with somebody else is refused', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    const asked: Partial<PlaceRequest> = { acting, requestKey: 'once', digest: 'with-rosa' };
    const first = await world.book(slotAt(NINE), ana, asked);
    assert.equal((await world.book(slotAt(NINE), ana, asked)).id, first.id);
    const other = world.placing(slotAt(NINE), ana, { ...asked, digest: 'with-tom' });
    await assert.rejects(world.desk.place(other, SCOPE), refusedAs('REQUEST_KEY_REUSED'));
  });
});

describe('news of the site', () => {
  it('leaves who acts for the patient, whatever it says of the visit', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    world.sites.north.onPlace = (order) => bookedAt('k1', order);
    const booking = await world.book(slotAt(NINE), ana, { acting });
    for (const more of [{}, { comment: 'bring the letter' }, { status: 'arrived' as const }]) {
      world.clock.advance(60_000);
      await world.tell('north', { ...visit('k1', 'n1', NINE, { patients: [ANA] }), ...more });
      assert.deepEqual(await actingOn(world, booking), [acting]);
    }
    const before = (await shown(world, booking.appointmentId)).meta?.versionId;
    world.clock.advance(60_000);
    await world.tell('north', { ...visit('k1', 'n1', NINE, { patients: [ANA] }), status: 'arrived' });
    assert.equal((await shown(world, booking.appointmentId)).meta?.versionId, before);
  });

  it('that comes before the answer does too', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
    const booking = await world.book(slotAt(NINE), ana, { acting });
    world.clock.advance(1_000);
    await world.tell('north', visit('k1', 'n1', NINE, { patients: [ANA] }));
    assert.equal((await world.booking(booking.id)).state, 'booked');
    assert.deepEqual(await actingOn(world, await world.booking(booking.id)), [acting]);
  });

  it('that names the record by which the site knows the person leaves them; another person’s visit loses them', async (t) => {
    const world = await openDay(t);
    const feed = await world.patient('feed', { ...ANA, key: 'f1' });
    const acting = await motherOf(world, 'feed', 'f1');
    world.sites.north.onPlace = (order) => bookedAt('k1', order);
    const booking = await world.book(slotAt(NINE), feed, { acting });
    world.clock.advance(60_000);
    // Its own record of her, which nothing joins to that of the feed.
    await world.tell('north', visit('k1', 'n1', NINE, { patients: [{ ...ANA, key: 'typed' }] }));
    assert.deepEqual(await actingOn(world, booking), [acting]);
    world.clock.advance(60_000);
    await world.tell('north', visit('k1', 'n1', NINE, { patients: [BOB] }));
    assert.deepEqual(await actingOn(world, booking), []);
    assert.ok(!(await world.appointmentOf(booking.appointmentId))?.actors.includes(acting));
  });
});

describe('a visit of several people', () => {
  it('loses who acts for one of them when that one goes, and keeps them when another does', async (t) => {
    for (const [left, stay] of [
      [BOB, false],
      [{ ...ANA, key: 'ana' }, true],
    ] as const) {
      const world = await openDay(t);
      const ana = await world.patient('north');
      const acting = await motherOf(world, 'north', 'ana');
      world.sites.north.onPlace = (order) => bookedAt('k1', order);
      const booking = await world.book(slotAt(NINE), ana, { acting });
      world.clock.advance(60_000);
      await world.tell('north', visit('k1', 'n1', NINE, { patients: [ANA, BOB] }));
      assert.deepEqual(await actingOn(world, booking), [acting]);
      world.clock.advance(60_000);
      await world.tell('north', visit('k1', 'n1', NINE, { patients: [left] }));
      assert.deepEqual(await actingOn(world, booking), stay ? [acting] : []);
    }
  });
});

describe('who acts for the patient goes along', () => {
  it('with a move to another person’s time, also under another id at the site', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    world.sites.north.onPlace = (order) => bookedAt('k1', order);
    world.sites.north.onMove = (order) => bookedAt('k2', order);
    const booking = await world.book(slotAt(NINE), ana, { acting });
    world.clock.advance(60_000);
    const moved = await world.move(booking.appointmentId, slotAt(ELEVEN, 'n2'));
    assert.equal(moved.state, 'booked');
    assert.notEqual(moved.appointmentId, booking.appointmentId);
    assert.deepEqual(await actingOn(world, moved), [acting]);
    world.clock.advance(60_000);
    await world.tell('north', visit('k2', 'n2', ELEVEN, { patients: [ANA] }));
    assert.deepEqual(await actingOn(world, moved), [acting]);
  });

  it('with a cancel', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    const booking = await world.book(slotAt(NINE), ana, { acting });
    world.clock.advance(60_000);
    assert.equal((await world.cancel(booking.appointmentId)).state, 'booked');
    assert.deepEqual(await actingOn(world, booking), [acting]);
  });

  it('and goes when the patient is erased', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    const booking = await world.book(slotAt(NINE), ana, { acting });
    world.clock.advance(60_000);
    await world.cancel(booking.appointmentId);
    const desk = peopleDesk({ store: world.store, clock: world.clock });
    await desk.erase({ scope: SCOPE, requestId: 'r' }, { records: [ana], reason: 'she asked for it' });
    assert.deepEqual(await actingOn(world, booking), []);
    assert.deepEqual((await world.appointmentOf(booking.appointmentId))?.actors.includes(acting), false);
    const { order } = await world.booking(booking.id);
    assert.ok(!JSON.stringify(order).includes(acting));
    const kept = await world.rows(`SELECT version FROM history WHERE type = 'Appointment' AND id = $1`, [
      booking.appointmentId,
    ]);
    assert.equal(kept.length, 1);
  });

  it('with a time that is held, named then or when it is booked, and refused there as elsewhere', async (t) => {
    const world = await openDay(t);
    const ana = await world.patient('north');
    const acting = await motherOf(world, 'north', 'ana');
    await world.patient('north', BOB);
    const ofBob = await motherOf(world, 'north', 'bob');
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...world.plan.hub.booking, wait_ms: 0 } } };
    for (const [time, then, later] of [
      [NINE, { acting }, {}],
      [ELEVEN, {}, { acting }],
    ] as const) {
      const held = await world.desk.hold({ ...world.placing(slotAt(time), ana, then), seconds: null }, SCOPE);
      const appointmentId = held.kind === 'held' ? held.appointment.id : '';
      const asked = { ...world.changing(appointmentId), identifiers: [], patientId: null };
      await assert.rejects(world.desk.bookHeld({ ...asked, acting: ofBob }, SCOPE), refusedAs('RULE_BROKEN'));
      await world.desk.bookHeld({ ...asked, ...later }, SCOPE);
      await world.deliver();
      assert.equal((await shown(world, appointmentId)).status, 'booked');
      assert.deepEqual(await actingOn(world, { appointmentId }), [acting]);
    }
  });
});

describe('a phone that a minor shares with whoever pays', () => {
  const PHONE = { phone: '+1 555 555 0188' };
  const MIA = { key: 'mia', identifiers: [], family: 'Lopez', given: 'Mia', birthDate: '2012-03-04', ...PHONE };

  for (const [labels, told] of [
    [[], PHONE.phone],
    [['R'], undefined],
  ] as const) {
    it(`is ${told === undefined ? 'not ' : ''}told to the site of a visit ${labels.join() || 'without a label'}`, async (t) => {
      const [first, ...others] = testSites();
      const sensitivity = { ...first.sensitivity, departments: { 'north-clinic': labels } };
      const world = await openWorld(t, { sites: [{ ...first, sensitivity }, ...others] });
      await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', ELEVEN)]);
      const mia = await world.patient('feed', MIA);
      const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleClass', code: 'GUAR' }];
      const payer = {
        key: 'ana',
        identifiers: [],
        family: 'Lopez',
        given: 'Ana',
        relationship: [{ coding }],
        ...PHONE,
      };
      await world.tell(
        'feed',
        {
          kind: 'related-people',
          at: world.clock.now(),
          patient: { key: 'mia' },
          parts: ['guarantor'],
          people: [payer],
        },
        { object: 'related-mia' },
      );
      const booking = await world.book(slotAt(NINE), mia);
      assert.equal(booking.state, 'booked');
      world.clock.advance(60_000);
      await world.move(booking.appointmentId, slotAt(ELEVEN));
      const asked = [...world.sites.north.placed, ...world.sites.north.moved];
      assert.deepEqual(
        asked.map(({ patient }) => [patient.family, patient.phone]),
        [
          ['Lopez', told],
          ['Lopez', told],
        ],
      );
    });
  }
});
