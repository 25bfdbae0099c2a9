/**
 * A hospital system asks the hub for appointments by SRM: at a site that takes calls over HTTP and at one that takes
 * SRM itself, in both acknowledgement modes, with races, repeats and a kill in between.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import { instant, type Instant } from '../../src/core/instant.ts';
import type { Appointment, Patient, Schedule, Slot, Task } from '../../src/fhir/types.ts';
import { encodeFrame } from '../../src/hl7v2/frame.ts';
import { control, rowsOf } from '../conformance/control.ts';
import { callerOf, freeSlots, siteOf } from '../support/caller.ts';
import { MIDTOWN, RAO, RIVERSIDE, THERAPY, type ConfigFolder } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { answerIn, ask, placer, srm, type Srm } from '../support/placer.ts';
import { practiceOf } from '../support/staff.ts';
import { sitesOf, truthOf } from '../support/truth.ts';
import { eventually } from '../support/wait.ts';

const peer = await placer({ after });
const IDENTIFIERS = { 'MID^MR': 'https://midtown.example/mrn', 'RIVERSIDE^MR': 'https://riverside.example/mrn' };

/** HIS has no address of its own; LATER is answered at one. */
async function bound(config: ConfigFolder): Promise<void> {
  await config.edit('hub.yaml', (file) => {
    const client = (id: string, more: object): object => ({
      id,
      role: 'scheduler',
      sites: '*',
      hl7: { facility: 'SOUTH', identifiers: IDENTIFIERS, facilities: { NORTHWING: MIDTOWN }, ...more },
    });
    const answers = { host: '127.0.0.1', port: peer.port, answerWithin_ms: 500 };
    const clients = [
      client('his', { application: 'HIS' }),
      client('his-later', { application: 'LATER', answers, wait_ms: 100 }),
    ];
    file.setIn(['clients'], file.createNode(clients));
    file.setIn(['booking', 'wait_ms'], 1_000);
  });
}

const hub = await startHub({ after }, { sites: [MIDTOWN, RIVERSIDE], configure: bound });
const caller = callerOf(hub);
const open = await eventually('times are open at Midtown', async () => {
  const found = await freeSlots(caller, MIDTOWN, 'therapy-50');
  // Dr. Rao works at Riverside too: what she has there takes her time here.
  return found.length > 40 && found;
});
const patients = await eventually('patients of Midtown have numbers', async () => {
  const all = await caller.search<Patient>('Patient?_count=500');
  const known = all.filter((one) => siteOf(one) === MIDTOWN && numberOf(one) !== undefined);
  return known.length > 5 && known;
});

function numberOf({ identifier = [] }: Patient): string | undefined {
  return identifier.find(({ system }) => system === IDENTIFIERS['MID^MR'])?.value;
}

let taken = 0;
/** Another slot of Dr. Rao for each test, hours apart. */
function nextSlot(): Slot {
  const slot = rao[(taken += 1) * 2];
  assert.ok(slot !== undefined, 'a slot is left');
  return slot;
}
const schedules = await caller.search<Schedule>(
  `Schedule?identifier=${encodeURIComponent(`urn:slotwire:site:${MIDTOWN}:calendar|84021`)}`,
);
const rao = open.filter(({ schedule }) => schedule.reference === `Schedule/${schedules[0]?.id ?? ''}`);

const startOf = (slot: Slot): Instant => instant(Date.parse(slot.start));
const patient = `${numberOf(patients[0]!) ?? ''}^^^MID^MR`;
let count = 0;
const wanted = (slot: Slot, more: Partial<Srm> = {}): Srm => ({
  controlId: `C${(count += 1)}`,
  placer: `A-${count}`,
  start: startOf(slot),
  minutes: 50,
  facility: 'NORTHWING',
  service: THERAPY.midtown,
  person: '1043333339',
  patient,
  ...more,
});
const faults = (set: object): Promise<unknown> => control('POST', `${hub.simulator(MIDTOWN)}/__sim/faults`, set);
const settings = (await sitesOf(hub)).find(({ id }) => id === MIDTOWN);
const visitsAt = async (slot: Slot): Promise<number> => {
  const { appointments } = await truthOf(hub, settings!);
  return appointments.filter(
    ({ status, during, calendar }) => status === 'booked' && during.start === startOf(slot) && calendar === RAO.midtown,
  ).length;
};
const appointment = (id: string): Promise<Appointment> => caller.read<Appointment>(`Appointment/${id}`);

