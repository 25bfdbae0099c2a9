/** `$book`, cancelling and the status of bookings: what the desk is asked, and what its answers become. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { BookingAnswer } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { readOfferId } from '../../src/fhir/proposal.ts';
import type { Served, StoredSlot } from '../../src/store/contract-resources.ts';
import { systemScope } from '../../src/store/contract.ts';
import { hours, ids, SLOTS } from '../store/search-world.ts';
import { code, entries, issues, startTestHub, UNKNOWN_BOOKING, type Answer, type Json, type Who } from './hub.ts';

const hub = await startTestHub({ after });
const r9 = ids.slot('north', 'r9');
const a1 = ids.appointment('north', 'a1');
const a2 = ids.appointment('south', 'a2');
const BOOKING = '01930000-0000-7000-8000-000000000001';

const served = async (id: string): Promise<Served> => {
  const found = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', id));
  assert.ok(found);
  return found;
};
const booked = async (repeated = false): Promise<BookingAnswer> => ({
  kind: 'booked',
  bookingId: BOOKING,
  appointment: await served(a1),
  repeated,
});

beforeEach(async () => {
  hub.desk.placed.length = 0;
  hub.desk.cancelled.length = 0;
  hub.desk.answer = await booked();
});

const visit = (more: Json = {}): Json => ({
  resourceType: 'Appointment',
  status: 'pending',
  start: '2026-12-01T09:00:00Z',
  end: '2026-12-01T10:00:00Z',
  slot: [{ reference: `Slot/${r9}` }],
  participant: [{ actor: { reference: `Patient/${ids.annNorth}` }, status: 'accepted' }],
  ...more,
});
const withVisit = (resource: Json, ...others: Json[]): Json => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'appointment-resource', resource }, ...others],
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
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/fhir+json', ...headers },
  });
const book = (body: unknown, headers: Record<string, string> = {}, who: Who = 'scheduler'): Promise<Answer> =>
  send('POST', '/Appointment/$book', body, headers, who);

describe('$book', () => {
  test('a new booking is 201 with a Bundle of exactly the booked Appointment', async () => {
    const answer = await book(withVisit(visit()));
    assert.equal(answer.status, 201);
    assert.deepEqual([answer.body['type'], answer.body['total']], ['searchset', 1]);
    const [only, ...others] = entries(answer);
    assert.deepEqual([only?.resource['id'], others.length], [a1, 0]);
    assert.equal(answer.headers.get('location'), `${hub.base}/Appointment/${a1}/_history/1`);
    assert.equal(answer.headers.get('etag'), 'W/"1"');
    const [request] = hub.desk.placed;
    assert.deepEqual(
      [request?.slotId, request?.patientId, request?.start, request?.end, request?.client, request?.channel],
      [r9, ids.annNorth, hours(9).start, hours(9).end, 'scheduler', 'staff'],
    );
  });

  test('a repeat is 200', async () => {
    hub.desk.answer = await booked(true);
    assert.equal((await book(withVisit(visit()))).status, 200);
  });

  test('reason, comment and channel reach the desk', async () => {
    const resource = visit({
      reasonCode: [{ coding: [{ code: 'R51', display: 'Headache' }] }],
      comment: 'in the resource',
    });
    await book(
      withVisit(resource, { name: 'comment', valueString: 'beside it' }, { name: 'channel', valueCode: 'patient' }),
    );
    const [request] = hub.desk.placed;
    assert.deepEqual([request?.reason, request?.comment, request?.channel], ['Headache', 'beside it', 'patient']);
    assert.equal((await book(withVisit(visit(), { name: 'channel', valueString: 'fax' }))).status, 400);
  });

  test('the request key is the header, else the first identifier; the digest minds what is said, not how', async () => {
    const identifier = [{ system: 'urn:x', value: 'k1' }, { value: 'k2' }];
    await book(withVisit(visit({ identifier })), { 'idempotency-key': 'abc' });
    await book(withVisit(visit({ identifier })));
    await book(JSON.stringify(withVisit(Object.fromEntries(Object.entries(visit({ identifier })).reverse())), null, 3));
    await book(withVisit(visit()));
    await book(withVisit(visit({ comment: 'other' })), { 'idempotency-key': 'abc' });
    const keys = hub.desk.placed.map(({ requestKey }) => requestKey);
    assert.deepEqual(keys.slice(0, 3), ['abc', 'urn:x|k1', 'urn:x|k1']);
    assert.match(keys[3] ?? '', /^none:/);
    const digests = hub.desk.placed.map(({ digest }) => digest);
    assert.equal(digests[0], digests[1]);
    assert.equal(digests[1], digests[2]);
    assert.notEqual(digests[0], digests[4]);
    assert.deepEqual(hub.desk.placed[0]?.identifiers, identifier);
  });

  test('an unknown Appointment is a new booking whatever status it carries', async () => {
    for (const status of ['booked', 'cancelled', 'proposed', 'waitlist', 'pending']) {
      const id = status === 'booked' ? '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f' : 'temporary';
      assert.equal((await book(withVisit(visit({ status, id })))).status, 201, status);
    }
    assert.equal(hub.desk.placed.length, 5);
  });

  test('a known one with cancelled cancels, with a key of its own', async () => {
    hub.desk.answer = { kind: 'cancelled', bookingId: BOOKING, appointment: await served(a2), repeated: false };
    const known = JSON.parse((await served(a1)).json) as Json;
    const cancelationReason = { coding: [{ code: 'pat-crs', display: 'Patient: cancelled' }] };
    const answer = await book(withVisit({ ...known, status: 'cancelled', cancelationReason }));
    assert.equal(answer.status, 200);
    assert.equal(entries(answer).length, 1);
    const [request] = hub.desk.cancelled;
    assert.deepEqual(
      [request?.appointmentId, request?.by, request?.reason, request?.requestKey, request?.version],
      [a1, 'patient', 'Patient: cancelled', 'cancel:urn:slotwire:site:north:appointment|a1', null],
    );
    assert.equal(hub.desk.placed.length, 0);
  });

  test('a known one by reference alone is refused: there is nothing to book', async () => {
    assert.equal(
      (
        await book({
          resourceType: 'Parameters',
          parameter: [{ name: 'appointment-reference', valueReference: { reference: `Appointment/${a1}` } }],
        })
      ).status,
      422,
    );
  });

  test('a time that is taken is 409 with alternatives, each of which can be booked by its id', async () => {
    const near: StoredSlot[] = SLOTS.map(({ resource: _resource, ...slot }) => ({
      ...slot,
      version: 1,
      status: 'free',
      withdrawn: false,
    }));
    hub.desk.answer = { kind: 'conflict', error: new HubError('SLOT_TAKEN'), alternatives: near };
    const answer = await book(withVisit(visit()));
    assert.equal(answer.status, 409);
    const [first] = issues(answer);
    assert.equal(first?.code, 'conflict');
    const contained = answer.body['contained'] as Json[];
    assert.deepEqual(
      first.extension?.map(({ valueReference }) => valueReference.reference),
      contained.map(({ id }) => `#${String(id)}`),
    );
    assert.equal(contained.length, SLOTS.length - 1, 'the one under a label is not offered to the uncleared');
    assert.ok(contained.every((offer) => offer['resourceType'] === 'Appointment' && offer['status'] === 'proposed'));

    hub.desk.answer = await booked();
    const id = String(contained[0]?.['id']);
    assert.deepEqual(readOfferId(id), { slotId: r9, patientId: ids.annNorth });
    const reference = { name: 'appointment-reference', valueReference: { reference: `Appointment/${id}` } };
    assert.equal((await book({ resourceType: 'Parameters', parameter: [reference] })).status, 201);
    assert.deepEqual([hub.desk.placed.at(-1)?.slotId, hub.desk.placed.at(-1)?.patientId], [r9, ids.annNorth]);
    assert.equal((await book(withVisit(contained[0] ?? {}))).status, 201);
  });

  test('refused by the site is 422 with its reason', async () => {
    const error = new HubError('SITE_REFUSED', { detail: 'outside the booking window' });
    hub.desk.answer = { kind: 'refused', bookingId: BOOKING, error, because: 'outside-window' };
    const answer = await book(withVisit(visit()));
    assert.equal(answer.status, 422);
    assert.deepEqual(
      issues(answer).map(({ code: issue }) => issue),
      ['business-rule', 'business-rule'],
    );
    assert.match(answer.text, /outside-window/);
    hub.desk.answer = { kind: 'refused', bookingId: BOOKING, error: new HubError('SITE_LOGIN_REFUSED'), because: null };
    assert.equal((await book(withVisit(visit()))).status, 422);
  });

  test('pending is 202 with an address that answers 202 until it is settled, then as the call', async () => {
    hub.desk.answer = { kind: 'pending', bookingId: BOOKING };
    const answer = await book(withVisit(visit()));
    assert.equal(answer.status, 202);
    assert.equal(code(answer), 'BOOKING_PENDING');
    const address = answer.headers.get('content-location') ?? '';
    assert.equal(address, `${hub.base}/Appointment/$booking-status/${BOOKING}`);
    const again = await hub.fhir('scheduler', address);
    assert.deepEqual([again.status, again.headers.get('content-location')], [202, address]);
    hub.desk.answer = await booked();
    const settled = await hub.fhir('scheduler', address);
    assert.deepEqual([settled.status, entries(settled).length], [201, 1]);
    hub.desk.answer = { kind: 'refused', bookingId: BOOKING, error: new HubError('SITE_REFUSED'), because: null };
    assert.equal((await hub.fhir('scheduler', address)).status, 422);
    for (const id of [UNKNOWN_BOOKING, 'x']) {
      assert.equal((await hub.fhir('scheduler', `/Appointment/$booking-status/${id}`)).status, 404, id);
    }
  });

  test('errors of the desk are what the catalogue says', async () => {
    for (const [error, status] of [
      ['REQUEST_KEY_REUSED', 422],
      ['NOT_FOUND', 404],
      ['SITE_NOT_WRITABLE', 422],
      ['DATABASE_UNREACHABLE', 503],
    ] as const) {
      hub.desk.answer = new HubError(error, { detail: 'detail of the hub' });
      const answer = await book(withVisit(visit()));
      assert.deepEqual([answer.status, code(answer)], [status, error]);
      assert.equal(answer.text.includes('detail of the hub'), status < 500, error);
    }
  });

  test('who may not book is 403, and the attempt is written down', async () => {
    for (const who of ['readonly', 'north'] as const) {
      const answer = await book(withVisit(visit()), { 'x-request-id': `forbidden-${who}` }, who);
      assert.deepEqual([answer.status, code(answer)], [403, 'TOKEN_FORBIDS']);
    }
    assert.equal(hub.desk.placed.length, 0);
    const { rows } = await hub.pool.query<Json>(
      `SELECT actor, action, outcome FROM audit WHERE request_id LIKE 'forbidden-%' ORDER BY id`,
    );
    assert.deepEqual(
      rows.map((row) => Object.values(row).join(' ')),
      ['client:readonly book refused', 'client:north book refused'],
    );
  });
});

describe('what $book does not take', () => {
  const refused = async (body: unknown, status: number, where: RegExp): Promise<void> => {
    const answer = await book(body);
    assert.equal(answer.status, status, answer.text);
    assert.match(JSON.stringify(issues(answer).map(({ expression }) => expression)), where, answer.text);
    assert.equal(hub.desk.placed.length, 0);
  };

  test('neither or both of resource and reference', async () => {
    const reference = { name: 'appointment-reference', valueReference: { reference: 'Appointment/x' } };
    await refused({ resourceType: 'Parameters' }, 400, /Parameters\.parameter/);
    await refused(withVisit(visit(), reference), 400, /Parameters\.parameter/);
    await refused(withVisit({ resourceType: 'Patient' }), 400, /Parameters\.parameter/);
    await refused(withVisit(visit(), { name: 'appointment-resorce', resource: visit() }), 400, /parameter\.name/);
  });

  test('an Appointment that is not one: every problem with its place', async () => {
    const broken = visit({ status: 'bookd', participant: [{ status: 'accepted' }, { status: 'perhaps' }], minutes: 3 });
    const answer = await book(withVisit(broken));
    assert.equal(answer.status, 400);
    const places = issues(answer).map(({ expression }) => expression?.[0]);
    assert.deepEqual(places.sort(), [
      'Parameters.parameter[0].resource',
      'Parameters.parameter[0].resource.participant[1].status',
      'Parameters.parameter[0].resource.status',
    ]);
    await refused(withVisit(visit({ participant: [{ status: 'accepted' }] })), 422, /participant\[0\]/);
    await refused(withVisit(visit({ end: '2026-12-01T08:00:00Z' })), 422, /\.end/);
  });

  test('no slot, several slots, or something that is no slot', async () => {
    await refused(withVisit(visit({ slot: undefined })), 422, /Appointment\.slot/);
    await refused(withVisit(visit({ slot: [{ reference: `Slot/${r9}` }, { reference: `Slot/${r9}` }] })), 422, /slot/);
    await refused(withVisit(visit({ slot: [{ reference: 'Slot/nine' }] })), 422, /slot\[0\]/);
    const unknown = visit({
      slot: [{ reference: `Slot/${ids.slot('north', 'never')}` }],
      participant: [ids.annNorth, ids.rao].map((id, at) => ({
        actor: { reference: `${at === 0 ? 'Patient' : 'Practitioner'}/${id}` },
        status: 'accepted',
      })),
    });
    assert.equal((await book(withVisit(unknown))).status, 404);
  });

  test('no patient or several', async () => {
    await refused(
      withVisit(visit({ participant: [{ type: [{ text: 'x' }], status: 'accepted' }] })),
      422,
      /participant/,
    );
    const two = [ids.annNorth, ids.bob].map((id) => ({ actor: { reference: `Patient/${id}` }, status: 'accepted' }));
    await refused(withVisit(visit({ participant: two })), 422, /participant/);
  });

  test('a practitioner or place that is not of the slot’s schedule', async () => {
    const patient = { actor: { reference: `Patient/${ids.annNorth}` }, status: 'accepted' };
    const other = (reference: string): Json => ({ actor: { reference }, status: 'accepted' });
    const own = visit({
      participant: [patient, other(`Practitioner/${ids.rao}`), other(`Location/${ids.northClinic}`)],
    });
    assert.equal((await book(withVisit(own))).status, 201);
    hub.desk.placed.length = 0;
    await refused(
      withVisit(visit({ participant: [patient, other(`Practitioner/${ids.ortiz}`)] })),
      422,
      /participant\[1\]/,
    );
  });
});

test('a patient is also named by an identifier that exactly one visible record carries', async () => {
  const identifier = { system: 'https://north.example/mrn', value: 'bob-mrn' };
  const nobody = [{ type: [{ text: 'patient' }], status: 'needs-action' }];
  const resource = { resourceType: 'Patient', identifier: [identifier], name: [{ family: 'Secret' }] };
  assert.equal(
    (await book(withVisit(visit({ participant: [{ actor: { type: 'Patient', identifier }, status: 'accepted' }] }))))
      .status,
    201,
  );
  assert.equal(
    (await book(withVisit(visit({ participant: nobody }), { name: 'patient-resource', resource }))).status,
    201,
  );
  assert.deepEqual(
    hub.desk.placed.map(({ patientId }) => patientId),
    [ids.bob, ids.bob],
  );
  const unknown = { ...resource, identifier: [{ ...identifier, value: 'nobody' }] };
  const answer = await book(withVisit(visit({ participant: nobody }), { name: 'patient-resource', resource: unknown }));
  assert.equal(answer.status, 422);
  assert.match(answer.text, /The hub creates none: have the clinic register/);
  assert.doesNotMatch(answer.text, /Secret|nobody/);
});

describe('cancelling by PUT and PATCH', () => {
  const cancelled = async (): Promise<BookingAnswer> => ({
    kind: 'cancelled',
    bookingId: BOOKING,
    appointment: await served(a2),
    repeated: false,
  });
  const whole = async (more: Json = {}): Promise<Json> => ({
    ...(JSON.parse((await served(a1)).json) as Json),
    ...more,
  });
  const patch = (steps: unknown, headers: Record<string, string> = {}, id = a1): Promise<Answer> =>
    send('PATCH', `/Appointment/${id}`, steps, { 'content-type': 'application/json-patch+json', ...headers });

  test('PUT with status cancelled cancels and answers the Appointment', async () => {
    hub.desk.answer = await cancelled();
    const answer = await send(
      'PUT',
      `/Appointment/${a1}`,
      // The type as it was before the site's own record came: a visit is not kept because of that.
      await whole({ status: 'cancelled', cancelationReason: { text: 'ill' }, serviceType: [{ text: 'as it was' }] }),
      { 'if-match': 'W/"1"' },
    );
    assert.deepEqual(
      [answer.status, answer.body['resourceType'], answer.body['status']],
      [200, 'Appointment', 'cancelled'],
    );
    const [request] = hub.desk.cancelled;
    assert.deepEqual([request?.appointmentId, request?.reason, request?.version, request?.by], [a1, 'ill', 1, 'staff']);
  });

  test('PATCH of the status does the same, with a reason and with tests', async () => {
    hub.desk.answer = await cancelled();
    const steps = [
      { op: 'test', path: '/status', value: 'booked' },
      { op: 'test', path: '/slot/0/reference', value: `Slot/${ids.slot('north', 'r10')}` },
      { op: 'replace', path: '/status', value: 'cancelled' },
      { op: 'add', path: '/cancelationReason', value: { coding: [{ code: 'prov' }], text: 'away' } },
    ];
    assert.equal((await patch(steps)).status, 200);
    assert.deepEqual([hub.desk.cancelled[0]?.reason, hub.desk.cancelled[0]?.by], ['away', 'practitioner']);
    const failing = await patch([{ op: 'test', path: '/status', value: 'arrived' }, ...steps.slice(2)]);
    assert.equal(failing.status, 422);
    assert.equal(hub.desk.cancelled.length, 1);
  });

  test('a version that has passed is 412', async () => {
    for (const version of ['W/"2"', '"7"', 'nonsense']) {
      const answer = await patch([{ op: 'replace', path: '/status', value: 'cancelled' }], { 'if-match': version });
      assert.deepEqual([answer.status, code(answer)], [412, 'VERSION_MISMATCH'], version);
    }
    assert.equal(hub.desk.cancelled.length, 0);
  });

  test('what is cancelled already stays so without asking the site', async () => {
    const answer = await patch([{ op: 'replace', path: '/status', value: 'cancelled' }], {}, a2);
    assert.deepEqual([answer.status, answer.body['status'], hub.desk.cancelled.length], [200, 'cancelled', 0]);
  });

  test('pending is 202, and its address answers with the Appointment when it is settled', async () => {
    hub.desk.answer = { kind: 'pending', bookingId: BOOKING };
    const answer = await patch([{ op: 'replace', path: '/status', value: 'cancelled' }]);
    assert.equal(answer.status, 202);
    hub.desk.answer = await cancelled();
    const settled = await hub.fhir('scheduler', answer.headers.get('content-location') ?? '');
    assert.deepEqual([settled.status, settled.body['resourceType']], [200, 'Appointment']);
  });

  test('any other change is refused with the way to make it', async () => {
    const both = await whole({ status: 'cancelled', start: '2026-12-01T11:00:00Z', end: '2026-12-01T12:00:00Z' });
    const answer = await send('PUT', `/Appointment/${a1}`, both);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /a request for each of these in turn: the status \(cancelled\); the time/);
    for (const steps of [
      [{ op: 'remove', path: '/participant/0' }],
      [{ op: 'replace', path: '/__proto__/status', value: 'cancelled' }],
      [{ op: 'copy', from: '/status', path: '/comment' }],
    ]) {
      assert.equal((await patch(steps)).status, 422, JSON.stringify(steps));
    }
    assert.equal((await patch([{ op: 'replace', path: '/status', value: { a: 1 } }])).status, 400);
    assert.equal((await patch({ op: 'replace' })).status, 400);
    assert.equal((await patch([])).status, 400);
    assert.equal(hub.desk.cancelled.length, 0);
  });

  test('the id in the body is the id in the address, and what is not there is 404', async () => {
    assert.equal((await send('PUT', `/Appointment/${a2}`, await whole({ status: 'cancelled' }))).status, 400);
    const unknown = '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f';
    assert.equal(
      (await send('PUT', `/Appointment/${unknown}`, await whole({ status: 'cancelled', id: unknown }))).status,
      404,
    );
    const hidden = ids.appointment('north', 'a4');
    assert.equal((await patch([{ op: 'replace', path: '/status', value: 'cancelled' }], {}, hidden)).status, 404);
  });

  test('the media type says what is sent', async () => {
    assert.equal((await send('PATCH', `/Appointment/${a1}`, [])).status, 415);
    assert.equal(
      (await send('PUT', `/Appointment/${a1}`, await whole(), { 'content-type': 'application/xml' })).status,
      415,
    );
    assert.equal((await book(withVisit(visit()), { 'content-type': 'text/plain' })).status, 415);
    assert.equal(
      (await book(withVisit(visit()), { 'content-type': 'application/fhir+json; fhirVersion=5.0' })).status,
      415,
    );
    assert.equal((await book(withVisit(visit()), { 'content-type': 'application/json; charset=latin1' })).status, 415);
  });
});

test('every other write is 405 and says what is possible', async () => {
  for (const [method, path, allow] of [
    ['POST', '/Appointment', 'GET, HEAD'],
    ['DELETE', `/Appointment/${a1}`, 'GET, HEAD, PUT, PATCH'],
    ['PUT', `/Slot/${r9}`, 'GET, HEAD'],
    ['POST', '/Patient', 'GET, HEAD'],
    ['DELETE', '/Slot', 'GET, HEAD'],
    ['GET', '/Slot/_search', 'POST'],
    ['POST', '', 'GET, HEAD'],
  ] as const) {
    const answer = await send(method, path, method === 'GET' ? undefined : '{}');
    assert.deepEqual([answer.status, code(answer)], [405, 'METHOD_UNSUPPORTED'], `${method} ${path}`);
    assert.equal(answer.headers.get('allow'), allow);
  }
  for (const path of ['/Appointment/$find', '/$everything', `/Appointment/${a1}/$book`]) {
    const { status } = await send('POST', path, '{}');
    assert.ok(status === 405 || status === 404, `${path} ${status}`);
  }
});
