import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { acknowledge, type AckCode } from '../../src/hl7v2/acknowledge.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import type { SendOutcome } from '../../src/mllp/open-answers.ts';
import { createSender, type Sender, type SenderOptions } from '../../src/mllp/sender.ts';
import { accept, framed, gate, ids, listen, message, turn } from './wire.ts';
import { receiver } from './receiver.ts';

function sender(t: TestContext, port: number, more: Partial<SenderOptions> = {}): Sender {
  const made = createSender({
    host: '127.0.0.1',
    port,
    clock: systemClock,
    connect_ms: 5000,
    ack_ms: 5000,
    ...more,
  });
  t.after(() => made.close());
  return made;
}

function answer(frame: Uint8Array, code: AckCode, text?: string): Uint8Array {
  const words = text === undefined ? {} : { text };
  return encodeFrame(acknowledge(header(frame), { code, controlId: 'R', at: instant(0), ...words }));
}

function summary(outcome: SendOutcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted ${outcome.ack.code} ${outcome.ack.rawControlId}`;
    case 'refused':
      return `refused ${outcome.code} ${outcome.text}`;
    default:
      return `${outcome.kind} ${outcome.error.code}`;
  }
}

test('messages go out one at a time over one connection and in order', async (t) => {
  const hub = await listen(t, { receive: async (frame) => (await turn(), accept(frame)) });
  const out = sender(t, hub.listener.port);
  const all = Array.from({ length: 50 }, (_, at) => `M${at}`);
  const outcomes = await Promise.all(all.map((id) => out.send(message(id))));
  assert.deepEqual(
    outcomes.map(summary),
    all.map((id) => `accepted AA ${id}`),
  );
  assert.deepEqual(ids(hub.received), all);
  assert.equal(hub.kinds().filter((kind) => kind === 'connected').length, 1);
});

test('each code of an answer is its own outcome', async (t) => {
  const codes: AckCode[] = ['AA', 'CA', 'AE', 'AR', 'CE', 'CR'];
  const site = await receiver(t, (frame, socket) => {
    socket.write(answer(frame, header(frame).controlId as AckCode, 'because'));
  });
  const out = sender(t, site.port);
  const outcomes: string[] = [];
  for (const code of codes) outcomes.push(summary(await out.send(message(code))));
  assert.deepEqual(outcomes, [
    'accepted AA AA',
    'accepted CA CA',
    'refused AE because',
    'refused AR because',
    'refused CE because',
    'refused CR because',
  ]);
});

test('a receiver that is not there leaves the message unsent', async (t) => {
  const site = await listen(t);
  await site.listener.close(0);
  assert.equal(summary(await sender(t, site.listener.port).send(message('A'))), 'unsent SITE_UNREACHABLE');
});

test('a message that would end its own frame is not sent', async (t) => {
  const site = await receiver(t, () => undefined);
  assert.equal(summary(await sender(t, site.port).send(Buffer.from('a\x1c\rb'))), 'unsent MESSAGE_UNREADABLE');
  assert.equal(site.sockets.length, 0);
});

test('a connection that closes after the message and before the answer leaves it unknown', async (t) => {
  const site = await receiver(t, (_frame, socket) => socket.end());
  assert.equal(summary(await sender(t, site.port).send(message('A'))), 'unknown SITE_ANSWER_LOST');
});

test('no answer in time leaves it unknown, and the late answer is never the next message’s', async (t) => {
  const late: (() => void)[] = [];
  const site = await receiver(t, (frame, socket) => {
    const reply = (): void => void socket.write(answer(frame, 'AA'));
    if (late.length === 0) late.push(reply);
    else socket.write(answer(frame, 'AE', 'no'));
  });
  const out = sender(t, site.port, { ack_ms: 50 });
  assert.equal(summary(await out.send(message('A'))), 'unknown SITE_ANSWER_LOST');
  const second = out.send(message('B'));
  late[0]?.();
  assert.equal(summary(await second), 'refused AE no');
  assert.equal(site.sockets.length, 2, 'the connection that owed an answer was given up');
});

test('an answer with another control id is set aside and the right one waited for', async (t) => {
  const stray: Uint8Array[] = [];
  const site = await receiver(t, (frame, socket) => {
    socket.write(Buffer.concat([answer(message('OLD'), 'AA'), answer(frame, 'AE', 'no')]));
  });
  const out = sender(t, site.port, { onStrayAnswer: (bytes) => stray.push(bytes) });
  assert.equal(summary(await out.send(message('A'))), 'refused AE no');
  assert.deepEqual(ids(stray), ['OLD']);
});

test('control ids are compared byte for byte, in any character set', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    socket.write(Buffer.concat([answer(message('\u00fe1'), 'AE'), answer(frame, 'AA')]));
  });
  assert.equal(summary(await sender(t, site.port).send(message('\u00ff1'))), 'accepted AA \u00ff1');
});

test('where the decision of the application is wanted, the accept acknowledgement is not the end', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    socket.write(Buffer.concat([answer(frame, 'CA'), answer(frame, 'AE', 'slot taken')]));
  });
  const out = sender(t, site.port);
  assert.equal(summary(await out.send(message('A'), { until: 'application' })), 'refused AE slot taken');
});

test('a negative transport block means that the bytes were not kept; a positive one decides nothing', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    const first = header(frame).controlId === 'A';
    socket.write(first ? '\x0b\x15\x1c\r' : Buffer.concat([Buffer.from('\x0b\x06\x1c\r'), answer(frame, 'AA')]));
  });
  const out = sender(t, site.port);
  assert.equal(summary(await out.send(message('A'))), 'unsent SITE_FAILED');
  assert.equal(summary(await out.send(message('B'))), 'accepted AA B');
});

test('an answer that cannot be read, or has no end, leaves the message unknown', async (t) => {
  const site = await receiver(t, (_frame, socket) => socket.write(`\x0b${'x'.repeat(5000)}`));
  const out = sender(t, site.port, { maxAnswer_bytes: 1000 });
  assert.equal(summary(await out.send(message('A'))), 'unknown SITE_ANSWER_UNREADABLE');
});

test('after a lost connection the next message opens another', async (t) => {
  const hub = await listen(t);
  const out = sender(t, hub.listener.port);
  await out.send(message('A'));
  const again = await listen(t, { port: 0 });
  await hub.listener.close(1000);
  assert.equal(summary(await out.send(message('B'))), 'unsent SITE_UNREACHABLE');
  const other = sender(t, again.listener.port);
  assert.equal(summary(await other.send(message('C'))), 'accepted AA C');
});

test('a connection that the receiver closed while idle is replaced without losing the message', async (t) => {
  const site = await receiver(t, (frame, socket) => void socket.write(answer(frame, 'AA')));
  const out = sender(t, site.port);
  await out.send(message('A'));
  const closed = site.sockets[0];
  assert.ok(closed !== undefined);
  closed.end();
  await once(closed, 'close');
  await turn();
  assert.equal(summary(await out.send(message('B'))), 'accepted AA B');
  assert.equal(site.sockets.length, 2);
});

test('closing leaves what is under way unknown and what waits unsent', async (t) => {
  const arrived = gate();
  const site = await receiver(t, () => arrived.open());
  const out = sender(t, site.port);
  const both = Promise.all([out.send(message('A')), out.send(message('B'))]);
  await arrived.passed;
  await out.close();
  assert.deepEqual((await both).map(summary), ['unknown SITE_ANSWER_LOST', 'unsent STOPPING']);
  assert.equal(site.frames.length, 1);
});

test('closing does not wait for a connection that is still being made', async (t) => {
  const site = await receiver(t, () => undefined);
  const out = sender(t, site.port, { tls: { servername: 'localhost' }, connect_ms: 600_000 });
  const sent = out.send(message('A'));
  while (site.sockets.length === 0) await turn();
  await out.close();
  assert.equal(summary(await sent), 'unsent SITE_UNREACHABLE');
});

test('a receiver that does not finish its TLS greeting leaves the message unsent', async (t) => {
  const site = await receiver(t, () => undefined);
  const out = sender(t, site.port, { tls: { servername: 'localhost' }, connect_ms: 50 });
  assert.equal(summary(await out.send(message('A'))), 'unsent SITE_UNREACHABLE');
});

test('messages go over TLS with a certificate of the sender', async (t) => {
  const pem = (name: string): Buffer => readFileSync(new URL(`./tls/${name}`, import.meta.url));
  const hub = await listen(t, {
    tls: { key: pem('server.key'), cert: pem('server.pem'), ca: pem('ca.pem'), requestCert: true },
  });
  const tls = { ca: pem('ca.pem'), key: pem('client.key'), cert: pem('client.pem'), servername: 'localhost' };
  assert.equal(summary(await sender(t, hub.listener.port, { tls }).send(message('A'))), 'accepted AA A');
  const stranger = sender(t, hub.listener.port, { tls: { servername: 'localhost' } });
  assert.equal(summary(await stranger.send(message('B'))), 'unsent SITE_UNREACHABLE');
  assert.equal(framed('A').length > 0 && hub.received.length, 1);
});
