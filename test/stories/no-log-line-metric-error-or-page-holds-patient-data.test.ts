import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, formatInstant, HOUR_MS, instant, plus } from '../../src/core/instant.ts';
import type { Appointment, Patient } from '../../src/fhir/types.ts';
import { actor } from '../conformance/control.ts';
import { bookedIn, bookBody, callerOf, freeSlots, type Answer } from '../support/caller.ts';
import { INTAKE, MIDTOWN, ORTIZ, RIVERSIDE } from '../support/config-folder.ts';
import { sendFrame, siu } from '../support/frames.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

/** Nobody else's: wherever one of these shows, it came from the people below. */
const SECRETS = [
  'Zwetschgenbaum',
  'Quirinalda',
  'Uxbridgewater',
  'Philomelius',
  'Kvothington',
  'Wilhelmarius',
  '3125550961',
  '5550962',
  '5550963',
  '5550964',
  'quirinalda.z',
  '1937-03-09',
  '19370309',
  '19411130',
  '1941-11-30',
  'MRN-77431',
  'MT-77432',
  'RS-77433',
  'GARDENIA LANE',
  'confidential-remark',
  'private-reason',
];

/** The site's own number of a patient orders messages and lies in the queues as it is. */
const SITE_NUMBER = 'RS-77433';

/** Reasons and remarks are part of the visit, shown to who may see it; they are nowhere else. */
function isOfAPerson(secret: string): boolean {
  return !secret.endsWith('-remark') && !secret.endsWith('-reason');
}

const hub = await startHub(
  { after },
  {
    database: 'embedded',
    sites: [MIDTOWN, RIVERSIDE],
    environment: { LOG_LEVEL: 'debug' },
  },
);
const caller = callerOf(hub);
const admin = callerOf(hub, 'admin');
const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
/** Everything that callers were told when they were refused. */
const refusals: Answer[] = [];
const acknowledgements: string[] = [];

function leaks(text: string | Buffer): readonly string[] {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text);
  return SECRETS.filter((secret) => bytes.includes(secret) || bytes.includes(Buffer.from(secret, 'utf16le')));
}

const send = async (text: string): Promise<unknown> => acknowledgements.push(await sendFrame(hub, text));

function visit(controlId: string, lines: readonly string[], sender?: string): string {
  const reason = 'CHECKUP^private-reason';
  const start = plus(base, 26 * HOUR_MS);
  return siu({ controlId, start, lines, reason, ...(sender === undefined ? {} : { sender }) });
}

