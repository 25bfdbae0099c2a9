/** Date values of a search: prefix, precision and zone (fhir-scheduling.md section 6.2). */
import { instant, localInstant, plus, type Instant } from '../core/instant.ts';
import type { DatePrefix, DateValue } from './search.ts';

const CLOCK = 'T(\\d{2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d{1,9}))?)?(Z|[+ -]\\d{2}:\\d{2})?';
const VALUE = new RegExp(`^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\\d{4})(?:-(\\d{2})(?:-(\\d{2})(?:${CLOCK})?)?)?$`);

/** What the database can hold; a search beyond it means "ever". */
const FIRST = Date.UTC(1, 0, 2) - yearsBefore1900(1);
const LAST = Date.UTC(9999, 11, 31);
/** How far `ap` reaches: this part of the gap between now and the value, as the specification recommends. */
const APPROXIMATE = 0.1;

interface Parts {
  readonly year: number;
  readonly month: number | null;
  readonly day: number | null;
  readonly hour: number | null;
  readonly minute: number;
  readonly second: number | null;
  readonly fraction: string | null;
  readonly zone: string | null;
}

/**
 * A value without a zone is read in `zone`. Null: not a date of FHIR, or a day that no calendar has. A blank before
 * the offset is a plus sign that was not percent-encoded.
 */
export function parseDateValue(text: string, zone: string, now: Instant): DateValue | null {
  const found = VALUE.exec(text);
  if (found === null) return null;
  const part = (index: number): number | null => (found[index] === undefined ? null : Number(found[index]));
  const parts: Parts = {
    year: Number(found[2]),
    month: part(3),
    day: part(4),
    hour: part(5),
    minute: part(6) ?? 0,
    second: part(7),
    fraction: found[8] ?? null,
    zone: found[9]?.replace(' ', '+') ?? null,
  };
  if (!exists(parts)) return null;
  const from = beginning(parts, zone);
  if (from === null) return null;
  const prefix = (found[1] ?? 'eq') as DatePrefix;
  const until = ending(parts, from, zone);
  const margin = prefix === 'ap' ? Math.round(Math.abs(now - from) * APPROXIMATE) : 0;
  return { prefix, from: bounded(from - margin), until: bounded(until + margin) };
}

function exists(parts: Parts): boolean {
  const { year, month, day, hour, minute, second } = parts;
  if (year < 1) return false;
  if (month !== null && (month < 1 || month > 12)) return false;
  if (day !== null && (day < 1 || day > daysIn(year, month ?? 1))) return false;
  if (hour !== null && hour > 23) return false;
  if (minute > 59 || (second ?? 0) > 59) return false;
  return parts.zone === null || offset_min(parts.zone) !== null;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** Minutes east of UTC; null: no zone is further away than 14 hours. */
function offset_min(zone: string): number | null {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function beginning(parts: Parts, zone: string): number | null {
  const ms = parts.fraction === null ? 0 : Number(parts.fraction.slice(0, 3).padEnd(3, '0'));
  return at(parts, parts.month ?? 1, parts.day ?? 1, ms, zone);
}

function at(parts: Parts, month: number, day: number, ms: number, zone: string): number | null {
  const { year, hour, minute, second } = parts;
  if (parts.zone !== null) {
    const utc = utcOf(year, month, day, hour ?? 0, minute, second ?? 0, ms);
    return utc - (offset_min(parts.zone) ?? 0) * 60_000;
  }
  const local = localInstant({ year, month, day, hour: hour ?? 0, minute, second: second ?? 0, millisecond: ms }, zone);
  return local?.at ?? null;
}

/**
 * End of the precision given, exclusive. Days and longer are counted in the calendar: a day may have 23 or 25 hours.
 */
function ending(parts: Parts, from: number, zone: string): number {
  if (parts.fraction !== null) return from + 1;
  if (parts.second !== null) return from + 1000;
  if (parts.hour !== null) return from + 60_000;
  const { year } = parts;
  const next =
    parts.day !== null
      ? calendar(year, parts.month ?? 1, parts.day + 1)
      : parts.month !== null
        ? calendar(year, parts.month + 1, 1)
        : calendar(year + 1, 1, 1);
  return at({ ...parts, year: next.year }, next.month, next.day, 0, zone) ?? LAST;
}

function calendar(year: number, month: number, day: number): { year: number; month: number; day: number } {
  if (day > daysIn(year, month)) return calendar(year, month + 1, 1);
  return month > 12 ? { year: year + 1, month: 1, day } : { year, month, day };
}

function utcOf(...[year, month, day, hour, minute, second, ms]: readonly number[]): number {
  const moment = new Date(0);
  // Unlike Date.UTC this does not take the year 26 for 1926.
  moment.setUTCFullYear(year ?? 1970, (month ?? 1) - 1, day ?? 1);
  moment.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0, ms ?? 0);
  return moment.getTime();
}

function yearsBefore1900(year: number): number {
  return Date.UTC(year, 0, 1) - utcOf(year, 1, 1, 0, 0, 0, 0);
}

function bounded(ms: number): Instant {
  return plus(instant(0), Math.min(Math.max(ms, FIRST), LAST));
}
