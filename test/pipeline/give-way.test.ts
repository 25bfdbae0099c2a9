import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { givingWay } from '../../src/pipeline/give-way.ts';

/** A clock that moves when it is slept on, and when a step says how long it takes. */
function world(backlog: () => number, took_ms: number, isBooking = (): boolean => false) {
  let now = 0;
  const began: number[] = [];
  const clock: Clock = {
    now: () => instant(now),
    monotonic: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const step = givingWay({ receiver: { backlog }, isBooking }, clock, () => {
    began.push(now);
    now += took_ms;
    return Promise.resolve(true);
  });
  return { began, step, at: () => now };
}

const NEVER = new AbortController().signal;

test('while few wait to be stored, applying goes on without a pause', async () => {
  const { began, step } = world(() => 3, 50);
  for (let round = 0; round < 3; round += 1) assert.equal(await step(NEVER), true);
  assert.deepEqual(began, [0, 50, 100]);
});

test('in a flood without end each step is put off, by no more than the last one took', async () => {
  const { began, step } = world(() => 1_000, 50);
  for (let round = 0; round < 4; round += 1) await step(NEVER);
  assert.deepEqual(began, [0, 100, 200, 300]);
});

test('a step goes on as soon as the crowd is gone, and a hub that stops does not wait for it', async () => {
  let waiting = 1_000;
  const flood = world(() => (waiting -= 200), 50);
  await flood.step(NEVER);
  waiting = 1_000;
  await flood.step(NEVER);
  assert.ok((flood.began[1] ?? 0) < 70, `it waited until ${flood.began[1]}`);
  const stopping = new AbortController();
  stopping.abort();
  const stopped = world(() => 1_000, 50);
  await stopped.step(NEVER);
  await stopped.step(stopping.signal);
  assert.deepEqual(stopped.began, [0, 50]);
});

test('bookings that are made without end are given way to, by no more than one takes or the last step took', async () => {
  const always = (): boolean => true;
  const long = world(() => 0, 50, always);
  for (let round = 0; round < 3; round += 1) await long.step(NEVER);
  assert.deepEqual(long.began, [40, 140, 240]);
  const short = world(() => 0, 4, always);
  for (let round = 0; round < 3; round += 1) await short.step(NEVER);
  assert.deepEqual(short.began, [40, 84, 128]);
});
