/** The hub in this process, with real doors and a real database; its Acuity site answers nobody. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { kinds } from '../../src/connectors/registry.ts';
import { systemClock } from '../../src/core/clock.ts';
import { derivedId, sha256 } from '../../src/core/ids.ts';
import { DAY_MS, formatInstant, plus } from '../../src/core/instant.ts';
import { createTelemetry } from '../../src/core/telemetry.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { startHub, type Hub } from '../../src/hub.ts';
import { createSender } from '../../src/mllp/sender.ts';
import { formatIssue } from '../../src/settings/issue.ts';
import { buildPlan } from '../../src/settings/plan.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { systemScope } from '../../src/store/contract.ts';
import { openedStore, type Opened } from '../store/opened.ts';
import type { Cleanup } from '../support/database.ts';
import { storedBooking } from '../support/stored-booking.ts';
import { eventually } from '../support/wait.ts';

const SCOPE = systemScope('test');
const HUB = `environment: test
timeZone: UTC
visitTypes: { therapy-50: { name: Therapy, duration_min: 50 }, check-30: { name: Check, duration_min: 30 } }
clients: [{ id: tester, token: '\${TOKEN}', role: admin, sites: '*' }]
`;
const ACUITY = (stage: string): string => `kind: acuity
environment: test
stage: ${stage}
timeZone: UTC
settings: { baseUrl: 'http://127.0.0.1:9/api/v1', userId: '1', apiKey: '\${KEY}', webhooks: static }
locations: { clinic: { name: Clinic } }
resources: { calendars: { 310: { practitioner: 'npi:1043333339', location: clinic } } }
visitTypes: { 5512: therapy-50 }
write: automatic
`;
const FEED = `kind: hl7v2
environment: test
stage: live
timeZone: UTC
settings: { sendingApplication: SCHED, sendingFacility: FEED }
locations: { hall: { name: Hall, codes: [HALL] } }
resources: { practitioners: { ADA: { practitioner: 'npi:1043333339' } } }
unknownIdentifiers: local-only
visitTypes: { CHECK: check-30 }
write: read-only
`;
const TOMORROW_NINE = plus(systemClock.now(), 2 * DAY_MS);

async function planOf(t: Cleanup, sites: Readonly<Record<string, string>>): Promise<Plan> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-engine-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'sites'));
  await writeFile(join(folder, 'hub.yaml'), HUB);
  for (const [id, text] of Object.entries(sites)) await writeFile(join(folder, 'sites', `${id}.yaml`), text);
  const settings = new Map([...kinds].map(([name, kind]) => [name, kind.settings]));
  const { plan, issues } = await buildPlan({
    configDir: folder,
    variables: { TOKEN: 'a-token-0123456789abcdef', KEY: 'a-key-of-nobody' },
    kinds: settings,
  });
  assert.ok(plan !== null, issues.map(formatIssue).join('\n'));
  return plan;
}

async function started(t: Cleanup, opened: Opened, plan: Plan): Promise<Hub> {
  const hub = await startHub({
    plan,
    store: { ...opened.store, close: () => Promise.resolve() },
    clock: systemClock,
    telemetry: createTelemetry({ level: 'silent', write: () => undefined }),
    host: '127.0.0.1',
    httpPort: 0,
    mllpPort: 0,
    version: 'test',
    preview: () => Promise.reject(new Error('not asked for')),
  });
  t.after(() => hub.stop(2_000));
  return hub;
}

/** A visit as Acuity would send it, stored as if it had been fetched. */
async function fetched(opened: Opened, id: number, canceled = false): Promise<number> {
  const body = {
    id,
    datetime: formatInstant(TOMORROW_NINE),
    duration: '50',
    calendarID: 310,
    appointmentTypeID: 5512,
    type: 'Therapy',
    firstName: 'Ana',
    lastName: 'Lopez',
    phone: '',
    email: 'ana@example.org',
    canceled,
    forms: [],
  };
  const text = JSON.stringify(body);
  const [stored] = await opened.write((tx) => {
    const now = systemClock.now();
    return tx.inbox.insert(
      'clinic-acuity',
      'fetch',
      [
        {
          shape: 'state',
          kind: canceled ? 'appointment-canceled' : 'appointment',
          object: `appointment:${id}`,
          digest: sha256(text),
          readAt: now,
          sequenceKeys: [`appointment:${id}`],
          contentType: 'application/json',
          body: Buffer.from(text),
        },
      ],
      now,
      null,
    );
  });
  return stored?.id ?? 0;
}

function applied(opened: Opened, id: number): Promise<unknown> {
  return eventually('the message is applied', async () => {
    const message = await opened.store.read(SCOPE, (tx) => tx.inbox.get(id));
    assert.notEqual(message?.status, 'parked', message?.reason ?? '');
    return message?.status === 'applied';
  });
}

