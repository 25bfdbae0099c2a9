import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, placer, srm, type Clinic, type Received } from './clinic.ts';
import { call, text, until, type Cleanup, type Loose } from './practice.ts';

type Site = Clinic & { readonly received: readonly Received[]; readonly next: () => Promise<Received> };

/** `next` is the message that comes next. */
async function site(t: Cleanup, settings: Record<string, unknown> = {}): Promise<Site> {
  const clinic = await connected(t, { settings });
  let taken = 0;
  const next = async (): Promise<Received> => {
    taken += 1;
    await until(() => clinic.received.length >= taken);
    const message = clinic.received[taken - 1];
    assert.ok(message !== undefined);
    return message;
  };
  return { ...clinic, next };
}

const AT = { start: '2026-12-01T10:00' };

async function booked({ act }: Clinic, more: Record<string, unknown> = {}): Promise<string> {
  return text((await act('book', { ...AT, ...more })).json['id']);
}

test('the standard presets differ by version alone', async (t) => {
  const clinic = await site(t, { preset: 'standard-2.3' });
  await booked(clinic);
  const old = await clinic.next();
  assert.deepEqual([old.segment('MSH')[12], old.segment('TQ1').length, old.segment('SCH')[25]], ['2.3', 0, 'BOOKED']);
  await clinic.act('change-settings', { preset: 'standard-2.5.1' });
  await booked(clinic);
  const now = await clinic.next();
  assert.deepEqual([now.segment('MSH')[12], now.segment('TQ1')[7]], ['2.5.1', '20261201100000']);
});

test('loose: LF between segments and none behind the last, a short header, AIG for people, minutes without a unit', async (t) => {
  const clinic = await site(t, { preset: 'loose' });
  await booked(clinic);
  const message = await clinic.next();
  assert.ok(!message.text.includes('\r') && !message.text.endsWith('\n'));
  assert.equal(message.segment('MSH').length, 13);
  const sch = message.segment('SCH');
  assert.deepEqual([sch[9], sch[10], sch[11]], ['30', '', '^^30^20261201100000^20261201103000']);
  assert.deepEqual([message.segment('TQ1'), message.segment('AIP'), message.segment('AIS')[4]], [[], [], '']);
  assert.equal(message.segment('AIG')[3], 'RAO^Rao, Asha^L');
  assert.equal(message.all('ZSC').length, 1);
});

test('the start stands in one place, or contradicts itself in all but the first of the standard’s order', async (t) => {
  const clinic = await site(t);
  const places = async (startIn: string): Promise<readonly (string | undefined)[]> => {
    await clinic.act('change-settings', { habits: { startIn } });
    await booked(clinic);
    const one = await clinic.next();
    const sch = one.segment('SCH')[11]?.split('^')[3];
    return [one.segment('TQ1')[7], sch, one.segment('AIS')[4], one.segment('AIP')[6], one.segment('AIG')[8]];
  };
  const [at, lie] = ['20261201100000', '20261201110000'];
  assert.deepEqual(await places('TQ1'), [at, undefined, '', '', undefined]);
  assert.deepEqual(await places('SCH-11'), [undefined, at, '', '', undefined]);
  assert.deepEqual(await places('AIS'), [undefined, undefined, at, '', undefined]);
  assert.deepEqual(await places('AIG'), [undefined, undefined, '', '', at]);
  assert.deepEqual(await places('contradicting'), [at, lie, lie, lie, undefined]);
});

test('status against the trigger, moves as two groups, three authorities, no patient, repeating control ids', async (t) => {
  const habits = { statusContradicts: true, moveAsGroups: true, threeAuthorities: true, withoutPatient: true };
  const clinic = await site(t, { habits: { ...habits, controlIds: 'repeating' } });
  const id = await booked(clinic);
  await clinic.act('move', { id, start: '2026-12-01T11:00', practitioner: 'EVA' });
  await clinic.act('cancel', { id });
  const [first, moved, cancelled] = [await clinic.next(), await clinic.next(), await clinic.next()];
  assert.equal(first.segment('AIP')[3]?.split('~').length, 3);
  assert.deepEqual(first.segment('PID'), []);
  const groups = moved.all('AIP').map((one) => [one[2], one[3]?.split('^')[0], one[6]]);
  assert.deepEqual(groups, [
    ['D', 'RAO', '20261201100000'],
    ['A', 'EVA', '20261201110000'],
  ]);
  assert.equal(moved.all('RGS').length, 2);
  assert.equal(cancelled.segment('SCH')[25]?.split('^')[0], 'Booked');
  for (let count = 0; count < 8; count += 1) await booked(clinic);
  await until(() => clinic.received.length === 11);
  assert.equal(clinic.received[10]?.controlId, clinic.received[0]?.controlId);
});

