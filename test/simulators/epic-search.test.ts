import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, epicSite, FIND, findBody, matches, OID, patientId, visitType, type Site } from './epic-site.ts';
import { call, list, text, type Reply } from './practice.ts';

const VISIT = { patient: '203711', practitioner: '3301', visitType: '410' };

async function withVisits(site: Site, count = 3): Promise<string> {
  for (let number = 0; number < count; number += 1) {
    await site.act('book', { ...VISIT, start: `2026-12-0${number + 1}T09:00` });
  }
  return patientId(site);
}

test('an Appointment search needs a patient: 4111; by id it does not', async (t) => {
  const site = await epicSite(t);
  const patient = await withVisits(site);
  const refused = await site.api('GET', '/R4/Appointment?date=2026-12-01');
  assert.deepEqual([refused.status, codes(refused)], [400, ['4111']]);
  const [first] = matches(await site.api('GET', `/R4/Appointment?patient=${patient}`));
  const byId = await site.api('GET', `/R4/Appointment?_id=${text(first!['id'])}&status=cancelled`);
  assert.equal(matches(byId).length, 1);
  const csn = text(list(first!['identifier'])[0]!['value']);
  const alone = `/R4/Appointment?identifier=${csn}`;
  assert.deepEqual(codes(await site.api('GET', alone)), ['4111']);
  await site.act('change-settings', { settings: { searchWithoutPatient: 'identifier' } });
  assert.equal(matches(await site.api('GET', alone)).length, 1);
});

test('Appointment search filters by date with its prefixes, status and CSN, in both versions', async (t) => {
  const site = await epicSite(t);
  const patient = await withVisits(site);
  const count = async (more: string, version = 'R4'): Promise<number> =>
    matches(await site.api('GET', `/${version}/Appointment?patient=Patient/${patient}&${more}`)).length;
  assert.deepEqual(
    [await count('date=2026-12-02'), await count('date=ge2026-12-02'), await count('date=gt2026-12-02')],
    [1, 2, 1],
  );
  assert.deepEqual([await count('date=le2026-12-02'), await count('date=lt2026-12-02')], [2, 1]);
  assert.equal(await count('date=ge2026-12-02&date=lt2026-12-03', 'STU3'), 1);
  assert.equal(await count(`identifier=urn:oid:${OID}.7.3.698084.8|200418801`), 1);
  await site.act('cancel', { csn: '200418801' });
  assert.deepEqual([await count('status=booked'), await count('status=booked,cancelled', 'STU3')], [2, 3]);
  const odd = await site.api('GET', `/R4/Appointment?patient=${patient}&date=ne2026-12-02`);
  assert.deepEqual([odd.status, codes(odd)], [400, ['4115']]);
});

test('nothing found is 200 with a total of 0 and one outcome entry 4101', async (t) => {
  const site = await epicSite(t);
  const answer = await site.api('GET', `/R4/Appointment?patient=${await patientId(site)}`);
  assert.deepEqual([answer.status, text(answer.json['total']), codes(answer)], [200, '0', ['4101']]);
});

test('pages are followed by their links, short ones too, until the session expires: 4113', async (t) => {
  const site = await epicSite(t, { settings: { sessionSeconds: 60 } });
  const patient = await withVisits(site, 5);
  const walk = async (): Promise<readonly number[]> => {
    const sizes: number[] = [];
    let next: string | null = `/R4/Appointment?patient=${patient}&_count=2`;
    while (next !== null) {
      const page: Reply = await site.api('GET', next);
      sizes.push(matches(page).length);
      next = nextOf(site, page);
    }
    return sizes;
  };
  assert.deepEqual(await walk(), [2, 2, 1]);
  await site.faults({ pageShort: { times: 2 } });
  assert.deepEqual(await walk(), [1, 1, 2, 1]);
  const first = await site.api('GET', `/R4/Appointment?patient=${patient}&_count=2`);
  await site.act('advance-clock', { ms: 61_000 });
  assert.deepEqual(codes(await site.api('GET', nextOf(site, first) ?? '')), ['4113']);
});

