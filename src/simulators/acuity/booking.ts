/**
 * What may happen to an appointment: place, change, cancel, move. One write each; the caller shows the row it
 * returns.
 */
import { HOUR_MS, type Instant } from '../../core/instant.ts';
import { isTimeZone } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import type { Writer } from '../kit/store.ts';
import type { WebhookSender } from '../kit/webhooks.ts';
import { badRequest, notFound, refusal, rule, textOf } from './answers.ts';
import { meetingAt, openStarts, whyNot, type TimeRefusal, type Wish } from './availability.ts';
import { checkCertificate, readAnswers, readEmail, readLabel, rememberClient } from './details.ts';
import { announce } from './hooks.ts';
import { APPOINTMENTS, CLASSES, type Appointment, type ClassTime } from './model.ts';
import type { AppointmentType, Calendar } from './seed.ts';
import { calendarById, typeById, worldOf, zoneOf, type Account, type World } from './world.ts';
import { withOffset } from './time.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Actor {
  /** admin=true: no availability or attribute checks, calendar required. */
  readonly admin: boolean;
  readonly mayUse: (calendarID: number) => boolean;
}

export interface Desk {
  readonly account: Account;
  readonly sender: WebhookSender;
}

const FIRST_ID = 91_400_001;

export function place(desk: Desk, tx: Writer, actor: Actor, body: Fields): Appointment {
  const world = worldOf(desk.account, tx);
  if (textOf(body['appointmentTypeID']) === '') throw rule('required_appointment_type_id');
  const type = typeById(world, body['appointmentTypeID']);
  if (type === undefined || type.active === false) throw rule('invalid_appointment_type');
  const named = namedCalendar(world, actor, type, body['calendarID']);
  const start = readStart(world, named, body);
  const person = readPerson(world, actor, body);
  const addonIDs = Array.isArray(body['addonIDs']) ? body['addonIDs'].map(Number) : [];
  const extraMinutes = minutesOfAddons(world, addonIDs);
  const fields = readAnswers(world, type, body['fields'], tx, !actor.admin);
  const labelID = readLabel(world, body['labels']);
  const certificate = checkCertificate(world, type, body['certificate']);
  const calendar = named ?? anyCalendar(world, type, start, extraMinutes);
  const wish: Wish = { type, calendar, extraMinutes };
  if (!actor.admin) refuseTakenTime(world, wish, start, textOf(body['datetime']));
  const common = {
    ...person,
    calendarID: calendar.id,
    appointmentTypeID: type.id,
    timezone: textOf(body['timezone']) || zoneOf(world, calendar),
    notes: actor.admin ? textOf(body['notes']) : '',
    fields,
    labelID,
    addonIDs,
    certificate,
    price: priceOf(world, type, addonIDs),
    payments: [],
    smsOptIn: body['smsOptIn'] === true,
    createdAt: world.now,
    canceled: false,
    noShow: false,
    cancelNote: '',
  };
  const rows = meetingsFor(world, wish, start, actor).map((meeting) => {
    const id = tx.nextNumber('appointment', FIRST_ID);
    const minutes = type.duration + extraMinutes;
    return { ...common, id, minutes, classID: meeting?.id ?? null, start: meeting?.start ?? start };
  });
  for (const row of rows) {
    tx.put(APPOINTMENTS, String(row.id), row);
    announce(desk.account, desk.sender, tx, 'scheduled', row);
  }
  rememberClient(tx, person);
  const [first] = rows;
  if (first === undefined) throw rule('not_available');
  return first;
}

