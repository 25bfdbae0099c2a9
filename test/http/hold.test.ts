/** `$hold` by FHIR: what the desk is asked to hold, to book of what is held, and to let go; and how it is answered. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { instant } from '../../src/core/instant.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { Served } from '../../src/store/contract-resources.ts';
import { ids } from '../store/search-world.ts';
import { code, entries, issues, startTestHub, type Answer, type Json, type Who } from './hub.ts';

const hub = await startTestHub({ after });
const a1 = ids.appointment('north', 'a1');
const BOOKING = '01930000-0000-7000-8000-000000000001';
const UNTIL = instant(Date.UTC(2026, 11, 1, 8, 5));
const ANN = `Patient/${ids.annNorth}`;

const served = async (): Promise<Served> => {
  const found = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(found);
  return found;
};
const heldAnswer = async (repeated = false): Promise<BookingAnswer> => {
  const appointment = await served();
  return { kind: 'held', bookingId: BOOKING, appointment, repeated, scope: 'hub-only', until: UNTIL };
};

beforeEach(async () => {
  for (const list of ['placed', 'cancelled', 'moved', 'held', 'heldBooked', 'heldLonger'] as const)
    hub.desk[list].length = 0;
  hub.desk.holds = false;
  hub.desk.answer = await heldAnswer();
});

const wanted = (more: Json = {}): Json => ({
  resourceType: 'Appointment',
  status: 'proposed',
  start: '2026-12-01T09:00:00Z',
  end: '2026-12-01T10:00:00Z',
  slot: [{ reference: `Slot/${ids.slot('north', 'r9')}` }],
  participant: [{ actor: { reference: ANN }, status: 'accepted' }],
  ...more,
});
const send = (
  operation: string,
  parameter: readonly Json[],
  headers: Record<string, string> = {},
  who: Who = 'scheduler',
): Promise<Answer> =>
  hub.fhir(who, `/Appointment/$${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
  });
const resource = (more: Json = {}): Json => ({ name: 'appointment-resource', resource: wanted(more) });
const seconds = (value: Json): Json => ({ name: 'hold-seconds', ...value });

describe('$hold', () => {
  test('is 201 with the Appointment in a Bundle, its version, and until when it is held', async () => {
    const answer = await send('hold', [resource()]);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers.get('expires'), 'Tue, 01 Dec 2026 08:05:00 GMT');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.headers.get('location') ?? '', new RegExp(`/Appointment/${a1}/_history/\\d+$`));
    assert.ok(answer.headers.get('etag'));
    assert.deepEqual(
      entries(answer).map((entry) => entry.resource['id']),
      [a1],
    );
    const [request] = hub.desk.held;
    assert.deepEqual(
      [request?.client, request?.slotId, request?.patientId, request?.seconds, request?.channel],
      ['scheduler', ids.slot('north', 'r9'), ids.annNorth, null, 'staff'],
    );
    assert.deepEqual(hub.desk.placed, []);
  });

  test('that was asked for before is 200, with the same time', async () => {
    hub.desk.answer = await heldAnswer(true);
    const answer = await send('hold', [resource()], { 'idempotency-key': 'k' });
    assert.deepEqual([answer.status, answer.headers.get('expires')], [200, 'Tue, 01 Dec 2026 08:05:00 GMT']);
    assert.equal(answer.headers.get('location'), null);
  });

  test('has a key of its own: the identifier of the visit is that of its booking, a header is what it is', async () => {
    const identifier = [{ system: 'urn:portal', value: '77' }];
    await send('hold', [resource({ identifier })]);
    await send('hold', [resource({ identifier })], { 'idempotency-key': 'k' });
    await send('hold', [resource()]);
    const keys = hub.desk.held.map(({ requestKey }) => requestKey);
    assert.deepEqual(keys.slice(0, 2), ['hold:urn:portal|77', 'k']);
    assert.match(keys[2] ?? '', /^none:/);
    await send('book', [resource({ identifier })]);
    assert.equal(hub.desk.placed[0]?.requestKey, 'urn:portal|77');
  });

  test('is another request than a $book with the same body', async () => {
    await send('hold', [resource()], { 'idempotency-key': 'k' });
    await send('book', [resource()], { 'idempotency-key': 'k' });
    assert.notEqual(hub.desk.held[0]?.digest, hub.desk.placed[0]?.digest);
  });

  test('says in hold-seconds how long, in whichever whole number type', async () => {
    for (const value of [{ valuePositiveInt: 30 }, { valueInteger: 30 }, { valueUnsignedInt: 30 }]) {
      assert.equal((await send('hold', [resource(), seconds(value)])).status, 201);
      assert.equal(hub.desk.held.at(-1)?.seconds, 30);
    }
  });

  test('with a time that is none is 400, and holds nothing', async () => {
    const wrong: readonly Json[] = [
      { valuePositiveInt: 0 },
      { valueInteger: -5 },
      { valueInteger: 1.5 },
      { valueInteger: 86_401 },
      { valueString: '30' },
      {},
    ];
    for (const value of wrong) {
      const answer = await send('hold', [resource(), seconds(value)]);
      assert.deepEqual([answer.status, code(answer)], [400, 'REQUEST_INVALID'], JSON.stringify(value));
    }
    assert.deepEqual(hub.desk.held, []);
  });

  test('with what it does not take, or without an Appointment, is 400', async () => {
    for (const parameters of [[resource(), { name: 'scope', valueCode: 'this' }], [], [seconds({ valueInteger: 5 })]]) {
      assert.equal((await send('hold', parameters)).status, 400);
    }
    assert.equal((await send('book', [resource(), seconds({ valueInteger: 5 })])).status, 400, '$book takes no time');
    assert.deepEqual([hub.desk.held, hub.desk.placed], [[], []]);
  });

  test('of an Appointment that stands is refused, with what to do', async () => {
    const known = JSON.parse((await served()).json) as Json;
    const answer = await send('hold', [{ name: 'appointment-resource', resource: known }]);
    assert.deepEqual([answer.status, code(answer)], [422, 'RULE_BROKEN']);
    assert.match(issues(answer)[0]?.diagnostics ?? '', /hold the slot of a time that is free/);
    assert.deepEqual(hub.desk.held, []);
  });

  test('of a time that is taken is 409, of a site that is down 503', async () => {
    hub.desk.answer = { kind: 'conflict', error: new HubError('SLOT_TAKEN'), alternatives: [] };
    assert.equal((await send('hold', [resource()])).status, 409);
    hub.desk.answer = new HubError('SITE_DOWN', { site: 'north', retryAfter_ms: 5_000 });
    const down = await send('hold', [resource()]);
    assert.deepEqual([down.status, down.headers.get('retry-after')], [503, '5']);
  });

  test('takes the role scheduler', async () => {
    for (const who of ['readonly', 'north'] as const)
      assert.equal((await send('hold', [resource()], {}, who)).status, 403);
    assert.deepEqual(hub.desk.held, []);
  });
});

describe('a held Appointment', () => {
  test('is held longer by $hold with its id, whole or as a reference, by the key of the header alone', async () => {
    hub.desk.holds = true;
    hub.desk.answer = await heldAnswer(true);
    const known = JSON.parse((await served()).json) as Json;
    const identifier = [{ system: 'urn:portal', value: '77' }];
    const whole = { name: 'appointment-resource', resource: { ...known, identifier } };
    const answer = await send('hold', [whole, seconds({ valuePositiveInt: 90 })]);
    assert.deepEqual(
      [answer.status, answer.headers.get('expires')],
      [200, 'Tue, 01 Dec 2026 08:05:00 GMT'],
      answer.text,
    );
    const reference = { name: 'appointment-reference', valueReference: { reference: `Appointment/${a1}` } };
    assert.equal((await send('hold', [reference], { 'idempotency-key': 'k', 'if-match': 'W/"3"' })).status, 200);
    const [first, second] = hub.desk.heldLonger;
    assert.match(first?.requestKey ?? '', /^none:/);
    assert.deepEqual([first?.appointmentId, first?.seconds, first?.version], [a1, 90, null]);
    assert.deepEqual([second?.requestKey, second?.seconds, second?.version], ['k', null, 3]);
    assert.deepEqual(hub.desk.held, []);
  });

  test('keeps its time: with another one it is refused, with what to do', async () => {
    hub.desk.holds = true;
    const known = JSON.parse((await served()).json) as Json;
    const moved = { ...known, slot: [{ reference: `Slot/${ids.slot('north', 'r9')}` }] };
    const answer = await send('hold', [{ name: 'appointment-resource', resource: moved }]);
    assert.deepEqual([answer.status, code(answer)], [422, 'RULE_BROKEN']);
    assert.match(issues(answer)[0]?.diagnostics ?? '', /hold the other time by itself/);
    assert.deepEqual(hub.desk.heldLonger, []);
  });

  test('more of which its client may not have is 429, and says when one runs out', async () => {
    hub.desk.answer = new HubError('HOLD_LIMIT', { detail: '50 are held', retryAfter_ms: 40_000 });
    const answer = await send('hold', [resource()]);
    assert.deepEqual([answer.status, code(answer), answer.headers.get('retry-after')], [429, 'HOLD_LIMIT', '40']);
  });

  test('is booked by $book with its id, whole or as a reference, with what is said then', async () => {
    hub.desk.holds = true;
    hub.desk.answer = { kind: 'booked', bookingId: BOOKING, appointment: await served(), repeated: false };
    const known = JSON.parse((await served()).json) as Json;
    const whole = await send('book', [
      { name: 'appointment-resource', resource: { ...known, comment: 'ramp' } },
      { name: 'channel', valueCode: 'patient' },
    ]);
    assert.equal(whole.status, 201, whole.text);
    const reference = { name: 'appointment-reference', valueReference: { reference: `Appointment/${a1}` } };
    const by = await send('book', [reference, { name: 'comment', valueString: 'bell' }], { 'if-match': 'W/"3"' });
    assert.equal(by.status, 201, by.text);
    const asked = hub.desk.heldBooked.map((one) => [one.appointmentId, one.comment, one.patientId, one.version]);
    assert.deepEqual(asked, [
      [a1, 'ramp', ids.annNorth, null],
      [a1, 'bell', null, 3],
    ]);
    assert.deepEqual([hub.desk.placed, hub.desk.moved], [[], []]);
  });

  test('that ran out is 409, and says so; of another client 409 with what is free', async () => {
    hub.desk.holds = true;
    const reference = { name: 'appointment-reference', valueReference: { reference: `Appointment/${a1}` } };
    hub.desk.answer = new HubError('HOLD_EXPIRED');
    const expired = await send('book', [reference]);
    assert.deepEqual([expired.status, code(expired)], [409, 'HOLD_EXPIRED']);
    const slot = await hub.store.read(systemScope('test'), (tx) => tx.resources.slot(ids.slot('north', 'r9')));
    assert.ok(slot);
    hub.desk.answer = { kind: 'conflict', error: new HubError('SLOT_TAKEN'), alternatives: [slot] };
    const taken = await send('book', [reference]);
    assert.deepEqual([taken.status, code(taken)], [409, 'SLOT_TAKEN']);
    assert.equal((taken.body['contained'] as readonly Json[]).length, 1, 'for the patient of the visit');
  });

  test('is let go by $book with status cancelled, by PUT and by PATCH', async () => {
    hub.desk.holds = true;
    hub.desk.answer = { kind: 'cancelled', bookingId: BOOKING, appointment: await served(), repeated: false };
    const cancelled = { ...(JSON.parse((await served()).json) as Json), status: 'cancelled' };
    const body = JSON.stringify(cancelled);
    const steps = JSON.stringify([{ op: 'replace', path: '/status', value: 'cancelled' }]);
    const ask = (method: string, type: string, text: string): Promise<Answer> =>
      hub.fhir('scheduler', `/Appointment/${a1}`, { method, headers: { 'content-type': type }, body: text });
    for (const answer of [
      await send('book', [{ name: 'appointment-resource', resource: cancelled }]),
      await ask('PUT', 'application/fhir+json', body),
      await ask('PATCH', 'application/json-patch+json', steps),
    ]) {
      assert.equal(answer.status, 200, answer.text);
    }
    assert.deepEqual(
      hub.desk.cancelled.map(({ appointmentId }) => appointmentId),
      [a1, a1, a1],
    );
    assert.deepEqual(hub.desk.heldBooked, []);
  });

  test('that is asked for at its status address is answered with the time that it has', async () => {
    hub.desk.answer = await heldAnswer(true);
    const answer = await hub.fhir('scheduler', `/Appointment/$booking-status/${BOOKING}`);
    assert.deepEqual([answer.status, answer.headers.get('expires')], [200, 'Tue, 01 Dec 2026 08:05:00 GMT']);
  });
});