function nextOf(site: Site, page: Reply): string | null {
  const link = list(page.json['link']).find((one) => text(one['relation']) === 'next');
  return link === undefined ? null : text(link['url']).slice(`${site.base}/api/FHIR`.length);
}

test('of a POST _search the body counts, and before February 2026 the query string', async (t) => {
  const site = await epicSite(t);
  const token = text((await site.askToken()).json['access_token']);
  const ask = async (): Promise<readonly string[]> => {
    const url = `${site.base}/api/FHIR/R4/Patient/_search?identifier=MRN%7C203712`;
    const found = await call('POST', url, 'identifier=MRN%7C203711', {
      authorization: `Bearer ${token}`,
      accept: 'application/fhir+json',
      'content-type': 'application/x-www-form-urlencoded',
    });
    return matches(found).map((one) => text(list(one['name'])[0]!['family']));
  };
  assert.deepEqual(await ask(), ['LEE']);
  await site.act('change-settings', { settings: { postSearch: 'query' } });
  assert.deepEqual(await ask(), ['OKAFOR']);
});

test('a Patient search needs its minimum data set and knows several forms of identifier', async (t) => {
  const site = await epicSite(t);
  const ask = (query: string): Promise<Reply> => site.api('GET', `/R4/Patient?${query}`);
  assert.deepEqual(codes(await ask('')), ['4110']);
  assert.deepEqual(codes(await ask('family=Lee&given=Noa')), ['4127']);
  const enough = [
    'family=Lee&given=Noa&birthdate=1984-05-12',
    'family=Lea&given=Noa&birthdate=1984-05-12',
    'family=Lee&given=Noa&gender=female&phone=(555)555-0188',
    'identifier=203711',
    'identifier=MRN|203711',
    `identifier=urn:oid:${OID}.7.5.737384.14|203711`,
    `_id=${await patientId(site)}`,
  ];
  for (const query of enough) assert.equal(matches(await ask(query)).length, 1, query);
  assert.deepEqual(codes(await ask('identifier=EPI|203711')), ['4101']);
  assert.deepEqual(codes(await ask('identifier=203711&colour=red')), ['4122']);
});

test('more than a hundred patients are 4127', async (t) => {
  const twin = { family: 'TWIN', given: 'ANN', birthDate: '2000-01-01', sex: 'F' };
  const patients = Array.from({ length: 101 }, (_, number) => ({ ...twin, mrn: `T${number}` }));
  const site = await epicSite(t, { patients });
  const answer = await site.api('GET', '/R4/Patient?family=Twin&given=Ann&birthdate=2000-01-01');
  assert.deepEqual([answer.status, codes(answer)], [400, ['4127']]);
});

test('a merged patient is 4107 with a redirect, and its number leads to the survivor', async (t) => {
  const site = await epicSite(t);
  const [lee, okafor] = [await patientId(site), await patientId(site, '203712')];
  await site.act('merge', { from: okafor, into: lee });
  const read = await site.api('GET', `/R4/Patient/${okafor}`);
  assert.deepEqual([read.status, codes(read)], [301, ['4107']]);
  assert.equal(read.headers.get('location'), `${site.base}/api/FHIR/R4/Patient/${lee}`);
  assert.equal(text(matches(await site.api('GET', '/R4/Patient?identifier=MRN|203712'))[0]!['id']), lee);
});

test('a patient behind break-the-glass is 4130 everywhere', async (t) => {
  const site = await epicSite(t);
  const patient = await withVisits(site, 1);
  await site.act('break-the-glass', { patient });
  for (const path of [`/R4/Patient/${patient}`, `/R4/Appointment?patient=${patient}`]) {
    const answer = await site.api('GET', path);
    assert.deepEqual([answer.status, codes(answer)], [403, ['4130']], path);
  }
});

