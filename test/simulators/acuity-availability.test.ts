import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, clockFrom, list, practice, text, VISIT, type Practice } from './practice.ts';

async function times(site: Practice, query: string): Promise<string[]> {
  const { rows } = await site.api('GET', `/availability/times?${query}`);
  return rows.map((row) => text(row['time']));
}

const TUESDAY = 'date=2026-12-01&appointmentTypeID=11&calendarID=1&timezone=America/Chicago';

test('free times are the weekly hours in the calendar’s zone minus appointments and blocks', async (t) => {
  const site = await practice(t);
  const all = await times(site, TUESDAY);
  assert.equal(all.length, 14);
  assert.equal(all[0], '2026-12-01T09:00:00-0600');
  assert.equal(all.at(-1), '2026-12-01T16:30:00-0600');
  await site.api('POST', '/appointments', VISIT);
  const block = { calendarID: 1, start: '2026-12-01T13:10:00-0600', end: '2026-12-01T13:40:00-0600' };
  const made = await site.api('POST', '/blocks', block);
  const fewer = await times(site, TUESDAY);
  const gone = all.filter((time) => !fewer.includes(time));
  assert.deepEqual(gone, ['2026-12-01T09:00:00-0600', '2026-12-01T13:00:00-0600', '2026-12-01T13:30:00-0600']);
  await site.api('DELETE', `/blocks/${text(made.json['id'])}`);
  assert.equal((await times(site, TUESDAY)).length, 13);
});

test('padding keeps neighbours away on both sides of a visit', async (t) => {
  const site = await practice(t);
  await site.api('POST', '/appointments', { ...VISIT, appointmentTypeID: 12, datetime: '2026-12-01T10:00:00-0600' });
  const free = await times(site, TUESDAY);
  assert.deepEqual(free.slice(0, 3), [
    '2026-12-01T09:00:00-0600',
    '2026-12-01T11:30:00-0600',
    '2026-12-01T13:00:00-0600',
  ]);
});

test('the timezone asked for decides the edges of the day and the offsets shown', async (t) => {
  const site = await practice(t);
  const inTokyo = await times(site, 'date=2026-12-02&appointmentTypeID=11&calendarID=1&timezone=Asia/Tokyo');
  assert.equal(inTokyo[0], '2026-12-02T00:00:00+0900');
  assert.equal(inTokyo.length, 14);
});

test('over a clock change the hours stay on the wall clock', async (t) => {
  const hours = { sun: ['09:00-10:00'], sat: ['09:00-10:00'] };
  const calendars = [{ id: 1, name: 'Asha Rao', hours }];
  const site = await practice(
    t,
    { calendars, appointmentTypes: [TYPE] },
    { clock: clockFrom(Date.parse('2026-10-30T12:00Z')) },
  );
  const day = (date: string): Promise<string[]> => times(site, `date=${date}&appointmentTypeID=11&calendarID=1`);
  assert.deepEqual((await day('2026-10-31'))[0], '2026-10-31T09:00:00-0500');
  assert.deepEqual((await day('2026-11-01'))[0], '2026-11-01T09:00:00-0600');
});
const TYPE = { id: 11, name: 'Visit', type: 'service', duration: 30, calendarIDs: [1] };

test('private, deleted and class types, and calendars that do not offer the type, give an empty list', async (t) => {
  const site = await practice(t);
  for (const [type, calendar] of [
    [15, 1],
    [16, 1],
    [13, 1],
    [12, 2],
  ]) {
    assert.deepEqual(
      await times(site, `date=2026-12-01&appointmentTypeID=${String(type)}&calendarID=${String(calendar)}`),
      [],
    );
  }
});

test('dates list the days with a free time, within maximum days ahead', async (t) => {
  const site = await practice(t, { settings: { maxDaysAhead: 5 } });
  await site.act('close-day', { date: '2026-12-01', calendarID: 1 });
  const asked = await site.api('GET', '/availability/dates?month=2026-12&appointmentTypeID=11&calendarID=1');
  assert.deepEqual(asked.rows, []);
  const other = await site.api('GET', '/availability/dates?month=2026-12&appointmentTypeID=11&calendarID=2');
  assert.deepEqual(other.rows, [{ date: '2026-12-01' }]);
});

test('without a calendar the times of all calendars are joined and counted', async (t) => {
  const site = await practice(t);
  const { rows } = await site.api('GET', '/availability/times?date=2026-12-01&appointmentTypeID=11');
  assert.deepEqual(rows[0], { time: '2026-12-01T08:00:00-0600', slotsAvailable: 1 });
  assert.deepEqual(
    rows.find((row) => text(row['time']).includes('T09:00')),
    {
      time: '2026-12-01T09:00:00-0600',
      slotsAvailable: 2,
    },
  );
});

