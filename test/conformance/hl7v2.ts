/** The hl7v2 kind: a clinic that sends SIU over MLLP and cannot be asked. */
import type { Interval } from '../../src/core/instant.ts';
import { hl7v2Simulator } from '../../src/simulators/hl7v2/simulator.ts';
import { startSimulator } from '../../src/simulators/kit/start.ts';
import { actor, control, intervalOf, rowsOf, textOf, type Row } from './control.ts';
import type { Arrangement, SimulatedSite, SiteTruth, Staff, StartOptions, TrueAppointment } from './arrangement.ts';
import { until } from './clock.ts';

const FIRST = 'RAO';
const SECOND = 'ORTIZ';
const RAO = 'npi:1043333339';
const VISIT = 'OFFICE';
const FACILITY = 'PRACTICE';
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
  settings: { retryMilliseconds: 5 },
  horizonDays: 4,
};

const STATUS: Readonly<Record<string, TrueAppointment['status']>> = {
  Booked: 'booked',
  Cancelled: 'cancelled',
  Noshow: 'noshow',
  Deleted: 'entered-in-error',
};

export const hl7v2: Arrangement = {
  kind: 'hl7v2',
  abilities: ['hl7'],
  start,
  truth,
  siteFile: (options) => ({
    kind: 'hl7v2',
    environment: 'sandbox',
    stage: 'live',
    timeZone: ZONE,
    settings: { sendingApplication: 'PRACTICE_SCHED', sendingFacility: FACILITY },
    locations: {
      main: { name: 'Practice', codes: [FACILITY] },
      'room-1': { name: 'Room 1', room: true, partOf: 'main', codes: [`${FACILITY}^R1`] },
      'room-2': { name: 'Room 2', room: true, partOf: 'main', codes: [`${FACILITY}^R2`] },
    },
    resources: {
      practitioners: Object.fromEntries<object>(
        [
          [FIRST, { practitioner: RAO, name: 'Dr. Asha Rao', location: 'main' }] as const,
          [
            SECOND,
            { practitioner: options.onePerson ? RAO : 'local:ben-ortiz', name: 'Ben Ortiz', location: 'main' },
          ] as const,
        ].filter(([code]) => options.calendar === undefined || (options.calendar === 'first') === (code === FIRST)),
      ),
    },
    identifiers: { [`${FACILITY}^MR`]: { system: 'https://practice.example/mrn', type: 'site-mrn' } },
    visitTypes: { [VISIT]: 'visit-30' },
    write: 'read-only',
  }),
};

async function start(options: StartOptions): Promise<SimulatedSite> {
  const { clock, stateDir, site } = options;
  const simulator = await startSimulator(hl7v2Simulator, { site, stateDir, seed: SEED, clock });
  options.cleanup.after(() => simulator.stop().catch(() => undefined));
  const { url } = simulator;
  const act = actor(url);
  return {
    url,
    calendars: [FIRST, SECOND],
    visitType: VISIT,
    staff: staffOf(url),
    call: {},
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
    quiet: () =>
      until(async () => rowsOf((await control('GET', `${url}/__sim/state?only=queue`))['queue']).length === 0),
    stop: () => simulator.stop(),
  };
}

function staffOf(url: string): Staff {
  const act = actor(url);
  const id = (key: string): string => key.split('^')[0] ?? key;
  const during = ({ start, end }: Interval): Row => ({ start: Number(start), end: Number(end) });
  return {
    book: async ({ calendar, start, visitType = VISIT, person = 1 }) => {
      const visit = await act('book', { practitioner: calendar, visitType, start: Number(start), person });
      return keyOf(visit, FACILITY);
    },
    move: async (key, to) => {
      await act('move', { id: id(key), start: Number(to) });
    },
    cancel: async (key) => {
      await act('cancel', { id: id(key), reason: 'PATCAN' });
    },
    noShow: async (key) => {
      await act('no-show', { id: id(key) });
    },
    block: async (calendar, window) =>
      textOf((await act('block', { practitioner: calendar, ...during(window) }))['id']),
    unblock: async (key) => {
      await act('unblock', { id: key });
    },
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
      correlation: null,
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
