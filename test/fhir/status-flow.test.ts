/** The matrix of fhir-scheduling.md section 4, and what each status makes of the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amended, amendmentOf, sameText } from '../../src/fhir/amendment.ts';
import { MAY_BECOME, mayBecome, stepsFrom, TIME_EFFECT } from '../../src/fhir/status-flow.ts';
import type { Appointment, AppointmentStatus } from '../../src/fhir/types.ts';
import { occupiesTime } from '../../src/pipeline/occupy.ts';

const STATUSES = Object.keys(MAY_BECOME) as AppointmentStatus[];

test('every status has its row, and a status that stays is always allowed', () => {
  assert.equal(STATUSES.length, 10);
  for (const status of STATUSES) assert.ok(mayBecome(status, status));
});

test('a visit is booked, arrives, is checked in and fulfilled; each arrival can be taken back', () => {
  const day: AppointmentStatus[] = ['booked', 'arrived', 'checked-in', 'fulfilled'];
  day.slice(1).forEach((next, at) => assert.ok(mayBecome(day[at] ?? 'booked', next)));
  assert.ok(mayBecome('arrived', 'booked') && mayBecome('checked-in', 'arrived') && mayBecome('noshow', 'arrived'));
});

test('what has ended is not opened again, and an error stays one', () => {
  for (const ended of ['cancelled', 'fulfilled', 'entered-in-error'] as const) {
    for (const next of STATUSES.filter((one) => one !== ended && one !== 'entered-in-error')) {
      assert.ok(!mayBecome(ended, next), `${ended} to ${next}`);
    }
  }
  assert.ok(!mayBecome('noshow', 'booked') && !mayBecome('checked-in', 'booked') && !mayBecome('arrived', 'noshow'));
});

test('a caller is told which steps there are', () => {
  assert.equal(stepsFrom('noshow'), 'from there it may become arrived, entered-in-error');
  assert.equal(stepsFrom('entered-in-error'), 'nothing follows it');
});

test('the time is given back by exactly those statuses in which a visit takes none', () => {
  for (const status of STATUSES) assert.equal(TIME_EFFECT[status] === 'given-back', !occupiesTime(status), status);
  assert.equal(TIME_EFFECT.noshow, 'as-it-was');
  assert.equal(TIME_EFFECT.pending, 'tentative');
});

test('an amendment replaces the first reason, the comment and the patient’s answer, and nothing else', () => {
  const visit: Appointment = {
    resourceType: 'Appointment',
    status: 'booked',
    reasonCode: [{ coding: [{ code: 'A1', display: 'Cough' }] }, { text: 'second' }],
    participant: [
      { actor: { reference: 'Patient/p' }, status: 'needs-action' },
      { actor: { reference: 'Practitioner/d' }, status: 'accepted' },
    ],
  };
  assert.deepEqual(amendmentOf(visit), { reason: 'Cough', attendance: 'needs-action' });
  const next = amended(visit, { comment: 'ramp', reason: 'Fever', attendance: 'accepted' });
  assert.deepEqual(amendmentOf(next), { comment: 'ramp', reason: 'Fever', attendance: 'accepted' });
  assert.deepEqual(next.reasonCode, [{ text: 'Fever' }, { text: 'second' }]);
  assert.deepEqual(next.participant[1], visit.participant[1]);
  assert.ok(sameText('one \r\n\n two', 'one\ntwo') && !sameText('one', undefined) && sameText('', undefined));
});
