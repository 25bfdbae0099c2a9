import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { MINUTE_MS, plus, type Interval } from '../../src/core/instant.ts';
import { EXTENSIONS, type Slot } from '../../src/fhir/types.ts';
import { textOf } from '../conformance/control.ts';
import { at, bookedIn, during, freeSlots, idIn, overlaps, patientsOf, siteKeyOf } from '../support/caller.ts';
import { GROUP, MIDTOWN, ORTIZ, THERAPY } from '../support/config-folder.ts';
import { practiceSeenSoon } from '../support/practice-seen-soon.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const SEATS = 2;

const { hub, caller, staff, slotsOfOrtiz: his } = await practiceSeenSoon({ after });
const [patientId = '', second = '', third = ''] = await patientsOf(caller, MIDTOWN);

async function statusOf(slot: Slot): Promise<string> {
  return (await caller.read<Slot>(`Slot/${slot.id ?? ''}`)).status;
}

async function becomes(slot: Slot, status: string): Promise<void> {
  await eventually(`Slot/${slot.id ?? ''} is ${status}`, async () => (await statusOf(slot)) === status);
}

/** Every visit type of his that meets the time, by id. */
async function around(time: Interval): Promise<ReadonlyMap<string, string>> {
  const { rows } = await hub.query(`SELECT id FROM slot WHERE site_key LIKE $1`, [`${ORTIZ}:%`]);
  const ids = new Set(rows.map((row) => row['id']));
  const slots = await caller.search<Slot>('Slot?_count=500');
  const met = slots.filter((slot) => ids.has(slot.id) && overlaps(during(slot), time));
  return new Map(met.map((slot) => [slot.id ?? '', slot.status]));
}

describe('what staff do at a site shows in its slots', () => {
  test('a visit makes its time busy for every visit type, a cancel makes it free under the same ids', async () => {
    const [slot] = await his();
    const before = await around(during(slot!));
    assert.ok(before.size >= 2 && [...before.values()].every((status) => status === 'free'));
    const key = await staff.book({ calendar: ORTIZ, visitType: THERAPY.midtown, start: at(slot!.start) });
    await eventually('all of it is busy', async () => {
      const now = await around(during(slot!));
      return [...before.keys()].every((id) => now.get(id) !== 'free' && now.has(id));
    });
    assert.equal(await statusOf(slot!), 'busy');
    await staff.cancel(key);
    await eventually('all of it is free', async () => {
      const now = await around(during(slot!));
      return [...before.keys()].every((id) => now.get(id) === 'free');
    });
    assert.deepEqual([...(await around(during(slot!))).keys()].sort(), [...before.keys()].sort());
  });

  test('a visit that is moved takes the new time and gives the old one back', async () => {
    const slots = await his();
    const [from, to] = [slots[1]!, slots[4]!];
    const key = await staff.book({ calendar: ORTIZ, visitType: THERAPY.midtown, start: at(from.start) });
    await becomes(from, 'busy');
    await staff.move(key, at(to.start));
    await Promise.all([becomes(from, 'free'), becomes(to, 'busy')]);
    await staff.cancel(key);
    await becomes(to, 'free');
  });

  test('closed time is not offered and not booked, and is offered again when it is opened', async () => {
    const slots = await his();
    const slot = slots[6]!;
    const { start } = during(slot);
    const block = await staff.act('block', {
      calendarID: Number(ORTIZ),
      start: new Date(start).toISOString(),
      end: new Date(plus(start, 30 * MINUTE_MS)).toISOString(),
      notes: 'inventory',
    });
    await eventually('it is not offered', async () => (await statusOf(slot)) !== 'free');
    assert.equal((await caller.book({ slot, patientId })).status, 409);
    await staff.act('unblock', { id: textOf(block['id']) });
    await becomes(slot, 'free');
  });

  test('the seats of a class are counted: the last one is taken, and free again after a cancel', async () => {
    const free = (await his())[8]!;
    const meeting = { appointmentTypeID: Number(GROUP), calendarID: Number(ORTIZ), datetime: free.start, seats: SEATS };
    await staff.act('add-class', meeting);
    const group = await eventually('the class is offered', async () => {
      const offered = await freeSlots(caller, MIDTOWN, 'group-mindfulness');
      return offered.find((slot) => at(slot.start) === at(free.start)) ?? null;
    });
    const left = async (): Promise<number> => {
      const { extension = [] } = await caller.read<Slot>(`Slot/${group.id ?? ''}`);
      const said = extension.find((one) => one.url === EXTENSIONS.capacityLeft);
      return said?.valueInteger ?? -1;
    };
    assert.equal(await left(), SEATS);
    const first = bookedIn(await caller.settled(await caller.book({ slot: group, patientId })));
    assert.equal(await statusOf(group), 'free', 'one seat is left');
    assert.notEqual(await statusOf(free), 'free', 'but his time is not free for anything else');
    bookedIn(await caller.settled(await caller.book({ slot: group, patientId: second })));
    await becomes(group, 'busy');
    assert.equal((await caller.book({ slot: group, patientId: third })).status, 409);
    const cancelled = await caller.settled(await caller.cancelByPatch(first.id ?? ''));
    assert.equal(cancelled.status, 200, cancelled.text);
    await becomes(group, 'free');
    const again = bookedIn(await caller.settled(await caller.book({ slot: group, patientId: third })));
    assert.notEqual(siteKeyOf(again, MIDTOWN), '');
    assert.equal(idIn(again.slot?.[0]), group.id);
    await eventually('no seat is left', async () => (await left()) === 0);
  });

  test('afterwards hub and site agree', async () => {
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await eventuallyNone('hub and site agree', () => disagreements(hub));
  });
});
