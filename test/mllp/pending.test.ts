/** What waits of one connection is bounded by its size, not only by its number. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { accept, framed, LIMITS, listen } from './wire.ts';

test('a sender of large messages that does not wait for answers is read only so far ahead', async (t) => {
  const stored = Promise.withResolvers<undefined>();
  const running = await listen(t, {
    limits: { ...LIMITS, maxPending_frames: 64, pipelined_frames: 32 },
    receive: async (frame) => {
      if (frame.length > 5_000) await stored.promise;
      return accept(frame);
    },
  });
  const flood = connect(running.listener.port, '127.0.0.1');
  t.after(() => flood.destroy());
  await once(flood, 'connect');
  const large = Array.from({ length: 30 }, (_, at) => framed(`L${at}`, 'x'.repeat(9_000)));
  flood.write(Buffer.concat(large));
  // Others are served meanwhile; after twenty of their round trips whatever was to be read is read.
  const other = connect(running.listener.port, '127.0.0.1');
  t.after(() => other.destroy());
  for (let turn = 0; turn < 20; turn += 1) {
    other.write(framed(`S${turn}`));
    await once(other, 'data');
  }
  const isLarge = (frame: Uint8Array): boolean => frame.length > 5_000;
  assert.ok(running.received.filter(isLarge).length <= 5, `${running.received.filter(isLarge).length} were taken`);
  stored.resolve(undefined);
  await running.event('answered', 50);
  assert.equal(running.received.filter(isLarge).length, 30);
});
