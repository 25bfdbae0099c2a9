import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { EVENTS } from '../../src/mappings/hl7v2/events.ts';
import { appointment, edit, fixture, hl7Site, map, parked, people, without } from '../fixtures/siu/site.ts';

const v1 = fixture('v1-booked');
const adt = edit(without(v1, 'SCH', 'TQ1', 'NTE', 'RGS', 'AIS', 'AIL', 'AIP'), 'MSH-9', 'ADT^A08^ADT_A01');
const local = hl7Site({ unknownIdentifiers: 'local-only' });

function patient(message: string | Uint8Array, site = hl7Site()): PatientAssertion {
  const one = people(message, site).change[0];
  if (one === undefined) throw new Error('no patient');
  return one.patient;
}

test('A01, A04, A05, A08, A28 and A31 state a person', () => {
  for (const trigger of ['A01', 'A04', 'A05', 'A08', 'A28', 'A31']) {
    const { change } = people(edit(adt, 'MSH-9', `ADT^${trigger}`));
    assert.deepEqual(
      change.map((one) => one.patient.key),
      ['MRN123^HOSP_A'],
    );
  }
});

test('several PID groups are a group appointment with all of its patients and visit numbers', () => {
  const { change } = appointment(fixture('group-visit'));
  assert.deepEqual(
    change.patients.map(({ key, family }) => [key, family]),
    [['MRN123^HOSP_A', 'DOE'], ['MRN124^HOSP_A', 'ROE']], // prettier-ignore
  );
  assert.deepEqual(
    change.identifiers.filter(({ type }) => type === 'VN').map(({ value }) => value),
    ['V1', 'V2'],
  );
});

test('an identifier is what the site file says of its authority, with or without the type', () => {
  const identifiers = { HOSP_A: { system: 'urn:oid:9.9', type: 'site-mrn', useForWriteBack: true } };
  assert.deepEqual(patient(edit(adt, 'PID-3', 'M1^^^HOSP_A'), hl7Site({ identifiers })).identifiers, [
    { system: 'urn:oid:9.9', value: 'M1', type: 'MR' },
  ]);
  const byOid = { '1.2.3': { system: 'urn:oid:1.2.3', type: 'site-mrn', useForWriteBack: true } };
  assert.equal(patient(edit(adt, 'PID-3', 'M1^^^X&1.2.3&ISO^MR'), hl7Site({ identifiers: byOid })).key, 'M1^X');
});

test('an id without authority and type can be listed as PID-3, one with a type alone as ^MR', () => {
  const own = { system: 'urn:oid:1.2.9', type: 'site-mrn', useForWriteBack: true };
  const bare = patient(edit(adt, 'PID-3', '42'), hl7Site({ identifiers: { 'PID-3': own } }));
  assert.deepEqual(bare, { ...bare, key: '42', identifiers: [{ system: own.system, value: '42', type: 'MR' }] });
  const typed = patient(edit(adt, 'PID-3', '42^^^^MR'), hl7Site({ identifiers: { '^MR': own } }));
  assert.equal(typed.identifiers[0]?.system, own.system);
});

test('a patient of unknown authorities alone is parked, or kept for this site where the site file says so', () => {
  const unknown = edit(adt, 'PID-3', 'M1^^^ELSE^MR~M2^^^OTHER^PI');
  assert.deepEqual(parked(unknown), ['IDENTIFIER_UNKNOWN PID-3']);
  assert.deepEqual(parked(edit(v1, 'PID-3', 'M1^^^ELSE^MR')), ['IDENTIFIER_UNKNOWN PID-3']);
  assert.deepEqual(patient(unknown, local).identifiers, [
    { system: 'urn:slotwire:site:riverside-hl7:ELSE:MR', value: 'M1', type: 'MR' },
    { system: 'urn:slotwire:site:riverside-hl7:OTHER:PI', value: 'M2', type: 'PI' },
  ]);
});

test('beside a known identifier an unknown one is kept for this site alone', () => {
  const { key, identifiers } = patient(edit(adt, 'PID-3', 'M9^^^ELSE^PI~MRN123^^^HOSP_A^MR'));
  assert.equal(key, 'MRN123^HOSP_A');
  assert.deepEqual(
    identifiers.map(({ system }) => system),
    ['urn:slotwire:site:riverside-hl7:ELSE:PI', 'urn:oid:1.2.3'],
  );
});

test('the key does not depend on the order of PID-3', () => {
  const one = patient(edit(adt, 'PID-3', 'MRN123^^^HOSP_A^MR~777^^^CLINIC_B'));
  const other = patient(edit(adt, 'PID-3', '777^^^ELSE~MRN123^^^HOSP_A^MR'));
  assert.equal(one.key, other.key);
});

