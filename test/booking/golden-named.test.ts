/** A booking for a golden id is made for the owning site's own record of that person, or refused with what to do. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { ANA, BOB, during, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import type { PlaceRequest } from '../../src/booking/contract.ts';

const numbers = (value: string): (typeof ANA)['identifiers'] => [{ system: 'urn:mrn', value, type: 'MR' }];

async function worldOf(t: Cleanup): Promise<World> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9))]);
  return world;
}

async function bookAt9(world: World, patient: string, more?: Partial<PlaceRequest>): ReturnType<World['book']> {
  const slot = await world.slot('north', slotKey('n1', 't50', during(9).start));
  return world.book(slot.id, patient, more);
}

async function decide(world: World, verdict: 'same' | 'different', one: string, other: string): Promise<void> {
  world.clock.advance(1_000);
  const desk = peopleDesk({ store: world.store, clock: world.clock });
  await desk.decide({ scope: SCOPE, requestId: 'r' }, { one, other, verdict, reason: 'asked at the counter' });
}

describe('a booking for a golden id', () => {
  it('is made for the record of the site that owns the slot, and the ledger has what was asked and used', async (t) => {
    const world = await worldOf(t);
    const south = await world.patient('south', { ...ANA, key: 's1', identifiers: numbers('S1') });
    world.clock.advance(1_000);
    const north = await world.patient('north', { ...ANA, key: 'n1', identifiers: numbers('N1') });
    await decide(world, 'same', south, north);
    const booking = await bookAt9(world, goldenIdOf(south));
    assert.deepEqual([booking.state, booking.patientId], ['booked', north]);
    const [first] = await world.read((tx) => tx.ledger.ofBooking(booking.id));
    assert.deepEqual(first?.data, { golden: goldenIdOf(south), patient: north });
    const visit = await world.appointmentOf(booking.appointmentId);
    assert.deepEqual(visit?.patients, [north]);
  });

  it('follows an id that leads to another one, and one that stands for a single record', async (t) => {
    const world = await worldOf(t);
    const south = await world.patient('south', { ...ANA, key: 's1', identifiers: numbers('S1') });
    world.clock.advance(1_000);
    const north = await world.patient('north', { ...ANA, key: 'n1', identifiers: numbers('N1') });
    await decide(world, 'same', south, north);
    assert.equal((await bookAt9(world, goldenIdOf(north))).patientId, north);
    await world.offer('south', 's1', 't50', [offered('s1', 't50', during(11))]);
    const slot = await world.slot('south', slotKey('s1', 't50', during(11).start));
    const alone = await world.patient('north', BOB);
    assert.equal((await world.book(slot.id, goldenIdOf(alone))).patientId, alone);
  });

  it('is made for the record that stands for a merged one', async (t) => {
    const world = await worldOf(t);
    const merged = await world.patient('north', BOB);
    world.clock.advance(1_000);
    const into = await world.patient('north', ANA);
    world.clock.advance(1_000);
    const from = { key: BOB.key, identifiers: BOB.identifiers };
    await world.tell('north', { kind: 'patient-merge', at: world.clock.now(), reason: 'ADT^A40', from, into: ANA });
    assert.equal((await bookAt9(world, goldenIdOf(merged))).patientId, into);
  });

  it('is refused where the site has several records of the person, and told what to name', async (t) => {
    const world = await worldOf(t);
    const one = await world.patient('north', { ...ANA, key: 'n1', identifiers: numbers('N1') });
    world.clock.advance(1_000);
    const other = await world.patient('north', { ...ANA, key: 'n2', identifiers: numbers('N2') });
    await decide(world, 'same', one, other);
    await assert.rejects(bookAt9(world, goldenIdOf(one)), /several records of this patient: book with the Patient/);
    assert.equal((await bookAt9(world, other)).patientId, other);
  });

  it('is refused where only other sites have records, several of them', async (t) => {
    const world = await worldOf(t);
    const south = await world.patient('south', { ...ANA, key: 's1', identifiers: numbers('S1') });
    world.clock.advance(1_000);
    const feed = await world.patient('feed', { ...ANA, key: 'f1', identifiers: numbers('F1') });
    await decide(world, 'same', south, feed);
    await assert.rejects(bookAt9(world, goldenIdOf(south)), /no record of this patient, and several others do/);
    assert.deepEqual(world.sites.north.placed, []);
  });

  it('is refused where the id stood for people who were told apart', async (t) => {
    const world = await worldOf(t);
    const south = await world.patient('south', { ...ANA, key: 's1', identifiers: numbers('S1') });
    world.clock.advance(1_000);
    const north = await world.patient('north', { ...ANA, key: 'n1', identifiers: numbers('N1') });
    world.clock.advance(1_000);
    const feed = await world.patient('feed', { ...ANA, key: 'f1', identifiers: numbers('F1') });
    await decide(world, 'same', north, feed);
    await decide(world, 'same', south, north);
    await decide(world, 'different', north, feed);
    await assert.rejects(bookAt9(world, goldenIdOf(north)), /people who were told apart/);
    assert.equal((await bookAt9(world, goldenIdOf(south))).patientId, north);
  });

  it('of nobody is not found', async (t) => {
    const world = await worldOf(t);
    const isNotFound = (error: unknown): boolean => error instanceof HubError && error.code === 'NOT_FOUND';
    await assert.rejects(bookAt9(world, '0192b1a0-0000-7000-8000-000000000000'), isNotFound);
  });

  it('gets the first answer when it is asked again, whoever the id stands for by then', async (t) => {
    const world = await worldOf(t);
    const north = await world.patient('north', ANA);
    const key = { requestKey: 'again', digest: 'd' };
    const first = await bookAt9(world, goldenIdOf(north), key);
    assert.equal((await bookAt9(world, goldenIdOf(north), key)).id, first.id);
  });
});

describe('a time that is held for a golden id', () => {
  it('is booked by that id or by its record, and for nobody else', async (t) => {
    const world = await worldOf(t);
    const north = await world.patient('north', ANA);
    const bob = await world.patient('north', BOB);
    const slot = await world.slot('north', slotKey('n1', 't50', during(9).start));
    const held = await world.desk.hold({ ...world.placing(slot.id, goldenIdOf(north)), seconds: null }, SCOPE);
    const appointmentId = held.kind === 'held' ? held.appointment.id : '';
    const asked = { ...world.changing(appointmentId), identifiers: [] };
    await assert.rejects(world.desk.bookHeld({ ...asked, patientId: goldenIdOf(bob) }, SCOPE), /another patient/);
    // The caller's patience is none: what counts is that it was sent.
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...world.plan.hub.booking, wait_ms: 0 } } };
    const booked = await world.desk.bookHeld({ ...asked, patientId: goldenIdOf(north) }, SCOPE);
    assert.equal(booked?.kind, 'pending');
  });
});
