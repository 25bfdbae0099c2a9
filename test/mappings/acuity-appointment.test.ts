import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AppointmentChange, Mapped } from '../../src/mappings/contract.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import { at, facts, fixture, map, READ_AT } from './acuity-facts.ts';

const APPOINTMENT = fixture('appointment');

function changeOf(mapped: Mapped): AppointmentChange {
  const [change] = mapped.kind === 'changes' ? mapped.changes : [];
  assert.ok(change?.kind === 'appointment', mapped.kind);
  return change;
}

function mapped(more: Record<string, unknown> = {}, kind = 'appointment', given = facts()): AppointmentChange {
  return changeOf(map(kind, { ...APPOINTMENT, ...more }, given));
}

function without(...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(APPOINTMENT).filter(([name]) => !names.includes(name)));
}

test('an appointment is read from its start with an offset and its minutes, never from display text', () => {
  const change = mapped({ date: 'sometime', time: 'noon', endTime: 'later' });
  assert.deepEqual(change.during, { start: at('2026-12-01T14:00:00Z'), end: at('2026-12-01T14:30:00Z') });
  assert.equal(change.key, '91400233');
  assert.equal(change.status, 'booked');
  assert.equal(change.at, READ_AT);
  assert.equal(change.created, at('2026-11-20T10:31:07Z'));
  assert.deepEqual(change.visitType, { code: '7001', display: 'Physio follow-up' });
  assert.deepEqual(change.participants, [{ actor: { kind: 'calendar', code: '310' }, status: 'accepted' }]);
  assert.equal(change.session, undefined);
});

test('the hub finds its own booking by the configured field only', () => {
  assert.equal(mapped().correlation, 'bk_01JD2');
  assert.equal(mapped({}, 'appointment', facts({ bookingIdField: undefined })).correlation, undefined);
});

test('of the intake form nothing but the configured fields leaves the message', () => {
  const text = JSON.stringify(mapped());
  for (const kept of ['A-10077', '1980-05-31']) assert.ok(text.includes(kept));
  for (const left of ['sore shoulder', 'private note', 'confirmation']) assert.ok(!text.includes(left), left);
});

test('a record number has the system of the site file, or one of its own', () => {
  const [own] = mapped().patients;
  assert.deepEqual(own?.identifiers, [{ system: 'urn:slotwire:site:north:mrn', value: 'A-10077', type: 'MR' }]);
  const rule = { system: 'https://north.example/mrn', type: 'site-mrn', useForWriteBack: true };
  const [ruled] = mapped({}, 'appointment', facts({}, { identifiers: { mrn: rule } })).patients;
  assert.equal(ruled?.identifiers[0]?.system, 'https://north.example/mrn');
  assert.deepEqual(mapped({}, 'appointment', facts({ mrnField: undefined })).patients[0]?.identifiers, []);
});

test('one person typed in other letters and phone styles is one record; another name, phone or e-mail is another', () => {
  const keyOf = (more: Record<string, unknown>): string | undefined => mapped(more).patients[0]?.key;
  const key = keyOf({});
  assert.equal(keyOf({ firstName: ' NOA ', phone: '+1 555 555 0188', email: 'noa.lee@EXAMPLE.org' }), key);
  for (const other of [{ firstName: 'Noah' }, { lastName: 'Li' }, { phone: '5555550189' }, { email: '' }]) {
    assert.notEqual(keyOf(other), key);
  }
});

test('birth dates are read as typed, and never guessed', () => {
  const born = (value: string, order = 'mdy'): string | undefined => {
    const forms = [{ values: [{ fieldID: 88003, value }] }];
    return mapped({ forms }, 'appointment', facts({ birthDateOrder: order })).patients[0]?.birthDate;
  };
  assert.equal(born('1980-05-31'), '1980-05-31');
  assert.equal(born('05/03/1980'), '1980-05-03');
  assert.equal(born('05/03/1980', 'dmy'), '1980-03-05');
  assert.equal(born('May 31, 1980'), '1980-05-31');
  assert.equal(born('2/29/1981'), undefined);
  assert.equal(born('5/31/80'), undefined);
  assert.equal(born('when it rained'), undefined);
});

test('cancelled is told by the row, or by the list that gave it; a no-show is told apart', () => {
  assert.equal(mapped({ canceled: true }).status, 'cancelled');
  assert.equal(mapped({ canceled: true, noShow: true }).status, 'noshow');
  assert.equal(mapped({ canceled: undefined }, 'appointment-canceled').status, 'cancelled');
  assert.equal(mapped({ canceled: undefined, noShow: true }, 'appointment-canceled').status, 'noshow');
  assert.equal(mapped({ canceled: undefined }).status, 'booked');
});

