/** A calendar of a site file is a practitioner at a department, by their FHIR ids: `eLocNorth3/ePracKim3`. */

export interface CalendarParts {
  readonly department: string;
  readonly practitioner: string;
}

/** FHIR ids hold letters, digits, `-` and `.` (vendor sheet section 2); anything else would name no calendar at all. */
const CALENDAR = /^([A-Za-z0-9.-]{1,120})\/([A-Za-z0-9.-]{1,120})$/;

export function calendarOf(calendar: string): CalendarParts {
  const [, department = '', practitioner = ''] = CALENDAR.exec(calendar) ?? [];
  return { department, practitioner };
}

export function isCalendar(calendar: string): boolean {
  return CALENDAR.test(calendar);
}
