/** The patient's own time: one person is at one visit at a time, whatever sites and records it is about. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { BOB, during, fed, offered, openWorld, SCOPE, slotKey, testSites, visit } from '../support/builders.ts';
import type { World } from '../support/builders.ts';
import { BOOKING } from '../support/facts.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const AT_NORTH = canonicalId.slot('north', slotKey('n2', 't50', NINE.start));
const AT_SOUTH = canonicalId.slot('south', slotKey('s1', 't50', during(9, 30).start));

/** Two practitioners at two sites, and one person with a record at each, linked. */
async function openDay(
  t: Cleanup,
  options: Parameters<typeof openWorld>[1] = {},
): Promise<{ world: World; ana: string; anaToo: string }> {
  const world = await openWorld(t, options);
  await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE), offered('n2', 't50', during(11, 0, 50))]);
  await world.offer('south', 's1', 't50', [offered('s1', 't50', during(9, 30, 50))]);
  const [ana, anaToo] = [await world.patient('north'), await world.patient('south')];
  await world.rows(`UPDATE patient_link SET golden_id = $1 WHERE patient_id IN ($1, $2)`, [ana, anaToo]);
  return { world, ana, anaToo };
}

function elsewhere(error: unknown): boolean {
  return error instanceof HubError && error.code === 'RULE_BROKEN' && error.detail.includes('another visit at that');
}

describe('a patient who is at a visit', () => {
  it('is not booked at another site then, also under another record, and is told nothing of the visit', async (t) => {
    const { world, ana, anaToo } = await openDay(t);
    assert.equal((await world.book(AT_NORTH, ana)).state, 'booked');
    await assert.rejects(world.desk.place(world.placing(AT_SOUTH, anaToo), SCOPE), (error) => {
      assert.ok(elsewhere(error));
      assert.doesNotMatch((error as Error).message, /north|Ana|Lopez|9:00/i);
      return true;
    });
    assert.equal((await world.slot('south', slotKey('s1', 't50', during(9, 30).start))).status, 'free');
    const bob = await world.patient('south', BOB);
    assert.equal((await world.book(AT_SOUTH, bob)).state, 'booked');
  });

  it('is booked all the same when staff say so, and never by the patient channel', async (t) => {
    const { world, ana, anaToo } = await openDay(t);
    await world.book(AT_NORTH, ana);
    const byPatient = world.placing(AT_SOUTH, anaToo, { channel: 'patient', allowPatientOverlap: true });
    await assert.rejects(world.desk.place(byPatient, SCOPE), /staff channel/);
    assert.equal((await world.book(AT_SOUTH, anaToo, { allowPatientOverlap: true })).state, 'booked');
  });

  it('may be booked where the hub’s settings allow it', async (t) => {
    const { world, ana, anaToo } = await openDay(t, { hub: { booking: { ...BOOKING, patientOverlap: 'allow' } } });
    await world.book(AT_NORTH, ana);
    assert.equal((await world.book(AT_SOUTH, anaToo)).state, 'booked');
  });

  it('that the site itself told of is not booked at another one', async (t) => {
    const { world, anaToo } = await openDay(t);
    await world.tell('north', visit('V1', 'n2', NINE));
    await assert.rejects(world.desk.place(world.placing(AT_SOUTH, anaToo), SCOPE), elsewhere);
  });

  it('is free again when that visit is cancelled, refused, or its hold has run out', async (t) => {
    const { world, ana, anaToo } = await openDay(t);
    const first = await world.book(AT_NORTH, ana);
    await world.cancel(first.appointmentId);
    world.sites.north.onPlace = () => ({ kind: 'refused', because: 'rule', detail: 'no' });
    assert.equal((await world.book(AT_NORTH, ana)).state, 'refused');
    await hold(world.resolveDeps, world.placing(AT_NORTH, ana), SCOPE);
    await assert.rejects(hold(world.resolveDeps, world.placing(AT_SOUTH, anaToo), SCOPE), elsewhere);
    world.clock.advance(61_000);
    await world.sweep();
    assert.equal((await world.book(AT_SOUTH, anaToo)).state, 'booked');
  });

  it('is not moved into another visit of the same person, and past it without trouble', async (t) => {
    const { world, ana, anaToo } = await openDay(t);
    await world.book(AT_SOUTH, anaToo);
    const second = await world.book(canonicalId.slot('north', slotKey('n2', 't50', during(11).start)), ana);
    const into = world.moving(second.appointmentId, AT_NORTH);
    await assert.rejects(world.desk.move(into, SCOPE), elsewhere);
    const anyway = await world.move(second.appointmentId, AT_NORTH, { allowPatientOverlap: true });
    assert.equal(anyway.state, 'booked');
    // Its own old time is no other visit.
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', during(9, 15, 50))]);
    const back = canonicalId.slot('north', slotKey('n2', 't50', during(9, 15).start));
    assert.equal((await world.move(second.appointmentId, back, { allowPatientOverlap: true })).state, 'booked');
  });

  it('asked for at two sites at once is booked at exactly one', async (t) => {
    const { world, ana, anaToo } = await openDay(t, { max: 20 });
    for (let round = 0; round < 5; round += 1) {
      await world.rows('TRUNCATE busy, booking');
      await world.rows(`UPDATE slot SET status = 'free'`);
      const asked = await Promise.allSettled([
        hold(world.resolveDeps, world.placing(AT_NORTH, ana), SCOPE),
        hold(world.resolveDeps, world.placing(AT_SOUTH, anaToo), SCOPE),
      ]);
      const held = asked.filter((one) => one.status === 'fulfilled');
      const refused = asked.filter((one) => one.status === 'rejected' && elsewhere(one.reason));
      assert.deepEqual([held.length, refused.length], [1, 1]);
    }
  });
});

