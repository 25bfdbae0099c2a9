/** Where everybody is somebody else, nothing may be linked: the only test that can tell of wrong links at scale. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../../src/identity/match/evaluation.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import { strangers } from '../../support/strangers.ts';

test('of 30,000 different people, 3% of them twins, relatives or namesakes, no two are linked', () => {
  for (const seed of [1, 2]) {
    const left = strangers(15_000, seed).map((record) => normalised(record));
    const truth = { pairs: 0, isMatch: () => false, each: () => undefined };
    const found = evaluate({ left, right: null, truth }, { model: SHIPPED_MODEL, today: 20261122 });
    assert.equal(found.auto.found, 0);
    // The score alone would have linked them: it is the guards that do not.
    assert.ok(found.withoutGuards.found > 20, String(found.withoutGuards.found));
    assert.ok(found.autoAndReview.found < 15_000 * 0.05, String(found.autoAndReview.found));
  }
});
