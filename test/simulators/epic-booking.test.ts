import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BOOK,
  bookBody,
  codes,
  epicSite,
  FIND,
  findBody,
  matches,
  patientId,
  proposal,
  visitType,
} from './epic-site.ts';
import { call, list, text } from './practice.ts';

test('$find offers what the template leaves free for the channel, as proposed appointments with slots', async (t) => {
  const site = await epicSite(t);
  const forPatients = await site.api('POST', FIND, findBody([visitType('410')]));
  assert.equal(forPatients.status, 200);
  const found = matches(forPatients);
  assert.deepEqual(
    found.map((one) => text(one['start'])),
    ['2026-12-01T15:00:00Z', '2026-12-01T15:20:00Z', '2026-12-01T15:40:00Z'],
  );
  const [first] = found;
  assert.deepEqual([text(first!['status']), text(first!['minutesDuration'])], ['proposed', '20']);
  const slot = list(first!['contained'])[0]!;
  assert.deepEqual([text(slot['status']), text(slot['end'])], ['free', '2026-12-01T15:20:00Z']);
  const actors = list(first!['participant']).map((one) => text(one['actor']!['reference']));
  assert.deepEqual(actors, [
    `${site.base}/api/FHIR/STU3/Practitioner/ePracKim3`,
    `${site.base}/api/FHIR/STU3/Location/eLocNorth3`,
  ]);
  assert.equal(matches(await site.api('POST', FIND, findBody([visitType('410')]), 'hub-staff')).length, 9);
  assert.deepEqual(codes(await site.api('POST', FIND, findBody([visitType('412')]))), ['4101']);
  assert.equal(matches(await site.api('POST', FIND, findBody([visitType('412')]), 'hub-staff')).length, 3);
});

test('each $find makes new appointment ids; slot ids stay', async (t) => {
  const site = await epicSite(t);
  const ask = async (): Promise<readonly [string, string]> => {
    const [first] = matches(await site.api('POST', FIND, findBody([visitType('410')])));
    return [text(first!['id']), text(list(first!['slot'])[0]!['reference'])];
  };
  const [one, other] = [await ask(), await ask()];
  assert.notEqual(one[0], other[0]);
  assert.equal(one[1], other[1]);
});

test('the other name of the visit type gives 59109 and an unfiltered result, and so does an unknown one', async (t) => {
  const site = await epicSite(t);
  const all = matches(await site.api('POST', FIND, findBody()));
  const named = await site.api('POST', FIND, findBody([visitType('411', 'service-type')]));
  assert.deepEqual(codes(named), ['59109']);
  assert.equal(matches(named).length, all.length);
  const unknown = await site.api('POST', FIND, findBody([visitType('999')]));
  assert.deepEqual([codes(unknown), matches(unknown).length], [['59109'], all.length]);
  await site.act('change-settings', { settings: { serviceTypeName: 'service-type' } });
  const now = await site.api('POST', FIND, findBody([visitType('411', 'service-type')]));
  assert.deepEqual([codes(now), matches(now).length], [[], 3]);
});

test('$find narrows by department and by time of day, and needs both ends of the window', async (t) => {
  const site = await epicSite(t);
  const reference = `${site.base}/api/FHIR/STU3/Location/eLocSouth3`;
  const south = await site.api('POST', FIND, findBody([{ name: 'location-reference', valueReference: { reference } }]));
  assert.equal(matches(south).length, 3);
  const repeat = { duration: '30', durationUnit: 'min', dayOfWeek: ['tue'], timeOfDay: ['10:00:00'] };
  const late = await site.api(
    'POST',
    FIND,
    findBody([visitType('411'), { name: 'time-of-day', valueTiming: { repeat } }]),
  );
  assert.deepEqual(
    matches(late).map((one) => text(one['start'])),
    ['2026-12-01T16:00:00Z'],
  );
  const half = await site.api('POST', FIND, {
    resourceType: 'Parameters',
    parameter: [{ name: 'startTime', valueDateTime: '2026-12-01T15:00:00Z' }],
  });
  assert.deepEqual([half.status, codes(half)], [400, ['59108']]);
});

