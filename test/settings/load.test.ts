import assert from 'node:assert/strict';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { edit, folder, HUB, NORTH } from './folder.ts';

test('a missing hub.yaml is an issue, and the site files are checked all the same', async () => {
  await using config = await folder({ 'sites/north.yaml': edit(NORTH, 'kind: clinic', 'kind: clinik') });
  await config.remove('hub.yaml');
  assert.deepEqual(await config.issues(), [
    'hub.yaml:1: cannot be read (ENOENT); create it or mend its permissions',
    'sites/north.yaml:1 kind: there is no kind clinik; write clinic',
  ]);
});

test('a missing sites folder is an issue, an empty one is a hub without sites', async () => {
  await using config = await folder();
  await rm(join(config.path, 'sites'), { recursive: true });
  assert.deepEqual(await config.issues(), [
    'sites:1: the folder cannot be read (ENOENT); create it, or set CONFIG_DIR to its parent',
  ]);
  await mkdir(join(config.path, 'sites'));
  assert.deepEqual((await config.plan()).plan?.sites, []);
});

test('a missing CONFIG_DIR is told as issues, never thrown', async () => {
  const config = await folder();
  await config[Symbol.asyncDispose]();
  const issues = await config.issues();
  assert.deepEqual(
    issues.map((line) => line.split(':')[0]),
    ['hub.yaml', 'sites'],
  );
});

test('a folder where a file is expected is an issue', async () => {
  await using config = await folder();
  await mkdir(join(config.path, 'sites', 'south.yaml'));
  const [line] = await config.issues();
  assert.match(line ?? '', /^sites\/south\.yaml:1: cannot be read \(EISDIR\)/);
});

test('an unreadable file is an issue', { skip: process.getuid?.() === 0 && 'root reads everything' }, async () => {
  await using config = await folder();
  await chmod(join(config.path, 'hub.yaml'), 0);
  assert.deepEqual(await config.issues(), ['hub.yaml:1: cannot be read (EACCES); create it or mend its permissions']);
});

test('hidden files and backups in sites/ are left alone; a site file by another ending is told', async () => {
  await using config = await folder({ 'sites/.north.yaml.swp': 'x', 'sites/north.yaml~': 'x', 'sites/README.md': 'x' });
  assert.deepEqual(await config.issues(), []);
  await config.put({ 'sites/south.yml': NORTH });
  assert.deepEqual(await config.issues(), ['sites/south.yml:1: is no site file by its name; end its name in .yaml']);
});

test('a file that is no UTF-8 text is an issue', async () => {
  await using config = await folder({ 'hub.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe) });
  assert.deepEqual(await config.issues(), ['hub.yaml:1: is not UTF-8 text; save it as UTF-8']);
});

test('a byte order mark and Windows line ends change nothing', async () => {
  await using config = await folder({ 'hub.yaml': `\uFEFF${HUB.replaceAll('\n', '\r\n')}` });
  assert.deepEqual(await config.issues(), []);
});

test('an oversized file is an issue', async () => {
  await using config = await folder({ 'hub.yaml': `${HUB}#${'x'.repeat(1_048_576)}` });
  assert.deepEqual(await config.issues(), ['hub.yaml:1: is larger than 1048576 bytes; write a smaller file']);
});

test('an empty file is told as what it lacks', async () => {
  await using config = await folder({ 'hub.yaml': '# nothing yet\n' });
  assert.deepEqual(await config.issues(), ['hub.yaml:1: is empty; write what docs/settings.md shows for this file']);
});

test('a list where a mapping is expected is one issue', async () => {
  await using config = await folder({ 'hub.yaml': '- a\n- b\n' });
  assert.deepEqual(await config.issues(), [
    'hub.yaml:1: is no mapping (`key: value` lines); write what docs/settings.md shows for this file',
  ]);
});

const broken: readonly (readonly [string, string, RegExp])[] = [
  ['a tab', 'a:\n\tb: 1\n', /^hub\.yaml:2: a tab is used for indentation; indent with spaces$/],
  ['an open quote', "a: 'b\n", /^hub\.yaml:[12]: a quote, a colon or a bracket is missing; close what was opened/],
  ['an open bracket', 'a: [b\n', /^hub\.yaml:[12]: /],
  ['a reserved character', 'a: @b\n', /^hub\.yaml:1: a value begins with a character that YAML reserves/],
  [
    'an anchor that is not there',
    'a: *secret-word\n',
    /^hub\.yaml:1 a: begins with \* and refers to an anchor that is not there; put the value in quotes$/,
  ],
  ['a tag', 'a: !hunter2 x\n', /^hub\.yaml:1: a value begins with ! and is read as a tag/],
  ['two documents', 'a: 1\n---\nb: 2\n', /^hub\.yaml:[23]: the file holds more than one document/],
  ['wrong indentation', 'a: 1\n  b: 2\n', /^hub\.yaml:[12]: /],
];
for (const [name, text, expected] of broken)
  test(`YAML that cannot be read (${name}) is told with its line and without its text`, async () => {
    await using config = await folder({ 'hub.yaml': text });
    const [line] = await config.issues();
    assert.match(line ?? '', expected);
    assert.doesNotMatch(line ?? '', /hunter2|secret-word/);
  });

test('a key that is written twice is an issue, also when once as a number and once as text', async () => {
  const twice = edit(
    NORTH,
    "visitTypes: { '5512': therapy-50 }",
    "visitTypes:\n  5512: therapy-50\n  '5512': intake-30",
  );
  await using config = await folder({ 'sites/north.yaml': `${twice}write: approval\n` });
  assert.deepEqual(await config.issues(), [
    'sites/north.yaml:14 visitTypes.5512: is written twice; keep one of the two',
    'sites/north.yaml:16 write: is written twice; keep one of the two',
  ]);
});

test('a key of digits stays as it is written', async () => {
  const text = edit(NORTH, "'5512': therapy-50", '0055: therapy-50, 0x10: intake-30, 1e3: intake-30');
  await using config = await folder({ 'sites/north.yaml': text });
  assert.deepEqual(Object.keys((await config.plan()).plan?.sites[0]?.visitTypes ?? {}), ['0055', '0x10', '1e3']);
});

test('a key that is no text, or would reach into every object, is an issue', async () => {
  await using config = await folder({ 'hub.yaml': `${HUB}? [a, b]\n: 1\n__proto__: { polluted: true }\n` });
  assert.deepEqual(await config.issues(), [
    'hub.yaml:6: a key is not plain text; write a word before the colon',
    'hub.yaml:8: a key is not plain text; write a word before the colon',
  ]);
});

test('aliases are followed', async () => {
  const text = edit(HUB, '{ name: Therapy, duration_min: 50 }', '&visit { name: Therapy, duration_min: 50 }');
  await using config = await folder({ 'hub.yaml': `${text}  again-50: *visit\n` });
  assert.equal((await config.plan()).plan?.hub.visitTypes['again-50']?.duration_min, 50);
});

test('aliases of aliases that grow without end are an issue, and memory stays small', async () => {
  const levels = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`);
  await using config = await folder({ 'hub.yaml': ['a0: &a0 [1, 2]', ...levels].join('\n') });
  assert.deepEqual(await config.issues(), [
    'hub.yaml:1: holds more than 20000 values or is nested deeper than 40, aliases counted out; ' +
      'write the values without aliases',
  ]);
});

test('an alias of itself is an issue', async () => {
  await using config = await folder({ 'hub.yaml': 'a: &a\n  b: *a\n' });
  assert.match((await config.issues())[0] ?? '', /^hub\.yaml:1: holds more than 20000 values or is nested deeper/);
});
