/**
 * The hl7v2 kind: a clinic that sends SIU over MLLP and cannot be asked; one that takes requests (SRM); and others that
 * send as real senders do.
 */
import type { Interval } from '../../src/core/instant.ts';
import { calendarAt } from '../../src/settings/template-slots.ts';
import { hl7v2Simulator } from '../../src/simulators/hl7v2/simulator.ts';
import { startSimulator } from '../../src/simulators/kit/start.ts';
import { actor, control, intervalOf, rowsOf, textOf, type Row } from './control.ts';
import type {
  Arrangement,
  SimulatedSite,
  SiteFileOptions,
  SiteTruth,
  Staff,
  StartOptions,
  TrueAppointment,
} from './arrangement.ts';
import { until } from './clock.ts';

const FIRST = 'RAO';
const SECOND = 'ORTIZ';
const RAO = 'npi:1043333339';
const VISIT = 'OFFICE';
const FACILITY = 'PRACTICE';
const mrnOf = (site: string): string => `https://practice.example/${site}/mrn`;
const ZONE = 'America/Chicago';
const MORNINGS = ['09:00-12:00'];
const HOURS = { mon: MORNINGS, tue: MORNINGS, wed: MORNINGS, thu: MORNINGS, fri: MORNINGS };

const SEED = {
  clinic: {
    name: 'Practice',
    timezone: ZONE,
    application: 'PRACTICE_SCHED',
    facility: FACILITY,
    pointOfCare: FACILITY,
    authority: FACILITY,
  },
  practitioners: [
    { id: FIRST, npi: '1043333339', family: 'Rao', given: 'Asha', room: 'R1', hours: HOURS },
    { id: SECOND, family: 'Ortiz', given: 'Ben', room: 'R2', hours: HOURS },
  ],
  rooms: ['R1', 'R2'],
  visitTypes: [{ code: VISIT, text: 'Visit', minutes: 30 }],
  mrnPrefix: 'PR-',
  horizonDays: 4,
};

const STATUS: Readonly<Record<string, TrueAppointment['status']>> = {
  Booked: 'booked',
  Cancelled: 'cancelled',
  Dc: 'cancelled',
  Noshow: 'noshow',
  Deleted: 'entered-in-error',
};

interface Manner {
  /** Of the simulator. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Of the site file, beside the names of the sender. */
  readonly reads?: Readonly<Record<string, unknown>>;
  readonly takesRequests?: boolean;
  /** It has no message for a visit that nobody came to, nor for blocked time. */
  readonly adtOnly?: boolean;
}

/** News that is lost must not keep a booking open here: what the SIU decides has a story of its own. */
const BY_ANSWER = { bookedBy: 'answer', answerWithin_ms: 120_000, showsWithin_s: 5, finds: 'pdq' };

export const hl7v2 = arrangementOf({});

/** Its hours stand in the site file; callers book there by SRM. */
export const takesRequests = arrangementOf({ takesRequests: true, settings: { unknownPatients: 'register' } });

/** Version 2.3 as small systems send it: nothing says what the numbers and the people are. */
export const looseSender = arrangementOf({
  settings: { preset: 'loose' },
  reads: { durationUnitWhenAbsent: 'min', resourceTypes: { P: 'practitioner' } },
});

export const adtAppointments = arrangementOf({
  settings: { preset: 'adt-appointments' },
  reads: { adtAppointments: 'a05-a38' },
  adtOnly: true,
});

function arrangementOf(manner: Manner): Arrangement {
  return {
    kind: 'hl7v2',
    abilities: manner.takesRequests === true ? ['hl7', 'book', 'seek'] : ['hl7'],
    start: (options) => start(options, manner),
    truth,
    siteFile: (options) => siteFile(options, manner),
  };
}

function siteFile(options: SiteFileOptions, manner: Manner): Readonly<Record<string, unknown>> {
  const isShown = (code: string): boolean =>
    options.calendar === undefined || (options.calendar === 'first') === (code === FIRST);
  const block = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: MORNINGS, visitTypes: [VISIT] };
  const people = [
    [FIRST, { practitioner: RAO, name: 'Dr. Asha Rao', location: 'main' }] as const,
    [
      SECOND,
      { practitioner: options.onePerson ? RAO : 'local:ben-ortiz', name: 'Ben Ortiz', location: 'main' },
    ] as const,
  ];
  const takes = manner.takesRequests === true && options.requests !== null;
  return {
    kind: 'hl7v2',
    environment: 'sandbox',
    stage: 'live',
    timeZone: ZONE,
    settings: {
      sendingApplication: 'PRACTICE_SCHED',
      sendingFacility: FACILITY,
      ...manner.reads,
      // Time is hurried on while requests are under way; only cut connections end them.
      ...(takes ? { requests: { ...options.requests, ...BY_ANSWER } } : {}),
    },
    locations: {
      main: { name: 'Practice', codes: [FACILITY] },
      'room-1': { name: 'Room 1', room: true, partOf: 'main', codes: [`${FACILITY}^R1`] },
      'room-2': { name: 'Room 2', room: true, partOf: 'main', codes: [`${FACILITY}^R2`] },
    },
    resources: { practitioners: Object.fromEntries<object>(people.filter(([code]) => isShown(code))) },
    identifiers: { [`${FACILITY}^MR`]: { system: mrnOf(options.site), type: 'site-mrn', useForWriteBack: takes } },
    visitTypes: { [VISIT]: 'visit-30' },
    write: takes ? 'automatic' : 'read-only',
    ...(takes ? { templates: { rao: { practitioner: FIRST, location: 'main', blocks: { mornings: block } } } } : {}),
    poll: { horizon_days: 3 },
  };
}