test('an appointment about to be moved can be ignored', async (t) => {
  const site = await practice(t);
  const made = await site.api('POST', '/appointments', VISIT);
  assert.equal((await times(site, TUESDAY)).length, 13);
  assert.equal((await times(site, `${TUESDAY}&ignoreAppointmentIDs[]=${text(made.json['id'])}`)).length, 14);
});

test('check-times answers an object with an object and an array with an array, each item for itself', async (t) => {
  const site = await practice(t);
  const good = { datetime: VISIT.datetime, appointmentTypeID: 11, calendarID: 1 };
  const bad = { ...good, datetime: '2026-12-01T03:00:00-0600' };
  const both = await site.api('POST', '/availability/check-times', [good, bad]);
  assert.deepEqual(both.rows, [
    { ...good, valid: true },
    { ...bad, valid: false, error: 'not_available' },
  ]);
  await site.act('change-settings', { settings: { checkTimesField: 'both' } });
  const one = await site.api('POST', '/availability/check-times', good);
  assert.deepEqual(one.json, { ...good, valid: true, available: true });
  assert.equal(list((await site.state('appointments'))['appointments']).length, 0);
});

test('a class has seats, is booked at its own start only, and is full when they are gone', async (t) => {
  const site = await practice(t);
  const made = await site.act('add-class', {
    appointmentTypeID: 13,
    calendarID: 1,
    datetime: '2026-12-01T10:00:00-0600',
  });
  const path = '/availability/classes?month=2026-12&appointmentTypeID=13';
  const [shown] = (await site.api('GET', path)).rows;
  assert.deepEqual([shown?.['slots'], shown?.['slotsAvailable'], shown?.['duration']], [2, 2, '60']);
  const seat = { ...VISIT, appointmentTypeID: 13, datetime: '2026-12-01T10:00:00-0600' };
  const wrong = await site.api('POST', '/appointments', { ...seat, datetime: '2026-12-01T11:00:00-0600' });
  assert.equal(wrong.json['error'], 'not_available');
  const first = await site.api('POST', '/appointments', seat);
  assert.equal(first.json['classID'], made.json['id']);
  await site.api('POST', '/appointments', { ...seat, firstName: 'Ada' });
  assert.equal((await site.api('POST', '/appointments', seat)).json['error'], 'not_available');
  assert.deepEqual((await site.api('GET', path)).rows, []);
  assert.equal((await site.api('GET', `${path}&includeUnavailable=true`)).rows[0]?.['slotsAvailable'], 0);
  const free = await times(site, TUESDAY);
  assert.ok(!free.includes('2026-12-01T10:00:00-0600') && !free.includes('2026-12-01T10:30:00-0600'));
});

test('a series is booked whole, and none of its appointments can be moved', async (t) => {
  const plan = { appointmentTypeID: 14, calendarID: 2, weekday: 'tue', time: '18:00', meetings: 3 };
  const site = await practice(t, { classes: [plan], horizonDays: 60 });
  const path =
    '/availability/classes?minDate=2026-12-01&maxDate=2027-01-20&appointmentTypeID=14&timezone=America/New_York';
  const meetings = (await site.api('GET', path)).rows;
  assert.ok(meetings.length >= 6 && meetings.every((one) => one['isSeries'] === (true as never)));
  const datetime = text(meetings[3]?.['time']);
  const made = await site.api('POST', '/appointments', { ...VISIT, appointmentTypeID: 14, calendarID: 2, datetime });
  assert.equal(made.status, 200);
  const rows = (await site.api('GET', '/appointments?appointmentTypeID=14')).rows;
  assert.ok(rows.length >= 1 && rows.length <= 3);
  const moved = await site.api('PUT', `/appointments/${text(made.json['id'])}/reschedule?admin=true`, { datetime });
  assert.equal(moved.json['error'], 'reschedule_series');
});

test('changed hours and days show at once, and the truth lists the same starts as the API', async (t) => {
  const site = await practice(t);
  await site.act('change-hours', { calendarID: 1, hours: { tue: ['09:00-10:00'] } });
  await site.act('change-hours', { calendarID: 2, date: '2026-12-01', hours: ['15:00-16:00'] });
  assert.equal((await times(site, TUESDAY)).length, 2);
  const slots = list((await site.state('slots'))['slots']);
  const ofTuesday = slots.filter(
    (slot) => text(slot['time']).startsWith('2026-12-01') && text(slot['appointmentTypeID']) === '11',
  );
  assert.deepEqual(
    ofTuesday.map((slot) => slot['time']),
    ['2026-12-01T09:00:00-0600', '2026-12-01T09:30:00-0600', '2026-12-01T15:00:00-0500', '2026-12-01T15:30:00-0500'],
  );
});

