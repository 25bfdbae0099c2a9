/** IHE PIXm: the other identifiers of whoever has this one, as each caller may see them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { issues, type Answer, type Who } from './hub.ts';
import { CLOSED, NORTH_MRN, peopleHub, ROBERT, SOUTH_MRN, type PeopleHub } from './people-world.ts';

const CLOSED_MRN = 'urn:oid:1.2.3.9';

interface Told {
  readonly identifiers: readonly string[];
  readonly patients: readonly string[];
}

function told(answer: Answer): Told {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body['resourceType'], 'Parameters');
  const parameters = (answer.body['parameter'] ?? []) as readonly {
    readonly name: string;
    readonly valueIdentifier?: { readonly system: string; readonly value: string };
    readonly valueReference?: { readonly reference: string };
  }[];
  return {
    identifiers: parameters.flatMap(({ valueIdentifier }) =>
      valueIdentifier === undefined ? [] : [`${valueIdentifier.system}|${valueIdentifier.value}`],
    ),
    patients: parameters.flatMap(({ valueReference }) => valueReference?.reference.replace('Patient/', '') ?? []),
  };
}

function ask(
  { hub }: PeopleHub,
  source: string,
  targets: readonly string[] = [],
  who: Who = 'readonly',
): Promise<Answer> {
  const query = [`sourceIdentifier=${encodeURIComponent(source)}`, ...targets.map((one) => `targetSystem=${one}`)];
  return hub.fhir(who, `/Patient/$ihe-pix?${query.join('&')}`);
}

describe('$ihe-pix', () => {
  it('answers with the identifiers and Patients of the same person elsewhere', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', ROBERT);
    await world.settle();
    const all = { identifiers: [`${SOUTH_MRN}|7`], patients: [south, goldenIdOf(north)] };
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`)), all);
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`, [SOUTH_MRN])), { ...all, patients: [south] });
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`, [NORTH_MRN])), { identifiers: [], patients: [] });
    for (const value of [{ valueString: `${NORTH_MRN}|1` }, { valueIdentifier: { system: NORTH_MRN, value: '1' } }]) {
      const parameter = [
        { name: 'sourceIdentifier', ...value },
        { name: 'targetSystem', valueUri: SOUTH_MRN },
      ];
      const posted = await world.post('readonly', '/Patient/$ihe-pix', { resourceType: 'Parameters', parameter });
      assert.deepEqual(told(posted), { ...all, patients: [south] });
    }
  });

  it('answers 200 with nothing for a person who is known nowhere else', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`, [SOUTH_MRN])), { identifiers: [], patients: [] });
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`)).patients, [goldenIdOf(north)]);
  });

  it('tells an unknown number 404, an unknown domain 400, an unknown target 403', async (t) => {
    const world = await peopleHub(t);
    await world.tell('north', '1', ROBERT);
    const cases: readonly (readonly [string, readonly string[], number, string])[] = [
      [`${NORTH_MRN}|2`, [], 404, 'not-found'],
      ['urn:oid:9.9.9|1', [], 400, 'code-invalid'],
      [`${NORTH_MRN}|1`, ['urn:oid:9.9.9'], 403, 'code-invalid'],
      ['1', [], 400, 'value'],
      [`${NORTH_MRN}|`, [], 400, 'value'],
    ];
    for (const [source, targets, status, issue] of cases) {
      const answer = await ask(world, source, targets);
      assert.deepEqual([answer.status, issues(answer)[0]?.code], [status, issue], source);
    }
    assert.equal((await world.hub.fhir('readonly', '/Patient/$ihe-pix')).status, 400);
    assert.equal(
      (await world.hub.fhir('readonly', `/Patient/$ihe-pix?sourceIdentifier=${NORTH_MRN}|1&x=1`)).status,
      400,
    );
  });

  it('neither finds nor names a record that is merged away', async (t) => {
    const world = await peopleHub(t);
    const kept = await world.tell('north', '1', ROBERT);
    await world.tell('north', '2', ROBERT);
    await world.merge('north', '2', '1');
    await world.settle();
    assert.equal((await ask(world, `${NORTH_MRN}|2`)).status, 404);
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`)), { identifiers: [], patients: [goldenIdOf(kept)] });
  });

  it('guesses nothing where one number is of several people', async (t) => {
    const world = await peopleHub(t);
    const shared = { system: 'urn:oid:1.2.3.1', value: 'family-9', type: 'MB' };
    await world.tell('north', '1', { ...ROBERT, identifiers: [shared] });
    await world.tell('north', '2', { ...ROBERT, given: 'Hannah', birthDate: '1999-11-29', identifiers: [shared] });
    await world.settle();
    const answer = await ask(world, `${NORTH_MRN}|family-9`);
    assert.deepEqual([answer.status, issues(answer)[0]?.code], [422, 'multiple-matches']);
  });

  it('tells nothing of a record that the caller may not see, nor of what its site gives out', async (t) => {
    const world = await peopleHub(t);
    const hidden = await world.tell(CLOSED, '5', ROBERT);
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`)), { identifiers: [], patients: [goldenIdOf(north)] });
    assert.equal((await ask(world, `${CLOSED_MRN}|5`)).status, 404);
    const all = { identifiers: [`${CLOSED_MRN}|5`], patients: [hidden, goldenIdOf(hidden)] };
    assert.deepEqual(told(await ask(world, `${NORTH_MRN}|1`, [], 'cleared')), all);
    assert.equal((await ask(world, `${CLOSED_MRN}|5`, [], 'north')).status, 400);
    assert.equal((await ask(world, `${NORTH_MRN}|1`, [CLOSED_MRN], 'north')).status, 403);
  });
});
