import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, type Answer } from '../support/caller.ts';
import { MIDTOWN } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventuallyNone } from '../support/wait.ts';

const hub = await startHub({ after }, { sites: [MIDTOWN] });
const caller = callerOf(hub);
const site = practiceOf(hub, MIDTOWN);
const [ann = '', bob = ''] = await patientsOf(caller, MIDTOWN);
const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');
const MOVE = '/reschedule';

async function booked(slot: Slot, patientId: string): Promise<Appointment> {
  return bookedIn(await caller.settled(await caller.book({ slot, patientId })));
}

async function move(visit: Appointment, slot: Slot, headers: Record<string, string> = {}): Promise<Answer> {
  const resource = { ...visit, slot: [{ reference: `Slot/${slot.id ?? ''}` }], start: slot.start, end: slot.end };
  const body = { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource }] };
  return caller.settled(await caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body, headers }));
}

const startOf = async ({ id = '' }: Appointment): Promise<number> =>
  Date.parse((await caller.read<Appointment>(`Appointment/${id}`)).start ?? '');
const at = (slot: Slot): number => Date.parse(slot.start);

/** Slots of one calendar that are far from each other, so that moving one visit frees the time for another. */
const own = slots.filter((slot) => slot.schedule.reference === slots[0]?.schedule.reference);
const apart = own.filter((_slot, index) => index % 3 === 0);

describe('a visit is moved and never lost on the way', () => {
  afterEach(async () => {
    await site.fault({ dropAnswer: false, silentDrop: false });
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await eventuallyNone('hub and site agree', () => disagreements(hub));
  });

  test('to a free time: 200 with the visit there, at the site too, and its old time is free for others', async () => {
    const [from, to] = [apart[0]!, apart[1]!];
    const visit = await booked(from, ann);
    const answer = await move(visit, to);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([bookedIn(answer).id, await startOf(visit)], [visit.id, at(to)]);
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await booked(from, bob);
  });

  test('and asked for again by who did not hear it, under one key, it is answered the same and moved once', async () => {
    const [from, to] = [apart[7]!, apart[8]!];
    const visit = await booked(from, ann);
    const key = { 'idempotency-key': 'moved-once' };
    const first = await move(visit, to, key);
    const again = await move(visit, to, key);
    assert.deepEqual([first.status, again.status], [200, 200], again.text);
    assert.equal(bookedIn(again).start, to.start);
    const comment = { ...bookedIn(again), comment: 'rings the bell' };
    const said = { 'idempotency-key': 'said-once' };
    for (const _time of [1, 2]) {
      const body = { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource: comment }] };
      const answer = await caller.settled(
        await caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body, headers: said }),
      );
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test('of two that race for one time one has it, and the other keeps what it had', async () => {
    const [one, two, wanted] = [apart[2]!, apart[3]!, apart[4]!];
    const visits = [await booked(one, ann), await booked(two, bob)];
    const answers = await Promise.all(visits.map((visit) => move(visit, wanted)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const starts = await Promise.all(visits.map(startOf));
    assert.equal(starts.filter((start) => start === at(wanted)).length, 1);
    const loser = answers.findIndex(({ status }) => status === 409);
    assert.equal(starts[loser], at([one, two][loser]!));
  });

  test('the answer of the site is lost: it is looked up where the visit is', async () => {
    const [from, to] = [apart[5]!, apart[6]!];
    const visit = await booked(from, ann);
    await site.fault({ dropAnswer: { times: 1, match: MOVE } });
    const answer = await move(visit, to);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(await startOf(visit), at(to));
  });
});
