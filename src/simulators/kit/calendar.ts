/** Local dates and times of a clinic. */
import { DateTime } from 'luxon';
import { instant, parseInstant, type Instant } from '../../core/instant.ts';

const NAIVE = [
  "yyyy-MM-dd'T'HH:mm:ss",
  "yyyy-MM-dd'T'HH:mm",
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd HH:mm',
  'MMMM d, yyyy h:mma',
];

/** Times as staff type them: an offset counts, without one the clock of `zone` is meant. Null when unreadable. */
export function readInput(text: string, zone: string): Instant | null {
  const exact = parseInstant(text.trim().replace(' ', 'T'));
  if (exact !== null) return exact;
  for (const format of NAIVE) {
    const local = DateTime.fromFormat(text.trim(), format, { zone, locale: 'en-US' });
    if (local.isValid) return instant(local.toMillis());
  }
  return null;
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export function weekday(date: string): string {
  return WEEKDAYS[DateTime.fromISO(date).weekday - 1] ?? 'mon';
}

/** `YYYY-MM-DD` moved by whole days, in no zone at all. */
export function addDays(date: string, days: number): string {
  return DateTime.fromISO(date, { zone: 'UTC' }).plus({ days }).toFormat('yyyy-MM-dd');
}

/** The moment of `HH:MM` on a local date. `24:00` is the next midnight. Null for a date or time that is none. */
export function onDate(date: string, time: string, zone: string): Instant | null {
  const [hour, minute] = time.split(':').map(Number);
  const local = DateTime.fromISO(date, { zone }).set({
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: 0,
    millisecond: 0,
  });
  return local.isValid ? instant(local.toMillis()) : null;
}
