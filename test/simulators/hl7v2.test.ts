import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinic, connected, hospital } from './clinic.ts';
import { call, list, text, until } from './practice.ts';

test('a booking is sent as SIU^S12 with the fields of the 2.5.1 example, times without a zone', async (t) => {
  const { act, received } = await connected(t);
  const note = 'Bring list\nof medicines & a pen';
  const booked = await act('book', {
    practitioner: 'RAO',
    start: '2026-12-01T10:00',
    person: 3,
    note,
    placerId: 'P-1',
  });
  assert.equal(booked.json['start'], '2026-12-01T16:00:00.000Z');
  await until(() => received.length === 1);
  const [message] = received;
  assert.ok(message !== undefined);
  assert.ok(message.text.endsWith('\r'), 'CR stands after the last segment too');
  const msh = message.segment('MSH');
  assert.deepEqual(msh.slice(2, 7), ['^~\\&', 'SCHED', 'RIVERSIDE', 'SLOTWIRE', 'HUB']);
  assert.match(msh[7] ?? '', /^20261130060\d{3}$/);
  assert.deepEqual(
    [msh[9], msh[11], msh[12], msh[15], msh[16], msh[18]],
    ['SIU^S12^SIU_S12', 'P', '2.5.1', 'AL', 'NE', 'UNICODE UTF-8'],
  );
  const sch = message.segment('SCH');
  assert.deepEqual([sch[1], sch[2]], ['P-1^SLOTWIRE', 'F-1001^RIVERSIDE']);
  assert.deepEqual([sch[9], sch[10], sch[11]], ['30', 'min^minutes^ISO+', '^^M30^20261201100000^20261201103000']);
  assert.equal(sch[25], 'Booked^Booked^HL70278');
  assert.deepEqual(message.segment('TQ1').slice(7, 9), ['20261201100000', '20261201103000']);
  assert.equal(message.segment('NTE')[3], 'Bring list\\.br\\of medicines \\T\\ a pen');
  assert.equal(message.segment('PID')[3], 'RS-10003^^^RIVERSIDE^MR');
  assert.match(message.segment('PID')[7] ?? '', /^\d{8}$/);
  assert.equal(message.segment('AIS')[3], 'OFFICE^Office visit^L');
  assert.deepEqual([message.segment('AIL')[3], message.segment('AIL')[6]], ['MAIN^R1^^RIVERSIDE', '20261201100000']);
  const local = 'RAO^Rao^Asha^^^DR^MD^^RIVERSIDE';
  const npi = '1043333339^Rao^Asha^^^DR^MD^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI';
  assert.equal(message.segment('AIP')[3], `${local}~${npi}`);
  assert.equal(message.segment('PV1')[7], `${local}~${npi}`);
});

test('move, modify, cancel, no-show and delete send their trigger, their status and the same SCH-2', async (t) => {
  const { act, received, state } = await connected(t);
  const id = text((await act('book', {})).json['id']);
  await act('move', { id, start: '2026-12-01T11:00' });
  await act('modify', { id, visitType: 'LONG', note: 'longer' });
  await act('cancel', { id, reason: 'CLINCAN' });
  await act('no-show', { id });
  await act('delete', { id });
  await until(() => received.length === 6);
  assert.deepEqual(
    received.map((one) => [one.event.split('^')[1], one.segment('SCH')[25]?.split('^')[0], one.segment('SCH')[2]]),
    [
      ['S12', 'Booked'],
      ['S13', 'Booked'],
      ['S14', 'Booked'],
      ['S15', 'Cancelled'],
      ['S26', 'Noshow'],
      ['S17', 'Deleted'],
    ].map((pair) => [...pair, `${id}^RIVERSIDE`]),
  );
  assert.equal(received[2]?.segment('SCH')[11], '^^M60^20261201110000^20261201120000');
  assert.equal(received[3]?.segment('SCH')[6], 'CLINCAN^Clinic cancelled^L');
  assert.equal((await state('appointments'))[0]?.['status'], 'Deleted');
});

