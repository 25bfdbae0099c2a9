import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list, practice, receiver, text, VISIT, type Practice } from './practice.ts';

async function booked(site: Practice): Promise<number> {
  return list((await site.state('appointments'))['appointments']).length;
}

test('dropAnswer writes the booking and cuts the connection, as often as told', async (t) => {
  const site = await practice(t);
  await site.faults({ dropAnswer: { times: 1 } });
  assert.equal((await site.api('GET', '/appointments')).status, 200, 'reads are not dropped');
  await assert.rejects(site.api('POST', '/appointments', VISIT));
  assert.equal(await booked(site), 1);
  assert.equal((await site.api('POST', '/appointments', { ...VISIT, calendarID: 2 })).status, 200);
});

test('silentDrop answers success, writes nothing, tells no webhook, and never gives the same id again', async (t) => {
  const site = await practice(t);
  const { url, heard } = await receiver(t);
  await site.api('POST', '/webhooks', { event: 'appointment.changed', target: url });
  await site.faults({ silentDrop: { times: 1, match: 'POST /api/v1/appointments' } });
  const lie = await site.api('POST', '/appointments', VISIT);
  assert.equal(lie.status, 200);
  assert.equal((await site.api('GET', `/appointments/${text(lie.json['id'])}`)).status, 404);
  assert.equal(await booked(site), 0);
  const made = await site.api('POST', '/appointments', VISIT);
  assert.notEqual(made.json['id'], lie.json['id']);
  assert.equal(heard.filter((one) => one.id === text(lie.json['id'])).length, 0);
});

test('over the limit the answer is the vendor’s 429, and null lifts the limit', async (t) => {
  const site = await practice(t, { settings: { requestsPerSecond: 10, concurrentRequests: 20 } });
  const ask = async (): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => site.api('GET', '/calendars')));
    return answers.map((one) => one.status);
  };
  const limited = await ask();
  assert.ok(limited.filter((status) => status === 200).length <= 20);
  assert.ok(limited.includes(429));
  const refused = await site.api('GET', '/calendars');
  if (refused.status === 429) {
    assert.deepEqual(refused.json, {
      status_code: 429,
      message: 'Rate limit reached. Limit 10req/s and 20 concurrent connections.',
      error: 'too_many_requests',
    });
  }
  await site.faults({ rateLimit: null });
  assert.ok((await ask()).every((status) => status === 200));
});

test('more than the allowed calls at once are refused although the rate is not reached', async (t) => {
  const site = await practice(t, { settings: { concurrentRequests: 3 } });
  await site.faults({ latencyMs: 100 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => site.api('GET', '/calendars')));
  assert.equal(answers.filter((one) => one.status === 200).length, 3);
});

test('errorRate answers 500 to its share of calls before anything is written', async (t) => {
  const site = await practice(t);
  await site.faults({ errorRate: 1 });
  const failed = await site.api('POST', '/appointments', VISIT);
  assert.deepEqual([failed.status, failed.json['error']], [500, 'server_error']);
  assert.equal(await booked(site), 0);
});

test('outage cuts every connection of the vendor’s interface, while /__sim answers', async (t) => {
  const site = await practice(t);
  await site.faults({ outage: true });
  await assert.rejects(site.api('GET', '/calendars'));
  assert.equal(await booked(site), 0);
  await site.faults({ outage: false });
  assert.equal((await site.api('GET', '/calendars')).status, 200);
});

test('staleReads answers reads from the past and still judges bookings by the present', async (t) => {
  const site = await practice(t);
  const before = await site.api('POST', '/appointments', VISIT);
  await site.faults({ staleReads: 60_000 });
  assert.equal((await site.api('GET', '/appointments')).rows.length, 0);
  assert.equal((await site.api('GET', `/appointments/${text(before.json['id'])}`)).status, 404);
  assert.equal((await site.api('POST', '/appointments', VISIT)).json['error'], 'not_available');
  await site.faults(null);
  assert.equal((await site.api('GET', '/appointments')).rows.length, 1);
});

test('the HTML 403 of the vendor’s edge has no envelope', async (t) => {
  const site = await practice(t);
  await site.faults({ htmlForbidden: { times: 1 } });
  const refused = await site.api('GET', '/calendars');
  assert.deepEqual([refused.status, refused.text], [403, '</html>']);
  assert.equal((await site.api('GET', '/calendars')).status, 200);
});

test('clockSkewMs shifts what the simulator writes as the time, and its Date header', async (t) => {
  const site = await practice(t);
  await site.faults({ clockSkewMs: -3_600_000 });
  const made = await site.api('POST', '/appointments', VISIT);
  assert.match(text(made.json['datetimeCreated']), /^2026-11-30T05:00/);
  assert.match(made.headers.get('date') ?? '', /^Mon, 30 Nov 2026 11:00/);
});

test('switches merge, unknown ones are refused by name, and DELETE takes all back', async (t) => {
  const site = await practice(t);
  await site.faults({ latencyMs: 5 });
  const merged = await site.faults({ outage: { times: 2 } });
  assert.deepEqual(merged.json['switches'], { latencyMs: 5, outage: { times: 2 } });
  const refused = await site.faults({ outtage: true });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /there is no switch outtage/);
  assert.match((await site.faults({ dropAnswer: 3 })).text, /dropAnswer takes true, false or/);
  assert.deepEqual((await site.faults(null)).json['switches'], {});
});

test('an unknown action is refused with the list of those that are', async (t) => {
  const site = await practice(t);
  const refused = await site.act('explode');
  assert.equal(refused.status, 400);
  assert.match(refused.text, /there are advance-clock, book, move/);
});

test('an action that the system itself refuses answers 409 with the vendor’s refusal', async (t) => {
  const site = await practice(t);
  const refused = await site.act('cancel', { id: 1 });
  assert.equal(refused.status, 409);
  assert.equal(refused.json['refusal']?.['status'], 404);
});
