import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { test } from 'node:test';
import iconv from 'iconv-lite';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import type { Peer } from '../../src/mllp/admission.ts';
import { startListener } from '../../src/mllp/listener.ts';
import { accept, Client, framed, gate, ids, LIMITS, listen, message, open, turn } from './wire.ts';

test('an answer goes out only after receive has returned it', async (t) => {
  const stored = gate();
  const hub = await listen(t, { receive: async (frame) => (await stored.passed, accept(frame)) });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'));
  await hub.event('frame');
  await turn();
  assert.equal(client.answers.length, 0);
  stored.open();
  assert.deepEqual(await client.answered(1), ['A']);
  assert.deepEqual(Buffer.from(hub.received[0] ?? []), message('A'));
});

test('no answer is sent where the sender wants none, and the next message has its own', async (t) => {
  const hub = await listen(t, {
    receive: (frame) => Promise.resolve(ids([frame])[0] === 'A' ? null : accept(frame)),
  });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'), framed('B'));
  assert.deepEqual(await client.answered(1), ['B']);
});

test('a message that could not be stored is not answered, its connection closes, nothing behind it is taken', async (t) => {
  const hub = await listen(t, {
    receive: (frame) =>
      ids([frame])[0] === 'B' ? Promise.reject(new HubError('DISK_FULL')) : Promise.resolve(accept(frame)),
  });
  const client = await open(t, hub.listener.port);
  client.write(Buffer.concat([framed('A'), framed('B'), framed('C')]));
  await client.closed;
  assert.deepEqual(ids(client.answers), ['A']);
  assert.deepEqual(ids(hub.received), ['A', 'B']);
  const failed = hub.events.find((event) => event.kind === 'error');
  assert.equal(failed?.kind === 'error' && failed.error.code, 'DISK_FULL');
});

test('an oversize message is refused under its control id and the next one is taken', async (t) => {
  const hub = await listen(t, { limits: { ...LIMITS, maxFrame_bytes: 1000 }, controlId: () => 'OWN' });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'), framed('BIG', 'x'.repeat(5000)), framed('C'));
  assert.deepEqual(await client.answered(3), ['A', 'BIG', 'C']);
  const refusal = Buffer.from(client.answers[1] ?? []).toString();
  assert.match(refusal, /\|OWN\|P\|2\.5\.1\rMSA\|AR\|BIG\|/);
  assert.match(refusal, /\rERR\|\|\|207\^/);
  assert.deepEqual(ids(hub.received), ['A', 'C']);
  assert.ok(hub.kinds().includes('oversize'));
});

test('the hub may answer an oversize message itself', async (t) => {
  const seen: number[] = [];
  const hub = await listen(t, {
    limits: { ...LIMITS, maxFrame_bytes: 200 },
    oversize: (head, length) => (seen.push(length), Promise.resolve(accept(head))),
  });
  const client = await open(t, hub.listener.port);
  client.write(framed('BIG', 'x'.repeat(500)));
  assert.deepEqual(await client.answered(1), ['BIG']);
  assert.deepEqual(seen, [message('BIG', 'x'.repeat(500)).length]);
});

test('a message without end closes the connection after a bounded number of bytes', async (t) => {
  const hub = await listen(t, { limits: { ...LIMITS, maxFrame_bytes: 10_000 } });
  const client = await open(t, hub.listener.port);
  client.write('\x0bMSH|^~\\&|');
  const chunk = Buffer.alloc(10_000, 0x61);
  const failed = hub.event('error');
  while (!client.socket.destroyed && hub.kinds().every((kind) => kind !== 'error')) {
    if (!client.socket.write(chunk)) await Promise.race([once(client.socket, 'drain'), client.closed, failed]);
    await turn();
  }
  const event = await failed;
  assert.equal(event.kind === 'error' && event.error.code, 'MESSAGE_TOO_LARGE');
  await client.closed;
  assert.deepEqual(hub.received, []);
});

