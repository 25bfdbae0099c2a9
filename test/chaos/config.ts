/** The sandbox as a run has it: every day open, sites that answer or give up soon, and those who ask by HL7 v2. */
import {
  GROUP as GROUP_TYPE,
  MIDTOWN,
  NORTHSIDE,
  ORTIZ,
  RIVERSIDE,
  type ConfigFolder,
} from '../support/config-folder.ts';
import type { Line } from './line.ts';

/** A third practice, which a coordinator decides for; Dr. Rao works there as well. */
export const EASTSIDE = 'eastside-acuity';
export const EASTSIDE_CALENDARS = ['92001', '92002'];
export const EASTSIDE_INTAKE = '7712';
/** Of the HL7 v2 clinic: nobody's own, so that visits ask for it besides. */
export const ROOM = { calendar: 'ROOM3', location: 'room-3', code: 'R3' };
/** Those that are called over HTTP. */
export const PRACTICES = [MIDTOWN, NORTHSIDE, EASTSIDE];
/** Meetings of Ben Ortiz's group, every day, with so few seats that they fill. */
export const GROUP = { type: 'group-mindfulness', calendar: ORTIZ, seats: 3, times: ['10:00', '15:00'] };
const APPROVAL_EXPIRY_S = 60;
const AS_EASTSIDE: readonly (readonly [string, string])[] = [
  ...([
    ['northside', 'eastside'],
    ['NORTHSIDE', 'EASTSIDE'],
    ['Northside', 'Eastside'],
    ['20202', '30303'],
  ] as const),
  ...([
    ['91001', '92001'],
    ['91002', '92002'],
    ['6611', '7711'],
    ['6612', '7712'],
  ] as const),
  ...([
    ['clara-weiss', 'ina-berg'],
    ['Clara Weiss', 'Ina Berg'],
    ['NS-', 'ES-'],
  ] as const),
];

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const CLINIC_HOURS = ['09:00-17:00'];
const SITE_TIMEOUT_MS = 3_000;
/** Then a person decides, see coordinator.ts. */
const RESOLVE_FOR_S = 20;
/** More than the longest `staleReads` of a plan: what a site says of itself must be true. */
const SHOWS_WITHIN_MS = 2_500;
/** Numbers of patients as the other system writes them -> as the hub has them. */
export const AUTHORITIES: Readonly<Record<string, string>> = {
  'MID^MR': 'https://midtown.example/mrn',
  'RIVERSIDE^MR': 'https://riverside.example/mrn',
};

/** `lines`: to the sites that are called. `answers`: to the client that is told at an address of its own. */
export async function configure(
  config: ConfigFolder,
  lines: ReadonlyMap<string, Line>,
  answers: Pick<Line, 'port'>,
): Promise<void> {
  await config.edit('hub.yaml', (file) => {
    file.setIn(['booking', 'wait_ms'], 2_000);
    file.setIn(['booking', 'siteTimeout_ms'], SITE_TIMEOUT_MS);
    file.setIn(['booking', 'resolveFor_s'], RESOLVE_FOR_S);
    file.setIn(['booking', 'approvalExpiry_s'], APPROVAL_EXPIRY_S);
    const bound = { facility: 'SOUTH', identifiers: AUTHORITIES, wait_ms: 3_000, decideWithin_ms: 4_000 };
    const client = (id: string, hl7: object): object => ({
      id,
      role: 'scheduler',
      sites: '*',
      hl7: { ...bound, ...hl7 },
    });
    const address = { host: '127.0.0.1', port: answers.port, connectWithin_ms: 1_000, answerWithin_ms: 1_000 };
    const clients = [
      client('his', { application: 'HIS' }),
      client('his-later', { application: 'LATER', answers: address }),
    ];
    file.setIn(['clients'], file.createNode(clients));
  });
  await thirdPractice(config);
  for (const [site, line] of lines) {
    await config.edit(`sites/${site}.yaml`, (file) => {
      file.setIn(['settings', 'baseUrl'], `http://127.0.0.1:${line.port}/api/v1`);
      file.setIn(['settings', 'showsWithin_ms'], SHOWS_WITHIN_MS);
      file.setIn(['poll', 'availabilityEvery_s'], 10);
      // One practice refuses while it is down, the other's bookings wait.
      if (site === NORTHSIDE) file.setIn(['whenDown'], 'queue');
    });
  }
  await everyDay(config);
  await groups(config);
}

async function groups(config: ConfigFolder): Promise<void> {
  const { calendar, seats, times } = GROUP;
  const meetings = WEEK.flatMap((weekday) =>
    times.map((time) => ({
      appointmentTypeID: Number(GROUP_TYPE),
      calendarID: Number(calendar),
      weekday,
      time,
      seats,
    })),
  );
  await config.edit(`sandbox/${MIDTOWN}.yaml`, (seed) => seed.setIn(['classes'], seed.createNode(meetings)));
}

async function thirdPractice(config: ConfigFolder): Promise<void> {
  const renamed = (text: string): string => AS_EASTSIDE.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  for (const folder of ['sites', 'sandbox']) {
    await config.write(`${folder}/${EASTSIDE}.yaml`, renamed(await config.read(`${folder}/${NORTHSIDE}.yaml`)));
  }
  await config.edit(`sites/${EASTSIDE}.yaml`, (file) => file.setIn(['write'], 'approval'));
  await config.edit('hub.yaml', (file) => {
    file.setIn(['simulators', EASTSIDE], file.createNode({ kind: 'acuity', seed: `sandbox/${EASTSIDE}.yaml` }));
  });
}

/** The HL7 v2 clinic is open as the practices are, and decides soon. */
async function everyDay(config: ConfigFolder): Promise<void> {
  await config.edit(`sandbox/${RIVERSIDE}.yaml`, (seed) => {
    const open = Object.fromEntries(WEEK.map((day) => [day, CLINIC_HOURS]));
    for (const at of [0, 1]) seed.setIn(['practitioners', at, 'hours'], seed.createNode(open));
    seed.setIn(['rooms'], ['R1', 'R2', ROOM.code]);
  });
  await config.edit(`sites/${RIVERSIDE}.yaml`, (file) => {
    const day = { day: { days: WEEK, hours: CLINIC_HOURS, visitTypes: ['OFFICE', 'FOLLOWUP'] } };
    file.setIn(['locations', ROOM.location], {
      ...{ name: 'Riverside Room 3', room: true, partOf: 'main', codes: [`RIVERSIDE^${ROOM.code}`] },
    });
    file.setIn(['resources', 'calendars'], { [ROOM.calendar]: { name: 'Room 3', location: ROOM.location } });
    file.setIn(['templates', 'room'], { calendar: ROOM.calendar, blocks: day });
    for (const who of ['rao', 'lindqvist']) file.setIn(['templates', who, 'blocks'], file.createNode(day));
    file.setIn(['settings', 'requests', 'answerWithin_ms'], 2_500);
    file.setIn(['settings', 'requests', 'decideWithin_ms'], 200);
  });
}
