import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactPlan, redactSettings, redactSite } from '../../src/settings/redact.ts';
import { edit, folder, HUB, kinds, NORTH } from './folder.ts';

const FILES = {
  'hub.yaml': `${HUB}clients: [{ id: a, token: secret-token-of-a, role: admin, sites: '*' }]\n`,
  'sites/north.yaml': edit(NORTH, "'http://127.0.0.1:1'", "'http://user:secret-password@127.0.0.1:1/x'"),
  'subscribers.yaml': `subscribers:
  - { id: a, url: 'https://a.example/x', secret: secret-of-a-receiver, topics: [slot] }
`,
};

test('a redacted plan holds no secret and everything else, and the plan itself is untouched', async () => {
  await using config = await folder(FILES);
  const { plan } = await config.plan();
  assert.ok(plan);
  const text = JSON.stringify(redactPlan(plan, kinds));
  assert.doesNotMatch(text, /secret-|inline-north-key/);
  assert.match(text, /"token":"\*\*\*"/);
  assert.match(text, /http:\/\/\*\*\*@127\.0\.0\.1:1\/x/);
  assert.match(text, /"practitioner":"npi:1234567893"/);
  assert.equal(plan.sites[0]?.settings['key'], 'inline-north-key');
});

test('of a kind that is not known every setting is taken for a secret', async () => {
  await using config = await folder();
  const site = (await config.plan()).plan?.sites[0];
  assert.ok(site);
  assert.deepEqual(new Set(Object.values(redactSite(site, undefined).settings)), new Set(['***']));
});

test('settings that were left out do not appear as secrets', () => {
  const kind = kinds.get('clinic');
  assert.ok(kind);
  assert.deepEqual(redactSettings({ url: 'https://x', key: undefined }, kind), { url: 'https://x', key: undefined });
});
