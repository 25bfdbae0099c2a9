/** Status, comment, reason and attendance by PUT, PATCH and $book: what the desk is asked, and what is never asked. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { systemScope } from '../../src/store/contract.ts';
import { ids } from '../store/search-world.ts';
import { code, entries, issues, startTestHub, type Answer, type Json, type Who } from './hub.ts';

const hub = await startTestHub({ after });
const a1 = ids.appointment('north', 'a1');
const BOOKING = '01930000-0000-7000-8000-000000000001';

const known = async (): Promise<Json> => {
  const found = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(found);
  return JSON.parse(found.json) as Json;
};
const changed = async (): Promise<BookingAnswer> => {
  const appointment = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(appointment);
  return { kind: 'changed', bookingId: BOOKING, appointment, repeated: false };
};
const nobodyAsked = (): void => {
  const { placed, cancelled, moved, statused, amended } = hub.desk;
  assert.deepEqual([placed, cancelled, moved, statused, amended], [[], [], [], [], []]);
};

beforeEach(async () => {
  for (const list of ['placed', 'cancelled', 'moved', 'statused', 'amended'] as const) hub.desk[list].length = 0;
  hub.desk.answer = await changed();
});

const send = (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  who: Who = 'scheduler',
): Promise<Answer> =>
  hub.fhir(who, path, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/fhir+json', ...headers },
  });
const put = async (more: Json, headers: Record<string, string> = {}): Promise<Answer> =>
  send('PUT', `/Appointment/${a1}`, { ...(await known()), ...more }, headers);
const patch = (steps: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  send('PATCH', `/Appointment/${a1}`, steps, { 'content-type': 'application/json-patch+json', ...headers });
const book = async (more: Json, ...parameter: readonly Json[]): Promise<Answer> => {
  const resource = { ...(await known()), ...more };
  const all = [{ name: 'appointment-resource', resource }, ...parameter];
  return send('POST', '/Appointment/$book', { resourceType: 'Parameters', parameter: all });
};
async function patientsPart(status: string): Promise<{ index: number; participant: readonly Json[] }> {
  const all = (await known())['participant'] as readonly { actor?: { reference?: string } }[];
  const index = all.findIndex(({ actor }) => actor?.reference?.startsWith('Patient/') === true);
  return { index, participant: all.map((one, at) => (at === index ? { ...one, status } : one)) };
}

describe('a status', () => {
  test('set by PUT is asked of the desk with the version that If-Match names, and answered with the Appointment', async () => {
    const answer = await put({ status: 'arrived' }, { 'if-match': 'W/"1"', 'idempotency-key': 'k' });
    assert.deepEqual([answer.status, answer.body['resourceType']], [200, 'Appointment']);
    const [request] = hub.desk.statused;
    assert.deepEqual(
      [request?.appointmentId, request?.status, request?.version, request?.requestKey],
      [a1, 'arrived', 1, 'k'],
    );
  });

  test('set by PATCH goes the same way, each of them, with the reason of a no-show', async () => {
    for (const status of ['arrived', 'checked-in', 'fulfilled', 'entered-in-error']) {
      assert.equal((await patch([{ op: 'replace', path: '/status', value: status }])).status, 200);
      assert.equal(hub.desk.statused.at(-1)?.status, status);
    }
    const steps = [
      { op: 'replace', path: '/status', value: 'noshow' },
      { op: 'add', path: '/cancelationReason', value: { text: 'did not call' } },
    ];
    assert.equal((await patch(steps)).status, 200);
    assert.equal(hub.desk.statused.at(-1)?.reason, 'did not call');
  });

  test('that stands already is answered without asking anybody', async () => {
    for (const answer of [await put({}), await patch([{ op: 'replace', path: '/status', value: 'booked' }])]) {
      assert.deepEqual([answer.status, answer.body['id']], [200, a1]);
      assert.ok(answer.headers.get('etag'));
    }
    nobodyAsked();
  });

  test('with the time or the comment in one request is refused, naming the requests to send', async () => {
    for (const answer of [
      await put({ status: 'arrived', comment: 'x' }),
      await put({ status: 'cancelled', comment: 'x' }),
      await put({ start: '2026-12-01T09:00:00Z', end: '2026-12-01T10:00:00Z', comment: 'x' }),
      await patch([
        { op: 'replace', path: '/status', value: 'arrived' },
        { op: 'replace', path: '/start', value: '2026-12-01T09:00:00Z' },
      ]),
      await book({ status: 'arrived', comment: 'x' }),
    ]) {
      assert.deepEqual([answer.status, code(answer)], [422, 'RULE_BROKEN']);
      assert.match(issues(answer)[0]?.diagnostics ?? '', /a request for each of these in turn: .*; /);
    }
    nobodyAsked();
  });

  test('that the desk refuses is 422, one that is pending 202 with an address', async () => {
    hub.desk.answer = new HubError('SITE_CANNOT', { detail: 'set the status arrived' });
    assert.deepEqual([(await put({ status: 'arrived' })).status], [422]);
    hub.desk.answer = { kind: 'pending', bookingId: BOOKING };
    const pending = await put({ status: 'arrived' });
    assert.equal(pending.status, 202);
    hub.desk.answer = await changed();
    const settled = await hub.fhir('scheduler', pending.headers.get('content-location') ?? '');
    assert.deepEqual([settled.status, settled.body['resourceType']], [200, 'Appointment']);
  });

  test('takes the role scheduler', async () => {
    const body = { ...(await known()), status: 'arrived' };
    assert.equal((await send('PUT', `/Appointment/${a1}`, body, {}, 'readonly')).status, 403);
    nobodyAsked();
  });

  test('by $book is set where it says that something happened, and is no statement otherwise', async () => {
    const answer = await book({ status: 'checked-in' });
    assert.deepEqual([answer.status, entries(answer).length], [200, 1]);
    assert.equal(hub.desk.statused[0]?.status, 'checked-in');
    hub.desk.answer = { kind: 'moved', bookingId: '', appointment: await served(), repeated: true };
    for (const status of ['proposed', 'pending']) assert.equal((await book({ status })).status, 200);
    assert.equal(hub.desk.statused.length, 1);
  });
});

async function served(): Promise<Extract<BookingAnswer, { kind: 'changed' }>['appointment']> {
  const answer = await changed();
  assert.ok(answer.kind === 'changed');
  return answer.appointment;
}

describe('an amendment', () => {
  test('by PUT names what differs and nothing else', async () => {
    const answer = await put({ comment: 'ramp', reasonCode: [{ text: 'knee' }] }, { 'if-match': 'W/"1"' });
    assert.equal(answer.status, 200, answer.text);
    const [request] = hub.desk.amended;
    assert.deepEqual([request?.to, request?.version], [{ comment: 'ramp', reason: 'knee' }, 1]);
    const { participant: _left, comment: _out, ...rest } = await known();
    const { participant } = await patientsPart('accepted');
    const same = { ...rest, participant };
    assert.equal((await send('PUT', `/Appointment/${a1}`, same)).status, 200);
    assert.equal(hub.desk.amended.length, 1, 'what is left out is no statement');
  });

  test('by PATCH adds or replaces comment, reason and the patient’s answer', async () => {
    const { index } = await patientsPart('accepted');
    const steps = [
      { op: 'add', path: '/comment', value: 'ramp' },
      { op: 'add', path: '/reasonCode', value: [{ coding: [{ code: 'K1', display: 'Knee' }] }] },
      { op: 'replace', path: `/participant/${index}/status`, value: 'needs-action' },
    ];
    assert.equal((await patch(steps)).status, 200);
    assert.deepEqual(hub.desk.amended[0]?.to, { comment: 'ramp', reason: 'Knee', attendance: 'needs-action' });
    const text = [{ op: 'add', path: '/reasonCode/0/text', value: 'hip' }];
    assert.equal((await patch(text)).status, 200);
    assert.equal(hub.desk.amended[1]?.to.reason, 'hip');
  });

  test('by $book with a known Appointment changes comment or reason, whichever way the comment comes', async () => {
    assert.equal((await book({ reasonCode: [{ text: 'knee' }] })).status, 200);
    assert.equal((await book({}, { name: 'comment', valueString: 'ramp' })).status, 200);
    assert.deepEqual(
      hub.desk.amended.map(({ to }) => to),
      [{ reason: 'knee' }, { comment: 'ramp' }],
    );
    assert.equal(hub.desk.moved.length, 0);
  });

  test('of the patient’s answer knows coming and being asked; who does not come has the visit cancelled', async () => {
    const { participant } = await patientsPart('needs-action');
    assert.equal((await put({ participant })).status, 200);
    assert.deepEqual(hub.desk.amended[0]?.to, { attendance: 'needs-action' });
    for (const [status, text] of [
      ['declined', /set its status to cancelled/],
      ['tentative', /accepted.*needs-action/],
    ] as const) {
      const answer = await put({ participant: (await patientsPart(status)).participant });
      assert.equal(answer.status, 422);
      assert.match(issues(answer)[0]?.diagnostics ?? '', text);
    }
  });

  test('of anything else is refused at the element that cannot be changed', async () => {
    const { participant } = await patientsPart('accepted');
    const guest = [...participant, { actor: { reference: `Practitioner/${a1}` }, status: 'accepted' }];
    for (const [more, path] of [
      [{ description: 'x' }, /^Appointment.description$/],
      [{ priority: 3 }, /^Appointment.priority$/],
      [{ participant: guest }, /participant\[\d\]\.actor$/],
      [{ reasonCode: [{ text: 'a' }, { text: 'b' }] }, /reasonCode\[1\]$/],
    ] as const) {
      const answer = await put(more);
      assert.equal(answer.status, 422, answer.text);
      assert.match(issues(answer)[0]?.expression?.[0] ?? '', path);
    }
    const removed = await patch([{ op: 'remove', path: '/comment' }]);
    assert.equal(removed.status, 422);
    nobodyAsked();
  });

  test('that breaks a rule of FHIR is refused as such', async () => {
    const answer = await patch([{ op: 'add', path: '/cancelationReason', value: { text: 'x' } }]);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /app-4/);
    assert.equal((await patch([{ op: 'add', path: '/comment', value: 7 }])).status, 400);
    nobodyAsked();
  });
});
