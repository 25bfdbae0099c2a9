/** A person's word on a booking that the hub could not find out about. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settleByHand, type ByHand } from '../../src/booking/by-hand.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import type { Scope } from '../../src/store/contract.ts';
import { ANA, during, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const OPERATOR: Scope = { ...SCOPE, actor: 'client:desk', purpose: 'operations' };

/** The answer was lost, and the site cannot be asked. */
async function parked(t: Cleanup): Promise<{ world: World; booking: Booking }> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const ana = await world.patient('north');
  world.sites.north.canFind = false;
  world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
  const { id } = await world.book(canonicalId.slot('north', KEY), ana);
  world.clock.advance(60_000);
  await world.resolve();
  const booking = await world.booking(id);
  assert.equal(booking.state, 'parked');
  return { world, booking };
}

function settle(world: World, { id }: Booking, as: ByHand['as'], key?: string): Promise<Booking> {
  const word = { bookingId: id, as, reason: 'Asked the front desk.', requestId: 'r1' };
  return settleByHand(world.resolveDeps, OPERATOR, key === undefined ? word : { ...word, key });
}

const workItems = async (world: World): Promise<number> =>
  (await world.read((tx) => tx.workItems.list(10))).filter(({ kind }) => kind === 'unresolved-booking').length;

describe('a person', () => {
  it('settles a parked booking as booked: the visit stands, and the ledger says who, when and why', async (t) => {
    const { world, booking } = await parked(t);
    assert.equal(await workItems(world), 1);
    const settled = await settle(world, booking, 'booked', 'K1');
    assert.deepEqual([settled.state, settled.siteKey], ['booked', 'K1']);
    assert.equal((await world.desk.status(booking.id, SCOPE))?.kind, 'booked');
    assert.equal((await world.appointment('north', 'K1')).id, booking.appointmentId);
    assert.equal(await workItems(world), 0);
    const ledger = await world.read((tx) => tx.ledger.ofBooking(booking.id));
    const [entry] = ledger.filter(({ kind }) => kind === 'settled-by-hand');
    assert.deepEqual([entry?.actor, entry?.data], ['client:desk', { as: 'booked', reason: 'Asked the front desk.' }]);
    assert.deepEqual(await world.rows(`SELECT actor, action, outcome FROM audit WHERE action = 'operate'`), [
      { actor: 'client:desk', action: 'operate', outcome: 'success' },
    ]);
  });

  it('who does not know the site’s number settles it too: the site’s record is known by who, where and when', async (t) => {
    const { world, booking } = await parked(t);
    await settle(world, booking, 'booked');
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    world.clock.advance(1_000);
    await world.tell('north', visit('K7', 'n1', NINE, { patients: [ANA], comment: 'from the site' }));
    const visits = await world.rows('SELECT id, site_key FROM appointment');
    assert.deepEqual(visits, [{ id: booking.appointmentId, site_key: 'K7' }]);
    assert.equal((await world.booking(booking.id)).state, 'booked');
    // A second record of the same person at the same time is another visit.
    await world.tell('north', visit('K8', 'n1', NINE, { patients: [ANA] }));
    assert.notEqual((await world.appointment('north', 'K8')).id, booking.appointmentId);
  });

  it('settles it as refused: the time is free again, and the caller is told why', async (t) => {
    const { world, booking } = await parked(t);
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
    await settle(world, booking, 'refused');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    const told = await world.desk.status(booking.id, SCOPE);
    assert.ok(told?.kind === 'refused' && told.error.detail === 'Asked the front desk.');
    assert.equal(await workItems(world), 0);
  });

  it('settles nothing that is not parked, and nothing twice', async (t) => {
    const { world, booking } = await parked(t);
    await settle(world, booking, 'refused');
    await assert.rejects(settle(world, booking, 'booked'), /only a parked booking/);
    const open = await world.read((tx) => tx.bookings.unsettled(10, '*'));
    assert.deepEqual(open, []);
    const elsewhere: Scope = { ...OPERATOR, sites: ['south'] };
    const word = { bookingId: booking.id, as: 'refused', reason: 'x', requestId: 'r' } as const;
    await assert.rejects(settleByHand(world.resolveDeps, elsewhere, word), { code: 'NOT_FOUND' });
  });
});
