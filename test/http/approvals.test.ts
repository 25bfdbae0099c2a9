/** Who may decide about bookings that wait for a coordinator, how the decision is read, and what the list shows. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Decision, WaitingApproval } from '../../src/booking/contract.ts';
import { instant } from '../../src/core/instant.ts';
import { code, startTestHub, testPlan, TOKENS, type Answer, type Json, type Who } from './hub.ts';

const plan = testPlan();
const clients = plan.hub.clients.map((one) => (one.id === 'readonly' ? { ...one, coordinator: true } : one));
const hub = await startTestHub({ after }, { plan: { ...plan, hub: { ...plan.hub, clients } } });
const BOOKING = '01930000-0000-7000-8000-000000000001';
const decided: Decision[] = [];

beforeEach(() => {
  decided.length = 0;
  hub.decide = (decision) => {
    decided.push(decision);
    return Promise.resolve({ bookingId: decision.bookingId, state: 'held' });
  };
});

const ask = (who: Who | null, path = '', body?: unknown): Promise<Answer> =>
  hub.request(`/ops/api/approvals${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

test('an admin decides, and a client that is a coordinator, also one that cannot book', async () => {
  for (const who of ['admin', 'readonly'] as const) {
    assert.equal((await ask(who)).status, 200);
    const answer = await ask(who, `/${BOOKING}`, { decision: 'approve' });
    assert.deepEqual([answer.status, answer.body], [200, { booking: BOOKING, decision: 'approve', state: 'held' }]);
  }
  assert.equal((await hub.fhir('readonly', '/Appointment/$book', { method: 'POST', body: '{}' })).status, 403);
});

test('who may only ask for bookings decides about none, nor sees what waits', async () => {
  for (const who of ['scheduler', 'cleared', 'north'] as const) {
    for (const answer of [await ask(who), await ask(who, `/${BOOKING}`, { decision: 'approve' })]) {
      assert.deepEqual([answer.status, code(answer)], [403, 'TOKEN_FORBIDS']);
      assert.match(answer.text, /coordinator: true/);
    }
  }
  assert.equal((await ask(null)).status, 401);
  assert.deepEqual(decided, []);
});

test('what a coordinator may not do is everything else of the operations pages', async () => {
  const headers = { authorization: `Bearer ${TOKENS.readonly}` };
  assert.equal((await hub.request('/ops/api/bookings', { headers })).status, 403);
});

test('to decline takes a reason of words; what is no decision is 400', async () => {
  const wrong: readonly unknown[] = [
    {},
    [],

    'null',
    { decision: 'maybe' },
    { decision: 'decline' },
    { decision: 'decline', reason: '  ' },
    { decision: 'decline', reason: 5 },
    { decision: 'decline', reason: 'x'.repeat(501) },
  ];
  for (const body of wrong) {
    const answer = await ask('admin', `/${BOOKING}`, body);
    assert.deepEqual([answer.status, code(answer)], [400, 'REQUEST_INVALID'], JSON.stringify(body));
  }
  assert.equal(decided.length, 0);
  await ask('admin', `/${BOOKING}`, { decision: 'decline', reason: ' call us first ' });
  assert.deepEqual(
    decided.map((one) => [one.decision, one.reason]),
    [['decline', 'call us first']],
  );
});

test('the list shows ids and times, and no name', async () => {
  const at = instant(Date.UTC(2026, 11, 1, 9));
  const one: WaitingApproval = {
    ...{ bookingId: BOOKING, site: 'north', action: 'move', appointmentId: 'a', slotId: 's', patientId: 'p' },
    ...{ during: { start: at, end: at }, from: null, client: 'scheduler', askedAt: at, until: at },
  };
  hub.waiting = [one];
  const { approvals } = (await ask('admin')).body as { approvals: readonly Json[] };
  const time = '2026-12-01T09:00:00Z';
  assert.deepEqual(approvals, [
    {
      ...{ booking: BOOKING, site: 'north', action: 'move', appointment: 'Appointment/a', slot: 'Slot/s' },
      ...{ patient: 'Patient/p', during: { start: time, end: time }, from: null, client: 'scheduler' },
      ...{ askedAt: time, until: time },
    },
  ]);
});