afterEach(() => control('DELETE', `${hub.simulator(MIDTOWN)}/__sim/faults`));

describe('one answer on the connection (original mode)', () => {
  test('a request is booked at the site, and its answer carries the appointment as it is booked', async () => {
    const slot = nextSlot();
    const request = wanted(slot, { reason: 'PAIN^Back pain', note: 'rings the bell' });
    const answer = await ask(hub, request);
    assert.deepEqual([answer.code, answer.status, answer.text], ['AA', 'Booked', 'Booked.']);
    const names = answer.message.segments.map(({ name }) => name).join(' ');
    assert.equal(names, 'MSH MSA SCH TQ1 PID RGS AIS AIP AIL');
    assert.equal(answer.message.first('MSH')?.field(9), 'SRR^S01^SRR_S01');
    assert.equal(answer.message.first('SCH')?.component(1, 1), request.placer);
    assert.equal(answer.message.first('SCH')?.component(2, 2), 'SLOTWIRE');
    assert.equal(answer.message.first('AIP')?.component(3, 1), '1043333339');
    const shown = await appointment(answer.filler);
    assert.equal(shown.start, slot.start);
    assert.ok(shown.identifier?.some(({ value }) => value === request.placer));
    assert.equal((await caller.read<Slot>(`Slot/${slot.id ?? ''}`)).status, 'busy');
  });

  test('the same request again is answered the same, another one under its id is denied, and nothing is booked twice', async () => {
    const slot = nextSlot();
    const request = wanted(slot);
    const first = await ask(hub, request);
    assert.equal(first.code, 'AA');
    assert.deepEqual((await ask(hub, request)).bytes, first.bytes);
    const renamed = await ask(hub, { ...request, controlId: `${request.controlId}-again` });
    assert.deepEqual([renamed.code, renamed.filler], ['AA', first.filler]);
    const other = await ask(hub, { ...request, controlId: `${request.controlId}-b`, start: startOf(nextSlot()) });
    assert.equal(other.code, 'AE');
    assert.match(other.text, /placer appointment id \(ARQ-1\) came before/);
    assert.equal(await visitsAt(slot), 1);
  });

  test('of two who race for one slot one has it, and the other is told what else is open', async () => {
    const slot = nextSlot();
    const other = `${numberOf(patients[1]!) ?? ''}^^^MID^MR`;
    const answers = await Promise.all([ask(hub, wanted(slot)), ask(hub, wanted(slot, { patient: other }))]);
    assert.deepEqual(answers.map(({ code }) => code).sort(), ['AA', 'AE']);
    const denied = answers.find(({ code }) => code === 'AE')!;
    assert.equal(denied.message.first('ERR')?.component(5, 1), 'SLOT_TAKEN');
    assert.match(denied.notes[0] ?? '', /^Open instead: \d{14}-\d{4} to \d{14}-\d{4}$/);
    assert.equal(await visitsAt(slot), 1);
  });

  test('a no that is no longer true is not said again: its own later message has booked the appointment', async () => {
    const slot = nextSlot();
    const rival = wanted(slot, { patient: `${numberOf(patients[1]!) ?? ''}^^^MID^MR` });
    assert.equal((await ask(hub, rival)).code, 'AA');
    const request = wanted(slot);
    assert.equal((await ask(hub, request)).code, 'AE');
    const ended = await ask(hub, { trigger: 'S04', controlId: 'R1', placer: rival.placer });
    assert.equal(ended.code, 'AA', ended.text);
    const unbooked = await ask(hub, request);
    assert.equal(unbooked.code, 'AE', 'a repeat alone books nothing that its sender was told is taken');
    const later = await ask(hub, { ...request, controlId: `${request.controlId}-later` });
    assert.equal(later.code, 'AA', later.text);
    const again = await ask(hub, request);
    assert.deepEqual([again.code, again.filler], ['AA', later.filler]);
    assert.equal(await visitsAt(slot), 1);
  });

  test('an appointment is moved and cancelled under its own ids; what has no such id is denied', async () => {
    const [slot, later] = [nextSlot(), nextSlot()];
    const request = wanted(slot);
    const booked = await ask(hub, request);
    const again = { placer: request.placer };
    const moved = await ask(hub, wanted(later, { ...again, trigger: 'S02', filler: booked.filler }));
    assert.deepEqual([moved.code, moved.text], ['AA', 'Moved.']);
    assert.equal((await appointment(moved.filler)).start, later.start);
    const changed = await ask(hub, wanted(slot, { ...again, trigger: 'S03' }));
    assert.match(changed.text, /Send S02 to move/);
    const cancelled = await ask(hub, {
      ...again,
      trigger: 'S04',
      controlId: 'X1',
      eventReason: 'PATCAN^Patient cancelled',
    });
    assert.deepEqual([cancelled.code, cancelled.status], ['AA', 'Cancelled']);
    assert.equal((await appointment(moved.filler)).status, 'cancelled');
    const nothing = await ask(hub, { trigger: 'S04', controlId: 'X2', placer: 'NEVER' });
    assert.deepEqual([nothing.code, nothing.message.first('ERR')?.component(3, 1)], ['AE', '204']);
  });

  test('who is not bound to a client, or names a patient or a code that is not known, is told what to set', async () => {
    const slot = nextSlot();
    const cases: readonly (readonly [Partial<Srm>, RegExp])[] = [
      [{ sender: 'STRANGER|SOUTH' }, /Add hl7: \{ application, facility \} to the client/],
      [{ patient: 'NOBODY^^^MID^MR' }, /No patient record/],
      [{ patient: '1^^^ELSEWHERE^MR' }, /Set hl7.identifiers/],
      [{ born: '19000101' }, /date of birth/],
      [{ service: 'NOSUCH' }, /AIS-3 names nothing/],
      [{ person: 'NOSUCH' }, /AIP-3 names nothing/],
      [{ minutes: 45 }, /Nothing that can be booked begins then/],
    ];
    for (const [more, text] of cases) {
      const answer = await ask(hub, wanted(slot, more));
      assert.equal(answer.code, 'AE', answer.text);
      assert.match(answer.text, text);
    }
    assert.equal(await visitsAt(slot), 0);
  });

  test('what is not decided in time is pending, and news of it follows to the address of the client', async () => {
    const slot = nextSlot();
    await faults({ latencyMs: 3_000 });
    const request = wanted(slot, { sender: 'LATER|SOUTH' });
    const answer = await ask(hub, request);
    assert.deepEqual([answer.code, answer.status], ['AA', 'Pending']);
    const news = await peer.newsOf(request.placer);
    assert.equal(news.message.first('MSH')?.field(9), 'SIU^S12^SIU_S12');
    assert.deepEqual([news.status, news.filler], ['Booked', answer.filler]);
  });
});

