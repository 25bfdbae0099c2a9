/**
 * Lists of appointments. The vendor gives at most `max` rows, newest first, with no next page: a list that is full may
 * have lost rows, so whoever asks must bound the window and look at `full`.
 */
import { HubError } from '../../core/errors.ts';
import { instant, localDate, type Instant, type Interval } from '../../core/instant.ts';
import type { CompleteWindow, Site, SiteMessage } from '../contract.ts';
import { rawElements } from '../kit/json.ts';
import { halve } from '../kit/window.ts';
import type { AcuityClient, CallFor, Query, Read } from './client.ts';
import type { AcuitySettings } from './settings.ts';
import { appointmentState, type ReadAppointment } from './state.ts';
import type { Appointment } from './wire.ts';

export interface Listing {
  readonly rows: readonly ReadAppointment[];
  /** There may be more rows than these. */
  readonly full: boolean;
  readonly readAt: Instant;
}

/** Whole local days of one calendar. */
export interface CalendarWindow {
  readonly calendar: string;
  readonly zone: string;
  readonly window: Interval;
}

export interface WholeWindow {
  readonly messages: readonly SiteMessage[];
  readonly complete: readonly CompleteWindow[];
}

/**
 * Every appointment of a window as a state. A full list may have lost its earliest rows: then its halves are listed
 * instead.
 * @throws HubError SITE_PAGE_FULL when a single day is full
 */
export async function wholeWindow(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  where: CalendarWindow,
  at: CallFor,
): Promise<WholeWindow> {
  const { calendar, zone, window } = where;
  const filter: Query = [['calendarID', calendar], ...datesWithin(window, zone)];
  const { rows, full, readAt } = await listAppointments(client, site.settings, filter, at);
  if (full) {
    const [earlier, later] = halve(window, zone) ?? noSmaller(site, 'appointments', where);
    const first = await wholeWindow(site, client, { ...where, window: earlier }, at);
    const second = await wholeWindow(site, client, { ...where, window: later }, at);
    return { messages: [...first.messages, ...second.messages], complete: [...first.complete, ...second.complete] };
  }
  const messages = rows.map((row) => appointmentState(row, site.settings));
  const objects = messages.map((message) => message.object);
  return { messages, complete: [{ objectKind: 'appointment', calendar, window, objects, readAt }] };
}

/** `minDate` and `maxDate` are local dates, both included. */
export function datesWithin(window: Interval, zone: string): Query {
  return [
    ['minDate', localDate(window.start, zone)],
    ['maxDate', localDate(instant(window.end - 1), zone)],
  ];
}

export function noSmaller(site: Site<AcuitySettings>, what: string, where: CalendarWindow): never {
  const day = localDate(where.window.start, where.zone);
  throw new HubError('SITE_PAGE_FULL', {
    detail: `${what} of calendar ${where.calendar} on ${day}: ${site.settings.listRows} rows; see listRows`,
    site: site.id,
  });
}

export async function listAppointments(
  client: AcuityClient,
  settings: AcuitySettings,
  filter: Query,
  at: CallFor,
): Promise<Listing> {
  const query: Query = [
    ...filter,
    ['max', String(settings.listRows)],
    // The record number and our own booking id live in forms; without such fields leaving forms out is much faster.
    ...(readsForms(settings) ? [] : [['excludeForms', 'true'] as const]),
  ];
  const all = await client.appointments([...query, ['showall', 'true']], at);
  const full = all.value.length >= settings.listRows;
  if (all.value.every(saysItself)) return { rows: rowsOf(all, false), full, readAt: all.readAt };
  // Which rows are cancelled is told only by the other query; a row that it gives takes the place of the first one.
  const canceled = await client.appointments([...query, ['canceled', 'true']], at);
  const later = new Map(rowsOf(canceled, true).map((read) => [read.row.id, read]));
  const rows = rowsOf(all, false).map((read) => later.get(read.row.id) ?? read);
  return { rows, full: full || canceled.value.length >= settings.listRows, readAt: all.readAt };
}

export function readsForms(settings: AcuitySettings): boolean {
  const { mrnField, birthDateField, bookingIdField } = settings;
  return [mrnField, birthDateField, bookingIdField].some((field) => field !== undefined);
}

/**
 * `noShow` is documented for the listing of cancelled rows only; without it a no-show would flap with a plain
 * cancellation.
 */
function saysItself(row: Appointment): boolean {
  return typeof row.canceled === 'boolean' && (!row.canceled || typeof row.noShow === 'boolean');
}

function rowsOf(read: Read<readonly Appointment[]>, listedAsCanceled: boolean): readonly ReadAppointment[] {
  const raw = rawElements(read.text);
  return read.value.map((row, n) => ({
    row,
    raw: raw[n] ?? JSON.stringify(row),
    canceled: listedAsCanceled || row.canceled === true,
    listedAsCanceled,
    readAt: read.readAt,
  }));
}
