import { DateTime } from 'luxon';

/** `2026-12-01T09:00:00-0500`: the vendor writes offsets without a colon. Sheet 2.1. */
export function withOffset(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ssZZZ");
}

/** `December 1, 2026` */
export function displayDate(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).setLocale('en-US').toFormat('MMMM d, yyyy');
}

/** `9:00am` */
export function displayTime(at: number, zone: string): string {
  return DateTime.fromMillis(at, { zone }).setLocale('en-US').toFormat('h:mma').toLowerCase();
}