test('a visit type that needs answers is 59200 at $find or 59159 at $book', async (t) => {
  const site = await epicSite(t);
  await site.act('set-questions', { visitType: '410', at: 'find' });
  assert.ok(codes(await site.api('POST', FIND, findBody([visitType('410')]))).includes('59200'));
  await site.act('set-questions', { visitType: '410', at: 'book' });
  const answer = await site.api('POST', BOOK, bookBody(await patientId(site), await proposal(site)));
  assert.deepEqual([answer.status, codes(answer)], [400, ['59159']]);
});

test('$book makes a booked Appointment with a CSN, keeps the note and takes the time', async (t) => {
  const site = await epicSite(t);
  const patient = await patientId(site);
  const answer = await site.api('POST', BOOK, bookBody(patient, await proposal(site), 'hub:bk_1'));
  assert.equal(answer.status, 200);
  assert.deepEqual([text(answer.json['resourceType']), text(answer.json['status'])], ['Appointment', 'booked']);
  const csn = text(list(answer.json['identifier'])[0]!['value']);
  const [row] = list(await site.state('appointments'));
  assert.deepEqual([text(row!['csn']), text(row!['note']), text(row!['patient'])], [csn, 'hub:bk_1', patient]);
  const left = matches(await site.api('POST', FIND, findBody([visitType('410')])));
  assert.equal(left.length, 2);
  const read = await site.api('GET', `/R4/Appointment/${text(answer.json['id'])}`);
  assert.deepEqual([text(read.json['status']), Object.hasOwn(read.json, 'meta')], ['booked', false]);
});

test('a proposal is booked once, lives for a while, and is never known again: 59144', async (t) => {
  const site = await epicSite(t, { settings: { proposalSeconds: 60 } });
  const patient = await patientId(site);
  const id = await proposal(site);
  assert.equal((await site.api('POST', BOOK, bookBody(patient, id))).status, 200);
  const again = await site.api('POST', BOOK, bookBody(patient, id));
  assert.deepEqual([again.status, codes(again)], [404, ['59144']]);
  const issue = list(again.json['issue'])[0]!;
  assert.deepEqual([text(issue['code']), text(list(issue['location'])[0])], ['not-found', '/f:appointment']);
  const old = await proposal(site);
  await site.act('advance-clock', { ms: 61_000 });
  assert.deepEqual(codes(await site.api('POST', BOOK, bookBody(patient, old))), ['59144']);
});

test('of many who book one time at once exactly one gets it', async (t) => {
  const site = await epicSite(t);
  const patient = await patientId(site);
  const ids = await Promise.all(Array.from({ length: 8 }, () => proposal(site)));
  const answers = await Promise.all(ids.map((id) => site.api('POST', BOOK, bookBody(patient, id))));
  assert.equal(answers.filter((one) => one.status === 200).length, 1);
  assert.equal(list(await site.state('appointments')).length, 1);
});

test('a taken time is refused in each of the four ways that are known or guessed', async (t) => {
  const site = await epicSite(t);
  const patient = await patientId(site);
  const answers: Record<string, unknown> = {};
  for (const takenStyle of ['59159', '59144', 'argoCancelled', 'http409']) {
    await site.act('change-settings', { settings: { takenStyle } });
    const id = await proposal(site);
    const staff = await site.act('book', { practitioner: '3301', visitType: '410', start: '2026-12-01T09:00' });
    const { status, json, ...rest } = await site.api('POST', BOOK, bookBody(patient, id));
    answers[takenStyle] = [status, text(json['resourceType']), codes({ status, json, ...rest })[0]];
    if (takenStyle === 'argoCancelled') {
      assert.equal(text(list(json['entry'])[0]!['resource']!['status']), 'cancelled');
    }
    await site.act('cancel', { csn: staff.json['csn'] });
  }
  assert.deepEqual(answers, {
    '59159': [400, 'OperationOutcome', '59159'],
    '59144': [404, 'OperationOutcome', '59144'],
    argoCancelled: [200, 'Bundle', '59159'],
    http409: [409, 'OperationOutcome', '59159'],
  });
});