test('a message that takes longer than it may closes the connection', async (t) => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const hub = await listen(t, { clock, limits: { ...LIMITS, maxFrame_ms: 1000 } });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'));
  await client.answered(1);
  now = 5000;
  client.write(framed('B'));
  assert.deepEqual(await client.answered(2), ['A', 'B'], 'the time between messages does not count');
  client.write('\x0bMSH');
  while (client.socket.bytesWritten === 0 || client.socket.writableLength > 0) await turn();
  const closed = client.closed;
  for (let step = 0; step < 200 && !client.socket.destroyed; step += 1) {
    now += 100;
    client.write('x');
    await turn();
  }
  await closed;
  assert.ok(hub.kinds().includes('dropped-mid-frame'));
});

test('a connection that closes inside a message drops the piece and keeps what was whole', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  client.write(framed('A'), framed('B').subarray(0, 30));
  await client.answered(1);
  client.socket.destroy();
  const dropped = await hub.event('dropped-mid-frame');
  assert.equal(dropped.kind === 'dropped-mid-frame' && dropped.length, 29);
  await hub.event('disconnected');
  assert.deepEqual(ids(hub.received), ['A']);
});

test('a sender that has closed its half gets every answer before the listener closes the other', async (t) => {
  const stored = gate();
  const hub = await listen(t, { receive: async (frame) => (await stored.passed, accept(frame)) });
  const client = await open(t, hub.listener.port, true);
  const all = Array.from({ length: 20 }, (_, at) => `M${at}`);
  client.socket.end(Buffer.concat(all.map((id) => framed(id))));
  await hub.event('frame');
  stored.open();
  await client.closed;
  assert.deepEqual(ids(client.answers), all);
});

test('a message whose sender goes away before the answer is stored once, and the answer is counted as lost', async (t) => {
  const stored = gate();
  const hub = await listen(t, { receive: async (frame) => (await stored.passed, accept(frame)) });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'));
  await hub.event('frame');
  client.socket.resetAndDestroy();
  await client.closed;
  await turn();
  stored.open();
  await hub.event('disconnected');
  assert.deepEqual(ids(hub.received), ['A']);
  assert.ok(hub.kinds().includes('answer-undelivered'));
});

test('a connection on which nothing moves is closed, but not while a message is being stored', async (t) => {
  const stored = gate();
  const hub = await listen(t, {
    limits: { ...LIMITS, idle_ms: 50 },
    receive: async (frame) => (await stored.passed, accept(frame)),
  });
  const [busy, quiet] = [await open(t, hub.listener.port), await open(t, hub.listener.port)];
  busy.write(framed('A'));
  await quiet.closed;
  await (
    await open(t, hub.listener.port)
  ).closed;
  assert.equal(busy.socket.destroyed, false, 'two quiet connections have come and gone meanwhile');
  stored.open();
  assert.deepEqual(await busy.answered(1), ['A']);
  await busy.closed;
  assert.equal(hub.kinds().filter((kind) => kind === 'idle-closed').length, 3);
});

test('a sender that wants no answer and falls silent while its message is stored is closed as well', async (t) => {
  const stored = gate();
  const hub = await listen(t, {
    limits: { ...LIMITS, idle_ms: 50 },
    receive: async () => (await stored.passed, null),
  });
  const busy = await open(t, hub.listener.port);
  busy.write(framed('A'));
  await hub.event('frame');
  // Its own time runs out meanwhile, as that of one that came later has.
  await (
    await open(t, hub.listener.port)
  ).closed;
  stored.open();
  await busy.closed;
});

test('UTF-16 is refused with the reason and not handed on', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  client.write('\x0b', iconv.encode(message('W').toString(), 'utf-16le'), '\x1c\r', framed('A'));
  assert.deepEqual(await client.answered(2), ['W', 'A']);
  assert.match(Buffer.from(client.answers[0] ?? []).toString(), /MSA\|AR\|W\|.*UTF-8/);
  assert.deepEqual(ids(hub.received), ['A']);
});

test('senders that are not admitted are closed without a word', async (t) => {
  const peers: Peer[] = [];
  const hub = await listen(t, { admit: (peer) => (peers.push(peer), 'address') });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'));
  await client.closed;
  assert.deepEqual([client.answers, hub.received], [[], []]);
  assert.equal(peers[0]?.address, '127.0.0.1');
  assert.deepEqual(hub.kinds(), ['refused']);
});

