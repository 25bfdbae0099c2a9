/** A booking that is marked as sent in the commit that makes it: only what was committed is sent, and only in time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { WriteOutcome } from '../../src/connectors/contract.ts';
import type { SendTurn } from '../../src/booking/contract-send.ts';
import { bookingDesk } from '../../src/booking/desk.ts';
import { hold } from '../../src/booking/hold.ts';
import { recordOutcome } from '../../src/booking/settle.ts';
import { deliverer, type Deliverer } from '../../src/pipeline/deliver.ts';
import type { Scope, Store, Tx } from '../../src/store/contract.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NINE = during(9, 0, 50);
const SLOT = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));
const NEVER = new AbortController().signal;

interface Sending {
  readonly world: World;
  readonly owed: Deliverer;
  readonly deps: World['resolveDeps'];
  readonly ana: string;
}

async function openDay(t: Cleanup, { canBegin = false } = {}): Promise<Sending> {
  const world = await openWorld(t);
  world.sites.north.canBegin = canBegin;
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
  const ana = await world.patient('north');
  const site = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(site !== undefined);
  const { book, block } = world.sites.north;
  const owed = deliverer(world.deliverDeps, site, { book, block }, () => undefined);
  const turn = (): SendTurn | null => owed.turn(NEVER);
  return { world, owed, deps: { ...world.resolveDeps, turn }, ana };
}

/** Undone behind everything that the work has done, as by a deadlock; `between`, then the work runs again. */
function runTwice(store: Store, between: () => Promise<unknown>): Store {
  let runs = 0;
  const undone = new Error('undone');
  return {
    ...store,
    async transaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
      runs += 1;
      if (runs === 1) {
        const first = store.transaction(scope, async (tx) => {
          await work(tx);
          throw undone;
        });
        await assert.rejects(first, (error) => error === undone);
        await between();
      }
      return store.transaction(scope, work);
    },
  };
}

describe('a booking sent by whoever makes it', () => {
  it('is not sent where its transaction was undone and somebody else has the time when it is run again', async (t) => {
    const { world, owed, deps, ana } = await openDay(t);
    const bob = await world.patient('north', BOB);
    const store = runTwice(world.store, () => hold(world.resolveDeps, world.placing(SLOT, bob), SCOPE));
    const held = await hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE);
    await owed.idle();
    assert.equal(held.kind, 'taken');
    assert.deepEqual(world.sites.north.placed, []);
    assert.notEqual(owed.turn(NEVER), null);
  });

  it('whose transaction was run again is sent once, as the one that was committed', async (t) => {
    const { world, owed, deps, ana } = await openDay(t);
    const store = runTwice(world.store, () => Promise.resolve());
    const held = await hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE);
    await owed.idle();
    assert.ok(held.kind === 'held');
    assert.deepEqual(
      world.sites.north.placed.map(({ correlation }) => correlation),
      [held.booking.id],
    );
    assert.equal((await world.booking(held.booking.id)).state, 'booked');
  });

  it('is left to its turn where an older call has become due when its transaction is run again', async (t) => {
    const { world, owed, deps, ana } = await openDay(t);
    const ten = during(10, 0, 50);
    await world.offer('north', 'n2', 't50', [offered('n2', 't50', ten)]);
    const other = canonicalId.slot('north', slotKey('n2', 't50', ten.start));
    const bob = await world.patient('north', BOB);
    const store = runTwice(world.store, () => hold(world.resolveDeps, world.placing(other, bob), SCOPE));
    world.clock.advance(10);
    const held = await hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE);
    await owed.idle();
    assert.ok(held.kind === 'held' && held.sent !== true);
    assert.deepEqual(world.sites.north.placed, [], 'what the first run had claimed was never committed');
    while (await owed.step(NEVER));
    await owed.idle();
    assert.deepEqual(
      world.sites.north.placed.map(({ start }) => start),
      [ten.start, NINE.start],
    );
  });

  it('gives its room back where nothing comes of it, however often', async (t) => {
    const { world, owed, deps, ana } = await openDay(t);
    const undone = new Error('undone');
    const store: Store = {
      ...world.store,
      transaction: (scope, work) =>
        world.store.transaction(scope, async (tx) => {
          await work(tx);
          throw undone;
        }),
    };
    const isUndone = (error: unknown): boolean => error === undone;
    for (let round = 0; round < 20; round += 1) {
      await assert.rejects(hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE), isUndone);
    }
    const room = Array.from({ length: 17 }, () => owed.turn(NEVER));
    assert.equal(room.filter((turn) => turn !== null).length, 16);
  });

  for (const [name, exclusive, became] of [
    ['is sent in its turn by a process that stood still between its commit and the call', true, 'booked'],
    ['is never sent by a process that stood still until others had given it up', false, 'refused'],
  ] as const) {
    it(name, async (t) => {
      const { world, owed, deps, ana } = await openDay(t);
      world.sites.north.exclusive = exclusive;
      world.sites.north.onFind = () => ({ kind: 'absent' });
      const late: SendTurn[] = [];
      const turn = (): SendTurn | null => {
        const one = owed.turn(NEVER);
        if (one !== null) late.push(one);
        return one === null ? null : { ...one, send: () => undefined };
      };
      const held = await hold({ ...deps, turn }, world.placing(SLOT, ana), SCOPE);
      assert.ok(held.kind === 'held');
      world.clock.advance(10_000);
      if (!exclusive) {
        for (let round = 0; round < 4; round += 1) {
          await world.resolve();
          world.clock.advance(10_000);
        }
        assert.equal((await world.booking(held.booking.id)).state, 'refused');
      }
      late[0]?.send(null);
      await owed.idle();
      assert.deepEqual(world.sites.north.placed, []);
      await world.deliver('north');
      assert.equal(world.sites.north.placed.length, exclusive ? 1 : 0);
      assert.equal((await world.booking(held.booking.id)).state, became);
    });
  }
});

