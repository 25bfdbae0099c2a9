/** Golden records as callers read them: made of what each may see, and telling of nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { EXTENSIONS, type Extension } from '../../src/fhir/types.ts';
import { ids } from '../store/search-world.ts';
import { entries, matches, type Who } from './hub.ts';
import { CLOSED, leadsTo, NORTH_MRN, peopleHub, ROBERT, SOUTH_MRN } from './people-world.ts';

const VISIT = ids.appointment('north', 'a1');

describe('a golden record', () => {
  it('is read by its id, names the records that it is made of, and each of these names it', async (t) => {
    const { hub, tell, settle, patient } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    const south = await tell('south', '7', { ...ROBERT, email: 'rob@oak.example' });
    await settle();
    const goldenId = goldenIdOf(north);
    const golden = await patient('readonly', goldenId);
    assert.deepEqual(leadsTo(golden, 'seealso'), [north, south]);
    assert.deepEqual(
      golden.identifier?.map(({ system, value }) => [system, value]),
      [
        [NORTH_MRN, '1'],
        [SOUTH_MRN, '7'],
      ],
    );
    assert.deepEqual([golden.active, golden.birthDate, golden.telecom?.length], [true, '1972-03-04', 2]);
    assert.deepEqual(golden.meta?.tag, [{ system: 'urn:slotwire:record', code: 'golden' }]);
    for (const id of [north, south]) assert.deepEqual(leadsTo(await patient('readonly', id), 'refer'), [goldenId]);
    const found = entries(await hub.fhir('readonly', `/Patient?identifier=${NORTH_MRN}|1`));
    assert.deepEqual(leadsTo(found[0]?.resource as never, 'refer'), [goldenId]);
  });

  it('tells of each value which record it comes from and why', async (t) => {
    const { tell, settle, patient } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    const south = await tell('south', '7', { ...ROBERT, address: { ...ROBERT.address, line: ['9 Elm Road'] } });
    await settle();
    const golden = await patient('readonly', goldenIdOf(north));
    assert.deepEqual(golden.address?.[0]?.line, ['9 Elm Road']);
    const part = ({ extension = [] }: Extension, url: string): Extension | undefined =>
      extension.find((one) => one.url === url);
    const told = (golden.extension ?? [])
      .filter(({ url }) => url === EXTENSIONS.origin)
      .find((one) => part(one, 'element')?.valueString === 'Patient.address[0]');
    assert.ok(told);
    assert.equal(part(told, 'record')?.valueReference?.reference, `Patient/${south}`);
    assert.equal(part(told, 'ground')?.valueCode, 'recency');
  });

  it('has the version of what it says: whoever has it is told so, and gets the next one when it changes', async (t) => {
    const { hub, tell, settle } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    await settle();
    const path = `/Patient/${goldenIdOf(north)}`;
    const first = await hub.fhir('readonly', path);
    const etag = first.headers.get('etag') ?? '';
    const asked = { headers: { 'if-none-match': etag } };
    assert.equal((await hub.fhir('readonly', path, asked)).status, 304);
    assert.equal((await hub.fhir('cleared', path, asked)).status, 304);
    const version = /"(.+)"/.exec(etag)?.[1] ?? '';
    assert.equal((await hub.fhir('readonly', `${path}/_history/${version}`)).status, 200);
    assert.equal((await hub.fhir('readonly', `${path}/_history/1`)).status, 404);
    await tell('north', '1', { ...ROBERT, phone: '937-555-9090' });
    const second = await hub.fhir('readonly', path, asked);
    assert.equal(second.status, 200);
    assert.notEqual(second.headers.get('etag'), etag);
    assert.equal((await hub.fhir('readonly', `${path}/_history/${version}`)).status, 404);
  });

  it('is read under its own id and those of its records in the audit', async (t) => {
    const { hub, tell, settle } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    await settle();
    await hub.fhir('readonly', `/Patient/${goldenIdOf(north)}`, { headers: { 'x-request-id': 'golden-1' } });
    const { rows } = await hub.pool.query<{ action: string; resource_id: string }>(
      `SELECT action, resource_id FROM audit WHERE request_id = 'golden-1'`,
    );
    assert.deepEqual(
      rows.map((row) => [row.action, row.resource_id]).sort(),
      [goldenIdOf(north), north].map((id) => ['read', id]).sort(),
    );
  });
});

describe('who may not see one record of a person', () => {
  it('is told nothing of it: no value, no link, and no id that only it explains', async (t) => {
    const { hub, tell, settle, patient } = await peopleHub(t);
    const hidden = await tell(CLOSED, '5', { ...ROBERT, email: 'hidden@oak.example' });
    const north = await tell('north', '1', ROBERT);
    const south = await tell('south', '7', ROBERT);
    await settle();
    assert.deepEqual(leadsTo(await patient('cleared', goldenIdOf(hidden)), 'seealso'), [hidden, north, south]);
    assert.deepEqual(leadsTo(await patient('cleared', south), 'refer'), [goldenIdOf(hidden)]);

    assert.deepEqual(leadsTo(await patient('readonly', south), 'refer'), [goldenIdOf(north)]);
    const golden = await hub.fhir('readonly', `/Patient/${goldenIdOf(north)}`);
    assert.deepEqual(leadsTo(golden.body as never, 'seealso'), [north, south]);
    assert.doesNotMatch(golden.text, new RegExp(`hidden@|1\\.2\\.3\\.9|${hidden}|${goldenIdOf(hidden)}|"R"`));
    assert.equal((await hub.fhir('readonly', `/Patient/${goldenIdOf(hidden)}`)).status, 404);
    assert.equal((await hub.fhir('readonly', `/Patient/${hidden}`)).status, 404);

    assert.deepEqual(leadsTo(await patient('north', north), 'refer'), [goldenIdOf(north)]);
    assert.deepEqual(leadsTo(await patient('north', goldenIdOf(north)), 'seealso'), [north]);
  });

  it('finds no visits by an id that only a hidden record explains', async (t) => {
    const { hub, tell, settle } = await peopleHub(t);
    const hidden = await tell(CLOSED, '5', ROBERT);
    const north = await tell('north', '1', ROBERT);
    await settle();
    await hub.pool.query(`UPDATE appointment SET patients = ARRAY['${north}'::uuid] WHERE id = $1`, [VISIT]);
    const found = async (who: Who, id: string): Promise<readonly string[]> =>
      matches(await hub.fhir(who, `/Appointment?patient=Patient/${id}`));
    assert.deepEqual(await found('cleared', goldenIdOf(hidden)), [VISIT]);
    assert.deepEqual(await found('cleared', goldenIdOf(north)), [VISIT]);
    assert.deepEqual(await found('readonly', goldenIdOf(north)), [VISIT]);
    assert.deepEqual(await found('readonly', goldenIdOf(hidden)), []);
  });

  it('reads the same as if it had never been', async (t) => {
    const one = await peopleHub(t);
    await one.tell(CLOSED, '5', { ...ROBERT, email: 'hidden@oak.example' });
    const other = await peopleHub(t);
    const texts: string[] = [];
    for (const world of [one, other]) {
      const north = await world.tell('north', '1', ROBERT);
      await world.settle();
      texts.push((await world.hub.fhir('readonly', `/Patient/${goldenIdOf(north)}`)).headers.get('etag') ?? '');
    }
    assert.match(texts[0] ?? '', /^W\/"[0-9a-f]{16}"$/);
    assert.equal(texts[0], texts[1]);
  });
});

describe('a golden id resolves for ever', () => {
  it('also when somebody else stands for its record now', async (t) => {
    const { hub, tell, settle, patient } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    const south = await tell('south', '7', ROBERT);
    await settle();
    const pointer = await patient('readonly', goldenIdOf(south));
    assert.equal(pointer.active, false);
    assert.deepEqual(leadsTo(pointer, 'refer'), [goldenIdOf(north)]);
    assert.deepEqual(matches(await hub.fhir('readonly', `/Patient?identifier=${SOUTH_MRN}|7`)), [south]);
  });

  it('and when its records went to several people', async (t) => {
    const { hub, tell, settle, merge, patient } = await peopleHub(t);
    const north = await tell('north', '1', ROBERT);
    const south = await tell('south', '7', ROBERT);
    const other = await tell('south', '8', ROBERT);
    await merge('south', '8', '7');
    await settle();
    assert.deepEqual(leadsTo(await patient('readonly', goldenIdOf(north)), 'seealso'), [north, south]);
    const merged = await patient('readonly', other);
    assert.deepEqual([merged.active, merged.link?.map(({ type }) => type)], [false, ['replaced-by']]);
    const unmerge = await hub.request('/ops/api/identity/unmerge', {
      method: 'POST',
      headers: { authorization: 'Bearer admin-token-0123456789', 'content-type': 'application/json' },
      body: JSON.stringify({ records: [north], reason: 'asked the patient' }),
    });
    assert.equal(unmerge.status, 200, unmerge.text);
    assert.deepEqual(leadsTo(await patient('readonly', goldenIdOf(north)), 'seealso'), [north]);
    assert.deepEqual(leadsTo(await patient('readonly', goldenIdOf(south)), 'seealso'), [south]);
    assert.deepEqual(leadsTo(await patient('readonly', goldenIdOf(other)), 'refer'), [goldenIdOf(south)]);
  });
});
