import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { systemScope } from '../../src/store/contract.ts';
import { at, NOON, openedStore } from './opened.ts';

const { store, pool, write } = await openedStore({ after });

test('entries are read back in their order, in the name of whoever wrote them', async () => {
  const [bookingId, appointmentId, slotId] = [randomUUID(), randomUUID(), randomUUID()];
  await store.transaction({ ...systemScope('book'), actor: 'client:portal' }, async (tx) => {
    await tx.ledger.add([
      {
        at: at(2),
        kind: 'held',
        site: 'a',
        bookingId,
        appointmentId,
        slotId,
        cause: 'r1',
        data: { seats: 2, first: true },
      },
      { at: at(1), kind: 'sent', bookingId },
      { at: NOON, kind: 'offered', slotId },
    ]);
  });
  await write((tx) => tx.ledger.add([{ at: at(3), kind: 'booked', bookingId }]));
  assert.deepEqual(await write((tx) => tx.ledger.ofBooking(bookingId)), [
    {
      at: at(2),
      kind: 'held',
      site: 'a',
      bookingId,
      appointmentId,
      slotId,
      cause: 'r1',
      data: { seats: 2, first: true },
      actor: 'client:portal',
    },
    { at: at(1), kind: 'sent', bookingId, data: {}, actor: 'client:portal' },
    { at: at(3), kind: 'booked', bookingId, data: {}, actor: 'hub:test' },
  ]);
});

test('no entries are no statement', async () => {
  await write((tx) => tx.ledger.add([]));
});

test('an audit entry carries the actor and purpose of its scope, and goes with its transaction', async () => {
  const scope = { ...systemScope('http'), actor: 'client:portal', purpose: 'treatment' } as const;
  const entry = { at: NOON, action: 'read', resourceType: 'Patient', resourceId: 'p1', outcome: 'success' } as const;
  await store.transaction(scope, (tx) => tx.audit({ ...entry, site: 'a', requestId: 'r1' }));
  await assert.rejects(
    store.transaction(scope, async (tx) => {
      await tx.audit({ ...entry, requestId: 'r2' });
      throw new Error('it did not happen');
    }),
  );
  const { rows } = await pool.query(
    'SELECT at, actor, purpose, action, resource_type, resource_id, site, outcome, request_id FROM audit',
  );
  assert.deepEqual(rows, [
    {
      at: NOON,
      actor: 'client:portal',
      purpose: 'treatment',
      action: 'read',
      resource_type: 'Patient',
      resource_id: 'p1',
      site: 'a',
      outcome: 'success',
      request_id: 'r1',
    },
  ]);
});
