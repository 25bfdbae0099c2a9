/**
 * An appointment as read (GET /appointments, alone or from a list). `date`, `time` and `endTime` are display text; the
 * end is start plus duration. Of the intake form only the configured fields are read, and `notes` only where the site
 * file says that they are the comment.
 */
import { formatInstant, instant, MINUTE_MS, parseInstant, type Instant } from '../../core/instant.ts';
import type { AppointmentChange, Mapped, SiteFacts, StoredMessage } from '../contract.ts';
import { answerTo, patientOf } from './patient.ts';
import { standingOf } from './standing.ts';
import { objectIn, reading, textOf, unreadable, type Fields } from './reading.ts';

export function mapAppointment(message: StoredMessage, facts: SiteFacts): Mapped {
  const fields = objectIn(message.body);
  if (fields === null) return unreadable('', 'the appointment is not a JSON object');
  const at = message.readAt ?? message.receivedAt;
  const read = reading(fields);
  const key = read.id('id');
  const start = read.instant('datetime');
  const minutes = read.positive('duration');
  const calendar = read.id('calendarID');
  const visitType = read.id('appointmentTypeID');
  if (read.issues.length > 0 || start === null || minutes === null) {
    return { kind: 'unreadable', issues: read.issues };
  }
  if (facts.site.resources.calendars[calendar] === undefined) return onOtherCalendar(key, at, facts);
  const patient = patientOf(fields, facts);
  const created = parseInstant(textOf(fields['datetimeCreated']));
  const correlation = answerTo(fields, facts.site.settings['bookingIdField']);
  const display = textOf(fields['type']);
  const change: AppointmentChange = {
    kind: 'appointment',
    at,
    key,
    // The key itself becomes an identifier of the Appointment wherever it is applied; the vendor has no other.
    identifiers: [],
    ...standingOf(message.kind, fields, facts.site.settings),
    during: { start, end: instant(start + minutes * MINUTE_MS) },
    visitType: { code: visitType, ...(display !== '' && { display }) },
    participants: [{ actor: { kind: 'calendar', code: calendar }, status: 'accepted' }],
    patients: patient === null ? [] : [patient],
    ...(created !== null && { created }),
    ...(isClass(fields, visitType, facts) && { session: slotKey(calendar, visitType, start) }),
    ...(correlation !== '' && { correlation }),
  };
  return { kind: 'changes', changes: [change], warnings: patient === null ? ['the appointment names nobody'] : [] };
}

/** Answer 404, kept as `{"gone":true,"id":"91400233"}`. */
export function mapGone(message: StoredMessage): Mapped {
  const id = textOf(objectIn(message.body)?.['id']);
  if (id === '') return unreadable('id', 'the record that is gone is not named');
  const at = message.readAt ?? message.receivedAt;
  return { kind: 'changes', changes: [{ kind: 'appointment-gone', key: id, at }], warnings: [] };
}

/** The same for a computed slot and for the class that is held in it, so that both name one session. */
export function slotKey(calendar: string, visitType: string, start: Instant): string {
  return `${calendar}:${visitType}:${formatInstant(start)}`;
}

/** Seats of one class are separate appointments, as are the visits of a series; only the seats share a time. */
function isClass(fields: Fields, visitType: string, { site }: SiteFacts): boolean {
  const classTypes = site.settings['classTypes'];
  return typeof fields['classID'] === 'number' || (Array.isArray(classTypes) && classTypes.includes(visitType));
}

function onOtherCalendar(key: string, at: Instant, facts: SiteFacts): Mapped {
  if (facts.site.settings['otherCalendars'] === 'ignore') {
    // It may have been moved there from a listed calendar, whose time is open again then.
    return { kind: 'changes', changes: [{ kind: 'appointment-gone', key, at }], warnings: [] };
  }
  const problem = 'is a calendar that resources.calendars does not list; list it, or set otherCalendars: ignore';
  return { kind: 'unreadable', issues: [{ code: 'RESOURCE_UNKNOWN', where: 'calendarID', problem }] };
}
