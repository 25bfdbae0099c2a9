/**
 * Vendor records as states. The digest covers what the mapping reads and no more, so that a new display text is no
 * news.
 */
import { HubError } from '../../core/errors.ts';
import { sha256 } from '../../core/ids.ts';
import { instant, MINUTE_MS, parseInstant, type Instant } from '../../core/instant.ts';
import type { SiteBooking, SiteState } from '../contract.ts';
import { changeMatters } from './labels.ts';
import type { AcuitySettings } from './settings.ts';
import type { Appointment } from './wire.ts';

/** One appointment as read, from a list or alone. */
export interface ReadAppointment {
  readonly row: Appointment;
  /** The row as sent. */
  readonly raw: string;
  readonly canceled: boolean;
  /**
   * Rows of lists may lack `canceled`: then it is known only from the query that listed them, and the message kind says
   * so.
   */
  readonly listedAsCanceled: boolean;
  readonly readAt: Instant;
}

export function appointmentState(read: ReadAppointment, settings: AcuitySettings): SiteState {
  const { row } = read;
  const fields = [settings.mrnField, settings.birthDateField, settings.bookingIdField];
  const matters = [
    [row.id, row.datetime, String(row.duration), row.appointmentTypeID, row.type, row.calendarID, row.classID ?? null],
    [row.firstName, row.lastName, row.phone, row.email],
    [read.canceled, row.noShow === true],
    fields.map((field) => (field === undefined ? '' : answerTo(row, field))),
    ...changeMatters(read, settings),
  ];
  return {
    shape: 'state',
    kind: read.listedAsCanceled ? 'appointment-canceled' : 'appointment',
    object: appointmentObject(row.id),
    sequenceKeys: [appointmentObject(row.id)],
    digest: sha256(JSON.stringify(matters)),
    contentType: 'application/json',
    body: Buffer.from(read.raw),
    readAt: read.readAt,
  };
}

/** The vendor answered 404: deleted there, or never there. */
export function goneState(id: string, readAt: Instant): SiteState {
  return {
    shape: 'state',
    kind: 'appointment-gone',
    object: appointmentObject(id),
    sequenceKeys: [appointmentObject(id)],
    digest: sha256(`gone:${id}`),
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ gone: true, id })),
    readAt,
    gone: true,
  };
}

export function appointmentObject(id: number | string): string {
  return `appointment:${id}`;
}

/** @throws HubError SITE_ANSWER_UNREADABLE when the row lacks what makes it an appointment */
export function siteBooking(read: ReadAppointment, settings: AcuitySettings): SiteBooking {
  const { row } = read;
  const start = typeof row.datetime === 'string' ? parseInstant(row.datetime) : null;
  const minutes = Number(row.duration);
  if (start === null || !(minutes > 0) || typeof row.calendarID !== 'number') {
    throw new HubError('SITE_ANSWER_UNREADABLE', { detail: 'an appointment without datetime, duration or calendarID' });
  }
  return {
    key: String(row.id),
    status: read.canceled ? 'cancelled' : 'booked',
    start,
    end: instant(start + minutes * MINUTE_MS),
    calendar: String(row.calendarID),
    state: appointmentState(read, settings),
  };
}

/** What was answered in an intake form field; empty when nothing was. */
export function answerTo(row: Appointment, field: number): string {
  for (const form of listOf(row.forms)) {
    for (const value of listOf(form['values'])) {
      if (value['fieldID'] === field && typeof value['value'] === 'string') return value['value'].trim();
    }
  }
  return '';
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null);
}
