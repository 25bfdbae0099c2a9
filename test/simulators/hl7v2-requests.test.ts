import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clinic,
  connected,
  hospital,
  placer,
  srm,
  type Clinic,
  type Placer,
  type Received,
  type Wanted,
} from './clinic.ts';
import { list, text, until } from './practice.ts';
import type { Cleanup } from './practice.ts';

/** Tuesday, 10:00 in Chicago: within hours. RS-10001 is a patient from the start of every test. */
const NEW: Wanted = {
  placer: 'B-1^HUB',
  mrn: 'RS-10001',
  type: 'OFFICE',
  who: 'RAO',
  start: '20261201100000',
};
const MOVE: Wanted = { placer: 'B-1^HUB', start: '20261201110000', type: 'OFFICE', who: 'RAO' };

interface Desk extends Placer {
  readonly site: Clinic;
  readonly received: readonly Received[];
  readonly visits: () => ReturnType<Clinic['state']>;
}

/** A clinic with one patient, whose hospital is told everything; the visit that made the patient is not on Tuesday. */
async function desk(t: Cleanup, settings: Record<string, unknown> = {}): Promise<Desk> {
  const site = await connected(t, { settings });
  await site.act('book', { person: 1, start: '2026-12-08T09:00' });
  await until(() => site.received.length === 1);
  const { ask } = await placer(t, site);
  const visits = async (): ReturnType<Clinic['state']> => (await site.state('appointments')).slice(1);
  return { site, received: site.received, ask, visits };
}

function msa(answer: Received | null): readonly (string | undefined)[] {
  return answer === null ? ['cut'] : answer.segment('MSA').slice(1, 3);
}

function errorOf(answer: Received | null): readonly (string | undefined)[] {
  const err = answer?.segment('ERR') ?? [];
  return [err[3]?.split('^')[0], err[2], err[5]?.split('^')[0]];
}

test('a new appointment is answered AA with both ids and its status, and told as S12 like any other', async (t) => {
  const { ask, received, visits } = await desk(t);
  const answer = await ask(srm('S01', { ...NEW, controlId: 'HUB77', note: 'Needs\\.br\\an interpreter' }));
  assert.deepEqual(msa(answer), ['AA', 'HUB77']);
  assert.deepEqual(
    [3, 4, 5, 6, 9, 15].map((field) => answer?.segment('MSH')[field]),
    ['SCHED', 'RIVERSIDE', 'SLOTWIRE', 'HUB', 'SRR^S01^SRR_S01', undefined],
  );
  const sch = answer?.segment('SCH') ?? [];
  assert.deepEqual([sch[1], sch[2], sch[25]], ['B-1^HUB', 'F-1002^RIVERSIDE', 'Booked^Booked^HL70278']);
  assert.deepEqual(answer?.segment('TQ1').slice(7, 9), ['20261201100000', '20261201103000']);
  assert.deepEqual([answer.segment('AIS')[4], answer.segment('AIP')[3]?.split('^')[0]], ['20261201100000', 'RAO']);
  await until(() => received.length === 2);
  assert.equal(received[1]?.event, 'SIU^S12^SIU_S12');
  assert.deepEqual(received[1].segment('SCH').slice(1, 3), ['B-1^HUB', 'F-1002^RIVERSIDE']);
  const [visit] = await visits();
  assert.deepEqual(
    ['id', 'placerId', 'start', 'mrn', 'note', 'status'].map((name) => visit?.[name]),
    ['F-1002', 'B-1', '2026-12-01T16:00:00.000Z', 'RS-10001', 'Needs\nan interpreter', 'Booked'],
  );
});

test('a window without a start is answered with its first free time', async (t) => {
  const { ask } = await desk(t);
  await ask(srm('S01', NEW));
  const wish = { ...NEW, placer: 'B-2', start: '', window: '20261201100000^20261201120000' };
  const answer = await ask(srm('S01', wish));
  assert.equal(answer?.segment('TQ1')[7], '20261201103000');
  const offset = await ask(srm('S01', { ...NEW, placer: 'B-3', start: '', window: '20261201173000+0000' }));
  assert.equal(offset?.segment('TQ1')[7], '20261201113000');
});

