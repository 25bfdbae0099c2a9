/**
 * The acuity kind: a practice of two calendars on its simulator, in this process, so that both share the rig's clock.
 */
import { instant } from '../../src/core/instant.ts';
import { acuitySimulator } from '../../src/simulators/acuity/simulator.ts';
import { startSimulator } from '../../src/simulators/kit/start.ts';
import { actor, control, intervalOf, rowsOf, textOf, type Row } from './control.ts';
import type { Arrangement, SimulatedSite, SiteTruth, Staff, StartOptions } from './arrangement.ts';
import { until } from './clock.ts';

const FIRST = '101';
const SECOND = '102';
const RAO = 'npi:1043333339';
const VISIT = '11';
const LONG = '12';
const GROUP = '13';
/** As in the sandbox, whose truth is read by `truth` as well. */
const LABELS = { booked: 7, confirmed: 3, arrived: 4, 'checked-in': 5, fulfilled: 6 };
const KEY = 'conformance-key';
const FIELDS = { booking: 88001, mrn: 88002, birthDate: 88003 };
const ZONE = 'America/Chicago';
const MORNINGS = ['09:00-12:00'];
const HOURS = { mon: MORNINGS, tue: MORNINGS, wed: MORNINGS, thu: MORNINGS, fri: MORNINGS };

const SEED = {
  account: { id: 10101, name: 'Practice', email: 'office@example.org', timezone: ZONE },
  users: [{ id: 10101, apiKey: KEY, admin: true }],
  calendars: [
    { id: Number(FIRST), name: 'Dr. Asha Rao', timezone: ZONE, hours: HOURS },
    { id: Number(SECOND), name: 'Ben Ortiz', timezone: ZONE, hours: HOURS },
  ],
  appointmentTypes: [
    { id: 11, name: 'Visit', type: 'service', duration: 30, calendarIDs: [101, 102], formIDs: [501] },
    {
      id: 12,
      name: 'Long visit',
      type: 'service',
      duration: 60,
      calendarIDs: [101],
      formIDs: [501],
      paddingBefore: 10,
      paddingAfter: 15,
    },
    { id: 13, name: 'Group', type: 'class', duration: 60, classSize: 2, calendarIDs: [102], formIDs: [501] },
  ],
  forms: [
    {
      id: 501,
      name: 'Hub',
      fields: [
        { id: FIELDS.booking, name: 'Hub booking' },
        { id: FIELDS.mrn, name: 'MRN' },
        { id: FIELDS.birthDate, name: 'Birth date' },
      ],
    },
  ],
  labels: Object.entries(LABELS).map(([name, id]) => ({ id, name, color: '#888888' })),
  horizonDays: 4,
};

export const acuity: Arrangement = {
  kind: 'acuity',
  abilities: ['poll', 'webhook', 'fetch', 'load', 'availability', 'book', 'block'],
  start,
  truth,
  siteFile: (options) => ({
    kind: 'acuity',
    environment: 'sandbox',
    stage: 'live',
    timeZone: ZONE,
    settings: {
      baseUrl: `${options.address}/api/v1`,
      userId: '10101',
      apiKey: options.wrongLogin ? 'not-the-key-of-the-site' : KEY,
      webhooks: 'dynamic',
      mrnField: FIELDS.mrn,
      birthDateField: FIELDS.birthDate,
      ...(options.correlation ? { bookingIdField: FIELDS.booking } : {}),
      ...(options.limits ? {} : { requestsPerSecond: 100_000, concurrentRequests: 10_000 }),
      ...(options.rowsPerPage === undefined ? {} : { listRows: options.rowsPerPage }),
      labels: LABELS,
      comments: true,
      // Time is hurried on while calls are under way; only cut connections end them.
      timeout_ms: 120_000,
      loadBeyond_days: 28,
    },
    locations: { north: { name: 'North' } },
    resources: {
      calendars: Object.fromEntries<object>(
        [
          [FIRST, { practitioner: RAO, name: 'Dr. Asha Rao', location: 'north' }] as const,
          [
            SECOND,
            { practitioner: options.onePerson ? RAO : 'local:ben-ortiz', name: 'Ben Ortiz', location: 'north' },
          ] as const,
        ].filter(([id]) => options.calendar === undefined || (options.calendar === 'first') === (id === FIRST)),
      ),
    },
    // Each site numbers its people by itself.
    identifiers: {
      mrn: { system: `https://practice.example/${options.site}/mrn`, type: 'site-mrn', useForWriteBack: true },
    },
    visitTypes: { [VISIT]: 'visit-30', [LONG]: 'long-60', [GROUP]: 'group-60' },
    write: 'automatic',
    ...(options.mirrorTo.length === 0 ? {} : { mirror: { to: options.mirrorTo, as: 'block' } }),
    poll: {
      every_s: 30,
      overlap_s: 120,
      horizon_days: 3,
      availabilityEvery_s: 300,
      freshFor_s: 600,
      reconcileEvery_min: 0,
    },
  }),
};