test('latin: one byte per letter, capitals beyond ASCII as hexadecimal escapes', async (t) => {
  const clinic = await site(t, { preset: 'latin' });
  await booked(clinic, { patient: { family: 'Çelik', given: 'Zoë' } });
  const message = await clinic.next();
  assert.equal(message.segment('MSH')[18], '8859/1');
  assert.ok(message.bytes.includes(Buffer.from('\\XC7\\elik^Zo\xeb', 'latin1')));
});

test('adt-appointments: A05 books, A38 cancels, a move is A38 of the old number and A05 of a new one', async (t) => {
  const clinic = await site(t, { preset: 'adt-appointments' });
  const id = await booked(clinic);
  const moved = await clinic.act('move', { id, start: '2026-12-01T11:00' });
  const newId = text(moved.json['id']);
  assert.notEqual(newId, id);
  await clinic.act('cancel', { id: newId });
  const told = [await clinic.next(), await clinic.next(), await clinic.next(), await clinic.next()];
  assert.deepEqual(
    told.map((one) => [one.event.slice(0, 7), one.segment('PV1')[19]?.split('^')[0], one.segment('PV2')[8]]),
    [
      ['ADT^A05', id, '20261201100000'],
      ['ADT^A38', id, '20261201100000'],
      ['ADT^A05', newId, '20261201110000'],
      ['ADT^A38', newId, '20261201110000'],
    ],
  );
  assert.equal((await clinic.act('no-show', { id })).status, 400);
  const { ask } = await placer(t, clinic);
  const answer = await ask(srm('S04', { filler: newId }));
  assert.deepEqual([answer?.segment('MSA')[1], answer?.segment('ERR')[3]?.split('^')[0]], ['AR', '200']);
});

test('an engine puts its own sender, time and control id, and sends hours again under new ones', async (t) => {
  const clinic = await site(t, { preset: 'engine' });
  const id = await booked(clinic);
  await clinic.act('cancel', { id });
  await clinic.act('advance-clock', { ms: 1_800_000 });
  assert.equal((await clinic.act('resend-hours', { hours: 1 })).json['sent'], 2);
  const told = [await clinic.next(), await clinic.next(), await clinic.next(), await clinic.next()];
  assert.deepEqual(told[0]?.segment('MSH').slice(3, 5), ['ENGINE', 'INTERFACES']);
  assert.ok(told[0].text.includes('\r\n'));
  assert.equal(told[2]?.event, 'SIU^S12^SIU_S12');
  assert.notEqual(told[2].controlId, told[0].controlId);
  assert.notEqual(told[2].segment('MSH')[7], told[0].segment('MSH')[7]);
  assert.deepEqual(told[2].segment('SCH'), told[0].segment('SCH'));
  await clinic.act('resend-hours', { hours: 0.1 });
  await until(() => clinic.received.length === 6);
});

test('arrival and end of a visit are ADT with its number in PV1-19, each way back too', async (t) => {
  const clinic = await site(t);
  const id = await booked(clinic);
  await clinic.next();
  const acts = ['arrive', 'cancel-arrival', 'arrive', 'depart', 'cancel-departure'];
  const statuses: Loose[] = [];
  for (const action of acts) statuses.push((await clinic.act(action, { id })).json['status'] as Loose);
  assert.deepEqual(statuses, ['Started', 'Booked', 'Started', 'Complete', 'Started']);
  const events: string[] = [];
  for (const _ of acts) {
    const one = await clinic.next();
    assert.equal(one.segment('PV1')[19], `${id}^^^RIVERSIDE^VN`);
    events.push(one.event);
  }
  assert.deepEqual(events, [
    'ADT^A04^ADT_A01',
    'ADT^A11^ADT_A09',
    'ADT^A04^ADT_A01',
    'ADT^A03^ADT_A03',
    'ADT^A13^ADT_A01',
  ]);
  assert.equal((await clinic.act('arrive', { id })).status, 400);
});

