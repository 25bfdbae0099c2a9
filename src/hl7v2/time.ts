/**
 * HL7 v2 time stamps (TS, DTM): `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`, at the precision that was sent. Whose
 * zone applies where none is given is the caller's business: the location's, then the site's, then the offset of MSH-7,
 * which is wrong for dates beyond a change of clocks.
 */
import { DateTime } from 'luxon';
import { instant, localInstant, type Instant } from '../core/instant.ts';

export type TimePrecision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';

export interface HL7Time {
  readonly precision: TimePrecision;
  readonly year: number;
  /** 1-12; 1 where the precision is coarser, as are the parts below at their lowest value. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** Minutes east of UTC, as sent; null when the time names no zone. */
  readonly offset_min: number | null;
}

/** An IANA zone name, or a fixed offset in minutes east of UTC. */
export type ZoneOrOffset = string | number;

export interface ResolvedTime {
  readonly at: Instant;
  /** False when the wall-clock time happens twice or never in that zone. */
  readonly exact: boolean;
  /** Where the zone came from: the time itself, or the zone that was handed in. */
  readonly zoneFrom: 'message' | 'caller';
}

/**
 * No news is older. Some programs write an empty time as their lowest one (00010101), and with a zone east of Greenwich
 * that lies before the year 1, where the database has no times: such a message could never be stored, and its sender
 * would repeat it for ever.
 */
export const EARLIEST_NEWS: Instant = instant(Date.UTC(1900, 0, 1));

const TIME = /^(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?$/;
/** Milliseconds or hundredths without the point before them, as some products write them. */
const NO_POINT = /^(\d{14})(\d{2,3})(?!\d)/;
const PRECISIONS: readonly TimePrecision[] = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'];

/**
 * Null when the text is no time of the calendar: 24:00, 30 February, letters. Blanks around it, a second component (the
 * legacy precision of TS.2) and ISO punctuation are taken, since senders write them.
 */
export function parseTime(text: string): HL7Time | null {
  const cut = text.indexOf('^');
  const plain = (cut === -1 ? text : text.slice(0, cut)).trim().replace(NO_POINT, '$1.$2');
  const found = TIME.exec(plain) ?? ISO.exec(plain);
  if (found === null) return null;
  let given = 1;
  while (given < 7 && found[given + 1] !== undefined) given += 1;
  const time: HL7Time = {
    precision: PRECISIONS[given - 1] ?? 'year',
    year: Number(found[1]),
    month: Number(found[2] ?? 1),
    day: Number(found[3] ?? 1),
    hour: Number(found[4] ?? 0),
    minute: Number(found[5] ?? 0),
    second: Number(found[6] ?? 0),
    millisecond: Number((found[7] ?? '0').padEnd(3, '0').slice(0, 3)),
    offset_min: found[8] === undefined ? null : offsetMinutes(found[8]),
  };
  return isOfCalendar(time) ? time : null;
}

/** The moment it means (the first one, where the precision is coarse). Null only when `zone` is not a zone. */
export function resolveTime(time: HL7Time, zone: ZoneOrOffset): ResolvedTime | null {
  if (time.offset_min !== null) return { at: atOffset(time, time.offset_min), exact: true, zoneFrom: 'message' };
  if (typeof zone === 'number') return { at: atOffset(time, zone), exact: true, zoneFrom: 'caller' };
  const { year, month, day, hour, minute, second, millisecond } = time;
  const local = localInstant({ year, month, day, hour, minute, second, millisecond }, zone);
  return local === null ? null : { ...local, zoneFrom: 'caller' };
}

/** FHIR `date` with the precision that was sent: `1980`, `1980-01` or `1980-01-02`; a time of day is dropped. */
export function fhirDate(time: HL7Time): string {
  const year = String(time.year).padStart(4, '0');
  if (time.precision === 'year') return year;
  if (time.precision === 'month') return `${year}-${two(time.month)}`;
  return `${year}-${two(time.month)}-${two(time.day)}`;
}

/** The last one of each zone: a busy listener writes thousands of the same second, and working one out is slow. */
const written = new Map<string, { readonly second: number; readonly text: string }>();

/** `YYYYMMDDHHMMSS+ZZZZ` with the offset that `zone` has at that moment. */
export function formatTime(at: Instant, zone = 'UTC'): string {
  const second = Math.floor(at / 1000);
  const last = written.get(zone);
  if (last?.second === second) return last.text;
  const text = DateTime.fromMillis(at, { zone }).toFormat('yyyyMMddHHmmssZZZ');
  written.set(zone, { second, text });
  return text;
}

function isOfCalendar(time: HL7Time): boolean {
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.hour > 23 || time.minute > 59 || time.second > 59) {
    return false;
  }
  if (time.year < 1 || (time.offset_min !== null && Math.abs(time.offset_min) > 14 * 60)) return false;
  return time.day <= daysIn(time.year, time.month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function offsetMinutes(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return text.startsWith('-') ? 0 - minutes : minutes;
}

function atOffset(time: HL7Time, offset_min: number): Instant {
  const utc = new Date(0);
  // Date.UTC reads years below 100 as 19xx.
  utc.setUTCFullYear(time.year, time.month - 1, time.day);
  utc.setUTCHours(time.hour, time.minute, time.second, time.millisecond);
  return instant(utc.getTime() - offset_min * 60_000);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
