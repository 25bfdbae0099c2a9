import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { givingWay, standingAside } from '../../src/pipeline/give-way.ts';

/** A clock that moves when it is slept on, and when time is said to pass. */
function movingClock(): { readonly clock: Clock; readonly pass: (ms: number) => void } {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  const sleep = (ms: number): Promise<void> => {
    pass(ms);
    return Promise.resolve();
  };
  return { clock: { now: () => instant(now), monotonic: () => now, sleep }, pass };
}

/** Steps of applying, each of which takes so long. */
function world(backlog: () => number, took_ms: number, isBooking = (): boolean => false) {
  const { clock, pass } = movingClock();
  const began: number[] = [];
  const step = givingWay({ receiver: { backlog }, isBooking }, clock, () => {
    began.push(clock.monotonic());
    pass(took_ms);
    return Promise.resolve(true);
  });
  return { began, step, at: () => clock.monotonic() };
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

/** Work that stands aside for bookings; on a clock as in `world`. */
function aside(isBooking: () => boolean) {
  const { clock, pass } = movingClock();
  const give = standingAside(isBooking, clock);
  const work = (took_ms: number, isMore: () => boolean | Error) => {
    const began: number[] = [];
    const step = give(() => {
      began.push(clock.monotonic());
      pass(took_ms);
      const more = isMore();
      return more instanceof Error ? Promise.reject(more) : Promise.resolve(more);
    });
    return { began, step };
  };
  return { work, at: () => clock.monotonic() };
}

test('what stands aside for bookings begins at once when there is none', async () => {
  const { began, step } = aside(() => false).work(10, () => false);
  for (let round = 0; round < 3; round += 1) assert.equal(await step(NEVER), false);
  assert.deepEqual(began, [0, 10, 20]);
});

test('under bookings without end it has its turn all the same, a quarter of a second later', async () => {
  const { began, step } = aside(() => true).work(10, () => false);
  for (let round = 0; round < 3; round += 1) await step(NEVER);
  assert.deepEqual(
    began.map((at) => Math.round(at / 10)),
    [25, 51, 78],
  );
});

test('under bookings without end what is left over waits only as long as the last turn took', async () => {
  const { began, step } = aside(() => true).work(40, () => true);
  for (let round = 0; round < 4; round += 1) assert.equal(await step(NEVER), true);
  assert.deepEqual(began, [252, 332, 412, 492]);
});

test('however much one has to do, the others have their turns: nobody waits for another', async () => {
  const { work, at } = aside(() => true);
  const much = work(40, () => true);
  const little = work(1, () => false);
  const busy = (async () => {
    while (at() < 5_000) await much.step(NEVER);
  })();
  while (at() < 5_000) await little.step(NEVER);
  await busy;
  const gaps = little.began.map((began, index) => began - (little.began[index - 1] ?? 0));
  assert.ok(Math.max(...gaps) < 400, `the longest wait was ${Math.max(...gaps)} ms`);
  assert.ok(much.began.length > 20, `the other had ${much.began.length} turns`);
});

test('it begins as soon as nobody waits for a booking any more, and a hub that stops waits for none', async () => {
  let bookings = 3;
  const { began, step } = aside(() => (bookings -= 1) >= 0).work(10, () => false);
  await step(NEVER);
  assert.deepEqual(began, [12]);
  const stopping = new AbortController();
  stopping.abort();
  const stopped = aside(() => true).work(10, () => false);
  await stopped.step(stopping.signal);
  assert.deepEqual(stopped.began, [0]);
});

test('after a failure the full time is given again', async () => {
  const answers: (boolean | Error)[] = [true, new Error('away'), false];
  const { began, step } = aside(() => true).work(40, () => answers.shift() ?? false);
  await step(NEVER);
  await assert.rejects(step(NEVER), /away/);
  await step(NEVER);
  assert.deepEqual(began, [252, 332, 624]);
});
