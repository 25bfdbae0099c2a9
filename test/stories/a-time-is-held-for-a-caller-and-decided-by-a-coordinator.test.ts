import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { rowsOf } from '../conformance/control.ts';
import type { Appointment, Slot } from '../../src/fhir/types.ts';
import { slotwire, type Said } from '../cli/terminal.ts';
import { at, bookBody, bookedIn, callerOf, freeSlots, patientsOf, siteKeyOf, type Answer } from '../support/caller.ts';
import { MIDTOWN, NORTHSIDE, THERAPY, WEISS } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const COORDINATOR = 'token-of-the-coordinator';
const hub = await startHub(
  { after },
  {
    sites: [MIDTOWN, NORTHSIDE],
    async configure(config) {
      await config.edit(`sites/${NORTHSIDE}.yaml`, (site) => site.set('write', 'approval'));
      await config.edit('hub.yaml', (file) => {
        file.addIn(
          ['clients'],
          file.createNode({ id: 'desk', token: COORDINATOR, role: 'readonly', sites: '*', coordinator: true }),
        );
      });
    },
  },
);
const caller = callerOf(hub);
const apart = async (site: string): Promise<readonly Slot[]> => {
  const slots = await freeSlots(caller, site, 'therapy-50');
  return slots
    .filter(({ schedule }) => site === MIDTOWN || schedule.reference === slots.at(-1)?.schedule.reference)
    .filter((slot) => slot.schedule.reference === slots[0]?.schedule.reference || site === NORTHSIDE)
    .filter((_slot, index) => index % 6 === 0);
};
const free = { [MIDTOWN]: await apart(MIDTOWN), [NORTHSIDE]: await apart(NORTHSIDE) };
const patient = { [MIDTOWN]: await patientsOf(caller, MIDTOWN), [NORTHSIDE]: await patientsOf(caller, NORTHSIDE) };
type Site = keyof typeof free;

function wish(site: Site, number: number): { readonly slot: Slot; readonly patientId: string } {
  const slot = free[site][number];
  const patientId = patient[site][number];
  assert.ok(slot !== undefined && patientId !== undefined, `${site} has too few free slots or patients`);
  return { slot, patientId };
}

async function held(site: Site, number: number, seconds?: number): Promise<{ answer: Answer; visit: Appointment }> {
  const body = bookBody(wish(site, number)) as { parameter: unknown[] };
  if (seconds !== undefined) body.parameter.push({ name: 'hold-seconds', valuePositiveInt: seconds });
  const answer = await caller.ask('/fhir/R4/Appointment/$hold', { method: 'POST', body });
  assert.equal(answer.status, 201, answer.text);
  const { entry } = JSON.parse(answer.text) as { entry: readonly { resource: Appointment }[] };
  assert.ok(entry[0]);
  return { answer, visit: entry[0].resource };
}
const bookById = ({ id = '' }: Appointment): Promise<Answer> => {
  const parameter = [{ name: 'appointment-reference', valueReference: { reference: `Appointment/${id}` } }];
  const body = { resourceType: 'Parameters', parameter };
  return caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body });
};
const statusOf = async (slot: Slot): Promise<string> => (await caller.read<Slot>(`Slot/${slot.id ?? ''}`)).status;
const atSite = async (site: Site): Promise<readonly string[]> =>
  rowsOf((await practiceOf(hub, site).state('appointments'))['appointments']).map((one) => String(one['id']));

async function asked(number: number): Promise<{ readonly answer: Answer; readonly id: string; readonly slot: Slot }> {
  const { slot, patientId } = wish(NORTHSIDE, number);
  const answer = await caller.book({ slot, patientId });
  assert.equal(answer.status, 202, answer.text);
  assert.match(answer.text, /A coordinator of the site decides first/);
  const id = /booking-status\/([0-9a-f-]{36})/.exec(answer.headers.get('content-location') ?? '')?.[1] ?? '';
  return { answer, id, slot };
}
const asCoordinator = (...words: readonly string[]): Promise<Said> =>
  slotwire(words, {
    DATA_DIR: hub.dataDir,
    CONFIG_DIR: hub.config.path,
    SLOTWIRE_URL: hub.origin(),
    SLOTWIRE_TOKEN: COORDINATOR,
  });
async function waiting(): Promise<readonly string[]> {
  const { code, out } = await asCoordinator('approvals', '--json');
  assert.equal(code, 0);
  return (JSON.parse(out) as { approvals: readonly { booking: string }[] }).approvals.map(({ booking }) => booking);
}
const now = async ({ answer }: { readonly answer: Answer }): Promise<Answer> =>
  caller.ask(answer.headers.get('content-location') ?? '');