async function start(options: StartOptions, manner: Manner): Promise<SimulatedSite> {
  const { clock, stateDir, site } = options;
  const seed = { ...SEED, settings: { retryMilliseconds: 5, ...manner.settings } };
  const simulator = await startSimulator(hl7v2Simulator, { site, stateDir, seed, clock });
  options.cleanup.after(() => simulator.stop().catch(() => undefined));
  const { url } = simulator;
  const act = actor(url);
  const { requests } = (await control('GET', `${url}/__sim/state?only=requests`)) as {
    readonly requests: { readonly host: string; readonly port: number };
  };
  return {
    url,
    calendars: [FIRST, SECOND],
    ...(manner.takesRequests === true ? { offered: calendarAt(FIRST, 'main') } : {}),
    visitType: VISIT,
    staff: staffOf(url, manner),
    requests,
    identifiers: [{ system: mrnOf(site), value: 'PR-10001', type: 'site-mrn' }],
    call:
      manner.takesRequests === true ? { place: 'SRM^S01', move: 'SRM^S02', cancel: 'SRM^S04', amend: 'SRM^S03' } : {},
    fetches: () => false,
    truth: () => truth(url),
    everything: async () => {
      const { now: _now, faults: _faults, slots: _slots, ...rest } = await control('GET', `${url}/__sim/state`);
      return rest;
    },
    throttles: [],
    throttled: () => Promise.resolve(0),
    fault: async (switches) => {
      await control('POST', `${url}/__sim/faults`, switches);
    },
    calm: async () => {
      await control('DELETE', `${url}/__sim/faults`);
    },
    connect: async ({ mllp }) => {
      await act('set-target', mllp);
    },
    quiet: () => until(async () => isQuiet(await control('GET', `${url}/__sim/state?only=queue,answered`))),
    stop: () => simulator.stop(),
  };
}

/** Nothing waits to be sent, and no request to be decided. */
function isQuiet(state: Row): boolean {
  return rowsOf(state['queue']).length === 0 && rowsOf(state['answered']).every((one) => one['state'] !== 'waiting');
}

function staffOf(url: string, { adtOnly = false }: Manner): Staff {
  const act = actor(url);
  const renamed = new Map<string, string>();
  const id = (key: string): string => {
    const next = renamed.get(key);
    return next === undefined || next === key ? (key.split('^')[0] ?? key) : id(next);
  };
  const during = ({ start, end }: Interval): Row => ({ start: Number(start), end: Number(end) });
  const beyondAdt = {
    noShow: async (key: string): Promise<void> => {
      await act('no-show', { id: id(key) });
    },
    block: async (calendar: string, window: Interval): Promise<string> =>
      textOf((await act('block', { practitioner: calendar, ...during(window) }))['id']),
    unblock: async (key: string): Promise<void> => {
      await act('unblock', { id: key });
    },
  };
  return {
    book: async ({ calendar, start, visitType = VISIT, person = 1 }) => {
      const visit = await act('book', { practitioner: calendar, visitType, start: Number(start), person });
      return keyOf(visit, FACILITY);
    },
    move: async (key, to) => {
      const moved = await act('move', { id: id(key), start: Number(to) });
      // Where a move makes another visit, whoever knows the first number means that one.
      renamed.set(key, keyOf(moved, FACILITY));
    },
    cancel: async (key) => {
      await act('cancel', { id: id(key), reason: 'PATCAN' });
    },
    ...(adtOnly ? {} : beyondAdt),
  };
}

async function truth(url: string): Promise<SiteTruth> {
  const state = await control('GET', `${url}/__sim/state?only=clinic,appointments,blocks`);
  const { facility } = state['clinic'] as { readonly facility: string };
  return {
    appointments: rowsOf(state['appointments']).map((row) => ({
      key: keyOf(row, facility),
      calendar: textOf(row['practitioner']),
      visitType: textOf(row['visitType']),
      during: intervalOf(row),
      status: STATUS[textOf(row['status'])] ?? 'booked',
      correlation: textOf(row['placerId']) || null,
      comment: textOf(row['note']),
      reason: textOf(row['reason']),
    })),
    removed: [],
    blocks: rowsOf(state['blocks']).map((row) => ({
      key: textOf(row['id']),
      calendar: textOf(row['practitioner']),
      during: intervalOf(row),
    })),
    slots: [],
  };
}

/** SCH-2: the number with the clinic behind it. */
function keyOf(visit: Row, facility: string): string {
  return `${textOf(visit['id'])}^${facility}`;
}