test('the horizon rolls: days that come into sight get their visits, those made stay as they are', async (t) => {
  const invented = { firstPerson: 0, people: 10, fill: 0.5, daysAhead: 7, daysBack: 1 };
  const site = await practice(t, { invented });
  const before = list((await site.state('appointments'))['appointments']).map((row) => text(row['id']));
  assert.ok(before.length > 5);
  await site.act('advance-clock', { ms: 7 * 86_400_000 });
  await site.act('roll-days');
  const after = list((await site.state('appointments'))['appointments']).map((row) => text(row['id']));
  assert.deepEqual(after.slice(0, before.length), before);
  assert.ok(after.length > before.length);
});

test('the same seed makes the same visits on another machine', async (t) => {
  const invented = { firstPerson: 0, people: 10, fill: 0.5, daysAhead: 7, daysBack: 1 };
  const rows = async (): Promise<unknown[]> => {
    const site = await practice(t, { invented });
    return (await site.api('GET', '/appointments?max=500')).rows.map((row) => [
      row['id'],
      row['datetime'],
      row['email'],
    ]);
  };
  assert.deepEqual(await rows(), await rows());
});

test('OAuth: the code is exchanged once for a bearer token that acts as its user', async (t) => {
  const site = await practice(t);
  const ask = 'response_type=code&scope=api-v1&client_id=app&redirect_uri=http://127.0.0.1/back&state=s1';
  const sent = await call('GET', `${site.url}/oauth2/authorize?${ask}`);
  assert.equal(sent.status, 302);
  const back = new URL(sent.headers.get('location') ?? '');
  assert.equal(back.searchParams.get('state'), 's1');
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: 'http://127.0.0.1/back',
    client_id: 'app',
    client_secret: 'app-secret',
  }).toString();
  const header = { 'content-type': 'application/x-www-form-urlencoded' };
  const token = await call('POST', `${site.url}/oauth2/token`, form, header);
  assert.equal(token.json['token_type'], 'Bearer');
  const me = await call('GET', `${site.url}/api/v1/me`, undefined, {
    authorization: `Bearer ${text(token.json['access_token'])}`,
  });
  assert.equal(me.json['id'], 10102);
  assert.equal((await call('POST', `${site.url}/oauth2/token`, form, header)).json['error'], 'invalid_grant');
});

test('reference data, clients and blocks read and write as documented; meta needs no login', async (t) => {
  const site = await practice(t);
  assert.deepEqual((await call('GET', `${site.url}/api/v1/meta`)).json, { hooks: ['127.0.0.1/32', '::1/128'] });
  assert.equal((await site.api('GET', '/me')).json['timezone'], 'America/Chicago');
  const types = (await site.api('GET', '/appointment-types')).rows;
  assert.deepEqual(
    types.map((type) => type['id']),
    [11, 12, 13, 14, 15],
  );
  assert.equal((await site.api('GET', '/appointment-types?includeDeleted=true')).rows.length, 6);
  assert.equal(list((await site.api('GET', '/forms')).rows[0]?.['fields'])[0]?.['id'], 88001);
  await site.api('POST', '/clients', { firstName: 'Ada', lastName: 'Quist', phone: '3125550101' });
  assert.equal((await site.api('GET', '/clients?search=quist')).rows.length, 1);
  await site.api('PUT', '/clients?firstName=Ada&lastName=Quist', { email: 'ada@example.org' });
  assert.equal((await site.api('GET', '/clients?search=ada@example')).rows.length, 1);
  await site.api('DELETE', '/clients?firstName=Ada&lastName=Quist&phone=3125550101');
  assert.equal((await site.api('GET', '/clients?search=quist')).rows.length, 0);
  const block = { calendarID: 2, start: '2026-12-01T09:00:00', end: '2026-12-01T10:00:00', notes: 'away' };
  const made = await site.api('POST', '/blocks', block);
  assert.equal(made.json['start'], '2026-12-01T09:00:00-0500');
  assert.equal((await site.api('GET', '/blocks?calendarID=2&minDate=2026-12-01&maxDate=2026-12-01')).rows.length, 1);
  assert.equal((await site.api('GET', '/blocks?minDate=2026-12-02')).rows.length, 0);
  assert.equal((await site.api('POST', '/blocks', { ...block, end: block.start })).status, 400);
});