async function booksAndMistakes(): Promise<void> {
  const mine = (await caller.search<Patient>('Patient?_count=500')).find(
    (one) => one.name?.[0]?.family === 'Zwetschgenbaum',
  );
  assert.ok(mine?.id !== undefined, 'her record is there');
  // The last ones: staff have booked her in the first days, and nobody is at two visits at once.
  const slots = (await freeSlots(caller, MIDTOWN, 'therapy-50')).toReversed();
  const booked = bookedIn(
    await caller.settled(await caller.book({ slot: slots[0]!, patientId: mine.id, comment: 'confidential-remark' })),
  );
  const named = { ...mine, id: 'x', identifier: [{ system: 'https://other.example', value: 'MRN-77431' }] };
  const body = bookBody({ slot: slots[2]!, patientId: mine.id }) as { parameter: readonly object[] };
  const place = (parameter: readonly unknown[]): Promise<Answer> =>
    caller.ask('/fhir/R4/Appointment/$book', { method: 'POST', body: { resourceType: 'Parameters', parameter } });
  refusals.push(
    await caller.book({ slot: slots[0]!, patientId: mine.id }),
    await place([...body.parameter, { name: 'patient-resource', resource: named }, { name: 'Zwetschgenbaum' }]),
    await place([
      {
        name: 'appointment-resource',
        resource: { resourceType: 'Appointment', status: 'Quirinalda', participant: [] },
      },
    ]),
    await place([
      { name: 'appointment-resource', resource: { resourceType: 'Zwetschgenbaum', Quirinalda: '1937-03-09' } },
    ]),
    await caller.ask('/fhir/R4/Appointment/$book', {
      method: 'POST',
      body: '{"name": "Zwetschgenbaum", "born": 1937-03-09 Quirinalda',
    }),
    await caller.ask('/fhir/R4/Patient?identifier=https://other.example%7CMRN-77431&mothersMaidenName=Zwetschgenbaum', {
      headers: { prefer: 'handling=strict' },
    }),
    await caller.ask('/fhir/R4/Patient?birthdate=1937-03-09&family=Zwetschgenbaum&_elements=Quirinalda', {
      headers: { prefer: 'handling=strict' },
    }),
    await caller.ask('/fhir/R4/Patient?birthdate=09.03.1937&family=Zwetschgenbaum'),
    await caller.ask('/fhir/R4/Patient/$match', {
      method: 'POST',
      body: { resourceType: 'Patient', name: 'Zwetschgenbaum', Quirinalda: '1937-03-09' },
    }),
    await caller.ask('/fhir/R4/Patient/$ihe-pix?sourceIdentifier=https://other.example%7CMRN-77431'),
    await caller.ask('/fhir/R4/Patient/Zwetschgenbaum'),
    await caller.ask('/fhir/R4/Zwetschgenbaum/3125550961'),
    await caller.ask('/intake/Zwetschgenbaum', { method: 'POST', body: 'Quirinalda' }),
    await caller.ask(`/fhir/R4/Appointment/${booked.id ?? ''}`, {
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/Zwetschgenbaum', value: 'Quirinalda' }],
    }),
  );
  refusals.push(...(await mistakenWebhooks()));
}

async function mistakenWebhooks(): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const body of [
    'action=changed&id=Zwetschgenbaum',
    'action=Quirinalda&id=0',
    'firstName=Quirinalda&phone=3125550961',
  ]) {
    const signature = createHmac('sha256', 'sandbox-midtown-key').update(body).digest('base64');
    const form = { method: 'POST', contentType: 'application/x-www-form-urlencoded', body };
    answers.push(await caller.ask(`/intake/${MIDTOWN}`, { ...form, headers: { 'x-acuity-signature': signature } }));
    answers.push(await caller.ask(`/intake/${MIDTOWN}`, form));
  }
  return answers;
}