test('labels say how a visit stands where the site file maps them, the one that comes last in the day before all', () => {
  const labels = { confirmed: 1, arrived: 2, 'checked-in': 3, fulfilled: 4, booked: 5 };
  const read = (ids: readonly number[], settings: Record<string, unknown> = { labels }): readonly unknown[] => {
    const given = facts(settings);
    const { status, attendance } = mapped({ labels: ids.map((id) => ({ id, name: 'x' })) }, 'appointment', given);
    return [status, attendance];
  };
  assert.deepEqual(read([]), ['booked', 'needs-action']);
  assert.deepEqual(read([9]), ['booked', 'needs-action'], 'a label of the clinic’s own says nothing');
  assert.deepEqual(read([5]), ['booked', 'needs-action']);
  assert.deepEqual(read([1]), ['booked', 'accepted']);
  assert.deepEqual(read([2]), ['arrived', 'accepted']);
  assert.deepEqual(read([1, 3, 2]), ['checked-in', 'accepted']);
  assert.deepEqual(read([4]), ['fulfilled', 'accepted']);
  assert.deepEqual(read([2], {}), ['booked', undefined]);
  assert.deepEqual(read([2], { labels: { arrived: 2 } }), ['arrived', undefined]);
  const ended = mapped({ labels: [{ id: 2 }], canceled: true, noShow: true }, 'appointment', facts({ labels }));
  assert.deepEqual([ended.status, ended.attendance], ['noshow', undefined]);
  assert.equal(mapped({ labels: null }, 'appointment', facts({ labels })).status, 'booked');
});

test('the notes of the clinic are the comment where the site file says so, and leave the message nowhere else', () => {
  assert.equal(mapped({ notes: ' ramp ' }, 'appointment', facts({ comments: true })).comment, 'ramp');
  assert.equal(mapped({ notes: '' }, 'appointment', facts({ comments: true })).comment, undefined);
  assert.ok(!JSON.stringify(mapped({ notes: 'ramp' })).includes('ramp'));
});

test('seats of one class at one time share a session; visits of a series and services do not', () => {
  const seat = mapped({ classID: 66001, appointmentTypeID: 7002 });
  assert.equal(seat.session, '310:7002:2026-12-01T14:00:00Z');
  assert.equal(mapped({ id: 2, classID: 66001, appointmentTypeID: 7002 }).session, seat.session);
  const given = facts({ classTypes: ['7002'] });
  assert.equal(mapped({ appointmentTypeID: 7002 }, 'appointment', given).session, seat.session);
  assert.equal(mapped({ appointmentTypeID: 7001 }, 'appointment', given).session, undefined);
});

test('an appointment that lacks what makes it one is parked with the place and no value', () => {
  const result = map('appointment', { ...without('datetime', 'duration'), calendarID: 'Noa Lee' });
  const issues = result.kind === 'unreadable' ? result.issues : [];
  assert.deepEqual(
    issues.map((issue) => [issue.code, issue.where]),
    [
      ['MESSAGE_INCOMPLETE', 'datetime'],
      ['MESSAGE_INCOMPLETE', 'duration'],
      ['MESSAGE_INCOMPLETE', 'calendarID'],
    ],
  );
  assert.ok(!JSON.stringify(issues).includes('Noa'));
});

test('a start without an offset is parked: whose zone it is in is not for us to guess', () => {
  assert.equal(map('appointment', { ...APPOINTMENT, datetime: '2026-12-01T09:00:00' }).kind, 'unreadable');
});

test('a calendar that the site file does not list parks, or takes the appointment away, as the site file says', () => {
  const elsewhere = { ...APPOINTMENT, calendarID: 999 };
  const parked = map('appointment', elsewhere);
  assert.equal(parked.kind === 'unreadable' && parked.issues[0]?.code, 'RESOURCE_UNKNOWN');
  const ignored = map('appointment', elsewhere, facts({ otherCalendars: 'ignore' }));
  assert.deepEqual(ignored.kind === 'changes' && ignored.changes, [
    { kind: 'appointment-gone', key: '91400233', at: READ_AT },
  ]);
});

test('an appointment that names nobody is kept, with a warning', () => {
  const result = map('appointment', without('firstName', 'lastName', 'phone', 'email'));
  assert.ok(result.kind === 'changes' && result.warnings.length === 1);
  assert.deepEqual(changeOf(result).patients, []);
});

test('a record that the vendor no longer has is gone', () => {
  const result = map('appointment-gone', { gone: true, id: '91400233' });
  assert.deepEqual(result.kind === 'changes' && result.changes, [
    { kind: 'appointment-gone', key: '91400233', at: READ_AT },
  ]);
});

test('a client of the list is the same record as the person of an appointment', () => {
  const { firstName, lastName, phone, email } = APPOINTMENT;
  const result = map('client', { firstName, lastName, phone, email, notes: 'private note of the staff' });
  const [change] = result.kind === 'changes' ? result.changes : [];
  assert.ok(change?.kind === 'patient');
  assert.equal(change.patient.key, mapped().patients[0]?.key);
  assert.ok(!JSON.stringify(change).includes('private note'));
  assert.equal(map('client', { firstName: ' ', lastName: null }).kind, 'ignored');
});

test('whatever comes, the mapping answers with a result and the same one twice', () => {
  const mapping = mappingFor('acuity', 'appointment');
  assert.ok(mapping !== undefined);
  fc.assert(
    fc.property(
      fc.constantFrom(...mapping.accepts),
      fc.oneof(fc.uint8Array(), fc.jsonValue(), fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue())),
      (kind, body) => {
        const first = map(kind, body ?? 'null');
        assert.deepEqual(map(kind, body ?? 'null'), first);
        assert.ok(['changes', 'ignored', 'unreadable'].includes(first.kind));
      },
    ),
    { numRuns: 500 },
  );
});

const NAMES = [...Object.keys(APPOINTMENT), 'calendar', 'visitType', 'from', 'to', 'answers', 'zone'] as const;
