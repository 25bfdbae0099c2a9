import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { startLoop, type Loop } from '../../src/core/loop.ts';

/** Time passes only when told: then everyone who sleeps long enough wakes. */
class HandClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  readonly changed = new EventEmitter();

  now(): ReturnType<Clock['now']> {
    return instant(this.#now);
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
      this.changed.emit('asleep');
    });
  }

  async asleep(): Promise<void> {
    if (this.#sleepers.size === 0) await once(this.changed, 'asleep');
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#now) sleeper.wake();
  }
}

interface Under {
  readonly clock: HandClock;
  readonly loop: Loop;
  readonly events: EventEmitter;
  readonly errors: unknown[];
  readonly steps: () => number;
}

function looping(step: (count: number) => Promise<boolean> | boolean, tick_ms = 1_000): Under {
  const clock = new HandClock();
  const events = new EventEmitter();
  const errors: unknown[] = [];
  let count = 0;
  const loop = startLoop({
    clock,
    tick_ms,
    step: async () => {
      count += 1;
      events.emit('step', count);
      return step(count);
    },
    onError: (error) => errors.push(error),
  });
  return { clock, loop, events, errors, steps: () => count };
}

test('the first step needs no ring: what waited since the last stop is done at once', async () => {
  const { clock, loop, steps } = looping(() => false);
  await clock.asleep();
  assert.equal(steps(), 1);
  await loop.stop();
});

test('a step follows at every tick, and earlier when rung', async () => {
  const { clock, loop, events, steps } = looping(() => false);
  await clock.asleep();
  clock.pass(999);
  assert.equal(steps(), 1);
  const second = once(events, 'step');
  clock.pass(1);
  await second;
  await clock.asleep();
  const third = once(events, 'step');
  loop.ring();
  await third;
  assert.equal(steps(), 3);
  await loop.stop();
});

test('while more work waits, no tick is waited for', async () => {
  const { clock, loop, steps } = looping((count) => count < 50);
  await clock.asleep();
  assert.equal(steps(), 50);
  await loop.stop();
});

test('rings during a step lead to one step after it: what they announced may be too late for this one', async () => {
  const gate = new EventEmitter();
  const { clock, loop, steps } = looping(async (count) => {
    if (count === 1) await once(gate, 'open');
    return false;
  });
  for (let rings = 0; rings < 5; rings += 1) loop.ring();
  gate.emit('open');
  await clock.asleep();
  assert.equal(steps(), 2);
  await loop.stop();
});

test('two steps never run at once', async () => {
  let running = 0;
  let most = 0;
  const { loop, clock } = looping(async (count) => {
    running += 1;
    most = Math.max(most, running);
    loop.ring();
    await Promise.resolve();
    running -= 1;
    return count < 10;
  });
  loop.ring();
  await clock.asleep().then(() => loop.stop());
  assert.equal(most, 1);
});

test('a step that throws is told and tried again after a tick, not at once', async () => {
  const failure = new Error('no');
  const { clock, loop, events, errors, steps } = looping((count) => {
    if (count === 1) throw failure;
    return false;
  });
  await clock.asleep();
  assert.deepEqual(errors, [failure]);
  loop.ring();
  assert.equal(steps(), 1, 'a ring does not hurry what just failed');
  const again = once(events, 'step');
  clock.pass(1_000);
  await again;
  assert.equal(steps(), 2);
  await loop.stop();
});

test('stopping waits for the step under way and for no tick', async () => {
  const gate = new EventEmitter();
  const order: string[] = [];
  const { loop, steps } = looping(async () => {
    await once(gate, 'open');
    order.push('step ended');
    return true;
  });
  const stopped = loop.stop().then(() => order.push('stopped'));
  gate.emit('open');
  await stopped;
  assert.deepEqual(order, ['step ended', 'stopped']);
  loop.ring();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(steps(), 1, 'nothing runs after the stop, whatever was left');
});
