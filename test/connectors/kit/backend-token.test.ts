import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../clock.ts';
import { failureOf, never, settled, tokenWorld } from './token-world.ts';

const HOUR_MS = 3_600_000;

for (const alg of ['RS384', 'ES384'] as const) {
  test(`a site that verifies every claim and the signature gives a token to an assertion by ${alg}`, async (t) => {
    const world = await tokenWorld(t, { alg });
    const got = await world.token({ scope: 'system/Appointment.read' }).get(never);
    assert.deepEqual(world.server.breaches, []);
    assert.deepEqual(world.server.given, [got]);
    assert.equal(world.server.requests[0]?.get('scope'), 'system/Appointment.read');
    assert.equal(world.server.requests[0].get('client_id'), null);
  });
}

test('no two assertions have one jti, and no scope is sent where the site file names none', async (t) => {
  const world = await tokenWorld(t);
  const token = world.token();
  for (let round = 0; round < 3; round += 1) {
    await token.get(never);
    await world.clock.advance(2 * HOUR_MS);
  }
  assert.deepEqual(world.server.breaches, []);
  assert.equal(world.server.given.length, 3);
  assert.ok(world.server.requests.every((request) => !request.has('scope')));
});

test('however many ask at once, the site is asked once', async (t) => {
  const world = await tokenWorld(t);
  const [one, other] = [world.token(), world.token()];
  const got = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : other).get(never)));
  assert.equal(new Set(got).size, 1);
  assert.equal(world.server.requests.length, 1);
});

test('another process of the hub reads the token that the first one got', async (t) => {
  const world = await tokenWorld(t);
  const first = await world.token().get(never);
  assert.equal(await world.token({}, world.node()).get(never), first);
  assert.equal(world.server.requests.length, 1);
});

test('a client, a scope or an audience of its own has a token of its own', async (t) => {
  const world = await tokenWorld(t);
  const tokens = [{}, { scope: 'a' }, { scope: 'b' }].map((more) => world.token(more));
  const got = await Promise.all(tokens.map((one) => one.get(never)));
  assert.equal(new Set(got).size, 3);
});

test('the next token is asked for while the one in use holds, and nobody waits for it', async (t) => {
  const world = await tokenWorld(t);
  const token = world.token();
  const first = await token.get(never);
  await world.clock.advance(0.74 * HOUR_MS);
  assert.equal(await token.get(never), first);
  assert.equal(world.server.requests.length, 1, 'three quarters of its life are not over');
  await world.clock.advance(0.02 * HOUR_MS);
  const gate = Promise.withResolvers<undefined>();
  world.server.gate = gate.promise;
  assert.equal(await token.get(never), first, 'the site has not answered yet');
  gate.resolve(undefined);
  const next = await settled(
    world.clock,
    waitFor(() => token.get(never), first),
  );
  assert.deepEqual(world.server.given, [first, next]);
});

/** Asks until it is another one. */
async function waitFor(get: () => Promise<string>, other: string): Promise<string> {
  for (;;) {
    const got = await get();
    if (got !== other) return got;
    await settle();
  }
}

test('a token is never given out in the last part of its life', async (t) => {
  const world = await tokenWorld(t);
  world.server.expiresIn = 570;
  const token = world.token();
  const first = await token.get(never);
  await world.clock.advance(541_000);
  assert.notEqual(await token.get(never), first);
});

test('the life of a token is read as a number or as a text, and taken as short where it is not told', async (t) => {
  for (const [told, life_s] of [
    [60, 60],
    ['60', 60],
    [undefined, 300],
  ] as const) {
    const world = await tokenWorld(t);
    world.server.expiresIn = told;
    const token = world.token();
    const first = await token.get(never);
    await world.clock.advance(life_s * 1000 * 0.7 - 1000);
    assert.equal(await token.get(never), first);
    await world.clock.advance(life_s * 1000 * 0.3);
    assert.notEqual(await token.get(never), first, String(told));
  }
});

test('a refused token is given to nobody any more, and one question follows', async (t) => {
  const world = await tokenWorld(t);
  const [token, elsewhere] = [world.token(), world.token({}, world.node())];
  const first = await token.get(never);
  assert.equal(await elsewhere.get(never), first);
  await world.clock.advance(60_000);
  token.refused(first);
  token.refused(first);
  const [next] = await Promise.all([token.get(never), token.get(never)]);
  assert.notEqual(next, first);
  elsewhere.refused(first);
  assert.equal(await elsewhere.get(never), next, 'the other node reads what the first one got');
  assert.equal(world.server.requests.length, 2);
});