/** Some are applied, some parked, some refused: people are in all of them. */
async function frames(): Promise<void> {
  const pid = (authority: string): string =>
    [
      `PID|1||RS-77433^^^${authority}^MR||Uxbridgewater^Philomelius||19411130|M|||`,
      '9 GARDENIA LANE^^CHICAGO^IL||^PRN^PH^^1^312^5550962',
    ].join('');
  const rgs = ['RGS|1|A', 'AIS|1|A|OFFICE', 'AIP|1|A|RAO^Rao^Asha'];
  await send(visit('s1', [pid('RIVERSIDE'), ...rgs]));
  await send(visit('s2', [pid('UNKNOWN_AUTHORITY'), ...rgs]));
  await send(visit('s3', [pid('RIVERSIDE'), 'NTE|1||confidential-remark', 'RGS|1|A', 'AIP|1|A|HARTWELL^Hartwell^Ann']));
  await send(visit('s4', [pid('RIVERSIDE'), ...rgs]).replace(/\^\^M30\^\d+/, '^^M30^Zwetschgenbaum'));
  await send(visit('s5', [pid('RIVERSIDE'), ...rgs], 'OTHER_SCHED|ELSEWHERE'));
  await send(visit('s6', [pid('RIVERSIDE')]).replace('SIU^S12^SIU_S12', 'ZZZ^Z99'));
  await send(`PID|1||RS-77433||Uxbridgewater^Philomelius||19411130\nno header at all`);
  const act = actor(hub.simulator(RIVERSIDE));
  const patient = {
    family: 'Kvothington',
    given: 'Wilhelmarius',
    birthDate: '1941-11-30',
    sex: 'M',
    phone: '3125550964',
    email: 'quirinalda.z@example.org',
  };
  await act('book', {
    practitioner: 'LINDQVIST',
    start: Number(plus(base, 30 * HOUR_MS)),
    patient,
    mrn: 'RS-77433',
    note: 'confidential-remark',
    reason: 'private-reason',
  });
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('no log line, metric, error or page holds patient data', () => {
  test('what is fed: webhooks, frames, bookings, and every kind of mistake', { timeout: 200_000 }, async () => {
    await practiceOf(hub, MIDTOWN).act('book', {
      calendarID: Number(ORTIZ),
      appointmentTypeID: Number(INTAKE.midtown),
      datetime: formatInstant(plus(base, 5 * HOUR_MS)),
      firstName: 'Quirinalda',
      lastName: 'Zwetschgenbaum',
      email: 'quirinalda.z@example.org',
      phone: '3125550961',
      notes: 'confidential-remark',
      fields: [
        { id: 88002, value: 'MT-77432' },
        { id: 88003, value: '1937-03-09' },
      ],
    });
    await eventually('she is known', async () =>
      (await caller.search<Patient>('Patient?_count=500')).some((one) => one.name?.[0]?.family === 'Zwetschgenbaum'),
    );
    await booksAndMistakes();
    await frames();
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    const { rows } = await hub.query(`SELECT count(*) FROM inbox WHERE status = 'parked'`);
    assert.ok(Number(rows[0]?.['count']) >= 2, 'some messages are parked');
    assert.ok(
      refusals.every((answer) => answer.status >= 400),
      refusals.map((answer) => answer.status).join(' '),
    );
    const known = await caller.search<Patient>('Patient?_count=500');
    assert.ok(
      known.some((one) => one.name?.[0]?.family === 'Uxbridgewater'),
      'the API tells who may know',
    );
  });

  test('errors', () => {
    for (const answer of refusals)
      assert.deepEqual(leaks(answer.text + JSON.stringify([...answer.headers])), [], answer.text);
    for (const answer of acknowledgements) assert.deepEqual(leaks(answer), [], answer);
  });

  test('the operations pages and their API', async () => {
    const { messages } = JSON.parse((await admin.ask('/ops/api/messages?status=parked')).text) as {
      readonly messages: readonly { readonly id: number }[];
    };
    assert.ok(messages.length >= 2);
    const pages = [
      '/ops',
      '/ops/page.js',
      '/ops/api/sites',
      '/ops/api/plan',
      '/ops/api/messages?limit=200',
      '/ops/api/messages?status=parked',
      ...messages.map(({ id }) => `/ops/api/messages/${id}`),
      '/fhir/R4/Task?_count=100',
      '/readyz',
    ];
    for (const page of pages) {
      const answer = await admin.ask(page);
      assert.equal(answer.status, 200, `${page} ${answer.text}`);
      assert.deepEqual(leaks(answer.text), [], page);
    }
  });

  test('metrics', async () => {
    assert.deepEqual(leaks((await admin.ask('/metrics')).text), []);
  });

  test('an appointment names its patient by reference only', async () => {
    const appointments = await caller.search<Appointment>('Appointment?_count=500');
    assert.deepEqual(leaks(JSON.stringify(appointments)).filter(isOfAPerson), []);
  });

  test('the data folder: database files, their log, everything', async () => {
    await hub.stop();
    const files = await filesBelow(hub.dataDir);
    assert.ok(files.some((file) => file.includes('pg_wal')));
    const found: string[] = [];
    for (const file of files) {
      const shown = leaks(await readFile(file)).filter((secret) => isOfAPerson(secret) && secret !== SITE_NUMBER);
      found.push(...shown.map((secret) => `${secret} in ${file}`));
    }
    assert.deepEqual(found, []);
  });

  test('the log at its most talkative', () => {
    const output = hub.output();
    assert.match(output, /"event":"MessageApplied"/);
    assert.match(output, /"event":"MessageParked"/);
    const lines = output.split('\n').filter((line) => leaks(line).length > 0);
    assert.deepEqual(lines, []);
  });
});
