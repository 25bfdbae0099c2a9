import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppointmentChange } from '../../src/mappings/contract.ts';
import { appointment, edit, fixture, hl7Site, without } from '../fixtures/siu/site.ts';

const bare = edit(edit(edit(fixture('v1-booked'), 'AIS-10', ''), 'SCH-25', ''), 'AIL-2', 'D');
const sent = (trigger: string, status = '', site = hl7Site()): AppointmentChange =>
  appointment(edit(edit(bare, 'MSH-9', `SIU^${trigger}`), 'SCH-25', status), site).change;

test('without SCH-25 the trigger says the status', () => {
  const expected = {
    S12: 'booked', S13: 'booked', S14: 'booked', S15: 'cancelled', S16: 'cancelled', S17: 'entered-in-error',
    S18: 'booked', S19: 'booked', S20: 'booked', S21: 'booked', S22: 'booked', S26: 'noshow', S27: 'booked',
  }; // prettier-ignore
  for (const [trigger, status] of Object.entries(expected)) assert.equal(sent(trigger).status, status, trigger);
});

test('a modification that states no status leaves that of a known appointment alone', () => {
  for (const trigger of ['S14', 'S18', 'S19', 'S20', 'S21', 'S22']) assert.equal(sent(trigger).keepsStatus, true);
  for (const trigger of ['S12', 'S13', 'S15', 'S26']) assert.equal(sent(trigger).keepsStatus, undefined);
  assert.equal(sent('S14', 'Started').keepsStatus, undefined);
});

test('table 0278 is read in any case, with the words that senders use', () => {
  const expected = {
    Pending: 'pending', WAITLIST: 'waitlist', booked: 'booked', Started: 'checked-in', Complete: 'fulfilled',
    Cancelled: 'cancelled', Deleted: 'entered-in-error', Noshow: 'noshow', Overbook: 'booked', ARRIVED: 'arrived',
    Sch: 'booked', Scheduled: 'booked', 'No Show': 'noshow',
  }; // prettier-ignore
  for (const [word, status] of Object.entries(expected)) assert.equal(sent('S14', word).status, status, word);
});

test('a word of the site is what the site file says', () => {
  const site = hl7Site({}, { statusCodes: { conf: 'Booked', 'IN ROOM': 'Started' } });
  assert.equal(sent('S14', 'CONF', site).status, 'booked');
  assert.equal(sent('S14', 'X^In Room', site).status, 'checked-in');
});

test('an unknown word is told, and the trigger decides', () => {
  const { change, warnings } = appointment(edit(edit(bare, 'MSH-9', 'SIU^S12'), 'SCH-25', 'QUUX'));
  assert.equal(change.status, 'booked');
  assert.deepEqual(warnings, ['SCH-25: has a status that is not known; list it under statusCodes']);
});

test('a cancel, deletion or no-show with a stale Booked is what the trigger says, with a warning', () => {
  for (const [trigger, status] of [
    ['S15', 'cancelled'],
    ['S17', 'entered-in-error'],
    ['S26', 'noshow'],
    ['S16', 'cancelled'],
  ] as const) {
    // prettier-ignore
    const { change, warnings } = appointment(edit(edit(bare, 'MSH-9', `SIU^${trigger}`), 'SCH-25', 'Booked'));
    assert.equal(change.status, status);
    assert.deepEqual(warnings, [`SCH-25: contradicts the trigger ${trigger}, which was followed`]);
  }
});

test('a modification with SCH-25 Cancelled is a cancel: there the field wins', () => {
  assert.equal(sent('S14', 'Cancelled').status, 'cancelled');
  assert.equal(sent('S12', 'Cancelled').status, 'cancelled');
});

test('the site file may let the field win on any trigger', () => {
  assert.equal(sent('S15', 'Booked', hl7Site({}, { triggerWins: [] })).status, 'booked');
});

test('discontinued is cancelled before the visit and fulfilled once it has begun', () => {
  const s16 = edit(edit(bare, 'MSH-9', 'SIU^S16'), 'SCH-25', 'Dc');
  assert.equal(appointment(s16).change.status, 'cancelled');
  assert.equal(appointment(edit(s16, 'MSH-7', '20260314101500-0500')).change.status, 'fulfilled');
});

test('the status of the service stands in for SCH-25', () => {
  assert.equal(appointment(edit(edit(bare, 'MSH-9', 'SIU^S14'), 'AIS-10', 'Noshow')).change.status, 'noshow');
});

test('a tentative booking is pending until a status says more', () => {
  assert.equal(appointment(edit(bare, 'SCH-8', 'Tentative^Tentative^HL70277')).change.status, 'pending');
  assert.equal(appointment(edit(edit(bare, 'SCH-8', 'Tentative'), 'SCH-25', 'Booked')).change.status, 'booked');
});

test('the kind of visit is never Normal or Checkup, unless the site file lists that code', () => {
  const none = edit(edit(bare, 'AIS-3', ''), 'SCH-8', 'Normal');
  assert.equal(appointment(none).change.visitType, undefined);
  assert.deepEqual(appointment(none, hl7Site({ visitTypes: { Normal: 'cardiology-30' } })).change.visitType, {
    code: 'Normal',
  });
});

test('an appointment is named by the filler id, or by the placer id where the site file or the message says so', () => {
  assert.equal(sent('S12').key, 'F-1001^HOSP_A');
  assert.equal(sent('S12', '', hl7Site({}, { appointmentKey: 'placer' })).key, 'P-77^HUB');
  assert.equal(appointment(edit(bare, 'SCH-2', '')).change.key, 'P-77^HUB');
});

test('an occurrence of a repeating appointment without an id of its own is an appointment of its own', () => {
  assert.equal(appointment(edit(bare, 'SCH-3', '2')).change.key, 'F-1001^HOSP_A#2');
  assert.equal(appointment(edit(bare, 'SCH-3', '0')).change.key, 'F-1001^HOSP_A');
});

test('a message with identifiers of registered authorities uses their addresses', () => {
  const filler = { system: 'https://hosp-a.example.org/appointments', type: 'filler', useForWriteBack: false };
  const base = hl7Site();
  const site = { ...base, identifiers: { ...base.identifiers, 'HOSP_A^FILL': filler } };
  assert.equal(sent('S12', '', site).identifiers[1]?.system, filler.system);
  const oid = appointment(edit(bare, 'SCH-1', 'P-77^HUB^1.2.3.4^ISO')).change.identifiers[0];
  assert.deepEqual(oid, { system: 'urn:oid:1.2.3.4', value: 'P-77', type: 'PLAC' });
});

test('PV1-16 gives the labels that the site file says, PD1-12 = Y is restricted in any case', () => {
  const vip = edit(bare, 'PV1-16', 'VIP');
  const codes = { VIP: ['R'], 'PV1-16=SUD': ['R', '42CFRPart2'] };
  const site = hl7Site({ sensitivity: { site: [], departments: {}, visitTypes: {}, codes } });
  assert.deepEqual(appointment(vip, site).change.security, ['R']);
  assert.deepEqual(appointment(edit(bare, 'PV1-16', 'SUD'), site).change.security, ['R', '42CFRPart2']);
  assert.equal(appointment(bare, site).change.security, undefined);
  assert.deepEqual(appointment(vip).warnings, ['PV1-16: has a code that is not under sensitivity.codes']);
  const protectedRecord = edit(`${without(bare, 'PD1')}PD1|\r`, 'PD1-12', 'Y');
  assert.deepEqual(appointment(protectedRecord).change.security, ['R']);
});
