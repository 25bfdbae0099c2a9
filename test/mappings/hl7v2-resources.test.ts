import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParticipantStatement } from '../../src/mappings/contract.ts';
import { appointment, blocks, edit, fixture, hl7Site, place, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');

function codes(participants: readonly ParticipantStatement[]): readonly string[] {
  return participants.map(({ actor }) =>
    actor.kind === 'practitioner' ? `practitioner ${actor.assertion.code}` : `${actor.kind} ${actor.code}`,
  );
}

test('of a move in two resource groups, one marked D and one A, the added one is taken', () => {
  const { change } = appointment(fixture('move-in-two-groups'));
  assert.deepEqual(codes(change.participants), ['practitioner D13', 'location cardiology']);
  assert.equal(change.during?.start, Date.parse('2026-03-16T19:00:00Z'));
});

test('a resource marked D inside a group is removed, its neighbours stay', () => {
  const second = 'AIP|2|D|D99^GONE^GUS\r';
  assert.deepEqual(codes(appointment(v1 + second).change.participants), [
    'practitioner 1234567893',
    'location cardiology',
  ]);
});

test('a cancel names with D or C what it cancels: the resources stay in the statement', () => {
  for (const action of ['D', 'C']) {
    const cancel = edit(edit(edit(v1, 'MSH-9', 'SIU^S15'), 'RGS-2', action), 'AIP-2', action);
    assert.deepEqual(codes(appointment(edit(cancel, 'SCH-25', 'Cancelled')).change.participants), [
      'practitioner 1234567893',
      'location cardiology',
    ]);
  }
});

test('AIP-3 with one person under three authorities is one participant, by the code that is listed', () => {
  const three =
    'Z7^HEART^HENRY^^^^^^UPINS^^^^UPIN~1234567893^HEART^HENRY^^^^^^NPI^^^^NPI~D12^HEART^HENRY^^^^^^HOSP_A^^^^EI';
  const message = edit(v1, 'AIP-3', three);
  const one = appointment(message).change.participants.filter(({ actor }) => actor.kind === 'practitioner');
  assert.deepEqual(
    one.map(({ actor }) => actor),
    [{ kind: 'practitioner', assertion: { code: 'Z7', npi: '1234567893', family: 'HEART', given: 'HENRY' } }],
  );
  const practitioners = { D12: { practitioner: 'npi:1234567893' } };
  const site = hl7Site({ resources: { calendars: {}, practitioners, devices: {} } });
  assert.equal(codes(appointment(message, site).change.participants)[0], 'practitioner D12');
});

test('an NPI whose check digit does not fit is a code of the site and links nobody', () => {
  const { change, warnings } = appointment(edit(v1, 'AIP-3', '1234567890^HEART^HENRY^^^^^^^^^^NPI'));
  assert.deepEqual(change.participants[0]?.actor, {
    kind: 'practitioner',
    assertion: { code: '1234567890', refusedNpi: '1234567890', family: 'HEART', given: 'HENRY' },
  });
  assert.equal(
    warnings.some((text) => text.startsWith('AIP-3: says NPI, but the check digit')),
    true,
  );
});

test('a number that is typed to fill a field is nobody: the person is told by the name', () => {
  const filler = (name: string): string =>
    codes(appointment(edit(v1, 'AIP-3', `9999999999^${name}^^^^^^^^^^NPI`)).change.participants)[0] ?? '';
  assert.equal(filler('HEART^HENRY'), 'practitioner HEART HENRY');
  assert.equal(filler('LUNG^LARA'), 'practitioner LUNG LARA');
  assert.equal(filler('^'), 'practitioner 9999999999');
});

test('the attending of PV1 stands in where no AIP and no AIG names a person', () => {
  assert.deepEqual(codes(appointment(without(v1, 'AIP')).change.participants), [
    'practitioner 1234567893',
    'location cardiology',
  ]);
});

test('contacts and who typed it in (SCH-12, 16, 20) are nobody whose time is taken', () => {
  const { change } = appointment(without(edit(v1, 'PV1-7', ''), 'AIP'));
  assert.deepEqual(codes(change.participants), ['location cardiology']);
});

test('PV1-3 stands in for a missing AIL', () => {
  assert.deepEqual(codes(appointment(without(v1, 'AIL')).change.participants), [
    'practitioner 1234567893',
    'location cardiology',
  ]);
});

test('a room that the site file lists goes before the clinic that it lies in', () => {
  const locations = {
    cardiology: place('America/Chicago', ['CARD']),
    'room-1': place('America/Chicago', ['CARD^R1'], true),
  };
  const room = appointment(v1, hl7Site({ locations })).change.participants[1];
  assert.deepEqual(room?.actor, { kind: 'location', code: 'room-1' });
});

test('a place that the site file does not list keeps point of care and room as its code', () => {
  const { change } = appointment(edit(v1, 'AIL-3', 'EYE^R9^^HOSP_A^^^^^Eye clinic'));
  assert.deepEqual(change.participants[1]?.actor, { kind: 'location', code: 'EYE^R9', name: 'Eye clinic' });
});

test('three groups give each person, place and device once', () => {
  const { change, warnings } = appointment(fixture('three-groups'));
  assert.deepEqual(codes(change.participants), [
    'practitioner 400',
    'practitioner 500',
    'practitioner 600',
    'location LAB1^Lab Room 01',
    'location DX2^Imaging Room 01',
    'location OPD12^Room 55',
    'device 123',
    'device 1001',
  ]);
  assert.deepEqual(change.visitType, { code: '58410-2', display: 'Blood panel' });
  assert.equal(warnings.includes('AIS-3: names several services; the first is the visit type'), true);
  assert.equal(change.comment, 'Yearly check-up');
});

test('a general resource is what the site file says of its type, or of itself, else what its type is called', () => {
  const aig = (type: string): string =>
    edit(`${without(v1, 'AIP', 'AIL')}AIG|1|A|R77^Something|${type}\r`, 'PV1-7', '');
  const kinds = (type: string, site = hl7Site()): readonly string[] =>
    codes(appointment(edit(aig(type), 'PV1-3', ''), site).change.participants);
  assert.deepEqual(kinds('D^Doctor'), ['practitioner R77']);
  assert.deepEqual(kinds('015^Imaging Equipment'), ['device R77']);
  assert.deepEqual(kinds('X^Exam Room'), ['location R77']);
  assert.deepEqual(kinds('ODD'), ['device R77']);
  assert.deepEqual(kinds('odd', hl7Site({}, { resourceTypes: { ODD: 'practitioner' } })), ['practitioner R77']);
  assert.deepEqual(kinds('ODD', hl7Site({}, { resourceTypes: { ODD: 'ignore' } })), []);
  const calendars = { R77: { practitioner: 'npi:1234567893' } };
  const listed = hl7Site({ resources: { calendars, practitioners: {}, devices: {} } });
  assert.deepEqual(kinds('ODD', listed), ['calendar R77']);
});

test('an AIG that repeats the person of AIP adds nobody; one that names another is told', () => {
  const same = `${v1}AIG|1|A|1234567893^Heart, Henry|D\r`;
  const once = appointment(same);
  assert.deepEqual(codes(once.change.participants), ['practitioner 1234567893', 'location cardiology']);
  assert.equal(once.change.participants.length, 2);
  const other = appointment(`${v1}AIG|1|A|PULLEN^Pullen, Jo|P\r`);
  assert.equal(other.change.participants.length, 2);
  assert.deepEqual(other.warnings, ['AIG-3: names another practitioner than AIP-3, which was taken']);
});

test('an AIG with a text and no code is taken by its text', () => {
  const { change } = appointment(fixture('cadence-habits'), hl7Site({ unknownIdentifiers: 'local-only' }));
  assert.deepEqual(codes(change.participants), ['location VACC', 'device FLU VACCINE']);
  assert.equal(change.status, 'booked');
});

test('segments without an RGS above them count, whatever their order', () => {
  const loose = without(v1, 'RGS');
  assert.deepEqual(codes(appointment(loose).change.participants), codes(appointment(v1).change.participants));
});

test('a person one field early is left out with a warning, and found when the site file says where', () => {
  const shifted = edit(edit(edit(v1, 'AIP-2', '032^PUMP^PAT'), 'AIP-3', ''), 'PV1-7', '');
  const plain = appointment(shifted);
  assert.deepEqual(codes(plain.change.participants), ['location cardiology']);
  assert.equal(
    plain.warnings.some((text) => text.startsWith('AIP-2: is no action code')),
    true,
  );
  const site = hl7Site({}, { fields: { practitioner: ['AIP-2'] } });
  assert.deepEqual(codes(appointment(shifted, site).change.participants), ['practitioner 032', 'location cardiology']);
});

test('a sender that leaves out fields of SCH can be read by the order in the site file', () => {
  const site = hl7Site(
    {},
    {
      appointmentKey: 'placer',
      fields: { start: ['SCH-6'], duration: ['SCH-7'], status: ['SCH-9'], visitType: ['SCH-5'] },
    },
  );
  const { change } = appointment(fixture('shifted-fields'), site);
  assert.equal(change.key, 'AP1^RIS');
  assert.equal(change.status, 'booked');
  assert.deepEqual(change.visitType, { code: 'CT1', display: 'CT CHEST' });
  assert.deepEqual(change.during, {
    start: Date.parse('2026-11-16T20:00:00Z'),
    end: Date.parse('2026-11-16T20:30:00Z'),
  });
});

test('a resource answers with its own status: a declined room in a booked visit', () => {
  const { change } = appointment(edit(v1, 'AIL-12', 'Cancelled'));
  assert.deepEqual(
    change.participants.map(({ status }) => status),
    ['accepted', 'declined'],
  );
});

test('a resource that is cancelled with the whole visit has declined nothing', () => {
  const cancel = edit(edit(edit(v1, 'MSH-9', 'SIU^S15'), 'SCH-25', 'Cancelled'), 'AIP-12', 'Cancelled');
  assert.deepEqual(
    appointment(cancel).change.participants.map(({ status }) => status),
    ['accepted', 'accepted'],
  );
});

test('an appointment whose status is Blocked is a block', () => {
  const [block] = blocks(edit(without(v1, 'PID', 'PV1'), 'SCH-25', 'Blocked'));
  assert.equal(block?.closed, true);
  assert.equal(block.actor.kind, 'practitioner');
});

test('notes behind services become the comment only where the site wants them', () => {
  const site = hl7Site({}, { notes: ['SCH', 'AIS'] });
  assert.equal(appointment(fixture('three-groups'), site).change.comment, 'Yearly check-up\nCome without breakfast');
  assert.equal(appointment(fixture('three-groups'), hl7Site({}, { notes: [] })).change.comment, undefined);
});

test('a code in AIP-3 or AIL-3 that the site file lists as a room or a device is that, and no person', () => {
  const locations = { r1: { name: 'Room 1', timeZone: 'America/Chicago', room: true, codes: [] } };
  const practitioners = { ROOM1: { location: 'r1' } };
  const devices = { XRAY: { name: 'X-ray' } };
  const site = hl7Site({ locations, resources: { calendars: {}, practitioners, devices } });
  const named = (message: string): readonly string[] => codes(appointment(message, site).change.participants);
  assert.equal(named(edit(v1, 'AIP-3', 'ROOM1^ROOM ONE'))[0], 'location r1');
  assert.equal(named(edit(v1, 'AIP-3', 'XRAY^X-RAY'))[0], 'device XRAY');
  assert.ok(named(edit(v1, 'AIL-3', 'XRAY')).includes('device XRAY'));
});
