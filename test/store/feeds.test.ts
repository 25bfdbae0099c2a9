import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, plus, type Instant } from '../../src/core/instant.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { FreshnessWindow } from '../../src/store/contract-inbox.ts';
import { hourOfWeek } from '../../src/store/feeds.ts';
import { at, NOON, openedStore } from './opened.ts';

let now = NOON;
const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
const { store, write } = await openedStore({ after }, { clock });

let sites = 0;
const newSite = (): string => `site-${(sites += 1)}`;

test('the hour of the week begins on Monday in UTC', () => {
  assert.equal(hourOfWeek(instant(Date.UTC(2026, 10, 23, 0, 0))), 0);
  assert.equal(hourOfWeek(instant(Date.UTC(2026, 10, 22, 23, 59))), 167);
  assert.equal(hourOfWeek(instant(Date.UTC(2026, 10, 25, 13, 30))), 61);
});

test('a cursor is kept per ability with its version', async () => {
  const site = newSite();
  assert.equal(await write((tx) => tx.feeds.cursor(site, 'poll')), null);
  await write((tx) => tx.feeds.saveCursor(site, 'poll', 1, { since: '2026-11-22', page: 3 }, NOON));
  await write((tx) => tx.feeds.saveCursor(site, 'poll', 2, { since: '2026-11-23', done: true }, NOON));
  assert.deepEqual(await write((tx) => tx.feeds.cursor(site, 'poll')), {
    version: 2,
    value: { since: '2026-11-23', done: true },
  });
  assert.equal(await write((tx) => tx.feeds.cursor(site, 'load')), null);
});

test('what was seen up to never moves back, and hearing ends an error', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.heard(site, 'poll', at(0), 2, at(-2)));
  await write((tx) => tx.feeds.failed(site, 'poll', at(1), 'SITE_UNREACHABLE'));
  await write((tx) => tx.feeds.failed(site, 'poll', at(2), 'SITE_FAILED'));
  const [failing] = await write((tx) => tx.feeds.feeds(site));
  assert.deepEqual(failing, {
    site,
    name: 'poll',
    seenUpTo: at(-2),
    heardAt: at(0),
    triedAt: at(2),
    errorCode: 'SITE_FAILED',
    errorSince: at(1),
    usualPerHour: null,
  });
  await write((tx) => tx.feeds.heard(site, 'poll', at(3), 0, at(-5)));
  await write((tx) => tx.feeds.heard(site, 'poll', at(4), 0, null));
  const [heard] = await write((tx) => tx.feeds.feeds(site));
  assert.deepEqual([heard?.seenUpTo, heard?.heardAt, heard?.errorCode, heard?.errorSince], [at(-2), at(4), null, null]);
});

test('a feed that failed before it was ever heard is known as failing', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.failed(site, 'availability', NOON, 'SITE_LOGIN_REFUSED'));
  const [feed] = await write((tx) => tx.feeds.feeds(site));
  assert.deepEqual([feed?.heardAt, feed?.errorSince], [null, NOON]);
});

test('the usual rate of a push feed is that of its hour over the weeks known, without the running hour', async () => {
  const site = newSite();
  const hear = (when: Instant, messages: number): Promise<void> =>
    write((tx) => tx.feeds.heard(site, 'hl7', when, messages, null));
  const usual = async (when: Instant): Promise<number | null | undefined> => {
    now = when;
    return (await store.read(systemScope('test'), (tx) => tx.feeds.feeds(site)))[0]?.usualPerHour;
  };
  await hear(plus(NOON, 600_000), 10);
  assert.equal(await usual(plus(NOON, 1_200_000)), null, 'the first hour is no habit yet');
  assert.equal(await usual(plus(NOON, 7 * DAY_MS)), 10);
  await hear(plus(NOON, 7 * DAY_MS + 60_000), 3);
  await hear(plus(NOON, 7 * DAY_MS + 120_000), 1);
  assert.equal(await usual(plus(NOON, 7 * DAY_MS + 180_000)), 10, 'this hour is not over');
  assert.equal(await usual(plus(NOON, 14 * DAY_MS)), 7);
  assert.equal(await usual(plus(NOON, 14 * DAY_MS + HOUR_MS)), 0, 'another hour of the week');
  now = NOON;
});

test('many that hear at once are all counted', async () => {
  const site = newSite();
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => write((tx) => tx.feeds.heard(site, 'webhook', NOON, 1, at(index)))),
  );
  now = plus(NOON, 7 * DAY_MS);
  const [feed] = await write((tx) => tx.feeds.feeds(site));
  assert.deepEqual([feed?.usualPerHour, feed?.seenUpTo], [12, at(11)]);
  now = NOON;
});

test('feeds of sites that the scope does not reach are not told', async () => {
  const [mine, other] = [newSite(), newSite()];
  await write((tx) => tx.feeds.heard(mine, 'poll', NOON, 1, null));
  await write((tx) => tx.feeds.heard(other, 'poll', NOON, 1, null));
  const seen = await store.read({ ...systemScope('test'), sites: [mine] }, (tx) => tx.feeds.feeds());
  assert.deepEqual(
    seen.map((feed) => feed.site),
    [mine],
  );
});

const day = (offset: number, calendar = 'c1', visitType = 'v1'): FreshnessWindow => ({
  calendar,
  visitType,
  window: { start: plus(NOON, offset * DAY_MS), end: plus(NOON, (offset + 1) * DAY_MS) },
});
const due = (site: string, when: Instant): Promise<readonly Instant[]> =>
  write(async (tx) => (await tx.feeds.dueWindows(site, when, 50)).map((one) => one.window.start));