describe('CA at once, the answer later (enhanced mode)', () => {
  test('the answer goes to the address of the client, again until it is heard, and again for who asks again', async () => {
    const slot = nextSlot();
    const request = wanted(slot, { sender: 'LATER|SOUTH', acks: 'AL|AL' });
    peer.silent(true);
    assert.equal((await ask(hub, request)).code, 'CA');
    const answer = await peer.answerTo(request.controlId);
    assert.deepEqual([answer.code, answer.status], ['AA', 'Booked']);
    const times = (): number => peer.heard.filter((bytes) => Buffer.from(bytes).equals(answer.bytes)).length;
    await eventually('it comes again', () => times() > 1);
    peer.silent(false);
    await eventually('it was heard', async () => {
      const { outbox } = JSON.parse((await callerOf(hub, 'admin').ask('/ops/api/sites')).text) as {
        readonly outbox: readonly { readonly receiver: string }[];
      };
      return outbox.every(({ receiver }) => receiver !== 'client his-later');
    });
    const before = times();
    assert.equal((await ask(hub, request)).code, 'CA');
    await eventually('who asks again is answered again', () => times() > before);
    assert.equal(await visitsAt(slot), 1);
  });

  test('an answer that the client refuses for good is a work item, closed when it asks again and takes it', async () => {
    const request = wanted(nextSlot(), { sender: 'LATER|SOUTH', acks: 'AL|AL' });
    const tasks = async (): Promise<readonly Task[]> =>
      caller.search<Task>('Task?code=unheard-answer&status=requested');
    peer.refusing(true);
    assert.equal((await ask(hub, request)).code, 'CA');
    const [task] = await eventually('a person is told', async () => {
      const open = await tasks();
      return open.length > 0 && open;
    });
    const booked = answerIn((await peer.answerTo(request.controlId)).bytes);
    assert.equal(task?.focus?.reference, `Appointment/${booked.filler}`);
    assert.match(task.description ?? '', /Tell its people how the appointment stands/);
    assert.doesNotMatch(JSON.stringify(task), new RegExp(request.placer));
    peer.refusing(false);
    assert.equal((await ask(hub, request)).code, 'CA');
    await eventually('nobody need be told any more', async () => (await tasks()).length === 0);
  });

  test('without an address the answer follows on the same connection', async () => {
    const socket = connect(hub.sandbox().mllp);
    let heard = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
    await once(socket, 'connect');
    const request = wanted(nextSlot(), { acks: 'AL|AL' });
    socket.write(encodeFrame(Buffer.from(srm(request).replaceAll('\n', '\r'))));
    await eventually('both answers came', () => heard.split('\u001c\r').length > 2);
    const [accept = '', answer = ''] = heard.split('\u001c\r');
    assert.deepEqual([answerIn(accept).code, answerIn(answer).code, answerIn(answer).status], ['CA', 'AA', 'Booked']);
    socket.destroy();
  });

  test('a kill between CA and the answer loses neither the booking nor the answer, and books once', async () => {
    const slot = nextSlot();
    await faults({ latencyMs: 2_000 });
    const request = wanted(slot, { sender: 'LATER|SOUTH', acks: 'AL|AL' });
    assert.equal((await ask(hub, request)).code, 'CA');
    await hub.kill();
    await control('DELETE', `${hub.simulator(MIDTOWN)}/__sim/faults`);
    await hub.start();
    const answer = await peer.answerTo(request.controlId);
    assert.deepEqual([answer.code, answer.status], ['AA', 'Booked']);
    assert.equal(await visitsAt(slot), 1);
    assert.equal((await appointment(answer.filler)).start, slot.start);
  });
});