test('by setting $book answers a Bundle, and with 201', async (t) => {
  const site = await epicSite(t, { settings: { bookResponse: 'bundle', bookStatus: 201 } });
  const answer = await site.api('POST', BOOK, bookBody(await patientId(site), await proposal(site)));
  assert.equal(answer.status, 201);
  assert.equal(text(list(answer.json['entry'])[0]!['resource']!['status']), 'booked');
});

test('a merged patient is 4107 and a restricted one 4130 at $book; nothing is booked', async (t) => {
  const site = await epicSite(t);
  const [lee, okafor] = [await patientId(site), await patientId(site, '203712')];
  await site.act('break-the-glass', { patient: lee });
  const restricted = await site.api('POST', BOOK, bookBody(lee, await proposal(site)));
  assert.deepEqual([restricted.status, codes(restricted)], [403, ['4130']]);
  await site.act('merge', { from: okafor, into: lee });
  assert.deepEqual(codes(await site.api('POST', BOOK, bookBody(okafor, await proposal(site)))), ['4107']);
  assert.equal(list(await site.state('appointments')).length, 0);
});

test('closed time of a template is no longer offered, and offered again when it is opened', async (t) => {
  const site = await epicSite(t);
  const count = async (): Promise<number> => matches(await site.api('POST', FIND, findBody([visitType('410')]))).length;
  const range = { start: '2026-12-01T09:00', end: '2026-12-01T09:40' };
  const closed = await site.act('close-template', { practitioner: '3301', ...range });
  assert.equal(await count(), 1);
  await site.act('reopen-template', { id: closed.json['id'] });
  assert.equal(await count(), 3);
  assert.equal(list(await site.state('sent')).length + list(await site.state('queue')).length, 0);
});

test('an Appointment cannot be written: other verbs are 405, or 404 by setting', async (t) => {
  const site = await epicSite(t);
  for (const [method, path] of [
    ['POST', '/R4/Appointment'],
    ['PUT', '/R4/Appointment/x'],
    ['PATCH', '/R4/Appointment/x'],
    ['DELETE', '/STU3/Appointment/x'],
  ] as const) {
    assert.equal((await site.api(method, path, {})).status, 405, `${method} ${path}`);
  }
  await site.act('change-settings', { settings: { forbiddenVerb: 404 } });
  assert.equal((await site.api('POST', '/R4/Appointment', {})).status, 404);
  assert.equal((await site.api('GET', '/R4/Slot?status=free')).status, 404);
});

test('a slot is read by its id and is busy when it was booked', async (t) => {
  const site = await epicSite(t);
  const [first] = matches(await site.api('POST', FIND, findBody([visitType('410')])));
  const slot = `/STU3/Slot/${text(list(first!['slot'])[0]!['reference']).split('/').at(-1) ?? ''}`;
  const before = await site.api('GET', slot);
  assert.equal(text(before.json['status']), 'free');
  await site.api('POST', BOOK, bookBody(await patientId(site), text(first!['id'])));
  assert.equal(text((await site.api('GET', slot)).json['status']), 'busy');
  const schedule = text(before.json['schedule']!['reference']).split('/').at(-1) ?? '';
  const read = await site.api('GET', `/STU3/Schedule/${schedule}`);
  assert.ok(text(list(read.json['actor'])[0]!['reference']).endsWith('/Practitioner/ePracKim3'));
});

test('who does not ask for JSON gets XML', async (t) => {
  const site = await epicSite(t);
  const answer = await call('GET', `${site.base}/api/FHIR/R4/metadata`);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/fhir\+xml/);
  assert.match(answer.text, /<CapabilityStatement xmlns="http:\/\/hl7.org\/fhir">/);
});
