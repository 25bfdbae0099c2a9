import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HOUR_MS, formatInstant, instant } from '../../../src/core/instant.ts';
import { typedPersonKey } from '../../../src/core/typed-person.ts';
import { canonicalId } from '../../../src/fhir/canonical-ids.ts';
import type { Book, Found, WriteOutcome } from '../../../src/connectors/contract.ts';
import { FIELD, never, oclock, openOn, order, startPractice, ZONE, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });

function book(more: Parameters<typeof openOn>[2] = {}): Book & Required<Pick<Book, 'find' | 'reschedule'>> {
  const { book: ability } = openOn({ after }, practice.url, more).connector;
  assert.ok(ability?.find !== undefined && ability.reschedule !== undefined);
  return ability as Book & Required<Pick<Book, 'find' | 'reschedule'>>;
}

function keyOf(outcome: WriteOutcome | Found): string {
  assert.ok(outcome.kind === 'booked' || outcome.kind === 'found', JSON.stringify(outcome));
  return outcome.at.key;
}
function refusal(outcome: WriteOutcome): string {
  assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
  return outcome.because;
}
async function standing(correlation: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await practice.appointments()).filter((one) => JSON.stringify(one).includes(correlation));
}

test('a placed booking stands at the site with the hub’s id, record number and birth date in its fields', async () => {
  const wanted = order({ correlation: 'bk_place', start: oclock(2, 10) });
  const outcome = await book().place(wanted, never);
  assert.ok(outcome.kind === 'booked', JSON.stringify(outcome));
  assert.deepEqual([outcome.at.start, outcome.at.end, outcome.at.calendar], [wanted.start, wanted.end, '1']);
  assert.equal(outcome.at.status, 'booked');
  assert.equal(outcome.at.state?.object, `appointment:${outcome.at.key}`);
  const [truth, second] = await standing('bk_place');
  assert.equal(second, undefined);
  for (const value of ['A-10077', '1980-05-31', String(FIELD.mrn)]) assert.ok(JSON.stringify(truth).includes(value));
});

test('placing the same booking again finds the first one and writes nothing', async () => {
  const wanted = order({ correlation: 'bk_twice', start: oclock(2, 11) });
  const first = keyOf(await book().place(wanted, never));
  assert.equal(keyOf(await book().place(wanted, never)), first);
  assert.equal((await standing('bk_twice')).length, 1);
});

test('without a field for the hub’s id the same person, time and type is the same booking; a sibling’s is not', async () => {
  const bare = book({ bookingIdField: undefined } as never);
  const wanted = order({ correlation: 'x', start: oclock(3, 18), visitType: '12' });
  const first = keyOf(await bare.place(wanted, never));
  assert.equal(keyOf(await bare.place(wanted, never)), first);
  const sibling = { ...wanted, patient: { ...wanted.patient, given: 'Ori' } };
  assert.notEqual(keyOf(await bare.place(sibling, never)), first);
});

test('a time can be asked for before there is a booking: nothing is written, and the booking is placed by the answer', async () => {
  const ability = book();
  assert.ok(ability.begin !== undefined);
  const wanted = order({ correlation: 'bk_begun', start: oclock(2, 16) });
  const begun = ability.begin(wanted, never);
  const nothing = ability.begin(wanted, never);
  nothing.close();
  assert.equal((await standing('bk_begun')).length, 0);
  keyOf(await begun.place(wanted, never));
  begun.close();
  assert.equal((await standing('bk_begun')).length, 1);
  const late = order({ correlation: 'bk_begun_late', start: oclock(2, 16) });
  const second = ability.begin(late, never);
  assert.equal(refusal(await second.place(late, never)), 'slot-taken');
  second.close();
});

test('a time that another took between the question and the booking is refused by the write itself', async () => {
  const ability = book();
  assert.ok(ability.begin !== undefined);
  const wanted = order({ correlation: 'bk_overtaken', start: oclock(4, 16) });
  const begun = ability.begin(wanted, never);
  const first = order({ correlation: 'bk_overtaking', start: oclock(4, 16) });
  keyOf(await ability.place(first, never));
  assert.equal(refusal(await begun.place(wanted, never)), 'slot-taken');
  begun.close();
});

test('a time that is taken is refused as taken, a time out of hours as well', async () => {
  await book().place(order({ correlation: 'bk_first', start: oclock(2, 12) }), never);
  const late = { ...order().patient, family: 'Moss', email: 'moss@example.org' };
  const second = order({ correlation: 'bk_second', start: oclock(2, 12), patient: late });
  assert.equal(refusal(await book().place(second, never)), 'slot-taken');
  const night = order({ correlation: 'bk_night', start: oclock(2, 3) });
  assert.equal(refusal(await book().place(night, never)), 'slot-taken');
});

