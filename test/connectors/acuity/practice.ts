/** A practice of the Acuity simulator, run as the separate program that it is, and a connector opened on it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import {
  DAY_MS,
  HOUR_MS,
  instant,
  localDate,
  startOfDay,
  type Instant,
  type Interval,
} from '../../../src/core/instant.ts';
import { createBudgets } from '../../../src/connectors/kit/budget.ts';
import { acuity } from '../../../src/connectors/acuity/index.ts';
import { acuitySettings, type AcuitySettings } from '../../../src/connectors/acuity/settings.ts';
import type { Connector, PlaceOrder, Site, Tools } from '../../../src/connectors/contract.ts';
import type { AcuityCursor } from '../../../src/connectors/acuity/poll.ts';
import type { SiteSettings } from '../../../src/settings/shape.ts';
import { startSimulators } from '../../../src/simulators/supervisor.ts';
import { siteFile } from '../../mappings/acuity-facts.ts';

export const ZONE = 'America/Chicago';
export const KEY = 'sandbox-main-key';
export const FIELD = { booking: 88001, mrn: 88002, born: 88003 } as const;
/** Labels of the account that a site file may give a meaning; the account has one more of its own. */
export const LABEL = { booked: 9001, confirmed: 9002, arrived: 9003, 'checked-in': 9004, fulfilled: 9005 } as const;
export const never = new AbortController().signal;

export interface Cleanup {
  after(work: () => Promise<void> | void): void;
}
type Loose = Readonly<Record<string, unknown>>;

export interface Practice {
  readonly url: string;
  act(action: string, more?: Loose): Promise<Loose>;
  faults(switches: Loose): Promise<void>;
  /** A part of what is true there: `appointments`, `blocks`, `webhooks`, `calls`. */
  truth(part: string): Promise<unknown>;
  appointments(): Promise<readonly Loose[]>;
  blocks(): Promise<readonly Loose[]>;
}

const EVERY_DAY = Object.fromEntries(
  ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, ['09:00-17:00']]),
);

export function seed(settings: Loose = {}): Loose {
  return {
    account: { id: 10101, name: 'Test practice', email: 'office@example.org', timezone: ZONE },
    users: [{ id: 10101, apiKey: KEY, admin: true }],
    calendars: [
      { id: 1, name: 'Asha Rao', timezone: ZONE, hours: EVERY_DAY },
      { id: 2, name: 'Ben Ortiz', timezone: 'America/New_York', hours: EVERY_DAY },
    ],
    appointmentTypes: [
      { id: 11, name: 'Visit', type: 'service', duration: 30, calendarIDs: [1, 2], formIDs: [501] },
      { id: 12, name: 'Group', type: 'class', duration: 60, classSize: 2, calendarIDs: [1] },
    ],
    classes: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((weekday) => {
      return { appointmentTypeID: 12, calendarID: 1, weekday, time: '18:00' };
    }),
    forms: [{ id: 501, name: 'Hub', fields: Object.entries(FIELD).map(([name, id]) => ({ id, name })) }],
    labels: [...Object.entries(LABEL), ['vip', 9099]].map(([name, id]) => ({ id, name, color: '#888888' })),
    horizonDays: 10,
    settings: { requestsPerSecond: 1000, concurrentRequests: 100, ...settings },
  };
}

