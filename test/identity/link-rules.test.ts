/** Rules of the settings link what the score alone would put before a person: between whom, and never more. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Asked } from '../../src/identity/contract-desk.ts';
import { agreesBy } from '../../src/identity/match/link-rules.ts';
import { normalised } from '../../src/identity/match/normalise.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { peopleDesk } from '../../src/identity/placing/desk.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import type { IdentitySettings, LinkFact, LinkRule } from '../../src/settings/people-shape.ts';
import type { Plan, SiteSettings } from '../../src/settings/shape.ts';
import { systemScope } from '../../src/store/contract.ts';
import { siteOf, testPlan } from '../support/facts.ts';
import { HARD_CASES } from '../support/hard-cases.ts';
import { randomOf } from '../support/people.ts';
import { placingWorld, ROBERT, type PlacingWorld } from './placing-world.ts';

const ANA: Asked = { scope: { ...systemScope('test'), actor: 'client:ana' }, requestId: 'r1' };
const BY_PHONE: LinkRule = {
  name: 'first-name-birth-phone',
  agree: ['given', 'birthDate', 'phone'],
  collision: 2e-12,
  sites: [],
};
const MEMBER = 'https://acme.example/member';

/** So strict that the score links nobody here whose last name and address changed. */
function planOf(rules: readonly LinkRule[], ofSouth?: readonly string[], strict = 0.001): Plan {
  const survivorship = { order: ['recency'], trust: [], trustFor: {} } as const;
  const identity: IdentitySettings = {
    matching: { falseLinksPerMillion: strict, reviewsPerLink: 20, sitePairs: [], rules },
    survivorship,
    claim_min: 5,
    reviewWithin_h: 2,
  };
  const member = { system: MEMBER, type: 'insurance', scope: 'enterprise', useForWriteBack: false } as const;
  const identifiers: SiteSettings['identifiers'] = { 'ACME^MB': member };
  const south = { ...siteOf('south'), identifiers, ...(ofSouth === undefined ? {} : { matching: { rules: ofSouth } }) };
  return testPlan([{ ...siteOf('north'), identifiers }, south, { ...siteOf('west'), identifiers }], { identity });
}

const world = (t: TestContext, plan: Plan): Promise<PlacingWorld> =>
  placingWorld(t, { placing: patientPlacing(SHIPPED_MODEL, { plan: () => plan }) });

const MARRIED = {
  ...ROBERT,
  family: 'Brightwater',
  address: { line: ['900 Elm Road'], city: 'Dayton', postalCode: '45377' },
};

async function linked(t: TestContext, plan: Plan, one: object = ROBERT, other: object = MARRIED): Promise<boolean> {
  const at = await world(t, plan);
  await at.tell('north', '1', one);
  await at.tell('south', '7', other);
  await at.settle();
  return (await at.people()).length === 1;
}

describe('a rule of the settings', () => {
  it('links what the score puts before a person, and the decision names it with all that it says', async (t) => {
    const plan = planOf([BY_PHONE]);
    const at = await world(t, plan);
    const north = await at.tell('north', '1', ROBERT);
    const south = await at.tell('south', '7', MARRIED);
    await at.settle();
    assert.deepEqual(await at.people(), [[north, south].sort()]);
    const [decision] = await at.write(({ identity }) => identity.about([south]));
    assert.equal(decision?.reason, 'the records agree by the rule first-name-birth-phone');
    const { rule, agree, collision, score, auto } = decision.evidence ?? {};
    assert.deepEqual([rule, agree, collision], ['first-name-birth-phone', 'given birthDate phone', 2e-12]);
    assert.ok(Number(score) < Number(auto), 'not by the score');
    assert.match(decision.modelId ?? '', / rules \d+$/);
    const desk = peopleDesk({ store: at.store, clock: at.clock, plan: () => plan });
    const told = await desk.explain(ANA, north, south);
    assert.deepEqual([told.band, told.rule?.name], ['auto', 'first-name-birth-phone']);
  });

  it('is not there unless it is written down: then a person is asked', async (t) => {
    assert.equal(await linked(t, planOf([])), false);
  });

  it('links no records of a site that does not allow it', async (t) => {
    assert.equal(await linked(t, planOf([BY_PHONE], [])), false);
    assert.equal(await linked(t, planOf([BY_PHONE], ['another-rule'])), false);
    assert.equal(await linked(t, planOf([BY_PHONE], [BY_PHONE.name])), true);
  });

  it('of some sites holds between these alone', async (t) => {
    assert.equal(await linked(t, planOf([{ ...BY_PHONE, sites: ['north', 'west'] }])), false);
    assert.equal(await linked(t, planOf([{ ...BY_PHONE, sites: ['north', 'south'] }])), true);
  });

  it('links nobody where what it states is more than may go wrong in an index of this size', async (t) => {
    assert.equal(await linked(t, planOf([{ ...BY_PHONE, collision: 1e-6 }])), false);
  });

  it('never goes before a guard: twins, another sex, a minor with the phone of a parent', async (t) => {
    const plan = planOf([{ ...BY_PHONE, agree: ['birthDate', 'phone', 'identifier'], system: MEMBER }, BY_PHONE]);
    const number = { identifiers: [{ system: MEMBER, value: '12345', type: 'MB' }] };
    assert.equal(await linked(t, plan, { ...ROBERT, ...number }, { ...ROBERT, ...number, given: 'Richard' }), false);
    assert.equal(await linked(t, plan, ROBERT, { ...MARRIED, gender: 'female' }), false);
    const child = { birthDate: '2016-03-04' };
    assert.equal(await linked(t, plan, { ...ROBERT, ...child }, { ...MARRIED, ...child }), false);
  });

  it('takes a number of one system with the date of birth', async (t) => {
    const rule: LinkRule = {
      name: 'member',
      agree: ['identifier', 'birthDate'],
      system: MEMBER,
      collision: 1e-30,
      sites: [],
    };
    const number = (value: string): object => ({ identifiers: [{ system: MEMBER, value, type: 'MB' }] });
    // Without a phone; that it is at home at the same address is what the guard asks of a family's number.
    const quiet = { ...ROBERT, phone: '' };
    const moved = { ...quiet, family: 'Brightwater' };
    const by = (rules: readonly LinkRule[], one: string, other: string): Promise<boolean> =>
      linked(t, planOf(rules, undefined, 1e-20), { ...quiet, ...number(one) }, { ...moved, ...number(other) });
    assert.equal(await by([rule], '1', '1'), true);
    assert.equal(await by([rule], '1', '2'), false);
    assert.equal(await by([], '1', '1'), false);
  });

  it('what is linked by it stays when it is taken out of the settings', async (t) => {
    let plan = planOf([BY_PHONE]);
    const at = await placingWorld(t, { placing: patientPlacing(SHIPPED_MODEL, { plan: () => plan }) });
    await at.tell('north', '1', ROBERT);
    await at.tell('south', '7', MARRIED);
    await at.settle();
    plan = planOf([]);
    await at.tell('south', '7', { ...MARRIED, address: ROBERT.address });
    await at.settle();
    assert.equal((await at.people()).length, 1);
  });
});