/** The white list of PUT /appointments/{id}; other keys are ignored without a word. */
export function amend(desk: Desk, tx: Writer, actor: Actor, id: string, body: Fields): Appointment {
  const world = worldOf(desk.account, tx);
  const row = rowById(tx, actor, id);
  const type = typeById(world, row.appointmentTypeID);
  const given = (name: string, old: string): string => (body[name] === undefined ? old : textOf(body[name]));
  const email = body['email'] === undefined ? row.email : readEmail(body['email'], true);
  const fields = body['fields'] === undefined ? [] : readAnswers(world, type, body['fields'], tx, false);
  const kept = row.fields.filter((old) => !fields.some((one) => one.fieldID === old.fieldID));
  const certificate = actor.admin && type !== undefined && body['certificate'] !== undefined;
  const moved = world.settings.putTakesCalendar ? calendarById(world, body['calendarID'])?.id : undefined;
  const next: Appointment = {
    ...row,
    calendarID: moved ?? row.calendarID,
    firstName: given('firstName', row.firstName) || row.firstName,
    lastName: given('lastName', row.lastName) || row.lastName,
    phone: given('phone', row.phone),
    email,
    notes: actor.admin ? given('notes', row.notes) : row.notes,
    fields: [...kept, ...fields],
    labelID: body['labels'] === undefined ? row.labelID : readLabel(world, body['labels']),
    certificate: certificate ? checkCertificate(world, type, body['certificate']) : row.certificate,
    smsOptIn: body['smsOptIn'] === undefined ? row.smsOptIn : body['smsOptIn'] === true,
  };
  tx.put(APPOINTMENTS, id, next);
  rememberClient(tx, next);
  announce(desk.account, desk.sender, tx, 'changed', next);
  return next;
}

export function cancel(desk: Desk, tx: Writer, actor: Actor, id: string, body: Fields): Appointment {
  const { settings, now } = worldOf(desk.account, tx);
  const row = rowById(tx, actor, id);
  if (row.canceled) {
    if (settings.secondCancel === 'refuse') throw rule('cancel_not_allowed');
    return row;
  }
  if (!actor.admin) {
    if (!settings.clientCancel) throw rule('cancel_not_allowed');
    if (row.start - now < settings.changeHoursBefore * HOUR_MS) throw rule('cancel_too_close');
  }
  const noShow = actor.admin && body['noShow'] === true;
  const next = { ...row, canceled: true, noShow, cancelNote: textOf(body['cancelNote']) };
  tx.put(APPOINTMENTS, id, next);
  announce(desk.account, desk.sender, tx, 'canceled', next);
  return next;
}

export function reschedule(desk: Desk, tx: Writer, actor: Actor, id: string, body: Fields): Appointment {
  const world = worldOf(desk.account, tx);
  const row = rowById(tx, actor, id);
  const type = typeById(world, row.appointmentTypeID);
  if (type === undefined) throw rule('invalid_appointment_type');
  if (row.canceled) throw rule('reschedule_canceled');
  if (type.type === 'series') throw rule('reschedule_series');
  if (!actor.admin) {
    if (!world.settings.clientReschedule) throw rule('reschedule_not_allowed');
    if (row.start - world.now < world.settings.changeHoursBefore * HOUR_MS) throw rule('reschedule_too_close');
  }
  // Absent keeps the calendar, an explicit null lets the vendor choose any (sheet 3.1).
  const wanted = body['calendarID'] === undefined ? row.calendarID : body['calendarID'];
  const named = namedCalendar(world, { ...actor, admin: false }, type, wanted);
  const start = readStart(world, named, body);
  const extraMinutes = row.minutes - type.duration;
  const ignore = new Set([row.id]);
  const calendar = named ?? anyCalendar(world, type, start, extraMinutes, ignore);
  const wish: Wish = { type, calendar, extraMinutes, ignore };
  if (!actor.admin) refuseTakenTime(world, wish, start, textOf(body['datetime']));
  const meeting = type.type === 'service' ? null : meetingAt(world, wish, start);
  const next: Appointment = {
    ...row,
    start,
    calendarID: calendar.id,
    classID: meeting?.id ?? null,
    timezone: textOf(body['timezone']) || row.timezone,
  };
  tx.put(APPOINTMENTS, id, next);
  announce(desk.account, desk.sender, tx, 'rescheduled', next);
  return next;
}

export function rowById(tx: Pick<Writer, 'get'>, actor: Actor, id: string): Appointment {
  const row = tx.get(APPOINTMENTS, id);
  if (row === undefined) throw notFound('appointment');
  if (!actor.mayUse(row.calendarID)) throw refusal(403, 'forbidden', 'You do not have access to this appointment.');
  return row;
}

