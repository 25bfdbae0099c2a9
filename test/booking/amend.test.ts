/** Status, comment, reason and attendance: done by the owning site; until it has, the Appointment stays as it was. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepWaiting } from '../../src/booking/queue.ts';
import { parkOpenBookings } from '../../src/booking/park.ts';
import { HubError } from '../../src/core/errors.ts';
import { amendmentOf } from '../../src/fhir/amendment.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { AppointmentStatus } from '../../src/fhir/types.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import {
  during,
  offered,
  openWorld,
  SCOPE,
  slotKey,
  stands,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { refusedWith } from '../support/refused.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const LOST = { kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') } as const;
const AT = { key: 'K1', status: 'booked', start: NINE.start, end: NINE.end, calendar: 'n1' } as const;

async function booked(t: Cleanup): Promise<{ world: World; id: string; placed: Booking }> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const placed = await world.book(canonicalId.slot('north', KEY), await world.patient('north'));
  assert.equal(placed.state, 'booked');
  world.clock.advance(60_000);
  return { world, id: placed.appointmentId, placed };
}

async function facts(world: World): Promise<[string, string]> {
  return [(await world.appointment('north', 'K1')).resource.status, (await world.slot('north', KEY)).status];
}
const says = (status: AppointmentStatus) => visit('K1', 'n1', NINE, { status });

describe('a status', () => {
  it('that the site has set is shown, and the time stays taken', async (t) => {
    const { world, id, placed } = await booked(t);
    for (const status of ['arrived', 'checked-in', 'arrived', 'booked', 'noshow'] as const) {
      const change = await world.setStatus(id, status);
      assert.equal(change.state, 'booked');
      assert.deepEqual(await facts(world), [status, 'busy']);
      world.clock.advance(1_000);
    }
    const [first] = world.sites.north.statused;
    assert.deepEqual([first?.key, first?.from, first?.status, first?.placedAs], ['K1', 'booked', 'arrived', placed.id]);
    assert.equal(world.sites.north.statused.at(-1)?.placedAs, placed.id, 'known over any number of changes');
  });

  it('is written in the ledger with its cause and who asked', async (t) => {
    const { world, id } = await booked(t);
    const change = await world.setStatus(id, 'arrived');
    const told = await world.read((tx) => tx.ledger.ofBooking(change.id));
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['status-asked', 'booked', 'status'],
    );
    const [asked, , done] = told;
    assert.deepEqual(asked?.data, { from: 'booked', to: 'arrived' });
    assert.equal(done?.cause, `booking:${change.id}`);
    assert.deepEqual(done.data, { from: 'booked', to: 'arrived', by: change.createdBy });
  });

  it('is not shown before the site has set it, nor where it refuses', async (t) => {
    const { world, id } = await booked(t);
    const seen: unknown[] = [];
    world.sites.north.onStatus = async () => {
      seen.push(await facts(world));
      return { kind: 'refused', because: 'not-allowed', detail: 'not today' };
    };
    const change = await world.setStatus(id, 'arrived');
    assert.deepEqual([change.state, change.detail, seen], ['refused', 'not today', [['booked', 'busy']]]);
    assert.deepEqual(await facts(world), ['booked', 'busy']);
  });

  it('that may not follow is refused, with the steps that may', async (t) => {
    const { world, id } = await booked(t);
    const ask = (status: AppointmentStatus) => world.desk.setStatus({ ...world.changing(id), status }, SCOPE);
    await assert.rejects(ask('proposed'), refusedWith('RULE_BROKEN', /may become arrived, checked-in, noshow/));
    await assert.rejects(ask('pending'), refusedWith('RULE_BROKEN', /for its site to say/));
    await world.tell('north', says('fulfilled'));
    await assert.rejects(
      ask('arrived'),
      refusedWith('RULE_BROKEN', /fulfilled cannot become arrived; .* entered-in-error/),
    );
    await assert.rejects(ask('booked'), refusedWith('RULE_BROKEN', /./));
    assert.equal(world.sites.north.statused.length, 0);
  });

  it('that stands already is answered without asking anybody', async (t) => {
    const { world, id } = await booked(t);
    const answer = await world.desk.setStatus({ ...world.changing(id), status: 'booked' }, SCOPE);
    assert.ok(answer.kind === 'changed' && answer.repeated);
    assert.equal(world.sites.north.statused.length, 0);
  });

  it('that the site cannot set is refused with what it can, and with what to do', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.statuses = ['noshow'];
    const ask = (status: AppointmentStatus) => world.desk.setStatus({ ...world.changing(id), status }, SCOPE);
    await assert.rejects(ask('arrived'), refusedWith('SITE_CANNOT', /can set there: noshow\); record it at the site/));
    world.sites.north.statuses = [];
    await assert.rejects(ask('arrived'), refusedWith('SITE_CANNOT', /none there/));
  });

  it('asked for twice is set once, and by another version or caller not at all', async (t) => {
    const { world, id } = await booked(t);
    const first = await world.setStatus(id, 'arrived', { requestKey: 's' });
    const again = await world.desk.setStatus({ ...world.changing(id), status: 'arrived', requestKey: 's' }, SCOPE);
    assert.ok(again.kind === 'changed');
    assert.deepEqual([again.bookingId, again.repeated], [first.id, true]);
    assert.equal(world.sites.north.statused.length, 1);
    const ask = (more: object, scope = SCOPE) =>
      world.desk.setStatus({ ...world.changing(id), status: 'fulfilled', ...more }, scope);
    await assert.rejects(ask({ version: 77 }), refusedWith('VERSION_MISMATCH', /^/));
    await assert.rejects(ask({ requestKey: 's', digest: 'x' }), refusedWith('REQUEST_KEY_REUSED', /^/));
    await assert.rejects(ask({}, { ...SCOPE, sites: ['south'] }), refusedWith('NOT_FOUND', /./));
  });

  it('waits for any other call about the visit, and a cancel waits for it', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = () => LOST;
    const open = await world.setStatus(id, 'arrived');
    assert.equal(open.state, 'unknown');
    const later = refusedWith('RULE_BROKEN', /not settled yet/);
    await assert.rejects(world.desk.setStatus({ ...world.changing(id), status: 'noshow' }, SCOPE), later);
    await assert.rejects(world.desk.amend({ ...world.changing(id), to: { comment: 'x' } }, SCOPE), later);
    await assert.rejects(world.desk.cancel(world.cancelling(id), SCOPE), later);
    await assert.rejects(world.desk.move(world.moving(id, canonicalId.slot('north', KEY)), SCOPE), later);
  });

  it('without an answer is done where the site shows it', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'found', at: AT, stands: 'as-asked' });
    const change = await world.setStatus(id, 'arrived');
    assert.deepEqual([change.state, await facts(world)], ['unknown', ['booked', 'busy']]);
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(change.id)).state, 'booked');
    assert.deepEqual(await facts(world), ['arrived', 'busy']);
    const wanted = world.sites.north.found[0]?.wanted;
    assert.ok(wanted && 'status' in wanted);
    assert.deepEqual([wanted.status, wanted.from, wanted.key], ['arrived', 'booked', 'K1']);
  });

  it('without an answer is set again where the site twice shows it as it was, though it books not exclusively', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.exclusive = false;
    world.sites.north.onStatus = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'found', at: AT, stands: 'as-before' });
    const change = await world.setStatus(id, 'arrived');
    world.clock.advance(10_000);
    await world.resolve();
    assert.equal((await world.booking(change.id)).state, 'unknown');
    world.sites.north.onStatus = ({ key }) => stands(key);
    world.clock.advance(10_000);
    await world.resolve();
    await world.deliver();
    assert.equal((await world.booking(change.id)).state, 'booked');
    assert.equal(world.sites.north.statused.length, 2);
  });

  it('without an answer is not set over what staff have made of the visit since', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'found', at: AT, stands: 'otherwise' });
    const change = await world.setStatus(id, 'arrived');
    for (let look = 0; look < 2; look += 1) {
      world.clock.advance(10_000);
      await world.resolve();
    }
    const { state, detail } = await world.booking(change.id);
    assert.deepEqual([state, world.sites.north.statused.length], ['refused', 1]);
    assert.match(detail ?? '', /stands otherwise/);
  });

  it('without an answer at a site that cannot tell is parked in the end, and its news still settles it', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = () => LOST;
    world.sites.north.onFind = () => ({ kind: 'found', at: AT });
    const change = await world.setStatus(id, 'arrived');
    world.clock.advance(world.plan.hub.booking.resolveFor_s * 1000 + 10_000);
    await world.resolve();
    assert.equal((await world.booking(change.id)).state, 'parked');
    assert.equal((await world.read((tx) => tx.workItems.list(10))).length, 1);
    await world.tell('north', says('arrived'));
    assert.equal((await world.booking(change.id)).state, 'booked');
    assert.equal((await world.read((tx) => tx.workItems.list(10))).length, 0);
  });

  it('is known from the news of the site before its answer comes, and news of another status says nothing', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = async () => {
      await world.tell('north', says('booked'));
      assert.equal((await world.read((tx) => tx.bookings.latestOf(id)))?.state, 'sent');
      await world.tell('north', says('arrived'));
      return LOST;
    };
    assert.equal((await world.setStatus(id, 'arrived')).state, 'booked');
    assert.deepEqual(await facts(world), ['arrived', 'busy']);
  });

  it('of a visit that the site cancels meanwhile is refused', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = async () => {
      await world.tell('north', says('cancelled'));
      return LOST;
    };
    assert.equal((await world.setStatus(id, 'arrived')).state, 'refused');
    assert.deepEqual(await facts(world), ['cancelled', 'free']);
  });

  it('is not undone by older news, and is by newer', async (t) => {
    const { world, id } = await booked(t);
    const before = world.clock.now();
    world.clock.advance(1_000);
    await world.setStatus(id, 'arrived');
    await world.tell('north', says('booked'), { at: before });
    assert.deepEqual(await facts(world), ['arrived', 'busy']);
    world.clock.advance(1_000);
    await world.tell('north', says('booked'));
    assert.deepEqual(await facts(world), ['booked', 'busy']);
  });

  it('that the site itself takes is shown whatever it follows, and an unusual one is told', async (t) => {
    const { world } = await booked(t);
    for (const status of ['noshow', 'booked', 'arrived'] as const) {
      world.clock.advance(1_000);
      await world.tell('north', says(status));
      assert.deepEqual(await facts(world), [status, 'busy']);
    }
    const told = world.told.filter(([name]) => name === 'unusualStatus');
    assert.deepEqual(told, [['unusualStatus', 'north', 'noshow', 'booked']]);
  });

  it('does not overwrite what the site has said of the visit since it was asked', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onStatus = async ({ key }) => {
      await world.tell('north', says('fulfilled'));
      return stands(key);
    };
    assert.equal((await world.setStatus(id, 'arrived')).state, 'booked');
    assert.deepEqual(await facts(world), ['fulfilled', 'busy']);
  });

  it('can be set after the visit has begun, also where the site was down until then', async (t) => {
    const { world, id } = await booked(t);
    const [north] = testSites();
    const site = { ...north, whenDown: 'queue' as const };
    world.plan = { ...world.plan, sites: world.plan.sites.map((one) => (one.id === 'north' ? site : one)) };
    world.clock.advance(NINE.end - world.clock.now());
    const done = world.sites.north.onStatus;
    world.sites.north.onStatus = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    const change = await world.setStatus(id, 'noshow', { reason: 'did not call' });
    await keepWaiting(world.resolveDeps, site);
    assert.equal((await world.booking(change.id)).state, 'unsent');
    world.sites.north.onStatus = done;
    world.clock.advance(60_000);
    await world.deliver();
    assert.deepEqual(await facts(world), ['noshow', 'busy']);
    assert.equal((await world.appointment('north', 'K1')).resource.cancelationReason?.text, 'did not call');
    await world.setStatus(id, 'arrived');
    assert.equal((await world.appointment('north', 'K1')).resource.cancelationReason, undefined, 'app-4');
  });

  it('keeps to stage and write policy, and is given up or parked when its site is removed', async (t) => {
    const { world, id } = await booked(t);
    const [north] = testSites();
    const plan = world.plan;
    for (const site of [
      { ...north, stage: 'read' as const },
      { ...north, write: 'read-only' as const },
    ]) {
      world.plan = { ...plan, sites: plan.sites.map((one) => (one.id === 'north' ? site : one)) };
      const asked = world.desk.setStatus({ ...world.changing(id), status: 'arrived' }, SCOPE);
      await assert.rejects(asked, refusedWith('SITE_NOT_WRITABLE', /^/));
    }
    world.plan = plan;
    world.sites.north.onStatus = () => LOST;
    const lost = await world.setStatus(id, 'arrived');
    await parkOpenBookings(world.resolveDeps, 'north');
    assert.equal((await world.booking(lost.id)).state, 'parked');
  });
});

describe('an amendment', () => {
  it('that the site has made is shown, with nothing but what was named', async (t) => {
    const { world, id } = await booked(t);
    const change = await world.amend(id, { comment: 'ramp at the back', reason: 'knee' });
    assert.equal(change.state, 'booked');
    const { resource } = await world.appointment('north', 'K1');
    assert.deepEqual(amendmentOf(resource), { comment: 'ramp at the back', reason: 'knee', attendance: 'accepted' });
    assert.deepEqual(await facts(world), ['booked', 'busy']);
    const [order] = world.sites.north.amended;
    assert.deepEqual([order?.from, order?.to], [{}, { comment: 'ramp at the back', reason: 'knee' }]);
    const told = await world.read((tx) => tx.ledger.ofBooking(change.id));
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['amend-asked', 'booked', 'amended'],
    );
    assert.ok(!JSON.stringify(told).includes('knee'), 'what is said of a patient is not in the ledger');
  });

  it('of attendance: the patient is asked, and says that they come', async (t) => {
    const world = await openWorld(t);
    world.sites.north.amends = ['attendance'];
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const { appointmentId: id } = await world.book(canonicalId.slot('north', KEY), await world.patient('north'));
    world.clock.advance(1_000);
    await world.tell('north', visit('K1', 'n1', NINE, { attendance: 'needs-action' }));
    assert.equal(amendmentOf((await world.appointment('north', 'K1')).resource).attendance, 'needs-action');
    world.clock.advance(1_000);
    await world.amend(id, { attendance: 'accepted' });
    assert.equal(amendmentOf((await world.appointment('north', 'K1')).resource).attendance, 'accepted');
    world.clock.advance(1_000);
    await world.tell('north', visit('K1', 'n1', NINE));
    assert.equal(amendmentOf((await world.appointment('north', 'K1')).resource).attendance, 'accepted', 'not stated');
  });

  it('that changes nothing asks nobody, and one of a visit that is over is refused', async (t) => {
    const { world, id } = await booked(t);
    const answer = await world.desk.amend({ ...world.changing(id), to: { attendance: 'accepted' } }, SCOPE);
    assert.ok(answer.kind === 'changed' && answer.repeated);
    await world.tell('north', says('fulfilled'));
    const asked = world.desk.amend({ ...world.changing(id), to: { comment: 'x' } }, SCOPE);
    await assert.rejects(asked, refusedWith('RULE_BROKEN', /fulfilled cannot be amended/));
  });

  it('of which the site can do a part is refused whole, with what can be sent by itself', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.amends = ['comment'];
    const asked = world.desk.amend({ ...world.changing(id), to: { comment: 'x', reason: 'y' } }, SCOPE);
    await assert.rejects(asked, refusedWith('SITE_CANNOT', /amend reason \(.*there: comment\); send .* by itself/));
    assert.equal((await world.amend(id, { comment: 'x' })).state, 'booked');
  });

  it('without an answer is settled by news that says what was asked, whatever its blank lines', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onAmend = () => LOST;
    const change = await world.amend(id, { comment: 'one\n\ntwo', reason: 'knee' });
    await world.tell('north', visit('K1', 'n1', NINE, { comment: 'one\ntwo' }));
    assert.equal((await world.booking(change.id)).state, 'unknown', 'it says nothing of the reason');
    const reason = { coding: [], text: 'knee' };
    await world.tell('north', visit('K1', 'n1', NINE, { comment: 'one\ntwo', reason }));
    assert.equal((await world.booking(change.id)).state, 'booked');
  });

  it('of a record that is gone is refused once that is seen twice', async (t) => {
    const { world, id } = await booked(t);
    world.sites.north.onAmend = () => LOST;
    const change = await world.amend(id, { comment: 'x' });
    for (const state of ['unknown', 'refused']) {
      world.clock.advance(10_000);
      await world.resolve();
      assert.equal((await world.booking(change.id)).state, state);
    }
  });
});
