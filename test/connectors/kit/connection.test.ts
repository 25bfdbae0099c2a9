/** Connections that are opened ahead of their write, and what becomes of those that cannot be used. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Clock } from '../../../src/core/clock.ts';
import { openTransport, type Question, type Transport } from '../../../src/connectors/kit/transport.ts';
import { eventually } from '../../support/wait.ts';
import { handClock } from '../clock.ts';

const WRITE: Question = { method: 'POST', path: '/people', json: {}, effect: 'write' };
const done: RequestListener = (request, response) => request.resume().on('end', () => response.end('{}'));

interface Watched {
  readonly port: number;
  /** Of every connection that was made, in order. */
  readonly sockets: readonly Socket[];
}

async function watched(t: TestContext, server: Server): Promise<Watched> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

function transport(t: TestContext, baseUrl: string, clock: Clock = handClock()): Transport {
  const opened = openTransport({ clock, baseUrl, headers: {}, maxAnswer_bytes: 1_000, connections: 4 });
  t.after(() => opened.close());
  return opened;
}

test('a write uses the connection that was opened for it, and a second write does not', async (t) => {
  const { port, sockets } = await watched(t, createServer(done));
  const site = transport(t, `http://127.0.0.1:${port}`);
  const on = site.connect();
  await eventually('it stands', () => on?.stands() === true);
  await site.ask({ ...WRITE, on }).answered;
  assert.equal(sockets.length, 1);
  await site.ask({ ...WRITE, on }).answered;
  assert.equal(sockets.length, 2);
});

test('a write that comes before its connection stands waits for it', async (t) => {
  const { port, sockets } = await watched(t, createServer(done));
  const site = transport(t, `http://127.0.0.1:${port}`);
  const exchange = site.ask({ ...WRITE, on: site.connect() });
  assert.equal(exchange.connected(), false);
  await exchange.answered;
  assert.deepEqual([exchange.connected(), sockets.length], [true, 1]);
});

test('a connection that the site has closed, or spoken on, or that has waited too long is not written on', async (t) => {
  const clock = handClock();
  const { port, sockets } = await watched(t, createServer(done));
  const site = transport(t, `http://127.0.0.1:${port}`, clock);
  const spoil: readonly ((socket: Socket) => unknown)[] = [
    (socket) => socket.end(),
    (socket) => socket.destroy(),
    (socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'),
    () => clock.advance(2_001),
  ];
  for (const [n, change] of spoil.entries()) {
    const on = site.connect();
    await eventually('it stands', () => sockets.length === 2 * n + 1);
    const [socket] = sockets.slice(-1);
    assert.ok(socket !== undefined && on !== null);
    await change(socket);
    await eventually('it is spoilt', () => !on.usable());
    assert.equal((await site.ask({ ...WRITE, on }).answered).status, 200, String(n));
    assert.equal(sockets.length, 2 * n + 2);
  }
});

test('a connection that nobody used is closed by who opened it, one that a write took is not', async (t) => {
  const answering = Promise.withResolvers<() => void>();
  const { port, sockets } = await watched(
    t,
    createServer((request, response) => {
      request.resume();
      answering.resolve(() => response.end('{}'));
    }),
  );
  const site = transport(t, `http://127.0.0.1:${port}`);
  const unused = site.connect();
  await eventually('it stands', () => sockets.length === 1);
  unused?.close();
  const [first] = sockets;
  assert.ok(first !== undefined);
  await once(first, 'close');
  const used = site.connect();
  const { answered } = site.ask({ ...WRITE, on: used });
  const answer = await answering.promise;
  used?.close();
  answer();
  assert.equal((await answered).status, 200);
});

test('closing ends the connections of writes too', async (t) => {
  const asked = Promise.withResolvers<undefined>();
  const { port } = await watched(
    t,
    createServer(() => asked.resolve(undefined)),
  );
  const site = transport(t, `http://127.0.0.1:${port}`);
  const { answered } = site.ask(WRITE);
  const ended = assert.rejects(answered, { code: 'ECONNRESET' });
  await asked.promise;
  site.close();
  await ended;
});

test('a site that refuses connections is told by the write, with its own code', async (t) => {
  const gone = createTcpServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  const site = transport(t, `http://127.0.0.1:${port}`);
  const exchange = site.ask({ ...WRITE, on: site.connect() });
  await assert.rejects(exchange.answered, { code: 'ECONNREFUSED' });
  assert.equal(exchange.connected(), false);
});

test('over TLS the site is told which name it is to prove, and a write is on a connection of its own', async (t) => {
  const pem = (name: string): string => readFileSync(new URL(`../../mllp/tls/${name}`, import.meta.url), 'utf8');
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, pem('ca.pem')]);
  t.after(() => setDefaultCACertificates(trusted));
  const names: unknown[] = [];
  const server = createSecureServer({ key: pem('server.key'), cert: pem('server.pem') }, done);
  server.on('secureConnection', (socket) => names.push(socket.servername));
  const { port } = await watched(t, server);
  const site = transport(t, `https://localhost:${port}`);
  const on = site.connect();
  await eventually('it stands', () => on?.stands() === true);
  const exchange = site.ask({ ...WRITE, on });
  assert.equal((await exchange.answered).status, 200);
  assert.equal((await site.ask({ ...WRITE, method: 'GET', effect: 'read' }).answered).status, 200);
  assert.deepEqual([names, exchange.connected()], [['localhost', 'localhost'], true]);
});
