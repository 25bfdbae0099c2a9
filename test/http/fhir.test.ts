/** read, search and metadata over real HTTP and a real database. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { cause, hours, ids, NPI } from '../store/search-world.ts';
import { code, entries, issues, matches, site, startTestHub, testPlan, TOKENS, type Json } from './hub.ts';

const hub = await startTestHub({ after });
const r9 = ids.slot('north', 'r9');
const a1 = ids.appointment('north', 'a1');

describe('tokens', () => {
  test('everything but metadata and SMART configuration takes a token', async () => {
    for (const path of [
      '/Slot',
      `/Slot/${r9}`,
      '/Slot/_search',
      '/Nothing',
      '/',
      '',
      '/Appointment/$book',
      '/_history',
    ]) {
      const answer = await hub.fhir(
        null,
        path,
        path.includes('_search') || path.includes('$') ? { method: 'POST' } : {},
      );
      assert.equal(answer.status, 401, path);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer realm="slotwire"$/);
      assert.equal(code(answer), 'TOKEN_MISSING');
    }
    for (const path of ['/metadata', '/.well-known/smart-configuration']) {
      assert.equal((await hub.fhir(null, path)).status, 200, path);
    }
    assert.equal((await hub.request('/.well-known/smart-configuration')).status, 200);
  });

  test('a wrong token and other ways to send one are refused', async () => {
    for (const authorization of ['Bearer wrong', `Bearer ${TOKENS.admin}x`, `Bearer ${TOKENS.admin.slice(0, -1)}`]) {
      const answer = await hub.fhir(null, '/Slot', { headers: { authorization } });
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    }
    for (const headers of [
      { authorization: `Basic ${TOKENS.admin}` },
      { 'x-token': TOKENS.admin },
      { authorization: 'Bearer' },
    ]) {
      assert.equal((await hub.fhir(null, '/Slot', { headers: headers as Record<string, string> })).status, 401);
    }
    assert.equal((await hub.fhir(null, `/Slot?token=${TOKENS.admin}`)).status, 401);
  });

  test('a token sees its sites and its locations only', async () => {
    const northern = await hub.fhir('north', '/Slot?start=2026-12-01&_total=accurate');
    assert.equal(northern.body['total'], 6);
    assert.equal((await hub.fhir('north', `/Slot/${ids.slot('south', 'r15')}`)).status, 404);
    assert.equal((await hub.fhir('north', `/Patient/${ids.annSouth}`)).status, 404);
    assert.deepEqual(matches(await hub.fhir('annex', '/Location')), [ids.northAnnex]);
    assert.equal((await hub.fhir('annex', `/Appointment/${a1}`)).status, 404);
  });

  test('who lacks clearance sees busy and nothing else', async () => {
    const o14 = ids.slot('north', 'o14');
    assert.equal((await hub.fhir('cleared', `/Slot/${o14}`)).body['status'], 'free');
    assert.equal((await hub.fhir('readonly', `/Slot/${o14}`)).body['status'], 'busy');
    assert.equal((await hub.fhir('readonly', `/Appointment/${ids.appointment('north', 'a4')}`)).status, 404);
    assert.doesNotMatch((await hub.fhir('readonly', '/Slot')).text, /42CFR/);
    assert.match((await hub.fhir('cleared', '/Slot')).text, /42CFR/);
  });

  test('a site in stage shadow is invisible to callers, and comes into sight with the next plan', async () => {
    const shadow = site('south', { stage: 'shadow' });
    hub.plan = testPlan({}, [site('north'), shadow]);
    assert.equal((await hub.fhir('readonly', `/Slot/${ids.slot('south', 'r15')}`)).status, 404);
    assert.equal((await hub.fhir('admin', `/Slot/${ids.slot('south', 'r15')}`)).status, 200);
    hub.plan = testPlan();
    assert.equal((await hub.fhir('readonly', `/Slot/${ids.slot('south', 'r15')}`)).status, 200);
  });

  test('a client that asks too often is told when to come back', async () => {
    hub.plan = testPlan({ requestsPerClient_per_s: 1 });
    try {
      const answers = [];
      for (let n = 0; n < 3; n += 1) answers.push(await hub.fhir('annex', '/Slot'));
      const last = answers.find(({ status }) => status === 429);
      assert.ok(last);
      assert.equal(code(last), 'TOO_BUSY');
      assert.ok(Number(last.headers.get('retry-after')) >= 1);
    } finally {
      hub.plan = testPlan();
    }
  });
});

describe('read', () => {
  test('gives the resource with its version, and 304 to who has it', async () => {
    const answer = await hub.fhir('readonly', `/Slot/${r9}`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/fhir\+json; charset=utf-8$/);
    assert.equal(answer.headers.get('etag'), 'W/"1"');
    assert.equal((answer.body['meta'] as Json)['versionId'], '1');
    const modified = answer.headers.get('last-modified') ?? '';
    const again = (headers: Record<string, string>): Promise<number> =>
      hub.fhir('readonly', `/Slot/${r9}`, { headers }).then(({ status }) => status);
    assert.equal(await again({ 'if-none-match': 'W/"1"' }), 304);
    assert.equal(await again({ 'if-none-match': '"9", W/"1"' }), 304);
    assert.equal(await again({ 'if-none-match': 'W/"2"' }), 200);
    assert.equal(await again({ 'if-modified-since': modified }), 304);
    assert.equal(await again({ 'if-modified-since': modified, 'if-none-match': 'W/"2"' }), 200);
    assert.equal(await again({ 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }), 200);
  });

  test('HEAD has the headers and no body', async () => {
    const answer = await hub.fhir('readonly', `/Slot/${r9}`, { method: 'HEAD' });
    assert.deepEqual([answer.status, answer.text, answer.headers.get('etag')], [200, '', 'W/"1"']);
  });

  test('what never was is 404, what was deleted is 410, an unknown type is 404', async () => {
    assert.equal((await hub.fhir('readonly', '/Slot/00000000-0000-8000-8000-000000000000')).status, 404);
    assert.equal((await hub.fhir('readonly', '/Slot/x')).status, 404);
    assert.equal((await hub.fhir('readonly', '/Medication/x')).status, 404);
    const id = canonicalId.location('north', 'gone');
    await hub.write((tx) =>
      tx.resources.put({ type: 'Location', id, site: 'north', resource: { resourceType: 'Location' } }, cause('north')),
    );
    await hub.pool.query(`UPDATE resource SET deleted = true WHERE id = $1`, [id]);
    const gone = await hub.fhir('readonly', `/Location/${id}`);
    assert.deepEqual([gone.status, issues(gone)[0]?.code], [410, 'deleted']);
  });

  test('an earlier version is read by its number', async () => {
    const id = canonicalId.location('north', 'renamed');
    for (const name of ['Old', 'New']) {
      const resource = { resourceType: 'Location', name } as never;
      await hub.write((tx) =>
        tx.resources.put({ type: 'Location', id, site: 'north', resource, name }, cause('north')),
      );
    }
    const name = async (path: string): Promise<unknown> =>
      (await hub.fhir('readonly', `/Location/${id}${path}`)).body['name'];
    assert.deepEqual([await name(''), await name('/_history/1'), await name('/_history/2')], ['New', 'Old', 'New']);
    for (const version of ['3', '0', 'x', '99999999999']) {
      assert.equal((await hub.fhir('readonly', `/Location/${id}/_history/${version}`)).status, 404, version);
    }
  });

  test('who reads patients and appointments is written down, also when there was nothing to see', async () => {
    await hub.fhir('readonly', `/Patient/${ids.bob}`, { headers: { 'x-request-id': 'audit-1' } });
    await hub.fhir('readonly', `/Patient/${ids.carl}`, { headers: { 'x-request-id': 'audit-2' } });
    await hub.fhir('readonly', `/Appointment?patient=${ids.bob}`, { headers: { 'x-request-id': 'audit-3' } });
    await hub.fhir('readonly', `/Slot?_id=${ids.slot('north', 'r10')}&_revinclude=Appointment:slot`, {
      headers: { 'x-request-id': 'audit-4' },
    });
    await hub.fhir('readonly', `/Slot/${r9}`, { headers: { 'x-request-id': 'audit-5' } });
    const { rows } = await hub.pool.query<Json>(
      `SELECT request_id, actor, action, resource_type, outcome FROM audit WHERE request_id LIKE 'audit-%' ORDER BY id`,
    );
    assert.deepEqual(
      rows.map((row) => Object.values(row).join(' ')),
      [
        'audit-1 client:readonly read Patient success',
        'audit-2 client:readonly read Patient failure',
        'audit-3 client:readonly search Appointment success',
        'audit-4 client:readonly search Appointment success',
      ],
    );
  });
});

describe('search', () => {
  test('answers a searchset whose self link names what was used', async () => {
    const answer = await hub.fhir('cleared', '/Slot?status=busy&staus=free&_pretty=true');
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [answer.body['resourceType'], answer.body['type'], answer.body['total']],
      ['Bundle', 'searchset', 1],
    );
    assert.deepEqual(answer.body['link'], [{ relation: 'self', url: `${hub.base}/Slot?status=busy` }]);
    const [match, outcome] = entries(answer);
    assert.deepEqual([match?.fullUrl, match?.search.mode], [`${hub.base}/Slot/${ids.slot('north', 'r10')}`, 'match']);
    assert.equal(outcome?.search.mode, 'outcome');
    assert.match(JSON.stringify(outcome.resource), /no search parameter staus/);
  });

  test('strict handling refuses what lenient handling ignores', async () => {
    const strict = { headers: { prefer: 'return=minimal, handling=strict' } };
    assert.equal((await hub.fhir('readonly', '/Slot?staus=free', strict)).status, 400);
    assert.equal((await hub.fhir('readonly', '/Slot?status=free', strict)).status, 200);
    assert.equal((await hub.fhir('readonly', '/Slot?status:above=free')).status, 400);
    const malformed = await hub.fhir('readonly', '/Slot?start=soon&_count=x');
    assert.equal(malformed.status, 400);
    assert.deepEqual(
      issues(malformed).map((issue) => issue.expression),
      [['start'], ['_count']],
    );
  });

  test('POST _search reads the URL and the form together, and links by GET', async () => {
    const answer = await hub.fhir('readonly', '/Slot/_search?status=busy,free', {
      method: 'POST',
      body: new URLSearchParams({ start: '2026-12-01T10:00', identifier: 'r10' }),
    });
    assert.deepEqual(matches(answer), [ids.slot('north', 'r10')]);
    const [self] = answer.body['link'] as { url: string }[];
    assert.deepEqual(matches(await hub.fhir('readonly', self?.url ?? '')), [ids.slot('north', 'r10')]);
    const wrong = await hub.fhir('readonly', '/Slot/_search', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(wrong.status, 415);
    assert.equal((await hub.fhir('readonly', '/Slot/_search', { method: 'POST' })).status, 200);
  });

  test('next links lead through all pages', async () => {
    const all: string[] = [];
    let path: string | undefined = '/Slot?_count=2&_sort=-start&status:not=entered-in-error';
    while (path !== undefined) {
      const page = await hub.fhir('readonly', path);
      assert.equal(page.status, 200);
      assert.ok(matches(page).length <= 2);
      all.push(...matches(page));
      const links = page.body['link'] as { relation: string; url: string }[];
      path = links.find(({ relation }) => relation === 'next')?.url;
    }
    assert.equal(all.length, 9);
    assert.equal(new Set(all).size, 9);
    assert.equal(all[0], ids.slot('south', 'r24'));
  });

  test('with who and where: includes come behind the matches', async () => {
    const answer = await hub.fhir('readonly', `/Slot?_id=${r9}&_include=Slot:schedule&_include:iterate=Schedule:actor`);
    assert.deepEqual(
      entries(answer).map(({ resource, search }) => `${search.mode} ${String(resource['resourceType'])}`),
      ['match Slot', 'include Schedule', 'include Practitioner', 'include PractitionerRole', 'include Location'],
    );
  });

  test('the count alone has a total and no entries', async () => {
    for (const query of ['_summary=count', '_count=0']) {
      const { body } = await hub.fhir('readonly', `/Slot?status=free&start=2026-12-01&${query}`);
      assert.deepEqual([body['total'], body['entry']], [5, undefined], query);
    }
  });

  test('nothing found is an empty searchset', async () => {
    const answer = await hub.fhir('readonly', '/Appointment?patient.identifier=urn:nobody|1');
    assert.deepEqual([answer.status, answer.body['total'], answer.body['entry']], [200, 0, undefined]);
  });

  test('the questions of fhir-scheduling.md section 11 are answered', async () => {
    const window = 'start=ge2026-12-01T08:00:00Z&start=lt2026-12-02T00:00:00Z';
    const found = async (path: string): Promise<number> => matches(await hub.fhir('cleared', path)).length;
    assert.equal(await found(`/Slot?schedule.actor=Practitioner/${ids.rao}&status=free&${window}&_sort=start`), 4);
    assert.equal(
      await found(`/Slot?schedule.actor:Practitioner.identifier=http://hl7.org/fhir/sid/us-npi|${NPI}&status=free`),
      5,
    );
    assert.equal(await found(`/Slot?schedule.actor=Location/${ids.southClinic}&status=free`), 3);
    assert.equal(await found('/Slot?status:not=free'), 2);
    assert.equal(
      await found(`/Appointment?patient=Patient/${ids.annNorth}&date=ge2026-12-01&status=booked,pending`),
      1,
    );
    assert.equal(
      await found(`/Schedule?actor=Practitioner/${ids.rao}&date=ge2026-12-14T00:00:00Z&date=lt2026-12-15T00:00:00Z`),
      1,
    );
  });
});

describe('negotiation', () => {
  test('FHIR JSON in all its names is given, anything else is 406', async () => {
    for (const accept of [
      'application/fhir+json',
      'application/json',
      '*/*',
      'text/html, */*;q=0.1',
      'application/fhir+json;fhirVersion=4.0',
    ]) {
      assert.equal((await hub.fhir('readonly', `/Slot/${r9}`, { headers: { accept } })).status, 200, accept);
    }
    for (const accept of ['application/fhir+xml', 'text/html', 'application/fhir+json; fhirVersion=5.0']) {
      const answer = await hub.fhir('readonly', `/Slot/${r9}`, { headers: { accept } });
      assert.deepEqual([answer.status, code(answer)], [406, 'NOT_ACCEPTABLE'], accept);
    }
    const accept = 'application/fhir+xml';
    assert.equal((await hub.fhir('readonly', `/Slot/${r9}?_format=json`, { headers: { accept } })).status, 200);
    assert.equal((await hub.fhir('readonly', `/Slot/${r9}?_format=xml`)).status, 406);
    assert.equal((await hub.fhir('readonly', '/Slot?_format=application/fhir+json')).status, 200);
  });
});