test('what cannot be had is denied: AE, with the place, the code and the reason', async (t) => {
  const { ask, site, visits } = await desk(t);
  await site.act('book', { person: 2, start: '2026-12-01T10:00' });
  const denials: readonly (readonly [Partial<Wanted>, string, string, string])[] = [
    [{}, '207', 'ARQ^1^11', 'TAKEN'],
    [{ start: '20261201101500' }, '207', 'ARQ^1^11', 'TAKEN'],
    [{ start: '20261201113100' }, '207', 'ARQ^1^11', 'OUTSIDE_HOURS'],
    [{ start: '20261202100000' }, '207', 'ARQ^1^11', 'OUTSIDE_HOURS'],
    [{ start: '20261124100000' }, '207', 'ARQ^1^11', 'PAST'],
    [{ start: '20261201110000', room: 'R9' }, '204', 'AIL^1^3', 'UNKNOWN_ROOM'],
    [{ who: 'EVA', room: 'R1' }, '207', 'AIL^1^3', 'ROOM_TAKEN'],
    [{ mrn: 'RS-99', start: '20261201110000' }, '204', 'PID^1^3', 'UNKNOWN_PATIENT'],
    [{ who: 'NOBODY' }, '204', 'AIP^1^3', 'UNKNOWN_PRACTITIONER'],
    [{ type: 'SURGERY' }, '103', 'AIS^1^3', 'UNKNOWN_TYPE'],
    [{ start: '2026-12-01' }, '102', 'AIS^1^4', 'UNREADABLE'],
    [{ placer: '' }, '101', 'ARQ^1^1', 'MISSING'],
    [{ start: '' }, '101', 'ARQ^1^11', 'MISSING'],
  ];
  for (const [wish, code, place, reason] of denials) {
    const answer = await ask(srm('S01', { ...NEW, ...wish }));
    assert.deepEqual([msa(answer)[0], ...errorOf(answer)], ['AE', code, place, reason]);
    assert.equal(answer?.event, 'SRR^S01^SRR_S01');
    assert.deepEqual(answer.segment('SCH'), []);
  }
  assert.equal((await visits()).length, 1);
  const answered = await site.state('answered');
  assert.deepEqual([answered.length, text(answered[0]?.['because'])], [denials.length, 'TAKEN']);
});

test('in version 2.3 the denial stands in MSA-3 and ERR-1', async (t) => {
  const { ask } = await desk(t);
  const answer = await ask(srm('S01', { ...NEW, version: '2.3', mrn: 'RS-99' }));
  assert.deepEqual([answer?.event, answer?.segment('MSH')[12]], ['SRR^S01', '2.3']);
  assert.deepEqual(answer?.segment('MSA').slice(1, 4).toSpliced(1, 1), ['AE', 'Unknown patient']);
  assert.equal(answer.segment('ERR')[1], 'PID^1^3^204&Unknown key identifier&HL70357');
});

test('reschedule, modify, cancel and delete answer with the new state and send S13, S14, S15, S17', async (t) => {
  const { ask, received, visits } = await desk(t);
  await ask(srm('S01', NEW));
  const filler = 'F-1002^RIVERSIDE';
  const moved = await ask(srm('S02', { ...MOVE, filler }));
  assert.deepEqual([msa(moved)[0], moved?.segment('TQ1')[7]], ['AA', '20261201110000']);
  const changed = await ask(srm('S03', { placer: 'B-1^HUB', filler, note: 'Second floor' }));
  assert.deepEqual([msa(changed)[0], changed?.segment('NTE')[3]], ['AA', 'Second floor']);
  // By the placer's id alone, as where the answer with the filler's was lost.
  const cancelled = await ask(srm('S04', { placer: 'B-1^HUB', reason: 'CLINCAN', mrn: 'RS-10001' }));
  assert.deepEqual([msa(cancelled)[0], cancelled?.segment('SCH')[25]], ['AA', 'Cancelled^Cancelled^HL70278']);
  const deleted = await ask(srm('S06', { filler }));
  assert.deepEqual([errorOf(deleted)[2], (await visits())[0]?.['status']], ['NOT_OPEN', 'Cancelled']);
  await ask(srm('S01', { ...NEW, placer: 'B-2' }));
  assert.equal(msa(await ask(srm('S06', { placer: 'B-2' })))[0], 'AA');
  await until(() => received.length === 7);
  assert.deepEqual(
    received.slice(1).map((one) => [one.event.slice(4, 7), one.segment('SCH')[25]?.split('^')[0]]),
    [
      ['S12', 'Booked'],
      ['S13', 'Booked'],
      ['S14', 'Booked'],
      ['S15', 'Cancelled'],
      ['S12', 'Booked'],
      ['S17', 'Deleted'],
    ],
  );
  assert.equal(received[4]?.segment('SCH')[6], 'CLINCAN^Clinic cancelled^L');
});

