import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { acuitySettings } from '../../src/connectors/acuity/settings.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import { edit, folder, HUB, NORTH } from './folder.ts';

test('a sound configuration becomes a plan, completed with defaults and frozen throughout', async () => {
  await using config = await folder();
  const { plan, issues } = await config.plan();
  assert.deepEqual(issues, []);
  assert.ok(plan);
  const site = plan.sites[0]!;
  assert.equal(site.id, 'north');
  assert.equal(site.identity, 'north');
  assert.equal(site.locations['main']?.timeZone, 'America/Chicago');
  assert.equal(site.locations['annex']?.timeZone, 'America/Denver');
  assert.deepEqual(site.settings['fields'], { code: 'none' });
  assert.equal(site.settings['port'], 443);
  assert.equal(site.poll.every_s, 60);
  assert.equal(plan.hub.limits.pageSize, 50);
  assert.equal(plan.hub.visitTypes['intake-30']?.patients, 'new');
  assert.deepEqual(plan.subscribers, []);
  assert.ok(Object.isFrozen(site.locations['main'].codes) && Object.isFrozen(plan.hub.limits));
});

test('a code called like something every object has is not found in a mapping', async () => {
  await using config = await folder();
  const { plan } = await config.plan();
  assert.equal(plan?.sites[0]?.visitTypes['constructor'], undefined);
});

test('all issues of all files come at once, each with its file, line and field', async () => {
  await using config = await folder({
    'hub.yaml': edit(HUB, 'timeZone: America/Chicago', 'timeZone: America/Chicgo'),
    'sites/north.yaml': edit(edit(NORTH, 'stage: live', 'stage: life'), 'location: main', 'location: mein'),
  });
  assert.deepEqual(await config.issues(), [
    'hub.yaml:2 timeZone: is no known time zone; write an IANA name like America/Chicago',
    'sites/north.yaml:3 stage: is none of the known values ("life"); write live',
    'sites/north.yaml:11 resources.calendars.84021.location: there is no location mein in this file; write main',
  ]);
});

// A site file that a guide shows must work as it stands, or the first thing a reader does fails.
test('the site file of the guide fits a hub with its visit type', async () => {
  const guide = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'add-a-site.md'), 'utf8');
  const shown = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const hub = `${edit(HUB, 'sandbox', 'production')}clients: [{ id: a, token: '\${T}', role: admin, sites: '*' }]\n`;
  await using config = await folder({ 'hub.yaml': hub, 'sites/uptown-acuity.yaml': shown });
  await config.remove('sites/north.yaml');
  const variables = { T: 'a-token-of-some-length', UPTOWN_ACUITY_USER: '1', UPTOWN_ACUITY_KEY: 'abcdefgh' };
  const acuity = new Map([['acuity', acuitySettings]]);
  const { issues } = await buildPlan({ configDir: config.path, variables, kinds: acuity });
  assert.deepEqual(issues.map(formatIssue), []);
});
