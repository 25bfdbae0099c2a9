import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list, practice, text, VISIT } from './practice.ts';

test('a booking answers with the vendor’s object: no colon in offsets, duration and times as text', async (t) => {
  const { api } = await practice(t);
  const made = await api('POST', '/appointments?noEmail=true', { ...VISIT, fields: [{ id: 88001, value: 'bk_1' }] });
  assert.equal(made.status, 200);
  assert.equal(made.json['datetime'], '2026-12-01T09:00:00-0600');
  assert.equal(made.json['duration'], '30');
  assert.equal(made.json['date'], 'December 1, 2026');
  assert.equal(made.json['time'], '9:00am');
  assert.equal(made.json['endTime'], '9:30am');
  assert.equal(made.json['calendar'], 'Asha Rao');
  assert.equal(made.json['canClientCancel'], true);
  const form = list(made.json['forms'])[0];
  assert.equal(form?.['name'], 'Hub');
  assert.equal(list(form['values'])[0]?.['value'], 'bk_1');
  const read = await api('GET', `/appointments/${text(made.json['id'])}`);
  assert.equal(read.json['canceled'], false);
});

test('a booking without credentials, or with wrong ones, is 401 in the vendor’s envelope', async (t) => {
  const { api } = await practice(t);
  const refused = await api('POST', '/appointments', VISIT, '10101:wrong');
  assert.equal(refused.status, 401);
  assert.deepEqual(refused.json, { status_code: 401, message: 'Unauthorized', error: 'unauthorized' });
});

test('in client mode the second of two equal bookings is refused as not_available, also in a race', async (t) => {
  const { api } = await practice(t);
  const answers = await Promise.all([1, 2, 3, 4].map(() => api('POST', '/appointments', VISIT)));
  assert.deepEqual(answers.map((one) => one.status).sort(), [200, 400, 400, 400]);
  const refused = answers.find((one) => one.status === 400);
  assert.equal(refused?.json['error'], 'not_available');
  assert.equal(refused.json['message'], 'The time "2026-12-01T09:00:00-0600" is not an available time slot.');
});

test('admin=true books over a taken time, but only with a calendar', async (t) => {
  const { api } = await practice(t);
  await api('POST', '/appointments', VISIT);
  const over = await api('POST', '/appointments?admin=true', VISIT);
  assert.equal(over.status, 200);
  const { calendarID: _, ...without } = VISIT;
  const refused = await api('POST', '/appointments?admin=true', without);
  assert.equal(refused.json['error'], 'invalid_calendar');
});

test('without a calendar any free one is taken, and none free is no_available_calendar', async (t) => {
  const { api } = await practice(t);
  const { calendarID: _, ...any } = VISIT;
  const first = await api('POST', '/appointments', any);
  const second = await api('POST', '/appointments', any);
  assert.deepEqual([first.json['calendarID'], second.json['calendarID']], [1, 2]);
  const third = await api('POST', '/appointments', any);
  assert.equal(third.json['error'], 'no_available_calendar');
});

const REFUSALS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['required_appointment_type_id', { appointmentTypeID: undefined }],
  ['invalid_appointment_type', { appointmentTypeID: 999 }],
  ['invalid_appointment_type', { appointmentTypeID: 16 }],
  ['required_datetime', { datetime: undefined }],
  ['invalid_datetime', { datetime: 'soon' }],
  ['invalid_timezone', { timezone: 'Mars/Olympus' }],
  ['required_first_name', { firstName: '' }],
  ['required_last_name', { lastName: '' }],
  ['required_email', { email: undefined }],
  ['invalid_email', { email: 'nobody' }],
  ['invalid_calendar', { calendarID: 99 }],
  ['invalid_fields', { fields: [{ id: 1, value: 'x' }] }],
  ['not_available', { datetime: '2026-12-01T09:10:00-0600' }],
  ['not_available', { datetime: '2026-12-01T12:00:00-0600' }],
  ['not_available_max_days_in_advance', { datetime: '2028-12-04T09:00:00-0600' }],
  ['bad_request', { labels: [{ id: 3 }, { id: 3 }] }],
];

test('each wrong attribute of a booking has its own code, status 400, and writes nothing', async (t) => {
  const { api, state } = await practice(t);
  for (const [code, change] of REFUSALS) {
    const refused = await api('POST', '/appointments', { ...VISIT, ...change });
    assert.deepEqual([code, refused.status, refused.json['error']], [code, 400, code]);
  }
  assert.equal(list((await state('appointments'))['appointments']).length, 0);
});