describe('records agree', () => {
  const rule = (agree: readonly LinkFact[]): LinkRule => ({
    name: 'r',
    agree,
    system: 'S',
    collision: 1e-12,
    sites: [],
  });
  const person = (more: object): ReturnType<typeof normalised> =>
    normalised({
      names: [{ given: ['Ann'], family: 'Lee' }],
      birthDate: '1980-02-29',
      phones: ['9375552222'],
      ...more,
    });
  const agree = (facts: readonly LinkFact[], one: object, other: object, shared: readonly string[] = []): boolean =>
    agreesBy(rule(facts), person(one), person(other), new Set(shared));

  it('to the letter, and by nothing that many share', () => {
    assert.equal(agree(['given', 'birthDate', 'phone'], {}, {}), true);
    assert.equal(agree(['given', 'birthDate', 'phone'], {}, {}, person({}).phones), false);
    assert.equal(agree(['given'], {}, { names: [{ given: ['Anna'], family: 'Lee' }] }), false);
    assert.equal(agree(['birthDate'], { birthDate: '1980-01-01' }, { birthDate: '1980-01-01' }), false);
    assert.equal(agree(['birthDate'], { birthDate: '1980-02' }, { birthDate: '1980-02' }), false);
    assert.equal(agree(['phone'], { phones: [] }, { phones: [] }), false);
    assert.equal(agree(['email'], { emails: ['ann@x.example'] }, { emails: ['Ann+a@x.example'] }), true);
    const home = { addresses: [{ lines: ['12 Oak Street'], postalCode: '45501' }] };
    assert.equal(agree(['address'], home, home), true);
    const street = { addresses: [{ lines: ['Oak Street'], postalCode: '45501' }] };
    assert.equal(agree(['address'], street, street), false, 'a street is no address');
    assert.equal(agree([], {}, {}), false);
  });

  it('by numbers of one system, where none of it denies them', () => {
    const number = (...values: readonly string[]): object => ({
      identifiers: values.map((value) => ({ kind: 'family', system: 'S', value })),
    });
    assert.equal(agree(['identifier'], number('1'), number('1', '2')), true);
    assert.equal(agree(['identifier'], number('1'), number('2')), false);
    const elsewhere = { identifiers: [{ kind: 'family', system: 'T', value: '1' }] };
    assert.equal(agree(['identifier'], elsewhere, elsewhere), false);
    const social = (value: string): object => ({ identifiers: [{ kind: 'social', system: 'ssn', value }] });
    assert.equal(agree(['social'], social('212345678'), social('212345678')), true);
    assert.equal(agree(['social'], social('212345678'), social('212345679')), false);
    assert.equal(agree(['social-end'], social('212345678'), social('5678')), true);
    assert.equal(agree(['social'], social('212345678'), social('5678')), false);
  });

  it('never of twins in a rule with the first name', () => {
    const random = randomOf(5);
    const twins = HARD_CASES['twins, unlike names'];
    assert.ok(twins !== undefined);
    const found = Array.from({ length: 200 }, () => twins(random)).filter(([one, other]) =>
      agreesBy(BY_PHONE, normalised(one), normalised(other), new Set()),
    );
    assert.equal(found.length, 0);
  });
});
