/** When a visit is at risk, and when it is not any more. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/hold.ts';
import { sweepConflicts } from '../../src/pipeline/conflicts.ts';
import type { Task } from '../../src/fhir/types.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import {
  ANA,
  BOB,
  NPI,
  during,
  fed,
  offered,
  openWorld,
  SCOPE,
  slotKey,
  visit,
  type World,
} from '../support/builders.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);

async function conflicts(world: World): Promise<number> {
  return (await world.read((tx) => tx.workItems.list(10))).filter((item) => item.kind === 'conflict').length;
}

describe('a conflict', () => {
  it('is one person taken at two sites, told once and cleared when one of the visits ends', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB] }));
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB], comment: 'again' }));
    assert.equal(await conflicts(world), 1);
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB], status: 'cancelled' }));
    assert.equal(await conflicts(world), 0);
  });

  it('is a visit of the site over one that the hub placed', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), await world.patient('north'));
    await world.tell('north', visit('N9', 'n1', NINE, { patients: [BOB] }));
    assert.equal(await conflicts(world), 1);
    world.clock.advance(1_000);
    await world.tell('north', visit('N9', 'n1', TEN, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
  });

  it('is not two visits of one site, nor two that trade places, nor two that touch', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('north', visit('N2', 'n1', NINE, { patients: [BOB] }));
    await world.tell('feed', fed('F1', TEN));
    await world.tell('north', visit('N3', 'n1', { start: TEN.end, end: during(11, 30).start }, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
    world.clock.advance(1_000);
    await world.tell('north', visit('N1', 'n1', TEN), { apply: false });
    await world.tell('north', visit('N2', 'n1', TEN), { apply: false });
    await world.tell('feed', fed('F1', NINE), { apply: false });
    await world.apply();
    assert.equal(await conflicts(world), 0);
  });

  it('is not a block, nor a hold that its site has not answered', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const ana = await world.patient('north', ANA);
    await hold(
      world.resolveDeps,
      world.placing(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), ana),
      SCOPE,
    );
    const actor = { kind: 'practitioner', assertion: { code: 'ADA' } } as const;
    await world.tell('feed', { kind: 'block', at: world.clock.now(), key: 'B', actor, during: TEN, closed: true });
    await world.tell('north', visit('N9', 'n1', { start: NINE.start, end: TEN.end }, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
  });

  it('is raised once the site has confirmed the hold over its own visit', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const ana = await world.patient('north', ANA);
    world.sites.north.onPlace = async (order) => {
      await world.tell('north', visit('N9', 'n1', NINE, { patients: [BOB] }));
      return {
        kind: 'booked',
        at: { key: 'K1', status: 'booked', start: order.start, end: order.end, calendar: 'n1' },
      };
    };
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), ana);
    await world.apply();
    assert.equal(await conflicts(world), 1);
  });

  it('is more visits of a class than its slot grants, if the hub placed one of them', async (t) => {
    const world = await openWorld(t);
    const key = slotKey('n1', 't50', NINE.start);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE, { capacity: 2, left: 2 })]);
    const seat = (name: string): Promise<number> =>
      world.tell('north', visit(name, 'n1', NINE, { patients: [BOB], session: key }));
    await seat('A');
    await seat('B');
    await seat('C');
    assert.equal(await conflicts(world), 0, 'a clinic that overbooks its own class');
    world.clock.advance(1_000);
    for (const name of ['B', 'C']) {
      await world.tell('north', visit(name, 'n1', NINE, { patients: [BOB], session: key, status: 'cancelled' }));
    }
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE, { capacity: 2, left: 1 })]);
    const booking = await world.book(canonicalId.slot('north', key), await world.patient('north'));
    assert.equal(booking.state, 'booked');
    await world.apply();
    assert.equal(await conflicts(world), 0);
    await seat('D');
    const [item] = await world.read((tx) => tx.workItems.list(10));
    assert.equal(item?.evidence['because'], 'above-capacity');
    assert.equal(item.evidence['visits']?.split(',').length, 3);
    world.clock.advance(1_000);
    await world.tell('north', visit('A', 'n1', NINE, { patients: [BOB], session: key, status: 'cancelled' }));
    assert.equal(await conflicts(world), 0);
  });

  it('tells both visits and sites, the case, and where one of them could go, the nearest first', async (t) => {
    const world = await openWorld(t);
    const ours = during(9, 0, 50);
    const later = [10, 14, 11, 15, 16, 13].map((hour) => offered('n1', 't50', during(hour, 0, 50)));
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', ours), ...later]);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', during(9, 30, 50))]);
    const slot = canonicalId.slot('north', slotKey('n1', 't50', ours.start));
    const booking = await world.book(slot, await world.patient('north'));
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB] }));
    const [item] = await world.read((tx) => tx.workItems.list(10));
    const at = (calendar: string, hour: number, minute = 0): string =>
      canonicalId.slot('north', slotKey(calendar, 't50', during(hour, minute, 50).start));
    const feed = await world.appointment('feed', 'F1');
    assert.deepEqual(item?.evidence, {
      because: 'two-sites',
      appointment: feed.id,
      site: 'feed',
      other: booking.appointmentId,
      otherSite: 'north',
      resource: canonicalId.practitionerByNpi(NPI),
      move: booking.appointmentId,
      candidates: [at('n2', 9, 30), at('n1', 10), at('n1', 11), at('n1', 13), at('n1', 14)].join(','),
    });
    const task = await world.read((tx) => tx.resources.read('Task', item.id));
    const { input = [] } = JSON.parse(task?.json ?? '{}') as Task;
    const named = (fact: string): unknown[] =>
      input.filter(({ type }) => type.text === fact).map((one) => one.valueString ?? one.valueReference?.reference);
    assert.deepEqual(named('because'), ['two-sites']);
    assert.deepEqual(named('other'), [`Appointment/${booking.appointmentId}`]);
    assert.deepEqual(named('candidates').slice(0, 2), [`Slot/${at('n2', 9, 30)}`, `Slot/${at('n1', 10)}`]);
    assert.deepEqual(
      world.told.filter(([name]) => name === 'conflict').map(([, what, sites, because]) => [what, sites, because]),
      [['raised', ['feed', 'north'], 'two-sites']],
    );
  });

  it('waits until what had come of its sites is applied, and never shows when that solves it', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    const put = { sequenceKeys: ['appointment:F0', 'appointment:N1'] };
    // Stored before the visit that clashes, and not applied yet: the site's own end of its visit, which has to wait.
    const end = await world.tell('north', visit('N1', 'n1', NINE, { status: 'cancelled' }), { ...put, apply: false });
    const until = new Date(world.clock.now() + 30_000);
    await world.rows('UPDATE inbox_queue SET next_attempt_at = $2, attempts = 1 WHERE inbox_id = $1', [end, until]);
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', NINE, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
    assert.equal((await world.rows('SELECT FROM conflict')).length, 1);
    world.clock.advance(30_000);
    await world.apply();
    assert.equal(await conflicts(world), 0);
    assert.equal((await world.rows('SELECT FROM conflict')).length, 0);
    assert.equal(world.told.filter(([name]) => name === 'conflict').length, 0);
  });

  it('is not held back for ever by what is put off, nor at all by what waits for a parked message', async (t) => {
    const world = await openWorld(t);
    const keys = { sequenceKeys: ['patient:x'] };
    const parked = await world.tell('north', { mapped: { kind: 'unreadable', issues: [], barrier: true } }, keys);
    assert.equal((await world.message(parked)).status, 'parked');
    const behind = await world.tell('north', visit('N5', 'n1', TEN), keys);
    const behindThat = await world.tell('north', visit('N6', 'n1', TEN), keys);
    for (const id of [behind, behindThat]) assert.equal((await world.message(id)).status, 'received');
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('feed', fed('F1', NINE, { patients: [BOB] }));
    assert.equal(await conflicts(world), 1);

    const off = await world.tell('north', visit('N7', 'n2', TEN), { apply: false });
    const until = new Date(world.clock.now() + 3_600_000);
    await world.rows('UPDATE inbox_queue SET next_attempt_at = $2, attempts = 1 WHERE inbox_id = $1', [off, until]);
    await world.tell('north', visit('N2', 'n1', TEN));
    await world.tell('feed', fed('F2', TEN, { patients: [BOB] }));
    assert.equal(await conflicts(world), 1);
    world.clock.advance(61_000);
    await world.apply();
    assert.equal(await conflicts(world), 2);
  });

  it('is cleared when its two practitioners turn out to be two after all', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('feed', fed('F1', NINE, { patients: [BOB] }));
    assert.equal(await conflicts(world), 1);
    // What undoing the link does to the calendar, whichever way it is done.
    const [other] = (await world.appointment('feed', 'F1')).actors;
    await world.rows(
      `UPDATE busy SET resource_id = gen_random_uuid() WHERE site = 'feed' AND resource_id = ANY($1::uuid[])`,
      [[other, canonicalId.practitionerByNpi(NPI)]],
    );
    await sweepConflicts({ store: world.store, clock: world.clock, events: world.deliverDeps.events });
    assert.equal(await conflicts(world), 0);
    assert.deepEqual(
      world.told.filter(([name]) => name === 'conflict').map(([, what]) => what),
      ['raised', 'cleared'],
    );
  });
});
