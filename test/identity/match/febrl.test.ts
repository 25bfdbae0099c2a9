/** FEBRL 1 to 3 at the shipped thresholds. They are easy: what they cannot see is in hard-cases.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateFiles, type FilesEvaluation } from '../../../src/hub-matching.ts';
import { sharedFile } from '../../support/shared-files.ts';

async function measured(path: string): Promise<FilesEvaluation> {
  return evaluateFiles({
    cwd: '/',
    left: path,
    right: null,
    truth: 'rec_id',
    fields: null,
    id: null,
    model: null,
    conventions: {},
    today: 20261122,
  });
}

/** True pairs by the number in rec_id, and the least shares of them, without SSN. */
const SETS = [
  { file: 'dataset1.csv', pairs: 500, seen: 0.995, completeness: 0.995, auto: 0.73 },
  { file: 'dataset2.csv', pairs: 1_934, seen: 0.995, completeness: 0.995, auto: 0.655 },
  { file: 'dataset3.csv', pairs: 6_538, seen: 0.994, completeness: 0.995, auto: 0.63 },
] as const;

for (const { file, pairs, seen, completeness, auto } of SETS) {
  const { path, skip } = sharedFile(`identity/febrl/${file}`);

  test(
    `${file}: without SSN no wrong link is made, and nearly every true pair is linked or reviewed`,
    { skip },
    async () => {
      const { withoutSsn: run } = await measured(path);
      assert.ok(run !== null);
      assert.equal(run.truePairs, pairs);
      assert.equal(run.auto.wrong, 0);
      assert.ok(run.autoAndReview.recall >= seen, String(run.autoAndReview.recall));
      assert.ok(run.pairCompleteness >= completeness, String(run.pairCompleteness));
      assert.ok(run.reductionRatioOfFalse >= 0.9995, String(run.reductionRatioOfFalse));
      assert.ok(run.auto.recall >= auto, String(run.auto.recall));
    },
  );

  test(`${file}: with SSN no wrong link is made either`, { skip }, async () => {
    const { allFields: run } = await measured(path);
    assert.equal(run.auto.wrong, 0);
    assert.ok(run.autoAndReview.recall >= 0.998, String(run.autoAndReview.recall));
  });
}
