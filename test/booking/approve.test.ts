/** Sites whose file says `write: approval`: a coordinator decides before the site is asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookingAnswer, Decision } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Scope } from '../../src/store/contract.ts';
import {
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
import { BOOKING } from '../support/facts.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const SLOT = canonicalId.slot('north', KEY);
const SLOT_TEN = canonicalId.slot('north', slotKey('n1', 't50', TEN.start));
const ANNA: Scope = { ...SCOPE, actor: 'client:anna' };
type Pending = Extract<BookingAnswer, { kind: 'pending' }>;

interface Day {
  readonly world: World;
  readonly ana: string;
}

function policy(world: World, more: Partial<SiteSettings>): void {
  const sites = world.plan.sites.map((site) => (site.id === 'north' ? { ...site, ...more } : site));
  world.plan = { ...world.plan, sites };
}

async function openDay(t: Cleanup, more: Partial<SiteSettings> = {}): Promise<Day> {
  const [north, south, feed] = testSites();
  const world = await openWorld(t, { sites: [{ ...north, write: 'approval', ...more }, south, feed] });
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', TEN)]);
  return { world, ana: await world.patient('north') };
}

async function asked(answer: Promise<BookingAnswer>): Promise<Pending> {
  const pending = await answer;
  assert.ok(pending.kind === 'pending', pending.kind);
  assert.equal(pending.until, 'approval');
  return pending;
}
const placed = (world: World, ana: string, slot = SLOT): Promise<Pending> =>
  asked(world.desk.place(world.placing(slot, ana), SCOPE));

const deciding = (bookingId: string, reason?: string): Decision => ({
  bookingId,
  decision: reason === undefined ? 'approve' : 'decline',
  ...(reason === undefined ? {} : { reason }),
  requestId: 'r',
  trace: null,
});
const refusedWith =
  (code: HubError['code'], detail = /./) =>
  (error: unknown): boolean =>
    error instanceof HubError && error.code === code && detail.test(error.message);
const openItems = (world: World): Promise<readonly unknown[]> =>
  world.rows(`SELECT subject FROM work_item WHERE kind = 'approval' AND closed_at IS NULL`);
const statusOf = async (world: World, id = ''): Promise<string | undefined> =>
  (await world.appointmentOf(id))?.resource.status;

describe('a booking at a site that wants a coordinator to decide', () => {
  it('holds its time, is sent to nobody, and is listed with ids only', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId } = await placed(world, ana);
    assert.equal((await world.booking(bookingId)).state, 'awaiting-approval');
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
    assert.equal(await statusOf(world, appointmentId), 'pending');
    assert.deepEqual(await world.rows('SELECT 1 FROM outbox'), []);
    const items = await world.rows(`SELECT role, site, evidence FROM work_item WHERE kind = 'approval'`);
    assert.deepEqual([items[0]?.['role'], items[0]?.['site']], ['scheduling', 'north']);
    assert.deepEqual(JSON.parse(String(items[0]?.['evidence'])), {
      action: 'place',
      booking: bookingId,
      appointment: appointmentId,
      slot: SLOT,
    });
    const [only, ...others] = await world.approvals.list(SCOPE);
    assert.deepEqual(others, []);
    assert.deepEqual([only?.bookingId, only?.patientId, only?.during], [bookingId, ana, NINE]);
    world.clock.advance(BOOKING.holdExpiry_s * 2_000);
    await world.sweep();
    assert.equal((await world.booking(bookingId)).state, 'awaiting-approval', 'it waits longer than a hold lasts');
  });

  it('that is approved is sent, and booked under the id that it had while it was pending', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId } = await placed(world, ana);
    assert.deepEqual(await world.approvals.decide(deciding(bookingId), ANNA), { bookingId, state: 'held' });
    await world.deliver();
    assert.equal((await world.booking(bookingId)).state, 'booked');
    assert.equal(await statusOf(world, appointmentId), 'booked');
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    assert.deepEqual(await openItems(world), []);
    const steps = await world.read((tx) => tx.ledger.ofBooking(bookingId));
    assert.deepEqual(
      steps.map(({ kind, actor }) => [kind, actor]),
      [
        ['awaiting-approval', SCOPE.actor],
        ['approved', 'client:anna'],
        ['booked', 'hub:booking'],
      ],
    );
    const audited = await world.rows(`SELECT actor FROM audit WHERE action = 'operate'`);
    assert.deepEqual(audited, [{ actor: 'client:anna' }]);
  });

  it('that is declined is refused with the reason, and its time is free', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId } = await placed(world, ana);
    const { state } = await world.approvals.decide(deciding(bookingId, 'Call us first.'), ANNA);
    assert.equal(state, 'refused');
    const answer = await world.desk.status(bookingId, SCOPE);
    assert.ok(answer?.kind === 'refused');
    assert.equal(answer.error.code, 'BOOKING_NOT_SENT');
    assert.match(answer.error.message, /Call us first\./);
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal(await statusOf(world, appointmentId), 'cancelled');
    assert.deepEqual(await openItems(world), []);
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 0);
  });

  it('is decided once: a second decision is told what became of it', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId } = await placed(world, ana);
    const both = await Promise.allSettled([
      world.approvals.decide(deciding(bookingId), ANNA),
      world.approvals.decide(deciding(bookingId, 'no'), SCOPE),
    ]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('RULE_BROKEN', /already/));
  });

  it('that nobody decided about in time expires, and a late decision changes nothing', async (t) => {
    const { world, ana } = await openDay(t);
    const hub = { ...world.plan.hub, booking: { ...BOOKING, approvalExpiry_s: 600 } };
    world.plan = { ...world.plan, hub };
    const { bookingId, appointmentId } = await placed(world, ana);
    world.clock.advance(600_001);
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('HOLD_EXPIRED'));
    await world.sweep();
    assert.equal((await world.booking(bookingId)).state, 'expired');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal(await statusOf(world, appointmentId), 'cancelled');
    assert.deepEqual(await openItems(world), []);
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('HOLD_EXPIRED'));
    assert.equal((await world.desk.status(bookingId, SCOPE))?.kind, 'refused');
  });

  it('waits no longer than until the visit begins', async (t) => {
    const { world, ana } = await openDay(t);
    world.clock.advance(NINE.start - world.clock.now() - 60_000);
    const { bookingId } = await placed(world, ana);
    assert.equal((await world.booking(bookingId)).waitsUntil, NINE.start);
  });

  it('is refused when it is approved and its time was taken at the site meanwhile', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId } = await placed(world, ana);
    await world.tell('north', visit('V1', 'n1', NINE, { patients: [BOB] }));
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('SLOT_TAKEN'));
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 0);
    const answer = await world.desk.status(bookingId, SCOPE);
    assert.ok(answer?.kind === 'conflict');
    assert.equal(answer.alternatives.length, 1);
    assert.deepEqual(await openItems(world), []);
  });

  it('is let go by its caller while it waits', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId = '' } = await placed(world, ana);
    assert.equal((await world.desk.cancel(world.cancelling(appointmentId), SCOPE)).kind, 'cancelled');
    assert.deepEqual(await openItems(world), []);
    assert.deepEqual(await world.approvals.list(SCOPE), []);
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('RULE_BROKEN', /let-go/));
  });

  it('is seen and decided only by whoever may see the visit', async (t) => {
    const { world, ana } = await openDay(t, {
      sensitivity: { site: ['R'], departments: {}, visitTypes: {}, codes: {} },
    });
    const { bookingId } = await placed(world, ana);
    const elsewhere: Scope = { ...SCOPE, sites: ['south'] };
    const uncleared: Scope = { ...SCOPE, clearances: ['N'] };
    for (const scope of [elsewhere, uncleared]) {
      assert.deepEqual(await world.approvals.list(scope), []);
      await assert.rejects(world.approvals.decide(deciding(bookingId), scope), refusedWith('NOT_FOUND'));
    }
    await assert.rejects(world.approvals.decide(deciding('x'), SCOPE), refusedWith('NOT_FOUND'));
  });

  it('may be asked for while the site is down, and is sent when it is back', async (t) => {
    const { world, ana } = await openDay(t, { write: 'automatic', whenDown: 'queue' });
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...BOOKING, breakerFailures: 1 } } };
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    await world.book(SLOT_TEN, ana);
    policy(world, { write: 'approval', whenDown: 'refuse' });
    const { bookingId } = await placed(world, ana);
    await assert.rejects(world.approvals.decide(deciding(bookingId), ANNA), refusedWith('SITE_DOWN'));
    assert.equal((await openItems(world)).length, 1, 'it waits for another decision');
    policy(world, { whenDown: 'queue' });
    assert.equal((await world.approvals.decide(deciding(bookingId), ANNA)).state, 'queued');
    world.sites.north.onPlace = (order) => bookedAt(`B${order.start}`, order);
    world.clock.advance(60_000);
    await world.deliver();
    assert.equal((await world.booking(bookingId)).state, 'booked');
  });

  it('is done when its staff have entered it themselves', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId } = await placed(world, ana);
    await world.tell('north', visit('V1', 'n1', NINE));
    assert.equal((await world.booking(bookingId)).state, 'booked');
    assert.equal((await world.appointment('north', 'V1')).id, appointmentId);
    assert.deepEqual(await openItems(world), []);
    assert.equal((await world.slot('north', KEY)).status, 'busy');
  });

  it('is not done by a visit of another length: that is another visit of the patient', async (t) => {
    const { world, ana } = await openDay(t);
    const { bookingId, appointmentId } = await placed(world, ana);
    await world.tell('north', visit('V1', 'n1', during(9, 0, 30)));
    assert.equal((await world.booking(bookingId)).state, 'awaiting-approval');
    assert.notEqual((await world.appointment('north', 'V1')).id, appointmentId);
  });

  it('does not keep news waiting that may be its own or may not', async (t) => {
    const { world, ana } = await openDay(t);
    await placed(world, ana);
    const id = await world.tell('north', visit('V1', 'n1', NINE, { patients: [] }));
    assert.equal((await world.message(id)).status, 'applied');
  });
});

describe('a visit at such a site', () => {
  async function booked(t: Cleanup): Promise<Day & { readonly appointmentId: string }> {
    const day = await openDay(t, { write: 'automatic' });
    const { appointmentId } = await day.world.book(SLOT, day.ana);
    policy(day.world, { write: 'approval' });
    day.world.clock.advance(1_000);
    return { ...day, appointmentId };
  }

  it('is moved when the move is approved, and keeps both times until then', async (t) => {
    const { world, appointmentId } = await booked(t);
    const { bookingId } = await asked(world.desk.move(world.moving(appointmentId, SLOT_TEN), SCOPE));
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'busy-tentative');
    assert.deepEqual((await world.approvals.list(SCOPE))[0]?.from, NINE);
    await world.approvals.decide(deciding(bookingId), ANNA);
    await world.deliver();
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'busy');
  });

  it('whose move is declined stays where it is', async (t) => {
    const { world, appointmentId } = await booked(t);
    const { bookingId } = await asked(world.desk.move(world.moving(appointmentId, SLOT_TEN), SCOPE));
    await world.approvals.decide(deciding(bookingId, 'no'), ANNA);
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'free');
    assert.equal(await statusOf(world, appointmentId), 'booked');
  });

  it('is cancelled when the cancel is approved, and stands when nobody decides', async (t) => {
    const { world, appointmentId } = await booked(t);
    const { bookingId } = await asked(world.desk.cancel(world.cancelling(appointmentId), SCOPE));
    assert.equal(await statusOf(world, appointmentId), 'booked');
    await world.approvals.decide(deciding(bookingId), ANNA);
    await world.deliver();
    assert.equal(await statusOf(world, appointmentId), 'cancelled');

    policy(world, { write: 'automatic' });
    const again = await world.book(SLOT_TEN, await world.patient('north'));
    policy(world, { write: 'approval' });
    world.clock.advance(1_000);
    const undecided = await asked(world.desk.cancel(world.cancelling(again.appointmentId), SCOPE));
    world.clock.advance(BOOKING.approvalExpiry_s * 1000);
    await world.sweep();
    assert.equal((await world.booking(undecided.bookingId)).state, 'expired');
    assert.equal(await statusOf(world, again.appointmentId), 'booked');
    assert.deepEqual(await openItems(world), []);
  });

  it('that is cancelled while its move waits gives up the move', async (t) => {
    const { world, appointmentId } = await booked(t);
    const move = await asked(world.desk.move(world.moving(appointmentId, SLOT_TEN), SCOPE));
    world.clock.advance(1_000);
    const cancel = await asked(world.desk.cancel(world.cancelling(appointmentId), SCOPE));
    assert.equal((await world.booking(move.bookingId)).state, 'refused');
    assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'free');
    await world.approvals.decide(deciding(cancel.bookingId), ANNA);
    await world.deliver();
    assert.equal(await statusOf(world, appointmentId), 'cancelled');
  });

  it('whose move waits is moved when its staff have moved it themselves', async (t) => {
    const { world, appointmentId } = await booked(t);
    const move = await asked(world.desk.move(world.moving(appointmentId, SLOT_TEN), SCOPE));
    await world.tell('north', visit('K1', 'n1', TEN));
    assert.equal((await world.booking(move.bookingId)).state, 'booked');
    assert.deepEqual(await openItems(world), []);
    assert.equal((await world.slot('north', KEY)).status, 'free');
  });
});
