import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import { acuity } from '../../../src/connectors/acuity/index.ts';
import { acuitySettings, type AcuitySettings } from '../../../src/connectors/acuity/settings.ts';
import { createBudgets } from '../../../src/connectors/kit/budget.ts';
import type { CheckResult } from '../../../src/connectors/contract.ts';
import { kinds } from '../../../src/connectors/registry.ts';
import type { SiteSettings } from '../../../src/settings/shape.ts';
import { never, noHl7, noToken, siteOn, startPractice, type Practice } from './practice.ts';

const practice: Practice = await startPractice({ after });

async function check(
  settings: Partial<AcuitySettings> = {},
  file: Partial<SiteSettings> = {},
  webhookUrl: string | null = null,
): Promise<readonly CheckResult[]> {
  const site = siteOn(practice.url, settings, file);
  const connector = acuity.open(site, {
    clock: systemClock,
    budget: createBudgets(systemClock),
    webhookUrl,
    hl7Sender: noHl7,
    backendToken: noToken,
  });
  try {
    return await connector.check(never);
  } finally {
    await connector.close();
  }
}
const failing = (results: readonly CheckResult[]): readonly string[] =>
  results.filter((result) => !result.ok).map((result) => result.what);

test('a good site file passes, though a type without the hub’s field is pointed out', async () => {
  assert.deepEqual(failing(await check()), ['visit type 12']);
  assert.deepEqual(failing(await check({}, { visitTypes: { '11': 'visit-30' } })), []);
});

test('wrong credentials are the one thing said', async () => {
  const results = await check({ apiKey: 'another-key' });
  assert.deepEqual(failing(results), ['credentials']);
  assert.equal(results.length, 1);
  assert.ok(!JSON.stringify(results).includes('another-key'));
});

test('calendars, zones, visit types and fields that the account does not have are named with what to do', async () => {
  const calendars = { '1': {}, '2': {}, '77': {} };
  const results = await check(
    { mrnField: 12345 },
    {
      resources: { calendars, practitioners: {}, devices: {} },
      visitTypes: { '11': 'visit-30', '999': 'x' },
    },
  );
  assert.deepEqual(failing(results), ['calendar 2', 'calendar 77', 'visit type 999', 'mrnField']);
  for (const result of results.filter((one) => !one.ok)) assert.ok(result.detail.length > 20);
});

test('dynamic webhooks need an address, static ones are told where to point', async () => {
  const visitTypes = { '11': 'visit-30' };
  assert.deepEqual(failing(await check({ webhooks: 'dynamic' }, { visitTypes })), ['webhooks']);
  assert.deepEqual(failing(await check({ webhooks: 'dynamic' }, { visitTypes }, 'https://hub.example/intake/n')), []);
  const told = await check({ webhooks: 'static' }, { visitTypes }, 'https://hub.example/intake/n');
  assert.ok(told.some((result) => result.detail.includes('https://hub.example/intake/n')));
});

test('checking changes nothing at the site', async () => {
  const writes = async (): Promise<string> => {
    const calls = JSON.stringify(await practice.truth('calls'));
    return JSON.stringify(calls.match(/"(POST|PUT|DELETE)[^,]*/g));
  };
  const before = await writes();
  await check({ webhooks: 'dynamic' }, {}, 'https://hub.example/intake/n');
  assert.equal(await writes(), before);
});

test('broken settings are sentences with the field concerned', () => {
  const about = { site: 'north', environment: 'production', stage: 'live' } as const;
  const broken = (
    more: Partial<AcuitySettings>,
    environment: 'production' | 'sandbox' = 'sandbox',
  ): readonly string[] => {
    const { settings } = siteOn('http://127.0.0.1:1', more);
    return (acuitySettings.rules?.(settings, { ...about, environment }) ?? []).map((rule) => rule.field);
  };
  assert.deepEqual(broken({}), []);
  assert.deepEqual(broken({}, 'production'), ['baseUrl']);
  assert.deepEqual(broken({ accessToken: 'token-token' }), ['accessToken']);
  assert.deepEqual(broken({ apiKey: undefined } as never), ['apiKey', 'webhookKey']);
  assert.deepEqual(broken({ apiKey: undefined, accessToken: 'token-token', webhooks: 'none' } as never), []);
  assert.deepEqual(broken({ reservedForBookings: 1_000 }), ['reservedForBookings']);
  assert.deepEqual(broken({ webhookEvents: ['appointment.changed', 'appointment.canceled'] }), ['webhookEvents']);
});

test('every secret is declared as one', () => {
  const fields = Object.entries(acuitySettings.fields);
  const secret = fields.filter(([, field]) => field.secret === true).map(([name]) => name);
  assert.deepEqual(secret.sort(), ['accessToken', 'apiKey', 'webhookKey']);
});

test('the registry knows each kind by its own name', () => {
  for (const [name, kind] of kinds) assert.equal(kind.name, name);
  assert.ok(kinds.has('acuity'));
});
