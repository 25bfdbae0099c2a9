import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { DAY_MS, instant, plus, type Instant } from '../../src/core/instant.ts';
import type { Retention } from '../../src/store/contract.ts';
import { event, hint, NOON, openedStore, type Opened } from './opened.ts';

const RETENTION: Retention = { inbox_days: 90, history_days: 365, dedupe_days: 30 };
const day = (offset: number): Instant => plus(NOON, offset * DAY_MS);

/** Upkeep changes tables, so each test has a database of its own. */
async function tables({ pool }: Opened, prefix: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname ~ $1 ORDER BY 1`,
    [`^${prefix}_(\\d{4}|default)`],
  );
  return rows.map((row) => row.name);
}
const rowsIn = async ({ pool }: Opened, table: string): Promise<number> =>
  (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? 0;
const insert = ({ write }: Opened, id: string, now: Instant): Promise<number> =>
  write(async (tx) => (await tx.inbox.insert('s', 'poll', [event(id)], now, null))[0]?.id ?? 0);

test('this month and the next two have partitions, and a second call does nothing', async (t) => {
  const opened = await openedStore(t);
  const done = await opened.store.maintain(NOON, RETENTION);
  assert.equal(done.length, 15);
  for (const table of ['inbox', 'outbox', 'history', 'ledger', 'audit']) {
    assert.deepEqual(await tables(opened, table), [
      `${table}_2026_11`,
      `${table}_2026_12`,
      `${table}_2027_01`,
      `${table}_default`,
    ]);
  }
  assert.deepEqual(await opened.store.maintain(NOON, RETENTION), []);
  const id = await insert(opened, '1', day(10));
  assert.equal(await rowsIn(opened, 'inbox_2026_12'), 1);
  assert.ok(id > 0);
});

test('rows that came before their partition are moved into it and stay what they are', async (t) => {
  const opened = await openedStore(t);
  const { store, write } = opened;
  const [now, earlier] = [await insert(opened, 'now', NOON), await insert(opened, 'earlier', day(-70))];
  await write((tx) => tx.ledger.add([{ at: NOON, kind: 'offered' }]));
  await write((tx) => tx.audit({ at: NOON, action: 'login', outcome: 'success' }));
  const first = await store.maintain(NOON, RETENTION);
  assert.ok(first.includes('created inbox_2026_11 and moved 1 rows into it'));
  assert.ok(first.includes('created inbox_2026_09 and moved 1 rows into it'));
  for (const table of ['inbox', 'ledger', 'audit']) assert.equal(await rowsIn(opened, `${table}_default`), 0);
  const claimed = await write((tx) => tx.inbox.claim(NOON, 10));
  assert.deepEqual(
    claimed.map((message) => message.id),
    [now, earlier],
  );
  await write((tx) => tx.inbox.done(earlier, 'applied', null, NOON));
  assert.equal((await write((tx) => tx.inbox.get(earlier)))?.status, 'applied');
  await write((tx) => tx.ledger.add([{ at: NOON, kind: 'offered' }]));
  assert.equal(await rowsIn(opened, 'ledger_2026_11'), 2, 'numbers still come from the one sequence');
});

test('months past retention are dropped whole, but never one with something to do', async (t) => {
  const opened = await openedStore(t);
  const { store, write } = opened;
  const parking = { stage: 'map', code: 'MESSAGE_UNREADABLE', reason: 'x', barrier: false } as const;
  const old = {
    parked: await insert(opened, 'parked', day(-240)),
    done: await insert(opened, 'done', day(-200)),
    queued: await insert(opened, 'queued', day(-170)),
  };
  await write(async (tx) => {
    await tx.inbox.done(old.done, 'applied', null, NOON);
    await tx.inbox.park(old.parked, parking, NOON);
  });
  const created = await store.maintain(NOON, RETENTION);
  assert.ok(created.includes('dropped inbox_2026_05'));
  assert.deepEqual((await tables(opened, 'inbox')).slice(0, 2), ['inbox_2026_03', 'inbox_2026_06']);
  assert.equal(await write((tx) => tx.inbox.get(old.done)), null);
  await write(async (tx) => {
    await tx.inbox.done(old.parked, 'ignored', null, NOON);
    await tx.inbox.done(old.queued, 'applied', null, NOON);
  });
  const dropped = await store.maintain(NOON, RETENTION);
  assert.deepEqual(
    dropped.filter((line) => line.startsWith('dropped')),
    ['dropped inbox_2026_03', 'dropped inbox_2026_06'],
  );
});

test('a hint that waits for its fetch keeps its month', async (t) => {
  const opened = await openedStore(t);
  const { store, write } = opened;
  await write((tx) => tx.inbox.insert('s', 'webhook', [hint('appointment:1')], day(-200), null));
  await store.maintain(NOON, RETENTION);
  assert.ok((await tables(opened, 'inbox')).includes('inbox_2026_05'));
});

test('deliveries that are done go with their month, others keep it; ledger and audit are never dropped', async (t) => {
  const opened = await openedStore(t);
  const { store, write } = opened;
  const nothing = { bookingId: null, appointmentId: null, body: {}, trace: null };
  const owed = { receiver: 'site', receiverId: 'r', kind: 'block', ...nothing } as const;
  const [done, open] = await write(async (tx) => {
    const both = [await tx.outbox.add(owed, NOON, day(-200)), await tx.outbox.add(owed, NOON, day(-150))];
    await tx.ledger.add([{ at: day(-2000), kind: 'offered' }]);
    await tx.audit({ at: day(-2000), action: 'login', outcome: 'success' });
    return both;
  });
  assert.ok(done !== undefined && open !== undefined);
  await write((tx) => tx.outbox.finish(done, 'done', null));
  const lines = await store.maintain(NOON, RETENTION);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('dropped')),
    ['dropped outbox_2026_05'],
  );
  assert.equal(await rowsIn(opened, 'ledger'), 1);
  assert.equal(await rowsIn(opened, 'audit'), 1);
});

test('event ids past their window are forgotten', async (t) => {
  const opened = await openedStore(t);
  await insert(opened, 'old', day(-31));
  await insert(opened, 'new', day(-29));
  const lines = await opened.store.maintain(NOON, RETENTION);
  assert.ok(lines.includes('forgot 1 event ids'));
});

test('months are those of UTC, and the turn of the year is one of them', async (t) => {
  const opened = await openedStore(t);
  await opened.store.maintain(instant(Date.UTC(2026, 11, 31, 23, 59, 59, 999)), RETENTION);
  assert.deepEqual((await tables(opened, 'inbox')).slice(0, 3), ['inbox_2026_12', 'inbox_2027_01', 'inbox_2027_02']);
  await insert(opened, '1', instant(Date.UTC(2027, 0, 1)));
  assert.equal(await rowsIn(opened, 'inbox_2027_01'), 1);
});

test('behind a transaction that holds the table, upkeep gives up for now and holds nobody up', async (t) => {
  const opened = await openedStore(t);
  const outside = new AsyncResource('outside');
  await insert(opened, '1', NOON);
  await opened.write(async (tx) => {
    await tx.inbox.depth();
    const done = await outside.runInAsyncScope(() => opened.store.maintain(NOON, RETENTION));
    assert.equal(
      done.some((line) => line.includes('inbox')),
      false,
    );
    assert.equal(
      done.some((line) => line.includes('ledger')),
      true,
    );
  });
  assert.equal((await opened.store.maintain(NOON, RETENTION)).length, 3);
});
