/** What people found out, held against the score. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKET_PAIRS, calibrated, isotonic, type KnownPair } from '../../../src/identity/match/calibrate.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { below, randomOf, type Random } from '../../support/people.ts';

const BUDGETS = SHIPPED_MODEL.budgets;

/** Least squares under a rising order, as it is defined: at each place the greatest of the least means around it. */
function byDefinition(pairs: readonly Pick<KnownPair, 'odds' | 'same'>[]): readonly number[] {
  const odds = [...new Set(pairs.map((pair) => pair.odds))].sort((one, other) => one - other);
  const mean = (from: number, to: number): number => {
    const within = pairs.filter((pair) => pair.odds >= (odds[from] ?? 0) && pair.odds <= (odds[to] ?? 0));
    return within.filter(({ same }) => same).length / within.length;
  };
  return odds.map((_, at) => {
    const starts = Array.from({ length: at + 1 }, (_one, from) => from);
    const ends = Array.from({ length: odds.length - at }, (_one, to) => at + to);
    return Math.max(...starts.map((from) => Math.min(...ends.map((to) => mean(from, to)))));
  });
}

function drawn(random: Random, many: number): readonly KnownPair[] {
  return Array.from({ length: many }, () => {
    const odds = below(random, 12) - 6;
    return { odds, same: random() < (odds + 8) / 16, guarded: random() < 0.3 };
  });
}

test('pooling adjacent violators finds the rising shares that are nearest, as a search of all means does', () => {
  const random = randomOf(3);
  for (let round = 0; round < 300; round += 1) {
    const pairs = drawn(random, 1 + below(random, 25));
    const steps = isotonic(pairs);
    const odds = [...new Set(pairs.map((pair) => pair.odds))].sort((one, other) => one - other);
    const shares = odds.map((at) => steps.find(({ from, to }) => from <= at && at <= to)?.share ?? NaN);
    byDefinition(pairs).forEach((wanted, at) => {
      assert.ok(Math.abs(wanted - (shares[at] ?? NaN)) < 1e-12, JSON.stringify(pairs));
    });
    assert.equal(steps.reduce((sum, step) => sum + step.pairs, 0), pairs.length); // prettier-ignore
    assert.ok(
      steps.every(({ share }, at) => share > (steps[at - 1]?.share ?? -1)),
      'equal shares are one step',
    );
  }
  assert.deepEqual(isotonic([]), []);
});

const many = (count: number, odds: number, same: boolean, guarded = false): readonly KnownPair[] =>
  Array.from({ length: count }, () => ({ odds, same, guarded }));

test('a bucket is judged from 500 pairs on, and is too sure only beyond what chance does', () => {
  // 2^8 to 1 is 0.996: stated at least 0.99.
  const few = calibrated(many(BUCKET_PAIRS - 1, 8, true), BUDGETS, 1).buckets;
  assert.deepEqual(few.map(({ holds }) => holds), few.map(() => null)); // prettier-ignore
  const at = (pairs: readonly KnownPair[]): boolean | null | undefined =>
    calibrated(pairs, BUDGETS, 1).buckets.find(({ from }) => from === 0.99)?.holds;
  assert.equal(at([...many(990, 8, true), ...many(10, 8, false)]), true);
  assert.equal(at([...many(940, 8, true), ...many(60, 8, false)]), false);
});

test('links are proposed from where even bad luck leaves the budget, and guarded pairs say nothing of that', () => {
  const budgets = { ...BUDGETS, falseLinksPerMillion: 10_000 };
  const sure = many(400, 20, true);
  const mixed = [...many(50, 10, true), ...many(50, 10, false)];
  const found = calibrated([...sure, ...mixed, ...many(500, 25, false, true)], budgets, 1);
  assert.deepEqual([found.auto.odds, found.auto.pairs, found.auto.wrong, found.auto.expectedWrong], [20, 400, 0, 0]);
  assert.ok(found.auto.atMost <= found.allowed);
  assert.equal(calibrated([...sure, ...mixed], { ...budgets, falseLinksPerMillion: 400_000 }, 1).auto.odds, 10);
});

test('that nobody found a mistake yet promises nothing: it is said how many pairs are needed', () => {
  const found = calibrated(many(5_000, 20, true), BUDGETS, 1);
  assert.deepEqual([found.auto.odds, found.auto.needed], [null, 3_000_000]);
  const none = calibrated([], BUDGETS, 1).auto;
  assert.deepEqual([none.odds, none.pairs, none.atMost], [null, 0, 1]);
});

test('review could begin where one of so many is one person', () => {
  const pairs = [...many(400, -8, false), ...many(95, -4, false), ...many(5, -4, true), ...many(100, 5, true)];
  assert.equal(calibrated(pairs, BUDGETS, 1).review, -4);
  assert.equal(calibrated(many(600, 3, false), BUDGETS, 1).review, null);
});