export async function startPractice(t: Cleanup, settings: Loose = {}): Promise<Practice> {
  const folder = mkdtempSync(join(tmpdir(), 'slotwire-acuity-'));
  const seedFile = join(folder, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(seed(settings)));
  const [running] = await startSimulators([{ site: 'north', kind: 'acuity', seedFile, stateDir: join(folder, 'sim') }]);
  assert.ok(running !== undefined);
  t.after(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { url } = running;
  const ask = async (path: string, body?: Loose): Promise<Loose> => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/__sim/${path}`, post);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    return JSON.parse(text) as Loose;
  };
  const truth = async (part: string): Promise<unknown> => (await ask(`state?only=${part}`))[part];
  return {
    url,
    act: (action, more = {}) => ask('act', { action, ...more }),
    faults: async (switches) => {
      await ask('faults', switches);
    },
    truth,
    appointments: async () => (await truth('appointments')) as readonly Loose[],
    blocks: async () => (await truth('blocks')) as readonly Loose[],
  };
}

/** Acuity speaks no HL7 v2. */
export const noHl7: Tools['hl7Sender'] = () => assert.fail('this kind sends no HL7 v2');
/** And knows no access tokens. */
export const noToken: Tools['backendToken'] = () => assert.fail('this kind asks for no token');

export interface Opened {
  readonly site: Site<AcuitySettings>;
  readonly connector: Connector<AcuityCursor>;
}

export function openOn(
  t: Cleanup,
  url: string,
  more: Partial<AcuitySettings> = {},
  webhookUrl: string | null = null,
): Opened {
  const site = siteOn(url, more);
  const connector = acuity.open(site, {
    clock: systemClock,
    budget: createBudgets(systemClock),
    webhookUrl,
    hl7Sender: noHl7,
    backendToken: noToken,
  });
  t.after(() => connector.close());
  return { site, connector };
}

export function siteOn(
  url: string,
  more: Partial<AcuitySettings> = {},
  file: Partial<SiteSettings> = {},
): Site<AcuitySettings> {
  const defaults = Object.entries(acuitySettings.fields).flatMap(([name, field]) =>
    field.default === undefined ? [] : [[name, field.default]],
  );
  const settings = {
    ...(Object.fromEntries(defaults) as unknown as AcuitySettings),
    baseUrl: `${url}/api/v1`,
    userId: '10101',
    apiKey: KEY,
    bookingIdField: FIELD.booking,
    mrnField: FIELD.mrn,
    birthDateField: FIELD.born,
    requestsPerSecond: 1_000,
    reservedForBookings: 1,
    ...more,
  };
  return {
    id: 'north',
    settings,
    file: siteFile({
      timeZone: ZONE,
      settings: { ...settings },
      locations: { east: { name: 'East', timeZone: 'America/New_York', room: false, codes: [] } },
      resources: {
        calendars: { '1': { practitioner: 'npi:1043333339' }, '2': { practitioner: 'local:ben', location: 'east' } },
        practitioners: {},
        devices: {},
      },
      visitTypes: { '11': 'visit-30', '12': 'group-60' },
      poll: {
        every_s: 60,
        overlap_s: 120,
        horizon_days: 10,
        availabilityEvery_s: 600,
        freshFor_s: 600,
        reconcileEvery_min: 0,
      },
      ...file,
    }),
  };
}

/** Midnight to midnight in the zone of calendar 1, `ahead` days from today. */
export function day(ahead: number, days = 1): Interval {
  const midnight = (n: number): Instant => {
    const at = startOfDay(localDate(instant(systemClock.now() + n * DAY_MS), ZONE), ZONE);
    assert.ok(at !== null);
    return at;
  };
  return { start: midnight(ahead), end: midnight(ahead + days) };
}

/**
 * `hour` o'clock of that day. Far enough ahead of a change of the clocks to be a plain addition on all but two days a
 * year.
 */
export function oclock(ahead: number, hour: number): Instant {
  return instant(day(ahead).start + hour * HOUR_MS);
}

export function order(more: Partial<PlaceOrder> = {}): PlaceOrder {
  const start = more.start ?? oclock(2, 10);
  return {
    correlation: 'bk_01JD2',
    calendar: '1',
    visitType: '11',
    start,
    end: instant(start + HOUR_MS / 2),
    patient: {
      identifiers: [{ system: 'urn:slotwire:site:north:mrn', value: 'A-10077', type: 'MR' }],
      family: 'Lee',
      given: 'Noa',
      birthDate: '1980-05-31',
      phone: '5555550188',
      email: 'noa.lee@example.org',
    },
    channel: 'patient',
    ...more,
  };
}
