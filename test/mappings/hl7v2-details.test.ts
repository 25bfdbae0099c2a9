/** What an SIU says of a visit besides who, where and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appointment, edit, fixture, hl7Site, map, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');

test('several services are all kept, and the first decides the kind of visit', () => {
  const { change } = appointment(fixture('three-groups'));
  assert.equal((change.services ?? []).length > 1, true);
  assert.deepEqual(change.services?.[0], change.visitType);
  assert.equal(appointment(v1).change.services, undefined);
});

test('SCH-8 is the type of the appointment, unless it says where the booking stands', () => {
  assert.deepEqual(appointment(v1).change.appointmentType, {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0277', code: 'Normal', display: 'Normal' }],
    text: 'Normal',
  });
  assert.equal(appointment(edit(v1, 'SCH-8', 'Tentative^Tentative^HL70277')).change.appointmentType, undefined);
});

test('diagnoses stay in the stored message unless the site turns them on', () => {
  const message = `${v1}DG1|1||I25.10^Coronary disease^I10C|As typed||A\r`;
  assert.equal(appointment(message).change.diagnoses, undefined);
  assert.deepEqual(appointment(message, hl7Site({}, { diagnoses: true })).change.diagnoses, [
    {
      coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'I25.10', display: 'Coronary disease' }],
      text: 'As typed',
    },
  ]);
});

test('the ids of placer and filler go with every message, whatever names the visit', () => {
  for (const trigger of ['S12', 'S13', 'S14', 'S15', 'S17', 'S26']) {
    const ids = appointment(edit(v1, 'MSH-9', `SIU^${trigger}`)).change.identifiers;
    assert.deepEqual(
      ids.map(({ value, type }) => [value, type]),
      [
        ['P-77', 'PLAC'],
        ['F-1001', 'FILL'],
      ],
    );
  }
});

test('the calendar of SCH-5 is taken where the message names nobody, if the site file lists it', () => {
  const rule = { practitioner: 'npi:1234567893' };
  const site = hl7Site({ resources: { calendars: { SCHED_CARD: rule }, practitioners: {}, devices: {} } });
  const bare = without(edit(edit(v1, 'PV1-7', ''), 'PV1-3', ''), 'AIP', 'AIL');
  const listed = appointment(bare, site).change.participants;
  assert.deepEqual(
    listed.map(({ actor }) => actor),
    [{ kind: 'calendar', code: 'SCHED_CARD' }],
  );
  assert.deepEqual(appointment(bare).change.participants, []);
  assert.equal(appointment(v1, site).change.participants.length, 2);
});

test('each message of a frame has its own ordering time', () => {
  const mapped = map(v1 + edit(v1, 'MSH-7', '20260301130000-0600'));
  const times = mapped.kind === 'changes' ? mapped.changes.map(({ at }) => at) : [];
  assert.equal((times[1] ?? 0) - (times[0] ?? 0), 3_600_000);
});

test('a time far ahead of receipt in a frame is a mistake: the time of the frame stands', () => {
  const mapped = map(v1 + edit(edit(v1, 'MSH-7', '20990301130000'), 'SCH-2', 'F-2'));
  const times = mapped.kind === 'changes' ? mapped.changes.map(({ at }) => at) : [];
  assert.equal(times[1], times[0]);
});
