/** The sender against receivers that answer late, twice, in pieces, for others, or hang up whenever it hurts. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { instant } from '../../src/core/instant.ts';
import { ackClass, ackErrors } from '../../src/hl7v2/ack-class.ts';
import { acknowledge, type AckCode, type AckErrorCode } from '../../src/hl7v2/acknowledge.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { header } from '../../src/hl7v2/header.ts';
import type { SendOutcome } from '../../src/mllp/open-answers.ts';
import { createSender, type Sender, type SenderOptions } from '../../src/mllp/sender.ts';
import { gate, ids, message, turn } from './wire.ts';
import { receiver, type Receiver } from './receiver.ts';

function sender(t: TestContext, port: number, more: Partial<SenderOptions> = {}): Sender {
  const made = createSender({
    host: '127.0.0.1',
    port,
    clock: systemClock,
    connect_ms: 5000,
    ack_ms: 5000,
    backOff: { first_ms: 1, max_ms: 5 },
    ...more,
  });
  t.after(() => made.close());
  return made;
}

function answer(frame: Uint8Array, code: AckCode, errors: readonly AckErrorCode[] = []): Uint8Array {
  const why = errors.map((one) => ({ code: one }));
  return encodeFrame(acknowledge(header(frame), { code, controlId: 'R', at: instant(0), errors: why }));
}

/** Sent, and given up once it has arrived, as the end of a time limit does. */
async function givenUp(out: Sender, site: Receiver, id: string): Promise<SendOutcome> {
  const patience = new AbortController();
  const before = site.frames.length;
  const sent = out.send(message(id), { signal: patience.signal });
  while (site.frames.length === before) await turn();
  patience.abort();
  return await sent;
}

