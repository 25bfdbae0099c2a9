/** `Patient/$match`: who a description fits, as each caller may see it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { code, entries, issues, type Answer } from './hub.ts';
import { CLOSED, leadsTo, NORTH_MRN, peopleHub, ROBERT, type PeopleHub } from './people-world.ts';

const DESCRIBED = {
  resourceType: 'Patient',
  name: [{ family: 'Okonkwo', given: ['Robert'] }],
  birthDate: '1972-03-04',
  gender: 'male',
  telecom: [{ system: 'phone', value: '+1 (937) 555-2222' }],
  address: [{ line: ['12 Oak St'], city: 'Springfield', postalCode: '45501' }],
};

interface Shown {
  readonly id: string;
  readonly grade: string;
  readonly score: number;
}

function shown(answer: Answer): readonly Shown[] {
  assert.equal(answer.status, 200, answer.text);
  return entries(answer).flatMap(({ resource, search }) => {
    if (search.mode !== 'match') return [];
    const { extension, score } = search as unknown as {
      extension: readonly { url: string; valueCode: string }[];
      score: number;
    };
    const grade = extension.find(({ url }) => url === 'http://hl7.org/fhir/StructureDefinition/match-grade');
    return [{ id: String(resource['id']), grade: grade?.valueCode ?? '', score }];
  });
}

function ask(
  world: PeopleHub,
  more: readonly unknown[] = [],
  patient: unknown = DESCRIBED,
  who = 'readonly' as const,
): Promise<Answer> {
  const parameter = [{ name: 'resource', resource: patient }, ...more];
  return world.post(who, '/Patient/$match', { resourceType: 'Parameters', parameter });
}

const ONLY_CERTAIN = { name: 'onlyCertainMatches', valueBoolean: true };

describe('$match', () => {
  it('answers with the golden record of whom the description fits, with score and grade', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', ROBERT);
    await world.settle();
    const answer = await ask(world);
    const [only, ...more] = shown(answer);
    assert.deepEqual([only?.id, only?.grade, more.length], [goldenIdOf(north), 'certain', 0]);
    assert.ok(only !== undefined && only.score > 0.99 && only.score <= 1);
    assert.equal(answer.body['total'], 1);
    assert.match(entries(answer)[0]?.fullUrl ?? '', new RegExp(`/fhir/R4/Patient/${goldenIdOf(north)}$`));
    assert.deepEqual(leadsTo(entries(answer)[0]?.resource as never, 'seealso'), [north, south]);
    assert.deepEqual(shown(await ask(world, [ONLY_CERTAIN])).length, 1);
  });

  it('takes the Patient alone as well', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    const answer = await world.post('readonly', '/Patient/$match', DESCRIBED);
    assert.deepEqual(
      shown(answer).map(({ id }) => id),
      [goldenIdOf(north)],
    );
  });

  it('shows the best first, and a brother or a namesake is never certain', async (t) => {
    const world = await peopleHub(t);
    const robert = await world.tell('north', '1', ROBERT);
    const twin = await world.tell('north', '2', { ...ROBERT, given: 'Ronald' });
    await world.settle();
    const found = shown(await ask(world));
    assert.deepEqual(
      found.map(({ id, grade }) => [id, grade]),
      [
        [goldenIdOf(robert), 'certain'],
        [goldenIdOf(twin), 'possible'],
      ],
    );
    assert.ok((found[0]?.score ?? 0) > (found[1]?.score ?? 1));
    const one = await ask(world, [{ name: 'count', valueInteger: 1 }]);
    assert.deepEqual([shown(one).length, one.body['total']], [1, 2]);
    assert.deepEqual(
      shown(await ask(world, [ONLY_CERTAIN])).map(({ id }) => id),
      [goldenIdOf(robert)],
    );
    const twinsFather = { ...DESCRIBED, birthDate: '1941-03-04' };
    assert.deepEqual(shown(await ask(world, [ONLY_CERTAIN], twinsFather)), []);
  });

  it('is certain of nobody where two would do', async (t) => {
    const world = await peopleHub(t);
    await world.tell('north', '1', ROBERT);
    await world.tell('north', '2', ROBERT);
    await world.settle();
    assert.deepEqual(
      shown(await ask(world)).map(({ grade }) => grade),
      ['probable', 'probable'],
    );
    assert.deepEqual(shown(await ask(world, [ONLY_CERTAIN])), []);
  });

  it('is not certain against a record of the person that speaks against it', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', { ...ROBERT, birthDate: '1990-11-29', given: 'Hannah' });
    await world.settle();
    const word = { verdict: 'same', reason: 'asked the patient' };
    const said = await world.hub.request(`/ops/api/identity/pairs/${north}/${south}`, {
      method: 'POST',
      headers: { authorization: 'Bearer admin-token-0123456789', 'content-type': 'application/json' },
      body: JSON.stringify(word),
    });
    assert.equal(said.status, 200, said.text);
    assert.deepEqual(
      shown(await ask(world)).map(({ id, grade }) => [id, grade]),
      [[goldenIdOf(north), 'probable']],
    );
  });

  it('finds nobody in a record that is merged away, and finds who stands for it', async (t) => {
    const world = await peopleHub(t);
    const kept = await world.tell('north', '1', { ...ROBERT, phone: '937-555-9999' });
    await world.tell('north', '2', ROBERT);
    await world.merge('north', '2', '1');
    await world.settle();
    assert.deepEqual(
      shown(await ask(world)).map(({ id }) => id),
      [goldenIdOf(kept)],
    );
  });

  it('answers a stranger with an empty searchset, and too little with 400', async (t) => {
    const world = await peopleHub(t);
    await world.tell('north', '1', ROBERT);
    await world.settle();
    const stranger = {
      resourceType: 'Patient',
      name: [{ family: 'Quandt', given: ['Silke'] }],
      birthDate: '1999-01-02',
    };
    const none = await ask(world, [], stranger);
    assert.deepEqual([none.status, none.body['total'], none.body['entry']], [200, 0, undefined]);
    for (const patient of [{ resourceType: 'Patient' }, { resourceType: 'Patient', gender: 'male' }]) {
      const answer = await ask(world, [], patient);
      assert.deepEqual([answer.status, code(answer)], [400, 'REQUEST_INVALID']);
    }
  });

  it('says what is wrong with what it is sent, and reads no name of the wrong type', async (t) => {
    const world = await peopleHub(t);
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ resourceType: 'Parameters' }, /one parameter named resource/],
      [
        { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: { resourceType: 'Person' } }] },
        /Patient/,
      ],
      [{ resourceType: 'Patient', name: 'Robert' }, /Patient\.name/],
      [{ resourceType: 'Patient', name: [{ family: ['x'] }] }, /Patient\.name\[0\]\.family/],
      [{ resourceType: 'Patient', telecom: Array(21).fill({ value: '1' }) }, /longer than the limit of 20/],
      [{ resourceType: 'Bundle' }, /Parameters/],
    ];
    for (const [body, told] of wrong) {
      const answer = await world.post('readonly', '/Patient/$match', body);
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.text, told);
    }
    for (const parameter of [
      { name: 'count', valueInteger: 0 },
      { name: 'count', valueString: '1' },
      { name: 'onlyCertainMatches', valueString: 'true' },
      { name: 'threshold', valueDecimal: 1 },
    ]) {
      assert.equal((await ask(world, [parameter])).status, 400);
    }
    const nested = { resourceType: 'Patient', name: [{ given: [{}] }] };
    assert.deepEqual(issues(await ask(world, [], nested))[0]?.expression, [
      'Parameters.parameter[0].resource.name[0].given[0]',
    ]);
  });

  it('finds nothing by a record that the caller may not see, and is as sure as if it were not there', async (t) => {
    const world = await peopleHub(t);
    const hidden = await world.tell(CLOSED, '5', { ...ROBERT, email: 'hidden@oak.example' });
    await world.settle();
    assert.deepEqual(shown(await ask(world)), []);
    const byMail = {
      resourceType: 'Patient',
      name: [{ given: ['Robert'] }],
      telecom: [{ system: 'email', value: 'hidden@oak.example' }],
    };
    assert.deepEqual(shown(await ask(world, [], byMail)), []);
    const cleared = await world.post('cleared', '/Patient/$match', DESCRIBED);
    assert.deepEqual(
      shown(cleared).map(({ id }) => id),
      [goldenIdOf(hidden)],
    );
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    const answer = await ask(world);
    assert.deepEqual(
      shown(answer).map(({ id, grade }) => [id, grade]),
      [[goldenIdOf(north), 'certain']],
    );
    assert.doesNotMatch(answer.text, /hidden@|1\.2\.3\.9/);
  });

  it('tells where more records share a key than are compared, and is certain of nobody then', async (t) => {
    const world = await peopleHub(t);
    await world.tell('north', '1', ROBERT);
    await world.settle();
    await world.hub.pool.query(
      `INSERT INTO patient_key (h, tight, patient_id, kind)
       SELECT h, tight, gen_random_uuid(), kind FROM patient_key CROSS JOIN generate_series(1, 600)
       WHERE kind = 'phone'`,
    );
    const answer = await ask(world);
    assert.deepEqual(
      shown(answer).map(({ grade }) => grade),
      ['probable'],
    );
    const [told] = entries(answer).filter(({ search }) => search.mode === 'outcome');
    assert.match(JSON.stringify(told?.resource), /"severity":"warning","code":"incomplete".*phone/);
    assert.deepEqual(shown(await ask(world, [ONLY_CERTAIN])), []);
  });

  it('is written down: who looked, and whose records were shown', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    const { hub } = world;
    const headers = { 'x-request-id': 'match-1', 'content-type': 'application/json' };
    await hub.fhir('readonly', '/Patient/$match', { method: 'POST', headers, body: JSON.stringify(DESCRIBED) });
    const { rows } = await hub.pool.query<{ action: string; resource_id: string | null }>(
      `SELECT action, resource_id FROM audit WHERE request_id = 'match-1' ORDER BY action, resource_id`,
    );
    const expected = [goldenIdOf(north), north].sort().map((id) => ['read', id]);
    assert.deepEqual(
      rows.map((row) => [row.action, row.resource_id]),
      [...expected, ['search', null]],
    );
  });

  it('knows a person by a number of their site', async (t) => {
    const world = await peopleHub(t);
    const north = await world.tell('north', '1', ROBERT);
    await world.settle();
    const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
    const numbered = (value: string): Partial<Patient> =>
      ({ ...DESCRIBED, identifier: [{ type, system: NORTH_MRN, value }] }) as never;
    assert.deepEqual(
      shown(await ask(world, [], numbered('1'))).map(({ id, grade }) => [id, grade]),
      [[goldenIdOf(north), 'certain']],
    );
    assert.deepEqual(
      shown(await ask(world, [], numbered('2'))).map(({ grade }) => grade),
      ['possible'],
    );
  });
});
