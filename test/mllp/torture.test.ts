/** What the network does to frames, over real sockets: no message is lost, mixed, repeated or moved. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { accept, framed, gate, ids, LIMITS, listen, message, open, turn } from './wire.ts';

test('byte by byte', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  for (const byte of Buffer.concat([framed('A'), framed('B')])) {
    client.write(Buffer.from([byte]));
    await turn();
  }
  assert.deepEqual(await client.answered(2), ['A', 'B']);
  assert.deepEqual(
    hub.received.map((frame) => Buffer.from(frame)),
    [message('A'), message('B')],
  );
});

test('two messages in one write', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  client.write(Buffer.concat([framed('A'), framed('B')]));
  assert.deepEqual(await client.answered(2), ['A', 'B']);
});

test('FS and CR in different writes', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  const wire = framed('A');
  client.write(wire.subarray(0, -1));
  await turn();
  assert.equal(hub.received.length, 0);
  client.write(wire.subarray(-1), framed('B'));
  assert.deepEqual(await client.answered(2), ['A', 'B']);
});

test('a missing final CR, where the site’s setting allows it', async (t) => {
  const hub = await listen(t, { finalCr: 'optional' });
  const client = await open(t, hub.listener.port);
  client.write(framed('A').subarray(0, -1));
  assert.deepEqual(await client.answered(1), ['A']);
  client.write(framed('B'));
  assert.deepEqual(await client.answered(2), ['A', 'B']);
  assert.ok(!hub.kinds().includes('garbage'));
});

test('bytes between messages', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  client.write('GET / HTTP/1.1\r\n\r\n', framed('A'), '\n', 'keep-alive', framed('B'));
  assert.deepEqual(await client.answered(2), ['A', 'B']);
  const lost = hub.events.reduce((sum, event) => sum + (event.kind === 'garbage' ? event.length : 0), 0);
  assert.equal(lost, 18 + 10);
});

test('a hundred senders whose writes are cut and interleaved: each gets its own answers in its own order', async (t) => {
  const hub = await listen(t);
  const clients = await Promise.all(Array.from({ length: 100 }, () => open(t, hub.listener.port)));
  const wires = clients.map((_, at) => Buffer.concat([0, 1, 2].map((n) => framed(`S${at}-${n}`, `patient ${at}`))));
  const longest = Math.max(...wires.map((wire) => wire.length));
  for (let from = 0; from < longest; from += 37) {
    for (const [at, client] of clients.entries()) client.write(wires[at]?.subarray(from, from + 37) ?? '');
    await turn();
  }
  for (const [at, client] of clients.entries()) {
    assert.deepEqual(await client.answered(3), [`S${at}-0`, `S${at}-1`, `S${at}-2`]);
  }
  assert.equal(hub.received.length, 300);
  for (const frame of hub.received) {
    const [sender] = ids([frame])[0]?.slice(1).split('-') ?? [];
    assert.ok(
      Buffer.from(frame)
        .toString()
        .endsWith(`SCH||patient ${sender ?? ''}\r`),
      'no message holds another',
    );
  }
});

test('a thousand messages in one write are answered in order, though storing takes different times', async (t) => {
  const hub = await listen(t, {
    receive: async (frame) => {
      if (frame.length % 3 === 0) await turn();
      return accept(frame);
    },
  });
  const client = await open(t, hub.listener.port);
  const all = Array.from({ length: 1000 }, (_, at) => `M${at}`);
  client.write(Buffer.concat(all.map((id) => framed(id, 'x'.repeat(Number(id.slice(1)) % 7)))));
  assert.deepEqual(await client.answered(1000), all);
  assert.deepEqual(ids(hub.received), all);
});

test('reading pauses while storing is slow: a flood of messages waits at its sender', async (t) => {
  const stored = gate();
  const hub = await listen(t, {
    limits: { ...LIMITS, maxPending_frames: 4 },
    receive: async (frame) => (await stored.passed, accept(frame)),
  });
  const client = await open(t, hub.listener.port);
  const flood = Array.from({ length: 4000 }, (_, at) => `M${at}`);
  let taken = true;
  for (const id of flood) taken = client.socket.write(framed(id, 'x'.repeat(4000))) && taken;
  await hub.event('frame', 5);
  for (let turns = 0; turns < 50; turns += 1) await turn();
  assert.equal(taken, false);
  assert.ok(client.socket.writableLength > 1_000_000, 'most of the flood has not left its sender');
  assert.ok(hub.kinds().filter((kind) => kind === 'frame').length <= 5);
  stored.open();
  assert.deepEqual(await client.answered(flood.length), flood);
});

test('a sender that does not read its answers is not answered into memory, and gets them when it does', async (t) => {
  const answer = (frame: Uint8Array): Uint8Array =>
    Buffer.concat([accept(frame), Buffer.from(`NTE|1||${'y'.repeat(100_000)}\r`)]);
  const hub = await listen(t, { receive: (frame) => Promise.resolve(answer(frame)) });
  const client = await open(t, hub.listener.port);
  client.socket.pause();
  const all = Array.from({ length: 500 }, (_, at) => `M${at}`);
  client.write(Buffer.concat(all.map((id) => framed(id))));
  let before = -1;
  // Stands still once the buffers of both sides are full.
  while (before !== hub.received.length) {
    before = hub.received.length;
    for (let turns = 0; turns < 200; turns += 1) await turn();
  }
  assert.ok(hub.received.length < 200, `${hub.received.length} of 500 answered into buffers`);
  client.socket.resume();
  assert.deepEqual(await client.answered(500), all);
});

test('a slow drip through many short quiet times is one message', async (t) => {
  const hub = await listen(t, { limits: { ...LIMITS, idle_ms: 2000 } });
  const client = await open(t, hub.listener.port);
  const wire = framed('DRIP');
  for (let from = 0; from < wire.length; from += 5) {
    client.write(wire.subarray(from, from + 5));
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
  assert.deepEqual(await client.answered(1), ['DRIP']);
});

test('a message given up in the middle and sent again on the same connection is taken once, whole', async (t) => {
  const hub = await listen(t);
  const client = await open(t, hub.listener.port);
  client.write(framed('A', 'patient one').subarray(0, 60), framed('B', 'patient two'));
  assert.deepEqual(await client.answered(1), ['B']);
  assert.deepEqual(
    hub.received.map((frame) => Buffer.from(frame)),
    [message('B', 'patient two')],
  );
  assert.ok(hub.kinds().includes('restarted'));
});

test('random messages, cut anywhere, over many connections: byte for byte and in order', async (t) => {
  const hub = await listen(t, { limits: { ...LIMITS, maxConnections: 1000 } });
  const part = fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('\x1c', '.').replaceAll('\x0b', '.'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 10 }),
      async (parts, cuts) => {
        hub.received.length = 0;
        const sent = parts.map((text, at) => message(`R${at}`, text.replaceAll('\r', '.')));
        const client = await open(t, hub.listener.port);
        const wire = Buffer.concat(sent.map((one) => encodeFrame(one)));
        for (let from = 0, at = 0; from < wire.length; at += 1) {
          const length = cuts[at % cuts.length] ?? 1;
          client.write(wire.subarray(from, from + length));
          if (at % 3 === 0) await turn();
          from += length;
        }
        assert.deepEqual(
          await client.answered(sent.length),
          sent.map((_, at) => `R${at}`),
        );
        assert.deepEqual(
          hub.received.map((frame) => Buffer.from(frame)),
          sent,
        );
        client.socket.end();
        await once(client.socket, 'close');
      },
    ),
    { numRuns: 60 },
  );
});
