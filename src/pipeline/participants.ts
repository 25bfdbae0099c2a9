/** What a visit occupies: statements of a message as canonical resources, with the Schedules they belong to. */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { SYSTEMS, type AppointmentParticipant, type Location } from '../fhir/types.ts';
import { formatInstant } from '../core/instant.ts';
import { Park } from '../core/park.ts';
import type { ParticipantStatement, PractitionerAssertion, ResourceAssertion } from '../mappings/contract.ts';
import type { PractitionerMatch } from '../identity/contract.ts';
import type { LocationSettings, SiteSettings } from '../settings/shape.ts';
import { once, type ApplyContext } from './apply-context.ts';
import { asserted, putLocation, putSchedule } from './directory.ts';

export interface ResolvedParticipant {
  readonly statement: ParticipantStatement;
  /** Taken by this visit alone: practitioners, rooms, devices. A clinic as a place is not. */
  readonly occupies: readonly string[];
  /** All ids that a search by actor must find. */
  readonly actors: readonly string[];
  readonly participants: readonly AppointmentParticipant[];
  readonly practitioner: PractitionerMatch | null;
  readonly practitionerCode: string | null;
  readonly locationId: string | null;
  readonly locationKey: string | null;
  readonly calendar: string | null;
}

export async function resolveParticipants(
  context: ApplyContext,
  statements: readonly ParticipantStatement[],
  zone = context.site.timeZone,
): Promise<ResolvedParticipant[]> {
  const resolved: ResolvedParticipant[] = [];
  for (const statement of statements) resolved.push(await resolveOne(context, statement, zone));
  return resolved;
}

/** A participant as the Appointment shows it, with its own period where the message gives one. */
type Shown = (reference: string, type?: string) => AppointmentParticipant;

function shownAs(statement: ParticipantStatement, zone: string): Shown {
  const { during, status } = statement;
  return (reference, type) => ({
    ...(type === undefined ? {} : { type: [{ coding: [{ system: SYSTEMS.participation, code: type }] }] }),
    actor: { reference },
    status,
    ...(during === undefined
      ? {}
      : { period: { start: formatInstant(during.start, zone), end: formatInstant(during.end, zone) } }),
  });
}

type Resolved = Omit<ResolvedParticipant, 'statement'>;

const NOBODY: Omit<Resolved, 'occupies' | 'actors' | 'participants'> = {
  practitioner: null,
  practitionerCode: null,
  locationId: null,
  locationKey: null,
  calendar: null,
};

async function resolveOne(
  context: ApplyContext,
  statement: ParticipantStatement,
  zone: string,
): Promise<ResolvedParticipant> {
  const { actor, type = 'PPRF' } = statement;
  const shown = shownAs(statement, zone);
  switch (actor.kind) {
    case 'calendar':
      return { statement, ...(await resolveCalendar(context, actor, shown, type)) };
    case 'practitioner': {
      const who = await practitionerOf(context, actor.assertion);
      return {
        ...NOBODY,
        statement,
        occupies: [who.practitionerId],
        actors: [who.practitionerId, who.roleId],
        participants: [shown(`Practitioner/${who.practitionerId}`, type)],
        practitioner: who,
        practitionerCode: actor.assertion.code,
      };
    }
    case 'location':
      return { statement, ...(await resolveLocation(context, actor, shown)) };
    case 'device':
      return { statement, ...resolveDevice(context, actor, shown) };
  }
}

async function resolveCalendar(
  context: ApplyContext,
  actor: Extract<ResourceAssertion, { kind: 'calendar' }>,
  shown: Shown,
  type: string,
): Promise<Resolved> {
  const { site } = context;
  const rule = site.resources.calendars[actor.code];
  if (rule === undefined) {
    throw new Park('identify', 'RESOURCE_UNKNOWN', `calendar ${actor.code} is not under resources.calendars`);
  }
  const who = rule.practitioner === undefined ? null : await matchPractitioner(context, actor);
  const locationId = rule.location === undefined ? null : canonicalId.location(site.identity, rule.location);
  const isRoom = rule.location !== undefined && site.locations[rule.location]?.room === true;
  return {
    ...NOBODY,
    occupies: calendarTakes(site, actor.code, who?.practitionerId ?? null, isRoom ? locationId : null),
    actors: [...(who === null ? [] : [who.practitionerId, who.roleId]), ...(locationId === null ? [] : [locationId])],
    participants: [
      ...(who === null ? [] : [shown(`Practitioner/${who.practitionerId}`, type)]),
      ...(locationId === null ? [] : [shown(`Location/${locationId}`)]),
    ],
    practitioner: who,
    locationId,
    locationKey: rule.location ?? null,
    calendar: actor.code,
  };
}

