/** The hub of a run, its simulators behind lines that can be cut, and what callers choose from. */
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, plus } from '../../src/core/instant.ts';
import type { Patient, Slot } from '../../src/fhir/types.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { ruledPractitionerId } from '../../src/fhir/practitioner-rule.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { readLease } from '../../src/simulators/kit/lease.ts';
import { at, callerOf, freeSlots, patientsOf, siteOf, type Caller } from '../support/caller.ts';
import { actor } from '../conformance/control.ts';
import { MIDTOWN, RIVERSIDE } from '../support/config-folder.ts';
import type { Cleanup } from '../support/database.ts';
import { prepareHub, type TestHub } from '../support/hub.ts';
import { placer, type Placer } from '../support/placer.ts';
import { sitesOf } from '../support/truth.ts';
import { eventually } from '../support/wait.ts';
import { AUTHORITIES, configure, EASTSIDE, GROUP, PRACTICES, ROOM } from './config.ts';
import type { History } from './history.ts';
import { openLine, type Line } from './line.ts';
import { SITES, type HisLine } from './plan.ts';
import { copyWith, type Planted } from './planted.ts';

export interface World {
  readonly hub: TestHub;
  readonly history: History;
  readonly caller: Caller;
  readonly sites: readonly SiteSettings[];
  readonly lines: ReadonlyMap<string, Line>;
  /** Of each calendar that can be booked: the starts that callers want, soonest first, by visit type. */
  readonly wanted: readonly Wanted[];
  readonly patients: readonly string[];
  /** The room that visits may take besides: its Location, and its slots by visit type. */
  readonly room: { readonly site: string; readonly location: string; readonly slots: readonly (readonly Slot[])[] };
  /** Meetings of a group, each with so many seats. */
  readonly group: Wanted;
  /** Whom the HL7 v2 clinic knows; it books nobody else. */
  readonly riversidePatients: readonly string[];
  /** Those who ask by HL7 v2: their lines to and from the hub, where they are answered, and PID-3 of each patient. */
  readonly requests: {
    readonly lines: Readonly<Record<HisLine, Line>>;
    readonly peer: Placer;
    readonly numbers: ReadonlyMap<string, string>;
  };
}

export interface Wanted {
  readonly site: string;
  readonly calendar: string;
  readonly practitioner: string;
  /** Visit types of the catalogue, as `slots` has them. */
  readonly types: readonly string[];
  readonly slots: readonly (readonly Slot[])[];
  /** Of a class. */
  readonly seats?: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly ownDatabase: boolean;
  readonly planted: Planted | null;
  readonly history: History;
}

/**
 * Two days of starts, all within what the hub reads: few enough for callers and staff to meet, and not soon all taken.
 */
const STARTS_DAYS = 3;
const VISIT_TYPES = ['therapy-50', 'intake-30'];
const CLINIC_VISIT_TYPES = ['office-visit-30', 'follow-up-20'];
const CLINIC_PEOPLE = 8;
/** The namespace of the clinic's own numbers, as the hub keeps them. */
export const RIVERSIDE_KEYS = '^RIVERSIDE';

export async function openWorld(cleanup: Cleanup, options: WorldOptions): Promise<World> {
  const lines = new Map<string, Line>();
  const root = options.planted === null ? null : await copyWith(cleanup, options.planted);
  const state: { dataDir: string | null; hub: TestHub | null } = { dataDir: null, hub: null };
  for (const site of PRACTICES) {
    const address = (): string | null =>
      state.dataDir === null ? null : (readLease(join(`${state.dataDir}-simulators`, site))?.url ?? null);
    lines.set(site, await openLine(cleanup, address));
  }
  const requests = await hisLines(cleanup, state);
  const hub = await prepareHub(cleanup, {
    database: options.ownDatabase ? 'embedded' : 'shared',
    ...(root === null ? {} : { root }),
    configure: (config) => configure(config, lines, requests.lines.srr),
  });
  state.dataDir = hub.dataDir;
  state.hub = hub;
  await hub.start();
  const caller = callerOf(hub);
  const sites = await sitesOf(hub);
  options.history.add({
    kind: 'begin',
    seed: options.seed,
    planted: options.planted?.name ?? null,
    approval: [EASTSIDE],
    calendars: sites.flatMap((site) =>
      calendarsOf(site).map(({ calendar, practitioner }) => ({ site: site.id, calendar, practitioner })),
    ),
  });
  const riversidePatients = await clinicPatients(hub, caller);
  const wanted = await wantedOf(caller, sites);
  const patients = await patientsOf(caller, MIDTOWN);
  const numbers = await numbersOf(caller);
  const room = await roomOf(caller, sites);
  const group = await groupOf(caller, sites);
  return {
    ...{ hub, history: options.history, caller, sites, lines, wanted, patients, riversidePatients, room, group },
    requests: { ...requests, numbers },
  };
}