async function start(options: StartOptions): Promise<SimulatedSite> {
  const { clock, stateDir, site, limits } = options;
  const simulator = await startSimulator(acuitySimulator, { site, stateDir, seed: SEED, clock });
  options.cleanup.after(() => simulator.stop().catch(() => undefined));
  const { url } = simulator;
  const lifted = limits ? {} : { rateLimit: null };
  const fault = async (switches: Readonly<Record<string, unknown>>): Promise<void> => {
    await control('POST', `${url}/__sim/faults`, switches);
  };
  await fault(lifted);
  return {
    url,
    calendars: [FIRST, SECOND],
    visitType: VISIT,
    classType: GROUP,
    staff: staffOf(url),
    call: {
      place: 'POST /api/v1/appointments',
      move: '/reschedule',
      cancel: '/cancel',
      status: 'PUT /api/v1/appointments',
      noshow: '/cancel',
      amend: 'PUT /api/v1/appointments',
      block: 'POST /api/v1/blocks',
      unblock: 'DELETE /api/v1/blocks',
    },
    fetches: (call, key) => call.startsWith(`GET /api/v1/appointments/${key}`),
    truth: () => truth(url),
    everything: async () => {
      const { now: _now, calls: _calls, faults: _faults, slots: _slots, ...rest } = await stateOf(url);
      return rest;
    },
    // Seen in the field: the edge in front of the API answers so when it has had enough (vendor sheet 2.2).
    throttles: [{ status: 403, headers: { 'content-type': 'text/html' }, body: '</html>' }],
    throttled: async () => {
      const { calls } = await stateOf(url, 'calls');
      return Object.entries(calls as Record<string, number>)
        .filter(([call]) => call.endsWith(' 429'))
        .reduce((sum, [, count]) => sum + count, 0);
    },
    fault,
    calm: async () => {
      await control('DELETE', `${url}/__sim/faults`);
      await fault(lifted);
    },
    quiet: () =>
      until(async () => {
        const { webhooks } = await stateOf(url, 'webhooks');
        return rowsOf((webhooks as Row)['sent']).every((one) => one['state'] !== 'pending');
      }),
    stop: () => simulator.stop(),
  };
}

function staffOf(url: string): Staff {
  const act = actor(url);
  return {
    book: async ({ calendar, start, visitType = VISIT, person = 1 }) => {
      const wish = { calendarID: Number(calendar), appointmentTypeID: Number(visitType), datetime: iso(start), person };
      return textOf((await act('book', wish))['id']);
    },
    move: async (key, to) => {
      await act('move', { id: key, datetime: iso(to) });
    },
    cancel: async (key) => {
      await act('cancel', { id: key });
    },
    noShow: async (key) => {
      await act('no-show', { id: key });
    },
    remove: async (key) => {
      await act('delete-from-ui', { id: key });
    },
    block: async (calendar, { start, end }) => {
      const block = await act('block', { calendarID: Number(calendar), start: iso(start), end: iso(end), notes: '' });
      return textOf(block['id']);
    },
    unblock: async (key) => {
      await act('unblock', { id: key });
    },
    openHours: async (calendar, date, open) => {
      await act('change-hours', { calendarID: Number(calendar), date, hours: open ? MORNINGS : [] });
    },
    addClass: async (start, seats) => {
      const wish = { appointmentTypeID: Number(GROUP), calendarID: Number(SECOND), datetime: iso(start), seats };
      await act('add-class', wish);
    },
  };
}

async function truth(url: string): Promise<SiteTruth> {
  const state = await stateOf(url, 'appointments,deleted,blocks,slots');
  return {
    appointments: rowsOf(state['appointments']).map((row) => ({
      key: textOf(row['id']),
      calendar: textOf(row['calendarID']),
      visitType: textOf(row['appointmentTypeID']),
      during: intervalOf(row),
      status: row['noShow'] === true ? 'noshow' : row['canceled'] === true ? 'cancelled' : labelled(row),
      correlation: correlationOf(row),
      ...(row['notes'] === '' ? {} : { comment: textOf(row['notes']) }),
      attendance: row['labelID'] === null || row['labelID'] === LABELS.booked ? 'needs-action' : 'accepted',
    })),
    removed: rowsOf(state['deleted']).map((row) => textOf(row['id'])),
    blocks: rowsOf(state['blocks']).map((row) => ({
      key: textOf(row['id']),
      calendar: textOf(row['calendarID']),
      during: intervalOf(row),
    })),
    slots: rowsOf(state['slots']).map((row) => ({
      calendar: textOf(row['calendarID']),
      visitType: textOf(row['appointmentTypeID']),
      during: intervalOf(row),
    })),
  };
}

function labelled({ labelID }: Row): 'booked' | 'arrived' | 'checked-in' | 'fulfilled' {
  const name = Object.entries(LABELS).find(([, id]) => id === labelID)?.[0] ?? 'booked';
  return name === 'arrived' || name === 'checked-in' || name === 'fulfilled' ? name : 'booked';
}

function correlationOf(row: Row): string | null {
  const field = rowsOf(row['fields']).find((one) => one['fieldID'] === FIELDS.booking);
  return field === undefined ? null : textOf(field['value']);
}

function stateOf(url: string, only?: string): Promise<Row> {
  return control('GET', `${url}/__sim/state${only === undefined ? '' : `?only=${only}`}`);
}

function iso(at: number): string {
  return new Date(instant(at)).toISOString().replace('.000Z', 'Z');
}
