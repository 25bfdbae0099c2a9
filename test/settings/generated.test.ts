import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { kinds as registry } from '../../src/connectors/registry.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { generatedFiles, generateSettingsPage } from '../../src/settings/page.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import { requestPortVariable, simulatorVariable, wantedSimulators } from '../../src/settings/sandbox.ts';
import { generateSchemas } from '../../src/settings/schema.ts';
import type { KindSettings } from '../../src/settings/spec.ts';
import { kinds as fakeKinds } from './folder.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const CONFIG = join(PROJECT, 'config');
const kinds: KindSettings = new Map([...registry].map(([name, kind]) => [name, kind.settings]));
const siteFiles: string[] = [];

before(async () => {
  siteFiles.push(...(await readdir(join(CONFIG, 'sites'))));
});

/** Addresses that fit the form and lead nowhere. */
function standIns(simulators: readonly { readonly site: string }[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    simulators.flatMap(({ site }) => [
      [simulatorVariable(site), 'http://127.0.0.1:1'],
      [requestPortVariable(site), '1'],
    ]),
  );
}

test('the generated files are those that npm run generate would write', async () => {
  for (const [file, text] of generatedFiles(kinds)) {
    const committed = await readFile(join(PROJECT, file), 'utf8');
    assert.ok(committed === text, `${file} is stale: run npm run generate and commit it`);
  }
});

test('the configuration that comes with the hub is sound', async () => {
  const simulators = await wantedSimulators(CONFIG, {});
  const variables = standIns(simulators);
  const { plan, issues } = await buildPlan({ configDir: CONFIG, variables, kinds });
  assert.deepEqual(issues.map(formatIssue), []);
  assert.equal(plan?.hub.environment, 'sandbox');
  const simulated = simulators.map((simulator) => simulator.site);
  // One site has no simulator: it takes the files that people feed by hand.
  assert.deepEqual(
    plan.sites.map((site) => site.id),
    [...simulated, 'any-hl7'].sort(),
  );
});

test('the three sites of the sandbox share one practitioner by NPI', async () => {
  const simulators = await wantedSimulators(CONFIG, {});
  const variables = standIns(simulators);
  const { plan } = await buildPlan({ configDir: CONFIG, variables, kinds });
  const simulated = plan?.sites.filter(({ id }) => simulators.some(({ site }) => site === id)) ?? [];
  assert.equal(simulated.length, 3);
  for (const { id, resources } of simulated) {
    const people = [...Object.values(resources.calendars), ...Object.values(resources.practitioners)];
    assert.ok(
      people.some((rule) => rule.practitioner === 'npi:1043333339'),
      id,
    );
  }
});

test('every file of the configuration names its schema in the first line and fits it in an editor', async () => {
  const ajv = new Ajv({ strict: false });
  for (const file of ['hub.yaml', 'subscribers.yaml', ...siteFiles.map((name) => `sites/${name}`)]) {
    const text = await readFile(join(CONFIG, file), 'utf8');
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1];
    assert.ok(named, `${file} names no schema`);
    const schema = JSON.parse(await readFile(join(CONFIG, file, '..', named), 'utf8')) as object;
    const validate = ajv.compile(schema);
    assert.ok(validate(parse(text)), `${file}: ${JSON.stringify(validate.errors)}`);
  }
});

test('the schema of a site file asks for what the kind needs, and takes a variable wherever a value has a form', () => {
  const schema = generateSchemas(fakeKinds)['site.json'];
  assert.ok(schema);
  const validate = new Ajv({ strict: false }).compile(schema);
  const site = { kind: 'clinic', environment: '${ENV}', stage: 'live', timeZone: 'UTC' };
  const settings = { url: '${URL}', key: '${KEY}', port: '${PORT}' };
  assert.ok(validate({ ...site, settings }), JSON.stringify(validate.errors));
  assert.equal(validate(site), false);
  assert.equal(validate({ ...site, settings: { ...settings, port: 'x' } }), false);
  assert.equal(validate({ ...site, settings: { ...settings, more: 1 } }), false);
  assert.equal(validate({ ...site, kind: 'other', settings }), false);
});

test('the settings page names every setting of every kind', () => {
  const page = generateSettingsPage(fakeKinds);
  for (const name of [
    'limits.pageSize',
    'clients[].token',
    'locations.<...>.timeZone',
    'mirror.to',
    'settings.fields.code',
  ])
    assert.ok(page.includes(`| \`${name}\` |`), name);
});

test('the commented settings of hub.yaml show the defaults that hold', async () => {
  const text = await readFile(join(CONFIG, 'hub.yaml'), 'utf8');
  const schema = generateSchemas(kinds)['hub.json'] as {
    readonly properties: Readonly<
      Record<string, { readonly properties?: Readonly<Record<string, { readonly default?: unknown }>> }>
    >;
  };
  for (const part of ['limits', 'booking', 'retention'])
    for (const [name, { default: value }] of Object.entries(schema.properties[part]?.properties ?? {}))
      assert.match(text, new RegExp(`^#   ${name}: ${String(value)}$`, 'm'), `${part}.${name}`);
});
