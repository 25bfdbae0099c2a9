/** The zone in which a calendar's days begin and end: that of its location, else of the site. */
import type { SiteSettings } from '../../settings/shape.ts';
import { zoneOf } from '../../settings/zone.ts';

export function calendarZone(file: SiteSettings, calendar: string): string {
  return zoneOf(file, file.resources.calendars[calendar]?.location);
}
