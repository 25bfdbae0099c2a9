/** News of our own writes: before the answer, with it, after it, and against it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { WriteOutcome } from '../../src/connectors/contract.ts';
import { setMarkOf } from '../../src/fhir/set-mark.ts';
import { hold } from '../../src/booking/hold.ts';
import { recordOutcome } from '../../src/booking/settle.ts';
import { requeueExpired } from '../../src/pipeline/deliver.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { ANA, BOB, bookedAt, during, offered, SCOPE, slotKey, visit, type World } from '../support/builders.ts';
import { KEY, LOST, NINE, openDay, sentAndKilled, SLOT } from './lost-answer.ts';

/** The answer of a call whose booking may have been settled since. */
async function late(
  world: World,
  booking: Booking,
  outcome: WriteOutcome,
  deliveryId: number | null = null,
): Promise<void> {
  const site = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(site !== undefined);
  const sent = { booking, site, outcome, sentAt: booking.createdAt, showsWithin_ms: 0, deliveryId };
  await recordOutcome(world.resolveDeps, sent);
}

const slotStatus = async (world: World): Promise<string> => (await world.slot('north', KEY)).status;

describe('the echo of our own write', () => {
  it('before the answer leaves what the caller said: identifiers, and the set it was booked in', async (t) => {
    const { world, ana } = await openDay(t);
    const inSet = { id: canonicalId.slot('a', 'set'), step: 2, of: 3, waits: false };
    const mine = { system: 'urn:caller', value: 'C-1' };
    const request = world.placing(SLOT, ana, { inSet, identifiers: [mine] });
    const held = await hold(world.resolveDeps, request, SCOPE);
    assert.ok(held.kind === 'held');
    world.sites.north.onPlace = async (order) => {
      await world.tell('north', visit('K1', 'n1', NINE, { correlation: held.booking.id }));
      return bookedAt('K1', order);
    };
    await world.deliver();
    const { resource } = await world.appointment('north', 'K1');
    assert.deepEqual(setMarkOf(resource), { id: inSet.id, step: 2, of: 3 });
    assert.deepEqual(resource.identifier?.at(-1), mine);
    await world.tell('north', visit('K1', 'n1', NINE), { at: plus(world.clock.now(), 60_000) });
    assert.deepEqual(setMarkOf((await world.appointment('north', 'K1')).resource)?.step, 2);
  });

  it('before the answer is known by our reference', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: sent.id, patients: [BOB] }));
    const booking = await world.booking(sent.id);
    assert.deepEqual([booking.state, booking.siteKey], ['booked', 'K1']);
    assert.equal((await world.appointment('north', 'K1')).id, sent.appointmentId);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
    assert.equal(await slotStatus(world), 'busy');
  });

  it('before the answer is known by place, time and person', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { patients: [{ ...ANA, key: 'other', given: ' ana ' }] }));
    assert.equal((await world.booking(sent.id)).state, 'booked');
    assert.equal((await world.rows('SELECT 1 FROM appointment')).length, 1);
  });

  it('and the visit of somebody else at the same time are told apart', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { patients: [BOB] }));
    await world.tell(
      'north',
      visit('K2', 'n1', NINE, { patients: [{ ...ANA, key: 'namesake', identifiers: [], birthDate: '2001-01-01' }] }),
    );
    await world.tell('north', visit('K3', 'n1', NINE, { patients: [ANA], created: plus(sent.createdAt, -86_400_000) }));
    assert.equal((await world.booking(sent.id)).state, 'sent');
    for (const key of ['K1', 'K2', 'K3'])
      assert.notEqual((await world.appointment('north', key)).id, sent.appointmentId);
  });

  it('that names nobody waits for the answer, and holds up no other message', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    const waiting = await world.tell('north', visit('K1', 'n1', NINE, { patients: [] }), { apply: false });
    const other = await world.tell('north', visit('X', 'n2', NINE, { patients: [BOB] }), { apply: false });
    await world.apply();
    assert.equal((await world.message(waiting)).status, 'received');
    assert.equal((await world.message(other)).status, 'applied');
    assert.ok(!world.told.some(([name]) => name === 'parked'));
    await world.write((tx) => tx.bookings.move(sent.id, ['sent'], 'refused', world.clock.now(), {}));
    world.clock.advance(1_000);
    await world.apply();
    assert.equal((await world.message(waiting)).status, 'applied');
  });

  it('that fits two bookings of ours waits for the answer', async (t) => {
    const { world } = await openDay(t);
    const group = offered('n1', 'group', during(14, 0, 60), { capacity: 4, left: 4 });
    await world.offer('north', 'n1', 'group', [group]);
    world.sites.north.onPlace = () => LOST;
    const id = canonicalId.slot('north', group.key);
    // Two people of one name, of whom nothing else is known.
    await world.book(id, await world.patient('north', BOB));
    await world.book(id, await world.patient('north', { ...BOB, key: 'bob-too' }));
    const message = await world.tell(
      'north',
      visit('K1', 'n1', group.during, { visitType: { code: 'group' }, session: group.key, patients: [BOB] }),
    );
    assert.equal((await world.message(message)).status, 'received');
  });

  it('of a cancelled record of the same person settles nothing: it may have been there before we asked', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    const message = await world.tell('north', visit('K0', 'n1', NINE, { status: 'cancelled' }));
    assert.equal((await world.message(message)).status, 'received');
    assert.equal((await world.booking(sent.id)).state, 'sent');
  });

  it('after the answer is the same visit', async (t) => {
    const { world, ana } = await openDay(t);
    const booking = await world.book(SLOT, ana);
    world.clock.advance(1_000);
    await world.tell('north', visit('K1', 'n1', NINE, { identifiers: [{ system: 'urn:x', value: '1' }] }));
    const shown = await world.appointment('north', 'K1');
    assert.equal(shown.id, booking.appointmentId);
    assert.equal((await world.rows('SELECT 1 FROM appointment')).length, 1);
    assert.deepEqual(await world.rows('SELECT origin FROM busy'), [{ origin: 'hub' }]);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('that could not be known for ours is the booking all the same, once the answer names it', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = async (order) => {
      await world.tell('north', visit('K1', 'n1', NINE, { patients: [{ ...BOB, family: 'Lopéz', given: 'A.' }] }));
      return bookedAt('K1', order);
    };
    const booking = await world.book(SLOT, ana, { identifiers: [{ system: 'urn:caller', value: 'C1' }] });
    assert.equal(booking.state, 'booked');
    assert.equal(booking.appointmentId, (await world.appointment('north', 'K1')).id);
    assert.equal((await world.rows('SELECT 1 FROM appointment')).length, 1);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
    const shown = await world.appointment('north', 'K1');
    assert.ok(shown.resource.identifier?.some((one) => one.value === 'C1'));
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('and its answer at the same moment settle it once, without a deadlock', async (t) => {
    const { world, ana } = await openDay(t);
    for (let round = 0; round < 8; round += 1) {
      const start = plus(NINE.start, (round + 2) * 3_600_000);
      const time = { start, end: plus(start, 3_000_000) };
      await world.tell(
        'north',
        {
          kind: 'slots',
          at: world.clock.now(),
          calendar: 'n1',
          visitType: 't50',
          window: time,
          slots: [offered('n1', 't50', time)],
        },
        { object: `slots:${round}` },
      );
      world.sites.north.onPlace = async (order) => {
        await world.tell('north', visit(`R${round}`, 'n1', time, { correlation: order.correlation }), { apply: false });
        return bookedAt(`R${round}`, order);
      };
      const held = await hold(
        world.resolveDeps,
        world.placing(canonicalId.slot('north', slotKey('n1', 't50', start)), ana),
        SCOPE,
      );
      assert.ok(held.kind === 'held');
      await Promise.all([
        world.deliver(),
        (async () => {
          for (let n = 0; n < 20; n += 1) await world.stage.step();
        })(),
      ]);
      await world.apply();
      const booking = await world.booking(held.booking.id);
      assert.deepEqual([booking.state, booking.siteKey], ['booked', `R${round}`]);
      assert.equal((await world.appointment('north', `R${round}`)).id, booking.appointmentId);
    }
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 8);
    assert.deepEqual(await world.rows(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`), [
      { deadlocks: 0 },
    ]);
  });

  it('copied by staff into a second record stays with the first', async (t) => {
    const { world, ana } = await openDay(t);
    const booking = await world.book(SLOT, ana);
    await world.tell('north', visit('COPY', 'n1', during(11, 0, 50), { correlation: booking.id }));
    assert.notEqual((await world.appointment('north', 'COPY')).id, booking.appointmentId);
    assert.deepEqual((await world.appointment('north', 'K1')).during, NINE);
  });
});

describe('late answers', () => {
  it('change nothing once news has settled the booking', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = async (order) => {
      await world.tell('north', visit('K1', 'n1', NINE, { correlation: order.correlation }));
      return { kind: 'refused', because: 'slot-taken', detail: 'late' };
    };
    const booking = await world.book(SLOT, ana);
    assert.deepEqual([booking.state, booking.refusedBecause], ['booked', null]);
    assert.equal(await slotStatus(world), 'busy');
    assert.deepEqual(await world.rows('SELECT state FROM outbox'), [{ state: 'done' }]);
  });

  it('that name the visit of another booking of ours are a matter for a person', async (t) => {
    const { world, ana } = await openDay(t);
    const first = await world.book(SLOT, ana);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', NINE)]);
    world.sites.north.onPlace = (order) => bookedAt('K1', order);
    const second = await world.book(canonicalId.slot('north', slotKey('n2', 't50', NINE.start)), ana, {
      allowPatientOverlap: true,
    });
    assert.equal(second.state, 'parked');
    assert.equal((await world.booking(first.id)).state, 'booked');
  });

  it('do not keep a cancel waiting once the visit was shown under our reference', async (t) => {
    const { world, ana } = await openDay(t);
    const sent = await sentAndKilled(world, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: sent.id }));
    assert.deepEqual(await world.rows('SELECT state FROM outbox'), [{ state: 'done' }]);
    const cancelled = await world.cancel(sent.appointmentId);
    assert.deepEqual([cancelled.state, world.sites.north.cancelled.map(({ key }) => key)], ['booked', ['K1']]);
    // What the first process was told at last, and what is swept: both find it done.
    const [call] = await world.rows('SELECT id FROM outbox ORDER BY id LIMIT 1');
    await late(world, sent, LOST, Number(call?.['id']));
    world.clock.advance(60_000);
    await requeueExpired(world.deliverDeps);
    assert.deepEqual(await world.rows('SELECT state FROM outbox'), [{ state: 'done' }, { state: 'done' }]);
    assert.equal((await world.booking(sent.id)).state, 'booked');
  });

  for (const [name, attempts, correlated] of [
    ['that was sent before is waited for: the visit may be of the earlier call', 1, true],
    ['is waited for where only time and person tell whose the visit is', 0, false],
  ] as const) {
    it(`of a call ${name}`, async (t) => {
      const { world, ana } = await openDay(t);
      const sent = await sentAndKilled(world, ana);
      await world.rows(`UPDATE booking SET attempts = ${attempts} RETURNING 1`);
      await world.tell('north', visit('K1', 'n1', NINE, correlated ? { correlation: sent.id } : {}));
      assert.equal((await world.booking(sent.id)).state, 'booked');
      await world.cancel(sent.appointmentId);
      assert.deepEqual(world.sites.north.cancelled, []);
      world.clock.advance(7_000);
      await requeueExpired(world.deliverDeps);
      await world.deliver();
      assert.equal(world.sites.north.cancelled.length, 1);
    });
  }

  it('of a refused booking that the site has after all open a work item', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'refused', because: 'rule', detail: 'no' });
    const booking = await world.book(SLOT, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: booking.id }));
    assert.equal((await world.booking(booking.id)).state, 'refused');
    const items = await world.read((tx) => tx.workItems.list(10));
    assert.deepEqual(
      items.map((item) => item.kind),
      ['unresolved-booking'],
    );
    assert.equal(await slotStatus(world), 'busy');
  });

  it('that the site has a visit whose caller was told no leave that to the person who knows already', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'refused', because: 'rule', detail: 'no' });
    const booking = await world.book(SLOT, ana);
    await world.tell('north', visit('K1', 'n1', NINE, { correlation: booking.id }));
    const { order } = booking;
    assert.ok(order.place !== undefined);
    await late(world, booking, bookedAt('K1', order.place));
    assert.equal((await world.booking(booking.id)).state, 'refused');
    assert.deepEqual(
      (await world.read((tx) => tx.workItems.list(10))).map(({ kind, subject }) => [kind, subject]),
      [['unresolved-booking', `booking:${booking.id}`]],
    );
  });
});
