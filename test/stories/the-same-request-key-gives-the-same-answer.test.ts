import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { OperationOutcome } from '../../src/fhir/types.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, siteKeyOf } from '../support/caller.ts';
import { MIDTOWN } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';

const hub = await startHub({ after }, { sites: [MIDTOWN] });
const caller = callerOf(hub);
const [patientId = '', another = ''] = await patientsOf(caller, MIDTOWN);
const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');

async function writesAt(site: string): Promise<number> {
  const { calls } = await practiceOf(hub, site).state('calls');
  return (calls as Readonly<Record<string, number>>)['POST /api/v1/appointments 200'] ?? 0;
}

describe('the same request key gives the same answer', () => {
  test('one by one and all at once, and the site is written to once', async () => {
    const booking = { slot: slots[0]!, patientId, key: 'portal-4711' };
    const before = await writesAt(MIDTOWN);
    const first = await Promise.all(Array.from({ length: 8 }, async () => caller.settled(await caller.book(booking))));
    const later = await caller.settled(await caller.book(booking));
    const ids = new Set([...first, later].map((answer) => bookedIn(answer).id));
    assert.equal(ids.size, 1);
    assert.deepEqual(first.filter((answer) => answer.status === 201).length, 1, 'one call made it, the others repeat');
    assert.equal(later.status, 200);
    assert.equal(await writesAt(MIDTOWN), before + 1);
  });

  test('also over a kill of the hub', async () => {
    const booking = { slot: slots[4]!, patientId, key: 'portal-4712' };
    const booked = bookedIn(await caller.settled(await caller.book(booking)));
    await hub.kill();
    await hub.start();
    const again = bookedIn(await caller.settled(await caller.book(booking)));
    assert.equal(again.id, booked.id);
    assert.equal(siteKeyOf(again, MIDTOWN), siteKeyOf(booked, MIDTOWN));
  });

  test('with another body it is refused', async () => {
    const key = 'portal-4713';
    const booked = bookedIn(await caller.settled(await caller.book({ slot: slots[8]!, patientId, key })));
    for (const other of [
      { slot: slots[12]!, patientId },
      { slot: slots[8]!, patientId: another },
    ]) {
      const answer = await caller.book({ ...other, key });
      assert.equal(answer.status, 422, answer.text);
      assert.equal((JSON.parse(answer.text) as OperationOutcome).resourceType, 'OperationOutcome');
    }
    assert.equal(bookedIn(await caller.book({ slot: slots[8]!, patientId, key })).id, booked.id);
  });

  test('and it is the key of one client: another client may use the same', async () => {
    const key = 'portal-4714';
    const mine = bookedIn(await caller.settled(await caller.book({ slot: slots[16]!, patientId, key })));
    const admin = callerOf(hub, 'admin');
    const theirs = bookedIn(await admin.settled(await admin.book({ slot: slots[20]!, patientId, key })));
    assert.notEqual(mine.id, theirs.id);
  });
});
