/**
 * People whom one system of the hub knows, and Riverside does not: looked for there, registered there once, and booked
 * when its news tell under which number; by a record, or by a golden id.
 */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import type { Patient, Slot } from '../../src/fhir/types.ts';
import { control, intervalOf, rowsOf, textOf, type Row } from '../conformance/control.ts';
import { bookedIn, callerOf, freeSlots, type Answer } from '../support/caller.ts';
import { RIVERSIDE, type ConfigFolder } from '../support/config-folder.ts';
import { sendFrame } from '../support/frames.ts';
import { startHub } from '../support/hub.ts';
import { freePort, OFFICE_HOURS, takesRequests, waitsBriefly } from '../support/requesting-site.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

const EAST = 'eastside-hl7';
const EAST_FILE = `kind: hl7v2
environment: sandbox
stage: live
timeZone: America/Chicago
settings: { sendingApplication: EAST_ADT, sendingFacility: EAST }
locations: { main: { name: Eastside, codes: [EAST] } }
identifiers: { 'EAST^MR': { system: 'https://east.example/mrn', type: site-mrn } }
`;

async function asking(config: ConfigFolder): Promise<void> {
  await waitsBriefly(config);
  await takesRequests(config, await freePort(), {
    rao: { practitioner: 'RAO', location: 'main', blocks: OFFICE_HOURS },
  });
  await config.write(`sites/${EAST}.yaml`, EAST_FILE);
  await config.edit(`sites/${RIVERSIDE}.yaml`, (site) => {
    site.setIn(['settings', 'requests', 'finds'], 'pdq');
    site.setIn(['patients'], { whenUnknown: 'search' });
  });
}

const hub = await startHub({ after }, { sites: [RIVERSIDE], configure: asking });
const caller = callerOf(hub);
const site = practiceOf(hub, RIVERSIDE);
const slots = await eventually('times are open', async () => {
  const open = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
  return open.length > 20 && open;
});

interface Person {
  readonly number: string;
  readonly family: string;
  readonly given: string;
  readonly born: string;
  readonly phone: string;
}

function person(n: number, family: string, given: string, born: string): Person {
  return { number: `E${n}`, family, given, born, phone: `937555${String(2_000 + n * 111)}` };
}

/** Told by Eastside; the id of its record. */
async function known({ number, family, given, born, phone }: Person): Promise<string> {
  const mail = `${given}.${family}@example.org`.toLowerCase();
  await sendFrame(
    hub,
    [
      `MSH|^~\\&|EAST_ADT|EAST|SLOTWIRE|HUB|20260301120000||ADT^A28^ADT_A05|${number}|P|2.5.1`,
      'EVN||20260301120000',
      `PID|1||${number}^^^EAST^MR||${family}^${given}||${born.replaceAll('-', '')}|F|||||` +
        `^PRN^PH^^1^${phone.slice(0, 3)}^${phone.slice(3)}~^NET^Internet^${mail}`,
      'PV1|1|N',
      '',
    ].join('\n'),
  );
  const [patient] = await eventually('the person is known', async () => {
    const found = await caller.search<Patient>(`Patient?identifier=https://east.example/mrn|${number}`);
    return found.length > 0 && found;
  });
  const id = patient?.id ?? '';
  await eventually('the person is placed', async () => {
    const { rows } = await hub.query(`SELECT 1 FROM patient_due LIMIT 1`);
    return rows.length === 0;
  });
  return id;
}

const ask = async (slot: Slot, patientId: string): Promise<Answer> =>
  caller.settled(await caller.book({ slot, patientId }));
const registered = async (): Promise<readonly Row[]> => rowsOf((await site.state('registrations'))['registrations']);
const patients = async ({ family }: Person): Promise<readonly Row[]> =>
  rowsOf((await site.state('patients'))['patients']).filter((row) => row['family'] === family);

function notYet(answer: Answer): void {
  assert.equal(answer.status, 422, answer.text);
}

async function bookedSoon(slot: Slot, patientId: string): Promise<void> {
  const answer = await eventually('the visit is booked', async () => {
    const one = await ask(slot, patientId);
    return one.status !== 422 && one;
  });
  bookedIn(answer);
}

/** Whose the visit is at the site. */
async function numberAt(slot: Slot): Promise<string> {
  const all = rowsOf((await site.state('appointments'))['appointments']);
  const visit = all.find((row) => intervalOf(row).start === Date.parse(slot.start) && row['practitioner'] === 'RAO');
  return visit === undefined ? '' : textOf(visit['mrn']);
}

const register = async (): Promise<void> => {
  await hub.config.edit(`sites/${RIVERSIDE}.yaml`, (file) => {
    file.setIn(['settings', 'requests', 'registers'], 'a28');
    file.setIn(['patients'], { whenUnknown: 'register' });
  });
  hub.signal('SIGHUP');
};