test('version 2.3 has two-part MSH-9, no TQ1, plain codes and original acknowledgement', async (t) => {
  const { act, received } = await connected(t, { settings: { version: '2.3', characterSet: '' } });
  await act('book', { start: '2026-12-01T10:00' });
  await until(() => received.length === 1);
  const msh = received[0]?.segment('MSH') ?? [];
  assert.deepEqual([msh[9], msh[12], msh[15], msh[18]], ['SIU^S12', '2.3', undefined, undefined]);
  assert.deepEqual(received[0]?.segment('TQ1'), []);
  assert.equal(received[0].segment('SCH')[25], 'BOOKED');
  assert.equal(received[0].segment('AIP')[3], 'RAO^Rao^Asha^^^DR^MD^^RIVERSIDE');
});

test('messages wait in order for a target and go one by one, each after the answer to the one before', async (t) => {
  const site = await clinic(t);
  for (let count = 0; count < 5; count += 1) await site.act('book', {});
  assert.equal((await site.state('queue')).length, 5);
  const { port, received } = await hospital(t);
  await site.act('set-target', { host: '127.0.0.1', port });
  await until(async () => (await site.state('queue')).length === 0);
  const ids = received.map((one) => one.segment('SCH')[2]);
  assert.deepEqual(
    ids,
    [1, 2, 3, 4, 5].map((count) => `F-100${count}^RIVERSIDE`),
  );
  const sent = await site.state('sent');
  assert.ok(sent.every((one) => one['state'] === ('accepted' as never)));
});

test('an answer that never came means the same bytes again; AE is final and the next follows', async (t) => {
  const { port, received } = await hospital(t, (count) => (count === 1 ? null : count === 3 ? 'AE' : 'AA'));
  const site = await clinic(t);
  await site.act('set-target', { host: '127.0.0.1', port });
  for (let count = 0; count < 3; count += 1) await site.act('book', {});
  await until(async () => (await site.state('queue')).length === 0);
  assert.equal(received[0]?.text, received[1]?.text);
  const sent = await site.state('sent');
  assert.deepEqual(
    sent.map((one) => one['state']),
    ['accepted', 'refused', 'accepted'],
  );
  const [, second] = sent;
  assert.deepEqual([list(second?.['tries'])[0]?.['code'], list(second?.['tries'])[0]?.['text']], ['AE', 'note']);
});

test('the queue outlives the process: what was not acknowledged is sent by the next one', async (t) => {
  const first = await clinic(t);
  await first.act('book', {});
  await first.stop();
  const { port, received } = await hospital(t);
  const second = await clinic(t, {}, first.folder);
  await second.act('set-target', { host: '127.0.0.1', port });
  await until(() => received.length === 1);
  assert.equal((await second.state('appointments')).length, 1);
});

test('resend repeats the same bytes, resync tells every current visit anew', async (t) => {
  const { act, received } = await connected(t);
  const id = text((await act('book', {})).json['id']);
  await act('book', {});
  const gone = text((await act('book', {})).json['id']);
  await act('cancel', { id: gone });
  await until(() => received.length === 4);
  await act('resend', { id });
  await until(() => received.length === 5);
  assert.equal(received[4]?.text, received[0]?.text);
  assert.equal((await act('resync')).json['sent'], 2);
  await until(() => received.length === 7);
  assert.notEqual(received[5]?.controlId, received[0]?.controlId);
});

test('a walk-in starts now, a merge sends A40 and the survivor has the visits, a changed person is A31', async (t) => {
  const { act, received, state } = await connected(t);
  const patient = { family: 'Nwosu', given: 'Ada', birthDate: '1980-01-02', sex: 'F', phone: '3125550101' };
  const walkIn = await act('walk-in', { patient });
  assert.equal(walkIn.json['reason'], 'WALKIN');
  const from = text(walkIn.json['mrn']);
  await act('book', { person: 2 });
  await act('change-patient', { mrn: from, phone: '' });
  await act('merge', { from, into: 'RS-10002' });
  await until(() => received.length === 4);
  assert.equal(received[2]?.event, 'ADT^A31^ADT_A05');
  assert.equal(received[2].segment('PID')[13], '""');
  assert.equal(received[3]?.event, 'ADT^A40^ADT_A39');
  assert.equal(received[3].segment('MRG')[1], `${from}^^^RIVERSIDE^MR`);
  assert.ok((await state('appointments')).every((one) => one['mrn'] === ('RS-10002' as never)));
});

