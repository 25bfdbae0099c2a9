/** AIS, AIG, AIL, AIP and what stands in for them: which practitioners, places and devices a visit occupies. */
import type { Interval } from '../../core/instant.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import type { ParticipantStatement, ResourceAssertion } from '../contract.ts';
import {
  END_STATUS,
  PARTICIPANT_STATUS,
  PARTICIPATION,
  RESOURCE_FIELDS,
  RESOURCE_TYPES,
  type FillerStatus,
} from './codes.ts';
import { actorKey, locationOf, personOf } from './actors.ts';
import { part, pathOf, type Reading } from './reading.ts';
import type { ActionOf } from './segments.ts';
import { fillerStatus } from './status.ts';
import { ownTime, resourceTime, type Counted } from './times.ts';

/** `visit` is null for a visit without a time: then nobody has an interval of their own either. */
export interface Occupation {
  readonly counted: Counted;
  readonly visit: Interval | null;
  readonly zone: string;
  readonly status: FillerStatus;
  /** Set where the message lists only what changes. */
  readonly actionOf?: ActionOf;
}

/** Each actor once for each interval: a person in two resource groups at one time is one participant. */
export function participants(reading: Reading, occupation: Occupation): readonly ParticipantStatement[] {
  const { practitioner, location } = reading.settings.fields;
  const found = [
    ...firstThatNames(reading, occupation, practitioner, 'practitioner'),
    ...firstThatNames(reading, occupation, location, 'location'),
    ...occupation.counted('AIG').flatMap((aig) => general(reading, aig, occupation, 'device')),
  ];
  if (found.length === 0 && occupation.actionOf === undefined) found.push(...scheduleNamed(reading));
  const once = new Map<string, ParticipantStatement>();
  for (const one of found) {
    const during = one.during === undefined ? '' : `${one.during.start}-${one.during.end}`;
    const key = `${actorKey(one.actor)}|${during}|${one.action ?? ''}`;
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()];
}

/** SCH-5, where it is a calendar of the site file and nothing else says whose time it is. */
function scheduleNamed(reading: Reading): readonly ParticipantStatement[] {
  const code = reading.first('SCH-5');
  if (!Object.hasOwn(reading.site.resources.calendars, code)) return [];
  return [{ actor: { kind: 'calendar', code }, status: 'accepted' }];
}

type Wanted = 'practitioner' | 'location' | 'device';

/**
 * The fields of the list stand in for each other, they do not add up: AIG and PV1 repeat the person of AIP under other
 * codes.
 */
function firstThatNames(
  reading: Reading,
  occupation: Occupation,
  paths: readonly string[],
  wanted: 'practitioner' | 'location',
): readonly ParticipantStatement[] {
  let taken: readonly ParticipantStatement[] = [];
  let takenFrom = '';
  for (const path of paths) {
    const { segment: name, field } = pathOf(path);
    // Who attends (PV1) is not what a change of one resource is about.
    if (occupation.actionOf !== undefined && RESOURCE_FIELDS[name] === undefined) continue;
    const found = occupation
      .counted(name)
      .flatMap((segment) =>
        name === 'AIG'
          ? general(reading, segment, occupation, wanted)
          : named(reading, segment, field, occupation, wanted),
      );
    if (found.length === 0) continue;
    if (taken.length === 0) {
      taken = found;
      takenFrom = path;
      continue;
    }
    const known = new Set(taken.map((one) => actorKey(one.actor)));
    const others = found.some((one) => !known.has(actorKey(one.actor)));
    if (others && name !== 'PV1') reading.warn(path, `names another ${wanted} than ${takenFrom}, which was taken`);
  }
  return taken;
}

/** AIP, AIL, or any field that a site uses instead: XCN for a person, PL for a place. */
function named(
  reading: Reading,
  segment: Segment,
  field: number,
  occupation: Occupation,
  wanted: 'practitioner' | 'location',
): readonly ParticipantStatement[] {
  const repetitions = segment.repetitions(field);
  const where = `${segment.name}-${field}`;
  if (wanted === 'location') {
    return repetitions.flatMap((pl) => {
      const actor = locationOf(reading, pl);
      return actor === null ? [] : [statement(reading, segment, actor, occupation)];
    });
  }
  // Repetitions of one field are one person under several authorities.
  const actor = personOf(reading, repetitions, where);
  return actor === null ? [] : [statement(reading, segment, actor, occupation)];
}

