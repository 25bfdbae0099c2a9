/**
 * Booking as the vendor's client role, which keeps its availability checks on: two callers racing for one time cannot
 * both win. The vendor has no idempotency, so before a write we look if it is already there, and after it we read it
 * back.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { formatInstant, localDate, parseInstant } from '../../core/instant.ts';
import type {
  AskedTime,
  Begun,
  Book,
  CancelOrder,
  Found,
  MoveOrder,
  PatientFacts,
  PlaceOrder,
  Site,
  SiteBooking,
  WriteOutcome,
} from '../contract.ts';
import { acuityChanges, findChange } from './amend.ts';
import type { AcuityClient, CallFor, WriteConnection } from './client.ts';
import { findByKey, findByOrder, SEVERAL } from './find.ts';
import { withOwnContact } from './own-client.ts';
import { refusalOfCheck, refused, several, unsent } from './outcome.ts';
import { provenWrite } from './proven.ts';
import type { Reference } from './reference.ts';
import type { AcuitySettings } from './settings.ts';
import { calendarZone } from './zone.ts';

export function acuityBook(site: Site<AcuitySettings>, client: AcuityClient, reference: Reference, clock: Clock): Book {
  const { settings } = site;
  const write = provenWrite(site, client, clock);

  async function place(order: PlaceOrder, signal: AbortSignal): Promise<WriteOutcome> {
    // The connection of the write is made while the site is still asked: the patient waits for both.
    const on = client.connect();
    try {
      return await placeOn(on, order, signal, null);
    } finally {
      on?.close();
    }
  }

  function begin(time: AskedTime, signal: AbortSignal): Begun {
    const nothing = new AbortController();
    const on = client.connect();
    const open = check(time, { purpose: 'booking', signal: AbortSignal.any([signal, nothing.signal]) });
    // Of what nothing comes nobody hears.
    open.catch(() => undefined);
    nothing.signal.addEventListener('abort', () => on?.close());
    return { place: (order, limit) => placeOn(on, order, limit, open), close: () => nothing.abort() };
  }

  /** `begun`: whether the time is open was asked before there was a booking; so the vendor has nothing of it yet. */
  async function placeOn(
    on: WriteConnection,
    asked: PlaceOrder,
    signal: AbortSignal,
    begun: Promise<WriteOutcome | null> | null,
  ): Promise<WriteOutcome> {
    const at: CallFor = { purpose: 'booking', signal };
    let order = asked;
    try {
      if (asked.patient.record !== undefined)
        order = { ...asked, patient: await withOwnContact(site, client, asked.patient, at) };
    } catch (error) {
      return unsent(error);
    }
    const missing = whatIsMissing(order.patient);
    if (missing !== null) return refused('needs-answers', missing);
    let holds: (field: number) => boolean;
    let heard: readonly [Found, WriteOutcome | null];
    try {
      holds = await reference.holds(order.visitType, at);
      const { bookingIdField: field } = settings;
      const isNew = begun !== null && field !== undefined && holds(field);
      const found = isNew ? ABSENT : findByOrder(site, client, reference, order, at);
      heard = await Promise.all([found, begun ?? check(order, at)]);
    } catch (error) {
      return unsent(error);
    }
    const [known, open] = heard;
    // An earlier attempt whose answer was lost has taken the time itself: that comes before "the time is taken".
    if (known.kind === 'found' && known.at.status === 'booked') return { kind: 'booked', at: known.at };
    if (known.kind === 'undecided' && known.because === SEVERAL) return several(site.id);
    if (open !== null) return open;
    return write(
      () => client.createAppointment(bodyOf(site, order, holds), at, on),
      (now) => now.start === order.start,
      at,
    );
  }

  async function cancel(order: CancelOrder, signal: AbortSignal): Promise<WriteOutcome> {
    const at: CallFor = { purpose: 'booking', signal };
    try {
      // What a second cancel answers is not documented. A 404 is left to the write: this read may lag behind a new
      // booking.
      const found = await findByKey(site, client, order.key, at);
      if (found.kind === 'found' && found.at.status === 'cancelled') return { kind: 'booked', at: found.at };
    } catch (error) {
      return unsent(error);
    }
    const note = order.reason === undefined ? {} : { cancelNote: order.reason };
    return write(
      () => client.cancelAppointment(order.key, note, at),
      (now) => now.status === 'cancelled',
      at,
    );
  }

  async function reschedule(order: MoveOrder, signal: AbortSignal): Promise<WriteOutcome> {
    const at: CallFor = { purpose: 'booking', signal };
    const isThere = (now: SiteBooking): boolean => now.start === order.start && now.calendar === order.calendar;
    try {
      const found = await findByKey(site, client, order.key, at);
      if (found.kind === 'found' && found.at.status === 'booked' && isThere(found.at)) {
        return { kind: 'booked', at: found.at };
      }
      const open = await checkMove(order, at);
      if (open !== null) return open;
    } catch (error) {
      return unsent(error);
    }
    const zone = calendarZone(site.file, order.calendar);
    const json = {
      datetime: formatInstant(order.start, zone),
      calendarID: Number(order.calendar),
      timezone: zone,
    };
    return write(() => client.rescheduleAppointment(order.key, json, at), isThere, at);
  }

  /** Null: open, or the vendor would not say, and then the write itself decides. */
  async function check(order: AskedTime, at: CallFor): Promise<WriteOutcome | null> {
    const datetime = formatInstant(order.start, calendarZone(site.file, order.calendar));
    const time = { datetime, appointmentTypeID: Number(order.visitType), calendarID: Number(order.calendar) };
    try {
      const [answer] = (await client.checkTimes([time], at)).value;
      const valid = answer?.valid ?? answer?.available ?? true;
      return valid ? null : refusalOfCheck(answer?.error);
    } catch (error) {
      if (error instanceof HubError && NO_STATEMENT.has(error.code)) return null;
      throw error;
    }
  }

  /**
   * check-times knows no exception for the visit that moves, so a move that overlaps itself needs the list of times.
   */
  async function checkMove(order: MoveOrder, at: CallFor): Promise<WriteOutcome | null> {
    const zone = calendarZone(site.file, order.calendar);
    try {
      const times = await client.openTimes(
        [
          ['date', localDate(order.start, zone)],
          ['appointmentTypeID', order.visitType],
          ['calendarID', order.calendar],
          ['timezone', zone],
          ['ignoreAppointmentIDs[]', order.key],
        ],
        at,
      );
      const isOpen = times.value.some((one) => parseInstant(one.time) === order.start);
      // Times of a class are never listed here; asked for one the vendor answers with an empty list.
      return isOpen || times.value.length === 0 ? null : refusalOfCheck(undefined);
    } catch (error) {
      if (error instanceof HubError && NO_STATEMENT.has(error.code)) return null;
      throw error;
    }
  }

  return {
    exclusive: true,
    showsWithin_ms: settings.showsWithin_ms,
    begin,
    place,
    cancel,
    reschedule,
    ...acuityChanges(site, client, write),
    async find(order, signal) {
      const at: CallFor = { purpose: 'booking', signal };
      if (order.wanted !== undefined) return findChange(site, client, order.wanted, at);
      return order.key === undefined
        ? findByOrder(site, client, reference, order, at)
        : findByKey(site, client, order.key, at);
    },
  };
}