test('of many callers for one time exactly one is booked', async () => {
  const ability = book();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, n) => {
      const patient = { ...order().patient, given: `P${n}`, email: `p${n}@example.org` };
      return ability.place(order({ correlation: `bk_race_${n}`, start: oclock(4, 9), patient }), never);
    }),
  );
  assert.equal(outcomes.filter((outcome) => outcome.kind === 'booked').length, 1);
  assert.equal(outcomes.filter((outcome) => outcome.kind === 'refused').length, 7);
});

test('a patient record without an e-mail address is refused with a sentence that says what to add', async () => {
  const { email: _, ...patient } = order().patient;
  const outcome = await book().place(order({ patient, correlation: 'bk_mail' }), never);
  assert.equal(refusal(outcome), 'needs-answers');
  assert.match(outcome.kind === 'refused' ? outcome.detail : '', /e-mail address/);
});

test('an answer that was lost leaves the booking unknown, and find finds it', async () => {
  const wanted = order({ correlation: 'bk_lost', start: oclock(2, 13) });
  await practice.faults({ dropAnswer: { times: 1, match: 'POST /api/v1/appointments' } });
  const outcome = await book().place(wanted, never);
  assert.ok(outcome.kind === 'unknown', JSON.stringify(outcome));
  assert.equal(outcome.error.class, 'ambiguous');
  const found = await book().find(wanted, never);
  assert.equal(keyOf(found), keyOf(await book().place(wanted, never)));
  assert.equal((await standing('bk_lost')).length, 1);
});

test('success that wrote nothing is unknown, never booked, and find calls it absent', async () => {
  const wanted = order({ correlation: 'bk_silent', start: oclock(2, 14) });
  await practice.faults({ silentDrop: { times: 1, match: 'POST /api/v1/appointments' } });
  assert.equal((await book().place(wanted, never)).kind, 'unknown');
  assert.deepEqual(await book().find(wanted, never), { kind: 'absent' });
});

test('what failed before it was sent is unsent', async () => {
  const closed = openOn({ after }, 'http://127.0.0.1:9', { readRetries: 0 }).connector.book;
  const outcome = await closed?.place(order({ correlation: 'bk_closed' }), never);
  assert.equal(outcome?.kind, 'unsent');
  const wrongKey = await book({ apiKey: 'another-key' }).place(order({ correlation: 'bk_login' }), never);
  assert.ok(wrongKey.kind === 'unsent' && wrongKey.error.class === 'permanent');
  const stop = AbortSignal.abort();
  assert.equal((await book().place(order({ correlation: 'bk_stop' }), stop)).kind, 'unsent');
});

test('find follows a booking that the clinic moved to another day, and says when it is cancelled', async () => {
  const wanted = order({ correlation: 'bk_moved', start: oclock(2, 15) });
  const key = keyOf(await book().place(wanted, never));
  await practice.act('move', { id: Number(key), datetime: formatInstant(oclock(5, 9), ZONE) });
  const moved = await book().find(wanted, never);
  assert.ok(moved.kind === 'found' && moved.at.key === key);
  assert.equal(moved.at.start, oclock(5, 9));
  await practice.act('cancel', { id: Number(key) });
  const cancelled = await book().find({ ...wanted, key }, never);
  assert.ok(cancelled.kind === 'found' && cancelled.at.status === 'cancelled');
});

test('without a field for the hub’s id a cancelled visit at that time leaves it undecided', async () => {
  const bare = book({ bookingIdField: undefined } as never);
  const wanted = order({ correlation: 'x', start: oclock(6, 9) });
  assert.deepEqual(await bare.find(wanted, never), { kind: 'absent' });
  const key = keyOf(await bare.place(wanted, never));
  await practice.act('cancel', { id: Number(key) });
  assert.equal((await bare.find(wanted, never)).kind, 'undecided');
});

test('cancelling is done once and counts as done again', async () => {
  const key = keyOf(await book().place(order({ correlation: 'bk_cancel', start: oclock(5, 10) }), never));
  const cancel = { key, correlation: 'bk_cancel', by: 'patient', reason: 'ill' } as const;
  for (const _ of [1, 2]) {
    const outcome = await book().cancel(cancel, never);
    assert.ok(outcome.kind === 'booked' && outcome.at.status === 'cancelled', JSON.stringify(outcome));
  }
  assert.equal(refusal(await book().cancel({ ...cancel, key: '99999999' }, never)), 'rule');
});