test('a dummy or impossible social security number is no identifier', () => {
  const of = (text: string): readonly string[] =>
    patient(edit(edit(adt, 'PID-3', 'MRN123^^^HOSP_A^MR'), 'PID-19', text)).identifiers.map(({ value }) => value);
  assert.deepEqual(of('212-55-1234'), ['MRN123', '212551234']);
  for (const text of ['999999999', '000-12-3456', '666-12-3456', '123456789', '5554443333', 'none'])
    assert.deepEqual(of(text), ['MRN123'], text);
});

test('a visit that has ended is applied even if its patient cannot be told; a booking waits', () => {
  const unknown = edit(v1, 'PID-3', 'M1^^^ELSE^MR');
  const { change, warnings } = appointment(edit(edit(unknown, 'MSH-9', 'SIU^S15'), 'SCH-25', 'Cancelled'));
  assert.deepEqual(change.patients, []);
  assert.equal(
    warnings.some((text) => text.startsWith('PID-3: no identifier has an authority')),
    true,
  );
  assert.equal(map(unknown).kind, 'unreadable');
});

test('an appointment without a PID takes its time, with a warning', () => {
  const { change, warnings } = appointment(without(v1, 'PID', 'PV1'));
  assert.deepEqual(change.patients, []);
  assert.equal(change.participants.length, 2);
  assert.equal(
    warnings.some((text) => text.startsWith('PID: the segment is missing')),
    true,
  );
});

test('an SIU without an SCH, or an SCH without ids, is parked', () => {
  assert.deepEqual(parked(without(v1, 'SCH')), ['MESSAGE_INCOMPLETE SCH']);
  assert.deepEqual(parked(edit(edit(v1, 'SCH-1', ''), 'SCH-2', '')), ['MESSAGE_INCOMPLETE SCH-2']);
});

test('the legal name goes before the one on display, a maiden name is never taken for it', () => {
  const names = 'SHOW^JENNY^^^^^D~BEFORE^JANE^^^^^M~DOE^JANE^Q^^^^L';
  const { family, given, middle } = patient(edit(adt, 'PID-5', names));
  assert.deepEqual([family, given, middle], ['DOE', 'JANE', 'Q']);
});

test('a family name with parts is its first part', () => {
  assert.equal(patient(edit(adt, 'PID-5', 'Vries&de&Vries^Jan')).family, 'Vries');
});

test('phone and e-mail are found wherever a sender writes them', () => {
  const of = (xtn: string): readonly (string | undefined)[] => {
    const { phone, email } = patient(edit(adt, 'PID-13', xtn));
    return [phone, email];
  };
  assert.deepEqual(of('(407)555-0100^^^mouse@example.org'), ['(407)555-0100', 'mouse@example.org']);
  assert.deepEqual(of('555-4321'), ['555-4321', undefined]);
  assert.deepEqual(of('^PRN^PH^^1^217^5550101^22'), ['+1 217 5550101 X22', undefined]);
  assert.deepEqual(of('^NET^Internet^eve@example.org~^PRN^PH^^^217^5550101'), ['217 5550101', 'eve@example.org']);
  assert.deepEqual(of('eve@example.org'), [undefined, 'eve@example.org']);
  assert.deepEqual(of('^WPN^FX^^1^217^5550199'), [undefined, undefined]);
});

test('birth date, sex and death are read at the precision sent', () => {
  const of = (path: string, value: string): PatientAssertion => patient(edit(adt, path, value));
  assert.equal(of('PID-7', '198808181126+0215').birthDate, '1988-08-18');
  assert.equal(of('PID-7', '1988').birthDate, '1988');
  assert.equal(of('PID-7', '1928-01-01').birthDate, '1928-01-01');
  assert.equal(of('PID-7', '19881399').birthDate, undefined);
  assert.equal(of('PID-8', 'A').gender, 'other');
  assert.equal(of('PID-8', 'M^Male').gender, 'male');
  assert.equal(of('PID-30', 'Y').deceased, true);
  assert.equal(of('PID-30', 'N').deceased, false);
  assert.equal(of('PID-29', '20260101').deceased, true);
  assert.deepEqual(of('PID-7', '""').cleared, ['birthDate']);
});

test('someone whose identity is unknown has no name to be matched by', () => {
  const { change, warnings } = people(edit(adt, 'PID-31', 'Y'));
  assert.deepEqual(Object.keys(change[0]?.patient ?? {}), ['key', 'identifiers']);
  assert.equal(warnings.length, 1);
});

