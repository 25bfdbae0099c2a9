/** Taking the time: what is checked, what is held, who gets it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Scope } from '../../src/store/contract.ts';
import { hold } from '../../src/booking/hold.ts';
import { holdPrepared } from '../../src/booking/place.ts';
import { prepare } from '../../src/booking/prepare.ts';
import {
  BOB,
  during,
  NPI,
  offered,
  openWorld,
  SCOPE,
  slotKey,
  testSites,
  visit,
  type World,
} from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { refusedWith } from '../support/refused.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const SLOT = canonicalId.slot('north', KEY);

async function openDay(
  t: Cleanup,
  options: Parameters<typeof openWorld>[1] = {},
): Promise<{ world: World; ana: string }> {
  const world = await openWorld(t, options);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', during(10, 0, 50))]);
  await world.offer('south', 's1', 't50', [offered('s1', 't50', during(9, 30, 50))]);
  return { world, ana: await world.patient('north') };
}

describe('a booking', () => {
  it('is sent with what was asked, and is booked when the site says so', async (t) => {
    const { world, ana } = await openDay(t);
    const booking = await world.book(SLOT, ana, { reason: 'a cough' });
    assert.equal(booking.state, 'booked');
    const [order] = world.sites.north.placed;
    assert.ok(order !== undefined);
    assert.deepEqual(
      [order.correlation, order.calendar, order.visitType, order.start, order.end, order.patient.family, order.reason],
      [booking.id, 'n1', 't50', NINE.start, NINE.end, 'Lopez', 'a cough'],
    );
    const shown = await world.appointment('north', 'K1');
    assert.equal(shown.id, booking.appointmentId);
    assert.equal(shown.resource.status, 'booked');
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    assert.equal((await world.slot('south', slotKey('s1', 't50', during(9, 30).start))).status, 'busy');
    const steps = await world.read((tx) => tx.ledger.ofBooking(booking.id));
    assert.deepEqual(
      steps.map((step) => step.kind),
      ['held', 'booked'],
    );
  });

  it('takes its time before the site is asked, and every reader sees it', async (t) => {
    const { world, ana } = await openDay(t);
    const seen: string[] = [];
    world.sites.north.onPlace = async () => {
      seen.push(
        (await world.slot('north', KEY)).status,
        (await world.slot('south', slotKey('s1', 't50', during(9, 30).start))).status,
      );
      return { kind: 'refused', because: 'slot-taken', detail: 'no' };
    };
    const booking = await world.book(SLOT, ana);
    assert.deepEqual(seen, ['busy-tentative', 'busy-tentative']);
    assert.equal(booking.state, 'refused');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal((await world.slot('south', slotKey('s1', 't50', during(9, 30).start))).status, 'free');
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('asked for again with its request key gets the first answer and is sent once', async (t) => {
    const { world, ana } = await openDay(t);
    const first = await world.book(SLOT, ana, { requestKey: 'k' });
    const answer = await world.desk.place(world.placing(SLOT, ana, { requestKey: 'k' }), SCOPE);
    assert.ok(answer.kind === 'booked');
    assert.deepEqual([answer.bookingId, answer.repeated], [first.id, true]);
    assert.equal(world.sites.north.placed.length, 1);
  });

  it('with the request key of another body is refused', async (t) => {
    const { world, ana } = await openDay(t);
    await world.book(SLOT, ana, { requestKey: 'k' });
    const other = world.placing(SLOT, ana, { requestKey: 'k', digest: 'other' });
    await assert.rejects(world.desk.place(other, SCOPE), refusedWith('REQUEST_KEY_REUSED'));
  });

  it('asked for eight times at once with one key is one booking', async (t) => {
    const { world, ana } = await openDay(t);
    const request = world.placing(SLOT, ana, { requestKey: 'k' });
    const held = await Promise.all(Array.from({ length: 8 }, () => hold(world.resolveDeps, request, SCOPE)));
    assert.equal(new Set(held.map((one) => (one.kind === 'taken' ? 'taken' : one.booking.id))).size, 1);
    assert.equal(held.filter((one) => one.kind === 'held').length, 1);
  });

  it('whose start or end is not that of the slot is refused', async (t) => {
    const { world, ana } = await openDay(t);
    for (const wrong of [{ start: plus(NINE.start, 60_000) }, { end: plus(NINE.end, 60_000) }]) {
      await assert.rejects(world.desk.place(world.placing(SLOT, ana, wrong), SCOPE), refusedWith('RULE_BROKEN'));
    }
  });

  it('of a slot that has begun is refused', async (t) => {
    const { world, ana } = await openDay(t);
    world.clock.advance(NINE.start - world.clock.now());
    await assert.rejects(world.desk.place(world.placing(SLOT, ana), SCOPE), refusedWith('RULE_BROKEN'));
  });

  it('of a slot that its site changed while the locks were waited for takes nothing, and is to be asked for again', async (t) => {
    const { world, ana } = await openDay(t);
    const request = world.placing(SLOT, ana);
    const prepared = await world.read((tx) => prepare(world.resolveDeps, tx, request));
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', during(9, 0, 60))]);
    const held = world.store.transaction(SCOPE, async (tx) => {
      await tx.lock(prepared.locks);
      return holdPrepared(world.resolveDeps, tx, prepared);
    });
    await assert.rejects(held, refusedWith('TOO_BUSY'));
    const booking = await world.book(SLOT, ana);
    assert.deepEqual(booking.during, during(9, 0, 60));
  });

  it('for a patient that is not there, or that the caller may not see, is refused and holds nothing', async (t) => {
    const { world } = await openDay(t);
    const bob = await world.patient('south', BOB);
    const north: Scope = { ...SCOPE, sites: ['north'] };
    await assert.rejects(
      world.desk.place(world.placing(SLOT, canonicalId.patient('north', 'nobody')), SCOPE),
      refusedWith('NOT_FOUND'),
    );
    await assert.rejects(world.desk.place(world.placing(SLOT, bob), north), refusedWith('NOT_FOUND'));
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('of a slot outside what the caller may see is not found', async (t) => {
    const { world, ana } = await openDay(t);
    for (const scope of [
      { ...SCOPE, sites: ['south'] },
      { ...SCOPE, locations: [canonicalId.location('north', 'annex')] },
    ]) {
      await assert.rejects(world.desk.place(world.placing(SLOT, ana), scope), refusedWith('NOT_FOUND'));
    }
  });

  it('of a slot that is masked for the caller is answered as taken, with no hint that others like it are free', async (t) => {
    const [north, south, feed] = testSites();
    const sensitive = { ...north, sensitivity: { ...north.sensitivity, visitTypes: { 'therapy-50': ['R'] } } };
    const { world, ana } = await openDay(t, { sites: [sensitive, south, feed] });
    const answer = await world.desk.place(world.placing(SLOT, ana), { ...SCOPE, clearances: [] });
    assert.ok(answer.kind === 'conflict');
    assert.deepEqual(answer.alternatives, []);
    const cleared = await world.book(SLOT, ana);
    assert.equal(cleared.state, 'booked');
    const taken = await world.desk.place(world.placing(SLOT, ana), SCOPE);
    assert.ok(taken.kind === 'conflict');
    assert.equal(taken.alternatives.length, 1);
  });

  it('of a slot that is taken is told the five that are nearest in time, before it and behind it', async (t) => {
    const world = await openWorld(t);
    const hours = Array.from({ length: 22 }, (_one, hour) => during(hour, 0, 30));
    await world.offer('north', 'n1', 't50', hours.map((one) => offered('n1', 't50', one))); // prettier-ignore
    const ana = await world.patient('north');
    const slot = canonicalId.slot('north', slotKey('n1', 't50', during(12, 0, 30).start));
    assert.equal((await world.book(slot, ana)).state, 'booked');
    const taken = await world.desk.place(world.placing(slot, ana), SCOPE);
    assert.ok(taken.kind === 'conflict');
    assert.deepEqual(
      taken.alternatives.map(({ during: { start } }) => start).toSorted((one, other) => one - other),
      [10, 11, 13, 14, 15].map((hour) => during(hour, 0, 30).start),
    );
  });

  it('at a site whose stage, scope or write policy forbids it is refused', async (t) => {
    const { world, ana } = await openDay(t);
    const [north] = testSites();
    const refusing = [
      { ...north, stage: 'read' as const },
      { ...north, stage: 'pilot' as const, scope: { locations: ['annex'], visitTypes: [] } },
      { ...north, stage: 'pilot' as const, scope: { locations: [], visitTypes: ['check-30'] } },
      { ...north, write: 'read-only' as const },
    ];
    for (const site of refusing) {
      world.plan = { ...world.plan, sites: world.plan.sites.map((one) => (one.id === 'north' ? site : one)) };
      await assert.rejects(world.desk.place(world.placing(SLOT, ana), SCOPE), refusedWith('SITE_NOT_WRITABLE'));
    }
    const pilot = {
      ...north,
      stage: 'pilot' as const,
      scope: { locations: ['north-clinic'], visitTypes: ['therapy-50'] },
    };
    world.plan = { ...world.plan, sites: world.plan.sites.map((one) => (one.id === 'north' ? pilot : one)) };
    assert.equal((await world.book(SLOT, ana)).state, 'booked');
  });

  it('of a visit type that is not in the catalogue is refused', async (t) => {
    const { world, ana } = await openDay(t);
    await world.offer('north', 'n1', 'odd', [offered('n1', 'odd', NINE)]);
    const odd = canonicalId.slot('north', slotKey('n1', 'odd', NINE.start));
    await assert.rejects(world.desk.place(world.placing(odd, ana), SCOPE), refusedWith('SITE_NOT_WRITABLE'));
  });

  it('keeps what it holds of the patient sealed at rest', async (t) => {
    const { world, ana } = await openDay(t);
    await world.book(SLOT, ana, { reason: 'a cough', comment: 'rings the bell twice' });
    const tables = [
      'booking',
      'appointment',
      'resource',
      'slot',
      'busy',
      'outbox',
      'ledger',
      'audit',
      'history',
      'inbox',
      'work_item',
      'patient_link',
    ];
    for (const table of tables) {
      const raw = JSON.stringify(await world.rows(`SELECT * FROM ${table}`), (_name, value: unknown) =>
        typeof value === 'object' && value !== null && 'data' in value && Array.isArray(value.data)
          ? Buffer.from(value.data as number[]).toString('latin1')
          : value,
      );
      for (const secret of ['Lopez', '1980-02-03', '555 0188', 'ana@example', 'a cough', 'rings the bell', 'M-1']) {
        assert.ok(!raw.includes(secret), `${secret} stands in ${table}`);
      }
    }
  });
});

describe('racers', () => {
  it('64 for one slot: one is booked, all others are told that it is taken', async (t) => {
    const { world, ana } = await openDay(t, { max: 20 });
    const deps = world.resolveDeps;
    const held = await Promise.all(Array.from({ length: 64 }, () => hold(deps, world.placing(SLOT, ana), SCOPE)));
    assert.deepEqual([count(held, 'held'), count(held, 'taken')], [1, 63]);
  });

  it('for two overlapping slots of one person at two sites: one is booked', async (t) => {
    const { world, ana } = await openDay(t, { max: 20 });
    const deps = world.resolveDeps;
    const other = canonicalId.slot('south', slotKey('s1', 't50', during(9, 30).start));
    const held = await Promise.all(
      Array.from({ length: 64 }, (_, n) => hold(deps, world.placing(n % 2 === 0 ? SLOT : other, ana), SCOPE)),
    );
    assert.deepEqual([count(held, 'held'), count(held, 'taken')], [1, 63]);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });

  it('a caller and the site itself: whoever comes second sees the first, and the slot is never shown free', async (t) => {
    const { world, ana } = await openDay(t, { max: 20 });
    const deps = world.resolveDeps;
    for (let round = 0; round < 10; round += 1) {
      const start = plus(during(8, 0).start, (round + 4) * 3_600_000);
      const time = { start, end: plus(start, 3_000_000) };
      const slot = canonicalId.slot('north', slotKey('n1', 't50', start));
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
      // A sibling that is only just being written must not miss the hold that is only just being made.
      await world.tell(
        'south',
        {
          kind: 'slots',
          at: world.clock.now(),
          calendar: 's1',
          visitType: 't50',
          window: time,
          slots: [offered('s1', 't50', time)],
        },
        { object: `south:${round}`, apply: false },
      );
      await world.tell('south', visit(`S${round}`, 's1', time, { patients: [BOB] }), { apply: false });
      const [held] = await Promise.all([hold(deps, world.placing(slot, ana), SCOPE), world.apply()]);
      await world.apply();
      for (const [site, key] of [
        ['north', slotKey('n1', 't50', start)],
        ['south', slotKey('s1', 't50', start)],
      ] as const) {
        assert.notEqual((await world.slot(site, key)).status, 'free', `${held.kind} in round ${round}`);
      }
      if (held.kind === 'held') await world.deliver();
    }
  });

  it('the constraint of the database is the last line: with locks and checks left out, the second is told that it is taken', async (t) => {
    const { world, ana } = await openDay(t);
    const first = await hold(world.resolveDeps, world.placing(SLOT, ana), SCOPE);
    assert.equal(first.kind, 'held');
    await world.rows(`UPDATE slot SET status = 'free'`);
    const blind = {
      ...world.store,
      transaction: ((scope, work) =>
        world.store.transaction(scope, (tx) =>
          work({ ...tx, lock: () => Promise.resolve(), busy: { ...tx.busy, conflicts: () => Promise.resolve([]) } }),
        )) as typeof world.store.transaction,
    };
    await assert.rejects(
      hold({ ...world.resolveDeps, store: blind }, world.placing(SLOT, await world.patient('north', BOB)), SCOPE),
      refusedWith('SLOT_TAKEN'),
    );
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 1);
  });
});

describe('a class', () => {
  const group = offered('n1', 'group', during(14, 0, 60), { capacity: 2, left: 2 });
  const id = canonicalId.slot('north', group.key);

  it('takes as many as it has seats, also those whose seat the site has not counted yet', async (t) => {
    const { world, ana } = await openDay(t);
    const [bob = '', cy = ''] = await world.crowd('north', 2);
    await world.offer('north', 'n1', 'group', [group]);
    assert.equal((await world.book(id, ana)).state, 'booked');
    assert.equal((await world.slot('north', group.key)).status, 'free');
    assert.equal((await world.book(id, bob)).state, 'booked');
    assert.equal((await world.slot('north', group.key)).status, 'busy');
    const third = await world.desk.place(world.placing(id, cy), SCOPE);
    assert.equal(third.kind, 'conflict');
  });

  it('with a room of its own counts one seat for each visit', async (t) => {
    const [north, south, feed] = testSites();
    const rooms = {
      ...north,
      locations: { ...north.locations, hall: { name: 'Hall', timeZone: 'UTC', room: true, codes: [] } },
      resources: { ...north.resources, calendars: { n1: { practitioner: `npi:${NPI}`, location: 'hall' } } },
    };
    const world = await openWorld(t, { sites: [rooms, south, feed] });
    await world.offer('north', 'n1', 'group', [group]);
    const [ana = '', bob = ''] = await world.crowd('north', 2);
    await hold(world.resolveDeps, world.placing(id, ana), SCOPE);
    assert.equal((await world.rows('SELECT 1 FROM busy')).length, 2);
    assert.equal((await world.slot('north', group.key)).status, 'free');
    await hold(world.resolveDeps, world.placing(id, bob), SCOPE);
    assert.equal((await world.slot('north', group.key)).status, 'busy-tentative');
  });

  it('of 64 racers takes two', async (t) => {
    const { world } = await openDay(t, { max: 20 });
    await world.offer('north', 'n1', 'group', [group]);
    const deps = world.resolveDeps;
    const people = await world.crowd('north', 64);
    const held = await Promise.all(people.map((one) => hold(deps, world.placing(id, one), SCOPE)));
    assert.deepEqual([count(held, 'held'), count(held, 'taken')], [2, 62]);
  });

  it('keeps the person from being booked elsewhere', async (t) => {
    const { world, ana } = await openDay(t);
    await world.offer('north', 'n1', 'group', [group]);
    await world.offer('north', 'n1', 't30', [offered('n1', 't30', during(14))]);
    await world.book(id, ana);
    assert.equal((await world.slot('north', slotKey('n1', 't30', during(14).start))).status, 'busy');
  });
});

describe('a hold', () => {
  it('runs out, and frees its time and ends its booking', async (t) => {
    const { world, ana } = await openDay(t);
    const held = await hold(world.resolveDeps, world.placing(SLOT, ana), SCOPE);
    assert.ok(held.kind === 'held');
    world.clock.advance(61_000);
    await world.sweep();
    assert.equal((await world.booking(held.booking.id)).state, 'expired');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    await world.deliver();
    assert.deepEqual(world.sites.north.placed, []);
  });

  it('that has run out gives way to the next caller, and its booking is never sent', async (t) => {
    const { world, ana } = await openDay(t);
    const first = await hold(world.resolveDeps, world.placing(SLOT, ana), SCOPE);
    assert.ok(first.kind === 'held');
    world.clock.advance(61_000);
    // Nobody has swept yet; another slot of the same person, at the other site, is still shown as it stood.
    const other = canonicalId.slot('south', slotKey('s1', 't50', during(9, 30).start));
    await world.rows(`UPDATE slot SET status = 'free' WHERE id = $1`, [other]);
    const second = await hold(world.resolveDeps, world.placing(other, ana), SCOPE);
    assert.equal(second.kind, 'held');
    assert.equal((await world.booking(first.booking.id)).state, 'expired');
    await world.deliver('north');
    await world.deliver('south');
    assert.deepEqual([world.sites.north.placed.length, world.sites.south.placed.length], [0, 1]);
  });

  it('never runs out once the site was asked', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
    const booking = await world.book(SLOT, ana);
    assert.equal(booking.state, 'unknown');
    world.clock.advance(3_600_000 * 10);
    await world.sweep();
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
    assert.equal((await world.booking(booking.id)).state, 'unknown');
  });

  it('of a calendar of nobody takes that calendar and not its clinic', async (t) => {
    const [north, south, feed] = testSites();
    const calendars = { ...north.resources.calendars, vaccines: { location: 'north-clinic' } };
    const world = await openWorld(t, {
      sites: [{ ...north, resources: { ...north.resources, calendars } }, south, feed],
    });
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.offer('north', 'vaccines', 't50', [offered('vaccines', 't50', NINE)]);
    const ana = await world.patient('north');
    const vaccination = canonicalId.slot('north', slotKey('vaccines', 't50', NINE.start));
    assert.equal((await world.book(vaccination, ana)).state, 'booked');
    assert.equal((await world.slot('north', slotKey('vaccines', 't50', NINE.start))).status, 'busy');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal((await world.desk.place(world.placing(vaccination, ana), SCOPE)).kind, 'conflict');
  });
});

function count(held: readonly { readonly kind: string }[], kind: string): number {
  return held.filter((one) => one.kind === kind).length;
}