function summary(outcome: SendOutcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted ${outcome.ack.code} ${outcome.ack.rawControlId}`;
    case 'refused':
      return `refused ${outcome.code}${outcome.repeat ? ', repeat' : ''}`;
    default:
      return `${outcome.kind} ${outcome.error.code}`;
  }
}

test('an answer that comes too late is handed out, and the connection that owed it is used no more', async (t) => {
  const stray: Uint8Array[] = [];
  const came = gate();
  const site = await receiver(t, (frame, socket) => {
    if (header(frame).controlId === 'A') return;
    socket.write(answer(frame, 'AA'));
  });
  const out = sender(t, site.port, {
    onStrayAnswer: (bytes) => {
      stray.push(bytes);
      came.open();
    },
  });
  assert.equal(summary(await givenUp(out, site, 'A')), 'unknown SITE_ANSWER_LOST');
  assert.equal(summary(await out.send(message('B'))), 'accepted AA B');
  const [first = new Uint8Array()] = site.frames;
  site.sockets[0]?.write(answer(first, 'AE'));
  await came.passed;
  assert.deepEqual(ids(stray), ['A']);
  assert.equal(summary(await out.send(message('C'))), 'accepted AA C');
  assert.deepEqual([site.sockets.length, site.frames.length], [2, 3]);
});

test('the late answer to a message is not the answer to the same message sent again', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    if (site.frames.length === 1) return;
    site.sockets[0]?.write(answer(frame, 'AE'));
    setImmediate(() => socket.write(answer(frame, 'AA')));
  });
  const stray: Uint8Array[] = [];
  const out = sender(t, site.port, { onStrayAnswer: (bytes) => stray.push(bytes) });
  assert.equal(summary(await givenUp(out, site, 'A')), 'unknown SITE_ANSWER_LOST');
  assert.equal(summary(await out.send(message('A'))), 'accepted AA A');
});

test('an answer that comes twice, or for a message long done, moves nothing', async (t) => {
  const stray: Uint8Array[] = [];
  const site = await receiver(t, (frame, socket) => {
    const old = site.frames.slice(0, -1).map((one) => answer(one, 'AE'));
    socket.write(Buffer.concat([...old, answer(frame, 'AA'), answer(frame, 'AR'), answer(frame, 'AA')]));
  });
  const out = sender(t, site.port, { onStrayAnswer: (bytes) => stray.push(bytes) });
  for (const id of ['A', 'B', 'C']) assert.equal(summary(await out.send(message(id))), `accepted AA ${id}`);
  assert.deepEqual(new Set(ids(stray)), new Set(['A', 'B']));
});

test('an answer in pieces, with noise around it, is one answer', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    const bytes = Buffer.concat([Buffer.from('noise\r\n'), answer(frame, 'AA'), Buffer.from('\n\n')]);
    const write = (at: number): void => {
      if (at === bytes.length) return;
      socket.write(bytes.subarray(at, at + 1), () => setImmediate(write, at + 1));
    };
    write(0);
  });
  const out = sender(t, site.port);
  assert.equal(summary(await out.send(message('A'))), 'accepted AA A');
  assert.equal(summary(await out.send(message('B'))), 'accepted AA B');
});

test('a receiver that closes after each answer gets a new connection for each message', async (t) => {
  const site = await receiver(t, (frame, socket) => socket.end(answer(frame, 'AA')));
  const out = sender(t, site.port);
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => out.send(message(`M${at}`))));
  assert.deepEqual(
    outcomes.map(summary),
    outcomes.map((_, at) => `accepted AA M${at}`),
  );
  assert.equal(site.sockets.length, 20);
  assert.deepEqual(
    ids(site.frames),
    outcomes.map((_, at) => `M${at}`),
  );
});

test('a receiver that closes its half without an answer leaves the message unknown at once', async (t) => {
  const site = await receiver(t, (_frame, socket) => socket.end(), true);
  assert.equal(summary(await sender(t, site.port, { ack_ms: 600_000 }).send(message('A'))), 'unknown SITE_ANSWER_LOST');
});

test('CA without a decision is not lost, whatever ends the waiting', async (t) => {
  const site = await receiver(t, (frame, socket) => {
    socket.write(answer(frame, 'CA'));
    if (header(frame).controlId === 'B') socket.end();
  });
  const out = sender(t, site.port, { decision_ms: 20 });
  assert.equal(summary(await out.send(message('A'), { until: 'application' })), 'accepted CA A');
  assert.equal(site.sockets.length, 1);
  assert.equal(summary(await out.send(message('B'), { until: 'application' })), 'accepted CA B');
  const stopped = new AbortController();
  const long = sender(t, site.port, { decision_ms: 600_000 });
  const third = long.send(message('C'), { until: 'application', signal: stopped.signal });
  while (site.frames.length < 3) await turn();
  setImmediate(() => stopped.abort());
  assert.match(summary(await third), /^(accepted CA C|unknown SITE_ANSWER_LOST)$/);
});

test('whoever gives up before the message left knows that it did not leave', async (t) => {
  const site = await receiver(t, () => undefined);
  const out = sender(t, site.port);
  const first = out.send(message('A'));
  const stopped = new AbortController();
  const second = out.send(message('B'), { signal: stopped.signal });
  while (site.frames.length === 0) await turn();
  stopped.abort();
  await out.close();
  assert.deepEqual([summary(await first), (await second).kind], ['unknown SITE_ANSWER_LOST', 'unsent']);
  assert.deepEqual(ids(site.frames), ['A']);
});

test('after a failed connection the next one waits, longer each time', async (t) => {
  const site = await receiver(t, () => undefined);
  const { port } = site;
  const out = sender(t, 1, { backOff: { first_ms: 60_000, max_ms: 60_000 } });
  assert.equal(summary(await out.send(message('A'))), 'unsent SITE_UNREACHABLE');
  const again = await out.send(message('B'));
  assert.ok(again.kind === 'unsent' && (again.error.retryAfter_ms ?? 0) > 50_000);
  assert.equal(port > 0, true);
});

test('what provably is not there is tried again in its place, so that nothing overtakes it', async (t) => {
  let refusals = 3;
  const site = await receiver(t, (frame, socket) => {
    refusals -= 1;
    socket.write(refusals < 0 ? answer(frame, 'AA') : answer(frame, 'AR', ['207']));
  });
  const out = sender(t, site.port, { repeatFor_ms: 60_000 });
  const outcomes = await Promise.all(['A', 'B', 'C'].map((id) => out.send(message(id))));
  assert.deepEqual(outcomes.map(summary), ['accepted AA A', 'accepted AA B', 'accepted AA C']);
  assert.deepEqual(ids(site.frames), ['A', 'A', 'A', 'A', 'B', 'C']);
});

test('a connection that was quiet for too long is replaced before it is used', async (t) => {
  const site = await receiver(t, (frame, socket) => void socket.write(answer(frame, 'AA')));
  const out = sender(t, site.port, { maxQuiet_ms: 0 });
  await out.send(message('A'));
  await systemClock.sleep(5);
  assert.equal(summary(await out.send(message('B'))), 'accepted AA B');
  assert.equal(site.sockets.length, 2);
});

test('with several in flight answers find their messages in any order; one id is never under way twice', async (t) => {
  const site = await receiver(t, (_frame, socket) => {
    if (site.frames.length < 4) return;
    const open = site.frames.splice(0).reverse();
    for (const one of open) socket.write(answer(one, header(one).controlId === 'B' ? 'AE' : 'AA'));
  });
  const out = sender(t, site.port, { inFlight: 4 });
  const sent = ['A', 'B', 'C', 'D'].map((id) => out.send(message(id)));
  assert.deepEqual((await Promise.all(sent)).map(summary), [
    'accepted AA A',
    'refused AE',
    'accepted AA C',
    'accepted AA D',
  ]);
  const twice = [out.send(message('X')), out.send(message('X'))];
  await turn();
  while (site.frames.length === 0) await turn();
  assert.deepEqual(ids(site.frames), ['X']);
  await out.close();
  assert.deepEqual((await Promise.all(twice)).map(summary), ['unknown SITE_ANSWER_LOST', 'unsent STOPPING']);
});

test('a message without a control id is not sent: no answer could be known to be its', async (t) => {
  const site = await receiver(t, () => undefined);
  assert.equal(summary(await sender(t, site.port).send(message(''))), 'unsent MESSAGE_INCOMPLETE');
  assert.equal(site.sockets.length, 0);
});

test('what may be repeated is told by code and error, as the table says', () => {
  const expected: Readonly<Record<'AE' | 'AR' | 'CE' | 'CR', string>> = {
    AE: 'permanent permanent transient permanent permanent',
    AR: 'transient permanent transient transient permanent',
    CE: 'transient permanent transient transient permanent',
    CR: 'permanent permanent transient transient permanent',
  };
  for (const [code, row] of Object.entries(expected) as [keyof typeof expected, string][]) {
    const cells = [[], ['201'], ['206'], ['207'], ['101']].map((errors) => ackClass(code, errors));
    assert.equal(cells.join(' '), row, code);
  }
  const both = `MSH|^~\\&|A|B|||||ACK|1|P|2.3\rMSA|AE|1|no|||207^x\rERR|PID^1^3^204&Unknown~PV1^1^2^0\r`;
  assert.deepEqual(ackErrors(Buffer.from(both)), ['207', '204']);
});
