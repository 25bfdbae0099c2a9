import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { SYSTEMS, type Resource, type Slot } from '../../src/fhir/types.ts';
import {
  at,
  bookedIn,
  callerOf,
  freeSlots,
  idIn,
  patientsOf,
  siteKeyOf,
  siteOf,
  type Conflict,
} from '../support/caller.ts';
import { MIDTOWN, NORTHSIDE, RAO, RIVERSIDE } from '../support/config-folder.ts';
import { sendFrame, siu } from '../support/frames.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { unrest } from '../support/truth.ts';
import { eventuallyNone } from '../support/wait.ts';

const LABEL = '42CFRPart2';
/** All that a Slot says to who may not know what it is for. */
const MASKED = ['end', 'id', 'meta', 'resourceType', 'schedule', 'start', 'status'];

const hub = await startHub(
  { after },
  {
    configure: async (config) => {
      await config.edit(`sites/${RIVERSIDE}.yaml`, (file) =>
        file.setIn(['sensitivity', 'codes', 'VIP'], file.createNode(['R'])),
      );
      await config.edit(`sites/${MIDTOWN}.yaml`, (file) => {
        file.setIn(['sensitivity', 'visitTypes', 'therapy-50'], file.createNode(['R', LABEL]));
      });
    },
  },
);
const cleared = callerOf(hub, 'admin');
const others = [
  ['readonly', callerOf(hub, 'readonly')],
  ['scheduler', callerOf(hub, 'scheduler')],
  ['the site itself', callerOf(hub, MIDTOWN)],
] as const;

const [patientId = ''] = await patientsOf(cleared, MIDTOWN);
const HERS = `schedule.actor:Practitioner.identifier=${SYSTEMS.npi}%7C${RAO.npi}`;
const hers = new Set((await cleared.search<Slot>(`Slot?${HERS}&_count=500`)).map((one) => one.id));
const free = (await freeSlots(cleared, MIDTOWN, 'therapy-50')).filter((one) => hers.has(one.id));
const [slot, open] = [free[0]!, free.at(-1)!];
const visit = bookedIn(
  await cleared.settled(await cleared.book({ slot, patientId, key: 'sensitive', comment: 'hush' })),
);
await eventuallyNone('everything comes to rest', () => unrest(hub));
const key = siteKeyOf(visit, MIDTOWN);
const start = encodeURIComponent(slot.start);

/** What must not show in anything about slots and visits. */
const TELLING = [visit.id ?? '', key, 'therapy-50', '5512', LABEL, 'hush', '"code":"R"'];

function telling(resources: readonly Resource[]): readonly string[] {
  // The catalogue and what a schedule is for at all are no secret; which visit is which is.
  const text = JSON.stringify(resources.filter((one) => ['Slot', 'Appointment'].includes(one.resourceType)));
  return TELLING.filter((word) => text.includes(word));
}

