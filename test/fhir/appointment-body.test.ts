import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { offerId, readOfferId } from '../../src/fhir/proposal.ts';
import { appointmentIssues } from '../../src/fhir/rules.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import { structureIssues } from '../../src/fhir/validate.ts';

const VALID: Appointment = {
  resourceType: 'Appointment',
  status: 'booked',
  start: '2026-12-01T09:00:00-06:00',
  end: '2026-12-01T09:50:00-06:00',
  participant: [{ actor: { reference: 'Patient/x' }, status: 'accepted' }],
};
const without = (...names: string[]): Appointment =>
  Object.fromEntries(Object.entries(VALID).filter(([name]) => !names.includes(name))) as unknown as Appointment;
const broken = (appointment: Appointment): string =>
  appointmentIssues(appointment, 'Appointment')
    .map(({ diagnostics = '', expression }) => `${diagnostics.split(':')[0] ?? ''} @ ${expression?.[0] ?? ''}`)
    .join('; ');

describe('rules of an Appointment', () => {
  test('a whole one keeps them all', () => assert.equal(broken(VALID), ''));

  test('app-1: a participant has a type or an actor', () => {
    assert.equal(broken({ ...VALID, participant: [{ status: 'accepted' }] }), 'app-1 @ Appointment.participant[0]');
    assert.equal(broken({ ...VALID, participant: [{ status: 'accepted', type: [{ text: 'x' }] }] }), '');
  });

  test('app-2: start and end come together', () => {
    assert.equal(broken(without('end')), 'app-2 @ Appointment.end');
    assert.equal(broken(without('start')), 'app-2 @ Appointment.start');
  });

  test('app-3: only proposed, cancelled and waitlist do without times', () => {
    for (const status of ['proposed', 'cancelled', 'waitlist'] as const) {
      assert.equal(broken({ ...without('start', 'end'), status }), '', status);
    }
    for (const status of ['pending', 'booked', 'noshow', 'entered-in-error', 'arrived'] as const) {
      assert.equal(broken({ ...without('start', 'end'), status }), 'app-3 @ Appointment.start', status);
    }
  });

  test('app-4: a reason for cancelling stands only on what is cancelled or not kept', () => {
    const cancelationReason = { text: 'ill' };
    assert.equal(broken({ ...VALID, cancelationReason }), 'app-4 @ Appointment.cancelationReason');
    assert.equal(broken({ ...VALID, cancelationReason, status: 'cancelled' }), '');
    assert.equal(broken({ ...VALID, cancelationReason, status: 'noshow' }), '');
  });

  test('a visit ends after it starts, and on days that exist', () => {
    assert.match(broken({ ...VALID, end: VALID.start ?? '' }), /end must be later/);
    assert.match(broken({ ...VALID, start: '2026-12-01T09:00:00-06:00', end: '2026-12-01T10:00:00-05:00' }), /later/);
  });
});

describe('structure of bodies', () => {
  const found = (body: unknown): string[] =>
    structureIssues('Appointment', body).map(({ code, expression }) => `${code} ${expression?.[0] ?? ''}`);

  test('all problems are told at once, each with its place', () => {
    const body = {
      resourceType: 'Appointment',
      status: 'bookd',
      start: '2026-12-01 09:00',
      minutesDuration: 0,
      slots: [],
      participant: [{ actor: { reference: 7 }, status: 'accepted' }, { actor: {} }],
    };
    assert.deepEqual(found(body).sort(), [
      'invalid Appointment.minutesDuration',
      'required Appointment.participant[1]',
      'structure Appointment',
      'structure Appointment.participant[0].actor.reference',
      'structure Appointment.participant[1].actor',
      'value Appointment.start',
      'value Appointment.status',
    ]);
  });

  test('everything that R4 allows is taken', () => {
    assert.deepEqual(
      found({
        ...VALID,
        id: 'a1',
        meta: { versionId: '3', lastUpdated: '2026-12-01T09:00:00Z', profile: ['http://x'], tag: [{ code: 'x' }] },
        text: { status: 'generated', div: '<div/>' },
        extension: [{ url: 'http://x', valuePeriod: { start: '2026' } }],
        _comment: { extension: [{ url: 'http://x', valueString: 'y' }] },
        contained: [{ resourceType: 'Patient', id: 'p', name: [{ family: 'x' }] }],
        priority: 0,
        requestedPeriod: [{ start: '2026-12', end: '2026-12-31' }],
        basedOn: [{ identifier: { system: 'urn:x', value: 'y' } }],
      }),
      [],
    );
  });

  test('an Appointment inside Parameters is looked into, other resources are not', () => {
    const parameters = (resource: unknown): unknown => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'x', resource }],
    });
    assert.deepEqual(
      structureIssues('Parameters', parameters({ ...VALID, status: 1 })).map(({ expression }) => expression?.[0]),
      ['Parameters.parameter[0].resource.status'],
    );
    assert.deepEqual(structureIssues('Parameters', parameters({ resourceType: 'Patient', anything: [{}] })), []);
  });

  test('names that the sender made up are not repeated unless they are plain', () => {
    const text = JSON.stringify(structureIssues('Appointment', { ...VALID, '<b>Jane Doe</b>': 1 }));
    assert.doesNotMatch(text, /Jane/);
  });

  test('any JSON is judged without a crash, with a bounded list of problems', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        for (const name of ['Appointment', 'Parameters', 'JsonPatch'] as const) {
          assert.ok(structureIssues(name, body).length <= 50);
        }
      }),
      { numRuns: 300 },
    );
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`x${n}`, n]));
    assert.equal(structureIssues('Appointment', many).length, 50);
  });
});

test('an offer’s id is a legal FHIR id and leads back to its slot and patient', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (slotId, patientId) => {
      const id = offerId({ slotId, patientId });
      assert.match(id, /^[A-Za-z0-9.-]{1,64}$/);
      assert.deepEqual(readOfferId(id), { slotId, patientId });
    }),
  );
  for (const id of ['', 'offer', 'offer..', `offer.${'z'.repeat(25)}.${'z'.repeat(25)}`, 'offer.1.2']) {
    assert.equal(readOfferId(id), null, id);
  }
});
