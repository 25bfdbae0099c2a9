/** What a visit occupies: statements of a message as canonical resources, with the Schedules they belong to. */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { SYSTEMS, type AppointmentParticipant } from '../fhir/types.ts';
import { formatInstant, type Interval } from '../core/instant.ts';
import type { ParticipantStatement, PractitionerAssertion, ResourceAssertion } from '../mappings/contract.ts';
import type { PractitionerMatch } from '../identity/contract.ts';
import type { SiteSettings } from '../settings/shape.ts';
import { once, Park, type ApplyContext } from './apply-context.ts';
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
  during: Interval | null,
): Promise<ResolvedParticipant[]> {
  const resolved: ResolvedParticipant[] = [];
  for (const statement of statements) resolved.push(await resolveOne(context, statement, during));
  return resolved;
}

async function resolveOne(
  context: ApplyContext,
  statement: ParticipantStatement,
  during: Interval | null,
): Promise<ResolvedParticipant> {
  const { site, tx, cause } = context;
  const { actor } = statement;
  const zone = site.timeZone;
  const period = statement.during ?? during;
  const participant = (reference: string, type?: string): AppointmentParticipant => ({
    ...(type === undefined ? {} : { type: [{ coding: [{ system: SYSTEMS.participation, code: type }] }] }),
    actor: { reference },
    status: statement.status,
    ...(period === null || statement.during === undefined
      ? {}
      : { period: { start: formatInstant(period.start, zone), end: formatInstant(period.end, zone) } }),
  });
  const base = { statement, practitioner: null, practitionerCode: null, locationId: null, locationKey: null, calendar: null }; // prettier-ignore

  if (actor.kind === 'calendar') {
    const rule = site.resources.calendars[actor.code];
    if (rule === undefined) {
      throw new Park('identify', 'RESOURCE_UNKNOWN', `calendar ${actor.code} is not under resources.calendars`);
    }
    const who = rule.practitioner === undefined ? null : await matchPractitioner(context, actor);
    const locationId = rule.location === undefined ? null : canonicalId.location(site.identity, rule.location);
    const isRoom = rule.location !== undefined && site.locations[rule.location]?.room === true;
    return {
      ...base,
      occupies: calendarTakes(site, actor.code, who?.practitionerId ?? null, isRoom ? locationId : null),
      actors: [...(who === null ? [] : [who.practitionerId, who.roleId]), ...(locationId === null ? [] : [locationId])],
      participants: [
        ...(who === null ? [] : [participant(`Practitioner/${who.practitionerId}`, statement.type ?? 'PPRF')]),
        ...(locationId === null ? [] : [participant(`Location/${locationId}`)]),
      ],
      practitioner: who,
      locationId,
      locationKey: rule.location ?? null,
      calendar: actor.code,
    };
  }

  if (actor.kind === 'practitioner') {
    const who = await practitionerOf(context, actor.assertion);
    return {
      ...base,
      occupies: [who.practitionerId],
      actors: [who.practitionerId, who.roleId],
      participants: [participant(`Practitioner/${who.practitionerId}`, statement.type ?? 'PPRF')],
      practitioner: who,
      practitionerCode: actor.assertion.code,
    };
  }

  if (actor.kind === 'location') {
    const key = locationKey(site, actor.code);
    const settings = site.locations[key];
    const id = await once(context, `location ${site.id} ${key}`, () =>
      putLocation(tx, site, key, settings ?? unlisted(context, key, actor.name), cause),
    );
    if (settings === undefined) await tx.resources.countUnmapped(site.id, 'location', actor.code, context.now);
    return {
      ...base,
      occupies: settings?.room === true ? [id] : [],
      actors: [id],
      participants: [participant(`Location/${id}`)],
      locationId: id,
      locationKey: key,
    };
  }

  const id = canonicalId.device(site.identity, actor.code);
  return {
    ...base,
    occupies: site.resources.devices[actor.code] === undefined ? [] : [id],
    actors: [id],
    participants: [
      {
        actor: {
          identifier: { system: `urn:slotwire:site:${site.id}:device`, value: actor.code },
          ...(actor.name === undefined ? {} : { display: actor.name }),
        },
        status: statement.status,
      },
    ],
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
  const isRoom = place?.locationKey !== undefined && place.locationKey !== null && site.locations[place.locationKey]?.room === true; // prettier-ignore
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
  return resolveOne(context, { actor, status: 'accepted' }, null);
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

function unlisted(
  context: ApplyContext,
  key: string,
  name: string | undefined,
): (typeof context.site.locations)[string] {
  return { name: name ?? key, timeZone: context.site.timeZone, room: false, codes: [] };
}