describe('a class of five seats', () => {
  const group = offered('n1', 'group', during(14, 0, 60), { capacity: 5, left: 5 });
  const id = canonicalId.slot('north', group.key);

  it('takes exactly five of sixteen callers who come at once, each with a seat and an Appointment of its own', async (t) => {
    const world = await openWorld(t, { max: 20 });
    await world.offer('north', 'n1', 'group', [group]);
    const people = await world.crowd('north', 16);
    const held = await Promise.all(people.map((one) => hold(world.resolveDeps, world.placing(id, one), SCOPE)));
    const taken = held.flatMap((one) => (one.kind === 'held' ? [one.booking] : []));
    assert.equal(taken.length, 5);
    assert.equal(new Set(taken.map(({ appointmentId }) => appointmentId)).size, 5);
    const rows = await world.rows('SELECT seat, occupancy FROM busy ORDER BY seat');
    assert.deepEqual(
      rows.map(({ seat }) => seat),
      [1, 2, 3, 4, 5],
    );
    assert.equal(new Set(rows.map(({ occupancy }) => occupancy)).size, 1, 'they share one session');
  });

  it('takes nobody twice, not even by override', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 'group', [group]);
    const ana = await world.patient('north');
    assert.equal((await world.book(id, ana)).state, 'booked');
    for (const more of [{}, { allowPatientOverlap: true }]) {
      await assert.rejects(world.desk.place(world.placing(id, ana, more), SCOPE), /a seat in this class/);
    }
  });

  it('gives a seat that was given back to the next', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 'group', [group]);
    const [ana = '', bob = '', cy = ''] = await world.crowd('north', 3);
    const first = await world.book(id, ana);
    await world.book(id, bob);
    await world.cancel(first.appointmentId);
    await world.book(id, cy);
    const rows = await world.rows('SELECT seat FROM busy ORDER BY seat');
    assert.deepEqual(
      rows.map(({ seat }) => seat),
      [1, 2],
    );
  });

  it('is never sold above its seats even where the locks are gone: a seat is one visit’s, says the database', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 'group', [group]);
    const [ana = '', bob = ''] = await world.crowd('north', 2);
    await hold(world.resolveDeps, world.placing(id, ana), SCOPE);
    const blind = {
      ...world.store,
      transaction: ((scope, work) =>
        world.store.transaction(scope, (tx) => {
          const seatsTaken = (): Promise<{ taken: number; uncounted: number; seat: number }> =>
            Promise.resolve({ taken: 0, uncounted: 0, seat: 1 });
          return work({ ...tx, lock: () => Promise.resolve(), busy: { ...tx.busy, seatsTaken } });
        })) as typeof world.store.transaction,
    };
    await assert.rejects(
      hold({ ...world.resolveDeps, store: blind }, world.placing(id, bob), SCOPE),
      (error) => error instanceof HubError && error.code === 'SLOT_TAKEN',
    );
  });
});

describe('a person seen by a feed', () => {
  it('keeps the time of a visit that names no calendar of the hub', async (t) => {
    const [north, south, feed] = testSites();
    const world = await openWorld(t, { sites: [north, south, feed] });
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE)]);
    await world.tell('feed', fed('F1', during(9, 10)));
    const [ana, known] = [await world.patient('north'), canonicalId.patient('feed', 'ana')];
    await world.rows(`UPDATE patient_link SET golden_id = $1 WHERE patient_id IN ($1, $2)`, [ana, known]);
    await assert.rejects(world.desk.place(world.placing(AT_NORTH, ana), SCOPE), elsewhere);
  });
});