test('a body that is not JSON is bad_request', async (t) => {
  const { api } = await practice(t);
  const refused = await api('POST', '/appointments', '{"datetime":');
  assert.deepEqual([refused.status, refused.json['error']], [400, 'bad_request']);
});

test('minimum notice is refused with its own code', async (t) => {
  const { api } = await practice(t, { settings: { minNoticeHours: 48 } });
  const refused = await api('POST', '/appointments', VISIT);
  assert.equal(refused.json['error'], 'not_available_min_hours_in_advance');
});

test('a datetime without an offset is read in the zone of the calendar', async (t) => {
  const { api } = await practice(t);
  const made = await api('POST', '/appointments', { ...VISIT, calendarID: 2, datetime: '2026-12-01T09:00:00' });
  assert.equal(made.json['datetime'], '2026-12-01T09:00:00-0500');
});

test('a list is a bare array of 100 rows at most, latest start first, unless max and direction differ', async (t) => {
  const { api } = await practice(t, { invented: { firstPerson: 0, people: 20, fill: 1, daysAhead: 28, daysBack: 0 } });
  const rows = (await api('GET', '/appointments')).rows;
  assert.equal(rows.length, 100);
  const starts = rows.map((row) => Date.parse(text(row['datetime']).replace(/00$/, ':00')));
  assert.deepEqual(
    starts,
    starts.toSorted((one, other) => other - one),
  );
  const oldest = (await api('GET', '/appointments?max=3&direction=ASC&minDate=2026-12-01&maxDate=2026-12-01')).rows;
  assert.equal(oldest.length, 3);
  assert.ok(oldest.every((row) => row['date'] === ('December 1, 2026' as never)));
});

test('lists leave out cancelled rows unless asked by canceled=true or showall=true', async (t) => {
  const { api } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  const id = made.json['id'];
  await api('POST', '/appointments', { ...VISIT, datetime: '2026-12-01T09:30:00-0600' });
  const cancelled = await api('PUT', `/appointments/${text(id)}/cancel?admin=true`, { noShow: true });
  assert.deepEqual([cancelled.json['canceled'], cancelled.json['noShow']], [true, true]);
  assert.equal((await api('GET', '/appointments')).rows.length, 1);
  const only = (await api('GET', '/appointments?canceled=true')).rows;
  assert.deepEqual(
    only.map((row) => [row['id'], row['noShow'], row['canceled']]),
    [[id, true, undefined]],
  );
  assert.equal((await api('GET', '/appointments?showall=true')).rows.length, 2);
});

test('lists filter by calendar, type, name, e-mail, phone and intake field, and drop forms on request', async (t) => {
  const { api } = await practice(t);
  await api('POST', '/appointments', { ...VISIT, fields: [{ id: 88001, value: 'bk_9' }], phone: '+1 312 555 0188' });
  await api('POST', '/appointments', { ...VISIT, calendarID: 2, firstName: 'Ada', email: 'ada@example.org' });
  const count = async (query: string): Promise<number> => (await api('GET', `/appointments?${query}`)).rows.length;
  assert.equal(await count('calendarID=2'), 1);
  assert.equal(await count('appointmentTypeID=12'), 0);
  assert.equal(await count('firstName=ada'), 1);
  assert.equal(await count('email=noa.lee%40example.org'), 1);
  assert.equal(await count('phone=%2B13125550188'), 2);
  assert.equal(await count('field:88001=bk_9'), 1);
  assert.equal(await count('field:88001=bk_8'), 0);
  const [row] = (await api('GET', '/appointments?excludeForms=true')).rows;
  assert.equal(row?.['forms'], undefined);
});

test('an update changes the white list only and ignores the rest without a word', async (t) => {
  const { api, act } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  const path = `/appointments/${text(made.json['id'])}`;
  const changed = await api('PUT', `${path}?admin=true`, {
    lastName: 'Marsh',
    datetime: '2026-12-01T10:00:00-0600',
    calendarID: 2,
    notes: 'asks for a quiet room',
    labels: [{ id: 3 }],
  });
  assert.equal(changed.status, 200);
  assert.deepEqual([changed.json['lastName'], changed.json['notes']], ['Marsh', 'asks for a quiet room']);
  assert.deepEqual([changed.json['datetime'], changed.json['calendarID']], [VISIT.datetime, 1]);
  assert.equal(list(changed.json['labels'])[0]?.['name'], 'Confirmed');
  const asClient = await api('PUT', path, { notes: 'other' });
  assert.equal(asClient.json['notes'], 'asks for a quiet room');
  await act('change-settings', { settings: { putTakesCalendar: true } });
  assert.equal((await api('PUT', path, { calendarID: 2 })).json['calendarID'], 2);
});