describe('somebody whom a site does not know', { concurrency: false }, () => {
  afterEach(async () => {
    await control('DELETE', `${hub.simulator(RIVERSIDE)}/__sim/faults`);
    await site.act('change-settings', { settings: { registrationDelay_ms: 0 } });
  });

  test('is looked for there, and booked when its record is certainly theirs', async () => {
    const ada = person(1, 'Okonkwo', 'Adaeze', '1972-03-04');
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { loseWebhooks: { times: 1 } });
    const { family, given, born: birthDate, phone } = ada;
    const email = 'adaeze.okonkwo@example.org';
    await site.act('book', {
      practitioner: 'LINDQVIST',
      visitType: 'OFFICE',
      start: Date.parse(slots[0]!.start),
      patient: { family, given, birthDate, sex: 'F', phone, email },
    });
    const id = await known(ada);
    notYet(await ask(slots[2]!, id));
    await bookedSoon(slots[2]!, id);
    const [there, ...more] = await patients(ada);
    assert.deepEqual([await numberAt(slots[2]!), more], [textOf(there?.['mrn']), []]);
    assert.deepEqual(await registered(), []);
  });

  test('is registered there, and booked when its news name the number; by golden id as well', async () => {
    await register();
    const berta = person(2, 'Szymanski', 'Berta', '1981-07-19');
    const id = await known(berta);
    await eventually('the site is asked', async () => {
      notYet(await ask(slots[4]!, id));
      return (await registered()).length > 0;
    });
    await bookedSoon(slots[4]!, id);
    const [row, ...others] = await registered();
    const [there, ...more] = await patients(berta);
    assert.deepEqual([await numberAt(slots[4]!), others, more], [textOf(row?.['mrn']), [], []]);
    assert.deepEqual([there?.['birthDate'], there?.['phone']], [berta.born, berta.phone]);
    const [link] = (await hub.query(`SELECT reason, actor FROM identity_decision WHERE other = $1 OR one = $1`, [id]))
      .rows;
    assert.match(String(link?.['reason']), /the id that the hub gave/);
    // The golden record knows both, and a visit is booked by it for the record of Riverside.
    await bookedSoon(slots[6]!, goldenIdOf(id));
    assert.equal(await numberAt(slots[6]!), textOf(there?.['mrn']));
    assert.equal((await registered()).length, 1);
  });

  test('is asked for once where the answer is lost, and fifty times at once by one message', async () => {
    const before = (await registered()).length;
    const clara = person(3, 'Vandermeer', 'Clara', '1965-11-30');
    const id = await known(clara);
    await site.act('change-settings', { settings: { registrationDelay_ms: 3_600_000 } });
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { dropAnswer: { times: 1, match: 'ADT^A28' } });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(slots[8]!, id)));
    answers.forEach(notYet);
    const tasks = await eventually('people are asked', async () => {
      const found = await caller.search<{ id?: string; resourceType: 'Task' }>('Task?status=requested');
      return found.some((task) => JSON.stringify(task).includes(id)) && found;
    });
    assert.match(JSON.stringify(tasks), /its answer is not known. It is not asked again/);
    notYet(await ask(slots[8]!, id));
    assert.equal((await registered()).length, before + 1);
    // It had been done all the same.
    await site.act('advance-clock', { ms: 3_600_000 });
    await bookedSoon(slots[8]!, id);
    assert.equal((await registered()).length, before + 1);
  });

  test('is not sent again after the hub was killed before the answer came', async () => {
    const before = (await registered()).length;
    const dora = person(4, 'Lindholm', 'Dora', '1958-02-13');
    const id = await known(dora);
    await control('POST', `${hub.simulator(RIVERSIDE)}/__sim/faults`, { answerDelayMs: 2_000 });
    const asked = ask(slots[10]!, id).catch(() => null);
    await eventually('it is under way', async () => {
      const { rows } = await hub.query(`SELECT state FROM patient_registration WHERE patient_id = $1`, [id]);
      return rows.length > 0;
    });
    await hub.kill();
    await asked;
    await control('DELETE', `${hub.simulator(RIVERSIDE)}/__sim/faults`);
    await hub.start();
    for (const _time of [1, 2]) await ask(slots[10]!, id);
    assert.ok((await registered()).length <= before + 1);
    const { rows } = await hub.query(`SELECT state FROM patient_registration WHERE patient_id = $1`, [id]);
    assert.deepEqual(rows, [{ state: 'asked' }]);
  });

  test('is left to a person where the record that comes with the id contradicts', async () => {
    const edith = person(5, 'Abernathy', 'Edith', '1990-05-21');
    const id = await known(edith);
    await site.act('change-settings', { settings: { registrationDelay_ms: 3_600_000 } });
    await eventually('the site is asked', async () => {
      notYet(await ask(slots[12]!, id));
      return (await patients(edith)).length > 0;
    });
    const [there] = await patients(edith);
    const other = { family: 'Quartermain', given: 'Wilhelm', birthDate: '1931-12-06', sex: 'M', phone: '2125550199' };
    await site.act('change-patient', { mrn: there?.['mrn'], ...other });
    const { rows } = await eventually('the pair waits for a person', async () => {
      const found = await hub.query(`SELECT why FROM identity_review WHERE lo = $1 OR hi = $1`, [id]);
      return found.rows.length > 0 && found;
    });
    assert.deepEqual(rows, [{ why: 'contradicted' }]);
    notYet(await ask(slots[12]!, id));
    assert.equal(await numberAt(slots[12]!), '');
  });

  test('is nobody by an id that was never given for them', async () => {
    const flora = person(6, 'Castellano', 'Flora', '1977-08-08');
    const id = await known(flora);
    await sendFrame(
      hub,
      [
        'MSH|^~\\&|RIVERSIDE_SCHED|RIVERSIDE|SLOTWIRE|HUB|20260301120000||ADT^A28^ADT_A05|FOREIGN1|P|2.5.1',
        'EVN||20260301120000',
        `PID|1||FX-1^^^RIVERSIDE^MR~${goldenIdOf(id)}^^^SLOTWIRE^PI||HOLLOWAY^GRETA||19500101|F`,
        'PV1|1|N',
        '',
      ].join('\n'),
    );
    const [stranger] = await eventually('the record is known', async () => {
      const found = await caller.search<Patient>('Patient?family=holloway');
      return found.length > 0 && found;
    });
    assert.equal(JSON.stringify(stranger).includes(goldenIdOf(id)), false);
    const { rows } = await hub.query(`SELECT 1 FROM identity_decision WHERE one = $1 OR other = $1`, [id]);
    assert.deepEqual(rows, []);
  });
});
