import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { allGenerated } from '../../src/cli/generate.ts';
import { slotwire } from './terminal.ts';

const PROJECT = join(import.meta.dirname, '../..');

test('every generated file is what npm run generate would write', async () => {
  for (const [file, text] of allGenerated()) {
    const committed = await readFile(join(PROJECT, file), 'utf8').catch(() => '');
    assert.ok(committed === text, `${file} is stale: run npm run generate and commit it`);
  }
  assert.deepEqual(await slotwire(['generate', '--check']), {
    code: 0,
    out: 'All generated files are up to date.',
    err: '',
  });
});

test('docs/cli.md tells of every command and every option', () => {
  const page = allGenerated().get('docs/cli.md') ?? '';
  for (const { name, options } of commands) {
    assert.ok(page.includes(`\n## ${name}\n`), name);
    for (const option of Object.keys(options)) assert.ok(page.includes(`\`--${option}`), `${name} --${option}`);
  }
});