describe('who lacks clearance sees busy and nothing else', () => {
  test('who has it sees the visit with its labels', async () => {
    const [found] = await cleared.search<Slot>(`Slot?_id=${slot.id ?? ''}`);
    assert.ok(JSON.stringify(found?.meta?.security).includes(LABEL));
    assert.equal(found?.status, 'busy');
    assert.equal((await cleared.ask(`/fhir/R4/Appointment/${visit.id ?? ''}`)).status, 200);
  });

  for (const [name, caller] of others) {
    test(`${name}: a slot that is taken and one that is not look the same`, async () => {
      for (const one of [slot, open]) {
        for (const shown of [
          await caller.read<Slot>(`Slot/${one.id ?? ''}`),
          ...(await caller.search<Slot>(`Slot?_id=${one.id ?? ''}`)),
        ]) {
          assert.deepEqual(Object.keys(shown).sort(), MASKED);
          assert.deepEqual(Object.keys(shown.meta ?? {}).sort(), ['lastUpdated', 'versionId']);
          assert.equal(shown.status, 'busy');
        }
      }
    });

    test(`${name}: no search finds it by what it must not know`, async () => {
      for (const query of [
        `Slot?status=free&start=${start}&_count=500`,
        `Slot?service-type=therapy-50&start=${start}&_count=500`,
        `Slot?identifier=urn:slotwire:site:${MIDTOWN}:slot%7C${encodeURIComponent(`84021:5512:${slot.start}`)}`,
        `Appointment?_count=500`,
        `Appointment?_id=${visit.id ?? ''}`,
        `Appointment?slot=Slot/${slot.id ?? ''}`,
        `Appointment?patient=Patient/${patientId}&date=${start}`,
        `Appointment?date=${start}`,
        `Appointment?identifier=urn:slotwire:site:${MIDTOWN}:appointment%7C${key}`,
        `Appointment?service-type=therapy-50&_count=500`,
      ]) {
        const resources = (await caller.page(query)).map((entry) => entry.resource);
        const mine = resources.filter((one) => one.resourceType !== 'OperationOutcome' && siteOf(one) !== NORTHSIDE);
        assert.deepEqual(telling(mine), [], query);
        const named = mine.filter((one) => one.id === slot.id || one.id === visit.id);
        assert.deepEqual(named, [], query);
      }
    });

    test(`${name}: no include brings it, no count counts it`, async () => {
      for (const query of [
        `Slot?_id=${slot.id ?? ''}&_include=Slot:schedule&_revinclude=Appointment:slot`,
        `Patient?_id=${patientId}&_revinclude=Appointment:patient`,
        `Schedule?_id=${idIn(slot.schedule)}&_revinclude=Slot:schedule`,
      ]) {
        const answer = await caller.ask(`/fhir/R4/${query}`);
        if (answer.status !== 200) continue;
        const { entry = [] } = JSON.parse(answer.text) as { entry?: readonly { resource: Resource }[] };
        assert.deepEqual(telling(entry.map((one) => one.resource)), [], query);
        assert.equal(
          entry.some((one) => one.resource.id === visit.id),
          false,
          query,
        );
      }
      const total = async (query: string): Promise<unknown> =>
        (JSON.parse((await caller.ask(`/fhir/R4/${query}&_total=accurate&_summary=count`)).text) as { total?: number })
          .total;
      assert.equal(await total(`Appointment?_id=${visit.id ?? ''}`), 0);
      assert.equal(await total(`Appointment?patient=Patient/${patientId}&date=${start}`), 0);
      assert.equal(await total(`Slot?_id=${open.id ?? ''}&status=free`), 0, 'free is what it must not know');
    });

    test(`${name}: neither it nor a version of it can be read`, async () => {
      for (const path of [
        `Appointment/${visit.id ?? ''}`,
        `Appointment/${visit.id ?? ''}/_history/1`,
        `Appointment/${visit.id ?? ''}/_history`,
        `Slot/${slot.id ?? ''}/_history`,
        `Slot/${slot.id ?? ''}/_history/1`,
      ]) {
        const answer = await caller.ask(`/fhir/R4/${path}`);
        if (answer.status === 200) {
          const slotOrBundle = JSON.parse(answer.text) as Resource;
          assert.equal(path.startsWith('Slot'), true, path);
          assert.deepEqual(telling([slotOrBundle]), [], path);
        } else {
          assert.ok([404, 405, 410, 501].includes(answer.status), `${path} ${answer.status}`);
          assert.equal(answer.text.includes(key), false);
        }
      }
    });
  }

  test('a booking of it is refused as taken, offering nothing that may not be known', async () => {
    const [, scheduler] = others[1];
    for (const one of [slot, open]) {
      const answer = await scheduler.book({ slot: one, patientId });
      assert.equal(answer.status, 409, answer.text);
      const { contained = [] } = JSON.parse(answer.text) as Conflict;
      assert.deepEqual(contained, []);
      assert.deepEqual(
        TELLING.filter((word) => word !== '' && answer.text.includes(word)),
        [],
      );
    }
    const cancel = await scheduler.cancelByPatch(visit.id ?? '');
    assert.equal(cancel.status, 404, cancel.text);
    const there = (await practiceOf(hub, MIDTOWN).state('appointments'))['appointments'];
    const row = (there as readonly Readonly<Record<string, unknown>>[]).find((one) => String(one['id']) === key);
    assert.equal(row?.['status'], 'booked', 'it stands');
  });

  test('her time at the other practice is busy for them, without a word why', async () => {
    for (const [name, caller] of others) {
      if (name === 'the site itself') continue;
      const shown = (await caller.search<Slot>(`Slot?${HERS}&start=${start}&_count=100`)).filter(
        (one) => siteOf(one) === NORTHSIDE,
      );
      assert.ok(shown.length > 0);
      assert.ok(shown.every((one) => one.status === 'busy'));
      assert.deepEqual(
        [visit.id ?? '', key, LABEL, 'hush', MIDTOWN].filter((word) => JSON.stringify(shown).includes(word)),
        [],
      );
    }
  });

  test('a visit that its own site calls confidential is no visit for them', async () => {
    const when = at(open.start);
    const lines = [
      'PID|1||RS-1^^^RIVERSIDE^MR||Doe^Jo',
      `PV1|1|O${'|'.repeat(14)}VIP`,
      'RGS|1|A',
      'AIP|1|A|RAO^Rao^Asha',
    ];
    const answer = await sendFrame(hub, siu({ controlId: 'vip-1', start: when, lines }));
    assert.match(answer, /MSA\|[AC]A\|vip-1/);
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    const identifier = `urn:slotwire:site:${RIVERSIDE}:appointment|F-vip-1^RIVERSIDE`;
    const query = `Appointment?identifier=${encodeURIComponent(identifier)}`;
    assert.equal((await cleared.search(query)).length, 1);
    for (const [name, caller] of others) {
      assert.deepEqual(await caller.search(query), [], name);
      const then = encodeURIComponent(open.start);
      const own = (await caller.search<Slot>(`Slot?start=${then}&_count=100`)).filter(
        (one) => siteOf(one) === RIVERSIDE,
      );
      assert.deepEqual(own, [], 'a slot of it has no site to be seen');
    }
    const elsewhere = await others[0][1].search<Slot>(
      `Slot?${HERS}&start=${encodeURIComponent(open.start)}&_count=100`,
    );
    assert.ok(
      elsewhere.every((one) => one.status === 'busy'),
      'but her time is taken',
    );
  });
});