function siu(key: string, trigger = 'S12'): Buffer {
  const stamp = (at: number): string => new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return Buffer.from(
    [
      `MSH|^~\\&|SCHED|FEED|HUB|HUB|${stamp(systemClock.now())}||SIU^${trigger}|${key}-${trigger}|T|2.5.1`,
      `SCH|${key}|${key}|||||CHECK^Check||30|min|^^30^${stamp(TOMORROW_NINE)}`,
      `PID|1||77^^^FEED^MR||Lopez^Ana`,
      'RGS|1',
      `AIS|1||CHECK^Check|${stamp(TOMORROW_NINE)}|||30|min`,
      'AIP|1||ADA^Shared^Ada',
      'AIL|1||HALL',
      '',
    ].join('\r'),
  );
}

describe('the hub', () => {
  it('acknowledges a message when it is stored, and shows what it says', async (t) => {
    const opened = await openedStore(t);
    const hub = await started(t, opened, await planOf(t, { feed: FEED }));
    const sender = createSender({ ...hub.mllp, clock: systemClock, connect_ms: 5_000, ack_ms: 10_000 });
    t.after(() => sender.close());
    const outcome = await sender.send(siu('A1'));
    assert.equal(outcome.kind, 'accepted');
    const slots = await eventually('the visit is there', async () => {
      const { rows } = await opened.pool.query<{ status: string }>(`SELECT status FROM slot WHERE site = 'feed'`);
      return rows.length === 0 ? null : rows;
    });
    assert.deepEqual(slots, [{ status: 'busy' }]);
  });

  it('applies what a suspended site said before, and makes no open time of it', async (t) => {
    const opened = await openedStore(t);
    const first = await fetched(opened, 1);
    await started(t, opened, await planOf(t, { 'clinic-acuity': ACUITY('suspended') }));
    await applied(opened, first);
    await applied(opened, await fetched(opened, 1, true));
    const { rows } = await opened.pool.query('SELECT site_key, status FROM slot');
    assert.deepEqual(rows, [], 'the site publishes its own slots, and has published none');
  });

  it('with a plan that lacks a site withdraws what it offered, and offers it again when it is back', async (t) => {
    const opened = await openedStore(t);
    const both = await planOf(t, { 'clinic-acuity': ACUITY('live'), feed: FEED });
    const one = await planOf(t, { feed: FEED });
    const hub = await started(t, opened, both);
    const slot = derivedId('test', 'slot');
    await opened.write(async (tx) => {
      const during = { start: TOMORROW_NINE, end: plus(TOMORROW_NINE, 3_000_000) };
      const scheduleId = canonicalId.schedule('clinic-acuity', '310');
      const now = systemClock.now();
      await tx.resources.putSlots(
        [
          {
            id: slot,
            site: 'clinic-acuity',
            siteKey: 'k',
            scheduleId,
            localVisitType: '5512',
            visitType: 'therapy-50',
            specialty: null,
            locationId: null,
            during,
            siteStatus: 'free',
            capacity: 1,
            seatsLeft: null,
            session: null,
            security: [],
            resource: {
              resourceType: 'Slot',
              schedule: { reference: `Schedule/${scheduleId}` },
              status: 'free',
              start: 'x',
              end: 'y',
            },
          },
        ],
        { site: 'clinic-acuity', messageId: null, siteTime: null, now },
      );
    });
    const status = async (): Promise<string | undefined> =>
      (await opened.store.read(SCOPE, (tx) => tx.resources.slot(slot)))?.status;
    assert.equal(await status(), 'free');
    await hub.apply(one);
    assert.equal(await status(), 'busy-unavailable');
    assert.deepEqual(
      hub.plan().sites.map((site) => site.id),
      ['feed'],
    );
    await hub.apply(both);
    assert.equal(await status(), 'free');
    await hub.apply(await planOf(t, { 'clinic-acuity': ACUITY('suspended'), feed: FEED }));
    assert.equal(await status(), 'busy-unavailable');
  });

  it('keeps its plan when a site of the next one cannot be opened', async (t) => {
    const opened = await openedStore(t);
    const plan = await planOf(t, { feed: FEED });
    const hub = await started(t, opened, plan);
    const broken = { ...plan, sites: plan.sites.map((site) => ({ ...site, kind: 'no-such-kind' })) };
    await assert.rejects(hub.apply(broken));
    assert.equal(hub.plan(), plan);
    const sender = createSender({ ...hub.mllp, clock: systemClock, connect_ms: 5_000, ack_ms: 10_000 });
    t.after(() => sender.close());
    assert.equal((await sender.send(siu('A2'))).kind, 'accepted');
  });

  it('parks the open bookings of a site whose file was taken away while it was down', async (t) => {
    const opened = await openedStore(t);
    const both = await planOf(t, { 'clinic-acuity': ACUITY('live'), feed: FEED });
    const first = await started(t, opened, both);
    await first.stop(2_000);
    const now = systemClock.now();
    const deadlineAt = plus(now, 600_000);
    const booking = storedBooking(now, { site: 'clinic-acuity', state: 'sent', deadlineAt });
    await opened.write((tx) => tx.bookings.insert(booking));
    await started(t, opened, await planOf(t, { feed: FEED }));
    const after = await opened.store.read(SCOPE, (tx) => tx.bookings.get(booking.id));
    assert.equal(after?.state, 'parked');
  });
});