async function resolveLocation(
  context: ApplyContext,
  actor: Extract<ResourceAssertion, { kind: 'location' }>,
  shown: Shown,
): Promise<Resolved> {
  const { site, tx, cause, now } = context;
  const key = locationKey(site, actor.code);
  const settings = site.locations[key];
  const id = await once(context, `location ${site.id} ${key}`, async () =>
    putLocation(tx, site, key, settings ?? (await unlistedPlace(context, key, actor.name, 'message')), cause),
  );
  if (settings === undefined) await tx.resources.countUnmapped(site.id, 'location', actor.code, now);
  return {
    ...NOBODY,
    occupies: settings?.room === true ? [id] : [],
    actors: [id],
    participants: [shown(`Location/${id}`)],
    locationId: id,
    locationKey: key,
  };
}

function resolveDevice(
  { site }: ApplyContext,
  actor: Extract<ResourceAssertion, { kind: 'device' }>,
  shown: Shown,
): Resolved {
  const id = canonicalId.device(site.identity, actor.code);
  const display = actor.name === undefined ? {} : { display: actor.name };
  const identifier = { system: `urn:slotwire:site:${site.id}:device`, value: actor.code };
  return {
    ...NOBODY,
    occupies: site.resources.devices[actor.code] === undefined ? [] : [id],
    actors: [id],
    participants: [{ ...shown(''), actor: { identifier, ...display } }],
  };
}

/**
 * The schedule that a set of participants belongs to: a calendar's, else practitioner and place together (v2-to-fhir.md
 * 6).
 */
export async function scheduleOf(
  context: ApplyContext,
  participants: readonly ResolvedParticipant[],
): Promise<{ readonly id: string; readonly key: string } | null> {
  const { site, tx, cause } = context;
  const calendar = participants.find((one) => one.calendar !== null)?.calendar;
  if (calendar !== undefined && calendar !== null) {
    return { id: canonicalId.schedule(site.identity, calendar), key: calendar };
  }
  const person = participants.find((one) => one.practitioner !== null);
  const place = participants.find((one) => one.locationId !== null);
  if (person === undefined && place === undefined) return null;
  const key = [person?.practitionerCode, place?.locationKey]
    .filter((part) => part !== null && part !== undefined)
    .join('@');
  // A template made it a calendar: its Schedule is written with the directory.
  if (site.resources.calendars[key] !== undefined) return { id: canonicalId.schedule(site.identity, key), key };
  const isRoom =
    place?.locationKey !== undefined && place.locationKey !== null && site.locations[place.locationKey]?.room === true;
  const facts = { practitioner: person?.practitioner ?? null, location: place?.locationId ?? null, isRoom, cause };
  const id = await once(context, `schedule ${site.id} ${key}`, () => putSchedule(tx, site, key, facts));
  return { id, key };
}

/** Nobody's calendar, and no room's: the calendar itself. */
export function calendarTakes(
  site: SiteSettings,
  calendar: string,
  practitionerId: string | null,
  roomId: string | null,
): string[] {
  const taken = [practitionerId, roomId].filter((id) => id !== null);
  return taken.length > 0 ? taken : [canonicalId.schedule(site.identity, calendar)];
}

function practitionerOf(context: ApplyContext, assertion: PractitionerAssertion): Promise<PractitionerMatch> {
  const { site, tx, cause, practitioners } = context;
  return once(context, `practitioner ${site.id} ${JSON.stringify(assertion)}`, () =>
    practitioners.resolve(assertion, site, tx, cause),
  );
}

/** What an assertion alone occupies: for blocks, which have no appointment. */
export async function resolveActor(context: ApplyContext, actor: ResourceAssertion): Promise<ResolvedParticipant> {
  return resolveOne(context, { actor, status: 'accepted' }, context.site.timeZone);
}

function matchPractitioner(
  context: ApplyContext,
  actor: Extract<ResourceAssertion, { kind: 'calendar' }>,
): Promise<PractitionerMatch> {
  return practitionerOf(context, asserted(actor.code, context.site.resources.calendars[actor.code] ?? {}));
}

export function locationKey({ locations }: Pick<SiteSettings, 'locations'>, code: string): string {
  if (locations[code] !== undefined) return code;
  return Object.entries(locations).find(([, settings]) => settings.codes.includes(code))?.[0] ?? code;
}

/** A place that the site file does not list: the first name stays, unless a master file gives another. */
export async function unlistedPlace(
  { tx, site }: ApplyContext,
  key: string,
  said: string | undefined,
  by: 'message' | 'master',
): Promise<LocationSettings> {
  const known = await tx.resources.read('Location', canonicalId.location(site.identity, key));
  const before = known === null ? undefined : (JSON.parse(known.json) as Location).name;
  const name = by === 'message' && before !== undefined && before !== key ? before : (said ?? before ?? key);
  return { name, timeZone: site.timeZone, room: false, codes: [] };
}
