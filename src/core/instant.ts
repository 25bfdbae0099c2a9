/**
 * A point in time: whole milliseconds since 1970-01-01T00:00:00Z, branded so that a duration or a plain number is never
 * passed where a moment is meant. Text exists only at the edges (FHIR, HL7 v2, vendors).
 */
import { DateTime, IANAZone } from 'luxon';
import { steadyInstant, steadyOffset } from './zone-offset.ts';

declare const brand: unique symbol;
export type Instant = number & { readonly [brand]: 'Instant' };

/** Half-open: `end` is not part of it, so 10:00-10:30 does not meet 10:30-11:00. */
export interface Interval {
  readonly start: Instant;
  readonly end: Instant;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** @throws RangeError when `ms` is not a finite number */
export function instant(ms: number): Instant {
  if (!Number.isFinite(ms)) throw new RangeError('an Instant needs a finite number of milliseconds');
  return Math.trunc(ms) as Instant;
}

export function plus(at: Instant, ms: number): Instant {
  return instant(at + ms);
}

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * Reads a date-time that carries its own zone: `2026-12-01T09:00:00-05:00`, `...-0500` (Acuity writes no colon) or
 * `...Z`. Null when the text is anything else, also when it has no zone: whose zone would apply is not for this
 * function to guess.
 */
export function parseInstant(text: string): Instant | null {
  if (!WITH_ZONE.test(text)) return null;
  const ms = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(ms) ? null : instant(ms);
}

/** FHIR `instant` with seconds: in UTC (`Z`), or with the offset that `zone` has at that moment. */
export function formatInstant(at: Instant, zone = 'UTC'): string {
  const offset = steadyOffset(at, zone);
  if (offset !== null) return isoText(at, offset, zone);
  const local = DateTime.fromMillis(at, { zone });
  return local.toISO({ suppressMilliseconds: true, includeOffset: true }) ?? new Date(at).toISOString();
}

function isoText(at: Instant, offset: number, zone: string): string {
  const wall = new Date(at + offset).toISOString();
  const time = at % 1000 === 0 ? wall.slice(0, 19) : wall.slice(0, 23);
  if (zone === 'UTC') return `${time}Z`;
  const minutes = Math.abs(offset) / MINUTE_MS;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${time}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function isTimeZone(zone: string): boolean {
  return IANAZone.isValidZone(zone);
}

export interface LocalParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly millisecond?: number;
}

/**
 * A wall-clock time in an IANA zone. A time that happens twice (clocks going back) is the earlier one; one that never
 * happens (clocks going forward) is moved forward by the gap; `exact` is false for both, so that a caller can flag it.
 */
export function localInstant(parts: LocalParts, zone: string): { at: Instant; exact: boolean } | null {
  const wall = wallClock(parts);
  const steady = wall === null ? null : steadyInstant(wall, zone);
  if (steady !== null) return { at: instant(steady), exact: true };
  const local = DateTime.fromObject({ ...parts }, { zone });
  if (!local.isValid) return null;
  const possible = local.getPossibleOffsets();
  const earliest = possible.reduce((first, other) => (other < first ? other : first), local);
  const kept = earliest.hour === (parts.hour ?? 0) && earliest.minute === (parts.minute ?? 0);
  return { at: instant(earliest.toMillis()), exact: possible.length === 1 && kept };
}

/** As if it were UTC. Null when there is no such date or time, or one that only a calendar library knows (24:00). */
function wallClock(parts: LocalParts): number | null {
  const { year, month, day, hour = 0, minute = 0, second = 0, millisecond = 0 } = parts;
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second, millisecond));
  const same =
    wall.getUTCFullYear() === year &&
    wall.getUTCMonth() === month - 1 &&
    wall.getUTCDate() === day &&
    wall.getUTCHours() === hour &&
    wall.getUTCMinutes() === minute &&
    wall.getUTCSeconds() === second &&
    wall.getUTCMilliseconds() === millisecond;
  return same ? wall.getTime() : null;
}

/** Local calendar date `YYYY-MM-DD` of a moment. */
export function localDate(at: Instant, zone: string): string {
  const offset = steadyOffset(at, zone);
  if (offset !== null) return new Date(at + offset).toISOString().slice(0, 10);
  return DateTime.fromMillis(at, { zone }).toFormat('yyyy-MM-dd');
}

/** First moment of a local calendar date. Null when `date` is not `YYYY-MM-DD` of a real day. */
export function startOfDay(date: string, zone: string): Instant | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (parts === null) return null;
  const wall = wallClock({ year: Number(parts[1]), month: Number(parts[2]), day: Number(parts[3]) });
  const steady = wall === null ? null : steadyInstant(wall, zone);
  if (steady !== null) return instant(steady);
  const day = DateTime.fromISO(date, { zone });
  return day.isValid ? instant(day.startOf('day').toMillis()) : null;
}