/** AIG, when it is of the wanted type. */
function general(
  reading: Reading,
  aig: Segment,
  occupation: Occupation,
  wanted: Wanted,
): readonly ParticipantStatement[] {
  const id = aig.repetitions(3)[0];
  const code = id === undefined ? '' : part(id, 1) || part(id, 2);
  if (id === undefined || code === '') {
    reading.warn('AIG-3', 'is empty, so any resource of the type would do; none was taken');
    return [];
  }
  const type = typeOf(reading, aig, code);
  if (type === 'calendar') {
    return wanted === 'practitioner' ? [statement(reading, aig, { kind: 'calendar', code }, occupation)] : [];
  }
  if (type !== wanted) return [];
  const name = part(id, 2);
  const more = name === '' ? {} : { name };
  const actor: ResourceAssertion =
    type === 'practitioner' ? { kind: type, assertion: { code, ...more } } : { kind: type, code, ...more };
  return [statement(reading, aig, actor, occupation)];
}

/** What the site file says of the type or of the very resource, else the table; what nobody knows is a device. */
function typeOf(reading: Reading, aig: Segment, code: string): Wanted | 'calendar' | 'ignore' {
  const { site, settings } = reading;
  const words = [part(aig, 4), part(aig, 4, 2), fieldText(aig)].filter((word) => word !== '');
  const own = new Map(Object.entries(settings.resourceTypes).map(([word, type]) => [word.toUpperCase(), type]));
  for (const word of words) {
    const type = own.get(word.toUpperCase());
    if (type !== undefined) return type;
  }
  if (Object.hasOwn(site.resources.calendars, code)) return 'calendar';
  if (Object.hasOwn(site.resources.practitioners, code)) return 'practitioner';
  if (Object.hasOwn(site.resources.devices, code)) return 'device';
  if (isListedLocation(reading, code)) return 'location';
  // "Lab Equipment" and "Exam Room" say it in one of their words.
  const parts = words.flatMap((word) => word.split(/[^A-Za-z]+/)).filter((word) => word.length > 3);
  for (const word of [...words, ...parts]) {
    const type = RESOURCE_TYPES[word.toUpperCase()];
    if (type !== undefined) return type;
  }
  reading.warn(
    'AIG-4',
    'is a type that is not known, so the resource is taken for a device; list it under resourceTypes',
  );
  return 'device';
}

function fieldText(aig: Segment): string {
  const type = aig.repetitions(4)[0];
  return type === undefined ? '' : part(type, 2);
}

function isListedLocation(reading: Reading, code: string): boolean {
  const { locations } = reading.site;
  return Object.hasOwn(locations, code) || Object.values(locations).some(({ codes }) => codes.includes(code));
}

function statement(
  reading: Reading,
  segment: Segment,
  actor: ResourceAssertion,
  occupation: Occupation,
): ParticipantStatement {
  const fields = RESOURCE_FIELDS[segment.name];
  const own =
    fields === undefined
      ? undefined
      : fillerStatus(reading, segment.repetitions(fields.status)[0], `${segment.name}-${fields.status}`);
  const zone =
    actor.kind === 'location' ? (reading.site.locations[actor.code]?.timeZone ?? occupation.zone) : occupation.zone;
  const action = occupation.actionOf?.(segment) ?? 'replace';
  const during =
    occupation.visit === null
      ? action === 'replace' || action === 'add'
        ? ownTime(reading, segment, zone)
        : null
      : resourceTime(reading, segment, occupation.visit, zone);
  const type = segment.name === 'AIP' ? PARTICIPATION[part(segment, 4).toUpperCase()] : undefined;
  return {
    actor,
    // A resource that is cancelled with the whole visit has declined nothing: it stays what the visit was to occupy.
    status:
      END_STATUS.has(occupation.status) ||
      occupation.status === 'discontinued' ||
      action === 'remove' ||
      action === 'end'
        ? 'accepted'
        : PARTICIPANT_STATUS[own ?? occupation.status],
    ...(during === null ? {} : { during }),
    ...(type === undefined ? {} : { type }),
    ...(action === 'replace' ? {} : { action }),
  };
}

/**
 * The zone of the first place that the site file lists, then the site's. MSH-7's offset is not asked: it is that of the
 * day on which the message was sent, and wrong for a visit beyond a change of clocks.
 */
export function visitZone(reading: Reading, counted: Counted): string {
  const { locations, timeZone } = reading.site;
  for (const path of reading.settings.fields.location) {
    const { segment: name, field } = pathOf(path);
    for (const place of counted(name).flatMap((segment) => segment.repetitions(field))) {
      const actor = locationOf(reading, place);
      const listed = actor?.kind === 'location' ? locations[actor.code] : undefined;
      if (listed !== undefined) return listed.timeZone;
    }
  }
  return timeZone;
}
