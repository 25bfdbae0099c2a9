/**
 * Hot statements read along an index however full the tables are. Asked of the planner for given and for unknown
 * values.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemScope } from '../../src/store/contract.ts';
import { Gathered } from '../../src/store/gather.ts';
import { inboxStore } from '../../src/store/inbox.ts';
import { outboxStore } from '../../src/store/outbox.ts';
import type { Queryable } from '../../src/store/postgres.ts';
import { readWhole } from './whole-reads.ts';
import { at, event, hint, NOON, openedStore, state } from './opened.ts';

const { store, pool, keys, write } = await openedStore({ after });
const RETENTION = { inbox_days: 365, history_days: 365, dedupe_days: 30 };

/** Of a table with nothing in it nothing is spared. */
const empty = new Set<string>();

before(async () => {
  await store.maintain(NOON, RETENTION);
  await store.maintain(at(-60 * 24 * 60), RETENTION);
  for (let part = 0; part < 20; part += 1) {
    const now = at(part % 2 === 0 ? -50 * 24 * 60 : -1);
    await write(async (tx) => {
      const numbers = Array.from({ length: 500 }, (_, index) => part * 500 + index);
      const events = numbers.map((n) => event(`e${n}`, { sequenceKeys: [`p:${n % 900}`, `s:${n % 40}`] }));
      await tx.inbox.insert('a', 'hl7', events, now, null);
      await tx.inbox.insert(
        'b',
        'poll',
        numbers.map((n) => state(`appointment:${n}`, 'A', now)),
        now,
        null,
      );
      await tx.inbox.insert(
        'c',
        'webhook',
        numbers.map((n) => hint(`appointment:${n % 3000}`)),
        now,
        null,
      );
    });
  }
  await pool.query(
    `INSERT INTO outbox (created_at, receiver, receiver_id, kind, appointment_id, next_attempt_at, state)
     SELECT $1::timestamptz - n * interval '1 minute', 'subscriber', 'r' || n % 5, 'event', gen_random_uuid(), $1,
       CASE WHEN n % 10 = 0 THEN 'queued' ELSE 'done' END FROM generate_series(1, 40000) n`,
    [new Date(NOON)],
  );
  await pool.query('ANALYZE');
  const { rows } = await pool.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE reltuples <= 0`);
  for (const { name } of rows) empty.add(name);
});

const wholeReads = (work: (q: Queryable) => Promise<unknown>): Promise<readonly string[]> =>
  readWhole(pool, empty, work);

const scope = systemScope('test');
const inbox = (work: (messages: ReturnType<typeof inboxStore>) => Promise<unknown>): Promise<readonly string[]> =>
  wholeReads((q) => work(inboxStore(new Gathered(q), keys, scope)));

test('storing messages reads no table as a whole', async () => {
  const all = [event('new'), event('e7'), state('appointment:7', 'B', NOON), hint('appointment:1')];
  assert.deepEqual(await inbox((messages) => messages.insert('b', 'poll', all, NOON, null)), []);
});

test('claiming, finishing, parking and replaying messages read no table as a whole', async () => {
  const found = await inbox(async (messages) => {
    const claimed = await messages.claim(NOON, 20);
    assert.equal(claimed.length, 20);
    const [one, two, three] = claimed.map((message) => message.id);
    assert.ok(one && two && three);
    await messages.done(one, 'applied', null, NOON);
    await messages.park(two, { stage: 'map', code: 'MESSAGE_UNREADABLE', reason: 'x', barrier: false }, NOON);
    await messages.retry(three, at(5));
    await messages.replay(one, NOON);
    await messages.get(two);
    await messages.caughtUp(['a', 'b'], 1);
    await messages.done(two, 'ignored', null, NOON);
  });
  assert.deepEqual(found, []);
});

test('hints are claimed and answered without reading a table as a whole', async () => {
  const found = await inbox(async (messages) => {
    const [first] = await messages.claimHints('c', NOON, 5);
    assert.equal(first?.object, 'appointment:0');
    await messages.hintsRetry(first.ids, at(1));
    await messages.hintsDone(first.ids, NOON);
  });
  assert.deepEqual(found, []);
});

test('deliveries are claimed and finished without reading a table as a whole', async () => {
  const found = await wholeReads(async (q) => {
    const outbox = outboxStore(q);
    assert.equal((await outbox.receiversDue('subscriber', NOON)).length, 1);
    const [delivery] = await outbox.claim('subscriber', 'r0', NOON, at(1), 10);
    assert.ok(delivery);
    await outbox.expired(at(5), 10);
    await outbox.requeue(delivery.id, at(1), null);
    await outbox.finish(delivery.id, 'done', null);
  });
  assert.deepEqual(found, []);
});