test('a reason in words stays in words, a code of table 0276 a code', async (t) => {
  const { ask } = await desk(t);
  await ask(srm('S01', NEW));
  const filler = 'F-1002^RIVERSIDE';
  const changed = await ask(srm('S03', { filler, why: '^Knee pain' }));
  assert.deepEqual([msa(changed)[0], changed?.segment('SCH')[7]], ['AA', '^Knee pain']);
  const coded = await ask(srm('S03', { filler, why: 'FOLLOWUP' }));
  assert.equal(coded?.segment('SCH')[7], 'FOLLOWUP^followup^HL70276');
});

test('a visit that runs is discontinued and not rescheduled; one to come is cancelled and not discontinued', async (t) => {
  const { ask, site, received } = await desk(t);
  await site.act('walk-in', { person: 1 });
  const early = await ask(srm('S05', { filler: 'F-1001^RIVERSIDE' }));
  assert.equal(errorOf(early)[2], 'NOT_STARTED');
  await site.act('advance-clock', { ms: 600_000 });
  const stopped = await ask(srm('S05', { filler: 'F-1002^RIVERSIDE' }));
  assert.deepEqual([msa(stopped)[0], stopped?.segment('SCH')[25]], ['AA', 'Dc^Dc^HL70278']);
  await until(() => received.length === 3);
  assert.equal(received[2]?.event, 'SIU^S16^SIU_S12');
  assert.equal(errorOf(await ask(srm('S02', { ...MOVE, placer: '', filler: 'F-1002^RIVERSIDE' })))[2], 'NOT_OPEN');
});

test('a request for an unknown appointment, another facility’s, or another patient’s is denied', async (t) => {
  const { ask } = await desk(t);
  await ask(srm('S01', NEW));
  assert.deepEqual(errorOf(await ask(srm('S04', { placer: 'B-9' }))), ['204', 'ARQ^1^1', 'UNKNOWN_VISIT']);
  const elsewhere = await ask(srm('S04', { filler: 'F-1002^ELSEWHERE' }));
  assert.deepEqual(errorOf(elsewhere), ['204', 'ARQ^1^2', 'UNKNOWN_VISIT']);
  const other = await ask(srm('S04', { filler: 'F-1002', mrn: 'RS-10002' }));
  assert.deepEqual(errorOf(other), ['204', 'PID^1^3', 'UNKNOWN_PATIENT']);
});

test('a repeated request changes nothing and is answered as the first; by setting it is denied as a duplicate', async (t) => {
  const { ask, site, received, visits } = await desk(t);
  const first = await ask(srm('S01', NEW));
  const again = await ask(srm('S01', NEW));
  assert.deepEqual(again?.segment('SCH'), first?.segment('SCH'));
  assert.equal(errorOf(await ask(srm('S01', { ...NEW, start: '20261201113000' })))[0], '205');
  await ask(srm('S02', MOVE));
  assert.equal(msa(await ask(srm('S02', MOVE)))[0], 'AA');
  await ask(srm('S04', { placer: 'B-1^HUB' }));
  assert.equal(msa(await ask(srm('S04', { placer: 'B-1^HUB' })))[0], 'AA');
  await site.act('change-settings', { settings: { repeatPolicy: 'deny' } });
  assert.equal(errorOf(await ask(srm('S04', { placer: 'B-1^HUB' })))[0], '205');
  assert.equal(msa(await ask(srm('S01', NEW)))[0], 'AA');
  assert.equal(errorOf(await ask(srm('S01', NEW)))[0], '205');
  assert.equal((await visits()).length, 2);
  await until(() => received.length === 5);
});

test('of those who race for one time exactly one is booked', async (t) => {
  const { site, visits } = await desk(t);
  const racers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => placer(t, site)));
  const answers = await Promise.all(racers.map(({ ask }, index) => ask(srm('S01', { ...NEW, placer: `R-${index}` }))));
  const codes = answers.map((one) => msa(one)[0]).sort();
  assert.deepEqual(codes, ['AA', 'AE', 'AE', 'AE', 'AE', 'AE']);
  assert.equal((await visits()).length, 1);
});

