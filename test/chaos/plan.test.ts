import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, type Step } from './plan.ts';

const MINUTES_2 = 120_000;
const extent = (seed: number, duration_ms = MINUTES_2, ownDatabase = true) => ({ seed, duration_ms, ownDatabase });

function troubles(plan: readonly Step[]): ReadonlySet<string> {
  return new Set(plan.flatMap((step) => (step.do === 'fault' ? Object.keys(step.switches) : [step.do])));
}

test('one seed is one plan, another seed is another', () => {
  assert.deepEqual(planOf(extent(7)), planOf(extent(7)));
  assert.notDeepEqual(planOf(extent(7)), planOf(extent(8)));
});

test('a run of two minutes holds every call, every fault of the design, kills, a freeze, cuts and restarts of the database', () => {
  const wanted = [
    ...['latencyMs', 'errorRate', 'rateLimit', 'dropAnswer', 'silentDrop', 'echoFirst', 'duplicateWebhooks'],
    ...['reorderWebhooks', 'loseWebhooks', 'staleReads', 'clockSkewMs', 'outage'],
    ...['book', 'cancel', 'move', 'change', 'hold', 'set', 'series', 'group', 'request', 'line'],
    ...['kill', 'restart', 'freeze', 'cut', 'kill database', 'restart database'],
  ];
  const seeds = Array.from({ length: 20 }, (_, seed) => troubles(planOf(extent(seed))));
  for (const trouble of wanted) {
    const held = seeds.filter((one) => one.has(trouble)).length;
    assert.ok(held >= 10, `${trouble} is in ${held} of 20 seeds`);
  }
});

test('every step lies within the run, in order, and a shared database is left alone', () => {
  const plan = planOf(extent(3, 20_000, false));
  assert.ok(plan.length > 30);
  assert.deepEqual(
    plan,
    [...plan].sort((left, right) => left.at_ms - right.at_ms),
  );
  assert.ok(plan.every((step) => step.at_ms >= 0 && step.at_ms < 20_000));
  const long = planOf(extent(3, 600_000, false));
  assert.ok(long.every((step) => step.do !== 'kill database' && step.do !== 'restart database'));
});
