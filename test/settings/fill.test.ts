import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { edit, folder, HUB, NORTH } from './folder.ts';

const inlineKey = 'key: inline-north-key';

test('a variable stands for a whole value or for a part of it', async () => {
  const text = edit(edit(NORTH, "'http://127.0.0.1:1'", "'${BASE}/api'"), inlineKey, "key: '${KEY}'");
  await using config = await folder({ 'sites/north.yaml': text });
  const { plan } = await config.plan({ BASE: 'http://x:1', KEY: 'abcdefgh' });
  assert.partialDeepStrictEqual(plan?.sites[0]?.settings, { url: 'http://x:1/api', key: 'abcdefgh' });
});

test('a variable is a number or a boolean where the setting is one', async () => {
  const text = edit(NORTH, inlineKey, "key: inline-north-key, port: '${PORT}', strict: '${STRICT}'");
  await using config = await folder({ 'sites/north.yaml': text });
  const { plan } = await config.plan({ PORT: '8443', STRICT: 'false' });
  assert.partialDeepStrictEqual(plan?.sites[0]?.settings, { port: 8443, strict: false });
  assert.deepEqual(await config.issues({ PORT: 'secret-looking', STRICT: 'false' }), [
    'sites/north.yaml:5 settings.port: must be a whole number; write for example 443',
  ]);
});

test('every undefined or empty variable is an issue at its field, and says nothing else about that field', async () => {
  const text = edit(edit(NORTH, "'http://127.0.0.1:1'", "'${BASE}'"), inlineKey, "key: '${KEY}'");
  await using config = await folder({ 'sites/north.yaml': edit(text, 'stage: live', 'stage: ${STAGE}') });
  assert.deepEqual(await config.issues({ KEY: '' }), [
    'sites/north.yaml:3 stage: the variable STAGE is not set; set STAGE in the environment of the hub',
    'sites/north.yaml:5 settings.key: the variable KEY is empty; set KEY in the environment of the hub',
    'sites/north.yaml:5 settings.url: the variable BASE is not set; set BASE in the environment of the hub',
  ]);
});

test('variables come from what is handed in, never from the process', async () => {
  await using config = await folder({ 'hub.yaml': edit(HUB, 'America/Chicago', '${PATH}') });
  assert.deepEqual(await config.issues(), [
    'hub.yaml:2 timeZone: the variable PATH is not set; set PATH in the environment of the hub',
  ]);
});

test('what a variable holds is not read again for variables', async () => {
  await using config = await folder({ 'sites/north.yaml': edit(NORTH, 'name: Main', "name: '${NAME}'") });
  const { plan } = await config.plan({ NAME: '${OTHER}' });
  assert.equal(plan?.sites[0]?.locations['main']?.name, '${OTHER}');
});

test('$${ stands for a plain ${', async () => {
  await using config = await folder({ 'sites/north.yaml': edit(NORTH, 'name: Main', "name: 'a$${b} ${C}'") });
  assert.equal((await config.plan({ C: 'c' })).plan?.sites[0]?.locations['main']?.name, 'a${b} c');
});

test('${...} around something that is no variable name is an issue', async () => {
  await using config = await folder({ 'hub.yaml': edit(HUB, 'America/Chicago', '${ZONE:-UTC}') });
  assert.deepEqual(await config.issues({ ZONE: 'UTC' }), [
    'hub.yaml:2 timeZone: has ${...} around something that is no variable name; write ${NAME}, or $${ for plain ${',
  ]);
});

test('a secret may stand in a file of its own, relative to CONFIG_DIR or absolute', async () => {
  await using config = await folder({
    'sites/north.yaml': edit(NORTH, inlineKey, 'key: file:secrets/north'),
    'secrets/north': 'from-a-file\n',
  });
  assert.equal((await config.plan()).plan?.sites[0]?.settings['key'], 'from-a-file');
  const absolute = edit(NORTH, inlineKey, `key: 'file:${join(config.path, 'secrets', 'north')}'`);
  await config.put({ 'sites/north.yaml': absolute });
  assert.equal((await config.plan()).plan?.sites[0]?.settings['key'], 'from-a-file');
});

test('a secret file that is missing or empty is an issue', async () => {
  await using config = await folder({ 'sites/north.yaml': edit(NORTH, inlineKey, 'key: file:secrets/north') });
  assert.deepEqual(await config.issues(), [
    'sites/north.yaml:5 settings.key: names a secret file that cannot be read (ENOENT); ' +
      'create that file or mend its permissions',
  ]);
  await config.put({ 'secrets/north': '\n' });
  assert.deepEqual(await config.issues(), [
    'sites/north.yaml:5 settings.key: names a secret file that is empty; write the secret into that file',
  ]);
});

test('file: means nothing where the setting is no secret', async () => {
  await using config = await folder({ 'sites/north.yaml': edit(NORTH, 'name: Main', "name: 'file:secrets/north'") });
  assert.equal((await config.plan()).plan?.sites[0]?.locations['main']?.name, 'file:secrets/north');
});

test('outside the sandbox a secret that stands in the file is an issue that does not repeat it', async () => {
  const hub = `${edit(HUB, 'environment: sandbox', 'environment: test')}clients:
  - { id: portal, token: inline-portal-token, role: readonly, sites: '*' }
`;
  const site = edit(NORTH, 'environment: sandbox', 'environment: test');
  await using config = await folder({ 'hub.yaml': hub, 'sites/north.yaml': site });
  const told =
    'a secret stands in the file; write ${NAME} and set that variable, or file:/path, and replace the secret';
  assert.deepEqual(await config.issues(), [
    `hub.yaml:7 clients[0].token: ${told}: it may have been copied`,
    `sites/north.yaml:5 settings.key: ${told}: it may have been copied`,
  ]);
});

test('no issue repeats a secret, whatever is wrong with it and wherever else it was written', async () => {
  const secret = 'hunter2-hunter2-hunter2';
  const hub = `${HUB}clients:
  - { id: portal, token: ${secret}, role: ${secret}, sites: [${secret}] }
  - { id: portal, token: ${secret}, role: readonly, sites: '*', ${secret}: 1 }
`;
  const site = edit(NORTH, inlineKey, `key: 12345678901234`);
  await using config = await folder({
    'hub.yaml': hub,
    'sites/north.yaml': edit(site, 'location: main', 'location: ${X}'),
  });
  const lines = await config.issues({ X: secret });
  assert.ok(lines.length >= 6, lines.join('\n'));
  assert.doesNotMatch(lines.join('\n'), /hunter2|12345678901234/);
});
