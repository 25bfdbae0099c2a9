/**
 * How a booking of ours stands at the vendor: by its id, by the hub's own id in an intake field, or by person and time.
 */
import { HubError } from '../../core/errors.ts';
import type { Found, PlaceOrder, Site } from '../contract.ts';
import type { AcuityClient, CallFor, Query } from './client.ts';
import { aroundDay, readAppointment } from './fetch.ts';
import { listAppointments } from './listing.ts';
import type { Reference } from './reference.ts';
import type { AcuitySettings } from './settings.ts';
import { answerTo, siteBooking, type ReadAppointment } from './state.ts';
import { calendarZone } from './zone.ts';

/** One of them is ours, or all are: in any case there is no room for one more. */
export const SEVERAL = 'several visits at the site fit the booking';

export async function findByKey(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  key: string,
  at: CallFor,
): Promise<Found> {
  try {
    return { kind: 'found', at: siteBooking(await readAppointment(client, key, at), site.settings) };
  } catch (error) {
    if (error instanceof HubError && error.code === 'SITE_NOT_FOUND') return { kind: 'absent' };
    throw error;
  }
}

export async function findByOrder(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  reference: Reference,
  order: PlaceOrder,
  at: CallFor,
): Promise<Found> {
  const field = site.settings.bookingIdField;
  return field === undefined || !(await reference.holds(order.visitType, at))(field)
    ? findByPersonAndTime(site, client, order, at)
    : findByCorrelation(site, client, order, field, at);
}

async function findByCorrelation(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  order: PlaceOrder,
  field: number,
  at: CallFor,
): Promise<Found> {
  const isOurs = (read: ReadAppointment): boolean => answerTo(read.row, field) === order.correlation;
  // Without dates: the visit may have been moved to another day since.
  const everywhere = await listAppointments(client, site.settings, [[`field:${field}`, order.correlation]], at);
  const hits = everywhere.rows.filter(isOurs);
  if (hits.length > 0 || everywhere.rows.length === 0) return only(site, hits);
  // Rows, but none of ours: the filter was not applied. Then the day itself is looked through.
  const day = await listAppointments(client, site.settings, dayOf(site, order), at);
  const found = day.rows.filter(isOurs);
  if (found.length === 0 && day.full)
    return { kind: 'undecided', because: 'the day has more rows than one list holds' };
  return only(site, found);
}

async function findByPersonAndTime(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  order: PlaceOrder,
  at: CallFor,
): Promise<Found> {
  const { email } = order.patient;
  const query: Query = [...dayOf(site, order), ...(email === undefined ? [] : [['email', email] as const])];
  const { rows, full } = await listAppointments(client, site.settings, query, at);
  const same = rows.filter((read) => isSamePersonAndTime(site, read, order));
  const live = same.filter((read) => !read.canceled);
  if (live.length > 0) return only(site, live);
  if (same.length > 0) {
    // Ours and cancelled since, or an older one of the same person: nothing in the record tells.
    return { kind: 'undecided', because: 'the same person has a cancelled visit at that very time' };
  }
  return full ? { kind: 'undecided', because: 'the day has more rows than one list holds' } : { kind: 'absent' };
}

/** Families share an e-mail address, so the name must agree too. */
function isSamePersonAndTime(site: Site<AcuitySettings>, read: ReadAppointment, order: PlaceOrder): boolean {
  const { row } = read;
  const same = (sent: unknown, known: string): boolean => typeof sent === 'string' && plain(sent) === plain(known);
  return (
    same(row.firstName, order.patient.given) &&
    same(row.lastName, order.patient.family) &&
    String(row.appointmentTypeID) === order.visitType &&
    siteBooking(read, site.settings).start === order.start
  );
}

function only(site: Site<AcuitySettings>, hits: readonly ReadAppointment[]): Found {
  const live = hits.filter((read) => !read.canceled);
  const [first, second] = live.length > 0 ? live : hits;
  if (first === undefined) return { kind: 'absent' };
  if (second !== undefined) return { kind: 'undecided', because: SEVERAL };
  return { kind: 'found', at: siteBooking(first, site.settings) };
}

function dayOf(site: Site<AcuitySettings>, order: PlaceOrder): Query {
  return [['calendarID', order.calendar], ...aroundDay(order.start, calendarZone(site.file, order.calendar))];
}

function plain(text: string): string {
  return text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}
