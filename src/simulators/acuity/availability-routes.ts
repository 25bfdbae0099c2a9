/** `/availability/...` (sheet 3.2). */
import { DateTime } from 'luxon';
import { DAY_MS, instant, isTimeZone, localDate, startOfDay, type Instant, type Interval } from '../../core/instant.ts';
import { addDays, readInput } from '../kit/calendar.ts';
import { Refusal, type Answer, type Call, type Route } from '../kit/route.ts';
import { badRequest, json, ok, rule, textOf } from './answers.ts';
import { checkCalendar, mayUse, principalOf } from './auth.ts';
import { openStarts, seatsLeft, whyNot, type Wish } from './availability.ts';
import { timeRefusal } from './booking.ts';
import { CLASSES } from './model.ts';
import { showClass } from './render.ts';
import type { AppointmentType, Calendar, User } from './seed.ts';
import { calendarById, typeById, worldOf, zoneOf, type Account, type World } from './world.ts';
import { withOffset } from './time.ts';

export function availabilityRoutes(account: Account): Route[] {
  const read = (path: string, work: (question: Question, call: Call) => unknown): Route => ({
    method: 'GET',
    path,
    handle: (call) => ok(work(questionOf(account, call), call)),
  });
  return [
    read('/availability/dates', dates),
    read('/availability/times', times),
    { method: 'GET', path: '/availability/classes', handle: (call) => ok(classes(account, call)) },
    { method: 'POST', path: '/availability/check-times', handle: (call) => checkTimes(account, call) },
  ];
}

interface Question {
  readonly world: World;
  readonly type: AppointmentType;
  readonly calendars: readonly Calendar[];
  readonly zone: string;
  readonly extraMinutes: number;
  readonly ignore: ReadonlySet<number>;
}

function questionOf(account: Account, call: Call): Question {
  const { user } = principalOf(account, call);
  const { query } = call;
  const world = worldOf(account, call.view);
  const typeId = query.get('appointmentTypeID');
  if (typeId === null) throw rule('required_appointment_type_id');
  const type = typeById(world, typeId);
  if (type === undefined) throw rule('invalid_appointment_type');
  const calendars = calendarsOf(world, user, type, query.get('calendarID'));
  const ignore = query.getAll('ignoreAppointmentIDs[]').concat(query.getAll('ignoreAppointmentIDs'));
  const addons = query.getAll('addonIDs[]').map(Number);
  return {
    world,
    type,
    calendars,
    zone: zoneAsked(world, query, calendars),
    extraMinutes: world.seed.addons
      .filter((one) => addons.includes(one.id))
      .reduce((sum, one) => sum + one.duration, 0),
    ignore: new Set(ignore.flatMap((text) => text.split(',').map(Number))),
  };
}

function calendarsOf(world: World, user: User, type: AppointmentType, wanted: string | null): Calendar[] {
  checkCalendar(user, wanted);
  if (wanted === null || wanted === '') {
    return world.seed.calendars.filter((one) => type.calendarIDs.includes(one.id) && mayUse(user, one.id));
  }
  const calendar = calendarById(world, wanted);
  if (calendar === undefined) throw rule('invalid_calendar');
  return [calendar];
}

function zoneAsked(world: World, query: URLSearchParams, calendars: readonly Calendar[]): string {
  const asked = query.get('timezone') ?? '';
  if (asked !== '' && !isTimeZone(asked)) throw rule('invalid_timezone');
  if (asked !== '') return asked;
  const [only] = calendars;
  const ofCalendar = world.settings.availabilityZone === 'calendar' && only !== undefined;
  return ofCalendar ? zoneOf(world, only) : world.seed.account.timezone;
}

/** Free starts with the number of calendars that are free then. */
function startsWithin(question: Question, window: Interval): Map<Instant, number> {
  const { world, type, extraMinutes, ignore } = question;
  const found = new Map<Instant, number>();
  for (const calendar of question.calendars) {
    const wish: Wish = { type, calendar, extraMinutes, ignore };
    for (const start of openStarts(world, wish, window)) found.set(start, (found.get(start) ?? 0) + 1);
  }
  return new Map([...found].sort(([one], [other]) => one - other));
}

function dates(question: Question, call: Call): unknown[] {
  const window = monthWindow(call.query.get('month'), question.zone);
  if (question.type.type === 'service') {
    const days = [...startsWithin(question, window).keys()].map((start) => localDate(start, question.zone));
    return [...new Set(days)].map((date) => ({ date }));
  }
  const meetings = question.world.view.all(CLASSES).filter((one) => {
    const isWanted = one.appointmentTypeID === question.type.id && !one.private;
    const isThen = one.start >= Math.max(window.start, question.world.now) && one.start < window.end;
    return isWanted && isThen && seatsLeft(question.world, one) > 0;
  });
  const days = meetings.map((one) => localDate(instant(one.start), question.zone)).sort();
  return [...new Set(days)].map((date) => ({ date }));
}

