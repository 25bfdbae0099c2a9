import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../src/core/clock.ts';
import type { ErrorCode } from '../../../src/core/error-catalogue.ts';
import { HubError } from '../../../src/core/errors.ts';
import { createBudget } from '../../../src/connectors/kit/budget.ts';
import type { Budget } from '../../../src/connectors/contract.ts';
import { handClock } from '../clock.ts';
import {
  openHttp,
  type CallToken,
  type HttpCall,
  type HttpClient,
  type HttpSpec,
} from '../../../src/connectors/kit/http.ts';

const never = new AbortController().signal;
const READ: HttpCall = {
  name: 'GET /people',
  method: 'GET',
  path: '/people',
  query: [['email', 'noa.lee@example.org']],
  effect: 'read',
  purpose: 'sync',
};
const WRITE: HttpCall = {
  name: 'POST /people',
  method: 'POST',
  path: '/people',
  json: { lastName: 'Leeuwenhoek' },
  effect: 'write',
  purpose: 'booking',
};

type Answering = (request: IncomingMessage, response: ServerResponse, call: number) => void;

/** A site that answers as told, and counts. */
async function site(t: TestContext, answer: Answering): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    calls += 1;
    const call = calls;
    request.on('end', () => answer(request, response, call));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

function client(t: TestContext, baseUrl: string, more: Partial<HttpSpec> = {}): HttpClient {
  const opened = openHttp({
    site: 'north',
    baseUrl,
    headers: { authorization: 'Basic secret-credentials' },
    clock: systemClock,
    budget: createBudget(systemClock, { perSecond: 1_000, concurrent: 10, reservedForBookings: 0 }),
    timeout_ms: 2_000,
    maxAnswer_bytes: 10_000,
    readRetries: 0,
    ...more,
  });
  t.after(() => opened.close());
  return opened;
}

async function failureOf(sent: Promise<unknown>): Promise<HubError> {
  const error: unknown = await sent.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HubError);
  const told = JSON.stringify([error.message, error.detail, error.cause instanceof Error ? error.cause.stack : null]);
  for (const secret of ['secret-credentials', 'noa.lee', 'Leeuwenhoek']) assert.ok(!told.includes(secret), told);
  assert.deepEqual(Object.keys(error).includes('config'), false);
  return error;
}

test('each failing status has one meaning, and for a write a server error may have happened', async (t) => {
  const cases: readonly (readonly [status: number, read: ErrorCode, write: ErrorCode])[] = [
    [401, 'SITE_LOGIN_REFUSED', 'SITE_LOGIN_REFUSED'],
    [403, 'SITE_FORBIDS', 'SITE_FORBIDS'],
    [405, 'SITE_REFUSED', 'SITE_REFUSED'],
    [429, 'SITE_RATE_LIMITED', 'SITE_RATE_LIMITED'],
    [500, 'SITE_FAILED', 'SITE_ANSWER_LOST'],
    [503, 'SITE_FAILED', 'SITE_ANSWER_LOST'],
    [302, 'SITE_REFUSED', 'SITE_REFUSED'],
  ];
  for (const [status, read, write] of cases) {
    const { url } = await site(t, (_, response) => response.writeHead(status, { location: '/x' }).end('{}'));
    const http = client(t, url);
    assert.equal((await failureOf(http.send(READ, never))).code, read, `${status} read`);
    assert.equal((await failureOf(http.send(WRITE, never))).code, write, `${status} write`);
  }
});

test('a statement about the request is an answer, with its text as sent', async (t) => {
  const { url } = await site(t, (_, response) => response.writeHead(400).end('{"error" : "not_available"}'));
  const answer = await client(t, url).send(WRITE, never);
  assert.equal(answer.status, 400);
  assert.equal(answer.text, '{"error" : "not_available"}');
});

test('a write that never reached the site is transient, whatever kept it from connecting', async (t) => {
  const { url } = await site(t, (_, response) => response.end());
  const gone = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => gone.once('listening', resolve));
  const closedPort = (gone.address() as AddressInfo).port;
  await new Promise((resolve) => gone.close(resolve));
  for (const address of [`http://127.0.0.1:${closedPort}`, 'http://site.invalid', url.replace('http:', 'https:')]) {
    const error = await failureOf(client(t, address).send(WRITE, never));
    assert.equal(error.code, 'SITE_UNREACHABLE', address);
    assert.equal(error.class, 'transient');
  }
});

test('a write that was cut or not answered in time may have happened; a read has not', async (t) => {
  const { url } = await site(t, (request) => request.socket.destroy());
  assert.equal((await failureOf(client(t, url).send(WRITE, never))).code, 'SITE_ANSWER_LOST');
  assert.equal((await failureOf(client(t, url).send(READ, never))).code, 'SITE_UNREACHABLE');
  const { url: silent } = await site(t, () => undefined);
  const hasty = client(t, silent, { timeout_ms: 100 });
  assert.equal((await failureOf(hasty.send(WRITE, never))).code, 'SITE_ANSWER_LOST');
  assert.equal((await failureOf(hasty.send(READ, never))).code, 'SITE_UNREACHABLE');
});