test('a visit that patients may not cancel or move is refused as not allowed', async () => {
  const key = keyOf(await book().place(order({ correlation: 'bk_fixed', start: oclock(5, 11) }), never));
  await practice.act('change-settings', { settings: { clientCancel: false, clientReschedule: false } });
  try {
    const outcome = await book().cancel({ key, correlation: 'bk_fixed', by: 'patient' }, never);
    assert.equal(refusal(outcome), 'not-allowed');
    assert.match(outcome.kind === 'refused' ? outcome.detail : '', /Call the clinic/);
    const move = { ...order({ correlation: 'bk_fixed', start: oclock(5, 12) }), key };
    assert.equal(refusal(await book().reschedule(move, never)), 'not-allowed');
  } finally {
    await practice.act('change-settings', { settings: { clientCancel: true, clientReschedule: true } });
  }
});

test('a lost answer to a cancel is unknown, and find shows what became of it', async () => {
  const wanted = order({ correlation: 'bk_lostcancel', start: oclock(5, 13) });
  const key = keyOf(await book().place(wanted, never));
  await practice.faults({ dropAnswer: { times: 1, match: 'PUT' } });
  assert.equal((await book().cancel({ key, correlation: 'bk_lostcancel', by: 'staff' }, never)).kind, 'unknown');
  const found = await book().find({ ...wanted, key }, never);
  assert.ok(found.kind === 'found' && found.at.status === 'cancelled');
});

test('a move keeps the id, may overlap itself, and is done once', async () => {
  const key = keyOf(await book().place(order({ correlation: 'bk_shift', start: oclock(6, 13) }), never));
  const start = instant(oclock(6, 13) + HOUR_MS / 2);
  for (const to of [start, start, oclock(7, 13)]) {
    const outcome = await book().reschedule({ ...order({ correlation: 'bk_shift', start: to }), key }, never);
    assert.ok(outcome.kind === 'booked', JSON.stringify(outcome));
    assert.deepEqual([outcome.at.key, outcome.at.start], [key, to]);
  }
  assert.equal((await standing('bk_shift')).length, 1);
});

test('a move to a time that is taken is refused and changes nothing', async () => {
  const key = keyOf(await book().place(order({ correlation: 'bk_stay', start: oclock(8, 9) }), never));
  const patient = { ...order().patient, given: 'Ira', email: 'ira@example.org' };
  await book().place(order({ correlation: 'bk_there', start: oclock(8, 10), patient }), never);
  const outcome = await book().reschedule({ ...order({ correlation: 'bk_stay', start: oclock(8, 10) }), key }, never);
  assert.equal(refusal(outcome), 'slot-taken');
  const found = await book().find({ ...order(), key }, never);
  assert.ok(found.kind === 'found' && found.at.start === oclock(8, 9));
});

test('no call of the hub ever speaks as administrator', async () => {
  const calls = JSON.stringify(await practice.truth('calls'));
  assert.ok(calls.includes('/appointments'));
  assert.ok(!calls.includes('admin'));
});

test('a record whose e-mail address stays at the practice is booked as the very client that it was made of', async () => {
  const typed = { firstName: 'Mia', lastName: 'Okafor', phone: '(555) 555-0177' };
  const namesake = { ...typed, phone: '(555) 555-0100', email: 'other@example.org' };
  for (const client of [namesake, { ...typed, email: 'family@example.org' }])
    await practice.act('book', { ...client, calendarID: 1, appointmentTypeID: 11, after: formatInstant(oclock(6, 9)) });
  const key = typedPersonKey('acuity-client', {
    given: 'Mia',
    family: 'Okafor',
    phone: '5555550177',
    email: 'Family@example.org',
  });
  const patient = { identifiers: [], given: 'Mia', family: 'Okafor', record: canonicalId.patient('north', key) };
  const outcome = await book().place(order({ correlation: 'bk_own', start: oclock(5, 9), patient }), never);
  keyOf(outcome);
  const [truth] = await standing('bk_own');
  assert.ok(JSON.stringify(truth).includes('family@example.org'));
  const stranger = { ...patient, record: canonicalId.patient('north', 'somebody else') };
  const wanted = order({ correlation: 'bk_stranger', start: oclock(5, 10), patient: stranger });
  assert.equal(refusal(await book().place(wanted, never)), 'needs-answers');
  assert.equal((await standing('bk_stranger')).length, 0);
});