test('who says late that an older token was refused does not take the newer one away', async (t) => {
  const world = await tokenWorld(t);
  const token = world.token();
  const first = await token.get(never);
  await world.clock.advance(2 * HOUR_MS);
  const next = await token.get(never);
  token.refused(first);
  token.refused('a token that nobody was given');
  assert.equal(await token.get(never), next);
  assert.equal(world.server.requests.length, 2);
});

test('a site that refuses every token is asked for a new one no more often than told', async (t) => {
  const world = await tokenWorld(t);
  const token = world.token({ atMostEvery_s: 60 });
  token.refused(await token.get(never));
  const failure = await failureOf(token.get(never));
  assert.equal(failure.code, 'SITE_RATE_LIMITED');
  assert.equal(failure.retryAfter_ms, 60_000);
  assert.equal(world.server.requests.length, 1);
  await world.clock.advance(60_000);
  await token.get(never);
  assert.equal(world.server.requests.length, 2);
});

test('by a secret, as HTTP Basic and in the form', async (t) => {
  const world = await tokenWorld(t, { secret: 'se:cret/+1' });
  await world.token({ auth: 'client_secret_basic', secret: 'se:cret/+1' }).get(never);
  await world.token({ auth: 'client_secret_post', secret: 'se:cret/+1' }).get(never);
  assert.deepEqual(world.server.breaches, []);
  assert.equal(world.server.requests[0]?.has('client_secret'), false);
});

test('the token endpoint is what the site’s own page says, where the site file names none', async (t) => {
  const world = await tokenWorld(t);
  const fhirBaseUrl = `${world.server.url}/api/FHIR/R4/`;
  await world.token({ tokenUrl: undefined, fhirBaseUrl }).get(never);
  assert.deepEqual(world.server.breaches, []);
  const failure = await failureOf(
    world.token({ tokenUrl: undefined, fhirBaseUrl: `${world.server.url}/nothing` }).get(never),
  );
  assert.equal(failure.code, 'SITE_ANSWER_UNREADABLE');
});

test('what is no bearer token is not taken, whatever the writing', async (t) => {
  const world = await tokenWorld(t);
  world.server.tokenType = 'bEARER';
  await world.token().get(never);
  world.server.tokenType = 'mac';
  assert.equal((await failureOf(world.token({ scope: 'x' }).get(never))).code, 'SITE_ANSWER_UNREADABLE');
});

test('a node that dies between asking and storing holds the others up until its lease ends, and no longer', async (t) => {
  const world = await tokenWorld(t);
  const put = Promise.withResolvers<never>();
  // What it asked for it never stores.
  const dying = world.node({ shelf: { ...world.shelf, put: () => put.promise } });
  const lost = world.token({}, dying).get(never);
  while (world.server.given.length === 0) await settle();
  const began = world.clock.monotonic();
  const got = await settled(world.clock, world.token().get(never));
  assert.deepEqual(world.server.given, ['token-1.opaque', got]);
  assert.ok(world.clock.monotonic() - began >= 15_000 - 5_000, 'the lease was waited for');
  put.reject(new Error('it is dead'));
  await assert.rejects(lost);
});

test('who gives up waiting does not disturb the others who wait', async (t) => {
  const world = await tokenWorld(t);
  const gate = Promise.withResolvers<undefined>();
  world.server.gate = gate.promise;
  const impatient = new AbortController();
  const token = world.token();
  const [given, kept] = [failureOf(token.get(impatient.signal)), token.get(never)];
  impatient.abort();
  assert.equal((await given).code, 'STOPPING');
  gate.resolve(undefined);
  assert.equal(await kept, 'token-1.opaque');
  assert.equal(world.server.requests.length, 1);
});

test('when the hub stops, whoever waits for a token is told so', async (t) => {
  const world = await tokenWorld(t);
  world.server.gate = new Promise(() => undefined);
  const node = world.node();
  const waiting = failureOf(world.token({}, node).get(never));
  while (world.server.requests.length === 0) await settle();
  await node.stop();
  assert.equal((await waiting).code, 'STOPPING');
});