test('giving up: before sending nothing happened, in the middle of a write something may have', async (t) => {
  const stop = new AbortController();
  const { url, calls } = await site(t, () => stop.abort());
  const http = client(t, url);
  assert.equal((await failureOf(http.send(WRITE, stop.signal))).code, 'SITE_ANSWER_LOST');
  assert.equal((await failureOf(http.send(WRITE, stop.signal))).code, 'STOPPING');
  assert.equal(calls(), 1);
  const other = new AbortController();
  const { url: second } = await site(t, () => other.abort());
  assert.equal((await failureOf(client(t, second).send(READ, other.signal))).code, 'STOPPING');
});

test('a read is repeated while it fails for a moment, a write never', async (t) => {
  const { url, calls } = await site(t, (_, response, call) => response.writeHead(call < 3 ? 500 : 200).end('[]'));
  const http = client(t, url, { readRetries: 2 });
  assert.equal((await http.send(READ, never)).text, '[]');
  assert.equal(calls(), 3);
  const { url: failing, calls: writes } = await site(t, (_, response) => response.writeHead(500).end());
  assert.equal((await failureOf(client(t, failing, { readRetries: 2 }).send(WRITE, never))).code, 'SITE_ANSWER_LOST');
  assert.equal(writes(), 1);
});

test('a read whose answer breaks off is repeated, and what is decoded wrongly is not', async (t) => {
  const { url, calls } = await site(t, (request, response, call) => {
    if (call > 1) response.end('[]');
    else response.writeHead(200, { 'content-length': '10' }).write('[', () => request.socket.destroy());
  });
  assert.equal((await client(t, url, { readRetries: 1 }).send(READ, never)).text, '[]');
  assert.equal(calls(), 2);
  const { url: garbled, calls: asked } = await site(t, (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('not compressed at all');
  });
  const http = client(t, garbled, { readRetries: 1 });
  assert.equal((await failureOf(http.send(READ, never))).code, 'SITE_ANSWER_UNREADABLE');
  assert.equal((await failureOf(http.send(WRITE, never))).code, 'SITE_ANSWER_LOST');
  assert.equal(asked(), 2);
});

test('a refused login is not tried again', async (t) => {
  const { url, calls } = await site(t, (_, response) => response.writeHead(401).end());
  await failureOf(client(t, url, { readRetries: 5 }).send(READ, never));
  assert.equal(calls(), 1);
});

test('a told wait holds everyone who shares the budget, and a long one is left to the caller', async (t) => {
  const { url, calls } = await site(t, (_, response, call) => {
    response.writeHead(call === 1 ? 429 : 200, call === 1 ? { 'retry-after': '7' } : {}).end('[]');
  });
  const clock = handClock();
  const inner = createBudget(clock, { perSecond: 1_000, concurrent: 10, reservedForBookings: 0 });
  const paused = Promise.withResolvers<number>();
  const budget: Budget = {
    ...inner,
    pause: (ms) => {
      inner.pause(ms);
      paused.resolve(ms);
    },
  };
  const shared = { clock, budget, timeout_ms: 60_000, readRetries: 1 };
  const polling = client(t, url, shared).send(READ, never);
  assert.equal(await paused.promise, 7_000);
  const writing = client(t, url, shared).send(WRITE, never);
  await clock.advance(6_999);
  assert.equal(calls(), 1);
  await clock.advance(1);
  await Promise.all([polling, writing]);
  assert.equal(calls(), 3);

  const { url: busy, calls: asked } = await site(t, (_, response) =>
    response.writeHead(429, { 'retry-after': '60' }).end(),
  );
  const error = await failureOf(client(t, busy, { readRetries: 3 }).send(READ, never));
  assert.equal(error.retryAfter_ms, 60_000);
  assert.equal(asked(), 1);
});

test('an answer over the limit is unreadable and is not read to its end', async (t) => {
  const { url } = await site(t, (_, response) => response.end('x'.repeat(50_000)));
  assert.equal((await failureOf(client(t, url).send(READ, never))).code, 'SITE_ANSWER_UNREADABLE');
});

/** Hands out t1, t2 and so on, each until it was refused. */
function tokens(): CallToken & { readonly refusals: string[] } {
  const refusals: string[] = [];
  return {
    refusals,
    get: () => Promise.resolve(`t${refusals.length + 1}`),
    refused: (token) => void refusals.push(token),
  };
}

test('a token that was refused is thrown away, and the call is made once more with another, a write too', async (t) => {
  for (const call of [READ, WRITE]) {
    const seen: (string | undefined)[] = [];
    const at = await site(t, (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.headers.authorization === 'Bearer t2' ? 200 : 401).end('{}');
    });
    const token = tokens();
    const answer = await client(t, at.url, { token }).send(call, never);
    assert.equal(answer.status, 200);
    assert.deepEqual(seen, ['Bearer t1', 'Bearer t2']);
    assert.deepEqual(token.refusals, ['t1']);
  }
});

test('a site that refuses every token is asked twice for one call, and no more', async (t) => {
  const at = await site(t, (_, response) => void response.writeHead(401).end());
  const token = tokens();
  const error = await failureOf(client(t, at.url, { token, readRetries: 3 }).send(READ, never));
  assert.equal(error.code, 'SITE_LOGIN_REFUSED');
  assert.equal(at.calls(), 2);
  assert.deepEqual(token.refusals, ['t1', 't2']);
});
