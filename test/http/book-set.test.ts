/** `$book-set`, its status, and `scope` of `$book`: what the desk is asked, and what its answers become. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import type { SetAnswer, SetVisit } from '../../src/booking/contract-set.ts';
import { HubError } from '../../src/core/errors.ts';
import { instant } from '../../src/core/instant.ts';
import type { Served } from '../../src/store/contract-resources.ts';
import type { BookingSet } from '../../src/store/contract-sets.ts';
import { systemScope } from '../../src/store/contract.ts';
import { ids } from '../store/search-world.ts';
import { entries, issues, startTestHub, type Answer, type Json } from './hub.ts';

const hub = await startTestHub({ after });
const r9 = ids.slot('north', 'r9');
const a1 = ids.appointment('north', 'a1');
const a2 = ids.appointment('south', 'a2');
const SET = '01930000-0000-7000-8000-000000000002';
const NOW = instant(0);

const served = async (id: string): Promise<Served> => {
  const found = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', id));
  assert.ok(found);
  return found;
};
const rows: BookingSet = {
  id: SET, client: 'scheduler', requestKey: 'k', requestDigest: '', kind: 'set', action: 'place', mode: 'all',
  rules: '[]', state: 'done', stateAt: NOW, failedStep: null, trace: null, checkAt: NOW, createdAt: NOW, createdBy: '',
}; // prettier-ignore
const settled = (more: Partial<BookingSet>, visits: readonly SetVisit[], repeated = false): SetAnswer => ({
  kind: 'settled',
  set: { ...rows, ...more },
  visits,
  repeated,
});
const step = (number: number, more: Partial<SetVisit>): SetVisit => ({
  step: number,
  name: null,
  state: 'refused',
  answer: null,
  code: null,
  detail: null,
  ...more,
});
const bookedStep = async (number: number, id: string): Promise<SetVisit> =>
  step(number, {
    state: 'done',
    answer: { kind: 'booked', bookingId: '', appointment: await served(id), repeated: true },
  });

const appointment = (more: Json = {}): Json => ({
  resourceType: 'Appointment',
  status: 'proposed',
  start: '2026-12-01T09:00:00Z',
  end: '2026-12-01T10:00:00Z',
  slot: [{ reference: `Slot/${r9}` }],
  participant: [{ actor: { reference: `Patient/${ids.annNorth}` }, status: 'accepted' }],
  ...more,
});
const visitPart = (name: string, ...more: Json[]): Json => ({
  name: 'visit',
  part: [{ name: 'name', valueString: name }, { name: 'appointment-resource', resource: appointment() }, ...more],
});
const rule = (type: string, visits: readonly string[], ...more: Json[]): Json => ({
  name: 'rule',
  part: [{ name: 'type', valueCode: type }, ...visits.map((valueString) => ({ name: 'visit', valueString })), ...more],
});
const send = (path: string, parameter: readonly Json[], headers: Record<string, string> = {}): Promise<Answer> =>
  hub.fhir('scheduler', path, {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
    headers: { 'content-type': 'application/fhir+json', ...headers },
  });
const bookSet = (parameter: readonly Json[], headers?: Record<string, string>): Promise<Answer> =>
  send('/Appointment/$book-set', parameter, headers);

beforeEach(() => {
  hub.sets.placed.length = 0;
  hub.sets.following.length = 0;
});

describe('$book-set', () => {
  test('asks the desk for its visits, mode and rules, under the request key', async () => {
    hub.sets.answer = settled({}, [await bookedStep(1, a1), await bookedStep(2, a2)]);
    const max = { name: 'max', valueDuration: { value: 2, code: 'd', system: 'http://unitsofmeasure.org' } };
    const parameter = [
      visitPart('mri'),
      visitPart('talk', { name: 'comment', valueString: 'bring papers' }),
      { name: 'mode', valueCode: 'best-effort' },
      rule('within', ['mri', 'talk'], max),
      rule('same-day', [], { name: 'time-zone', valueString: 'America/Chicago' }),
    ];
    const answer = await bookSet(parameter, { 'idempotency-key': 'k1' });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(
      entries(answer).map(({ resource }) => resource['id'] ?? resource['resourceType']),
      [a1, a2, 'OperationOutcome'],
    );
    const [request] = hub.sets.placed;
    assert.deepEqual([request?.requestKey, request?.mode], ['k1', 'best-effort']);
    assert.deepEqual(request?.rules, [
      { kind: 'within', visits: [1, 2], min: null, max: { value: 2, unit: 'd' } },
      { kind: 'same-day', visits: [], zone: 'America/Chicago' },
    ]);
    assert.deepEqual(
      request.visits.map(({ name, slotId, patientId, comment }) => [name, slotId, patientId, comment]),
      [
        ['mri', r9, ids.annNorth, undefined],
        ['talk', r9, ids.annNorth, 'bring papers'],
      ],
    );
  });

  test('a visit may recur', async () => {
    const part = [
      { name: 'frequency', valueCode: 'weekly' },
      { name: 'day-of-week', valueCode: 'tue' },
      { name: 'count', valueInteger: 4 },
      { name: 'exception', valueDate: '2026-12-15' },
    ];
    await bookSet([visitPart('weekly', { name: 'recurrence', part })]);
    assert.deepEqual(hub.sets.placed[0]?.visits[0]?.recurrence, {
      frequency: 'weekly',
      interval: 1,
      daysOfWeek: ['tue'],
      weekOfMonth: null,
      count: 4,
      until: null,
      exceptions: ['2026-12-15'],
    });
  });

  test('all that is wrong with a request is told at once, and nothing is asked of the desk', async () => {
    const recurrence = { name: 'recurrence', part: [{ name: 'frequency', valueCode: 'weekly' }] };
    const answer = await bookSet([
      visitPart('one', recurrence),
      visitPart('one'),
      rule('within', ['1', '2']),
      rule('before', ['1', 'nobody']),
      rule('never', ['1', '2']),
      { name: 'mode', valueCode: 'some' },
    ]);
    assert.equal(answer.status, 400);
    assert.equal(issues(answer).length, 7, answer.text);
    assert.deepEqual(hub.sets.placed, []);
    assert.equal((await bookSet([])).status, 400);
  });

  test('has no more visits than booking.setVisits says, and its caller is told how many and what to do', async () => {
    const many = Array.from({ length: 101 }, (_none, index) => visitPart(`v${index}`));
    const answer = await bookSet(many);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.text, /at most 100 visits \(booking\.setVisits\), and this one 101: send several/);
    assert.deepEqual(hub.sets.placed, []);
  });

  test('that waits is 202 with the address where it is told, which answers 202 until it is settled', async () => {
    hub.sets.answer = { kind: 'pending', setId: SET };
    const answer = await bookSet([visitPart('one')]);
    assert.equal(answer.status, 202);
    const where = answer.headers.get('content-location') ?? '';
    assert.equal(where, `${hub.base}/Appointment/$set-status/${SET}`);
    assert.equal((await hub.fhir('scheduler', where)).status, 202);
    hub.sets.answer = settled({}, [await bookedStep(1, a1)], true);
    assert.equal((await hub.fhir('scheduler', where)).status, 200);
  });

  test('of which nothing could be held is 409 and names the visit', async () => {
    const visit = { step: 2, name: 'talk' };
    const error = new HubError('SLOT_TAKEN');
    hub.sets.answer = { kind: 'conflict', visit, error, alternatives: [], patientId: null };
    const answer = await bookSet([visitPart('mri'), visitPart('talk')]);
    assert.equal(answer.status, 409);
    assert.match(answer.text, /visit 2 \(talk\) is taken, so nothing was held/);
  });

  test('that came to nothing tells of each visit: 409 where its time was taken, else 422', async () => {
    const refused = new HubError('SITE_REFUSED', { detail: 'no referral' });
    hub.sets.answer = settled({ state: 'stuck', failedStep: 2 }, [
      step(1, { state: 'stuck' }),
      step(2, { answer: { kind: 'refused', bookingId: '', error: refused, because: 'needs-referral' } }),
      step(3, { state: 'released' }),
    ]);
    const answer = await bookSet([visitPart('one')]);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Visit 1 could not be taken back.*Visit 2: .*no referral.*Visit 3 was not sent/s);
    hub.sets.answer = settled({ state: 'refused', failedStep: 1 }, [step(1, { code: 'SLOT_TAKEN' })]);
    assert.equal((await bookSet([visitPart('one')])).status, 409);
  });

  test('books new visits only', async () => {
    const known = { name: 'visit', part: [{ name: 'appointment-resource', resource: appointment({ id: a1 }) }] };
    assert.equal((await bookSet([known])).status, 422);
  });
});

describe('scope of $book', () => {
  test('this-and-following cancels or moves what follows a visit; this is the visit alone', async () => {
    hub.sets.answer = settled({ action: 'cancel' }, [await bookedStep(1, a1)]);
    const cancelled = { ...appointment({ id: a1, status: 'cancelled' }) };
    const scope = { name: 'scope', valueCode: 'this-and-following' };
    const resource = { name: 'appointment-resource', resource: cancelled };
    assert.equal((await send('/Appointment/$book', [resource, scope])).status, 200);
    const known = JSON.parse((await served(a1)).json) as Json;
    const moved = { ...known, slot: [{ reference: `Slot/${r9}` }], participant: appointment()['participant'] };
    const move = [{ name: 'appointment-resource', resource: moved }, scope, { name: 'mode', valueCode: 'best-effort' }];
    const answer = await send('/Appointment/$book', move);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(hub.sets.following, [
      ['cancel', a1],
      ['move best-effort', a1],
    ]);
    assert.equal((await send('/Appointment/$book', [resource, { ...scope, valueCode: 'all' }])).status, 400);
  });
});
