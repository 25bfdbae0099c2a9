/** How careful matching is, by settings: for all, for a site, for two sites; what stands is never placed anew by it. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Asked } from '../../src/identity/contract-desk.ts';
import { careOf } from '../../src/identity/placing/budgets.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import type { IdentitySettings, MatchingSettings } from '../../src/settings/people-shape.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { systemScope } from '../../src/store/contract.ts';
import { siteOf, testPlan } from '../support/facts.ts';
import { placingWorld, ROBERT, type PlacingWorld } from './placing-world.ts';

const ANA: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };
const ALL: MatchingSettings = { falseLinksPerMillion: 1, reviewsPerLink: 20, sitePairs: [] };
/** Nobody is linked without a person by this. */
const NEVER = 1e-30;

function planOf(matching: Partial<MatchingSettings>, ofNorth?: number): Plan {
  const survivorship = { order: ['recency'], trust: [], trustFor: {} } as const;
  const identity: IdentitySettings = {
    matching: { ...ALL, ...matching },
    survivorship,
    claim_min: 5,
    reviewWithin_h: 2,
  };
  const north = ofNorth === undefined ? {} : { matching: { falseLinksPerMillion: ofNorth } };
  return testPlan([{ ...siteOf('north'), ...north }, siteOf('south'), siteOf('west')], { identity });
}

interface World extends PlacingWorld {
  put(plan: Plan): void;
}

async function world(t: TestContext, first: Plan): Promise<World> {
  let plan = first;
  const placing = await placingWorld(t, { placing: patientPlacing(SHIPPED_MODEL, { plan: () => plan }) });
  return { ...placing, put: (next) => (plan = next) };
}

describe('stricter settings', () => {
  it('of two sites hold for their records and for nobody else', async (t) => {
    const pair = { sites: ['south', 'north'], falseLinksPerMillion: NEVER };
    const at = await world(t, planOf({ sitePairs: [pair] }));
    const north = await at.tell('north', '1', ROBERT);
    const south = await at.tell('south', '7', ROBERT);
    await at.settle();
    assert.equal((await at.people()).length, 2);
    const desk = peopleDesk({ store: at.store, clock: at.clock, plan: () => planOf({ sitePairs: [pair] }) });
    const [review] = (await desk.reviews(ANA, 10, null)).pairs;
    assert.deepEqual([review?.why, review?.dueAt], ['review', Number(review?.openedAt) + 2 * 3_600_000]);
    const told = await desk.explain(ANA, north, south);
    assert.ok(told.band === 'review' && told.guards.length === 0 && told.score < told.thresholds.auto);
    const alone = await world(t, planOf({ sitePairs: [pair] }));
    await alone.tell('west', '1', ROBERT);
    await alone.tell('south', '7', ROBERT);
    await alone.settle();
    assert.equal((await alone.people()).length, 1);
  });

  it('of a site hold for every pair with a record of it, and the strictest one counts', async (t) => {
    const at = await world(t, planOf({}, NEVER));
    await at.tell('west', '1', ROBERT);
    await at.tell('south', '7', ROBERT);
    await at.settle();
    assert.equal((await at.people()).length, 1);
    await at.tell('north', '1', ROBERT);
    await at.settle();
    assert.equal((await at.people()).length, 2);
    const care = careOf(SHIPPED_MODEL, planOf({ sitePairs: [{ sites: ['north', 'south'], reviewsPerLink: 4 }] }, 0.2));
    assert.deepEqual(
      [care.between('south', 'north'), care.between('west', 'south')],
      [{ ...SHIPPED_MODEL.budgets, falseLinksPerMillion: 0.2, reviewsPerLink: 4 }, null],
    );
  });

  it('leave what is linked as it is, and looser ones what waits; who comes or changes is compared by them', async (t) => {
    const at = await world(t, planOf({}));
    const north = await at.tell('north', '1', ROBERT);
    const south = await at.tell('south', '7', ROBERT);
    await at.settle();
    at.put(planOf({ falseLinksPerMillion: NEVER }));
    await at.tell('south', '7', { ...ROBERT, given: 'Bob' });
    await at.settle();
    assert.deepEqual(await at.people(), [[north, south].sort()], 'also where the record changes and still fits');
    const west = await at.tell('west', '3', ROBERT);
    await at.settle();
    assert.equal((await at.people()).length, 2);
    at.put(planOf({}));
    await at.settle();
    assert.equal((await at.people()).length, 2);
    await at.tell('west', '3', { ...ROBERT, address: { ...ROBERT.address, postalCode: '45502' } });
    await at.settle();
    assert.deepEqual(await at.people(), [[north, south, west].sort()]);
  });
});

describe('a claim', () => {
  it('lasts as long as the settings say', async (t) => {
    const at = await world(t, planOf({}));
    const desk = peopleDesk({ store: at.store, clock: at.clock, plan: () => planOf({}) });
    const north = await at.tell('north', '1', ROBERT);
    const south = await at.tell('south', '7', { ...ROBERT, birthDate: '1972-11-29' });
    await at.settle();
    await desk.claim(ANA, north, south);
    const ben: Asked = { ...ANA, scope: { ...ANA.scope, actor: 'client:ben' } };
    at.clock.advance(4 * 60_000);
    await assert.rejects(desk.claim(ben, north, south), { code: 'RULE_BROKEN' });
    at.clock.advance(60_000);
    await desk.claim(ben, north, south);
  });
});
