/**
 * Riverside with a room that has a calendar of its own: a visit that names the slots of a practitioner and of that room
 * is one booking at the site (one SRM), and takes both or nothing.
 */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { control, intervalOf, rowsOf, textOf, type Row } from '../conformance/control.ts';
import { bookedIn, callerOf, freeSlots, idIn, patientsOf, type Answer, type Conflict } from '../support/caller.ts';
import { RIVERSIDE, type ConfigFolder } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { freePort, OFFICE_HOURS, takesRequests, waitsBriefly } from '../support/requesting-site.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

async function withRoom(config: ConfigFolder): Promise<void> {
  await waitsBriefly(config);
  await takesRequests(config, await freePort(), {
    rao: { practitioner: 'RAO', location: 'room-1', blocks: OFFICE_HOURS },
    room: { calendar: 'ROOM2', blocks: OFFICE_HOURS },
  });
  await config.edit(`sites/${RIVERSIDE}.yaml`, (site) => {
    site.setIn(['resources', 'calendars'], { ROOM2: { name: 'Room 2', location: 'room-2' } });
  });
}

const hub = await startHub({ after }, { sites: [RIVERSIDE], configure: withRoom });
const caller = callerOf(hub);
const site = practiceOf(hub, RIVERSIDE);
const scheduled = async (calendar: string): Promise<readonly Slot[]> => {
  const schedule = `Schedule/${canonicalId.schedule(RIVERSIDE, calendar)}`;
  const open = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
  return open.filter((slot) => slot.schedule.reference === schedule);
};
const [doctor, room] = await eventually('times of both are open', async () => {
  const open = [await scheduled('RAO@room-1'), await scheduled('ROOM2')] as const;
  return open.every(({ length }) => length > 20) && open;
});
// Whom nobody has told of cannot be booked.
const first = Date.parse(doctor[0]!.start);
await site.act('book', { practitioner: 'LINDQVIST', visitType: 'OFFICE', start: first, person: 1 });
const [patientId = ''] = await eventually('people are known', async () => {
  const known = await patientsOf(caller, RIVERSIDE);
  return known.length > 0 && known;
});

const at = (slots: readonly Slot[], like: Slot): Slot => slots.find(({ start }) => start === like.start)!;
const pair = (index: number): readonly [Slot, Slot] => [doctor[index]!, at(room, doctor[index]!)];

function book([visit, ...also]: readonly Slot[], key: string): Promise<Answer> {
  const resource = {
    resourceType: 'Appointment',
    status: 'proposed',
    slot: [visit!, ...also].map(({ id }) => ({ reference: `Slot/${id ?? ''}` })),
    start: visit!.start,
    end: visit!.end,
    participant: [{ actor: { reference: `Patient/${patientId}` }, status: 'accepted' }],
  };
  const body = { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource }] };
  return caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body, headers: { 'idempotency-key': key } });
}

const answered = async (): Promise<number> => rowsOf((await site.state('answered'))['answered']).length;
const statuses = async (slots: readonly Slot[]): Promise<readonly string[]> =>
  Promise.all(slots.map(async ({ id }) => (await caller.read<Slot>(`Slot/${id ?? ''}`)).status));
async function visitsAt(slot: Slot): Promise<readonly Row[]> {
  const all = rowsOf((await site.state('appointments'))['appointments']);
  return all.filter(
    (row) =>
      row['status'] === 'Booked' &&
      row['practitioner'] === 'RAO' &&
      Number(intervalOf(row).start) === Date.parse(slot.start),
  );
}
const rest = (): Promise<unknown> =>
  eventually('the site has nothing more to say', async () => rowsOf((await site.state('queue'))['queue']).length === 0);
const bothBecome = (slots: readonly Slot[], status: string): Promise<unknown> =>
  eventually(`both are ${status}`, async () => (await statuses(slots)).every((one) => one === status));

