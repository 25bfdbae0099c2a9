/** The vectors of the standards sheet, field by field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patient } from '../../src/identity/patient-body.ts';
import { at, appointment, blocks, edit, fixture, hl7Site, map, people, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');

test('V1: a 2.5.1 booking gives times, ids, patient, practitioner, place, visit type and comment', () => {
  const { change, warnings } = appointment(v1);
  assert.deepEqual(change.during, { start: at('2026-03-14T15:00:00Z'), end: at('2026-03-14T15:30:00Z') });
  assert.equal(change.status, 'booked');
  assert.equal(change.key, 'F-1001^HOSP_A');
  assert.deepEqual(change.identifiers, [
    { system: 'urn:slotwire:site:riverside-hl7:HUB', value: 'P-77', type: 'PLAC' },
    { system: 'urn:slotwire:site:riverside-hl7:HOSP_A', value: 'F-1001', type: 'FILL' },
  ]);
  assert.deepEqual(change.visitType, { code: 'CARDFU', display: 'Cardiology follow-up' });
  assert.equal(change.comment, 'Bring list of medicines\nFasting: no');
  assert.deepEqual(change.participants, [
    {
      actor: {
        kind: 'practitioner',
        assertion: { code: '1234567893', npi: '1234567893', family: 'HEART', given: 'HENRY' },
      },
      status: 'accepted',
      type: 'ATND',
    },
    { actor: { kind: 'location', code: 'cardiology' }, status: 'accepted' },
  ]);
  assert.deepEqual(change.patients, [
    {
      key: 'MRN123^HOSP_A',
      identifiers: [{ system: 'urn:oid:1.2.3', value: 'MRN123', type: 'MR' }],
      family: 'DOE',
      given: 'JANE',
      middle: 'Q',
      birthDate: '1980-01-02',
      gender: 'female',
      phone: '+1 217 5550101',
      address: { line: ['1 MAIN ST'], city: 'SPRINGFIELD', state: 'IL', postalCode: '62701', country: 'USA' },
    },
  ]);
  assert.deepEqual(change.reason?.coding, [
    { system: 'http://snomed.info/sct', code: '866149003' },
    { system: 'http://terminology.hl7.org/CodeSystem/v2-0276', code: 'CHECKUP', display: 'Check-up' },
  ]);
  assert.equal(change.created, at('2026-03-01T18:00:00Z'));
  assert.equal(change.at, at('2026-03-01T18:00:00Z'));
  assert.deepEqual(warnings, []);
});

test('V1: without TQ1 the winter offset of MSH-7 does not move a visit that lies after the change of clocks', () => {
  const { change } = appointment(without(v1, 'TQ1'));
  assert.deepEqual(change.during, { start: at('2026-03-14T15:00:00Z'), end: at('2026-03-14T15:30:00Z') });
});

test('V1b: the 2.3 form with two-part MSH-9 and times in SCH-11 alone gives the same times', () => {
  const { change } = appointment(fixture('v1b-version-2.3'));
  assert.deepEqual(change.during, { start: at('2026-03-14T15:00:00Z'), end: at('2026-03-14T15:30:00Z') });
  assert.equal(change.key, '55021');
  assert.deepEqual(change.visitType, { code: 'OV20', display: 'Office visit' });
  assert.deepEqual(
    change.participants.map(({ actor }) => actor),
    [
      { kind: 'practitioner', assertion: { code: 'D12', family: 'HEART', given: 'HENRY' } },
      { kind: 'location', code: 'MAIN' },
    ],
  );
});

test('V2: a cancel takes its reason from SCH-6 and keeps the key', () => {
  let cancel = edit(v1, 'MSH-9', 'SIU^S15^SIU_S12');
  cancel = edit(cancel, 'SCH-6', 'PATCAN^Patient cancelled^L');
  const { change } = appointment(edit(cancel, 'SCH-25', 'Cancelled'));
  assert.equal(change.status, 'cancelled');
  assert.equal(change.key, 'F-1001^HOSP_A');
  assert.deepEqual(change.cancelationReason, {
    coding: [{ system: 'urn:slotwire:site:riverside-hl7:SCH-6', code: 'PATCAN', display: 'Patient cancelled' }],
    text: 'Patient cancelled',
  });
  assert.equal(change.created, undefined);
});

test('V2: what SCH-6 says on a booking is no reason for a cancel', () => {
  assert.equal(appointment(v1).change.cancelationReason, undefined);
});

test('V5: two quotes in PID-13 say that the phone is deleted; an empty PID-13 says nothing', () => {
  const adt = edit(without(v1, 'SCH', 'TQ1', 'NTE', 'RGS', 'AIS', 'AIL', 'AIP'), 'MSH-9', 'ADT^A08^ADT_A01');
  const quotes = people(edit(adt, 'PID-13', '""')).change[0]?.patient;
  assert.equal(quotes?.phone, undefined);
  assert.deepEqual(quotes?.cleared, ['phone', 'email']);
  const known = patient(
    { key: 'MRN123^HOSP_A', identifiers: [], phone: '+1 217 5550101', birthDate: '1980-01-02' },
    null,
  );
  assert.equal(patient(quotes, known).telecom, undefined);
  const empty = people(edit(adt, 'PID-13', '')).change[0]?.patient;
  assert.equal(empty?.phone, undefined);
  assert.equal(empty?.cleared, undefined);
  assert.equal(empty === undefined ? '' : patient(empty, known).telecom?.[0]?.value, '+1 217 5550101');
});

test('V7: escapes in a note become the characters that they stand for', () => {
  const { change } = appointment(edit(v1, 'NTE-3', 'A\\T\\B \\X0D\\ C'));
  assert.equal(change.comment, 'A&B \r C');
});

test('V8: S23 with a person and no patient closes that time, S24 opens it under the same key', () => {
  const s23 = fixture('v8-blocked');
  const [closed, ...more] = blocks(s23);
  assert.deepEqual(more, []);
  assert.deepEqual(closed, {
    kind: 'block',
    at: at('2026-03-01T18:00:00Z'),
    key: 'B-9^HOSP_A/practitioner:1234567893',
    actor: {
      kind: 'practitioner',
      assertion: { code: '1234567893', npi: '1234567893', family: 'HEART', given: 'HENRY' },
    },
    during: { start: at('2026-03-14T17:00:00Z'), end: at('2026-03-14T18:00:00Z') },
    closed: true,
  });
  const [opened] = blocks(edit(s23, 'MSH-9', 'SIU^S24^SIU_S12'));
  assert.equal(opened?.key, closed.key);
  assert.equal(opened.closed, false);
});

test('V8: a block of a person at a place closes the person, not the whole clinic', () => {
  const s23 = `${fixture('v8-blocked')}AIL|1|A|CARD\r`;
  assert.deepEqual(
    blocks(s23).map(({ actor }) => actor.kind),
    ['practitioner'],
  );
  const alone = without(s23, 'AIP');
  assert.deepEqual(
    blocks(alone).map(({ actor }) => actor),
    [{ kind: 'location', code: 'cardiology' }],
  );
});

test('a block that names only a schedule of the site file closes that calendar', () => {
  const rule = { practitioner: 'npi:1234567893' };
  const site = hl7Site({ resources: { calendars: { SCHED_A: rule }, practitioners: {}, devices: {} } });
  const message = edit(without(fixture('v8-blocked'), 'RGS', 'AIP'), 'SCH-5', 'SCHED_A');
  assert.deepEqual(
    blocks(message, site).map(({ actor }) => actor),
    [{ kind: 'calendar', code: 'SCHED_A' }],
  );
  assert.equal(map(message).kind, 'unreadable');
});