test('new windows are due at once, known ones keep their turn, past ones are dropped', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(-1), day(0), day(1)], NOON));
  assert.deepEqual(
    await due(site, NOON),
    [day(0), day(1)].map((one) => one.window.start),
  );
  assert.equal(await write((tx) => tx.feeds.unverified(site)), 2);
  await write((tx) => tx.feeds.verified(site, day(0), NOON, at(60)));
  await write((tx) => tx.feeds.planWindows(site, [day(0), day(1), day(2)], at(1)));
  assert.deepEqual(
    await due(site, at(1)),
    [day(1), day(2)].map((one) => one.window.start),
  );
  await write((tx) => tx.feeds.planWindows(site, [day(2)], plus(NOON, DAY_MS)));
  assert.deepEqual(
    await due(site, plus(NOON, DAY_MS)),
    [day(1), day(2)].map((one) => one.window.start),
  );
});

test('windows of a calendar and visit type that are no longer offered together are dropped', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(0), day(0, 'c2'), day(0, 'c1', 'v2')], NOON));
  await write((tx) => tx.feeds.planWindows(site, [day(0), day(0, 'c2', 'v2')], NOON));
  const left = await write((tx) => tx.feeds.dueWindows(site, NOON, 50));
  assert.deepEqual(left.map((one) => `${one.calendar} ${one.visitType}`).toSorted(), ['c1 v1', 'c2 v2']);
});

test('a window whose length was changed is due again', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(0)], NOON));
  await write((tx) => tx.feeds.verified(site, day(0), NOON, at(60)));
  const longer = { ...day(0), window: { start: day(0).window.start, end: plus(NOON, 2 * DAY_MS) } };
  await write((tx) => tx.feeds.planWindows(site, [longer], at(1)));
  assert.deepEqual(await due(site, at(1)), [NOON]);
});

test('what was verified is known for each moment of its window', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(0), day(1)], NOON));
  const verifiedAt = (when: Instant): Promise<Instant | null> =>
    write((tx) => tx.feeds.verifiedAt(site, 'c1', 'v1', when));
  assert.equal(await verifiedAt(NOON), null);
  await write((tx) => tx.feeds.verified(site, day(0), at(-1), at(60)));
  assert.equal(await verifiedAt(NOON), at(-1));
  assert.equal(await verifiedAt(plus(NOON, DAY_MS - 1)), at(-1));
  assert.equal(await verifiedAt(plus(NOON, DAY_MS)), null, 'the end is not part of it');
  assert.equal(await write((tx) => tx.feeds.unverified(site)), 1);
});

test('a window that failed waits for its next turn and counts its attempts', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(0)], NOON));
  await write((tx) => tx.feeds.windowFailed(site, day(0), at(5)));
  assert.deepEqual(await due(site, at(4)), []);
  const [window] = await write((tx) => tx.feeds.dueWindows(site, at(5), 5));
  assert.equal(window?.attempts, 1);
});

test('a change may make its windows due a little later: an answer that left before it is no answer all the same', async () => {
  const site = newSite();
  await write((tx) => tx.feeds.planWindows(site, [day(0)], NOON));
  await write((tx) => tx.feeds.verified(site, day(0), NOON, at(60)));
  const visit = { start: plus(NOON, HOUR_MS), end: plus(NOON, 2 * HOUR_MS) };
  await write((tx) => tx.feeds.windowsDue(site, 'c1', visit, at(10), at(12)));
  assert.deepEqual(await due(site, at(11)), []);
  assert.deepEqual(await due(site, at(12)), [NOON]);
  await write((tx) => tx.feeds.verified(site, day(0), at(9), at(70)));
  assert.deepEqual(await due(site, at(12)), [NOON]);
});

test('a change makes the windows that overlap due, also when the answer under way left before it', async () => {
  const site = newSite();
  const windows = [day(0), day(1), day(0, 'c2')];
  await write((tx) => tx.feeds.planWindows(site, windows, NOON));
  for (const window of windows) await write((tx) => tx.feeds.verified(site, window, NOON, at(60)));
  const visit = { start: plus(NOON, HOUR_MS), end: plus(NOON, 2 * HOUR_MS) };
  await write((tx) => tx.feeds.windowsDue(site, 'c1', visit, at(10)));
  assert.deepEqual(await due(site, at(9)), []);
  assert.deepEqual(await due(site, at(10)), [NOON]);
  await write((tx) => tx.feeds.verified(site, day(0), at(9), at(70)));
  assert.deepEqual(await due(site, at(10)), [NOON], 'the answer left at 9 and cannot know');
  await write((tx) => tx.feeds.verified(site, day(0), at(10), at(70)));
  assert.deepEqual(await due(site, at(59)), []);
});

test('of several windows those are left alone that another transaction has', async () => {
  const site = newSite();
  const [held, free] = [day(0), day(1)];
  await write((tx) => tx.feeds.planWindows(site, [held, free], NOON));
  const none = day(7);
  const taken = Promise.withResolvers<undefined>();
  const looked = Promise.withResolvers<undefined>();
  const holding = write(async (tx) => {
    await tx.feeds.verified(site, held, NOON, at(60));
    assert.equal(await tx.feeds.unverified(site), 1);
    taken.resolve(undefined);
    await looked.promise;
  });
  await Promise.race([taken.promise, holding]);
  const ours = write((tx) => tx.feeds.unheldWindows(site, [held, none, free]));
  await ours.finally(() => looked.resolve(undefined));
  await holding;
  assert.deepEqual([...(await ours)], [free]);
  assert.equal((await write((tx) => tx.feeds.unheldWindows(site, [held, free]))).size, 2);
});