test('resources are added, changed and removed as S18, S19, S20 to S22; a running visit is discontinued as S16', async (t) => {
  const clinic = await site(t);
  const id = await booked(clinic);
  await clinic.act('add-resource', { id, resource: 'ECHO1', text: 'Echo machine', offset: 10, minutes: 20 });
  await clinic.act('change-resource', { id, resource: 'ECHO1', minutes: 15 });
  await clinic.act('remove-resource', { id, resource: 'ECHO1', how: 'S22' });
  await clinic.act('discontinue', { id });
  await clinic.next();
  const told = [await clinic.next(), await clinic.next(), await clinic.next(), await clinic.next()];
  const aig = told.map((one) => [one.event.slice(4, 7), ...one.segment('AIG').slice(2, 4), one.segment('AIG')[11]]);
  assert.deepEqual(aig, [
    ['S18', 'A', 'ECHO1^Echo machine^L', '20'],
    ['S19', 'U', 'ECHO1^Echo machine^L', '15'],
    ['S22', 'D', 'ECHO1^Echo machine^L', '15'],
    ['S16', undefined],
  ]);
  assert.equal(told[3]?.segment('SCH')[25]?.split('^')[0], 'Dc');
});

test('links, renumbered records and moved visits are A24, A37, A47, A45; master files M02 and M05', async (t) => {
  const clinic = await site(t);
  const id = await booked(clinic, { person: 1 });
  await booked(clinic, { person: 2, start: '2026-12-01T11:00' });
  await clinic.act('link', { mrn: 'RS-10001', with: 'RS-10002' });
  assert.equal((await clinic.state('links')).length, 1);
  await clinic.act('unlink', { mrn: 'RS-10002', with: 'RS-10001' });
  assert.equal((await clinic.state('links')).length, 0);
  await clinic.act('renumber', { mrn: 'RS-10001', to: 'RS-7' });
  await clinic.act('move-visit', { id, to: 'RS-10002' });
  await clinic.act('change-practitioner', { practitioner: 'RAO', family: 'Rao-Meyer' });
  await clinic.act('change-location', { room: 'R2', description: 'Second floor', active: false });
  await clinic.act('modify', { id, note: 'x' });
  await until(() => clinic.received.length === 9);
  const told = clinic.received.slice(2);
  assert.deepEqual(
    told.map((one) => one.event),
    [
      'ADT^A24^ADT_A24',
      'ADT^A37^ADT_A37',
      'ADT^A47^ADT_A30',
      'ADT^A45^ADT_A45',
      'MFN^M02^MFN_M02',
      'MFN^M05^MFN_M05',
      'SIU^S14^SIU_S12',
    ],
  );
  assert.equal(told[0]?.all('PID').length, 2);
  assert.deepEqual(
    [told[2]?.segment('PID')[3], told[2]?.segment('MRG')[1]].map((one) => one?.split('^')[0]),
    ['RS-7', 'RS-10001'],
  );
  assert.deepEqual(
    [told[3]?.segment('MRG')[1]?.split('^')[0], told[3]?.segment('MRG')[5]?.split('^')[0]],
    ['RS-7', id],
  );
  assert.deepEqual([told[4]?.segment('MFE')[1], told[4]?.segment('STF')[3]], ['MUP', 'Rao-Meyer^Asha^^^DR^MD']);
  assert.deepEqual([told[5]?.segment('MFE')[1], told[5]?.segment('LOC')[2]], ['MDC', 'Second floor']);
  assert.ok(told[6]?.segment('AIP')[3]?.startsWith('RAO^Rao-Meyer^'));
  assert.deepEqual((await clinic.state('practitioners'))[0]?.['family'], 'Rao-Meyer');
});

test('a batch goes as one frame: a file, a batch, or message after message', async (t) => {
  const clinic = await site(t);
  for (const start of ['2026-12-01T09:00', '2026-12-01T10:00']) await booked(clinic, { start });
  await clinic.next();
  await clinic.next();
  for (const form of ['file', 'batch', 'bare']) await clinic.act('send-batch', { form });
  const names = async (): Promise<string> => {
    const { text: sent } = await clinic.next();
    const lines = sent.split('\r').map((line) => line.slice(0, 3));
    return lines.filter((name) => /^(FHS|BHS|MSH|BTS|FTS)$/.test(name)).join(' ');
  };
  assert.equal(await names(), 'FHS BHS MSH MSH BTS FTS');
  assert.equal(await names(), 'BHS MSH MSH BTS');
  assert.equal(await names(), 'MSH MSH');
});

test('a preset or habit that there is not is refused, and nothing changes', async (t) => {
  const clinic = await site(t);
  assert.equal((await clinic.act('change-settings', { preset: 'wild' })).status, 400);
  assert.equal((await clinic.act('change-settings', { habits: { louder: true } })).status, 400);
  const { json } = await call('GET', `${clinic.url}/__sim/state?only=settings`);
  assert.equal(json['settings']?.['preset'], 'standard-2.5.1' as never);
});
