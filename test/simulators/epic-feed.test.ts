import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hospital, type Received } from './clinic.ts';
import { BOOK, bookBody, epicSite, patientId, proposal, type Site } from './epic-site.ts';
import { list, text, until, type Cleanup } from './practice.ts';

async function connected(
  t: Cleanup,
  more: Record<string, unknown> = {},
  answer: (count: number) => string | null = () => 'AA',
): Promise<{ site: Site; received: Received[] }> {
  const { port, received } = await hospital(t, answer);
  const site = await epicSite(t, more);
  await site.act('set-target', { host: '127.0.0.1', port });
  return { site, received };
}

const VISIT = { patient: '203711', practitioner: '3301', visitType: '410', start: '2026-12-01T09:00' };

test('a booking is told as SIU^S12 in this vendor’s shape', async (t) => {
  const { site, received } = await connected(t);
  const booked = await site.act('book', { ...VISIT, note: 'Bring list' });
  await until(() => received.length === 1);
  const [message] = received;
  const names = message!.text
    .split('\r')
    .filter((line) => line !== '')
    .map((line) => line.slice(0, 3));
  assert.deepEqual(names, ['MSH', 'SCH', 'NTE', 'PID', 'PV1', 'RGS', 'AIS', 'AIP']);
  const [msh, sch] = [message!.segment('MSH'), message!.segment('SCH')];
  assert.match(msh[7] ?? '', /^\d{16}$/);
  assert.deepEqual([msh[9], msh[12]], ['SIU^S12', '2.3']);
  assert.deepEqual([sch[9], sch[10], sch[11], sch[25]], ['20', 'MIN', '^^^202612010900', '1^SCH']);
  assert.deepEqual([sch[2], message!.segment('PV1')[19]], [text(booked.json['csn']), text(booked.json['csn'])]);
  assert.equal(message!.segment('AIS')[3], '410^OFFICE VISIT');
  assert.deepEqual(message!.segment('AIP').slice(3), [
    '3301^KIM^ARA',
    '1^MD',
    '',
    '202612010900',
    '0',
    'MIN',
    '20',
    'MIN',
  ]);
  assert.equal(message!.segment('RGS')[3], '17^NORTH CLINIC');
  assert.match(message!.segment('PID')[3] ?? '', /^Z\d+\^\^\^EPI\^EPI~203711\^\^\^MRN\^MRN$/);
  assert.equal(message!.text.includes('ePracKim3'), false);
});

test('move, modify, cancel, no-show and delete have their own trigger and the same CSN', async (t) => {
  const { site, received } = await connected(t);
  const csn = text((await site.act('book', VISIT)).json['csn']);
  await site.act('move', { csn, start: '2026-12-01T09:20' });
  await site.act('modify', { csn, note: 'longer' });
  await site.act('arrive', { csn });
  await site.act('noshow', { csn });
  await site.act('cancel', { csn, reason: 'PATIENT' });
  await site.act('delete', { csn });
  await until(() => received.length === 7);
  assert.deepEqual(
    received.map((one) => [one.event, one.segment('SCH')[2]]),
    ['S12', 'S13', 'S14', 'S14', 'S26', 'S15', 'S17'].map((trigger) => [`SIU^${trigger}`, csn]),
  );
  assert.equal(received[1]?.segment('SCH')[11], '^^^202612010920');
  assert.equal(received[5]?.segment('SCH')[6], 'PATIENT');
});

test('a booking by $book is told too, and closed time never', async (t) => {
  const { site, received } = await connected(t);
  const range = { start: '2026-12-01T11:00', end: '2026-12-01T12:00' };
  await site.act('close-template', { practitioner: '3301', ...range });
  const answer = await site.api('POST', BOOK, bookBody(await patientId(site), await proposal(site)));
  await until(() => received.length === 1);
  assert.equal(received[0]?.segment('SCH')[2], text(list(answer.json['identifier'])[0]!['value']));
});

test('under echoFirst the S12 is there before $book is answered', async (t) => {
  const { site, received } = await connected(t);
  await site.faults({ echoFirst: true });
  await site.api('POST', BOOK, bookBody(await patientId(site), await proposal(site)));
  assert.equal(received.length, 1);
});

