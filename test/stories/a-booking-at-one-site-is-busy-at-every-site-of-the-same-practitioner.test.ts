import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { formatInstant, MINUTE_MS, plus, type Instant, type Interval } from '../../src/core/instant.ts';
import { EXTENSIONS, SYSTEMS, type Appointment, type Slot } from '../../src/fhir/types.ts';
import { actor } from '../conformance/control.ts';
import { bookedIn, callerOf, during, freeSlots, overlaps, patientsOf, siteKeyOf, siteOf } from '../support/caller.ts';
import { MIDTOWN, NORTHSIDE, RAO, RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

const HER = `schedule.actor:Practitioner.identifier=${SYSTEMS.npi}%7C${RAO.npi}`;

const hub = await startHub({ after });
const caller = callerOf(hub);
const [patientId = ''] = await patientsOf(caller, MIDTOWN);

/** Her slots, at whichever site, that overlap the time. */
async function slotsAround(time: Interval): Promise<readonly Slot[]> {
  const from = encodeURIComponent(formatInstant(plus(time.start, -120 * MINUTE_MS)));
  const to = encodeURIComponent(formatInstant(time.end));
  const slots = await caller.search<Slot>(`Slot?${HER}&start=ge${from}&start=lt${to}&_count=200`);
  return slots.filter((slot) => overlaps(during(slot), time));
}

function statuses(slots: readonly Slot[], site: string): readonly string[] {
  return [...new Set(slots.filter((slot) => siteOf(slot) === site).map((slot) => slot.status))];
}

/** A time at which both practices offer her, and nothing of another test lies near. */
async function herFreeTherapy(turn: number): Promise<Slot> {
  const [midtown, northside] = [
    await freeSlots(caller, MIDTOWN, 'therapy-50'),
    await freeSlots(caller, NORTHSIDE, 'therapy-50'),
  ];
  const hers = new Set((await caller.search<Slot>(`Slot?${HER}&status=free&_count=500`)).map((slot) => slot.id));
  const both = midtown.filter(
    (slot) => hers.has(slot.id) && northside.some((other) => hers.has(other.id) && at(other) === at(slot)),
  );
  const chosen = both[turn * 3];
  assert.ok(chosen !== undefined, `${both.length} times at both sites`);
  return chosen;
}

function at(slot: Slot): Instant {
  return during(slot).start;
}

describe('a booking at one site is busy at every site of the same practitioner', () => {
  for (const [turn, how] of (['cancelByPut', 'cancelByPatch'] as const).entries()) {
    test(`and free again after ${how === 'cancelByPut' ? 'a cancel by PUT' : 'a cancel by PATCH'}`, async () => {
      const slot = await herFreeTherapy(turn);
      const time = during(slot);
      const before = await slotsAround(time);
      assert.deepEqual(statuses(before, NORTHSIDE), ['free']);

      const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId })));
      const taken = await slotsAround(time);
      assert.deepEqual(statuses(taken, MIDTOWN), ['busy'], 'her other visit types at that time too');
      assert.deepEqual(statuses(taken, NORTHSIDE), ['busy']);
      const elsewhere = taken.find((one) => siteOf(one) === NORTHSIDE);
      const said = elsewhere?.extension?.find((one) => one.url === EXTENSIONS.siteStatus);
      assert.ok(JSON.stringify(said).includes('free'), 'what Northside itself says is still shown');
      const there = await practiceOf(hub, MIDTOWN).state('appointments');
      const rows = there['appointments'] as readonly Readonly<Record<string, unknown>>[];
      const own = rows.find((row) => String(row['id']) === siteKeyOf(booked, MIDTOWN));
      assert.equal(own?.['status'], 'booked', 'the owning site has it');

      const cancelled = await caller.settled(await caller[how](booked.id ?? ''));
      assert.equal(cancelled.status, 200, cancelled.text);
      assert.equal((JSON.parse(cancelled.text) as Appointment).status, 'cancelled');
      await eventually('her time is free again', async () => {
        const free = await slotsAround(time);
        return statuses(free, MIDTOWN).join() === 'free' && statuses(free, NORTHSIDE).join() === 'free';
      });
      assert.deepEqual(
        (await slotsAround(time)).map((one) => one.id).sort(),
        before.map((one) => one.id).sort(),
        'under the ids that they had',
      );
    });
  }

  test('also when the site only sends HL7 v2', async () => {
    const slot = await herFreeTherapy(2);
    const time = during(slot);
    const act = actor(hub.simulator(RIVERSIDE));
    const { id } = await act('book', { practitioner: RAO.riverside, start: Number(time.start), person: 31 });
    await eventually('her slots at both practices are busy', async () => {
      const visit = { start: time.start, end: plus(time.start, 30 * MINUTE_MS) };
      const taken = await slotsAround(visit);
      return [MIDTOWN, NORTHSIDE].every((site) => statuses(taken, site).join() === 'busy');
    });
    const refused = await caller.book({ slot, patientId });
    assert.equal(refused.status, 409, refused.text);
    await act('cancel', { id, reason: 'PATCAN' });
    await eventually('her slots at both practices are free again', async () => {
      const free = await slotsAround(time);
      return [MIDTOWN, NORTHSIDE].every((site) => statuses(free, site).join() === 'free');
    });
  });
});
