/** RelatedPerson in `$book`, and visits found by whoever acts for the patient, as far as a reader may know of them. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { acting, actorsWith, withActing } from '../../src/fhir/acting.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import { systemScope } from '../../src/store/contract.ts';
import { cause, ids } from '../store/search-world.ts';
import { entries, issues, startTestHub, type Answer, type Json, type Who } from './hub.ts';

const hub = await startTestHub({ after });
const r9 = ids.slot('north', 'r9');
const a1 = ids.appointment('north', 'a1');
/** Of the northern record, of the southern one of the same person, and of a record under a label. */
const MOTHER = canonicalId.relatedPerson('north', 'ann', 'mother');
const AUNT = canonicalId.relatedPerson('south', 'ann', 'aunt');
const GUARDIAN = canonicalId.relatedPerson('north', 'carl', 'guardian');

await hub.write(async (tx) => {
  for (const [id, site, patient, security] of [
    [MOTHER, 'north', ids.annNorth, []],
    [AUNT, 'south', ids.annSouth, []],
    [GUARDIAN, 'north', ids.carl, ['R']],
  ] as const) {
    const resource = {
      resourceType: 'RelatedPerson',
      active: true,
      patient: { reference: `Patient/${patient}` },
    } as const;
    const row = { type: 'RelatedPerson', id, site, resource, active: true, tokens: [], security } as const;
    await tx.resources.put({ ...row, refs: [`patient:Patient/${patient}`] }, cause(site));
  }
  for (const [id, who] of [
    [a1, AUNT],
    [ids.appointment('north', 'a3'), MOTHER],
  ] as const) {
    const visit = await tx.resources.appointment(id);
    if (visit === null) continue;
    const resource = withActing(visit.resource, [acting(who)]);
    const actors = actorsWith(visit.actors, visit.resource, resource);
    await tx.resources.putAppointment({ ...visit, actors, resource }, cause('north'));
  }
});

beforeEach(async () => {
  hub.desk.placed.length = 0;
  const appointment = await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1));
  assert.ok(appointment);
  hub.desk.answer = { kind: 'booked', bookingId: a1, appointment, repeated: false };
});

