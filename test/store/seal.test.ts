import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { openKeys } from '../../src/store/seal.ts';

describe('sealed bodies', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwire-seal-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('what is sealed opens again, also after a restart, and the sealed bytes do not contain it', async () => {
    const file = join(folder, 'restart', 'keys.json');
    const body = Buffer.from('PID|1||4711^^^ACME^MR||DOE^JANE');
    const { keyId, sealed } = (await openKeys({ file })).seal(body);
    assert.equal(sealed.length, body.length + 28);
    assert.equal(sealed.includes('DOE'), false);
    assert.deepEqual((await openKeys({ file })).open(keyId, sealed), body);
  });

  test('the same bytes never look the same twice, and nothing at all can be sealed too', async () => {
    const keys = await openKeys({ file: join(folder, 'nonce.json') });
    const body = Buffer.from('same');
    assert.notDeepEqual(keys.seal(body).sealed, keys.seal(body).sealed);
    const empty = keys.seal(new Uint8Array());
    assert.equal(keys.open(empty.keyId, empty.sealed).length, 0);
  });

  test('the key file is for its owner alone and leaves no second file behind', async () => {
    const file = join(folder, 'mode', 'keys.json');
    await openKeys({ file });
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(folder, 'mode')), ['keys.json']);
  });

  test('processes that start at once agree on one key file', async () => {
    const file = join(folder, 'race', 'keys.json');
    const all = await Promise.all(Array.from({ length: 8 }, () => openKeys({ file })));
    const [first] = all;
    assert.ok(first);
    const { keyId, sealed } = first.seal(Buffer.from('x'));
    for (const keys of all) {
      assert.equal(keys.open(keyId, sealed).toString(), 'x');
      assert.equal(keys.blind('a'), first.blind('a'));
    }
  });

  test('a newer key seals while the older one still opens; a removed one is named as missing', async () => {
    const file = join(folder, 'rotate.json');
    const old = (await openKeys({ file })).seal(Buffer.from('old'));
    const content = JSON.parse(await readFile(file, 'utf8')) as { keys: { id: string; secret: string }[] };
    content.keys.push({ id: 'second', secret: Buffer.alloc(32, 7).toString('base64') });
    await writeFile(file, JSON.stringify(content));
    const both = await openKeys({ file });
    assert.equal(both.seal(Buffer.from('new')).keyId, 'second');
    assert.equal(both.open(old.keyId, old.sealed).toString(), 'old');
    content.keys.shift();
    await writeFile(file, JSON.stringify(content));
    const left = await openKeys({ file });
    assert.throws(() => left.open(old.keyId, old.sealed), isKeyMissing);
  });

  test('altered or cut bytes do not open', async () => {
    const keys = await openKeys({ file: join(folder, 'altered.json') });
    const { keyId, sealed } = keys.seal(Buffer.from('body'));
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    assert.throws(() => keys.open(keyId, altered), isKeyMissing);
    assert.throws(() => keys.open(keyId, sealed.subarray(0, 20)), isKeyMissing);
    assert.throws(() => keys.open(keyId, sealed.subarray(0, 5)), isKeyMissing);
  });

  test('blind tokens are stable, short, fit for a URL, and differ between key files', async () => {
    const file = join(folder, 'blind.json');
    const token = (await openKeys({ file })).blind('identifier:urn:x|4711');
    assert.match(token, /^[\w-]{22}$/);
    assert.equal((await openKeys({ file })).blind('identifier:urn:x|4711'), token);
    assert.notEqual((await openKeys({ file: join(folder, 'other.json') })).blind('identifier:urn:x|4711'), token);
  });

  test('beside sealed rows no new key file is made, and one that lacks their key is refused', async () => {
    const file = join(folder, 'in-use', 'keys.json');
    await assert.rejects(openKeys({ file, inUse: ['abc'] }), isKeyMissing);
    await assert.rejects(readFile(file), { code: 'ENOENT' });
    const { keyId } = (await openKeys({ file })).seal(Buffer.from('x'));
    await openKeys({ file, inUse: [keyId] });
    await assert.rejects(openKeys({ file, inUse: [keyId, 'abc'] }), isKeyMissing);
  });

  test('a broken key file is refused and left as it is, never replaced by a new one', async () => {
    const file = join(folder, 'broken.json');
    for (const text of [
      '',
      '{',
      '{"version":1,"keys":[],"blind":""}',
      '{"version":1,"keys":[{"id":"a","secret":"c2hvcnQ="}]}',
    ]) {
      await writeFile(file, text);
      await assert.rejects(openKeys({ file }), isKeyMissing);
      assert.equal(await readFile(file, 'utf8'), text);
    }
  });
});

function isKeyMissing(error: unknown): boolean {
  return error instanceof HubError && error.code === 'KEY_MISSING';
}