test('a booking whose answer is dropped is there and told; one that is silently dropped is neither', async (t) => {
  const { site, received } = await connected(t);
  const patient = await patientId(site);
  const first = await proposal(site);
  await site.faults({ dropAnswer: { times: 1, match: '$book' } });
  await assert.rejects(site.api('POST', BOOK, bookBody(patient, first)));
  await until(() => received.length === 1);
  assert.equal(list(await site.state('appointments')).length, 1);
  const second = await proposal(site);
  await site.faults({ silentDrop: { times: 1, match: '$book' } });
  const lie = await site.api('POST', BOOK, bookBody(patient, second));
  assert.equal(text(lie.json['status']), 'booked');
  assert.equal(list(await site.state('appointments')).length, 1);
  assert.equal(list(await site.state('queue')).length, 0);
});

test('habits by setting: 14 digits, the end in SCH-11.5, two groups, a location, three parts in MSH-9', async (t) => {
  const settings = { msh7Digits: 14, endInSch11: true, twoGroups: true, locationSegment: true, structureInMsh9: true };
  const { site, received } = await connected(t, { settings });
  await site.act('book', { ...VISIT, practitioner: undefined, practitioners: ['3301', '3302'] });
  await until(() => received.length === 1);
  const [message] = received;
  assert.match(message!.segment('MSH')[7] ?? '', /^\d{14}$/);
  assert.equal(message!.segment('MSH')[9], 'SIU^S12^SIU_S12');
  assert.equal(message!.segment('SCH')[11], '^^^202612010900^202612010920');
  assert.deepEqual([message!.all('RGS').length, message!.all('AIP').length, message!.all('AIL').length], [2, 2, 1]);
});

test('by setting a move has a new CSN, and the old appointment is cancelled', async (t) => {
  const { site, received } = await connected(t, { settings: { movedCsn: 'new' } });
  const csn = text((await site.act('book', VISIT)).json['csn']);
  const moved = await site.act('move', { csn, start: '2026-12-01T09:20' });
  await until(() => received.length === 2);
  assert.notEqual(text(moved.json['csn']), csn);
  assert.equal(received[1]?.segment('SCH')[2], text(moved.json['csn']));
});

test('without an answer the same bytes come again; AE parks, or repeats by setting', async (t) => {
  const { site, received } = await connected(t, {}, (count) => (count === 1 ? null : count === 3 ? 'AE' : 'AA'));
  await site.act('book', VISIT);
  await until(() => received.length === 2);
  assert.equal(received[0]?.text, received[1]?.text);
  await site.act('book', VISIT);
  await site.act('book', VISIT);
  await until(() => received.length === 4);
  assert.deepEqual(
    list(await site.state('sent')).map((one) => text(one['state'])),
    ['accepted', 'refused', 'accepted'],
  );
  const stubborn = await connected(t, { settings: { afterError: 'retry' } }, (count) => (count === 1 ? 'AE' : 'AA'));
  await stubborn.site.act('book', VISIT);
  await until(() => stubborn.received.length === 2);
  assert.equal(stubborn.received[0]?.text, stubborn.received[1]?.text);
});

test('a changed person is ADT^A31 and a merge ADT^A40 with the old numbers in MRG', async (t) => {
  const { site, received } = await connected(t);
  await site.act('change-patient', { patient: '203711', phone: '5555550177' });
  await site.act('merge', { from: '203712', into: '203711' });
  await until(() => received.length === 2);
  assert.deepEqual(
    received.map((one) => one.event),
    ['ADT^A31', 'ADT^A40'],
  );
  assert.equal(received[0]?.segment('PID')[13], '(555)555-0177');
  assert.match(received[1]?.segment('MRG')[1] ?? '', /203712/);
});

test('the feed is doubled and lost when the switches say so', async (t) => {
  const { site, received } = await connected(t);
  await site.faults({ loseWebhooks: { times: 1 } });
  await site.act('book', VISIT);
  await site.faults({ duplicateWebhooks: { times: 1 } });
  const csn = text((await site.act('book', VISIT)).json['csn']);
  await until(() => received.length === 2);
  assert.deepEqual(
    received.map((one) => one.segment('SCH')[2]),
    [csn, csn],
  );
});
