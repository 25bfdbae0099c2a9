import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHub, TOKENS, type TestHub } from './hub.ts';

const hub: TestHub = await startTestHub({ after });
const asAdmin = { headers: { authorization: `Bearer ${TOKENS.admin}` } };
const post = (path: string, body: object): ReturnType<TestHub['request']> =>
  hub.request(path, {
    method: 'POST',
    headers: { ...asAdmin.headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const kidsOf = (body: unknown): readonly string[] =>
  (body as { readonly keys: readonly { readonly kid: string }[] }).keys.map(({ kid }) => kid);

test('anybody reads the public keys without a token, and knows how long they may be kept', async () => {
  hub.ready = ['the listeners are not up yet'];
  const answer = await hub.request('/.well-known/jwks/sandbox.json');
  hub.ready = [];
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=300');
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  const [key] = (answer.body as unknown as { readonly keys: readonly Readonly<Record<string, string>>[] }).keys;
  assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
  assert.equal(Buffer.from(key?.['n'] ?? '', 'base64url').length * 8, 3072);
});

test('keys of other environments are told apart from keys that are nowhere', async () => {
  for (const path of ['production.json', 'test.json', 'sandbox', 'nothing.json', 'SANDBOX.json']) {
    const answer = await hub.request(`/.well-known/jwks/${path}`);
    assert.equal(answer.status, 404, path);
    assert.match(answer.text, /\/\.well-known\/jwks\/sandbox\.json/, path);
  }
});

test('only an admin lists, rotates and withdraws keys', async () => {
  for (const [path, method] of [
    ['/ops/api/keys', 'GET'],
    ['/ops/api/keys/rotate', 'POST'],
    ['/ops/api/keys/x/withdraw', 'POST'],
  ] as const) {
    assert.equal((await hub.request(path, { method })).status, 401, path);
    const headers = { authorization: `Bearer ${TOKENS.scheduler}` };
    assert.equal((await hub.request(path, { method, headers })).status, 403, path);
  }
});

test('a rotation shows two keys in the set at once, and a withdrawal one', async () => {
  const before = kidsOf((await hub.request('/.well-known/jwks/sandbox.json')).body);
  const rotated = await post('/ops/api/keys/rotate', { from: 'now' });
  assert.equal(rotated.status, 200, rotated.text);
  assert.equal((await post('/ops/api/keys/rotate', {})).status, 422);
  const both = kidsOf((await hub.request('/.well-known/jwks/sandbox.json')).body);
  assert.equal(both.length, 2);
  const [old = ''] = before;
  assert.equal((await post(`/ops/api/keys/${old}/withdraw`, {})).status, 422, 'it signed a moment ago');
  assert.equal((await post(`/ops/api/keys/${old}/withdraw`, { atOnce: true })).status, 200);
  const left = kidsOf((await hub.request('/.well-known/jwks/sandbox.json')).body);
  assert.deepEqual(
    left,
    both.filter((kid) => kid !== old),
  );
  const listed = await hub.request('/ops/api/keys', asAdmin);
  assert.deepEqual(kidsOf(listed.body), [...left, old], 'a withdrawn key is still shown to operators');
  assert.doesNotMatch(listed.text, /"(d|p|q|dp|dq|qi)":/);
});

test('what cannot be read as a time is refused', async () => {
  for (const from of ['tomorrow', '2026-12-01', 5, {}])
    assert.equal((await post('/ops/api/keys/rotate', { from })).status, 400, JSON.stringify(from));
  assert.equal((await post('/ops/api/keys/x/withdraw', { atOnce: 'yes' })).status, 400);
});
