/** Senders that do not wait for each answer: their frames are stored together, and nothing changes places. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { SiteEvent } from '../../src/connectors/contract.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { receiver } from '../../src/pipeline/receive.ts';
import { NOON, openedStore, type Opened } from '../store/opened.ts';
import { accept, framed, gate, ids, LIMITS, listen, open, turn, type Running } from './wire.ts';

test('frames of one connection are with receive at once up to the limit, in their order, and so are the answers', async (t) => {
  const gates = Array.from({ length: 5 }, gate);
  const order: string[] = [];
  const hub = await listen(t, {
    limits: { ...LIMITS, pipelined_frames: 3 },
    receive: async (frame) => {
      const [id = ''] = ids([frame]);
      order.push(id);
      await gates[Number(id.slice(1))]?.passed;
      return accept(frame);
    },
  });
  const client = await open(t, hub.listener.port);
  client.write(Buffer.concat(gates.map((_, index) => framed(`M${index}`))));
  await hub.event('frame', 5);
  await turn();
  assert.deepEqual(order, ['M0', 'M1', 'M2']);
  gates[1]?.open();
  gates[2]?.open();
  await turn();
  assert.equal(client.answers.length, 0, 'the answer to the first is the first answer');
  for (const one of gates) one.open();
  assert.deepEqual(await client.answered(5), ['M0', 'M1', 'M2', 'M3', 'M4']);
});

test('behind a frame that failed none is answered, also when it was stored sooner', async (t) => {
  const first = gate();
  const hub = await listen(t, {
    limits: { ...LIMITS, pipelined_frames: 8 },
    receive: async (frame) => {
      const [id = ''] = ids([frame]);
      if (id === 'B') {
        await first.passed;
        throw new HubError('DISK_FULL');
      }
      return accept(frame);
    },
  });
  const client = await open(t, hub.listener.port);
  client.write(Buffer.concat(['A', 'B', 'C', 'D'].map((id) => framed(id))));
  await client.answered(1);
  first.open();
  await client.closed;
  assert.deepEqual(ids(client.answers), ['A']);
  assert.equal(hub.kinds().filter((kind) => kind === 'error').length, 1);
});

test('a connection whose frames are being stored is not idle, and closes when they were', async (t) => {
  const stored = gate();
  const hub = await listen(t, {
    limits: { ...LIMITS, idle_ms: 40, pipelined_frames: 4 },
    receive: async (frame) => (await stored.passed, accept(frame)),
  });
  const [busy, quiet] = [await open(t, hub.listener.port), await open(t, hub.listener.port)];
  busy.write(framed('A'), framed('B'));
  await quiet.closed;
  await (
    await open(t, hub.listener.port)
  ).closed;
  assert.equal(busy.socket.destroyed, false);
  stored.open();
  assert.deepEqual(await busy.answered(2), ['A', 'B']);
  await busy.closed;
});

interface Whole extends Opened {
  readonly hub: Running;
  /** Ids of the frames in the order of what is stored. */
  readonly stored: () => Promise<readonly string[]>;
}

/** Listener, receiver and a real store; frames whose id begins with `NUL` are refused by the database. */
async function whole(t: TestContext): Promise<Whole> {
  const opened = await openedStore(t);
  const stage = receiver({
    store: opened.store,
    clock: systemClock,
    events: { received: () => undefined } as unknown as Parameters<typeof receiver>[0]['events'],
    stored: () => undefined,
  });
  const hub = await listen(t, {
    limits: { ...LIMITS, pipelined_frames: 32 },
    receive: async (frame, peer) => {
      await stage.store('piped', 'hl7', [eventOf(frame)], null, peer);
      return accept(frame);
    },
  });
  t.after(() => stage.stop());
  return {
    ...opened,
    hub,
    stored: async () => {
      const list = await opened.write((tx) => tx.inbox.list({ limit: 1000 }));
      return list.map((one) => one.controlId ?? '');
    },
  };
}

function eventOf(frame: Uint8Array): SiteEvent {
  const [id = ''] = ids([frame]);
  return {
    shape: 'event',
    kind: 'SIU^S12',
    id,
    controlId: id,
    // A moment that the database refuses, so that the statement fails for this one alone.
    occurredAt: id.startsWith('NUL') ? (-8e15 as typeof NOON) : NOON,
    sequenceKeys: [`appointment:${id}`],
    contentType: 'x-application/hl7-v2+er7',
    body: frame,
  };
}

test('a hundred pipelined frames of each of four senders are stored in their order and answered in it', async (t) => {
  const { hub, stored } = await whole(t);
  const names = ['a', 'b', 'c', 'd'];
  const sent = (name: string): string[] => Array.from({ length: 100 }, (_, index) => `${name}${index}`);
  await Promise.all(
    names.map(async (name) => {
      const client = await open(t, hub.listener.port);
      for (const id of sent(name)) client.write(framed(id));
      assert.deepEqual(await client.answered(100), sent(name));
    }),
  );
  const all = await stored();
  assert.equal(all.length, 400);
  for (const name of names) {
    assert.deepEqual(
      all.filter((id) => id.startsWith(name)),
      sent(name),
    );
  }
});

test('a frame that the database refuses leaves everything behind it on its connection unstored and unanswered', async (t) => {
  const { hub, stored } = await whole(t);
  const client = await open(t, hub.listener.port);
  const other = await open(t, hub.listener.port);
  client.write(Buffer.concat(['A', 'B', 'NUL', 'D', 'E'].map((id) => framed(id))));
  other.write(Buffer.concat(['X', 'Y'].map((id) => framed(id))));
  await client.closed;
  assert.deepEqual(await other.answered(2), ['X', 'Y']);
  assert.deepEqual(ids(client.answers), ['A', 'B']);
  assert.deepEqual((await stored()).toSorted(), ['A', 'B', 'X', 'Y']);
});