async function hisLines(
  cleanup: Cleanup,
  state: { readonly hub: TestHub | null },
): Promise<Pick<World['requests'], 'lines' | 'peer'>> {
  const peer = await placer(cleanup);
  const door = (): string | null => {
    if (state.hub === null) return null;
    const { host, port } = state.hub.sandbox().mllp;
    return `tcp://${host}:${port}`;
  };
  const srm = await openLine(cleanup, door);
  const srr = await openLine(cleanup, () => `tcp://127.0.0.1:${peer.port}`);
  return { peer, lines: { srm, srr } };
}

/** PID-3 of each patient who has a number of a site that the other system knows. */
async function numbersOf(caller: Caller): Promise<ReadonlyMap<string, string>> {
  const all = await caller.search<Patient>('Patient?_count=500');
  const known = Object.entries(AUTHORITIES);
  return new Map(
    all.flatMap(({ id = '', identifier = [] }) =>
      identifier.flatMap(({ system, value = '' }): [string, string][] => {
        const authority = known.find(([, named]) => named === system)?.[0];
        return authority === undefined ? [] : [[id, `${value}^^^${authority}`]];
      }),
    ),
  );
}

/** All of them at once at the last time that is open: staff are bound by nothing, and few callers ask for it. */
async function clinicPatients(hub: TestHub, caller: Caller): Promise<readonly string[]> {
  const open = await eventually('times are open at the clinic', async () => {
    const slots = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
    return slots.length > CLINIC_PEOPLE && slots;
  });
  const act = actor(hub.simulator(RIVERSIDE));
  const start = at(open.at(-1)?.start);
  for (let person = 0; person < CLINIC_PEOPLE; person += 1) {
    await act('book', { practitioner: 'LINDQVIST', visitType: 'OFFICE', start: Number(start), person: 60 + person });
  }
  return eventually('its people are known', async () => {
    const known = await patientsOf(caller, RIVERSIDE);
    return known.length >= CLINIC_PEOPLE && known;
  });
}

/** Calendars, and people of an HL7 v2 site, that the site file knows. */
export function calendarsOf(
  site: SiteSettings,
): readonly { readonly calendar: string; readonly practitioner: string }[] {
  const all = Object.entries({ ...site.resources.calendars, ...site.resources.practitioners });
  return all.flatMap(([calendar, { practitioner }]) =>
    practitioner === undefined ? [] : [{ calendar, practitioner: ruledPractitionerId(site, practitioner) }],
  );
}

async function roomOf(caller: Caller, sites: readonly SiteSettings[]): Promise<World['room']> {
  const identity = sites.find(({ id }) => id === RIVERSIDE)?.identity ?? RIVERSIDE;
  const schedule = `Schedule/${canonicalId.schedule(identity, ROOM.calendar)}`;
  const byType = await Promise.all(CLINIC_VISIT_TYPES.map((type) => freeSlots(caller, RIVERSIDE, type)));
  const slots = byType.map((all) => all.filter((slot) => slot.schedule.reference === schedule));
  if (slots.some((own) => own.length === 0)) throw new Error(`${RIVERSIDE} offers no time of ${ROOM.calendar}`);
  return { site: RIVERSIDE, location: canonicalId.location(identity, ROOM.location), slots };
}

async function groupOf(caller: Caller, sites: readonly SiteSettings[]): Promise<Wanted> {
  const { type, seats } = GROUP;
  const until = plus(systemClock.now(), STARTS_DAYS * DAY_MS);
  const slots = (await freeSlots(caller, MIDTOWN, type)).filter((slot) => at(slot.start) < until);
  const midtown = sites.find(({ id }) => id === MIDTOWN);
  const own = (midtown === undefined ? [] : calendarsOf(midtown)).find(({ calendar }) => calendar === GROUP.calendar);
  if (own === undefined || slots.length === 0) throw new Error(`${MIDTOWN} offers no seat of its group`);
  return { site: MIDTOWN, ...own, types: [type], slots: [slots], seats };
}

async function wantedOf(caller: Caller, sites: readonly SiteSettings[]): Promise<readonly Wanted[]> {
  const found: Wanted[] = [];
  const until = plus(systemClock.now(), STARTS_DAYS * DAY_MS);
  for (const id of SITES) {
    const site = sites.find((one) => one.id === id);
    if (site === undefined) throw new Error(`${id} is not in service`);
    const types = site.id === RIVERSIDE ? CLINIC_VISIT_TYPES : VISIT_TYPES;
    const byType = await Promise.all(types.map((type) => freeSlots(caller, site.id, type)));
    // A clinic that has templates has a calendar of each person and one of each template of theirs.
    const people = new Map(calendarsOf(site).map(({ calendar, practitioner }) => [practitioner, calendar]));
    for (const [practitioner, calendar] of people) {
      const schedules = await caller.search(`Schedule?actor=Practitioner/${practitioner}&_count=100`);
      const ids = new Set(schedules.filter((one) => siteOf(one) === site.id).map((one) => `Schedule/${one.id ?? ''}`));
      const isOwn = (slot: Slot): boolean => ids.has(slot.schedule.reference ?? '') && at(slot.start) < until;
      const slots = byType.map((all) => all.filter(isOwn));
      if (slots.some((own) => own.length === 0)) throw new Error(`${site.id} offers too little on ${calendar}`);
      found.push({ site: site.id, calendar, practitioner, types, slots });
    }
  }
  return found;
}
