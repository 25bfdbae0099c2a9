import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { instant } from '../../src/core/instant.ts';
import { Store, type Table } from '../../src/simulators/kit/store.ts';
import { clockFrom, temporaryFolder, type Cleanup } from './practice.ts';

const ROWS: Table<{ readonly n: number }> = { name: 'rows' };

function open(t: Cleanup, folder: string): Store {
  const store = new Store(folder);
  t.after(() => {
    try {
      store.close();
    } catch {
      // The test closed it itself.
    }
  });
  return store;
}

test('what a write stored is there after a restart, removed rows are not', (t) => {
  const folder = temporaryFolder(t);
  const first = open(t, folder);
  assert.ok(first.isEmpty);
  first.write((tx) => {
    tx.put(ROWS, 'a', { n: 1 });
    tx.put(ROWS, 'b', { n: 2 });
  });
  first.write((tx) => tx.remove(ROWS, 'a'));
  first.close();
  const second = open(t, folder);
  assert.ok(!second.isEmpty);
  assert.deepEqual(second.all(ROWS), [{ n: 2 }]);
});

test('a write that throws leaves nothing behind, on disk neither', (t) => {
  const folder = temporaryFolder(t);
  const first = open(t, folder);
  first.write((tx) => tx.put(ROWS, 'a', { n: 1 }));
  assert.throws(() =>
    first.write((tx) => {
      tx.put(ROWS, 'a', { n: 2 });
      tx.put(ROWS, 'b', { n: 3 });
      throw new Error('no');
    }),
  );
  assert.deepEqual(first.all(ROWS), [{ n: 1 }]);
  first.close();
  assert.deepEqual(open(t, folder).all(ROWS), [{ n: 1 }]);
});

test('a discarded write returns its result and keeps only the numbers it took', (t) => {
  const store = open(t, temporaryFolder(t));
  const lie = store.write((tx) => {
    const n = tx.nextNumber('rows', 100);
    tx.put(ROWS, String(n), { n });
    return n;
  }, true);
  assert.deepEqual([lie, store.all(ROWS)], [100, []]);
  assert.equal(
    store.write((tx) => tx.nextNumber('rows', 100)),
    101,
  );
});

test('a last line that was cut off by a kill is passed over', (t) => {
  const folder = temporaryFolder(t);
  const first = open(t, folder);
  first.write((tx) => tx.put(ROWS, 'a', { n: 1 }));
  first.close();
  appendFileSync(join(folder, 'state.jsonl'), '[["rows","b",{"n"');
  const second = open(t, folder);
  assert.deepEqual(second.all(ROWS), [{ n: 1 }]);
  second.write((tx) => tx.put(ROWS, 'c', { n: 3 }));
  second.close();
  assert.deepEqual(open(t, folder).all(ROWS), [{ n: 1 }, { n: 3 }]);
});

test('the past can be read as it was, row by row and whole', (t) => {
  const clock = { ...clockFrom(0), now: () => instant(time) };
  let time = 1000;
  const store = new Store(temporaryFolder(t), clock);
  t.after(() => store.close());
  store.write((tx) => tx.put(ROWS, 'a', { n: 1 }));
  time = 2000;
  store.write((tx) => tx.put(ROWS, 'a', { n: 2 }));
  store.write((tx) => tx.put(ROWS, 'b', { n: 3 }));
  time = 3000;
  store.write((tx) => tx.remove(ROWS, 'a'));
  assert.deepEqual(store.asOf(1500).all(ROWS), [{ n: 1 }]);
  assert.deepEqual(store.asOf(1500).get(ROWS, 'b'), undefined);
  assert.deepEqual(
    store
      .asOf(2500)
      .all(ROWS)
      .toSorted((one, other) => one.n - other.n),
    [{ n: 2 }, { n: 3 }],
  );
  assert.deepEqual(store.asOf(500).all(ROWS), []);
  assert.deepEqual(store.asOf(3000).all(ROWS), [{ n: 3 }]);
});
