/**
 * Riverside with hours in its site file and a port for requests: what callers book goes there as SRM, and what the site
 * answers, or shows in its SIU, is what they are told.
 */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { control, intervalOf, rowsOf, textOf, type Row } from '../conformance/control.ts';
import {
  bookedIn,
  callerOf,
  freeSlots,
  idIn,
  patientsOf,
  siteKeyOf,
  type Answer,
  type Conflict,
} from '../support/caller.ts';
import { RIVERSIDE, type ConfigFolder } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { freePort, OFFICE_HOURS, takesRequests, waitsBriefly } from '../support/requesting-site.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

async function bookable(config: ConfigFolder): Promise<void> {
  await waitsBriefly(config);
  await takesRequests(config, await freePort(), {
    rao: { practitioner: 'RAO', location: 'main', blocks: OFFICE_HOURS },
  });
  await config.edit(`sites/${RIVERSIDE}.yaml`, (site) => {
    site.setIn(['write'], 'automatic');
    site.setIn(['identifiers', 'RIVERSIDE^MR', 'useForWriteBack'], true);
  });
}

const hub = await startHub({ after }, { sites: [RIVERSIDE], configure: bookable });
const caller = callerOf(hub);
const site = practiceOf(hub, RIVERSIDE);
const slots = await eventually('times are open', async () => {
  const open = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
  return open.length > 20 && open;
});
// Whom nobody has told of cannot be booked.
await site.act('book', {
  practitioner: 'LINDQVIST',
  visitType: 'OFFICE',
  start: Date.parse(slots[0]!.start),
  person: 1,
});
const [patientId = ''] = await eventually('people are known', async () => {
  const known = await patientsOf(caller, RIVERSIDE);
  return known.length > 0 && known;
});

/** Requests that the site has on record, newest last. */
async function asked(): Promise<readonly Row[]> {
  return rowsOf((await site.state('answered'))['answered']);
}

async function visits(slot: Slot): Promise<readonly Row[]> {
  const all = rowsOf((await site.state('appointments'))['appointments']);
  return all.filter(
    (row) =>
      Date.parse(slot.start) === Number(intervalOf(row).start) &&
      row['status'] === 'Booked' &&
      row['practitioner'] === 'RAO',
  );
}

function idOfPatient({ participant }: Appointment): string {
  const [patient] = participant.flatMap(({ actor }) => (actor?.reference?.startsWith('Patient/') ? [actor] : []));
  return idIn(patient);
}

async function appointmentsAt(slot: Slot): Promise<readonly Appointment[]> {
  const found = await caller.search<Appointment>(`Appointment?date=${encodeURIComponent(slot.start)}&_count=500`);
  return found.filter((one) => one.start === slot.start && one.status === 'booked' && idOfPatient(one) === patientId);
}

const status = async (slot: Slot): Promise<string> => (await caller.read<Slot>(`Slot/${slot.id ?? ''}`)).status;
const rest = (): Promise<unknown> =>
  eventually('the site has nothing more to say', async () => rowsOf((await site.state('queue'))['queue']).length === 0);

async function booked(answer: Answer): Promise<Appointment> {
  return bookedIn(await caller.settled(answer));
}