test('a practitioner who sees two at a time is taken when both places are', async (t) => {
  const rooms = ['R1', 'R2'];
  const hours = { tue: ['09:00-12:00'] };
  const practitioners = [{ id: 'RAO', family: 'Rao', given: 'Asha', room: 'R1', hours, capacity: 2 }];
  const site = await connected(t, { rooms, practitioners });
  await site.act('book', { person: 1, start: '2026-12-08T09:00' });
  const { ask } = await placer(t, site);
  const codes: (string | undefined)[] = [];
  for (const id of ['B-1', 'B-2', 'B-3']) codes.push(msa(await ask(srm('S01', { ...NEW, placer: id })))[0]);
  assert.deepEqual(codes, ['AA', 'AA', 'AE']);
});

test('what is no SRM of ours is refused as not processable: AR with the code of table 0357', async (t) => {
  const { ask } = await desk(t);
  const refusals = [
    [srm('S01', NEW).replace('SRM^S01^SRM_S01', 'SIU^S12^SIU_S12'), '200'],
    [srm('S07', NEW), '201'],
    [srm('S01', NEW).replace('|P|2.5.1', '|X|2.5.1'), '202'],
    [srm('S01', { ...NEW, version: '3.0' }), '203'],
  ] as const;
  for (const [message, code] of refusals) {
    const answer = await ask(message);
    assert.deepEqual([msa(answer)[0], errorOf(answer)[0]], ['AR', code]);
  }
  assert.equal(msa(await ask(srm('S01', NEW).split('\r').slice(0, 1).join('\r')))[0], 'AE');
  assert.deepEqual(msa(await ask('no message at all')), ['cut']);
});

test('answers later: CA at once, then an SRR of its own that names the request, then the SIU', async (t) => {
  const { ask, received, visits } = await desk(t, { answers: 'later', answerDelay_ms: 30 });
  const accepted = await ask(srm('S01', { ...NEW, controlId: 'HUB88', acknowledge: 'AL|AL' }));
  assert.deepEqual(msa(accepted), ['CA', 'HUB88']);
  assert.deepEqual([accepted?.event, accepted?.segment('MSH')[15]], ['ACK^S01^ACK', undefined]);
  assert.equal((await visits()).length, 0);
  await until(() => received.length === 3);
  assert.deepEqual(
    received.slice(1).map((one) => one.event),
    ['SRR^S01^SRR_S01', 'SIU^S12^SIU_S12'],
  );
  assert.deepEqual([...msa(received[1] ?? null), received[1]?.segment('MSH')[15]], ['AA', 'HUB88', 'AL']);
  assert.deepEqual(received[1]?.segment('SCH').slice(1, 3), ['B-1^HUB', 'F-1002^RIVERSIDE']);
  const refused = await ask(srm('S07', NEW));
  assert.deepEqual([msa(refused)[0], errorOf(refused)[0]], ['CR', '201']);
  await ask(srm('S01', { ...NEW, placer: 'B-2' }));
  await until(() => received.length === 4);
  assert.deepEqual([...msa(received[3] ?? null).slice(0, 1), errorOf(received[3] ?? null)[2]], ['AE', 'TAKEN']);
});

test('as asked: MSH-15 and 16 say which; what was accepted is decided also after a restart', async (t) => {
  const { ask, site, received } = await desk(t, { answers: 'as-asked', answerDelay_ms: 3_600_000 });
  assert.equal(msa(await ask(srm('S01', NEW)))[0], 'AA');
  assert.equal(msa(await ask(srm('S04', { placer: 'B-1^HUB', acknowledge: 'AL|AL' })))[0], 'CA');
  await until(() => received.length === 2);
  await site.stop();
  const again = await clinic(t, {}, site.folder);
  await again.act('advance-clock', { ms: 3_700_000 });
  await until(() => received.length === 4);
  assert.deepEqual(
    received.slice(2).map((one) => one.event.slice(0, 7)),
    ['SRR^S04', 'SIU^S15'],
  );
});

test('the request port is the same one after a restart', async (t) => {
  const site = await clinic(t);
  const port = async (one: Clinic): Promise<unknown> => one.state('requests');
  const before = await port(site);
  await site.stop();
  assert.deepEqual(await port(await clinic(t, {}, site.folder)), before);
});

test('a request port that is taken keeps the simulator from starting; null takes no requests at all', async (t) => {
  const { port } = await hospital(t);
  await assert.rejects(clinic(t, { requests: { port } }), { code: 'PORT_IN_USE' });
  const none = await clinic(t, { requests: null });
  assert.equal(await none.state('requests'), null);
});

