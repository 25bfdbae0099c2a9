import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS, MINUTE_MS } from '../../src/core/instant.ts';
import { list, practice, receiver, signatureOf, text, until, VISIT, type Practice } from './practice.ts';

const TYPE = 'application/x-www-form-urlencoded';

async function hook(api: Practice['api'], event: string, target: string, login?: string): Promise<string> {
  const made = await api('POST', '/webhooks', { event, target }, login);
  assert.equal(made.status, 200);
  return text(made.json['id']);
}

test('a webhook is a form of ids, signed with the key of the user that made the hook', async (t) => {
  const { api } = await practice(t);
  const { url, heard } = await receiver(t);
  await hook(api, 'appointment.changed', url);
  await hook(api, 'appointment.scheduled', url, '10102:second-key');
  const made = await api('POST', '/appointments', VISIT);
  await until(() => heard.length === 2);
  const changed = heard.find((one) => one.action === 'changed');
  const scheduled = heard.find((one) => one.action === 'scheduled');
  assert.equal(changed?.body, `action=changed&id=${text(made.json['id'])}&calendarID=1&appointmentTypeID=11`);
  assert.equal(changed.headers['content-type'], TYPE);
  assert.equal(changed.headers['x-acuity-signature'], signatureOf(changed.body, 'main-key'));
  assert.equal(scheduled?.headers['x-acuity-signature'], signatureOf(scheduled?.body ?? '', 'second-key'));
});

test('book, move, change and cancel fire their own event and `changed`; blocks and hours fire nothing', async (t) => {
  const { api, act } = await practice(t);
  const { url, heard } = await receiver(t);
  for (const event of ['scheduled', 'rescheduled', 'canceled', 'changed']) await hook(api, `appointment.${event}`, url);
  const id = text((await act('book', { calendarID: 1, appointmentTypeID: 11 })).json['id']);
  await act('block', { calendarID: 1, start: '2026-12-01T09:00:00-0600', end: '2026-12-01T12:00:00-0600' });
  await act('close-day', { calendarID: 1, date: '2026-12-07' });
  await act('move', { id, datetime: '2026-12-01T15:00:00-0600' });
  await act('change', { id, phone: '3125550100' });
  await act('no-show', { id });
  await until(() => heard.length >= 7);
  const counts = Object.groupBy(heard, (one) => one.action);
  assert.deepEqual(
    Object.entries(counts)
      .map(([action, all]) => [action, all?.length])
      .sort(),
    [
      ['canceled', 1],
      ['changed', 4],
      ['rescheduled', 1],
      ['scheduled', 1],
    ],
  );
});

test('the action carries the prefix `appointment.` where the setting says so', async (t) => {
  const { api, act } = await practice(t, { settings: { webhookActionStyle: 'prefixed' } });
  const { url, heard } = await receiver(t);
  await hook(api, 'appointment.changed', url);
  await act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(() => heard.length === 1);
  assert.equal(heard[0]?.action, 'appointment.changed');
});

test('a 5xx answer is repeated with growing pauses for 24 hours, a 4xx never', async (t) => {
  const site = await practice(t, { settings: { webhookFirstRetrySeconds: 60, webhookRetryFactor: 10 } });
  let status = 503;
  const { url, heard } = await receiver(t, () => status);
  await hook(site.api, 'appointment.changed', url);
  await site.act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(() => heard.length === 1);
  await site.act('advance-clock', { ms: 2 * MINUTE_MS });
  await until(() => heard.length === 2);
  await site.act('advance-clock', { ms: 11 * MINUTE_MS });
  await until(() => heard.length === 3);
  status = 404;
  await site.act('advance-clock', { ms: 2 * HOUR_MS });
  await until(() => heard.length === 4);
  const sent = await sentOf(site);
  assert.deepEqual([sent[0]?.['state'], list(sent[0]?.['attempts']).length], ['refused', 4]);
});

test('an event is given up after a day, and a hook that fails for five days is switched off', async (t) => {
  const site = await practice(t, { settings: { webhookFirstRetrySeconds: HOUR_MS / 1000, webhookRetryFactor: 30 } });
  const { url, heard } = await receiver(t, () => 500);
  await hook(site.api, 'appointment.changed', url);
  await site.act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(async () => heard.length === 1 && (await sentOf(site))[0]?.['state'] === ('pending' as never));
  await site.act('advance-clock', { ms: 2 * HOUR_MS });
  await until(async () => (await sentOf(site))[0]?.['state'] === ('given-up' as never));
  await site.act('advance-clock', { ms: 119 * HOUR_MS });
  await site.act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(() => heard.length === 3);
  await until(async () => (await site.api('GET', '/webhooks')).rows[0]?.['status'] === ('disabled' as never));
  await site.act('book', { calendarID: 1, appointmentTypeID: 11 });
  assert.equal((await sentOf(site)).length, 2);
});

