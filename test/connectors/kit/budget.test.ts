import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HubError } from '../../../src/core/errors.ts';
import { createBudget, createBudgets } from '../../../src/connectors/kit/budget.ts';
import type { Purpose } from '../../../src/connectors/contract.ts';
import { handClock, settle } from '../clock.ts';

const never = new AbortController().signal;
const VENDOR = { perSecond: 10, concurrent: 20, reservedForBookings: 3 };

test('a budget of one name is one budget, and the first spec holds', () => {
  const budgets = createBudgets(handClock());
  const first = budgets('acuity:a', VENDOR);
  assert.equal(budgets('acuity:a', { perSecond: 99, concurrent: 1, reservedForBookings: 0 }), first);
  assert.equal(first.spec.perSecond, 10);
  assert.notEqual(budgets('acuity:b', VENDOR), first);
});

test('synchronisation never uses the share reserved for bookings', async () => {
  const clock = handClock();
  const budget = createBudget(clock, VENDOR);
  const order: Purpose[] = [];
  const want = (purpose: Purpose): Promise<void> =>
    budget.take(purpose, never).then((giveBack) => {
      order.push(purpose);
      giveBack();
    });
  const wanted = [...Array.from({ length: 20 }, () => want('sync')), want('booking'), want('booking')];
  await settle();
  assert.equal(order.filter((purpose) => purpose === 'sync').length, 7);
  assert.equal(order.filter((purpose) => purpose === 'booking').length, 2);
  await clock.advance(5_000);
  await Promise.all(wanted);
  assert.equal(order.length, 22);
});

test('bookings that never stop do not starve synchronisation', async () => {
  const clock = handClock();
  const budget = createBudget(clock, VENDOR);
  const begun: Record<Purpose, number> = { booking: 0, sync: 0 };
  const wanted = (['booking', 'sync'] as const).flatMap((purpose) =>
    Array.from({ length: 100 }, () =>
      budget.take(purpose, never).then((giveBack) => {
        begun[purpose] += 1;
        giveBack();
      }),
    ),
  );
  await clock.advance(4_400);
  assert.ok(begun.sync >= 4, `${begun.sync} began`);
  assert.ok(begun.booking >= 36, `${begun.booking} began`);
  await clock.advance(60_000);
  await Promise.all(wanted);
});

test('polls that hang leave connections for bookings', async () => {
  const clock = handClock();
  const budget = createBudget(clock, { perSecond: 10, concurrent: 4, reservedForBookings: 3 });
  const stop = new AbortController();
  const polls = Array.from({ length: 6 }, () => budget.take('sync', stop.signal).catch(() => undefined));
  await settle();
  const giveBack = await budget.take('booking', never);
  giveBack();
  stop.abort();
  await Promise.all(polls);
});

test('a connection given back lets the next one begin, and giving back twice counts once', async () => {
  const budget = createBudget(handClock(), { perSecond: 100, concurrent: 1, reservedForBookings: 0 });
  const first = await budget.take('booking', never);
  const second = budget.take('booking', never);
  let third = false;
  const waiting = budget.take('booking', never).then((giveBack) => {
    third = true;
    giveBack();
  });
  first();
  first();
  const giveBack = await second;
  await settle();
  assert.equal(third, false);
  giveBack();
  await waiting;
});

test('who gives up uses no turn and is told that it stopped', async () => {
  const clock = handClock();
  const budget = createBudget(clock, { perSecond: 1, concurrent: 5, reservedForBookings: 0 });
  (await budget.take('sync', never))();
  const stop = new AbortController();
  const given = budget.take('sync', stop.signal);
  let begun = false;
  const next = budget.take('sync', never).then((giveBack) => {
    begun = true;
    giveBack();
  });
  stop.abort();
  await assert.rejects(given, (error) => error instanceof HubError && error.code === 'STOPPING');
  await assert.rejects(budget.take('sync', stop.signal), { code: 'STOPPING' });
  await clock.advance(1_100);
  assert.equal(begun, true);
  await next;
});