const ABSENT: Found = { kind: 'absent' };
const NO_STATEMENT: ReadonlySet<string> = new Set(['SITE_REFUSED', 'SITE_NOT_FOUND', 'SITE_ANSWER_UNREADABLE']);

function whatIsMissing(patient: PatientFacts): string | null {
  if (patient.given.trim() === '') return 'The site books nobody without a given name. Complete the patient record.';
  if (patient.family.trim() === '') return 'The site books nobody without a family name. Complete the patient record.';
  if (patient.email === undefined || patient.email.trim() === '') {
    return 'The site books nobody without an e-mail address. Add one to the patient record that you book with.';
  }
  return null;
}

/** Reason and comment are left out: `notes` belong to the vendor's admin role, which books over whatever is there. */
function bodyOf(site: Site<AcuitySettings>, order: PlaceOrder, holds: (field: number) => boolean): unknown {
  const zone = calendarZone(site.file, order.calendar);
  const { patient } = order;
  return {
    // With an offset always: a bare time would be read in whatever zone the account has.
    datetime: formatInstant(order.start, zone),
    appointmentTypeID: Number(order.visitType),
    calendarID: Number(order.calendar),
    timezone: zone,
    firstName: patient.given,
    lastName: patient.family,
    email: patient.email,
    ...(patient.phone !== undefined && { phone: patient.phone }),
    fields: fieldsOf(site, order).filter((field) => holds(field.id)),
  };
}

function fieldsOf(
  site: Site<AcuitySettings>,
  order: PlaceOrder,
): readonly { readonly id: number; readonly value: string }[] {
  const { bookingIdField, mrnField, birthDateField } = site.settings;
  const values = new Map<number, string>();
  for (const [id, value] of Object.entries(order.answers ?? {})) {
    if (/^\d+$/.test(id)) values.set(Number(id), value);
  }
  const system = site.file.identifiers['mrn']?.system ?? `urn:slotwire:site:${site.file.id}:mrn`;
  const mrn = order.patient.identifiers.find((identifier) => identifier.system === system)?.value;
  if (mrnField !== undefined && mrn !== undefined) values.set(mrnField, mrn);
  if (birthDateField !== undefined && order.patient.birthDate !== undefined) {
    values.set(birthDateField, order.patient.birthDate);
  }
  if (bookingIdField !== undefined) values.set(bookingIdField, order.correlation);
  return [...values].map(([id, value]) => ({ id, value }));
}
