import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import type { Instant } from '../../src/core/instant.ts';
import type { Delivery } from '../../src/store/contract-bookings.ts';
import { at, NOON, openedStore } from './opened.ts';

const { write } = await openedStore({ after }, { max: 12 });

let receivers = 0;
const newReceiver = (): string => `receiver-${(receivers += 1)}`;
const add = (receiverId: string, more: Partial<Delivery> = {}, due: Instant = NOON): Promise<number> =>
  write((tx) =>
    tx.outbox.add(
      {
        receiver: 'site',
        receiverId,
        kind: 'place',
        bookingId: null,
        appointmentId: null,
        body: {},
        trace: null,
        ...more,
      },
      due,
      NOON,
    ),
  );
const claim = (receiverId: string, now = NOON, limit = 10): Promise<readonly Delivery[]> =>
  write((tx) => tx.outbox.claim('site', receiverId, now, at(5), limit));
const ids = (deliveries: readonly Delivery[]): readonly number[] => deliveries.map((one) => one.id);

test('a due delivery is claimed once, as sent, with what was put into it', async () => {
  const receiver = newReceiver();
  const [bookingId, appointmentId] = [randomUUID(), randomUUID()];
  const id = await add(receiver, { kind: 'block', bookingId, appointmentId, body: { calendar: '84021' }, trace: 't' });
  assert.deepEqual(await claim(receiver), [
    {
      id,
      receiver: 'site',
      receiverId: receiver,
      kind: 'block',
      bookingId,
      appointmentId,
      body: { calendar: '84021' },
      state: 'sent',
      attempts: 1,
      trace: 't',
    },
  ]);
  assert.deepEqual(await claim(receiver), []);
});

test('what is not due yet, or is owed to another receiver, stays', async () => {
  const receiver = newReceiver();
  const later = await add(receiver, {}, at(3));
  await add(newReceiver());
  assert.deepEqual(await claim(receiver, at(2)), []);
  assert.deepEqual(ids(await claim(receiver, at(3))), [later]);
});

test('a claim takes no more than its limit, those due first', async () => {
  const receiver = newReceiver();
  const second = await add(receiver, {}, at(-1));
  const first = await add(receiver, {}, at(-2));
  const third = await add(receiver, {}, at(0));
  assert.deepEqual(new Set(ids(await claim(receiver, NOON, 2))), new Set([first, second]));
  assert.deepEqual(ids(await claim(receiver, NOON, 2)), [third]);
});

test('many workers of one receiver share its deliveries without sending one twice', async () => {
  const receiver = newReceiver();
  const all = await Promise.all(Array.from({ length: 40 }, () => add(receiver)));
  const taken = await Promise.all(Array.from({ length: 10 }, () => claim(receiver, NOON, 6)));
  const claimed = taken.flatMap(ids);
  assert.equal(new Set(claimed).size, claimed.length);
  const rest = ids(await claim(receiver, NOON, 100));
  assert.deepEqual(
    [...claimed, ...rest].toSorted((a, b) => a - b),
    all.toSorted((a, b) => a - b),
  );
});

test('a cancel does not overtake the placement of its appointment, other appointments do', async () => {
  const receiver = newReceiver();
  const [appointmentId, other] = [randomUUID(), randomUUID()];
  const place = await add(receiver, { appointmentId }, at(2));
  const cancel = await add(receiver, { appointmentId, kind: 'cancel' });
  const unrelated = await add(receiver, { appointmentId: other });
  const elsewhere = newReceiver();
  const block = await add(elsewhere, { appointmentId, kind: 'block' });
  assert.deepEqual(ids(await claim(receiver)), [unrelated]);
  assert.deepEqual(ids(await claim(elsewhere)), [block], 'another system does not wait for it');
  assert.deepEqual(ids(await claim(receiver, at(2))), [place]);
  assert.deepEqual(ids(await claim(receiver, at(2))), [], 'it is under way');
  await write((tx) => tx.outbox.finish(place, 'unknown', 'SITE_ANSWER_LOST'));
  assert.deepEqual(ids(await claim(receiver, at(2))), [cancel], 'what is unknown holds nothing up');
});

test('a delivery that was sent and never heard of again is found after its deadline', async () => {
  const receiver = newReceiver();
  const id = await add(receiver);
  await claim(receiver);
  const expired = async (now: Instant): Promise<readonly number[]> =>
    ids((await write((tx) => tx.outbox.expired(now, 100))).filter((one) => one.receiverId === receiver));
  assert.deepEqual(await expired(at(5)), []);
  assert.deepEqual(await expired(at(6)), [id]);
  await write((tx) => tx.outbox.finish(id, 'unknown', 'SITE_ANSWER_LOST'));
  assert.deepEqual(await expired(at(6)), []);
});

test('a late unknown does not undo what is done, and what is done is not sent again', async () => {
  const receiver = newReceiver();
  const id = await add(receiver);
  await claim(receiver);
  await write((tx) => tx.outbox.finish(id, 'done', null));
  await write((tx) => tx.outbox.finish(id, 'unknown', 'SITE_ANSWER_LOST'));
  await write((tx) => tx.outbox.requeue(id, NOON, null));
  assert.deepEqual(await claim(receiver), []);
  const open = (await write((tx) => tx.outbox.depth())).filter((one) => one.receiverId === receiver);
  assert.deepEqual(open, []);
});

test('a delivery put back is sent again at its time and counts its attempts', async () => {
  const receiver = newReceiver();
  const id = await add(receiver);
  await claim(receiver);
  await write((tx) => tx.outbox.requeue(id, at(1), 'SITE_UNREACHABLE'));
  assert.deepEqual(await claim(receiver), []);
  const [again] = await claim(receiver, at(1));
  assert.deepEqual([again?.id, again?.attempts], [id, 2]);
});

test('receivers with something due are named once each, and the depth is told per receiver and state', async () => {
  const [busy, idle, parked] = [newReceiver(), newReceiver(), newReceiver()];
  for (let count = 0; count < 3; count += 1) await add(busy);
  await add(idle, {}, at(10));
  const id = await add(parked);
  await write((tx) => tx.outbox.finish(id, 'parked', 'SITE_FORBIDS'));
  const due = (await write((tx) => tx.outbox.receiversDue('site', NOON))).filter((one) =>
    [busy, idle, parked].includes(one),
  );
  assert.deepEqual(due, [busy]);
  assert.deepEqual(await write((tx) => tx.outbox.receiversDue('subscriber', NOON)), []);
  const depth = (await write((tx) => tx.outbox.depth())).filter((one) => [busy, idle, parked].includes(one.receiverId));
  assert.deepEqual(
    depth.toSorted((left, right) => left.receiverId.localeCompare(right.receiverId)),
    [
      { receiver: 'site', receiverId: busy, state: 'queued', count: 3 },
      { receiver: 'site', receiverId: idle, state: 'queued', count: 1 },
      { receiver: 'site', receiverId: parked, state: 'parked', count: 1 },
    ],
  );
});
