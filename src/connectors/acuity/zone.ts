/** The zone in which a calendar's days begin and end: that of its location, else of the site. */
import type { SiteSettings } from '../../settings/shape.ts';

export function calendarZone(file: SiteSettings, calendar: string): string {
  const location = file.resources.calendars[calendar]?.location;
  return (location === undefined ? undefined : file.locations[location]?.timeZone) ?? file.timeZone;
}
