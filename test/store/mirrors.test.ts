import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import type { Mirror } from '../../src/store/contract-bookings.ts';
import { at, openedStore } from './opened.ts';

const { write } = await openedStore({ after });

const mirror = (more: Partial<Mirror> = {}): Mirror => ({
  appointmentId: randomUUID(),
  site: 'riverside',
  calendar: '84021',
  during: { start: at(0), end: at(30) },
  key: null,
  state: 'owed',
  ...more,
});

test('an appointment has one mirror per calendar, and putting it again changes that one', async () => {
  const owed = mirror();
  const second = { ...owed, calendar: '84022' };
  const placed = { ...owed, key: 'blk-1', state: 'placed', during: { start: at(15), end: at(45) } } as const;
  for (const one of [owed, second, placed]) await write((tx) => tx.mirrors.put(one));
  assert.deepEqual(await write((tx) => tx.mirrors.ofAppointment(owed.appointmentId)), [placed, second]);
  assert.deepEqual(await write((tx) => tx.mirrors.ofAppointment(randomUUID())), []);
});

test('a mirror is found by the key that its site gave it; of a key given twice, the one that stands', async () => {
  const gone = mirror({ key: 'blk-9', state: 'removed', during: { start: at(90), end: at(95) } });
  const stands = mirror({ key: 'blk-9', state: 'placed' });
  for (const one of [stands, gone, mirror({ key: 'blk-9', site: 'elsewhere' })])
    await write((tx) => tx.mirrors.put(one));
  assert.deepEqual(await write((tx) => tx.mirrors.byKey('riverside', 'blk-9')), stands);
  assert.equal(await write((tx) => tx.mirrors.byKey('riverside', 'blk-8')), null);
});
