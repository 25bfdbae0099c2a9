/** `slotwire keys`: what an operator sees and does of the keys by which sites know the hub. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startTestHub, TOKENS, type TestHub } from '../http/hub.ts';
import { slotwire, type Said } from './terminal.ts';

const hub: TestHub = await startTestHub({ after });
const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['keys', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin });
interface Shown {
  readonly keys: readonly { readonly kid: string; readonly state: string }[];
}
const shown = async (): Promise<Shown['keys']> => (JSON.parse((await run('list', '--json')).out) as Shown).keys;

test('list shows where sites read the keys, and how each stands', async () => {
  const { code, out } = await run('list');
  assert.equal(code, 0);
  assert.match(
    out,
    /Environment sandbox\. Sites read the keys at https:\/\/hub\.example\.org\/\.well-known\/jwks\/sandbox\.json/,
  );
  assert.match(out, /signing +RS384 /);
});

test('export hands over the public parts, as a set or as PEM, on the terminal or in a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-export-'));
  t.after(() => rm(folder, { recursive: true }));
  const set = JSON.parse((await run('export')).out) as { readonly keys: readonly Readonly<Record<string, string>>[] };
  assert.deepEqual(
    set.keys.map(({ kid }) => kid),
    (await shown()).map(({ kid }) => kid),
  );
  const path = join(folder, 'hub.pem');
  assert.equal((await run('export', path, '--pem')).code, 0);
  const pem = await readFile(path, 'utf8');
  assert.doesNotMatch(pem, /PRIVATE/);
  const [key] = set.keys;
  assert.ok(key?.['kid'] !== undefined && pem.includes(key['kid']));
  assert.equal(createPublicKey(pem).export({ format: 'jwk' }).n, key['n']);
  assert.equal((await run('export', join(folder, 'none', 'x.json'))).code, 1);
});

test('a rotation and a withdrawal are taken step by step, and a hasty one is refused with what to do', async () => {
  const [old] = await shown();
  assert.ok(old !== undefined);
  assert.match((await run('withdraw', old.kid)).err, /slotwire keys rotate --now first/);
  assert.match((await run('rotate', '--now')).out, /signing.*\n.*kept/);
  assert.match((await run('rotate')).err, /two keys of RS384 are published/);
  assert.match((await run('withdraw', old.kid)).err, /withdraw it --now/);
  assert.match((await run('withdraw', old.kid, '--now')).out, /withdrawn +RS384/);
  assert.match((await run('rotate', '--from', '2099-01-01T00:00:00Z')).out, /waiting +RS384 +2099-01-01T00:00:00/);
});

test('a command line that says nothing clear is refused', async () => {
  for (const words of [
    ['list', 'x'],
    ['withdraw'],
    ['rotate', 'x'],
    ['rotate', '--from', 'tomorrow'],
    ['rotate', '--now', '--from', '2099-01-01T00:00:00Z'],
    ['show'],
  ])
    assert.equal((await run(...words)).code, 2, words.join(' '));
});
