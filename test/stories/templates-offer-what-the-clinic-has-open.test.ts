/**
 * Riverside sends visits and blocks and no slots. The hours in its site file are those that the clinic keeps, so what
 * the hub offers is what the clinic has open, whatever its staff do.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment, Patient, Slot } from '../../src/fhir/types.ts';
import { rowsOf, textOf } from '../conformance/control.ts';
import { at, callerOf, idIn, siteOf, type Caller } from '../support/caller.ts';
import { RIVERSIDE } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

/** Works at Riverside alone, Monday to Friday: no other site's visits are in the way. */
const LINDQVIST = 'LINDQVIST';
const SCHEDULE = canonicalId.schedule(RIVERSIDE, `${LINDQVIST}@room-2`);

const hub = await startHub(
  { after },
  {
    sites: [RIVERSIDE],
    configure: (config) => config.edit(`sites/${RIVERSIDE}.yaml`, (site) => site.setIn(['write'], 'read-only')),
  },
);
const caller = callerOf(hub);
const staff = practiceOf(hub, RIVERSIDE);

/** Three days, of which one is a working day; begins later, so that nothing of it begins during the test. */
const now = systemClock.now();
const within = { start: plus(now, HOUR_MS), end: plus(now, 3 * DAY_MS) };
const isWithin = (start: string): boolean => at(start) >= within.start && at(start) < within.end;

async function offered(by: Caller = caller): Promise<readonly Slot[]> {
  const slots = await by.search<Slot>(`Slot?status=free&schedule=Schedule/${SCHEDULE}&_sort=start&_count=500`);
  return slots.filter((slot) => siteOf(slot) === RIVERSIDE && isWithin(slot.start));
}

function named(type: string, start: string, end: string): string {
  return `${type} ${new Date(at(start)).toISOString()} ${new Date(at(end)).toISOString()}`;
}

async function inHub(): Promise<readonly string[]> {
  const local = (slot: Slot): string => slot.serviceType?.[0]?.coding?.at(-1)?.code ?? '';
  return (await offered()).map((slot) => named(local(slot), slot.start, slot.end)).sort();
}

async function atSite(): Promise<readonly string[]> {
  const rows = rowsOf((await staff.state('slots'))['slots']);
  const own = rows.filter((row) => row['practitioner'] === LINDQVIST && isWithin(textOf(row['start'])));
  return own.map((row) => named(textOf(row['visitType']), textOf(row['start']), textOf(row['end']))).sort();
}

/** What the hub offers but the clinic would not lay anew around a visit, or the other way round. */
async function agree(): Promise<void> {
  await eventually('hub and clinic agree', async () => {
    const [ours, theirs] = [await inHub(), await atSite()];
    return ours.length > 0 && ours.join('\n') === theirs.join('\n');
  });
}

async function statusOf(id: string): Promise<string> {
  return (await caller.read<Slot>(`Slot/${id}`)).status;
}

describe('templates offer what the clinic has open', () => {
  test('at first, and every slot says that a template laid it out', async () => {
    await agree();
    const slots = await offered();
    for (const { extension } of slots)
      assert.deepEqual(extension, [{ url: 'urn:slotwire:template', valueString: 'lindqvist' }]);
  });

  test('a visit makes its slot busy, with its siblings, and a cancel gives all of it back', async () => {
    const before = (await offered()).map(({ id }) => id);
    const slot = (await offered()).find(
      (one) => one.id?.length === 36 && at(one.end) - at(one.start) === 30 * MINUTE_MS,
    );
    assert.ok(slot?.id !== undefined);
    const visit = await staff.act('book', {
      practitioner: LINDQVIST,
      visitType: 'OFFICE',
      start: slot.start,
      person: 31,
    });
    await eventually('it is busy', async () => (await statusOf(slot.id ?? '')) === 'busy');
    await agree();
    const visits = await caller.search<Appointment>(`Appointment?_count=100`);
    assert.ok(
      visits.some((one) => idIn(one.slot?.[0]) === slot.id),
      'the visit names the slot that it fills',
    );
    await staff.act('cancel', { id: visit['id'], reason: 'PATCAN' });
    await eventually('it is free', async () => (await statusOf(slot.id ?? '')) === 'free');
    await agree();
    assert.deepEqual(
      (await offered()).map(({ id }) => id),
      before,
    );
  });

  test('a block closes its time and an unblock opens it', async () => {
    const slot = (await offered())[2];
    assert.ok(slot?.id !== undefined);
    const end = new Date(plus(at(slot.start), 60 * MINUTE_MS)).toISOString();
    const block = await staff.act('block', { practitioner: LINDQVIST, start: slot.start, end });
    await eventually('it is closed', async () => (await statusOf(slot.id ?? '')) === 'busy-unavailable');
    await agree();
    await staff.act('unblock', { id: block['id'] });
    await eventually('it is open', async () => (await statusOf(slot.id ?? '')) === 'free');
    await agree();
  });

  test('what cannot be written is refused in a clear sentence', async () => {
    const [slot] = await offered();
    const [patient] = await caller.search<Patient>('Patient?_count=1');
    const answer = await caller.book({ slot: slot!, patientId: patient?.id ?? '' });
    assert.ok([403, 405, 409, 422].includes(answer.status), answer.text);
    assert.notEqual(answer.status, 409, 'it is not taken, it cannot be booked');
    assert.match(answer.text, /riverside-hl7|bookings|written/i);
    assert.equal(await statusOf(slot?.id ?? ''), 'free');
  });

  test('a restart keeps every slot with its version, and what was changed meanwhile is taken over', async () => {
    const before = (await offered()).map(({ id, meta }) => `${id ?? ''} ${meta?.versionId ?? ''}`);
    await hub.stop();
    await hub.start();
    await agree();
    const again = (await offered()).map(({ id, meta }) => `${id ?? ''} ${meta?.versionId ?? ''}`);
    assert.deepEqual(again, before);
    await hub.stop();
    await hub.config.edit(`sites/${RIVERSIDE}.yaml`, (file) => {
      file.setIn(['templates', 'lindqvist', 'blocks', 'day', 'hours'], ['09:00-12:00']);
    });
    await hub.start();
    await eventually('afternoons are closed', async () =>
      (await offered()).every(({ start }) => Number(start.slice(11, 13)) < 12),
    );
    assert.ok((await offered()).length > 0);
  });
});
