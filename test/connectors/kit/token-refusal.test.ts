/** An authorization server tells next to nothing: what the hub makes of it must lead a person to the cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf, never, tokenWorld } from './token-world.ts';

test('a clock that is ahead is measured and named as the cause', async (t) => {
  const world = await tokenWorld(t, { skew_ms: -42_000 });
  const failure = await failureOf(world.token().get(never));
  assert.equal(failure.code, 'SITE_TOKEN_REFUSED');
  assert.match(failure.detail, /status 400, invalid_client/);
  assert.match(failure.detail, /this hub's clock is 4[12]\.\d s ahead of the server's\. THIS IS THE CAUSE/);
  assert.deepEqual(world.server.breaches, ['nbf']);
});

test('with a good clock the checks stand in their order: key, address, audience, client, time', async (t) => {
  const world = await tokenWorld(t);
  const failure = await failureOf(world.token({ clientId: 'client-9' }).get(never));
  const { detail } = failure;
  const order = ['clock:', 'kid:', 'JWKS URL:', 'audience:', 'client id:', 'time:'].map((word) => detail.indexOf(word));
  assert.ok(
    order.every((place, at) => place > (order[at - 1] ?? 0)),
    detail,
  );
  assert.doesNotMatch(detail, /THIS IS THE CAUSE/);
  for (const fact of [
    world.key.jwk.kid,
    'https://hub.example.org/.well-known/jwks/test.json',
    `aud was ${world.server.tokenUrl}`,
    'client-9',
    '12 hours',
  ])
    assert.ok(detail.includes(fact), `${fact} is missing: ${detail}`);
});

test('no assertion, secret or token is ever in an error, also where the server repeats them', async (t) => {
  const world = await tokenWorld(t, { secret: 'short-secret' });
  world.server.answer = (form, response) => {
    response.statusCode = 401;
    const error_description = `bad ${String(form.get('client_assertion'))} ${String(form.get('client_secret'))}`;
    response.end(JSON.stringify({ error: 'invalid_client', error_description }));
    return true;
  };
  const specs = [{ auth: 'client_secret_post', secret: 'short-secret' } as const, {}];
  for (const spec of specs) {
    const failure = await failureOf(world.token(spec).get(never));
    const told = [failure.message, failure.detail, failure.stack, String(failure.cause)].join(' ');
    const assertion = world.server.requests.at(-1)?.get('client_assertion') ?? 'none was sent';
    for (const part of ['short-secret', ...assertion.split('.').filter((one) => one.length > 20)])
      assert.ok(!told.includes(part), told);
    assert.match(told, /invalid_client \("bad /);
  }
});

test('a failure is told to everybody without asking again until its time, and longer each time', async (t) => {
  const world = await tokenWorld(t);
  let status = 503;
  world.server.answer = (_form, response) => {
    response.statusCode = status;
    response.end();
    return status !== 200;
  };
  const [token, elsewhere] = [world.token(), world.token({}, world.node())];
  assert.equal((await failureOf(token.get(never))).code, 'SITE_FAILED');
  for (const one of [token, elsewhere, token]) {
    const failure = await failureOf(one.get(never));
    assert.equal(failure.code, 'SITE_FAILED');
    assert.ok((failure.retryAfter_ms ?? 0) > 0);
  }
  assert.equal(world.server.requests.length, 1);
  await world.clock.advance(5_000);
  await failureOf(token.get(never));
  assert.equal(world.server.requests.length, 2);
  status = 200;
  world.server.answer = null;
  await world.clock.advance(5_000);
  assert.equal(await elsewhere.get(never), 'token-1.opaque');
  assert.deepEqual(world.told, ['SITE_FAILED', 'SITE_FAILED', 'given']);
});

test('a server that limits questions is left alone for as long as it says', async (t) => {
  const world = await tokenWorld(t);
  world.server.answer = (_form, response) => {
    response.statusCode = 429;
    response.setHeader('Retry-After', '120');
    response.end();
    return true;
  };
  const failure = await failureOf(world.token().get(never));
  assert.equal(failure.code, 'SITE_RATE_LIMITED');
  assert.equal(failure.retryAfter_ms, 120_000);
  await world.clock.advance(119_000);
  assert.equal((await failureOf(world.token().get(never))).code, 'SITE_RATE_LIMITED');
  assert.equal(world.server.requests.length, 1);
});

test('a refresh that fails harms nobody while the token in use holds', async (t) => {
  const world = await tokenWorld(t);
  const token = world.token();
  const first = await token.get(never);
  world.server.answer = (_form, response) => {
    response.statusCode = 500;
    response.end();
    return true;
  };
  await world.clock.advance(2_800_000);
  assert.equal(await token.get(never), first);
  await world.clock.advance(700_000);
  assert.equal(await token.get(never), first, 'it holds for 70 s more');
  await world.clock.advance(70_001);
  assert.equal((await failureOf(token.get(never))).code, 'SITE_FAILED');
});

test('the rehearsal names the endpoint, the key set, the token and the clock, and stops at an endpoint that is not there', async (t) => {
  const world = await tokenWorld(t, { skew_ms: -3_000 });
  const results = await world.token().check(never);
  assert.deepEqual(
    results.map(({ what, ok }) => [what, ok]),
    [
      ['token endpoint', true],
      ['JWKS URL', true],
      ['access token', true],
      ['clock', true],
    ],
  );
  const nowhere = world.token({ tokenUrl: undefined, fhirBaseUrl: `${world.server.url}/nothing`, scope: 'x' });
  assert.deepEqual(
    (await nowhere.check(never)).map(({ what, ok }) => [what, ok]),
    [['token endpoint', false]],
  );
});