test('$match grades what it finds, and with onlyCertainMatches gives the certain ones alone', async (t) => {
  const site = await epicSite(t);
  const ask = (patient: object, onlyCertain = false): Promise<Reply> =>
    site.api('POST', '/R4/Patient/$match', {
      resourceType: 'Parameters',
      parameter: [
        { name: 'resource', resource: { resourceType: 'Patient', ...patient } },
        { name: 'onlyCertainMatches', valueBoolean: onlyCertain },
      ],
    });
  const named = { name: [{ family: 'Lee', given: ['Noa'] }], birthDate: '1984-05-12', gender: 'female' };
  const grade = (reply: Reply): string =>
    text(list(list(reply.json['entry'])[0]!['search']!['extension'])[0]!['valueCode']);
  assert.equal(grade(await ask({ ...named, telecom: [{ system: 'phone', value: '555-555-0188' }] }, true)), 'certain');
  assert.equal(grade(await ask(named)), 'probable');
  assert.deepEqual(codes(await ask(named, true)), ['4101']);
  assert.equal(grade(await ask({ name: named.name, gender: 'female' })), 'possible');
});

test('a Practitioner identifier overrides all else; HL7 ids are shown unless the site hides them', async (t) => {
  const site = await epicSite(t);
  const found = matches(await site.api('GET', '/R4/Practitioner?identifier=1043333339&family=Rao'));
  assert.deepEqual(
    found.map((one) => text(one['id'])),
    ['ePracKim3'],
  );
  assert.deepEqual(
    list(found[0]!['identifier']).map((one) => text(one['value'])),
    ['1043333339', '3301'],
  );
  await site.act('change-settings', { settings: { showsHl7Ids: false } });
  const [location] = matches(await site.api('GET', '/R4/Location?_id=eLocNorth3'));
  assert.deepEqual([text(location!['name']), location!['identifier']], ['NORTH CLINIC', undefined]);
});

test('ids of STU3 are others than those of R4 when the site is so', async (t) => {
  const site = await epicSite(t, { settings: { stu3Ids: 'different' } });
  const patient = await withVisits(site, 1);
  const idIn = async (version: string): Promise<string> =>
    text(matches(await site.api('GET', `/${version}/Appointment?patient=${patient}`))[0]!['id']);
  assert.notEqual(await idIn('R4'), await idIn('STU3'));
  assert.equal((await site.api('GET', `/STU3/Appointment/${await idIn('STU3')}`)).status, 200);
});

test('the site counts the most calls of any minute, whatever they were answered', async (t) => {
  const site = await epicSite(t);
  for (let number = 0; number < 3; number += 1) await site.api('GET', '/R4/Location');
  await site.act('advance-clock', { ms: 61_000 });
  await site.api('POST', '/R4/Appointment', {});
  const load = await site.state('load');
  assert.deepEqual(
    ['lastMinute', 'mostInAnyMinute', 'total'].map((name) => text(load[name])),
    ['1', '3', '4'],
  );
});

test('over the daily ceiling every call is 4135, and over the rate limit 429', async (t) => {
  const site = await epicSite(t);
  await site.faults({ dailyCeiling: 2 });
  await site.api('GET', '/R4/Location');
  assert.equal((await site.api('GET', '/R4/Location')).status, 200);
  const third = await site.api('GET', '/R4/Location');
  assert.deepEqual([third.status, codes(third)], [403, ['4135']]);
  await site.faults({ dailyCeiling: null, rateLimit: 0 });
  await site.api('GET', '/R4/Location');
  assert.equal((await site.api('GET', '/R4/Location')).status, 429);
});

test('under staleReads a booked time is still offered', async (t) => {
  const site = await epicSite(t);
  await site.faults({ staleReads: 300_000 });
  await site.act('book', { ...VISIT, start: '2026-12-01T09:00' });
  assert.equal(matches(await site.api('POST', FIND, findBody([visitType('410')]))).length, 3);
  await site.faults({ staleReads: 0 });
  assert.equal(matches(await site.api('POST', FIND, findBody([visitType('410')]))).length, 2);
});

test('what was booked is there after a restart, and tokens still open', async (t) => {
  const first = await epicSite(t);
  await withVisits(first, 1);
  const token = text((await first.askToken()).json['access_token']);
  await first.stop();
  const second = await epicSite(t, {}, { folder: first.folder, keys: first.keys });
  assert.equal(list(await second.state('appointments')).length, 1);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  assert.equal((await call('GET', `${second.base}/api/FHIR/R4/Location`, undefined, headers)).status, 200);
});
