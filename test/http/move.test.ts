/** Moving a visit by $book, PUT and PATCH: what the desk is asked, and what its answers become. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { systemScope } from '../../src/store/contract.ts';
import { hours, ids } from '../store/search-world.ts';
import { code, entries, startTestHub, type Answer, type Json } from './hub.ts';

const hub = await startTestHub({ after });
const r9 = ids.slot('north', 'r9');
const a1 = ids.appointment('north', 'a1');
const BOOKING = '01930000-0000-7000-8000-000000000001';
const NINE = { start: '2026-12-01T09:00:00Z', end: '2026-12-01T10:00:00Z' };

const known = async (): Promise<Json> => {
  const found = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(found);
  return JSON.parse(found.json) as Json;
};
const moved = async (repeated = false): Promise<BookingAnswer> => {
  const appointment = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(appointment);
  return { kind: 'moved', bookingId: BOOKING, appointment, repeated };
};

beforeEach(async () => {
  hub.desk.placed.length = 0;
  hub.desk.cancelled.length = 0;
  hub.desk.moved.length = 0;
  hub.desk.answer = await moved();
});

const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  hub.fhir('scheduler', path, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/fhir+json', ...headers },
  });
const book = (resource: Json, headers: Record<string, string> = {}): Promise<Answer> =>
  send(
    'POST',
    '/Appointment/$book',
    { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource }] },
    headers,
  );
const put = (body: Json, headers: Record<string, string> = {}): Promise<Answer> =>
  send('PUT', `/Appointment/${a1}`, body, headers);
const patch = (steps: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  send('PATCH', `/Appointment/${a1}`, steps, { 'content-type': 'application/json-patch+json', ...headers });
const toNine = { slot: [{ reference: `Slot/${r9}` }], ...NINE };

describe('a known Appointment with another slot or time', () => {
  test('moves by $book, answered 200 with a Bundle of exactly it', async () => {
    const answer = await book({ ...(await known()), ...toNine });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([entries(answer).length, entries(answer)[0]?.resource['id']], [1, a1]);
    const [request] = hub.desk.moved;
    assert.deepEqual(
      [request?.appointmentId, request?.slotId, request?.start, request?.end, request?.version, request?.channel],
      [a1, r9, hours(9).start, hours(9).end, null, 'staff'],
    );
    assert.equal(hub.desk.placed.length, 0);
  });

  test('moves by PUT, with the version that If-Match names', async () => {
    const answer = await put({ ...(await known()), ...toNine }, { 'if-match': 'W/"1"' });
    assert.deepEqual([answer.status, answer.body['resourceType']], [200, 'Appointment'], answer.text);
    assert.deepEqual([hub.desk.moved[0]?.slotId, hub.desk.moved[0]?.version], [r9, 1]);
    assert.equal((await put({ ...(await known()), ...toNine }, { 'if-match': 'W/"7"' })).status, 412);
  });

  test('moves by PATCH of the slot, or of the start alone, whose slot the desk finds', async () => {
    assert.equal((await patch([{ op: 'replace', path: '/slot/0/reference', value: `Slot/${r9}` }])).status, 200);
    assert.equal((await patch([{ op: 'replace', path: '/slot', value: [{ reference: `Slot/${r9}` }] }])).status, 200);
    assert.equal((await patch([{ op: 'replace', path: '/start', value: NINE.start }])).status, 200);
    assert.deepEqual(
      hub.desk.moved.map(({ slotId, start, end }) => [slotId, start, end]),
      [
        [r9, null, null],
        [r9, null, null],
        [null, hours(9).start, null],
      ],
    );
  });

  test('is asked of the desk also where nothing differs, so that a repeat gets the first answer', async () => {
    hub.desk.answer = await moved(true);
    const answer = await book(await known(), { 'idempotency-key': 'k' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(hub.desk.moved[0]?.requestKey, 'k');
  });

  test('has a key of its own: the same move asked for twice is one, another target is another', async () => {
    await book({ ...(await known()), ...toNine });
    await book({ ...(await known()), ...toNine });
    await book({ ...(await known()), ...NINE });
    const [first, again, other] = hub.desk.moved;
    assert.match(first?.requestKey ?? '', /^move:1:/);
    assert.deepEqual([again?.requestKey, again?.digest], [first?.requestKey, first?.digest]);
    assert.notEqual(other?.requestKey, first?.requestKey);
  });

  test('is 409 with alternatives where the time is taken, 422 where it is refused, 202 while it is pending', async () => {
    const body = { ...(await known()), ...toNine };
    hub.desk.answer = { kind: 'conflict', error: new HubError('SLOT_TAKEN'), alternatives: [] };
    assert.equal((await book(body)).status, 409);
    hub.desk.answer = new HubError('SITE_CANNOT', { detail: 'move a visit: book the new time first, then cancel' });
    const refused = await book(body);
    assert.deepEqual([refused.status, code(refused)], [422, 'SITE_CANNOT']);
    assert.match(refused.text, /book the new time first/);
    hub.desk.answer = { kind: 'pending', bookingId: BOOKING };
    const pending = await put(body);
    assert.equal(pending.status, 202);
    hub.desk.answer = await moved();
    const settled = await hub.fhir('scheduler', pending.headers.get('content-location') ?? '');
    assert.deepEqual([settled.status, settled.body['resourceType']], [200, 'Appointment']);
  });

  test('is not moved for another patient, nor cancelled in the same step', async () => {
    const other = { actor: { reference: `Patient/${ids.bob}` }, status: 'accepted' };
    const answer = await book({ ...(await known()), ...toNine, participant: [other] });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /moved with its patient/);
    const both = await patch([
      { op: 'replace', path: '/status', value: 'cancelled' },
      { op: 'replace', path: '/start', value: NINE.start },
    ]);
    assert.equal(both.status, 422);
    assert.match(both.text, /a request for each of these in turn/);
    assert.deepEqual([hub.desk.moved.length, hub.desk.cancelled.length], [0, 0]);
  });
});
