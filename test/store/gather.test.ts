/** A batch keeps back what it writes and reads ahead what it asks, and nothing of it shows. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Gathered, type Writer } from '../../src/store/gather.ts';
import type { Queryable } from '../../src/store/postgres.ts';
import { transaction } from '../../src/store/transaction.ts';
import { at, NOON, openedStore } from './opened.ts';

const { pool, write } = await openedStore({ after });
await pool.query('CREATE TABLE said (place int, word text CHECK (word <> $$bad$$))');

interface Said {
  readonly place: number;
  readonly word: string;
}
let statements = 0;
const writer = (place: number): Writer<Said> => ({
  place,
  async write(q: Queryable, rows) {
    statements += 1;
    await q.query('INSERT INTO said SELECT * FROM unnest($1::int[], $2::text[])', [
      rows.map((row) => row.place),
      rows.map((row) => row.word),
    ]);
  },
});
const [first, second] = [writer(1), writer(2)];
const words = async (q: Queryable): Promise<readonly string[]> =>
  (await q.query<{ word: string }>('SELECT word FROM said ORDER BY ctid')).rows.map(({ word }) => word);

/** In a transaction that is undone. */
async function tried<T>(work: (g: Gathered) => Promise<T>): Promise<T> {
  const undone = new Error('undone');
  let answer: { readonly value: T } | null = null;
  statements = 0;
  await assert.rejects(
    transaction(pool, async (q) => {
      answer = { value: await work(new Gathered(q)) };
      throw undone;
    }),
    undone,
  );
  return (answer as unknown as { readonly value: T }).value;
}

test('before a batch begins each write is made at once', async () => {
  await tried(async (g) => {
    await g.later(second, 'a', { place: 2, word: 'two' });
    await g.later(first, 'b', { place: 1, word: 'one' });
    assert.equal(statements, 2);
    assert.deepEqual(await words(g), ['two', 'one']);
  });
});

test('what is kept back is written together, each kind in its place, before the next question is answered', async () => {
  await tried(async (g) => {
    g.begin();
    await g.later(second, 'a', { place: 2, word: 'three' });
    await g.later(first, 'b', { place: 1, word: 'one' });
    await g.later(first, 'c', { place: 1, word: 'two' });
    assert.equal(statements, 0);
    assert.deepEqual(await words(g), ['one', 'two', 'three']);
    assert.equal(statements, 2);
  });
});

test('two writes of one thing stay in their order, whatever kind they are', async () => {
  await tried(async (g) => {
    g.begin();
    await g.later(second, 'a', { place: 2, word: 'before' });
    await g.later(first, 'a', { place: 1, word: 'after' });
    assert.deepEqual(await words(g), ['before', 'after']);
  });
});

test('what was read ahead is forgotten when anything but what was kept back is written', async () => {
  await tried(async (g) => {
    g.begin();
    g.ahead.keys.set('site key', null);
    await words(g);
    assert.equal(g.ahead.keys.size, 1);
    await g.query(`UPDATE said SET word = 'other'`);
    assert.equal(g.ahead.keys.size, 0);
  });
});

test('a write that fails when it is its turn fails the transaction, and so does every question after it', async () => {
  await assert.rejects(
    transaction(pool, async (q) => {
      const g = new Gathered(q);
      g.begin();
      await g.later(first, 'a', { place: 1, word: 'bad' });
      await assert.rejects(words(g));
      await words(g);
    }),
  );
  assert.deepEqual(await words(pool), []);
});

test('in a batch the store answers of its own writes as it would without one', async () => {
  const asked = (inBatch: boolean): Promise<readonly unknown[]> =>
    write(async (tx) => {
      const site = inBatch ? 'together' : 'alone';
      const objects = [{ site, object: 'patient:1' }];
      const nobody = { sites: [site], appointments: [], patients: [], resources: [], schedules: [], objects };
      if (inBatch) await tx.readAhead(nobody);
      const seen: unknown[] = [await tx.inbox.appliedReadAt(site, 'patient:1')];
      for (const time of [NOON, at(5), at(3)]) {
        await tx.inbox.setAppliedReadAt(site, 'patient:1', time);
        seen.push(await tx.inbox.appliedReadAt(site, 'patient:1'));
      }
      return seen;
    });
  assert.deepEqual(await asked(true), await asked(false));
  assert.deepEqual(await asked(true), await asked(false));
});