describe('bookings by HL7 v2 are the site’s to decide', () => {
  afterEach(async () => {
    await control('DELETE', `${hub.simulator(RIVERSIDE)}/__sim/faults`);
    await site.act('change-settings', { settings: { answers: 'as-asked', answerDelay_ms: 200 } });
    await rest();
  });

  test('a placement is asked once, and its SIU is known for ours', async () => {
    const slot = slots[14]!;
    const before = (await asked()).length;
    const appointment = bookedIn(await caller.book({ slot, patientId, key: 'one' }));
    assert.equal((await asked()).length - before, 1);
    const [visit, ...more] = await visits(slot);
    assert.deepEqual(more, []);
    assert.equal(siteKeyOf(appointment, RIVERSIDE).split('^')[0], textOf(visit?.['id']));
    await rest();
    await eventually('the news is applied', async () => {
      const shown = await caller.read<Appointment>(`Appointment/${appointment.id ?? ''}`);
      return shown.identifier?.some(({ value }) => value === shown.id || (value ?? '').length === 36) === true;
    });
    assert.deepEqual(
      (await appointmentsAt(slot)).map((one) => one.id),
      [appointment.id],
    );
    assert.equal(await status(slot), 'busy');
    const again = bookedIn(await caller.book({ slot, patientId, key: 'one' }));
    assert.equal(again.id, appointment.id);
    assert.equal((await asked()).length - before, 1);
  });

  test('a cancel frees the time at both ends', async () => {
    const slot = slots[2]!;
    const appointment = bookedIn(await caller.book({ slot, patientId, key: 'two' }));
    const answer = await caller.settled(await caller.cancelByPatch(appointment.id ?? ''));
    assert.equal(answer.status, 200, answer.text);
    assert.equal((JSON.parse(answer.text) as Appointment).status, 'cancelled');
    assert.deepEqual(await visits(slot), []);
    await rest();
    await eventually('the time is open again', async () => (await status(slot)) === 'free');
  });

  test('a time that the site has given to somebody else is refused with others to choose from', async () => {
    const slot = slots[4]!;
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { loseWebhooks: { times: 1 } });
    await site.act('book', { practitioner: 'RAO', visitType: 'OFFICE', start: Date.parse(slot.start), person: 3 });
    const answer = await caller.settled(await caller.book({ slot, patientId, key: 'three' }));
    assert.equal(answer.status, 409, answer.text);
    const conflict = JSON.parse(answer.text) as Conflict;
    assert.notDeepEqual(conflict.contained ?? [], []);
    assert.equal((await visits(slot)).length, 1);
  });

  test('an answer that is lost is not asked for twice: the SIU tells', async () => {
    const slot = slots[6]!;
    const before = (await asked()).length;
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { dropAnswer: { times: 1 } });
    const appointment = await booked(await caller.book({ slot, patientId, key: 'four' }));
    assert.equal((await asked()).length - before, 1);
    assert.equal((await visits(slot)).length, 1);
    assert.deepEqual(
      (await appointmentsAt(slot)).map((one) => one.id),
      [appointment.id],
    );
  });

  test('a yes that nothing was written behind is never called a booking', async () => {
    const slot = slots[16]!;
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { silentDrop: { times: 1 } });
    const answer = await caller.book({ slot, patientId, key: 'said-yes' });
    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual([(await visits(slot)).length, await appointmentsAt(slot)], [0, []]);
  });

  test('a site that decides later is waited for, and its yes or no is what the caller is told', async () => {
    await site.act('change-settings', { settings: { answers: 'later', answerDelay_ms: 1_500 } });
    const appointment = await booked(await caller.book({ slot: slots[8]!, patientId, key: 'five' }));
    assert.deepEqual(
      (await appointmentsAt(slots[8]!)).map((one) => one.id),
      [appointment.id],
    );
    const taken = slots[10]!;
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { loseWebhooks: { times: 1 } });
    await site.act('book', { practitioner: 'RAO', visitType: 'OFFICE', start: Date.parse(taken.start), person: 4 });
    const answer = await caller.settled(await caller.book({ slot: taken, patientId, key: 'six' }));
    assert.equal(answer.status, 409, answer.text);
  });

  test('a kill of the hub while it asks loses nothing and books once', async () => {
    const slot = slots[12]!;
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { answerDelayMs: 2_000 });
    const answer = caller.book({ slot, patientId, key: 'seven' }).catch(() => null);
    await eventually('the site has booked it', async () => (await visits(slot)).length === 1);
    await hub.kill();
    await answer;
    await control('DELETE', `${hub.simulator(RIVERSIDE)}/__sim/faults`);
    await hub.start();
    const appointment = await booked(await caller.book({ slot, patientId, key: 'seven' }));
    assert.equal((await visits(slot)).length, 1);
    assert.deepEqual(
      (await appointmentsAt(slot)).map((one) => one.id),
      [appointment.id],
    );
  });
});