test('connections above the limit are refused and counted; those that are open go on', async (t) => {
  const hub = await listen(t, { limits: { ...LIMITS, maxConnections: 1 } });
  const first = await open(t, hub.listener.port);
  first.write(framed('A'));
  await first.answered(1);
  const second = await open(t, hub.listener.port);
  await second.closed;
  const refused = await hub.event('refused');
  assert.equal(refused.kind === 'refused' && refused.reason, 'connections');
  first.write(framed('B'));
  assert.deepEqual(await first.answered(2), ['A', 'B']);
  assert.equal(hub.listener.connections(), 1);
});

test('closing takes nothing new, answers what was read, ends the connections and then the port', async (t) => {
  const stored = gate();
  const hub = await listen(t, { receive: async (frame) => (await stored.passed, accept(frame)) });
  const [busy, idle] = [await open(t, hub.listener.port), await open(t, hub.listener.port)];
  busy.write(framed('A'), framed('B'), framed('C').subarray(0, 20));
  await hub.event('frame', 2);
  const closing = hub.listener.close(10_000);
  await idle.closed;
  busy.write(framed('C').subarray(20), framed('D'));
  stored.open();
  await Promise.all([closing, busy.closed]);
  assert.deepEqual(ids(busy.answers), ['A', 'B']);
  assert.deepEqual(ids(hub.received), ['A', 'B']);
  await assert.rejects(open(t, hub.listener.port), { code: 'ECONNREFUSED' });
});

test('closing cuts what has not ended by its deadline', async (t) => {
  const hub = await listen(t, { receive: () => new Promise(() => undefined) });
  const client = await open(t, hub.listener.port);
  client.write(framed('A'));
  await hub.event('frame');
  await hub.listener.close(20);
  await client.closed;
  assert.deepEqual(client.answers, []);
});

test('a port that is taken is told as such', async (t) => {
  const hub = await listen(t);
  const again = startListener({
    host: '127.0.0.1',
    port: hub.listener.port,
    limits: LIMITS,
    clock: systemClock,
    receive: () => Promise.resolve(null),
    onEvent: () => undefined,
  });
  await assert.rejects(again, (error) => error instanceof HubError && error.code === 'PORT_IN_USE');
});

function pem(name: string): Buffer {
  return readFileSync(new URL(`./tls/${name}`, import.meta.url));
}

test('with mutual TLS the sender is known by its certificate, and one without is refused', async (t) => {
  const peers: Peer[] = [];
  const hub = await listen(t, {
    tls: {
      key: pem('server.key'),
      cert: pem('server.pem'),
      ca: pem('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    admit: (peer) => {
      peers.push(peer);
      return peer.certificateNames?.includes('CN=engine.riverside.example') === true ? null : 'certificate';
    },
  });
  const where = { host: '127.0.0.1', port: hub.listener.port, servername: 'localhost', ca: pem('ca.pem') };
  const known = connectTls({ ...where, key: pem('client.key'), cert: pem('client.pem') });
  t.after(() => known.destroy());
  const client = new Client(known);
  client.write(framed('A'));
  assert.deepEqual(await client.answered(1), ['A']);
  assert.equal(peers[0]?.certificateSubject, 'O=Riverside, CN=engine.riverside.example');
  const unknown = new Client(connectTls(where));
  t.after(() => unknown.socket.destroy());
  unknown.write(framed('B'));
  await unknown.closed;
  const refused = await hub.event('refused');
  assert.equal(refused.kind === 'refused' && refused.reason, 'tls');
  assert.deepEqual(ids(hub.received), ['A']);
});

test('TLS material that cannot be used is an error of the configuration', async () => {
  const started = startListener({
    host: '127.0.0.1',
    port: 0,
    limits: LIMITS,
    clock: systemClock,
    tls: { key: 'no key', cert: 'no certificate' },
    receive: () => Promise.resolve(null),
    onEvent: () => undefined,
  });
  await assert.rejects(started, (error) => error instanceof HubError && error.code === 'CONFIG_INVALID');
});
