/** What the hub shows of its Appointments, while it runs and at the end; and what its sites hold to be true. */
import { systemClock } from '../../src/core/clock.ts';
import { formatInstant, instant, parseInstant } from '../../src/core/instant.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import { control, rowsOf, textOf } from '../conformance/control.ts';
import { siteKeyOf, siteOf } from '../support/caller.ts';
import { disagreements, truthOf, unrest } from '../support/truth.ts';
import { eventuallyNone } from '../support/wait.ts';
import type { Shown } from './history.ts';
import { ROOM } from './config.ts';
import { calendarsOf, RIVERSIDE_KEYS, type World } from './world.ts';

const LOOK_EVERY_MS = 1_500;
/** By so much an Appointment may be shown later than its `lastUpdated`: its transaction was open that long. */
const SLACK_MS = 15_000;

/** Looks again and again at what changed; a hub that is away shows nothing, and that is no fault. */
export async function observe(world: World, over: AbortSignal): Promise<void> {
  const { caller, history } = world;
  const seen = new Set<string>();
  const lookAtBlocks = blockWatch(world);
  let from = 0;
  while (!over.aborted) {
    const asked = systemClock.now();
    const changed = from === 0 ? '' : `&_lastUpdated=ge${encodeURIComponent(formatInstant(instant(from)))}`;
    const found = await caller.search<Appointment>(`Appointment?_count=500${changed}`).catch(() => null);
    for (const one of (found ?? []).map(shownOf)) {
      const version = `${one.appointment}/${one.version}`;
      if (!seen.has(version)) history.add({ kind: 'seen', ...one });
      seen.add(version);
    }
    if (found !== null) from = asked - SLACK_MS;
    await lookAtBlocks().catch(() => undefined);
    await systemClock.sleep(LOOK_EVERY_MS, over);
  }
}

/** No answer shows closed time apart from taken time, so this one is read where the hub keeps it. */
function blockWatch({ hub, history }: World): () => Promise<void> {
  interface Known {
    readonly site: string;
    readonly block: string;
    since: number;
  }
  const known = new Map<string, Known>();
  return async () => {
    const since = systemClock.now();
    const { rows } = await hub.query(
      `SELECT site, block_key, resource_id, lower(during) AS start_at, upper(during) AS end_at
       FROM busy WHERE live AND origin = 'block' AND block_key IS NOT NULL`,
    );
    const there = new Set<string>();
    for (const row of rows) {
      const [site, key, practitioner] = [String(row['site']), String(row['block_key']), String(row['resource_id'])];
      const [start, end] = [Number(row['start_at']), Number(row['end_at'])];
      // The same block at another time is another one to whoever is placed beside it.
      const block = `${key} ${practitioner} ${start}-${end}`;
      const id = `${site} ${block}`;
      there.add(id);
      const one = known.get(id);
      if (one === undefined) history.add({ kind: 'block', site, block, practitioner, start, end });
      known.set(id, { site, block, since });
    }
    for (const [id, one] of known) {
      if (there.has(id)) continue;
      history.add({ kind: 'unblocked', ...one });
      known.delete(id);
    }
  };
}

/** Waits until nothing moves and both sides agree, as long as that may take; then writes both down as they stand. */
export async function conclude(world: World, within_ms: number): Promise<void> {
  const { hub, history, caller } = world;
  const restless = async (): Promise<readonly string[]> => [...(await unrest(hub))];
  const none = (what: string, complaints: () => Promise<readonly string[]>): Promise<boolean> =>
    eventuallyNone(what, complaints, { within_ms, every_ms: 250 }).then(
      () => true,
      () => false,
    );
  if (!(await none('rest', restless))) for (const what of await restless()) history.add({ kind: 'unrest', what });
  const agreed = await none('agreement', () => disagreements(hub));
  if (!agreed) for (const what of await disagreements(hub)) history.add({ kind: 'difference', what });
  for (const site of world.sites) await tellTruth(world, site);
  for (const one of await caller.search<Appointment>('Appointment?_count=500')) {
    history.add({ kind: 'copy', ...shownOf(one) });
  }
  const { rows } = await hub.query(
    'SELECT id, request_key, action, state, appointment_id, site FROM booking ORDER BY created_at',
  );
  for (const row of rows) {
    const text = (name: string): string => String(row[name]);
    const [booking, site, key] = [text('id'), text('site'), text('request_key')];
    const facts = { action: text('action'), state: text('state'), appointment: text('appointment_id') };
    history.add({ kind: 'booking', booking, site, key, ...facts });
  }
  await tellSets(world);
}

async function tellSets({ hub, history }: World): Promise<void> {
  const { rows } = await hub.query(
    `SELECT request_key, step, booking_id, step.state AS state, EXISTS (
       SELECT FROM work_item WHERE kind = 'failed-undo' AND subject = 'set:' || set_id || ':' || step
     ) AS task
     FROM booking_set_step AS step JOIN booking_set ON booking_set.id = set_id ORDER BY created_at, step`,
  );
  for (const row of rows) {
    const [key, booking, state] = [row['request_key'], row['booking_id'] ?? '', row['state']].map(String) as [
      ...[string, string, string],
    ];
    history.add({ kind: 'step', key, visit: Number(row['step']) - 1, booking, state, task: row['task'] === true });
  }
}

/** The one room that visits may take besides, where the site says which it gave. */
async function siteRooms(
  { hub, room }: World,
  site: string,
): Promise<(siteKey: string) => { rooms?: readonly string[] }> {
  if (site !== room.site) return () => ({});
  const state = await control('GET', `${hub.simulator(site)}/__sim/state?only=appointments`);
  const rows = rowsOf(state['appointments']);
  const inRoom = rows.filter((row) => [row, ...rowsOf(row['rooms'])].some((one) => one['room'] === ROOM.code));
  const keys = new Set(inRoom.map((row) => textOf(row['id']) + RIVERSIDE_KEYS));
  return (siteKey) => ({ rooms: keys.has(siteKey) ? [room.location] : [] });
}

async function tellTruth(world: World, site: World['sites'][number]): Promise<void> {
  const { hub, history } = world;
  const truth = await truthOf(hub, site);
  const roomsOf = await siteRooms(world, site.id);
  const people = new Map(calendarsOf(site).map(({ calendar, practitioner }) => [calendar, practitioner]));
  for (const visit of truth.appointments) {
    history.add({
      kind: 'truth',
      site: site.id,
      siteKey: visit.key,
      practitioner: people.get(visit.calendar) ?? null,
      status: visit.status,
      correlation: visit.correlation,
      ...roomsOf(visit.key),
      ...visit.during,
    });
  }
  for (const siteKey of truth.removed) history.add({ kind: 'removed', site: site.id, siteKey });
}

function shownOf(appointment: Appointment): Shown {
  const time = (text: string | undefined): number => Number(parseInstant(text ?? '') ?? 0);
  const site = siteOf(appointment);
  const actors = (wanted: string): readonly string[] =>
    appointment.participant.flatMap(({ actor }) => {
      const [type, id] = (actor?.reference ?? '').split('/');
      return type === wanted && id !== undefined ? [id] : [];
    });
  return {
    appointment: appointment.id ?? '',
    version: Number(appointment.meta?.versionId ?? 0),
    lastUpdated: time(appointment.meta?.lastUpdated),
    site,
    siteKey: siteKeyOf(appointment, site),
    status: appointment.status,
    start: time(appointment.start),
    end: time(appointment.end),
    practitioners: actors('Practitioner'),
    rooms: actors('Location'),
  };
}
