/** Webhooks from sites: bytes untouched, acknowledged only when stored, refused clearly. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import type { RawRequest } from '../../src/connectors/contract.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ErrorCode } from '../../src/core/error-catalogue.ts';
import { HubError } from '../../src/core/errors.ts';
import { code, issues, startTestHub } from './hub.ts';

const hub = await startTestHub({ after });
let taken: RawRequest[] = [];

beforeEach(() => {
  taken = [];
  hub.seen.intake.length = 0;
  hub.receiveWebhook = (_site, request) => {
    taken.push(request);
    return Promise.resolve({ status: 200, headers: { 'x-seen': 'yes' }, body: 'ok' });
  };
});

test('the pipeline gets the bytes, the address and the headers as they came, and its answer goes back', async () => {
  const body = Buffer.from([0, 255, 10, 13, 123, 34, 200]);
  const answer = await hub.request('/intake/north?x=%2F1&y=a+b', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'X-Acuity-Signature': 'Sig=' },
  });
  assert.deepEqual([answer.status, answer.text, answer.headers.get('x-seen')], [200, 'ok', 'yes']);
  const [request] = taken;
  assert.ok(request);
  assert.deepEqual(Buffer.from(request.body), body);
  assert.deepEqual([request.method, request.url], ['POST', '/intake/north?x=%2F1&y=a+b']);
  assert.equal(request.headers['x-acuity-signature'], 'Sig=');
  assert.match(request.remoteAddress, /127\.0\.0\.1/);
  assert.deepEqual(hub.seen.intake, [{ site: 'north', outcome: 'stored' }]);
});

test('any content type and none is passed on: the kind decides', async () => {
  for (const type of ['application/json', 'text/xml', 'application/octet-stream', '']) {
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    assert.equal((await hub.request('/intake/north', { method: 'POST', body: 'x', headers })).status, 200, type);
  }
  assert.equal((await hub.request('/intake/north')).status, 200, 'a handshake by GET');
  assert.equal(taken.length, 5);
});

test('an unknown site is 404, its body is not read, and its name makes no series in the metrics', async () => {
  const answer = await hub.request('/intake/nowhere', { method: 'POST', body: 'x'.repeat(1000) });
  assert.deepEqual([answer.status, code(answer)], [404, 'SITE_UNKNOWN']);
  assert.equal(taken.length, 0);
  assert.deepEqual(hub.seen.intake, [{ site: '(unknown)', outcome: 'SITE_UNKNOWN' }]);
});

const REFUSALS: readonly (readonly [ErrorCode, number])[] = [
  ['WEBHOOK_UNSUPPORTED', 404],
  ['SIGNATURE_MISSING', 401],
  ['SIGNATURE_WRONG', 401],
  ['WEBHOOK_UNREADABLE', 400],
  ['DATABASE_UNREACHABLE', 503],
  ['DATABASE_ANSWER_LOST', 503],
  ['DISK_FULL', 503],
  ['STOPPING', 503],
  ['INTERNAL', 503],
];
for (const [error, status] of REFUSALS) {
  test(`${error} is ${status}, counted, and tells nothing of the inside`, async () => {
    hub.receiveWebhook = () => Promise.reject(new HubError(error, { detail: 'secret detail' }));
    const answer = await hub.request('/intake/north', { method: 'POST', body: '{}' });
    assert.deepEqual([answer.status, code(answer)], [status, error]);
    assert.doesNotMatch(answer.text, /secret detail/);
    assert.equal(answer.headers.has('retry-after'), status === 503);
    assert.deepEqual(hub.seen.intake, [{ site: 'north', outcome: error }]);
  });
}

test('a throw that nobody foresaw is 503 as well: the vendor sends it again', async () => {
  hub.receiveWebhook = () => Promise.reject(new TypeError('x is not a function'));
  const answer = await hub.request('/intake/north', { method: 'POST', body: '{}' });
  assert.equal(answer.status, 503);
  assert.doesNotMatch(answer.text, /function/);
});

test('a body over the limit is 413 and never reaches the pipeline', async () => {
  const answer = await hub.request('/intake/north', { method: 'POST', body: 'x'.repeat(20_000) });
  assert.deepEqual([answer.status, issues(answer)[0]?.code], [413, 'too-long']);
  assert.equal(taken.length, 0);
});

test('a body that ends too early is not taken for a whole one, and is counted', async () => {
  const socket = connect(hub.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /intake/north HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"half":');
  // The head has arrived when a second request on another connection has been answered.
  await hub.request('/intake/north');
  socket.destroy();
  await once(socket, 'close');
  while (hub.seen.intake.length < 2) await systemClock.sleep(5);
  assert.deepEqual(
    hub.seen.intake.map(({ outcome }) => outcome),
    ['stored', 'aborted'],
  );
  assert.deepEqual(
    taken.map(({ method }) => method),
    ['GET'],
  );
});