test('dropAnswer books and hangs up; silentDrop answers AA and books nothing', async (t) => {
  const { ask, site, received, visits } = await desk(t);
  await site.faults({ dropAnswer: { times: 1, match: 'SRM^S01' } });
  assert.deepEqual(msa(await ask(srm('S01', NEW))), ['cut']);
  assert.equal((await visits()).length, 1);
  await until(() => received.length === 2);
  await site.faults({ silentDrop: { times: 1, match: 'SRM^S01' } });
  const lie = await ask(srm('S01', { ...NEW, placer: 'B-2', start: '20261201110000' }));
  assert.deepEqual([msa(lie)[0], lie?.segment('SCH')[2]], ['AA', 'F-1003^RIVERSIDE']);
  assert.equal((await visits()).length, 1);
  assert.deepEqual(
    (await site.state('answered')).map((one) => one['state']),
    ['dropped', 'answered'],
  );
  await ask(srm('S02', MOVE));
  await until(() => received.length === 3);
  assert.equal(received[2]?.event.slice(0, 7), 'SIU^S13');
});

test('echoFirst: the SIU is acknowledged before the answer is given', async (t) => {
  const { ask, site, received } = await desk(t);
  await site.faults({ echoFirst: { times: 1 } });
  assert.equal(msa(await ask(srm('S01', NEW)))[0], 'AA');
  assert.equal(received[1]?.event, 'SIU^S12^SIU_S12');
  await site.act('change-settings', { settings: { answers: 'later', answerDelay_ms: 0 } });
  await site.faults({ echoFirst: { times: 1 } });
  await ask(srm('S02', MOVE));
  await until(() => received.length === 4);
  assert.deepEqual(
    received.slice(2).map((one) => one.event.slice(0, 7)),
    ['SIU^S13', 'SRR^S02'],
  );
});

test('errorRate refuses for a while, an outage refuses connections, and nothing is written by either', async (t) => {
  const { ask, site, visits } = await desk(t);
  await site.faults({ errorRate: 1 });
  assert.deepEqual([msa(await ask(srm('S01', NEW)))[0], msa(await ask(srm('S01', NEW)))[0]], ['AR', 'AE']);
  await site.faults({ errorRate: 0, outage: true });
  assert.deepEqual(msa(await ask(srm('S01', NEW))), ['cut']);
  await site.faults({ outage: false });
  assert.equal((await visits()).length, 0);
  await site.faults({ outage: { times: 1, match: 'SRM^S01' } });
  assert.deepEqual(msa(await ask(srm('S01', NEW))), ['cut']);
  assert.equal((await visits()).length, 0);
  assert.equal(msa(await ask(srm('S01', NEW)))[0], 'AA');
});

test('names in Latin-1 are read and answered in Latin-1', async (t) => {
  const { ask, site } = await desk(t, { unknownPatients: 'register' });
  const message = srm('S01', { ...NEW, mrn: 'RS-7', acknowledge: '|||8859/1' }).replace('Nobody', 'Nuñez');
  const answer = await ask(Buffer.from(message, 'latin1'));
  assert.deepEqual([msa(answer)[0], answer?.segment('MSH')[18]], ['AA', '8859/1']);
  assert.ok(answer?.segment('PID')[5]?.startsWith('Nu�ez'));
  const known = list((await site.state('patients')) as never).find((one) => one['mrn'] === ('RS-7' as never));
  assert.equal(known?.['family'], 'Nuñez');
});

test('a room asked for besides is taken for its own time, told with it, and all is denied where it is not free', async (t) => {
  const { ask, received, visits } = await desk(t);
  const ultrasound = 'AIL|2|A|MAIN^R2^^RIVERSIDE|O||20261201103000|||20|min^minutes^ISO+|No\r';
  assert.deepEqual(msa(await ask(srm('S01', { ...NEW, room: 'R1', controlId: 'HUB1' }) + ultrasound)), ['AA', 'HUB1']);
  const [visit] = await visits();
  assert.deepEqual(visit?.['rooms'], [{ room: 'R2', offset: 30, minutes: 20 }]);
  await until(() => received.length === 2);
  assert.match(received[1]?.text ?? '', /AIL\|2\|A\|MAIN\^R2\^\^RIVERSIDE\|O\|\|20261201103000\|\|\|20\|/);
  const later = { ...NEW, room: 'R1', placer: 'B-2^HUB', start: '20261201113000', controlId: 'HUB2' };
  const denied = await ask(srm('S01', later) + ultrasound);
  assert.deepEqual(msa(denied), ['AE', 'HUB2']);
  assert.equal(errorOf(denied)[2], 'ROOM_TAKEN');
  assert.equal((await visits()).length, 1);
});