test('at most 25 hooks, known events and, by setting, the vendor’s ports only', async (t) => {
  const { api, act } = await practice(t);
  const target = 'http://127.0.0.1:9/hook';
  assert.equal((await api('POST', '/webhooks', { event: 'appointment.moved', target })).status, 400);
  const ids: string[] = [];
  for (let count = 0; count < 25; count += 1) ids.push(await hook(api, 'order.completed', target));
  assert.equal((await api('POST', '/webhooks', { event: 'order.completed', target })).status, 400);
  assert.equal((await api('DELETE', `/webhooks/${ids[0] ?? ''}`)).status, 204);
  assert.equal((await api('GET', '/webhooks')).rows.length, 24);
  await act('change-settings', { settings: { webhookTargetPorts: 'standard' } });
  assert.equal((await api('POST', '/webhooks', { event: 'order.completed', target })).status, 400);
  assert.equal(
    (await api('POST', '/webhooks', { event: 'order.completed', target: 'https://hub.example.org/x' })).status,
    200,
  );
});

test('a static hook gets its target at runtime, is signed by the main admin’s key, outlives a restart', async (t) => {
  const { url, heard } = await receiver(t);
  const first = await practice(t, { staticWebhooks: [{ event: 'appointment.changed' }] });
  await first.act('set-static-webhook', { target: url });
  await first.simulator.stop();
  const again = await practice(t, {}, { folder: first.folder });
  await again.act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(() => heard.length === 1);
  assert.equal(heard[0]?.headers['x-acuity-signature'], signatureOf(heard[0]?.body ?? '', 'main-key'));
  assert.equal((await again.api('GET', '/webhooks')).rows.length, 0);
  await again.act('set-static-webhook', { target: null, event: 'appointment.changed' });
  await again.act('book', { calendarID: 1, appointmentTypeID: 11 });
  assert.equal((await sentOf(again)).length, 1);
});

test('what was not delivered when the simulator ended is delivered by the next one', async (t) => {
  const first = await practice(t, { settings: { webhookFirstRetrySeconds: 1 } });
  let status = 500;
  const { url, heard } = await receiver(t, () => status);
  await hook(first.api, 'appointment.changed', url);
  await first.act('book', { calendarID: 1, appointmentTypeID: 11 });
  await until(() => heard.length === 1);
  await first.simulator.stop();
  status = 200;
  const again = await practice(t, {}, { folder: first.folder });
  await again.act('advance-clock', { ms: MINUTE_MS });
  await until(async () => (await sentOf(again))[0]?.['state'] === ('delivered' as never));
});

test('webhooks are lost, doubled and sent in reverse when the switches say so', async (t) => {
  const site = await practice(t);
  const { url, heard } = await receiver(t);
  await hook(site.api, 'appointment.changed', url);
  const book = async (): Promise<string> =>
    text((await site.act('book', { calendarID: 1, appointmentTypeID: 11 })).json['id']);
  await site.faults({ loseWebhooks: { times: 1 } });
  const lost = await book();
  await site.faults({ duplicateWebhooks: { times: 1 } });
  const doubled = await book();
  await until(() => heard.length === 2);
  assert.deepEqual(
    heard.map((one) => one.id),
    [doubled, doubled],
  );
  assert.equal((await sentOf(site)).find((one) => one['state'] === ('lost' as never)) !== undefined, true);
  await hook(site.api, 'appointment.scheduled', url);
  await site.faults({ reorderWebhooks: true });
  const reversed = await book();
  await until(() => heard.length === 4);
  assert.deepEqual(
    heard.slice(2).map((one) => [one.id, one.action]),
    [
      [reversed, 'changed'],
      [reversed, 'scheduled'],
    ],
  );
  assert.ok(!heard.some((one) => one.id === lost));
});

test('what was sent meanwhile is not sent once more in reverse, nor waits again because that fails', async (t) => {
  const site = await practice(t);
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  let slow = '';
  let isOver = false;
  const { url, heard } = await receiver(t, async (id) => {
    if (id === slow) await released;
    return isOver && id === first ? 503 : 200;
  });
  await hook(site.api, 'appointment.changed', url);
  const book = async (): Promise<string> =>
    text((await site.act('book', { calendarID: 1, appointmentTypeID: 11 })).json['id']);
  await site.faults({ reorderWebhooks: true });
  const first = await book();
  slow = await book();
  await until(() => heard.some(({ id }) => id === slow));
  await site.faults({ reorderWebhooks: false });
  await book();
  await until(() => heard.some(({ id }) => id === first));
  await until(async () => (await sentOf(site))[0]?.['state'] === ('delivered' as never));
  isOver = true;
  release(undefined);
  await until(async () => (await sentOf(site))[1]?.['state'] === ('delivered' as never));
  const last = await book();
  await until(() => heard.some(({ id }) => id === last));
  assert.equal(heard.filter(({ id }) => id === first).length, 1);
  assert.equal((await sentOf(site))[0]?.['state'], 'delivered');
});

test('with echoFirst the webhook arrives before the answer to the booking', async (t) => {
  const site = await practice(t);
  const { url, heard } = await receiver(t);
  await hook(site.api, 'appointment.changed', url);
  await site.faults({ echoFirst: true });
  const made = await site.api('POST', '/appointments', VISIT);
  assert.deepEqual(
    heard.map((one) => one.id),
    [text(made.json['id'])],
  );
});

async function sentOf(site: Practice): Promise<ReturnType<typeof list>> {
  return list((await site.state('webhooks'))['webhooks']?.['sent']);
}
