import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import type { Appointment } from '../../src/fhir/types.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, type Answer } from '../support/caller.ts';
import { MIDTOWN } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventuallyNone } from '../support/wait.ts';

const hub = await startHub({ after }, { sites: [MIDTOWN] });
const caller = callerOf(hub);
const site = practiceOf(hub, MIDTOWN);
const [ann = ''] = await patientsOf(caller, MIDTOWN);
const slots = await freeSlots(caller, MIDTOWN, 'therapy-50');
const apart = slots
  .filter((slot) => slot.schedule.reference === slots[0]?.schedule.reference)
  .filter((_slot, index) => index % 3 === 0);

async function booked(at: number): Promise<Appointment> {
  const slot = apart[at];
  assert.ok(slot !== undefined);
  return bookedIn(await caller.settled(await caller.book({ slot, patientId: ann })));
}
async function patch({ id = '' }: Appointment, path: string, value: unknown): Promise<Answer> {
  const contentType = 'application/json-patch+json';
  const body = [{ op: 'add', path, value }];
  return caller.settled(await caller.ask(`/fhir/R4/Appointment/${id}`, { method: 'PATCH', body, contentType }));
}
const now = ({ id = '' }: Appointment): Promise<Appointment> => caller.read<Appointment>(`Appointment/${id}`);

describe('what happens on the day of a visit is set at its site', () => {
  afterEach(async () => {
    await site.fault({ dropAnswer: false, silentDrop: false });
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    await eventuallyNone('hub and site agree', () => disagreements(hub));
  });

  test('arrived, checked in, fulfilled, with a comment on the way; and nothing follows that', async () => {
    const visit = await booked(0);
    for (const status of ['arrived', 'checked-in'] as const) {
      const answer = await patch(visit, '/status', status);
      assert.equal(answer.status, 200, answer.text);
      assert.equal((JSON.parse(answer.text) as Appointment).status, status);
    }
    assert.equal((await patch(visit, '/comment', 'ramp at the back')).status, 200);
    assert.equal((await patch(visit, '/status', 'fulfilled')).status, 200);
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    const { status, comment } = await now(visit);
    assert.deepEqual([status, comment], ['fulfilled', 'ramp at the back']);
    const refused = await patch(visit, '/status', 'arrived');
    assert.equal(refused.status, 422);
    assert.match(refused.text, /may become entered-in-error/);
  });

  test('a no-show whose answer is lost is looked up, and its time stays taken', async () => {
    const visit = await booked(1);
    await site.fault({ dropAnswer: { times: 1, match: '/cancel' } });
    const answer = await patch(visit, '/status', 'noshow');
    assert.equal(answer.status, 200, answer.text);
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    assert.equal((await now(visit)).status, 'noshow');
    const [slot] = visit.slot ?? [];
    assert.equal((await caller.read<Appointment>(slot?.reference ?? '')).status, 'busy');
  });

  test('what the vendor has no place for is refused with what can be done', async () => {
    const answer = await patch(await booked(2), '/reasonCode', [{ text: 'knee' }]);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /SITE_CANNOT.*amend reason \(the hub can amend there: comment\)/);
  });
});