/** Empty for classes: those are asked for by `/availability/classes`. */
function times(question: Question, call: Call): unknown[] {
  const date = call.query.get('date') ?? '';
  const start = startOfDay(date, question.zone);
  if (start === null) throw badRequest('Attribute "date" is required as YYYY-MM-DD.');
  const end = startOfDay(addDays(date, 1), question.zone) ?? instant(start + DAY_MS);
  return [...startsWithin(question, { start, end })].map(([at, free]) => ({
    time: withOffset(at, question.zone),
    ...(question.world.settings.timesCarrySlotsAvailable ? { slotsAvailable: free } : {}),
  }));
}

function classes(account: Account, call: Call): unknown[] {
  const { user } = principalOf(account, call);
  const { query } = call;
  const world = worldOf(account, call.view);
  const calendarID = query.get('calendarID');
  checkCalendar(user, calendarID);
  const calendar = calendarID === null ? undefined : calendarById(world, calendarID);
  const zone = zoneAsked(world, query, calendar === undefined ? [] : [calendar]);
  const window = classWindow(query, zone, world);
  const rows = world.view.all(CLASSES).filter((one) => {
    if (one.start < window.start || one.start >= window.end || !mayUse(user, one.calendarID)) return false;
    if (calendarID !== null && String(one.calendarID) !== calendarID) return false;
    const typeId = query.get('appointmentTypeID');
    if (typeId !== null && String(one.appointmentTypeID) !== typeId) return false;
    const type = typeById(world, one.appointmentTypeID);
    if (type?.active === false) return false;
    if ((one.private || type?.private === true) && query.get('includePrivate') !== 'true') return false;
    if (query.get('includeUnavailable') === 'true') return true;
    return one.start >= world.now && seatsLeft(world, one) > 0;
  });
  return rows.sort((one, other) => one.start - other.start).map((row) => showClass(world, row, zone));
}

function classWindow(query: URLSearchParams, zone: string, world: World): Interval {
  const min = query.get('minDate');
  const max = query.get('maxDate');
  if (query.get('month') !== null || (min === null && max === null)) {
    return monthWindow(query.get('month') ?? localDate(world.now, zone).slice(0, 7), zone);
  }
  const start = min === null ? world.now : startOfDay(min, zone);
  const end = max === null ? instant((start ?? world.now) + 31 * DAY_MS) : startOfDay(addDays(max, 1), zone);
  if (start === null || end === null) throw badRequest('Attributes "minDate" and "maxDate" are YYYY-MM-DD.');
  return { start, end };
}

function monthWindow(month: string | null, zone: string): Interval {
  const first = DateTime.fromFormat(month ?? '', 'yyyy-MM', { zone });
  if (!first.isValid) throw badRequest('Attribute "month" is required as YYYY-MM.');
  return { start: instant(first.toMillis()), end: instant(first.plus({ months: 1 }).toMillis()) };
}

/** One object in, one out; an array in, an array out. Items are judged each for itself. */
function checkTimes(account: Account, call: Call): Answer {
  const { user } = principalOf(account, call);
  const world = worldOf(account, call.view);
  const body = json(call.body);
  if (Array.isArray(body)) return ok(body.map((item) => checkTime(world, user, item)));
  return ok(checkTime(world, user, body));
}

function checkTime(world: World, user: User, item: unknown): Record<string, unknown> {
  if (typeof item !== 'object' || item === null) throw badRequest('Each item must be an object.');
  const asked = item as Readonly<Record<string, unknown>>;
  const code = reasonAgainst(world, user, asked);
  const { checkTimesField, checkTimesReason } = world.settings;
  const names = checkTimesField === 'both' ? ['valid', 'available'] : [checkTimesField];
  const verdict = Object.fromEntries(names.map((name) => [name, code === null]));
  return { ...asked, ...verdict, ...(code === null ? {} : { [checkTimesReason]: code }) };
}

function reasonAgainst(world: World, user: User, asked: Readonly<Record<string, unknown>>): string | null {
  const type = typeById(world, asked['appointmentTypeID']);
  if (type === undefined) throw rule('invalid_appointment_type');
  const wanted = textOf(asked['calendarID']);
  const calendars = calendarsOf(world, user, type, wanted === '' ? null : wanted);
  const [first] = calendars;
  if (first === undefined) return 'no_available_calendar';
  const text = textOf(asked['datetime']);
  if (text === '') throw rule('required_datetime');
  const start = readInput(text, wanted === '' ? world.seed.account.timezone : zoneOf(world, first));
  if (start === null) throw rule('invalid_datetime');
  const reasons = calendars.map((calendar) => whyNot(world, { type, calendar }, start));
  if (reasons.includes(null)) return null;
  const reason = reasons[0] ?? 'not_available';
  const error = timeRefusal(world, { type, calendar: first }, start, reason, text);
  return error instanceof Refusal ? (error.answer.body as { readonly error: string }).error : reason;
}
