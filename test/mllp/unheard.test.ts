/** Answers that no client takes: kept, and a person knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import type { Hl7Outcome } from '../../src/connectors/contract-hl7.ts';
import { deliverToClients } from '../../src/mllp/client-deliver.ts';
import type { BoundClient } from '../../src/mllp/request-clients.ts';
import type { ClientHl7 } from '../../src/settings/client-hl7-shape.ts';
import { systemScope, type Tx } from '../../src/store/contract.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { openedStore } from '../store/opened.ts';
import { eventually } from '../support/wait.ts';

const SCOPE = systemScope('test');
const ACCEPTED = { kind: 'accepted', ack: { code: 'AA', bytes: new Uint8Array() } } as unknown as Hl7Outcome;

test('what is owed to a client without an address is kept, told to a person once, and goes when it has one again', async (t) => {
  const { store } = await openedStore(t);
  const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => store.transaction(SCOPE, work);
  const now = systemClock.now();
  await write(async (tx) => {
    const body = Buffer.from('MSH|^~\\&|HIS');
    const asked = { client: 'his', placer: 'A', content: 'c', reply: 'address', body } as const;
    const { request } = await tx.hl7Requests.take(asked, now);
    const done = {
      state: 'done',
      code: 'AA',
      isFinal: true,
      answer: body,
      bookingId: null,
      appointmentId: null,
    } as const;
    await tx.hl7Requests.answered(request.id, done, now);
    const owed = {
      receiver: 'client',
      receiverId: 'his',
      kind: 'answer',
      bookingId: null,
      appointmentId: null,
    } as const;
    await tx.outbox.add({ ...owed, body: { request: String(request.id) }, trace: null }, now, now);
  });
  const items = async (): Promise<readonly WorkItem[]> => write((tx) => tx.workItems.list(10));
  const bound: { answers?: ClientHl7['answers'] } = {};
  const sent: Uint8Array[] = [];
  const delivery = deliverToClients({
    store,
    clock: systemClock,
    clients: () => [{ id: 'his', hl7: { ...bound } } as unknown as BoundClient],
    sender: () => ({
      send: (bytes) => {
        sent.push(bytes);
        return Promise.resolve(ACCEPTED);
      },
      reach: () => Promise.resolve(null),
      close: () => Promise.resolve(),
    }),
    told: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  t.after(() => delivery.stop());
  const [item] = await eventually('a person is told', async () => {
    const open = await items();
    return open.length > 0 && open;
  });
  assert.deepEqual([item?.kind, item?.subject, item?.evidence['client']], ['unheard-answer', 'hl7-client:his', 'his']);
  delivery.ring();
  assert.equal(sent.length, 0);
  bound.answers = {
    host: 'his',
    port: 1,
    connectWithin_ms: 100,
    answerWithin_ms: 100,
    keepOpen_s: 1,
  };
  delivery.ring();
  await eventually('it is told', async () => sent.length === 1 && (await items()).length === 0);
});
