/** What the transport promises of the bytes on the wire, against real servers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { systemClock } from '../../../src/core/clock.ts';
import {
  AnswerUnreadable,
  openTransport,
  type Question,
  type Transport,
  type TransportSpec,
} from '../../../src/connectors/kit/transport.ts';

const READ: Question = { method: 'GET', path: '/people', effect: 'read' };
const WRITE: Question = { method: 'POST', path: '/people', json: { name: 'Noa Lee' }, effect: 'write' };
const LIMIT_BYTES = 10_000;

async function listening(t: TestContext, server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function site(t: TestContext, answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(answer))}`;
}

function transport(t: TestContext, baseUrl: string, more: Partial<TransportSpec> = {}): Transport {
  const opened = openTransport({
    clock: systemClock,
    baseUrl,
    headers: {},
    maxAnswer_bytes: LIMIT_BYTES,
    connections: 4,
    ...more,
  });
  t.after(() => opened.close());
  return opened;
}

test('a call is made with the path of the base, an encoded query and a measured body', async (t) => {
  const seen: unknown[] = [];
  const url = await site(t, (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    request.on('end', () => {
      const { authorization, accept } = request.headers;
      const length = request.headers['content-length'];
      seen.push([request.method, request.url, text, request.headers['content-type'], length, authorization, accept]);
      response.end('{}');
    });
  });
  const asked = transport(t, `${url}/api/v1/`, { headers: { authorization: 'Bearer abc' } });
  const query = [
    ['field:7', 'a b&c=ü'],
    ['ids[]', '1'],
    ['ids[]', '2'],
  ] as const;
  await asked.ask({ ...READ, query }).answered;
  await asked.ask({ ...WRITE, query: [], json: { name: 'Zoë' } }).answered;
  await asked.ask({ method: 'DELETE', path: '/people/1', effect: 'write' }).answered;
  const common = ['Bearer abc', 'application/json'];
  assert.deepEqual(seen, [
    ['GET', '/api/v1/people?field%3A7=a+b%26c%3D%C3%BC&ids%5B%5D=1&ids%5B%5D=2', '', undefined, undefined, ...common],
    ['POST', '/api/v1/people', '{"name":"Zoë"}', 'application/json', '15', ...common],
    ['DELETE', '/api/v1/people/1', '', undefined, undefined, ...common],
  ]);
});

test('a name in the address is for the gateway that stands there', async (t) => {
  const url = await site(t, (request, response) => response.end(request.headers.authorization));
  const named = transport(t, url.replace('//', '//ann:a%3Ab@'), { headers: { authorization: 'Bearer abc' } });
  const { text } = await named.ask(READ).answered;
  assert.equal(text, `Basic ${Buffer.from('ann:a:b').toString('base64')}`);
});

test('reads share a connection, every write has a new one that is closed behind it', async (t) => {
  const connections = new Map<Socket, string[]>();
  const url = await site(t, (request, response) => {
    connections.set(request.socket, [...(connections.get(request.socket) ?? []), request.method ?? '']);
    request.resume().on('end', () => response.end('[]'));
  });
  const asked = transport(t, url);
  for (const question of [READ, READ, WRITE, READ, WRITE]) {
    const exchange = asked.ask(question);
    await exchange.answered;
    if (question === WRITE) assert.ok(exchange.connected());
    // The kept connection is free again a turn after its answer is complete.
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([...connections.values()], [['GET', 'GET', 'GET'], ['POST'], ['POST']]);
});

test('an answer is decoded by what it says of itself, and is limited by what it comes to', async (t) => {
  const text = JSON.stringify([{ name: 'Zoë' }, { name: '李' }]);
  const encodings = {
    gzip: gzipSync(text),
    'X-GZIP': gzipSync(text),
    deflate: deflateSync(text),
    Deflate: deflateRawSync(text),
    br: brotliCompressSync(text),
    '': Buffer.from(text),
    identity: Buffer.from(text),
  };
  for (const [encoding, body] of Object.entries(encodings)) {
    const url = await site(t, (request, response) => {
      assert.equal(request.headers['accept-encoding'], 'gzip, deflate, br');
      response.writeHead(200, { 'content-encoding': encoding, 'X-Told': 'Yes', 'set-cookie': ['a', 'b'] }).end(body);
    });
    const answer = await transport(t, url).ask(READ).answered;
    assert.equal(answer.text, text, encoding);
    assert.deepEqual([answer.headers['x-told'], answer.headers['set-cookie']], ['Yes', undefined]);
  }
  const unreadable = {
    ANSWER_TOO_LONG: gzipSync('x'.repeat(LIMIT_BYTES + 1)),
    ANSWER_NOT_DECODED: Buffer.from('not compressed at all'),
  };
  for (const [code, body] of Object.entries(unreadable)) {
    const url = await site(t, (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    await assert.rejects(transport(t, url).ask(READ).answered, (thrown) => {
      return thrown instanceof AnswerUnreadable && thrown.code === code;
    });
  }
});

test('an answer without a body is one, whatever it says of its encoding', async (t) => {
  const url = await site(t, (_, response) => response.writeHead(204, { 'content-encoding': 'gzip' }).end());
  const { status, text } = await transport(t, url).ask(READ).answered;
  assert.deepEqual([status, text], [204, '']);
});

test('an answer that is longer than the limit is cut off, and one as long as the limit is not', async (t) => {
  const cut = Promise.withResolvers<boolean>();
  const url = await site(t, (request, response) => {
    if (request.url === '/fits') {
      response.end('x'.repeat(LIMIT_BYTES));
      return;
    }
    response.once('close', () => cut.resolve(response.writableFinished));
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1_000))) continue;
    };
    response.on('drain', more);
    more();
  });
  const asked = transport(t, url);
  await assert.rejects(asked.ask(READ).answered, { code: 'ANSWER_TOO_LONG' });
  assert.equal(await cut.promise, false);
  assert.equal((await asked.ask({ ...READ, path: '/fits' }).answered).text.length, LIMIT_BYTES);
});

test('a redirect is an answer: where it points nobody asks', async (t) => {
  const asked: (string | undefined)[] = [];
  const url = await site(t, (request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  assert.equal((await transport(t, url).ask(READ).answered).status, 302);
  assert.deepEqual(asked, ['/people']);
});

test('an answer that breaks off is no answer', async (t) => {
  const port = await listening(
    t,
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"id":1}]'));
    }),
  );
  for (const question of [READ, WRITE]) {
    const exchange = transport(t, `http://127.0.0.1:${port}`).ask(question);
    await assert.rejects(exchange.answered, { code: 'ECONNRESET' });
    assert.equal(exchange.connected(), question === WRITE);
  }
});

test('a cut ends the exchange at once, before its answer and within it', async (t) => {
  const within = Promise.withResolvers<undefined>();
  const url = await site(t, (request, response) => {
    if (request.url === '/within') response.write('[', () => within.resolve(undefined));
    else exchange.cut();
  });
  const asked = transport(t, url);
  const exchange = asked.ask(READ);
  await assert.rejects(exchange.answered);
  const later = asked.ask({ ...READ, path: '/within' });
  const ended = assert.rejects(later.answered);
  await within.promise;
  later.cut();
  await ended;
});

test('a site that cannot prove its name is sent nothing', async (t) => {
  const pem = (name: string): string => readFileSync(new URL(`../../mllp/tls/${name}`, import.meta.url), 'utf8');
  let requests = 0;
  const server = createSecureServer({ key: pem('server.key'), cert: pem('server.pem') }, (_, response) => {
    requests += 1;
    response.end();
  });
  const exchange = transport(t, `https://127.0.0.1:${await listening(t, server)}`).ask(WRITE);
  await assert.rejects(exchange.answered, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  assert.deepEqual([exchange.connected(), requests], [false, 0]);
});

test('a base that is no address fails the call, not the start', async (t) => {
  await assert.rejects(transport(t, 'http://:80').ask(READ).answered, { code: 'ERR_INVALID_URL' });
});

test('an answer that leaves HTTP is no answer, and whoever waits for it is told so', { timeout: 10_000 }, async (t) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    });
  });
  const asked = transport(t, `http://127.0.0.1:${await listening(t, server)}`);
  for (const question of [READ, WRITE]) {
    await assert.rejects(asked.ask(question).answered, (error) => error instanceof AnswerUnreadable);
  }
});
