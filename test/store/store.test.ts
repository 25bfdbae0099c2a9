import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { systemScope } from '../../src/store/contract.ts';
import { event, NOON, openedStore } from './opened.ts';

const { store, pool, write } = await openedStore({ after }, { max: 24 });
const scope = systemScope('test');

/** Runs as if called from outside of the transaction that is open here. */
const bare = new AsyncResource('outside');
function outside<T>(work: () => Promise<T>): Promise<T> {
  return bare.runInAsyncScope(work);
}
interface Held {
  readonly granted: boolean;
  readonly key: string;
}
/** Keys of advisory locks as the server shows them: the two halves of the 64 bits. */
async function locks(): Promise<readonly Held[]> {
  const { rows } = await pool.query<Held>(
    `SELECT granted, ((classid::bigint << 32) | objid::bigint)::text AS key FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows;
}

test('everything of a transaction is committed together, or nothing is', async () => {
  await assert.rejects(
    write(async (tx) => {
      await tx.inbox.insert('s', 'poll', [event('1')], NOON, null);
      await tx.feeds.saveCursor('s', 'poll', 1, { page: 2 }, NOON);
      throw new Error('the hub was killed here');
    }),
  );
  assert.equal(await write((tx) => tx.feeds.cursor('s', 'poll')), null);
  assert.deepEqual(await write((tx) => tx.inbox.depth('s')), { queued: 0, hints: 0, parked: 0 });
});

test('a read sees one snapshot, and cannot write', async () => {
  await store.read(scope, async (tx) => {
    assert.equal(await tx.feeds.cursor('snapshot', 'poll'), null);
    await outside(() => write((other) => other.feeds.saveCursor('snapshot', 'poll', 1, {}, NOON)));
    assert.equal(await tx.feeds.cursor('snapshot', 'poll'), null);
  });
  await assert.rejects(
    store.read(scope, (tx) => tx.feeds.saveCursor('snapshot', 'poll', 2, {}, NOON)),
    /25006/,
  );
});

test('locks are taken in the order of their keys, whatever the order asked for', async () => {
  const ids = Array.from({ length: 12 }, () => randomUUID());
  const sorted = await write(async (tx) => {
    await tx.lock(ids);
    const held = await outside(locks);
    assert.equal(held.length, 12);
    // The server shows them without their sign; the order is that of signed numbers.
    return held.map((one) => BigInt.asIntN(64, BigInt(one.key))).toSorted((a, b) => (a < b ? -1 : 1));
  });
  // Somebody holds the seventh: whoever asks for all of them must have the six before it, and none behind it.
  const seventh = sorted[6];
  assert.ok(seventh !== undefined);
  let asked: Promise<void> = Promise.resolve();
  const holder = await idWithKey(ids, seventh);
  await write(async (tx) => {
    await tx.lock([holder]);
    asked = outside(() => write((second) => second.lock(ids.toReversed())));
    let seen: readonly Held[] = [];
    while (!seen.some((one) => !one.granted)) seen = await outside(locks);
    const granted = seen.filter((one) => one.granted).map((one) => BigInt.asIntN(64, BigInt(one.key)));
    assert.deepEqual(
      granted.toSorted((a, b) => (a < b ? -1 : 1)),
      sorted.slice(0, 7),
    );
  });
  await asked;
  assert.deepEqual(await locks(), [], 'they end with the transaction');
});

/** Which of the ids has this key: by taking each alone. */
async function idWithKey(ids: readonly string[], key: bigint): Promise<string> {
  for (const id of ids) {
    const found = await write(async (tx) => {
      await tx.lock([id]);
      return (await outside(locks)).some((one) => BigInt.asIntN(64, BigInt(one.key)) === key);
    });
    if (found) return id;
  }
  return assert.fail('no id has this key');
}

test('callers that lock the same resources in any order all get their turn without a deadlock', async () => {
  const ids = Array.from({ length: 6 }, () => randomUUID());
  let runs = 0;
  let inside = 0;
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      store.transaction(scope, async (tx) => {
        runs += 1;
        await tx.lock([...ids.slice(index % 6), ...ids.slice(0, index % 6), ...ids]);
        inside += 1;
        assert.equal(inside, 1);
        await tx.feeds.cursor('x', 'poll');
        inside -= 1;
      }),
    ),
  );
  assert.equal(runs, 40, 'none had to run again');
});

test('names that change while their locks are waited for are read and locked again, from the start', async () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const seen: string[][] = [];
  const runs = await write(async (tx) => {
    const asked: string[] = [];
    seen.push(asked);
    await tx.lockRead([], () => {
      asked.push(seen.length === 1 && asked.length === 0 ? one : other);
      return Promise.resolve(asked.slice(-1));
    });
    return { times: seen.length, held: (await outside(locks)).length };
  });
  assert.deepEqual(runs, { times: 2, held: 1 });
  assert.deepEqual(seen, [
    [one, other],
    [other, other],
  ]);
});

test('names that never stay the same are given up as transient', async () => {
  let runs = 0;
  const asked = write((tx) => {
    runs += 1;
    return tx.lockRead([], () => Promise.resolve([randomUUID()]));
  });
  await assert.rejects(asked, (error: unknown) => error instanceof HubError && error.code === 'TOO_BUSY');
  assert.equal(runs, 5);
  assert.deepEqual(await locks(), []);
});

test('no ids are no lock, and a ping finds the database', async () => {
  await write((tx) => tx.lock([]));
  await store.ping();
});
