/** When a visit is, and when each of its resources is taken, out of the many places where senders write that. */
import { DAY_MS, HOUR_MS, MINUTE_MS, plus, type Instant, type Interval } from '../../core/instant.ts';
import type { Segment } from '../../hl7v2/segment.ts';
import { DURATION_UNIT_MS, RESOURCE_FIELDS, TIME_SOURCES, UNIT_PLACES } from './codes.ts';
import { part, pathOf, said, type Reading } from './reading.ts';

/** A longer end is a mistake when a duration contradicts it: a sample of the standard's own guide ends a year later. */
const LONGEST_VISIT_MS = DAY_MS;

/** A number of more digits than any length of time has is a mistake, and its end would be no moment of a calendar. */
const LONGEST_DURATION_MS = 366 * DAY_MS;

/** Setting up and tidying may lie around a visit; a resource time further off belongs to an older version of it. */
const FARTHEST_RESOURCE_MS = 4 * HOUR_MS;

interface Start {
  readonly path: string;
  readonly at: Instant;
  readonly segment: Segment;
}

/** Segments of this name that count: those marked as removed are left out by the caller. */
export type Counted = (name: string) => readonly Segment[];

export interface VisitTime {
  readonly during: Interval;
  /** Where its start stands. */
  readonly path: string;
  /** Segment in which it stands. */
  readonly segment: Segment;
}

/** How a time is looked for. */
export interface TimeSearch {
  readonly counted: Counted;
  readonly zone: string;
  /** Usual length, where no end and no duration is told. */
  readonly usual_min: number | null;
  /** True: what a resource says of its own time is not the visit's (a message that lists only what changes). */
  readonly ofVisitOnly?: boolean;
}

/** Null: there is no start, or no way to tell the end; the warnings say which. */
export function visitTime(reading: Reading, search: TimeSearch): VisitTime | null {
  const { counted, zone } = search;
  const starts = placesOf(reading.settings.fields.start, search).flatMap(
    (path) => startAt(reading, counted, path, zone) ?? [],
  );
  const [chosen, ...others] = starts;
  if (chosen === undefined) return null;
  const durations = placesOf(reading.settings.fields.duration, search);
  const end = endOf(reading, search, chosen, durations);
  if (end === null) return null;
  const during = { start: chosen.at, end };
  for (const other of others) {
    if (contradicts(other, during)) reading.warn(other.path, `says another time than ${chosen.path}, which was taken`);
  }
  return { during, path: chosen.path, segment: chosen.segment };
}

function placesOf(paths: readonly string[], { ofVisitOnly }: TimeSearch): readonly string[] {
  return ofVisitOnly === true ? paths.filter((path) => RESOURCE_FIELDS[pathOf(path).segment] === undefined) : paths;
}

/** The earliest moment at that path over its segments. */
function startAt(reading: Reading, counted: Counted, path: string, zone: string): Start | null {
  const { segment: name, field, component } = pathOf(path);
  let earliest: Start | null = null;
  for (const segment of counted(name)) {
    const at = reading.time(said(segment.component(field, component)), path, zone);
    if (at !== null && (earliest === null || at < earliest.at)) earliest = { path, at, segment };
    // TQ1 and SCH are about the whole visit: the first one that is filled is meant, not the earliest.
    if (earliest !== null && RESOURCE_FIELDS[name] === undefined) break;
  }
  return earliest;
}

/** A resource may start later than the visit; another start of the whole, or one outside it, is a contradiction. */
function contradicts(other: Start, during: Interval): boolean {
  const isResource = RESOURCE_FIELDS[pathOf(other.path).segment] !== undefined;
  return isResource ? other.at < during.start || other.at >= during.end : other.at !== during.start;
}

function endOf(
  reading: Reading,
  { counted, zone, usual_min }: TimeSearch,
  start: Start,
  durations: readonly string[],
): Instant | null {
  const source = TIME_SOURCES[start.path];
  const told = source?.end === undefined ? null : endAt(reading, start, source.end, zone);
  const isBelieved = told !== null && told - start.at <= LONGEST_VISIT_MS;
  if (isBelieved && reading.settings.endBy === 'end') return told;
  const places = [...(source?.duration === undefined ? [] : [source.duration]), ...durations];
  // Senders repeat one length in many fields and its unit in one of them: that one says what the others mean.
  for (const unitless of ['leave', 'take'] as const) {
    for (const quantity of places) {
      const ms = durationAt(reading, counted, quantity, unitless);
      if (ms === null || (told !== null && ms > LONGEST_VISIT_MS)) continue;
      if (told !== null && !isBelieved)
        reading.warn(source?.end ?? '', `is more than a day after the start; ${quantity} was taken`);
      return plus(start.at, ms);
    }
  }
  if (isBelieved) return told;
  if (told !== null) {
    reading.warn(source?.end ?? '', 'is more than a day after the start; nothing contradicts it, so it was taken');
    return told;
  }
  if (usual_min === null) return null;
  reading.warn(durations[0] ?? start.path, 'no end and no duration; the usual length of the visit type was taken');
  return plus(start.at, usual_min * MINUTE_MS);
}

function endAt(reading: Reading, start: Start, path: string, zone: string): Instant | null {
  const { field, component } = pathOf(path);
  const at = reading.time(said(start.segment.component(field, component)), path, zone);
  if (at === null || at > start.at) return at;
  reading.warn(path, 'is not after the start, so it was left out');
  return null;
}

