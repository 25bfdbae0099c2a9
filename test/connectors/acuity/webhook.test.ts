import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { AcuitySettings } from '../../../src/connectors/acuity/settings.ts';
import type { RawRequest, Webhook } from '../../../src/connectors/contract.ts';
import { KEY, never, openOn, startPractice, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });
const TARGET = 'http://127.0.0.1:9/intake/north';
const NOW = systemClock.now();

function webhook(more: Partial<AcuitySettings> = {}): Webhook {
  const { webhook: ability } = openOn({ after }, practice.url, more).connector;
  assert.ok(ability !== undefined);
  return ability;
}

function signed(body: string, key = KEY, type = 'application/x-www-form-urlencoded'): RawRequest {
  const signature = createHmac('sha256', key).update(body).digest('base64');
  const headers = { 'content-type': type, 'x-acuity-signature': signature };
  return { method: 'POST', url: '/intake/north', headers, body: Buffer.from(body), remoteAddress: '127.0.0.1' };
}

const BODY = 'action=changed&id=91400233&calendarID=1&appointmentTypeID=11';

async function hooks(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { hooks: all } = (await practice.truth('webhooks')) as { hooks: readonly Readonly<Record<string, unknown>>[] };
  return all.filter((hook) => hook['target'] === TARGET);
}

async function register(event: string): Promise<void> {
  const response = await fetch(`${practice.url}/api/v1/webhooks`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`10101:${KEY}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ event, target: TARGET }),
  });
  assert.equal(response.status, 200, await response.text());
}

test('a webhook signed over its raw bytes is genuine; another key or one changed byte is not', () => {
  assert.equal(webhook().verify(signed(BODY), NOW).genuine, true);
  assert.equal(webhook({ webhookKey: 'static-key' }).verify(signed(BODY, 'static-key'), NOW).genuine, true);
  assert.equal(webhook({ webhookKey: 'static-key' }).verify(signed(BODY), NOW).genuine, false);
  const changed = { ...signed(BODY), body: Buffer.from(BODY.replace('id=9', 'id=8')) };
  const verdict = webhook().verify(changed, NOW);
  assert.ok(!verdict.genuine && verdict.error.code === 'SIGNATURE_WRONG');
});

test('every spelling of an action is the same hint about one appointment, with the bytes untouched', () => {
  for (const action of ['changed', 'appointment.changed', 'scheduled', 'appointment.canceled', 'rescheduled']) {
    const body = BODY.replace('changed', action);
    const read = webhook().read(signed(body));
    assert.ok('messages' in read);
    const [hint] = read.messages;
    assert.ok(hint?.shape === 'hint');
    assert.equal(hint.object, 'appointment:91400233');
    assert.deepEqual(hint.sequenceKeys, ['appointment:91400233']);
    assert.equal(Buffer.from(hint.body).toString(), body);
  }
});

test('an order of the shop is taken and brings no message', () => {
  assert.deepEqual(webhook().read(signed('action=order.completed&id=7')), { messages: [] });
});

test('what the vendor does not document is unreadable', () => {
  for (const body of [
    '',
    'id=7',
    'action=changed',
    'action=changed&id=',
    'action=changed&id=7;8',
    'action=changed&id=-1',
  ]) {
    assert.throws(() => webhook().read(signed(body)), { code: 'WEBHOOK_UNREADABLE' }, body);
  }
  assert.throws(() => webhook().read(signed('{"id":7}', KEY, 'application/json')), { code: 'WEBHOOK_UNREADABLE' });
});

test('a site without webhooks has no such ability', () => {
  assert.equal(openOn({ after }, practice.url, { webhooks: 'none' }).connector.webhook, undefined);
});

test('dynamic webhooks are registered once, repaired when switched off, and freed of doubles', async () => {
  const { connector } = openOn({ after }, practice.url, { webhooks: 'dynamic' }, TARGET);
  await connector.maintain?.(never);
  await connector.maintain?.(never);
  assert.deepEqual(
    (await hooks()).map((hook) => hook['event']),
    ['appointment.changed'],
  );
  await register('appointment.changed');
  await register('appointment.canceled');
  await connector.maintain?.(never);
  assert.equal((await hooks()).length, 1);
  await practice.act('deactivate-webhooks');
  await connector.maintain?.(never);
  const [only, second] = await hooks();
  assert.equal(second, undefined);
  assert.equal(only?.['status'], 'active');
});

test('static webhooks are left alone', async () => {
  const before = await hooks();
  await openOn({ after }, practice.url, { webhooks: 'static' }, TARGET).connector.maintain?.(never);
  assert.deepEqual(await hooks(), before);
});