test('a move keeps the id, may overlap its own old time, and null as calendar lets the vendor choose', async (t) => {
  const { api } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  const path = `/appointments/${text(made.json['id'])}/reschedule`;
  await api('POST', '/appointments', { ...VISIT, datetime: '2026-12-01T10:00:00-0600' });
  const taken = await api('PUT', path, { datetime: '2026-12-01T10:00:00-0600' });
  assert.equal(taken.json['error'], 'not_available');
  const elsewhere = await api('PUT', path, { datetime: '2026-12-01T10:00:00-0600', calendarID: null });
  assert.deepEqual([elsewhere.json['id'], elsewhere.json['calendarID']], [made.json['id'], 2]);
  const same = await api('PUT', path, { datetime: '2026-12-01T10:00:00-0600' });
  assert.equal(same.status, 200);
});

test('a cancelled appointment cannot be moved, and cancelling twice answers as the setting says', async (t) => {
  const { api, act } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  const path = `/appointments/${text(made.json['id'])}`;
  assert.equal((await api('PUT', `${path}/cancel`)).status, 200);
  const moved = await api('PUT', `${path}/reschedule`, { datetime: '2026-12-01T10:00:00-0600' });
  assert.equal(moved.json['error'], 'reschedule_canceled');
  assert.equal((await api('PUT', `${path}/cancel`)).status, 200);
  await act('change-settings', { settings: { secondCancel: 'refuse' } });
  assert.equal((await api('PUT', `${path}/cancel`)).json['error'], 'cancel_not_allowed');
});

test('clients come too late to cancel or move close to the start; admin=true does not', async (t) => {
  const { api } = await practice(t, { settings: { changeHoursBefore: 100 } });
  const made = await api('POST', '/appointments', VISIT);
  const path = `/appointments/${text(made.json['id'])}`;
  assert.equal((await api('PUT', `${path}/cancel`)).json['error'], 'cancel_too_close');
  const late = await api('PUT', `${path}/reschedule`, { datetime: '2026-12-01T10:00:00-0600' });
  assert.equal(late.json['error'], 'reschedule_too_close');
  assert.equal((await api('PUT', `${path}/cancel?admin=true`)).status, 200);
});

test('a user who is no admin sees its own calendars only and gets 403 for others', async (t) => {
  const { api } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  const login = '10102:second-key';
  assert.equal((await api('GET', `/appointments/${text(made.json['id'])}`, undefined, login)).status, 403);
  assert.equal((await api('GET', '/appointments?calendarID=1', undefined, login)).status, 403);
  assert.equal((await api('GET', '/appointments', undefined, login)).rows.length, 0);
  assert.deepEqual(
    (await api('GET', '/calendars', undefined, login)).rows.map((row) => row['id']),
    [2],
  );
});

test('an appointment deleted by staff vanishes from lists and is 404 by id', async (t) => {
  const { api, act, state } = await practice(t);
  const made = await act('book', { calendarID: 1, appointmentTypeID: 11 });
  assert.equal(made.status, 200);
  const id = text(made.json['id']);
  assert.equal((await act('delete-from-ui', { id })).status, 200);
  assert.equal((await api('GET', `/appointments/${id}`)).status, 404);
  assert.equal((await api('GET', '/appointments?showall=true')).rows.length, 0);
  assert.equal(text(list((await state('deleted'))['deleted'])[0]?.['id']), id);
});

test('payments are listed, and a paid visit says so', async (t) => {
  const { api, act } = await practice(t);
  const made = await api('POST', '/appointments', VISIT);
  assert.equal(made.json['paid'], 'no');
  const paid = await act('pay', { id: made.json['id'] });
  assert.deepEqual([paid.json['paid'], paid.json['amountPaid']], ['yes', '80.00']);
  const [payment] = (await api('GET', `/appointments/${text(made.json['id'])}/payments`)).rows;
  assert.equal(payment?.['amount'], '80.00');
});

test('an unknown path is 404 and a known path with another method 405, both in the vendor’s envelope', async (t) => {
  const { api } = await practice(t);
  assert.equal((await api('GET', '/appointment')).json['error'], 'not_found');
  assert.equal((await api('DELETE', '/appointments')).json['error'], 'method_not_allowed');
  assert.equal((await api('GET', '/appointments.json')).status, 200);
});