describe('metadata', () => {
  test('every search parameter, include and interaction that it promises is served', async () => {
    const { body } = await hub.fhir(null, '/metadata');
    assert.deepEqual(
      [body['resourceType'], body['kind'], body['fhirVersion']],
      ['CapabilityStatement', 'instance', '4.0.1'],
    );
    const [rest] = body['rest'] as { resource: Json[] }[];
    const sample: Readonly<Record<string, string>> = {
      date: '2026-12-01',
      reference: ids.rao,
      string: 'x',
      token: 'x',
    };
    const strict = { headers: { prefer: 'handling=strict' } };
    for (const resource of rest?.resource ?? []) {
      const type = String(resource['type']);
      for (const { name, type: kind } of resource['searchParam'] as { name: string; type: string }[]) {
        const value = name === 'active' ? 'true' : sample[kind];
        const answer = await hub.fhir('readonly', `/${type}?${name}=${value ?? ''}`, strict);
        assert.equal(answer.status, 200, `${type}?${name}: ${answer.text}`);
      }
      for (const list of ['searchInclude', 'searchRevInclude'] as const) {
        for (const include of (resource[list] ?? []) as string[]) {
          const path = `/${type}?${list === 'searchInclude' ? '_include' : '_revinclude'}=${include}`;
          assert.equal((await hub.fhir('readonly', path, strict)).status, 200, path);
        }
      }
    }
    assert.equal(rest?.resource.length, 11);
  });

  test('links are made for the address that the caller used', async () => {
    const { body } = await hub
      .request(`http://localhost:${hub.port}/fhir/R4/metadata`)
      .catch(() => hub.fhir(null, '/metadata'));
    assert.match(
      (body['implementation'] as { url: string }).url,
      /^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/fhir\/R4$/,
    );
  });
});

test('times outside the window of a scheduler’s day are not in it', async () => {
  const { start, end } = hours(10, 120);
  const at = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
  assert.equal(matches(await hub.fhir('readonly', `/Slot?start=ge${at(start)}&start=lt${at(end)}`)).length, 2);
});