test('at a site that takes SRM itself a request and a change of its words are handed on, and its SIU is what the answer waits for', async () => {
  const slots = await eventually('times are open at Riverside', async () => {
    const found = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
    return found.length > 0 && found;
  });
  const slot = slots.at(-1)!;
  // Whom nobody has told of cannot be booked.
  const visit = { practitioner: 'LINDQVIST', visitType: 'OFFICE', start: Date.parse(slots[0]!.start), person: 1 };
  await practiceOf(hub, RIVERSIDE).act('book', visit);
  const known = await eventually('somebody is known at Riverside', async () => {
    const all = await caller.search<Patient>('Patient?_count=500');
    const one = all.find((each) => siteOf(each) === RIVERSIDE);
    return one?.identifier?.find(({ system }) => system === IDENTIFIERS['RIVERSIDE^MR'])?.value ?? null;
  });
  const answer = await ask(hub, {
    controlId: 'R1',
    placer: 'R-1',
    start: startOf(slot),
    facility: RIVERSIDE,
    service: 'office-visit-30',
    patient: `${known}^^^RIVERSIDE^MR`,
    minutes: 30,
  });
  assert.deepEqual([answer.code, answer.status], ['AA', 'Booked'], answer.text);
  assert.equal((await appointment(answer.filler)).start, slot.start);

  const words = { reason: '^Knee pain', note: 'comes by wheelchair' };
  const changed = await ask(hub, { trigger: 'S03', controlId: 'R2', placer: 'R-1', filler: answer.filler, ...words });
  assert.deepEqual([changed.code, changed.status, changed.filler], ['AA', 'Booked', answer.filler], changed.text);
  assert.equal(changed.message.first('MSH')?.field(9), 'SRR^S03^SRR_S01');
  assert.equal(changed.message.first('SCH')?.component(7, 2), 'Knee pain');
  const shown = await appointment(answer.filler);
  assert.deepEqual([shown.comment, shown.reasonCode?.[0]?.text], ['comes by wheelchair', 'Knee pain']);
  assert.equal(shown.start, slot.start);
  const there = rowsOf((await practiceOf(hub, RIVERSIDE).state('appointments'))['appointments']).find(
    (row) => row['note'] === 'comes by wheelchair',
  );
  assert.deepEqual([there?.['reason'], there?.['eventReason'], there?.['status']], ['Knee pain', 'MODIFY', 'Booked']);
});
