/**
 * A point in time: whole milliseconds since 1970-01-01T00:00:00Z, branded so that a duration or a plain number is never
 * passed where a moment is meant. Text exists only at the edges (FHIR, HL7 v2, vendors).
 */
import { DateTime, IANAZone } from 'luxon';

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
  const local = DateTime.fromMillis(at, { zone });
  return local.toISO({ suppressMilliseconds: true, includeOffset: true }) ?? new Date(at).toISOString();
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
  const local = DateTime.fromObject({ ...parts }, { zone });
  if (!local.isValid) return null;
  const possible = local.getPossibleOffsets();
  const earliest = possible.reduce((first, other) => (other < first ? other : first), local);
  const kept = earliest.hour === (parts.hour ?? 0) && earliest.minute === (parts.minute ?? 0);
  return { at: instant(earliest.toMillis()), exact: possible.length === 1 && kept };
}

/** Local calendar date `YYYY-MM-DD` of a moment. */
export function localDate(at: Instant, zone: string): string {
  return DateTime.fromMillis(at, { zone }).toFormat('yyyy-MM-dd');
}

/** First moment of a local calendar date. Null when `date` is not `YYYY-MM-DD` of a real day. */
export function startOfDay(date: string, zone: string): Instant | null {
  const day = DateTime.fromISO(date, { zone });
  return day.isValid && /^\d{4}-\d{2}-\d{2}$/.test(date) ? instant(day.startOf('day').toMillis()) : null;
}
