import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epicSite, keySet } from './epic-site.ts';
import { call, text } from './practice.ts';

const REFUSED = { error: 'invalid_client', error_description: null };

test('an assertion signed by a published key is given an opaque token that opens FHIR', async (t) => {
  const site = await epicSite(t);
  const answer = await site.askToken();
  assert.equal(answer.status, 200);
  assert.deepEqual([text(answer.json['token_type']), text(answer.json['expires_in'])], ['Bearer', '3600']);
  assert.equal((await site.api('GET', '/R4/Location')).status, 200);
  const bare = await call('GET', `${site.base}/api/FHIR/R4/Location`);
  assert.equal(bare.status, 401);
  const wrong = await call('GET', `${site.base}/api/FHIR/R4/Location`, undefined, { authorization: 'Bearer made-up' });
  assert.equal(wrong.status, 401);
});

test('RS256, RS384, RS512 and ES384 are taken, and each with its own kind of key', async (t) => {
  const site = await epicSite(t);
  const elliptic = site.keys.publish('e1', 'ec');
  for (const algorithm of ['RS256', 'RS384', 'RS512'] as const) {
    assert.equal((await site.askToken({}, { algorithm })).status, 200, algorithm);
  }
  assert.equal((await site.askToken({}, { algorithm: 'ES384', key: elliptic, kid: 'e1' })).status, 200);
  assert.deepEqual((await site.askToken({}, { algorithm: 'none' })).json, REFUSED);
  const weak = site.keys.publish('w1', 'weak');
  assert.deepEqual((await site.askToken({}, { key: weak, kid: 'w1' })).json, REFUSED);
});

test('every breach of the assertion is 400 invalid_client with a null description', async (t) => {
  const site = await epicSite(t);
  const now = Math.floor(site.now() / 1000);
  const breaches: Readonly<Record<string, Record<string, unknown>>> = {
    'an unknown client': { iss: 'nobody', sub: 'nobody' },
    'a client that no user is mapped to': { iss: 'hub-unmapped', sub: 'hub-unmapped' },
    'sub that is not iss': { sub: 'hub-staff' },
    'another audience': { aud: `${site.tokenUrl}/` },
    'a list of audiences': { aud: [site.tokenUrl] },
    'an expired one': { exp: now - 1 },
    'more than five minutes': { exp: now + 400, iat: undefined, nbf: undefined },
    'no expiry': { exp: undefined },
    'nbf in the future': { nbf: now + 100 },
    'iat in the future': { iat: now + 100 },
    'iat more than five minutes before exp': { iat: now - 200 },
    'a jti that is a number': { jti: 17 },
    'a jti of 152 characters': { jti: 'x'.repeat(152) },
    'no jti': { jti: undefined },
  };
  for (const [what, claims] of Object.entries(breaches)) {
    const answer = await site.askToken(claims);
    assert.deepEqual([answer.status, answer.json], [400, REFUSED], what);
  }
  assert.equal((await site.askToken({ jti: 'x'.repeat(151) })).status, 200);
});

test('a jti is taken once until it has expired, also of two requests at the same moment', async (t) => {
  const site = await epicSite(t);
  const both = await Promise.all([site.askToken({ jti: 'one' }), site.askToken({ jti: 'one' })]);
  assert.deepEqual(both.map((one) => one.status).sort(), [200, 400]);
  assert.equal((await site.askToken({ jti: 'one' })).status, 400);
  assert.equal((await site.askToken({ jti: 'one', iss: 'hub-staff', sub: 'hub-staff' })).status, 200);
});

test('no token is issued until the client is mapped to a user', async (t) => {
  const site = await epicSite(t);
  const claims = { iss: 'hub-unmapped', sub: 'hub-unmapped' };
  assert.equal((await site.askToken(claims)).status, 400);
  await site.act('map-client', { client: 'hub-unmapped' });
  assert.equal((await site.askToken(claims)).status, 200);
});

test('a key set is kept, and fetched once more only for a key that is not in it', async (t) => {
  const site = await epicSite(t);
  await site.askToken();
  await site.askToken();
  assert.equal(site.keys.fetches(), 1);
  const next = site.keys.publish('k2');
  assert.equal((await site.askToken({}, { key: next, kid: 'k2' })).status, 200);
  assert.equal(site.keys.fetches(), 2);
  assert.equal((await site.askToken({}, { kid: 'unknown' })).status, 400);
  assert.equal(site.keys.fetches(), 3);
});

test('a withdrawn key still opens until the cache expires, which Cache-Control shortens', async (t) => {
  const keys = await keySet(t);
  keys.cacheControl = 'max-age=60';
  const site = await epicSite(t, {}, { keys });
  const old = keys.privateKey('k1');
  await site.askToken();
  keys.publish('k2');
  keys.withdraw('k1');
  assert.equal((await site.askToken({}, { key: old, kid: 'k1' })).status, 200);
  await site.act('advance-clock', { ms: 61_000 });
  const now = Math.floor(site.now() / 1000) + 61;
  const claims = { exp: now + 200, iat: now - 5, nbf: now - 5 };
  assert.deepEqual((await site.askToken(claims, { key: old, kid: 'k1' })).json, REFUSED);
  assert.equal((await site.askToken(claims, { key: keys.privateKey('k2'), kid: 'k2' })).status, 200);
});

test('a token that has expired or was revoked is 401', async (t) => {
  const site = await epicSite(t, { settings: { tokenSeconds: 100 } });
  assert.equal((await site.api('GET', '/R4/Location')).status, 200);
  await site.act('advance-clock', { ms: 99_000 });
  assert.equal((await site.api('GET', '/R4/Location')).status, 200);
  await site.act('advance-clock', { ms: 2_000 });
  assert.equal((await site.api('GET', '/R4/Location')).status, 401);
});

test('a body that is JSON is not read', async (t) => {
  const site = await epicSite(t);
  const answer = await call('POST', site.tokenUrl, { grant_type: 'client_credentials' });
  assert.deepEqual([answer.status, text(answer.json['error'])], [400, 'invalid_request']);
});

test('the smart configuration names the token endpoint and no introspection or revocation', async (t) => {
  const site = await epicSite(t);
  for (const version of ['R4', 'STU3']) {
    const url = `${site.base}/api/FHIR/${version}/.well-known/smart-configuration`;
    const { json } = await call('GET', url, undefined, { accept: 'application/json' });
    assert.equal(text(json['token_endpoint']), site.tokenUrl);
    assert.equal(Object.hasOwn(json, 'introspection_endpoint') || Object.hasOwn(json, 'revocation_endpoint'), false);
  }
});
