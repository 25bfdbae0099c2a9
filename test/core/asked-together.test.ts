import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedTogether } from '../../src/core/asked-together.ts';

test('questions of one moment are one reading, and each gets its own answer', async () => {
  const read: (readonly number[])[] = [];
  const ask = askedTogether(async (asks: readonly number[]) => {
    read.push(asks);
    return Promise.resolve(asks.map((one) => one * 10));
  });
  assert.deepEqual(await Promise.all([ask(1), ask(2), ask(3)]), [10, 20, 30]);
  assert.deepEqual(read, [[1, 2, 3]]);
});

test('a question asked while a reading is under way is answered by the next one, never by an older one', async () => {
  let now = 'old';
  const gate = Promise.withResolvers<undefined>();
  const began = Promise.withResolvers<undefined>();
  let readings = 0;
  const ask = askedTogether(async (asks: readonly string[]) => {
    readings += 1;
    const seen = now;
    began.resolve(undefined);
    if (readings === 1) await gate.promise;
    return asks.map(() => seen);
  });
  const first = ask('a');
  await began.promise;
  now = 'new';
  const second = ask('b');
  gate.resolve(undefined);
  assert.deepEqual(await Promise.all([first, second]), ['old', 'new']);
});

test('a reading that fails fails its own questions, and the next ones are read anew', async () => {
  let fails = true;
  const ask = askedTogether((asks: readonly number[]) =>
    fails ? Promise.reject(new Error('no')) : Promise.resolve(asks),
  );
  const refused = await Promise.allSettled([ask(1), ask(2)]);
  assert.deepEqual(
    refused.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  fails = false;
  assert.equal(await ask(3), 3);
});

test('no reading has more questions than it takes', async () => {
  const sizes: number[] = [];
  const ask = askedTogether((asks: readonly number[]) => {
    sizes.push(asks.length);
    return Promise.resolve(asks);
  }, 2);
  await Promise.all([1, 2, 3, 4, 5].map((one) => ask(one)));
  assert.deepEqual(sizes, [2, 2, 1]);
});
