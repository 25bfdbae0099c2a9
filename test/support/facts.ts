/** Sites, times, people and statements for tests: what a World is made of, and what is told to it. */
import type { Clock } from '../../src/core/clock.ts';
import { instant, MINUTE_MS, plus, type Instant, type Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { AppointmentChange, PatientAssertion, SlotStatement } from '../../src/mappings/contract.ts';
import type { Plan, SiteSettings } from '../../src/settings/shape.ts';
import { systemScope } from '../../src/store/contract.ts';

export const NPI = '1043333339';
/** The practitioner that both calendars of the two sites mean. */
export const SHARED = canonicalId.practitionerByNpi(NPI);
export const SCOPE = systemScope('test');
/** Sunday 2026-11-22 12:00 UTC. */
export const SUNDAY_NOON = instant(Date.UTC(2026, 10, 22, 12));
/** Monday 2026-11-23, all sites in UTC. */
export const MONDAY: Interval = { start: instant(Date.UTC(2026, 10, 23)), end: instant(Date.UTC(2026, 10, 24)) };

export function monday(hour: number, minute = 0): Instant {
  return instant(Date.UTC(2026, 10, 23, hour, minute));
}

export function during(hour: number, minute = 0, minutes = 30): Interval {
  const start = monday(hour, minute);
  return { start, end: plus(start, minutes * MINUTE_MS) };
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** Stands still until it is moved; whoever sleeps wakes when it has moved far enough. */
export function manualClock(start: Instant = SUNDAY_NOON): ManualClock {
  let passed = 0;
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();
  return {
    now: () => plus(start, passed),
    monotonic: () => passed,
    sleep(ms, signal) {
      if (signal?.aborted === true || ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper = {
          due: passed + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    advance(ms) {
      passed += ms;
      for (const sleeper of [...sleepers]) if (sleeper.due <= passed) sleeper.wake();
    },
  };
}

export function siteOf(id: string, more: Partial<SiteSettings> = {}): SiteSettings {
  return {
    id,
    identity: id,
    kind: 'scripted',
    environment: 'sandbox',
    stage: 'live',
    scope: { locations: [], visitTypes: [] },
    timeZone: 'UTC',
    settings: {},
    locations: {},
    resources: { calendars: {}, practitioners: {}, devices: {} },
    identifiers: {},
    unknownIdentifiers: 'local-only',
    visitTypes: {},
    write: 'automatic',
    mirror: [],
    sensitivity: { site: [], departments: {}, visitTypes: {}, codes: {} },
    poll: {
      every_s: 60,
      overlap_s: 60,
      horizon_days: 14,
      availabilityEvery_s: 600,
      freshFor_s: 600,
      reconcileEvery_min: 0,
    },
    ...more,
  };
}

const place = (name: string, room = false): SiteSettings['locations'][string] => ({
  name,
  timeZone: 'UTC',
  room,
  codes: [],
});

export const BOOKING: Plan['hub']['booking'] = {
  wait_ms: 2_000,
  siteTimeout_ms: 1_000,
  holdExpiry_s: 60,
  callerHold_s: 300,
  callerHoldTotal_s: 900,
  callerHoldsPerClient: 50,
  setVisits: 100,
  approvalExpiry_s: 86_400,
  resolveEvery_ms: 5_000,
  resolveFor_s: 3_600,
  queueFor_s: 7_200,
  breakerFailures: 20,
  breakerWithin_s: 60,
  breakerProbe_s: 10,
};

/** `north` and `south` compute slots and share a practitioner; `n2` is another person's calendar; `feed` only sends. */
export function testSites(): readonly [SiteSettings, SiteSettings, SiteSettings] {
  const north = siteOf('north', {
    locations: { 'north-clinic': place('North clinic'), annex: place('Annex') },
    resources: {
      calendars: {
        n1: { practitioner: `npi:${NPI}`, location: 'north-clinic', name: 'Dr Ada Shared' },
        n2: { practitioner: 'local:ben', location: 'north-clinic', name: 'Ben Own' },
      },
      practitioners: {},
      devices: {},
    },
    visitTypes: { t50: 'therapy-50', t30: 'check-30', group: 'group-60' },
  });
  const south = siteOf('south', {
    locations: { 'south-clinic': place('South clinic') },
    resources: {
      calendars: { s1: { practitioner: `npi:${NPI}`, location: 'south-clinic' } },
      practitioners: {},
      devices: {},
    },
    visitTypes: { t50: 'therapy-50' },
  });
  const feed = siteOf('feed', {
    kind: 'feed',
    write: 'read-only',
    locations: { hall: place('Hall'), room1: place('Room 1', true) },
    resources: { calendars: {}, practitioners: { ADA: { practitioner: `npi:${NPI}` } }, devices: {} },
    visitTypes: { CHECK: 'check-30' },
  });
  return [north, south, feed];
}

export function testPlan(sites: readonly SiteSettings[] = testSites(), more: Partial<Plan['hub']> = {}): Plan {
  const type = (name: string, duration_min: number): Plan['hub']['visitTypes'][string] => ({
    name,
    duration_min,
    modality: 'in-person',
    patients: 'any',
  });
  return {
    hub: {
      environment: 'sandbox',
      timeZone: 'UTC',
      clients: [],
      simulators: {},
      mllp: { allow: { addresses: [], certificates: [] } },
      visitTypes: { 'therapy-50': type('Therapy', 50), 'check-30': type('Check', 30), 'group-60': type('Group', 60) },
      limits: {
        httpBody_bytes: 100_000,
        webhookBody_bytes: 10_000,
        frame_bytes: 1_000_000,
        mllpConnections: 4,
        mllpIdle_ms: 60_000,
        mllpMessage_ms: 60_000,
        pageSize: 50,
        pageSizeMax: 100,
        searchRowsExamined: 50_000,
        requestTimeout_ms: 30_000,
        requestsPerClient_per_s: 1000,
        databaseConnections: 10,
        applyBatch: 100,
        applyAttempts: 3,
      },
      booking: BOOKING,
      retention: { inbox_days: 90, history_days: 90, dedupe_days: 14 },
      ...more,
    },
    sites: [...sites].sort((one, other) => (one.id < other.id ? -1 : 1)),
    subscribers: [],
  };
}

// -------------------------------------------------------------------------------------------------------------
// messages

export const ANA: PatientAssertion = {
  key: 'ana',
  identifiers: [{ system: 'urn:mrn', value: 'M-1' }],
  family: 'Lopez',
  given: 'Ana',
  birthDate: '1980-02-03',
  phone: '+1 555 555 0188',
  email: 'ana@example.org',
};
export const BOB: PatientAssertion = { key: 'bob', identifiers: [], family: 'Miller', given: 'Bob' };

/** A visit in a calendar of a site that computes its slots. */
export function visit(
  key: string,
  calendar: string,
  time: Interval,
  more: Partial<AppointmentChange> = {},
): AppointmentChange {
  return {
    kind: 'appointment',
    at: SUNDAY_NOON,
    key,
    identifiers: [],
    status: 'booked',
    during: time,
    visitType: { code: 't50' },
    participants: [{ actor: { kind: 'calendar', code: calendar }, status: 'accepted' }],
    patients: [ANA],
    ...more,
  };
}

/** A visit as a feed states it: a person and a place. */
export function fed(key: string, time: Interval, more: Partial<AppointmentChange> = {}): AppointmentChange {
  return visit(key, '', time, {
    visitType: { code: 'CHECK' },
    participants: [
      {
        actor: { kind: 'practitioner', assertion: { code: 'ADA', family: 'Shared', given: 'Ada' } },
        status: 'accepted',
      },
      { actor: { kind: 'location', code: 'hall' }, status: 'accepted' },
    ],
    ...more,
  });
}

export function slotKey(calendar: string, visitType: string, start: Instant): string {
  return `${calendar}:${visitType}:${start}`;
}

export function offered(
  calendar: string,
  visitType: string,
  time: Interval,
  more: Partial<SlotStatement> = {},
): SlotStatement {
  return { key: slotKey(calendar, visitType, time.start), during: time, status: 'free', ...more };
}
