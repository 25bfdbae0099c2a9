import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { newSeed, pick, shuffled } from './order.ts';

const FILES = ['test/store/inbox.test.ts', 'test/hl7v2/frame.test.ts', 'test/store/hints.test.ts'];

test('words choose the files whose path holds one of them, in one order everywhere', () => {
  assert.deepEqual(pick(FILES, ['store/inbox', 'hl7v2']), ['test/hl7v2/frame.test.ts', 'test/store/inbox.test.ts']);
  assert.deepEqual(pick(FILES, ['./test/store/']), ['test/store/hints.test.ts', 'test/store/inbox.test.ts']);
  assert.deepEqual(pick(FILES, []), [...FILES].sort());
  assert.deepEqual(pick(FILES, ['nothing']), []);
});

test('a seed means one order, which leaves nothing out', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 0, max: 0xffff_ffff }), (items, seed) => {
      const once = shuffled(items, seed);
      assert.deepEqual(shuffled(items, seed), once);
      assert.deepEqual([...once].sort(), [...items].sort());
    }),
  );
});

test('other seeds give other orders', () => {
  const items = Array.from({ length: 20 }, (_, at) => at);
  const orders = new Set(Array.from({ length: 50 }, (_, seed) => shuffled(items, seed).join()));
  assert.equal(orders.size, 50);
});

test('a seed that is no number is refused, and none is made up from the time', () => {
  assert.equal(newSeed('7', 1_000), 7);
  assert.equal(newSeed('', 1_000), 1_000);
  assert.equal(newSeed(undefined, 2 ** 32 + 5), 5);
  for (const text of ['x', '-1', '1.5', '4294967296']) assert.throws(() => newSeed(text, 0), /SEED/);
});

test('a run that finds no test fails', async () => {
  const runner = join(import.meta.dirname, 'run.ts');
  const code = await new Promise((resolve) => {
    execFile(process.execPath, [runner, 'no-such-test'], (error) => {
      resolve(error?.code ?? 0);
    });
  });
  assert.equal(code, 1);
});
