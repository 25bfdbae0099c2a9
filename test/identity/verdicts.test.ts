/** What people decided is told beside what the score had said, without naming anybody: for calibration. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Asked } from '../../src/identity/contract-desk.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { modelId } from '../../src/identity/match/model.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { systemScope } from '../../src/store/contract.ts';
import { siteOf, testPlan } from '../support/facts.ts';
import { placingWorld, ROBERT } from './placing-world.ts';

const ANA: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };
const because = { reason: 'asked the patient' } as const;
/** Nobody is linked by the score. */
const STRICT = testPlan([siteOf('north'), siteOf('south')], {
  identity: {
    matching: { falseLinksPerMillion: 1e-30, reviewsPerLink: 20, sitePairs: [] },
    survivorship: { order: ['recency'], trust: [], trustFor: {} },
    claim_min: 5,
    reviewWithin_h: 2,
  },
});
const OTHER = { ...ROBERT, family: 'Brightwater', given: 'Ann', birthDate: '1990-07-16', phone: '937-555-3333' };

it('verdicts are told page by page, by whoever may see both records, and not once they are taken back', async (t) => {
  const world = await placingWorld(t, { placing: patientPlacing(SHIPPED_MODEL, { plan: () => STRICT }) });
  const desk = peopleDesk({ store: world.store, clock: world.clock });
  // A guard kept the first pair from being linked, and the score alone the second.
  const pairs = [
    [await world.tell('north', '1', ROBERT), await world.tell('south', '7', { ...ROBERT, birthDate: '1972-11-29' })],
    [await world.tell('north', '2', OTHER), await world.tell('south', '8', OTHER)],
  ] as const;
  await world.settle();
  const [first, second] = pairs;
  const word = await desk.decide(ANA, { one: first[0], other: first[1], verdict: 'same', ...because });
  await desk.decide(ANA, { one: second[0], other: second[1], verdict: 'different', ...because });
  const told = await desk.verdicts(ANA, 10, null);
  assert.equal(told.next, null);
  const found = told.verdicts.map(({ same, guarded }) => [same, guarded]);
  assert.deepEqual(found, [[true, true], [false, false]]); // prettier-ignore
  const [verdict] = told.verdicts;
  const { review } = await desk.explain(ANA, ...first);
  const { waterfall } = review?.evidence as { readonly waterfall: { readonly total: number } };
  assert.ok(Math.abs((verdict?.odds ?? NaN) - waterfall.total) < 1e-3, 'on the scale of a waterfall');
  assert.equal(verdict?.modelId, modelId(SHIPPED_MODEL));
  const page = await desk.verdicts(ANA, 1, null);
  assert.deepEqual([page.verdicts, page.next], [[verdict], word.decisions[0]]);
  const ofNorth: Asked = { ...ANA, scope: { ...ANA.scope, sites: ['north'] } };
  assert.deepEqual((await desk.verdicts(ofNorth, 10, null)).verdicts, []);
  await desk.undo(ANA, { decision: word.decisions[0] ?? 0, ...because });
  assert.deepEqual(
    (await desk.verdicts(ANA, 10, null)).verdicts.filter(({ same }) => same),
    [],
  );
});
