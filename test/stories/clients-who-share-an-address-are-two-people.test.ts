/** A parent and two children with one e-mail address and one phone at a practice that knows people by these alone. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import type { Appointment, Patient } from '../../src/fhir/types.ts';
import { rowsOf, textOf, type Row } from '../conformance/control.ts';
import { at, bookedIn, siteKeyOf, siteOf } from '../support/caller.ts';
import { GROUP, MIDTOWN, ORTIZ, THERAPY } from '../support/config-folder.ts';
import { practiceSeenSoon } from '../support/practice-seen-soon.ts';
import { eventually } from '../support/wait.ts';

const { hub, caller, staff, slotsOfOrtiz: his } = await practiceSeenSoon({ after });

const SHARED = { lastName: 'Okoye', phone: '(614) 555-0142', email: 'okoye.family@example.org' };
const FAMILY = ['Dana', 'Remi', 'Zuri'] as const;

async function family(): Promise<ReadonlyMap<string, string>> {
  const found = await caller.search<Patient>('Patient?family=okoye');
  return new Map(found.map((one) => [one.name?.[0]?.given?.[0] ?? '', one.id ?? '']));
}

async function visitsOf(patientId: string): Promise<readonly string[]> {
  const visits = await caller.search<Appointment>(`Appointment?patient=Patient/${patientId}`);
  return visits.map((visit) => siteKeyOf(visit, MIDTOWN)).sort();
}

/** Who the practice has for a visit. */
async function clientOf(key: string): Promise<string> {
  const rows = rowsOf((await staff.state('appointments'))['appointments']);
  return textOf(rows.find((row) => textOf(row['id']) === key)?.['firstName']);
}

const slots = await his();
const byStaff = new Map<string, string>();
for (const [n, firstName] of FAMILY.entries()) {
  const visit: Row = {
    ...SHARED,
    firstName,
    calendarID: Number(ORTIZ),
    appointmentTypeID: Number(THERAPY.midtown),
    datetime: slots[n * 3]?.start,
  };
  byStaff.set(firstName, textOf((await staff.act('book', visit))['id']));
}
const people = await eventually('all three are known', async () => {
  const known = await family();
  return FAMILY.every((name) => known.has(name)) && known;
});
const idOf = (name: string): string => people.get(name) ?? '';

describe('clients who share an e-mail address and a phone', () => {
  test('are people of their own, joined by nothing, each with the visits that are theirs', async () => {
    await eventually('all are compared', async () => {
      const { rows } = await hub.query('SELECT 1 FROM patient_due');
      return rows.length === 0;
    });
    const { rows } = await hub.query(`SELECT patient_id, golden_id FROM patient_link WHERE patient_id = ANY($1)`, [
      [...people.values()],
    ]);
    assert.deepEqual(
      rows.map((row) => row['golden_id']).sort(),
      [...people.values()].map((id) => goldenIdOf(id)).sort(),
      'everybody goes by a golden id of their own',
    );
    for (const name of FAMILY) {
      const patient = await caller.read<Patient>(`Patient/${idOf(name)}`);
      assert.equal(siteOf(patient), MIDTOWN);
      assert.ok((patient.link ?? []).every(({ type }) => type === 'refer'));
      assert.deepEqual(await visitsOf(idOf(name)), [byStaff.get(name)]);
    }
  });

  test('are booked by the hub as who they are, and the visit is shown to nobody else of them', async () => {
    for (const name of FAMILY) {
      const slot = (await his())[1];
      assert.ok(slot !== undefined);
      const booked = bookedIn(await caller.settled(await caller.book({ slot, patientId: idOf(name) })));
      const key = siteKeyOf(booked, MIDTOWN);
      assert.equal(await clientOf(key), name);
      await eventually('it is where it belongs', async () => (await visitsOf(idOf(name))).includes(key));
      for (const other of FAMILY.filter((one) => one !== name)) {
        assert.ok(!(await visitsOf(idOf(other))).includes(key), `${name}, not ${other}`);
      }
    }
  });

  test('in one class at one time, with an answer that is lost, each have a seat of their own', async () => {
    const free = (await his())[8];
    assert.ok(free !== undefined);
    const meeting = { appointmentTypeID: Number(GROUP), calendarID: Number(ORTIZ), datetime: free.start, seats: 2 };
    await staff.act('add-class', meeting);
    const group = await eventually('the class is offered', async () => {
      const offered = await his('group-mindfulness');
      return offered.find((slot) => at(slot.start) === at(free.start)) ?? null;
    });
    const first = bookedIn(await caller.settled(await caller.book({ slot: group, patientId: idOf('Remi') })));
    await staff.fault({ dropAnswer: { times: 1, match: 'POST /api/v1/appointments' } });
    const lost = await caller.book({ slot: group, patientId: idOf('Zuri') });
    const second = bookedIn(await caller.settled(lost));
    const [one, other] = [first, second].map((visit) => siteKeyOf(visit, MIDTOWN)) as [string, string];
    assert.notEqual(one, other);
    assert.deepEqual([await clientOf(one), await clientOf(other)], ['Remi', 'Zuri']);
    assert.ok((await visitsOf(idOf('Zuri'))).includes(other));
    assert.ok(!(await visitsOf(idOf('Zuri'))).includes(one));
    // Nobody new has come of it.
    assert.deepEqual([...(await family()).values()].sort(), [...people.values()].sort());
  });
});