describe('a site that can be asked before there is a booking', () => {
  const TIME = { calendar: 'n1', visitType: 't50', start: NINE.start };

  it('is asked once, however often the transaction is run, and places it by that', async (t) => {
    const { world, owed, deps, ana } = await openDay(t, { canBegin: true });
    const asked: number[] = [];
    const store = runTwice(world.store, () => Promise.resolve(asked.push(world.sites.north.placed.length)));
    const held = await hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE);
    await owed.idle();
    assert.ok(held.kind === 'held');
    assert.deepEqual(asked, [0]);
    assert.deepEqual(world.sites.north.begun, [{ time: TIME, then: ['placed', 'closed'] }]);
    assert.equal((await world.booking(held.booking.id)).state, 'booked');
  });

  it('is left alone again where nothing comes of it', async (t) => {
    const { world, owed, deps, ana } = await openDay(t, { canBegin: true });
    const bob = await world.patient('north', BOB);
    const store = runTwice(world.store, () => hold(world.resolveDeps, world.placing(SLOT, bob), SCOPE));
    const held = await hold({ ...deps, store }, world.placing(SLOT, ana), SCOPE);
    await owed.idle();
    assert.equal(held.kind, 'taken');
    assert.deepEqual(world.sites.north.begun, [{ time: TIME, then: ['closed'] }]);
  });

  it('is asked anew by what was not sent in its turn', async (t) => {
    const { world, deps, ana } = await openDay(t, { canBegin: true });
    await hold({ ...deps, turn: () => null }, world.placing(SLOT, ana), SCOPE);
    await world.deliver('north');
    assert.deepEqual([world.sites.north.begun.length, world.sites.north.placed.length], [0, 1]);
  });
});

describe('a booking whose commit was not answered', () => {
  it('is told as it stands where it was saved, and its site is asked for it after its deadline', async (t) => {
    const { world, owed, deps, ana } = await openDay(t);
    let lost = 0;
    const store: Store = {
      ...world.store,
      async transaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
        const done = await world.store.transaction(scope, work);
        lost += 1;
        if (lost === 1) throw new HubError('DATABASE_ANSWER_LOST');
        return done;
      },
    };
    const desk = bookingDesk({ ...deps, store, deliver: () => undefined });
    const request = world.placing(SLOT, ana);
    const asked = desk.place(request, SCOPE);
    const over = asked.then(() => true);
    const pause = (): Promise<false> => new Promise((resolve) => setTimeout(resolve, 2, false));
    while (!(await Promise.race([over, pause()]))) world.clock.advance(100);
    const answer = await asked;
    assert.equal(answer.kind, 'pending');
    assert.deepEqual(world.sites.north.placed, []);
    assert.notEqual(owed.turn(NEVER), null);
    world.sites.north.onFind = () => ({ kind: 'absent' });
    for (let round = 0; round < 4; round += 1) {
      world.clock.advance(10_000);
      await world.sweep();
      await world.resolve();
      await world.deliver('north');
    }
    assert.equal((await world.booking(answer.bookingId)).state, 'booked');
    assert.equal(world.sites.north.placed.length, 1);
  });
});

describe('what an earlier call brought', () => {
  const gone = { kind: 'unsent', error: new HubError('SITE_UNREACHABLE', { retryAfter_ms: 0 }) } as const;
  const late: Readonly<Record<string, WriteOutcome>> = {
    'a refusal': { kind: 'refused', because: 'slot-taken', detail: 'It is taken.' },
    'that it did not arrive': gone,
  };
  for (const [name, outcome] of Object.entries(late)) {
    it(`changes nothing of the call under way where it is ${name}`, async (t) => {
      const { world, ana } = await openDay(t);
      const { north } = world.sites;
      const site = world.plan.sites.find(({ id }) => id === 'north');
      assert.ok(site !== undefined);
      const sentAt = world.clock.now();
      const said = { site, sentAt, showsWithin_ms: 0, deliveryId: null };
      north.onPlace = async ({ correlation }) => {
        if (north.placed.length === 1) return gone;
        const now = await world.booking(correlation);
        assert.equal(now.state, 'sent');
        await recordOutcome(world.resolveDeps, { ...said, booking: { ...now, attempts: 0 }, outcome });
        assert.equal((await world.booking(correlation)).state, 'sent');
        return { kind: 'booked', at: { key: 'K1', status: 'booked', ...NINE, calendar: 'n1' } };
      };
      const booking = await world.book(SLOT, ana);
      await world.deliver('north');
      assert.equal((await world.booking(booking.id)).state, 'booked');
      assert.equal(north.placed.length, 2);
    });
  }
});