type Unitless = 'leave' | 'take';

function durationAt(reading: Reading, counted: Counted, quantity: string, unitless: Unitless): number | null {
  const { segment: name, field, component } = pathOf(quantity);
  const place = UNIT_PLACES[quantity];
  const unit = place === undefined ? { field: field + 1, component: 1 } : place === '' ? null : pathOf(place);
  for (const segment of counted(name)) {
    const text = said(segment.component(field, component));
    // Some write quantity and unit into one field: 30^MIN.
    const written = unit === null ? '' : part(segment, unit.field, unit.component) || part(segment, field, 2);
    const ms = duration(reading, text, written, quantity, unitless);
    if (ms !== null) return ms;
  }
  return null;
}

const NUMBER = /^\+?(\d+(?:\.\d+)?)$/;
/** TQ.3: the unit in front (M30), or behind (30M, 2 hours) at senders who guess. */
const CODED = /^([SMHDW])(\d+)$/i;
const COUNTED = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/;

/** Milliseconds, above zero. Null with a warning for what is no duration, null without one for an empty field. */
export function duration(
  reading: Reading,
  quantity: string,
  unit: string,
  where: string,
  unitless: Unitless,
): number | null {
  if (quantity === '') return null;
  const coded = CODED.exec(quantity);
  const withUnit = COUNTED.exec(quantity);
  const number = coded?.[2] ?? withUnit?.[1] ?? NUMBER.exec(quantity)?.[1];
  if (number === undefined) {
    reading.warn(where, 'is not a duration');
    return null;
  }
  const written = coded?.[1] ?? withUnit?.[2] ?? unit;
  if (unitless === 'leave' && DURATION_UNIT_MS[written.toUpperCase()] === undefined) return null;
  const ms = Math.round(Number(number) * unitOf(reading, written, Number(number), where));
  if (ms > LONGEST_DURATION_MS) {
    reading.warn(where, 'is more than a year, so it was left out');
    return null;
  }
  return ms > 0 ? ms : null;
}

function unitOf(reading: Reading, unit: string, number: number, where: string): number {
  const known = DURATION_UNIT_MS[unit.toUpperCase()];
  if (known !== undefined) return known;
  if (unit !== '') reading.warn(where, 'has a unit that is not known; read as if it had none');
  if (reading.settings.durationUnitWhenAbsent === 'min') return MINUTE_MS;
  if (number >= 5 && number <= 480 && number % 5 === 0) {
    reading.warn(where, 'has no unit and was read as seconds; if minutes are meant, set durationUnitWhenAbsent: min');
  }
  return 1000;
}

/**
 * When one resource is taken: its own start, else the visit's start and its offset, for its own duration, else to the
 * end of the visit. Null when that is the visit's own time, or when what is written cannot belong to this visit.
 */
export function resourceTime(reading: Reading, segment: Segment, visit: Interval, zone: string): Interval | null {
  const fields = RESOURCE_FIELDS[segment.name];
  if (fields === undefined) return null;
  const where = `${segment.name}-${fields.start}`;
  const own = reading.time(part(segment, fields.start), where, zone);
  const start = own ?? plus(visit.start, offset(reading, segment, fields.offset));
  const quantity = part(segment, fields.duration);
  const unit = part(segment, fields.duration + 1);
  const length = duration(reading, quantity, unit, `${segment.name}-${fields.duration}`, 'take');
  const end = length === null ? visit.end : plus(start, length);
  if (start === visit.start && end === visit.end) return null;
  const gap = Math.max(visit.start - end, start - visit.end);
  if (end <= start || gap > FARTHEST_RESOURCE_MS) {
    reading.warn(where, 'is not a time of this visit; the resource was taken for the visit itself');
    return null;
  }
  return { start, end };
}

/** When one resource is taken by its own start and duration alone: of a visit whose time the message does not give. */
export function ownTime(reading: Reading, segment: Segment, zone: string): Interval | null {
  const fields = RESOURCE_FIELDS[segment.name];
  if (fields === undefined) return null;
  const start = reading.time(part(segment, fields.start), `${segment.name}-${fields.start}`, zone);
  const unit = part(segment, fields.duration + 1);
  const where = `${segment.name}-${fields.duration}`;
  const length = duration(reading, part(segment, fields.duration), unit, where, 'take');
  return start === null || length === null ? null : { start, end: plus(start, length) };
}

/** Signed; seconds by the standard where no unit is given. */
function offset(reading: Reading, segment: Segment, field: number): number {
  const text = part(segment, field);
  const found = /^([+-]?)(\d+(?:\.\d+)?)$/.exec(text);
  if (found === null) {
    if (text !== '') reading.warn(`${segment.name}-${field}`, 'is not a number, so it was left out');
    return 0;
  }
  const number = Number(found[2]);
  if (number === 0) return 0;
  const ms = number * unitOf(reading, part(segment, field + 1), number, `${segment.name}-${field}`);
  if (ms > LONGEST_DURATION_MS) {
    reading.warn(`${segment.name}-${field}`, 'is more than a year, so it was left out');
    return 0;
  }
  return found[1] === '-' ? 0 - ms : ms;
}
