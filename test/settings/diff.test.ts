import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffPlans, formatDiff, isEmptyDiff } from '../../src/settings/diff.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { edit, folder, HUB, NORTH, type Files, type Folder } from './folder.ts';

const SOUTH = edit(NORTH, 'inline-north-key', 'inline-south-key');

async function planOf(config: Folder, files: Files = {}): Promise<Plan> {
  await config.put(files);
  const { plan, issues } = await config.plan();
  assert.ok(plan, JSON.stringify(issues));
  return plan;
}

test('at start every site starts and nothing needs a restart', async () => {
  await using config = await folder({ 'sites/south.yaml': SOUTH });
  const diff = diffPlans(null, await planOf(config));
  assert.deepEqual(diff, {
    start: ['north', 'south'],
    stop: [],
    change: [],
    hubFields: [],
    needsRestart: [],
    refused: [],
  });
});

test('a plan read again changes nothing', async () => {
  await using config = await folder();
  const diff = diffPlans(await planOf(config), await planOf(config));
  assert.ok(isEmptyDiff(diff));
  assert.equal(formatDiff(diff), 'nothing changes');
});

test('comments, order and defaults written out change nothing', async () => {
  await using config = await folder();
  const before = await planOf(config);
  const after = await planOf(config, { 'sites/north.yaml': `# a note\npoll: { every_s: 60 }\n${NORTH}` });
  assert.ok(isEmptyDiff(diffPlans(before, after)));
});

test('sites start, stop and change by field', async () => {
  await using config = await folder({ 'sites/south.yaml': SOUTH });
  const before = await planOf(config);
  await config.remove('sites/south.yaml');
  const changed = edit(edit(NORTH, 'stage: live', 'stage: pilot'), 'name: Annex, ', 'name: Annex East, room: true, ');
  const east = edit(NORTH, 'inline-north-key', 'inline-east-key');
  const after = await planOf(config, { 'sites/north.yaml': changed, 'sites/east.yaml': east });
  const diff = diffPlans(before, after);
  assert.deepEqual([diff.start, diff.stop, diff.refused], [['east'], ['south'], []]);
  assert.deepEqual(
    diff.change.map(({ site, fields }) => [site, fields]),
    [['north', ['locations.annex.name', 'locations.annex.room', 'stage']]],
  );
  assert.match(formatDiff(diff), /^change north: .*stage "live" -> "pilot"$/m);
});

test('hub fields change by name; those that are read once at start need a restart', async () => {
  await using config = await folder();
  const before = await planOf(config);
  const after = await planOf(config, { 'hub.yaml': `${HUB}limits: { pageSize: 20, databaseConnections: 5 }\n` });
  const diff = diffPlans(before, after);
  assert.deepEqual(diff.hubFields, ['limits.databaseConnections', 'limits.pageSize']);
  assert.deepEqual(diff.needsRestart, ['limits.databaseConnections']);
});

test('clients and subscribers are compared by id, not by their place in the list', async () => {
  const one = (id: string, role: string): string =>
    `  - { id: ${id}, token: long-token-of-${id}-1234, role: ${role}, sites: '*' }\n`;
  await using config = await folder({ 'hub.yaml': `${HUB}clients:\n${one('a', 'admin')}${one('b', 'readonly')}` });
  const before = await planOf(config);
  const swapped = await planOf(config, { 'hub.yaml': `${HUB}clients:\n${one('b', 'readonly')}${one('a', 'admin')}` });
  assert.ok(isEmptyDiff(diffPlans(before, swapped)));
  const raised = await planOf(config, { 'hub.yaml': `${HUB}clients:\n${one('b', 'admin')}${one('a', 'admin')}` });
  assert.deepEqual(diffPlans(before, raised).hubFields, ['clients.b.role']);
});

test('a rename that says formerly is a change of the same site and needs a restart', async () => {
  await using config = await folder();
  const before = await planOf(config);
  await config.remove('sites/north.yaml');
  const diff = diffPlans(before, await planOf(config, { 'sites/uptown.yaml': `${NORTH}formerly: north\n` }));
  assert.deepEqual([diff.start, diff.stop, diff.refused], [[], [], []]);
  assert.deepEqual(
    diff.change.map(({ site, fields }) => [site, fields]),
    [['uptown', ['id']]],
  );
  assert.deepEqual(diff.needsRestart, ['site north becomes uptown']);
});

test('a rename that does not say formerly is refused, and the line to write is shown', async () => {
  await using config = await folder();
  const before = await planOf(config);
  await config.remove('sites/north.yaml');
  const diff = diffPlans(before, await planOf(config, { 'sites/uptown.yaml': NORTH }));
  assert.match(diff.refused[0] ?? '', /write "formerly: north" in sites\/uptown\.yaml/);
  assert.match(formatDiff(diff), /^refused: north would stop and uptown start/);
});

test('what is shown of a change holds no secret', async () => {
  const client = (token: string): string => `clients: [{ id: a, token: ${token}, role: admin, sites: '*' }]\n`;
  await using config = await folder({ 'hub.yaml': HUB + client('old-token-old-token') });
  const before = await planOf(config);
  const after = await planOf(config, {
    'hub.yaml': HUB + client('new-token-new-token'),
    'sites/north.yaml': edit(NORTH, 'inline-north-key', 'inline-changed-key'),
  });
  const shown = formatDiff(diffPlans(before, after));
  assert.match(shown, /clients\.a\.token/);
  assert.match(shown, /change north: settings\.key/);
  assert.doesNotMatch(shown + JSON.stringify(diffPlans(before, after)), /old-token|new-token|inline-/);
});