describe('a visit of a practitioner and a room at a site that can write both', () => {
  afterEach(async () => {
    await control('DELETE', `${hub.simulator(RIVERSIDE)}/__sim/faults`);
    await rest();
  });

  test('is one request at the site, which has both; its news leaves both taken', async () => {
    const slots = pair(4);
    const before = await answered();
    const visit = bookedIn(await caller.settled(await book(slots, 'both')));
    assert.equal((await answered()) - before, 1);
    assert.deepEqual(
      visit.slot?.map((one) => idIn(one)),
      slots.map(({ id }) => id),
    );
    const [row, ...more] = await visitsAt(slots[0]);
    assert.deepEqual(more, []);
    assert.deepEqual([row?.['room'], row?.['rooms']], ['R1', [{ room: 'R2', offset: 0, minutes: 30 }]]);
    await rest();
    await bothBecome(slots, 'busy');
    const shown = await caller.read<Appointment>(`Appointment/${visit.id ?? ''}`);
    assert.equal(shown.slot?.length, 2);
  });

  test('is refused when one of them is taken here, asks nobody and holds nothing', async () => {
    const [visit, taken] = pair(6);
    await site.act('book', {
      practitioner: 'LINDQVIST',
      visitType: 'OFFICE',
      start: Date.parse(taken.start),
      person: 3,
    });
    await eventually('the room is taken', async () => (await statuses([taken]))[0] === 'busy');
    const before = await answered();
    const answer = await book([visit, taken], 'one-taken');
    assert.equal(answer.status, 409, answer.text);
    assert.equal(await answered(), before);
    assert.deepEqual(await statuses([visit]), ['free']);
    bookedIn(await caller.settled(await book([visit], 'alone')));
  });

  test('is refused when the site has given one of them away, and gives both back', async () => {
    const [visit, taken] = pair(8);
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { loseWebhooks: { times: 1 } });
    await site.act('book', {
      practitioner: 'LINDQVIST',
      visitType: 'OFFICE',
      start: Date.parse(taken.start),
      person: 4,
    });
    const answer = await caller.settled(await book([visit, taken], 'given-away'));
    assert.equal(answer.status, 409, answer.text);
    assert.notDeepEqual((JSON.parse(answer.text) as Conflict).contained ?? [], []);
    assert.deepEqual([(await visitsAt(visit)).length, ...(await statuses([visit]))], [0, 'free']);
  });

  test('is moved with all that it takes by one request, and the old times are free', async () => {
    const [slots, later] = [pair(12), pair(14)];
    const visit = bookedIn(await caller.settled(await book(slots, 'to-move')));
    await rest();
    const before = await answered();
    const body = [{ op: 'replace', path: '/start', value: later[0].start }];
    const patch = { method: 'PATCH', contentType: 'application/json-patch+json', body };
    const answer = await caller.settled(await caller.ask(`/fhir/R4/Appointment/${visit.id ?? ''}`, patch));
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await answered()) - before, 1);
    assert.deepEqual(await visitsAt(slots[0]), []);
    assert.deepEqual((await visitsAt(later[0]))[0]?.['rooms'], [{ room: 'R2', offset: 0, minutes: 30 }]);
    await rest();
    await bothBecome(later, 'busy');
    await bothBecome(slots, 'free');
    const shown = await caller.read<Appointment>(`Appointment/${visit.id ?? ''}`);
    assert.deepEqual([shown.start, shown.slot?.length], [later[0].start, 2]);
  });

  test('that its site does not move keeps both of its old times, and holds neither of the new', async () => {
    const [slots, later] = [pair(12), pair(9)];
    const visit = bookedIn(await caller.settled(await book(slots, 'to-stay')));
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { loseWebhooks: { times: 1 } });
    const [{ start, end }] = later;
    await site.act('book', { practitioner: 'LINDQVIST', visitType: 'OFFICE', start: Date.parse(start), person: 5 });
    const moved = { ...visit, start, end, slot: later.map(({ id }) => ({ reference: `Slot/${id ?? ''}` })) };
    const body = { resourceType: 'Parameters', parameter: [{ name: 'appointment-resource', resource: moved }] };
    const answer = await caller.settled(
      await caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body, headers: { 'idempotency-key': 'stays' } }),
    );
    assert.equal(answer.status, 409, answer.text);
    await bothBecome(slots, 'busy');
    assert.deepEqual(await statuses([later[0]]), ['free']);
    assert.equal((await visitsAt(slots[0])).length, 1);
  });

  test('that is cancelled gives both back, here and there', async () => {
    const slots = pair(10);
    const visit = bookedIn(await caller.settled(await book(slots, 'to-cancel')));
    await rest();
    await bothBecome(slots, 'busy');
    const answer = await caller.settled(await caller.cancelByPatch(visit.id ?? ''));
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await visitsAt(slots[0]), []);
    await bothBecome(slots, 'free');
    const again = bookedIn(await caller.settled(await book(slots, 'again')));
    assert.notEqual(textOf(again.id), textOf(visit.id));
  });
});