describe('a time that a caller holds', () => {
  test('is nobody else’s, is not at the site, and is when it is booked', async () => {
    const before = await atSite(MIDTOWN);
    const { answer, visit } = await held(MIDTOWN, 0);
    assert.ok(Date.parse(answer.headers.get('expires') ?? '') > 0);
    assert.equal(await statusOf(wish(MIDTOWN, 0).slot), 'busy-tentative');
    assert.equal((await caller.book({ ...wish(MIDTOWN, 0), patientId: wish(MIDTOWN, 1).patientId })).status, 409);
    assert.deepEqual(await atSite(MIDTOWN), before);
    const booked = bookedIn(await caller.settled(await bookById(visit)));
    assert.equal(booked.id, visit.id);
    assert.ok((await atSite(MIDTOWN)).includes(siteKeyOf(booked, MIDTOWN)));
  });

  test('and that a restart finds held is still held, and can be booked', async () => {
    const { visit } = await held(MIDTOWN, 1);
    await hub.kill();
    await hub.start();
    assert.equal(await statusOf(wish(MIDTOWN, 1).slot), 'busy-tentative');
    bookedIn(await caller.settled(await bookById(visit)));
  });

  test('runs out: it is free again, and booking it says so', async () => {
    const before = await atSite(MIDTOWN);
    const { visit } = await held(MIDTOWN, 2, 1);
    await eventually('the time is free again', async () => (await statusOf(wish(MIDTOWN, 2).slot)) === 'free');
    const late = await bookById(visit);
    assert.equal(late.status, 409);
    assert.match(late.text, /HOLD_EXPIRED/);
    assert.equal((await caller.read<Appointment>(`Appointment/${visit.id ?? ''}`)).status, 'cancelled');
    assert.deepEqual(await atSite(MIDTOWN), before);
    bookedIn(await caller.settled(await caller.book(wish(MIDTOWN, 2))));
  });

  test('is let go by its caller', async () => {
    const { visit } = await held(MIDTOWN, 3);
    assert.equal((await caller.cancelByPatch(visit.id ?? '')).status, 200);
    assert.equal(await statusOf(wish(MIDTOWN, 3).slot), 'free');
  });
});

describe('a booking at a site where a coordinator decides', () => {
  test('is sent when it is approved from the command line', async () => {
    const before = await atSite(NORTHSIDE);
    const booking = await asked(0);
    assert.equal(await statusOf(booking.slot), 'busy-tentative');
    assert.deepEqual(await atSite(NORTHSIDE), before);
    const listed = await asCoordinator('approvals');
    assert.match(listed.out, new RegExp(`${booking.id} +${NORTHSIDE} +place`));
    assert.match(listed.out, /1 booking\. Then: .*approve ID, or decline ID --reason TEXT/);
    const said = await asCoordinator('approve', booking.id);
    assert.deepEqual([said.code, said.out], [0, `Booking ${booking.id} is approved, and its site is asked now.`]);
    const booked = bookedIn(await caller.settled(await now(booking)));
    assert.ok((await atSite(NORTHSIDE)).includes(siteKeyOf(booked, NORTHSIDE)));
    assert.equal((await asCoordinator('approvals')).out, 'Nothing waits for approval.');
    assert.match((await asCoordinator('approve', booking.id)).err, /waits for no decision/);
  });

  test('is declined with a reason that its caller is told, also behind a restart', async () => {
    const booking = await asked(1);
    await hub.kill();
    await hub.start();
    assert.deepEqual(await waiting(), [booking.id]);
    const said = await asCoordinator('decline', booking.id, '--reason', 'Call us first.');
    assert.deepEqual([said.code, said.out], [0, `Booking ${booking.id} is declined. Its time is free again.`]);
    const answer = await now(booking);
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Call us first\./);
    assert.equal(await statusOf(booking.slot), 'free');
  });

  test('is refused when it is approved after the site gave its time to somebody else', async () => {
    const booking = await asked(2);
    await practiceOf(hub, NORTHSIDE).book({
      calendar: WEISS,
      visitType: THERAPY.northside,
      start: at(booking.slot.start),
      person: 39,
    });
    await eventually('the hub knows', async () => (await statusOf(booking.slot)) === 'busy');
    const said = await asCoordinator('approve', booking.id);
    assert.equal(said.code, 1);
    assert.match(said.err, /taken while the booking waited/);
    const answer = await now(booking);
    assert.equal(answer.status, 409);
    assert.match(answer.text, /urn:slotwire:alternative/);
    assert.deepEqual(await waiting(), []);
  });

  test('is decided by nobody who may only ask for it', async () => {
    const booking = await asked(3);
    const scheduler = hub.sandbox().tokens['scheduler'] ?? '';
    const said = await slotwire(['approve', booking.id], { SLOTWIRE_URL: hub.origin(), SLOTWIRE_TOKEN: scheduler });
    assert.equal(said.code, 1);
    assert.match(said.err, /role admin, or that of a client with `coordinator: true`/);
    assert.equal((await asCoordinator('decline', booking.id, '--reason', 'not today')).code, 0);
  });

  test('that nobody decides about expires', async () => {
    const booking = await asked(4);
    await hub.query(`UPDATE booking SET waits_until = now() WHERE id = $1`, [booking.id]);
    await hub.query(`UPDATE busy SET expires_at = now() WHERE booking_id = $1`, [booking.id]);
    await eventually('it is free again', async () => (await statusOf(booking.slot)) === 'free');
    const answer = await now(booking);
    assert.equal(answer.status, 409);
    assert.match((await asCoordinator('approve', booking.id)).err, /nobody decided in time/);
  });

  test('what is no id, or no decision, is told what to write', async () => {
    assert.equal((await asCoordinator('approve', 'x')).code, 2);
    assert.match((await asCoordinator('decline', '01930000-0000-7000-8000-000000000001')).err, /--reason TEXT/);
    assert.match((await asCoordinator('approve', '01930000-0000-7000-8000-000000000001')).err, /no such booking/);
  });

  test('and in the end hub and sites agree', async () => {
    await eventuallyNone('everything comes to rest', () => unrest(hub), { within_ms: 30_000 });
    await eventuallyNone('hub and sites agree', () => disagreements(hub), { within_ms: 30_000 });
  });
});
