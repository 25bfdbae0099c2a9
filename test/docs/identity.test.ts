/** docs/identity.md against the code that it tells of, and its commands as they are written. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { GUARDS } from '../../src/identity/match/guards.ts';
import { KEY_KINDS } from '../../src/identity/match/keys.ts';
import { blocks, page, PROJECT, table } from './pages.ts';

const run = promisify(execFile);

test('the page has every guard and every kind of key, with its text', async () => {
  const { text } = await page('docs/identity.md');
  assert.deepEqual(Object.fromEntries(table(text, 'Guard', 'A reviewer is told')), GUARDS);
  assert.deepEqual(Object.fromEntries(table(text, 'Key', 'Made of')), KEY_KINDS);
});

test('the example links the two records of one person, and leaves the twins to a person', async () => {
  const { text } = await page('docs/identity.md');
  const script = blocks(text, 'sh').join('\n');
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: PROJECT });
  assert.match(stdout, /4 records, 6 pairs, 1 of them one person/);
  assert.match(stdout, /^ {2}auto +1 +0 +1\.0000 +1\.0000/m);
  assert.match(stdout, /two-names 1 \(0 true\)/);
});
