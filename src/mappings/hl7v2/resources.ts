/** RGS, AIS, AIG, AIL, AIP and what stands in for them: which practitioners, places and devices a visit occupies. */
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
import { fillerStatus } from './status.ts';
import { resourceTime, type Counted } from './times.ts';

const RESOURCES = ['AIS', 'AIG', 'AIL', 'AIP'] as const;

/** The visit is ended, or time is opened again: "remove" then means the end itself, and all that was taken is named. */
const NAMES_WHAT_ENDS: ReadonlySet<string> = new Set(['S15', 'S16', 'S17', 'S23', 'S24', 'S26']);

/** Resource segments that count; those that are being removed (AIx-2 or the RGS-2 above them) are left out. */
export function countedSegments(reading: Reading): Counted {
  const removed = new Set<Segment>();
  if (!NAMES_WHAT_ENDS.has(reading.trigger)) {
    for (const group of reading.message.groups('RGS', { members: RESOURCES })) {
      const all = isRemoval(group.head);
      for (const segment of group.segments) if (all || isRemoval(segment)) removed.add(segment);
    }
  }
  for (const name of RESOURCES) for (const segment of reading.message.all(name)) warnOfShift(reading, segment);
  return (name) => reading.message.all(name).filter((segment) => !removed.has(segment));
}

/** Table 0206 D; C is what one family of senders writes for it. */
function isRemoval(segment: Segment | undefined): boolean {
  return segment !== undefined && ['D', 'C'].includes(part(segment, 2).toUpperCase());
}

function warnOfShift(reading: Reading, segment: Segment): void {
  const action = part(segment, 2).toUpperCase();
  if (['', 'A', 'D', 'U', 'X', 'C', 'S'].includes(action)) return;
  reading.warn(
    `${segment.name}-2`,
    'is no action code; the segment may be shifted by a field (see `fields` in the site file)',
  );
}

/** `visit` is null for a visit without a time: then nobody has an interval of their own either. */
export interface Occupation {
  readonly counted: Counted;
  readonly visit: Interval | null;
  readonly zone: string;
  readonly status: FillerStatus;
}

/** Each actor once for each interval: a person in two resource groups at one time is one participant. */
export function participants(reading: Reading, occupation: Occupation): readonly ParticipantStatement[] {
  const { practitioner, location } = reading.settings.fields;
  const found = [
    ...firstThatNames(reading, occupation, practitioner, 'practitioner'),
    ...firstThatNames(reading, occupation, location, 'location'),
    ...occupation.counted('AIG').flatMap((aig) => general(reading, aig, occupation, 'device')),
  ];
  const once = new Map<string, ParticipantStatement>();
  for (const one of found) {
    const during = one.during === undefined ? '' : `${one.during.start}-${one.during.end}`;
    const key = `${actorKey(one.actor)}|${during}`;
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()];
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
  const during = occupation.visit === null ? null : resourceTime(reading, segment, occupation.visit, zone);
  const type = segment.name === 'AIP' ? PARTICIPATION[part(segment, 4).toUpperCase()] : undefined;
  return {
    actor,
    // A resource that is cancelled with the whole visit has declined nothing: it stays what the visit was to occupy.
    status: END_STATUS.has(occupation.status) ? 'accepted' : PARTICIPANT_STATUS[own ?? occupation.status],
    ...(during === null ? {} : { during }),
    ...(type === undefined ? {} : { type }),
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