/** Null: the caller leaves the choice to the vendor. */
function namedCalendar(world: World, actor: Actor, type: AppointmentType, wanted: unknown): Calendar | null {
  if (wanted === undefined || wanted === null || wanted === '') {
    if (actor.admin) throw rule('invalid_calendar');
    return null;
  }
  const calendar = calendarById(world, wanted);
  if (calendar === undefined) throw rule('invalid_calendar');
  if (!actor.mayUse(calendar.id)) throw refusal(403, 'forbidden', 'You do not have access to this calendar.');
  if (!actor.admin && !type.calendarIDs.includes(calendar.id)) throw rule('invalid_calendar');
  return calendar;
}

function anyCalendar(
  world: World,
  type: AppointmentType,
  start: Instant,
  extraMinutes: number,
  ignore?: ReadonlySet<number>,
): Calendar {
  for (const id of type.calendarIDs) {
    const calendar = calendarById(world, id);
    if (calendar === undefined) continue;
    const wish: Wish = { type, calendar, extraMinutes, ...(ignore === undefined ? {} : { ignore }) };
    if (whyNot(world, wish, start) === null) return calendar;
  }
  throw rule('no_available_calendar');
}

function readStart(world: World, calendar: Calendar | null, body: Fields): Instant {
  const text = textOf(body['datetime']);
  if (text === '') throw rule('required_datetime');
  const zone = textOf(body['timezone']);
  if (zone !== '' && !isTimeZone(zone)) throw rule('invalid_timezone');
  const start = readInput(text, calendar === null ? world.seed.account.timezone : zoneOf(world, calendar));
  if (start === null) throw rule('invalid_datetime');
  return start;
}

function readPerson(
  world: World,
  actor: Actor,
  body: Fields,
): Pick<Appointment, 'firstName' | 'lastName' | 'email' | 'phone'> {
  const firstName = textOf(body['firstName']);
  const lastName = textOf(body['lastName']);
  const phone = textOf(body['phone']);
  if (firstName === '') throw rule('required_first_name');
  if (lastName === '') throw rule('required_last_name');
  const email = readEmail(body['email'], actor.admin);
  if (phone === '' && world.settings.phoneRequired && !actor.admin) {
    throw refusal(400, 'required_field', 'Attribute "phone" is required.');
  }
  return { firstName, lastName, email, phone };
}

function refuseTakenTime(world: World, wish: Wish, start: Instant, asGiven: string): void {
  const reason = whyNot(world, wish, start);
  if (reason !== null) throw timeRefusal(world, wish, start, reason, asGiven);
}

export function timeRefusal(world: World, wish: Wish, start: Instant, reason: TimeRefusal, asGiven: string): Error {
  if (reason !== 'not_available') {
    const message = `The time "${asGiven}" is outside the booking window.`;
    return refusal(400, reason, message);
  }
  const shown = withOffset(start, zoneOf(world, wish.calendar));
  const { notAvailableStatus, notAvailableCode } = world.settings;
  return refusal(notAvailableStatus, notAvailableCode, `The time "${shown}" is not an available time slot.`);
}

/** A series is sold whole: one appointment for each of its meetings that is still to come. */
function meetingsFor(world: World, wish: Wish, start: Instant, actor: Actor): (ClassTime | null)[] {
  if (wish.type.type === 'service') return [null];
  const meeting = meetingAt(world, wish, start);
  if (meeting === null) {
    if (actor.admin) return [null];
    throw rule('not_available');
  }
  if (meeting.series === null) return [meeting];
  return world.view.all(CLASSES).filter((one) => one.series === meeting.series && one.start >= start);
}

function minutesOfAddons(world: World, addonIDs: readonly number[]): number {
  return addonIDs.reduce((sum, id) => {
    const addon = world.seed.addons.find((one) => one.id === id);
    if (addon === undefined) throw badRequest('Attribute "addonIDs" names an unknown add-on.');
    return sum + addon.duration;
  }, 0);
}

function priceOf(world: World, type: AppointmentType, addonIDs: readonly number[]): string {
  const addons = world.seed.addons.filter((one) => addonIDs.includes(one.id));
  return addons.reduce((sum, one) => sum + Number(one.price), Number(type.price ?? '0')).toFixed(2);
}

/** The first start that a client could take, for staff who book "the next free one". */
export function nextOpen(world: World, type: AppointmentType, calendar: Calendar, after: Instant): Instant | null {
  const end = (after + world.settings.maxDaysAhead * 24 * HOUR_MS) as Instant;
  return openStarts(world, { type, calendar }, { start: after, end })[0] ?? null;
}
