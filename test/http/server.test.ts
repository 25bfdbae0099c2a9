/** Health, metrics, the operations page, time limits, and how the server ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { startHttp } from '../../src/http/server.ts';
import { code, issues, startTestHub, testPlan, TOKENS } from './hub.ts';

const hub = await startTestHub({ after });
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

describe('health and metrics', () => {
  test('/livez says that the process answers', async () => {
    const answer = await hub.request('/livez');
    assert.deepEqual([answer.status, answer.body], [200, { live: true }]);
  });

  test('/readyz is 503 with what is missing, in words, until nothing is', async () => {
    hub.ready = ['the first load of north is under way'];
    const waiting = await hub.request('/readyz');
    assert.deepEqual([waiting.status, waiting.body], [503, { ready: false, missing: hub.ready }]);
    hub.ready = [];
    const ready = await hub.request('/readyz');
    assert.deepEqual([ready.status, ready.body], [200, { ready: true, missing: [] }]);
  });

  test('/metrics is Prometheus text', async () => {
    const answer = await hub.request('/metrics');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(answer.text, /slotwire_up 1/);
  });

  test('an address where nothing is served is a 404 OperationOutcome', async () => {
    const answer = await hub.request('/nothing/here');
    assert.deepEqual([answer.status, code(answer)], [404, 'NOT_FOUND']);
    assert.equal(answer.headers.get('x-powered-by'), null);
  });

  test('what is counted names routes, never paths, queries or tokens', async () => {
    hub.seen.answered.length = 0;
    await hub.fhir('readonly', '/Patient/0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f?name=Jane');
    await hub.request('/nothing/Jane');
    while (hub.seen.answered.length < 2) await systemClock.sleep(2);
    assert.deepEqual(
      hub.seen.answered.map(({ route, status, client }) => [route, status, client]),
      [
        ['/fhir/R4/:type/:id', 404, 'readonly'],
        ['(none)', 404, null],
      ],
    );
  });
});

describe('/ops', () => {
  test('the page is an empty shell that can reach nothing but itself', async () => {
    const page = await hub.request('/ops');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.doesNotMatch(page.text, /https?:\/\/|north/);
    for (const [, asset = ''] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      assert.equal((await hub.request(asset)).status, 200, asset);
    }
  });

  test('its data is for admins, and a token in the address is none', async () => {
    for (const path of ['/ops/api/sites', '/ops/api/messages?status=parked', '/ops/api/anything']) {
      assert.equal((await hub.request(path)).status, 401, path);
      assert.equal((await hub.request(path, bearer(TOKENS.scheduler))).status, 403, path);
      const joined = `${path}${path.includes('?') ? '&' : '?'}token=${TOKENS.admin}`;
      assert.equal((await hub.request(joined)).status, 401, joined);
    }
    assert.equal((await hub.request('/ops/api/anything', bearer(TOKENS.admin))).status, 404);
  });

  test('parked messages are listed by why they are, without their bodies', async () => {
    const now = systemClock.now();
    const id = await hub.write(async (tx) => {
      const body = Buffer.from('PID|Jane Secret');
      const message = {
        shape: 'event',
        kind: 'siu',
        id: 'e1',
        occurredAt: null,
        sequenceKeys: [],
        contentType: 'x',
        body,
      } as const;
      const [stored] = await tx.inbox.insert('north', 'hl7', [message], now, null);
      const inserted = stored?.id ?? 0;
      await tx.inbox.park(
        inserted,
        { stage: 'map', code: 'MESSAGE_UNREADABLE', reason: 'SCH-11 is missing', barrier: false },
        now,
      );
      return inserted;
    });
    const answer = await hub.request('/ops/api/messages?status=parked', bearer(TOKENS.admin));
    assert.equal(answer.status, 200);
    const [message] = answer.body['messages'] as Record<string, unknown>[];
    assert.deepEqual(
      [message?.['id'], message?.['stage'], message?.['code'], message?.['reason']],
      [id, 'map', 'MESSAGE_UNREADABLE', 'SCH-11 is missing'],
    );
    assert.doesNotMatch(answer.text, /Jane/);
    for (const query of [
      'status=broken',
      'limit=0',
      'limit=1e9',
      'site=%27',
      'after=x',
      'status=parked&status=applied',
    ]) {
      assert.equal((await hub.request(`/ops/api/messages?${query}`, bearer(TOKENS.admin))).status, 400, query);
    }
  });
});

test('a handler that does not end in time is answered for', async (t) => {
  const base = testPlan({ requestTimeout_ms: 50 });
  const slow = await startTestHub(t, {
    plan: { ...base, hub: { ...base.hub, booking: { ...base.hub.booking, wait_ms: 0 } } },
  });
  slow.receiveWebhook = () => new Promise(() => undefined);
  const answer = await slow.request('/intake/north', { method: 'POST', body: '{}' });
  assert.deepEqual([answer.status, code(answer)], [504, 'REQUEST_TOO_SLOW']);
  assert.deepEqual(
    slow.seen.failed.map((event) => event.code),
    ['REQUEST_TOO_SLOW'],
  );
});

test('a head that never ends is ended with 408', async (t) => {
  const slow = await startTestHub(t, { plan: testPlan({ requestTimeout_ms: 100 }) });
  const socket = connect(slow.port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
  await once(socket, 'close');
  assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 408 [\s\S]*OperationOutcome/);
});

describe('the end', () => {
  test('what is under way is finished, kept connections are closed, new requests are told', async (t) => {
    const ending = await startTestHub(t);
    const entered = Promise.withResolvers<undefined>();
    const goOn = Promise.withResolvers<undefined>();
    ending.receiveWebhook = async () => {
      entered.resolve(undefined);
      await goOn.promise;
      return { status: 200, headers: {}, body: 'stored' };
    };
    const agent = new Agent({ keepAlive: true });
    const get = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        httpRequest(`${ending.url}${path}`, { agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end();
      });
    assert.equal(await get('/livez'), 200);
    const underWay = ending.request('/intake/north', { method: 'POST', body: '{}' });
    await entered.promise;
    const closed = ending.close(10_000);
    await assert.rejects(ending.request('/livez'), 'no new connection is taken');
    goOn.resolve(undefined);
    assert.deepEqual([(await underWay).status, (await underWay).headers.get('connection')], [200, 'close']);
    await closed;
    agent.destroy();
  });

  test('what does not end by the deadline is cut off', async (t) => {
    const ending = await startTestHub(t);
    const entered = Promise.withResolvers<undefined>();
    ending.receiveWebhook = () => {
      entered.resolve(undefined);
      return new Promise(() => undefined);
    };
    const underWay = ending.request('/intake/north', { method: 'POST', body: '{}' }).catch(() => 'cut off');
    await entered.promise;
    await ending.close(20);
    assert.equal(await underWay, 'cut off');
  });

  test('a port that is taken is said so', async () => {
    const deps = { ...({} as Parameters<typeof startHttp>[0]), clock: systemClock, currentPlan: () => testPlan() };
    await assert.rejects(
      startHttp({ ...deps, host: '127.0.0.1', port: hub.port }),
      (error) => error instanceof HubError && error.code === 'PORT_IN_USE' && error.detail.includes(String(hub.port)),
    );
  });
});

test('an error of the hub is a 500 that tells nothing, and the log has its detail under the request id', async (t) => {
  const failing = await startTestHub(t);
  await failing.pool.query('DROP TABLE slot CASCADE');
  failing.seen.failed.length = 0;
  const answer = await failing.fhir('readonly', '/Slot', { headers: { 'x-request-id': 'r-1' } });
  assert.deepEqual([answer.status, code(answer)], [500, 'INTERNAL']);
  assert.equal(issues(answer)[0]?.diagnostics, undefined);
  assert.doesNotMatch(answer.text, /slot_|relation|SQLSTATE/);
  assert.equal(failing.seen.failed[0]?.requestId, 'r-1');
  assert.match(failing.seen.failed[0].detail, /SQLSTATE 42P01/);
});