const reference = (named: string): Json => ({ actor: { reference: named }, status: 'accepted' });
const book = (others: readonly Json[], more: Json = {}, path = '$book', who: Who = 'scheduler'): Promise<Answer> => {
  const participant = [reference(`Patient/${ids.annNorth}`), ...others];
  const time = { start: '2026-12-01T09:00:00Z', end: '2026-12-01T10:00:00Z', slot: [{ reference: `Slot/${r9}` }] };
  const visit = { resourceType: 'Appointment', status: 'pending', ...time, participant };
  const parameter = [{ name: 'appointment-resource', resource: { ...visit, ...more } }];
  return hub.fhir(who, `/Appointment/${path}`, {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
    headers: { 'content-type': 'application/fhir+json' },
  });
};
const found = async (who: Who, query: string): Promise<readonly string[]> => {
  const answer = await hub.fhir(who, `/${query}`);
  assert.equal(answer.status, 200, answer.text);
  return entries(answer).map(({ resource }) => `${String(resource['resourceType'])}/${String(resource['id'])}`);
};
const actingOn = async (who: Who, id: string): Promise<boolean> => {
  const answer = await hub.fhir(who, `/Appointment/${id}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.text.includes('RelatedPerson/');
};

describe('a RelatedPerson among the participants', () => {
  test('is who acts for the patient, and not somebody of the slot’s schedule', async () => {
    assert.equal((await book([reference(`http://hub.example/fhir/R4/RelatedPerson/${MOTHER}`)])).status, 201);
    assert.equal(
      (await book([reference(`RelatedPerson/${MOTHER}`), reference(`Practitioner/${ids.rao}`)])).status,
      201,
    );
    assert.equal((await book([])).status, 201);
    assert.deepEqual(
      hub.desk.placed.map((one) => one.acting),
      [MOTHER, MOTHER, undefined],
    );
  });

  test('is one, and named by the id of this hub', async () => {
    const where = async (answer: Promise<Answer>): Promise<unknown> => {
      const { status } = await answer;
      return [status, issues(await answer)[0]?.['expression']];
    };
    const two = book([reference(`RelatedPerson/${MOTHER}`), reference(`RelatedPerson/${AUNT}`)]);
    assert.deepEqual(await where(two), [422, ['Appointment.participant[2].actor']]);
    assert.deepEqual(await where(book([reference('RelatedPerson/mother')])), [
      422,
      ['Appointment.participant[1].actor'],
    ]);
    const byNumber = { actor: { type: 'RelatedPerson', identifier: { value: '1' } }, status: 'accepted' };
    assert.deepEqual(await where(book([byNumber])), [422, ['Appointment.participant[1].actor']]);
    assert.deepEqual(hub.desk.placed, []);
  });

  test('is held as well, and stays who it is on a visit that is known', async () => {
    await book([reference(`RelatedPerson/${MOTHER}`)], {}, '$hold');
    assert.equal(hub.desk.held.at(-1)?.acting, MOTHER);
    const shown = (await hub.fhir('scheduler', `/Appointment/${a1}`)).body as unknown as Appointment;
    const { start, end, slot } = shown;
    const known = { id: a1, status: 'booked', start, end, slot, comment: 'another one' };
    const other = await book([reference(`RelatedPerson/${MOTHER}`)], known);
    assert.equal(other.status, 422);
    assert.match(other.text, /keeps who acts for its patient/);
    const changed = {
      ...shown,
      participant: [...shown.participant.slice(0, -1), reference(`RelatedPerson/${MOTHER}`)],
    };
    const answer = await hub.fhir('scheduler', `/Appointment/${a1}`, {
      method: 'PUT',
      body: JSON.stringify(changed),
      headers: { 'content-type': 'application/fhir+json' },
    });
    assert.equal(answer.status, 422);
  });
});

describe('visits of whoever acts for the patient', () => {
  test('are found by them, and bring them', async () => {
    assert.deepEqual(await found('scheduler', `Appointment?actor=RelatedPerson/${AUNT}`), [`Appointment/${a1}`]);
    assert.deepEqual(await found('scheduler', `Appointment?actor:RelatedPerson=${AUNT}`), [`Appointment/${a1}`]);
    const brought = await found('scheduler', `Appointment?_id=${a1}&_include=Appointment:actor`);
    assert.ok(brought.includes(`RelatedPerson/${AUNT}`), brought.join());
    const from = await found(
      'scheduler',
      `RelatedPerson?patient=Patient/${ids.annNorth}&_revinclude=Appointment:actor`,
    );
    assert.ok(from.includes(`Appointment/${a1}`), from.join());
    const { rows } = await hub.pool.query(
      `SELECT 1 FROM audit WHERE resource_type = 'RelatedPerson' AND action = 'search'`,
    );
    assert.ok(rows.length > 0);
  });

  test('tell nothing of them to a reader who may not see them', async () => {
    // A token of the northern site only.
    assert.deepEqual(await found('north', `Appointment?actor=RelatedPerson/${AUNT}`), []);
    assert.deepEqual(await found('north', `Appointment?actor:RelatedPerson.active=true&_id=${a1}`), []);
    const brought = await found('north', `Appointment?_id=${a1}&_include=Appointment:actor`);
    assert.ok(brought.includes(`Appointment/${a1}`) && !brought.join().includes('RelatedPerson'));
    assert.equal(await actingOn('scheduler', a1), true);
    assert.equal(await actingOn('north', a1), false);
    const search = await hub.fhir('north', `/Appointment?_id=${a1}`);
    assert.ok(!search.text.includes('RelatedPerson'));
    const { version } = (await hub.store.read(systemScope('test'), (tx) => tx.resources.read('Appointment', a1))) ?? {};
    const old = await hub.fhir('north', `/Appointment/${a1}/_history/${String(version)}`);
    assert.equal(old.status, 200);
    assert.ok(!old.text.includes('RelatedPerson'));
  });
});
