/**
 * The configuration that is measured: one Acuity account with many calendars and no limit on its calls, or one HL7 v2
 * feed. Everything that is not named here is as the hub has it by default.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ACUITY = {
  site: 'bench-acuity',
  userId: 77001,
  apiKey: 'bench-acuity-key',
  visitType: 7101,
  bookingIdField: 99001,
  zone: 'America/Chicago',
} as const;

export const HL7 = {
  site: 'bench-hl7',
  application: 'BENCH_SCHED',
  facility: 'BENCH',
  zone: 'America/Chicago',
} as const;
export const PRACTITIONERS = 20;

const MANY = 100_000;
/** Longer than any run: what is measured is the webhook, not a poll that came first. */
const NEVER_S = 86_400;
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export interface ClinicSize {
  readonly calendars: number;
  readonly horizon_days: number;
}

export function calendarIds({ calendars }: ClinicSize): number[] {
  return Array.from({ length: calendars }, (_one, index) => 31_001 + index);
}

/** YAML takes JSON as it is. */
async function put(folder: string, file: string, content: unknown): Promise<void> {
  await writeFile(join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
}

export async function writeClinic(configDir: string, acuity: ClinicSize | null): Promise<void> {
  await mkdir(join(configDir, 'sites'), { recursive: true });
  await mkdir(join(configDir, 'sandbox'), { recursive: true });
  await put(configDir, 'hub.yaml', {
    environment: 'sandbox',
    timeZone: ACUITY.zone,
    visitTypes: { 'office-visit-30': { name: 'Office visit, 30 minutes', duration_min: 30 } },
    clients: [],
    simulators:
      acuity === null
        ? { [HL7.site]: { kind: 'hl7v2', seed: 'sandbox/hl7.yaml' } }
        : { [ACUITY.site]: { kind: 'acuity', seed: 'sandbox/acuity.yaml' } },
    limits: { requestsPerClient_per_s: MANY, mllpConnections: 200 },
    booking: { wait_ms: 30_000 },
  });
  await put(configDir, 'subscribers.yaml', { subscribers: [] });
  if (acuity === null) {
    await put(configDir, `sites/${HL7.site}.yaml`, hl7Site());
    await put(configDir, 'sandbox/hl7.yaml', HL7_SEED);
    return;
  }
  await put(configDir, `sites/${ACUITY.site}.yaml`, acuitySite(acuity));
  await put(configDir, 'sandbox/acuity.yaml', acuitySeed(acuity));
}

function acuitySite(size: ClinicSize): unknown {
  const rule = (id: number): unknown => ({
    practitioner: `local:bench-${id}`,
    name: `Practitioner ${id}`,
    location: 'main',
  });
  return {
    kind: 'acuity',
    environment: 'sandbox',
    stage: 'live',
    timeZone: ACUITY.zone,
    settings: {
      baseUrl: '${SANDBOX_BENCH_ACUITY_URL}/api/v1',
      userId: ACUITY.userId,
      apiKey: ACUITY.apiKey,
      webhooks: 'dynamic',
      bookingIdField: ACUITY.bookingIdField,
      requestsPerSecond: MANY,
      reservedForBookings: MANY / 2,
      concurrentRequests: 1000,
      listRows: 10_000,
    },
    locations: { main: { name: 'Bench clinic' } },
    resources: { calendars: Object.fromEntries(calendarIds(size).map((id) => [String(id), rule(id)])) },
    visitTypes: { [String(ACUITY.visitType)]: 'office-visit-30' },
    write: 'automatic',
    poll: { every_s: NEVER_S, horizon_days: size.horizon_days, availabilityEvery_s: NEVER_S, freshFor_s: NEVER_S },
  };
}

/** Open day and night, a visit every half hour: 48 slots a day and calendar. */
function acuitySeed(size: ClinicSize): unknown {
  const hours = Object.fromEntries(WEEK.map((day) => [day, ['00:00-24:00']]));
  return {
    account: { id: ACUITY.userId, name: 'Bench', email: 'office.bench@example.org', timezone: ACUITY.zone },
    users: [{ id: ACUITY.userId, apiKey: ACUITY.apiKey, admin: true }],
    calendars: calendarIds(size).map((id) => ({ id, name: `Practitioner ${id}`, timezone: ACUITY.zone, hours })),
    appointmentTypes: [
      {
        id: ACUITY.visitType,
        name: 'Office visit',
        type: 'service',
        duration: 30,
        startEvery: 30,
        calendarIDs: calendarIds(size),
        formIDs: [901],
      },
    ],
    forms: [{ id: 901, name: 'Hub', fields: [{ id: ACUITY.bookingIdField, name: 'Hub booking' }] }],
    invented: { firstPerson: 0, people: 40, fill: 0.05, daysAhead: 7, daysBack: 0, canceledShare: 0 },
    horizonDays: size.horizon_days + 1,
    settings: { requestsPerSecond: MANY, concurrentRequests: MANY },
  };
}

/** Nobody books there: what the hub hears comes from the bench, which speaks MLLP itself. */
const HL7_SEED = {
  clinic: {
    name: 'Bench',
    timezone: HL7.zone,
    application: HL7.application,
    facility: HL7.facility,
    pointOfCare: 'MAIN',
    authority: 'BENCH',
  },
  practitioners: [{ id: 'P0', family: 'Heart', given: 'Henry', room: 'R1', hours: { mon: ['09:00-10:00'] } }],
  rooms: ['R1'],
  visitTypes: [{ code: 'OFFICE', text: 'Office visit', minutes: 15 }],
} as const;

function hl7Site(): unknown {
  const codes = Array.from({ length: PRACTITIONERS }, (_one, index) => `P${index}`);
  return {
    kind: 'hl7v2',
    environment: 'sandbox',
    stage: 'live',
    timeZone: HL7.zone,
    settings: { sendingApplication: HL7.application, sendingFacility: HL7.facility },
    locations: { main: { name: 'Bench clinic', codes: ['MAIN'] } },
    resources: {
      practitioners: Object.fromEntries(
        codes.map((code) => [
          code,
          { practitioner: `local:bench-${code}`, name: `Practitioner ${code}`, location: 'main' },
        ]),
      ),
    },
    identifiers: { 'BENCH^MR': { system: 'https://bench.example/mrn', type: 'site-mrn' } },
    visitTypes: { OFFICE: 'office-visit-30' },
    write: 'read-only',
  };
}