test('nobody begins before a pause has passed, and a shorter pause does not shorten it', async () => {
  const clock = handClock();
  const budget = createBudget(clock, VENDOR);
  budget.pause(5_000);
  budget.pause(100);
  let begun = false;
  const waiting = budget.take('booking', never).then((giveBack) => {
    begun = true;
    giveBack();
  });
  await clock.advance(4_999);
  assert.equal(begun, false);
  await clock.advance(1);
  assert.equal(begun, true);
  await waiting;
});

test('whatever is asked for, no second ever sees more turns than the vendor allows', async () => {
  const asks = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 700 }),
      purpose: fc.constantFrom<Purpose>('booking', 'sync'),
      holds: fc.integer({ min: 0, max: 900 }),
      givesUpAfter: fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 1, max: 6 }), async (list, perSecond) => {
      const clock = handClock();
      const reserved = Math.min(2, perSecond - 1);
      const budget = createBudget(clock, { perSecond, concurrent: 3, reservedForBookings: reserved });
      const begun: { at: number; purpose: Purpose }[] = [];
      let held = 0;
      const all: Promise<void>[] = [];
      for (const ask of list) {
        await clock.advance(ask.after);
        const stop = new AbortController();
        if (ask.givesUpAfter !== null) all.push(clock.sleep(ask.givesUpAfter).then(() => stop.abort()));
        const one = budget.take(ask.purpose, stop.signal).then(
          async (giveBack) => {
            begun.push({ at: clock.monotonic(), purpose: ask.purpose });
            held += 1;
            assert.ok(held <= 3);
            await clock.sleep(ask.holds);
            held -= 1;
            giveBack();
          },
          () => undefined,
        );
        all.push(one);
      }
      await clock.advance(300_000);
      await Promise.all(all);
      for (const { at } of begun) {
        const within = begun.filter((other) => other.at >= at && other.at < at + 1_000);
        assert.ok(within.length <= perSecond);
        const sync = within.filter((other) => other.purpose === 'sync');
        assert.ok(sync.length <= Math.max(1, perSecond - reserved));
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

const MINUTE = {
  perSecond: 50,
  concurrent: 50,
  reservedForBookings: 0,
  perMinute: { calls: 20, reservedForBookings: 5 },
};

test('synchronisation leaves the part of a minute that is reserved, and a booking begins at once by it', async () => {
  const clock = handClock();
  const budget = createBudget(clock, MINUTE);
  const begun: Purpose[] = [];
  const want = (purpose: Purpose): Promise<void> =>
    budget.take(purpose, never).then((giveBack) => {
      begun.push(purpose);
      giveBack();
    });
  const polls = Array.from({ length: 40 }, () => want('sync'));
  await clock.advance(30_000);
  assert.equal(begun.length, 15);
  const bookings = Array.from({ length: 6 }, () => want('booking'));
  await settle();
  // The last of the minute is left to those who wait for news.
  assert.equal(begun.filter((purpose) => purpose === 'booking').length, 4);
  await clock.advance(300_000);
  await Promise.all([...polls, ...bookings]);
});

test('no minute ever sees more turns than the vendor allows, wherever it begins', async () => {
  const asks = fc.array(
    fc.record({ after: fc.integer({ min: 0, max: 9_000 }), purpose: fc.constantFrom<Purpose>('booking', 'sync') }),
    { minLength: 1, maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 1, max: 12 }), async (list, calls) => {
      const clock = handClock();
      const reserved = Math.min(3, calls - 1);
      const budget = createBudget(clock, { ...MINUTE, perMinute: { calls, reservedForBookings: reserved } });
      const begun: { at: number; purpose: Purpose }[] = [];
      const all: Promise<void>[] = [];
      for (const { after, purpose } of list) {
        await clock.advance(after);
        const one = budget.take(purpose, never).then((giveBack) => {
          begun.push({ at: clock.monotonic(), purpose });
          giveBack();
        });
        all.push(one);
      }
      await clock.advance(60 * 66_000);
      await Promise.all(all);
      for (const { at } of begun) {
        const within = begun.filter((other) => other.at >= at && other.at < at + 60_000);
        assert.ok(within.length <= calls, `${within.length} of ${calls}`);
        const sync = within.filter(({ purpose }) => purpose === 'sync').length;
        assert.ok(sync <= Math.max(1, calls - reserved), `${sync} for synchronisation`);
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