test('blocks are S23 and S24 with a practitioner and no patient', async (t) => {
  const { act, received } = await connected(t);
  const times = { start: '2026-12-01T09:00', end: '2026-12-01T12:00' };
  const made = await act('block', { practitioner: 'RAO', ...times, reason: 'training' });
  await act('unblock', { id: made.json['id'] });
  await until(() => received.length === 2);
  assert.deepEqual(
    received.map((one) => one.event),
    ['SIU^S23^SIU_S12', 'SIU^S24^SIU_S12'],
  );
  assert.deepEqual(received[0]?.segment('PID'), []);
  assert.equal(received[0].segment('SCH')[11], '^^M180^20261201090000^20261201120000');
});

test('frames may come in small pieces, twice, in reverse or never, as the switches say', async (t) => {
  const { act, faults, received, state } = await connected(t);
  const booked = async (): Promise<string> => `${text((await act('book', {})).json['id'])}^RIVERSIDE`;
  await faults({ chunkBytes: 100, duplicateWebhooks: { times: 1 } });
  const first = await booked();
  await until(() => received.length === 2);
  await faults({ chunkBytes: 0, loseWebhooks: { times: 1 } });
  await booked();
  await faults({ reorderWebhooks: true });
  const [third, fourth] = [await booked(), await booked()];
  await until(() => received.length === 4);
  assert.deepEqual(
    received.map((one) => one.segment('SCH')[2]),
    [first, first, fourth, third],
  );
  assert.equal((await state('sent')).filter((one) => one['state'] === ('lost' as never)).length, 1);
});

test('dropAnswer hangs up before the answer and sends again; outage sends nothing until it is over', async (t) => {
  const { act, faults, received, state } = await connected(t);
  await faults({ dropAnswer: { times: 1 } });
  await act('book', {});
  await until(() => received.length === 2);
  assert.equal(received[0]?.text, received[1]?.text);
  await faults({ outage: true });
  await act('book', {});
  await until(async () => list((await state('queue'))[0]?.['tries']).length > 0);
  assert.equal(received.length, 2);
  await faults({ outage: false });
  await until(() => received.length === 3);
});

test('clockSkewMs shifts MSH-7, and offsets are said where the setting wants them', async (t) => {
  const { act, faults, received } = await connected(t, { settings: { offsets: true } });
  await faults({ clockSkewMs: 3_600_000 });
  await act('book', { start: '2026-12-01T10:00' });
  await until(() => received.length === 1);
  assert.match(received[0]?.segment('MSH')[7] ?? '', /^2026113007\d{4}-0600$/);
  assert.equal(received[0]?.segment('TQ1')[7], '20261201100000-0600');
  assert.equal(received[0].segment('AIS')[4], '20261201100000');
});

test('the seed’s visits are there at the start and told as S12, those of past days are not told', async (t) => {
  const invented = { firstPerson: 0, people: 10, fill: 0.6, daysAhead: 3, daysBack: 3, weekdays: { EVA: [] } };
  const site = await clinic(t, { invented });
  const visits = await site.state('appointments');
  const queue = await site.state('queue');
  assert.ok(visits.length > 0 && visits.every((one) => one['practitioner'] === ('RAO' as never)));
  assert.equal(queue.length, visits.filter((one) => text(one['start']) >= '2026-11-30').length);
  const free = (await site.state('slots')).map((one) => text(one['start']));
  const taken = visits.filter((one) => text(one['start']) > '2026-12').map((one) => text(one['start']));
  assert.ok(taken.length > 0);
  const ofRao = (await site.state('slots')).filter((one) => one['practitioner'] === ('RAO' as never));
  assert.ok(free.length > 0 && !ofRao.some((one) => taken.includes(text(one['start']))));
});

test('what makes no sense is refused with the reason', async (t) => {
  const site = await clinic(t);
  assert.match((await site.act('book', { practitioner: 'NOBODY' })).text, /practitioner names nobody/);
  assert.match((await site.act('move', { id: 'F-1' })).text, /there is no visit/);
  assert.match((await site.act('set-target', { host: '', port: 0 })).text, /give host and port/);
  assert.match((await site.faults({ staleReads: 5 })).text, /there is no switch staleReads/);
  assert.equal((await call('GET', `${site.url}/anything`)).status, 404);
});
