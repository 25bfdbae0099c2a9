/** Time that passes for real, and alarms on any clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmAfter, systemClock } from '../../src/core/clock.ts';
import { handClock } from '../connectors/clock.ts';

test('a sleep ends at once when it is called off, before and within it, and leaves no timer behind', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const off = new AbortController();
  const slept = systemClock.sleep(3_600_000, off.signal);
  off.abort();
  await slept;
  await systemClock.sleep(3_600_000, off.signal);
  assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length, before);
});

test('a sleep lasts its time', async () => {
  const began = systemClock.monotonic();
  await systemClock.sleep(20, new AbortController().signal);
  // A timer counts whole milliseconds of its own, so it may be a fraction of one early.
  assert.ok(systemClock.monotonic() - began >= 19);
});

test('an alarm rings once at its time, and never when it was called off', async () => {
  const clock = handClock();
  const rung: string[] = [];
  alarmAfter(clock, 100, () => rung.push('first'));
  const callOff = alarmAfter(clock, 100, () => rung.push('called off'));
  callOff();
  await clock.advance(99);
  assert.deepEqual(rung, []);
  await clock.advance(1);
  await clock.advance(1_000);
  assert.deepEqual(rung, ['first']);
  callOff();
});
