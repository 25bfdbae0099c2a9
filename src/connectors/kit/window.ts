/** Windows of whole local days, and how far behind "now" a cursor may claim to have seen. */
import { DAY_MS, HOUR_MS, instant, localDate, startOfDay, type Instant, type Interval } from '../../core/instant.ts';

/**
 * Windows of `days` local days that cover `[from, to)`, on a fixed grid (day 0 is 1970-01-01): the window that a day
 * lies in is the same on every run, so an unchanged window keeps its name and its digest, and is no news.
 */
export function gridWindows(from: Instant, to: Instant, days: number, zone: string): readonly Interval[] {
  const first = Math.floor(dayNumber(from, zone) / days) * days;
  const windows: Interval[] = [];
  for (let day = first; ; day += days) {
    const window = { start: midnight(day, zone), end: midnight(day + days, zone) };
    if (window.start >= to) return windows;
    windows.push(window);
  }
}

/** Two halves cut at a local midnight; null when the window is a single day. */
export function halve(window: Interval, zone: string): readonly [Interval, Interval] | null {
  const first = dayNumber(window.start, zone);
  const days = dayNumber(instant(window.end - 1), zone) + 1 - first;
  if (days < 2) return null;
  const middle = midnight(first + Math.floor(days / 2), zone);
  return [
    { start: window.start, end: middle },
    { start: middle, end: window.end },
  ];
}

/** Local dates `YYYY-MM-DD` of a window of whole days. */
export function datesOf(window: Interval, zone: string): readonly string[] {
  const first = dayNumber(window.start, zone);
  const last = dayNumber(instant(window.end - 1), zone);
  return Array.from({ length: last - first + 1 }, (_, n) => dateOfNumber(first + n));
}

/** A cursor's claim: `startedAt` minus the overlap, because the site's clock may be behind ours. */
export function seenUpTo(startedAt: Instant, overlap_s: number): Instant {
  return instant(startedAt - overlap_s * 1_000);
}

/** Days since 1970-01-01 of the local date. */
function dayNumber(at: Instant, zone: string): number {
  return Math.floor(Date.parse(`${localDate(at, zone)}T00:00:00Z`) / DAY_MS);
}
function dateOfNumber(day: number): string {
  return localDate(instant(day * DAY_MS + 12 * HOUR_MS), 'UTC');
}
function midnight(day: number, zone: string): Instant {
  const at = startOfDay(dateOfNumber(day), zone);
  if (at === null) throw new RangeError(`no day ${day} in ${zone}`);
  return at;
}