test('Latin-1 bytes and hex escapes give the same name', () => {
  const latin1 = Buffer.from(edit(edit(adt, 'MSH-18', '8859/1'), 'PID-5', 'GARÇON^ZOË'), 'latin1');
  assert.equal(patient(latin1).family, 'GARÇON');
  assert.equal(patient(edit(edit(adt, 'MSH-18', '8859/1'), 'PID-5', 'GAR\\XC7\\ON^ZOE')).family, 'GARÇON');
  const undeclared = Buffer.from(edit(edit(adt, 'MSH-18', ''), 'PID-5', 'GARÇON^ZOË'), 'latin1');
  assert.equal(patient(undeclared).family, 'GARÇON');
});

test('LF, CRLF, a missing last separator and a short MSH change nothing', () => {
  const whole = map(v1);
  assert.deepEqual(map(v1.replaceAll('\r', '\n')), whole);
  assert.deepEqual(map(v1.replaceAll('\r', '\r\n')), whole);
  assert.deepEqual(map(v1.trimEnd()), whole);
});

test('what is ignored says why', () => {
  const because = (kind: string): string => {
    const mapped = map(edit(adt, 'MSH-9', kind));
    return mapped.kind === 'ignored' ? mapped.because : mapped.kind;
  };
  assert.match(because('ADT^A02'), /^ADT\^A02 is about a stay/);
  assert.match(because('ADT^A41'), /is about an account/);
  assert.match(because('ADT^A38'), /read from SIU alone\.$/);
  assert.match(because('SRM^S01'), /nothing was booked\.$/);
  assert.match(because('ACK'), /this hub has sent none\.$/);
});

test('a visit planned by ADT A05 states the person, and a warning says that the visit is not read', () => {
  const a05 = `${edit(adt, 'MSH-9', 'ADT^A05')}PV2||||||||20260809093000\r`;
  assert.equal(people(a05).change.length, 1);
  assert.deepEqual(people(a05).warnings, [
    'PV2-8: plans a visit by ADT; appointments of this site are read from SIU alone',
  ]);
});

test('several messages in one frame are all mapped, or all parked when one of them must be', () => {
  const both = map(v1 + adt);
  assert.deepEqual(both.kind === 'changes' ? both.changes.map(({ kind }) => kind) : both.kind, [
    'appointment',
    'patient',
  ]);
  assert.deepEqual(parked(v1 + edit(adt, 'PID-3', '')), ['MESSAGE_INCOMPLETE message 2 of 2, PID-3']);
});

test('a message of no known kind, and bytes that are no message, are parked', () => {
  assert.deepEqual(parked(edit(adt, 'MSH-9', 'ORU^R01')), ['MESSAGE_UNREADABLE MSH-9']);
  assert.deepEqual(parked('hello'), ['MESSAGE_INCOMPLETE MSH-9']);
  assert.deepEqual(parked(''), ['MESSAGE_INCOMPLETE MSH-9']);
});

test('every rule of the event table has a sentence that ends nowhere else', () => {
  for (const [kind, rule] of EVENTS) {
    if (rule.kind === 'ignored') assert.doesNotMatch(rule.because, /\.$/, kind);
  }
});

test('contact and address of a minor are not taken from a confidential visit, those of anybody else are', () => {
  const site = hl7Site({ sensitivity: { site: [], departments: {}, visitTypes: {}, codes: { TEEN: ['R'] } } });
  const visit = (born: string, code: string): PatientAssertion | undefined => {
    const told = edit(edit(edit(v1, 'PID-7', born), 'PID-13', '(555)555-0188^PRN^PH'), 'PV1-16', code);
    return appointment(told, site).change.patients[0];
  };
  const contacts = (born: string, code: string): readonly unknown[] => {
    const one = visit(born, code);
    return [one?.family, one?.phone !== undefined, one?.address !== undefined];
  };
  assert.deepEqual(contacts('20120304', 'TEEN'), ['DOE', false, false]);
  assert.deepEqual(contacts('', 'TEEN'), ['DOE', false, false]);
  assert.deepEqual(contacts('20120304', ''), ['DOE', true, true]);
  assert.deepEqual(contacts('19800304', 'TEEN'), ['DOE', true, true]);
});

test('of an adult nobody is asked what an unlisted PV1-16 means, of a child and of one of unknown age somebody is', () => {
  const warned = (born: string): boolean => {
    const told = edit(edit(adt, 'PID-7', born), 'PV1-16', 'N');
    return people(told).warnings.some((one) => one.startsWith('PV1-16'));
  };
  assert.deepEqual(['19800304', '20120304', ''].map(warned), [false, true, true]);
});
