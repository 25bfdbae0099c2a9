/**
 * Open times, computed as the vendor does: weekly hours in the calendar's own zone, minus appointments with their
 * padding, minus class meetings, minus blocks; cut by minimum notice and maximum days ahead (sheet sections 0, 3.2
 * and 8).
 */
import { HOUR_MS, DAY_MS, instant, localDate, MINUTE_MS, type Instant, type Interval } from '../../core/instant.ts';
import { addDays, onDate, weekday } from '../kit/calendar.ts';
import { APPOINTMENTS, BLOCKS, CLASSES, DAY_HOURS, WEEK_HOURS, type ClassTime } from './model.ts';
import type { AppointmentType, Calendar } from './seed.ts';
import { allTypes, zoneOf, type World } from './world.ts';

export interface Wish {
  readonly type: AppointmentType;
  readonly calendar: Calendar;
  /** Appointments that count as not there: those about to be moved. */
  readonly ignore?: ReadonlySet<number>;
  /** Add-ons make a visit longer. */
  readonly extraMinutes?: number;
}

export type TimeRefusal = 'not_available' | 'not_available_min_hours_in_advance' | 'not_available_max_days_in_advance';

/** Opening hours of a calendar on one of its local dates. */
export function openHours(world: World, calendar: Calendar, date: string): Interval[] {
  const weekly = world.view.get(WEEK_HOURS, String(calendar.id)) ?? calendar.hours;
  const ranges = world.view.get(DAY_HOURS, `${calendar.id} ${date}`) ?? weekly[weekday(date)] ?? [];
  const zone = zoneOf(world, calendar);
  return ranges.flatMap((range) => {
    const [from, to] = range.split('-');
    const start = onDate(date, from ?? '', zone);
    const end = onDate(date, to ?? '', zone);
    return start === null || end === null || end <= start ? [] : [{ start, end }];
  });
}

/** Starts that a client may take, between two moments, oldest first. */
export function openStarts(world: World, wish: Wish, window: Interval): Instant[] {
  if (!isOffered(wish)) return [];
  const first = Math.max(window.start, world.now + world.settings.minNoticeHours * HOUR_MS);
  const last = Math.min(window.end, world.now + world.settings.maxDaysAhead * DAY_MS);
  if (last <= first) return [];
  const busy = busyOf(world, wish, { start: instant(first - DAY_MS), end: instant(last + DAY_MS) });
  const zone = zoneOf(world, wish.calendar);
  const starts: Instant[] = [];
  const end = localDate(instant(last), zone);
  for (let date = localDate(instant(first), zone); date <= end; date = addDays(date, 1)) {
    for (const start of gridOf(world, wish, date)) {
      if (start >= first && start < last && isFree(wish, start, busy)) starts.push(start);
    }
  }
  return starts;
}

/** Why a client cannot have this start; null when it can. */
export function whyNot(world: World, wish: Wish, start: Instant): TimeRefusal | null {
  if (start < world.now + world.settings.minNoticeHours * HOUR_MS) {
    return world.settings.minNoticeHours > 0 && start >= world.now
      ? 'not_available_min_hours_in_advance'
      : 'not_available';
  }
  if (start >= world.now + world.settings.maxDaysAhead * DAY_MS) return 'not_available_max_days_in_advance';
  if (wish.type.type !== 'service') return meetingAt(world, wish, start) === null ? 'not_available' : null;
  if (!isOffered(wish)) return 'not_available';
  const date = localDate(start, zoneOf(world, wish.calendar));
  if (!gridOf(world, wish, date).includes(start)) return 'not_available';
  const busy = busyOf(world, wish, { start: instant(start - DAY_MS), end: instant(start + DAY_MS) });
  return isFree(wish, start, busy) ? null : 'not_available';
}

/** The meeting of a class or series at that start which still has a seat. */
export function meetingAt(world: World, wish: Wish, start: Instant): ClassTime | null {
  const all = world.view.all(CLASSES).filter((one) => {
    return one.start === start && one.calendarID === wish.calendar.id && one.appointmentTypeID === wish.type.id;
  });
  return all.find((one) => seatsLeft(world, one, wish.ignore) > 0) ?? null;
}

export function seatsLeft(world: World, meeting: ClassTime, ignore?: ReadonlySet<number>): number {
  const taken = world.view.all(APPOINTMENTS).filter((one) => {
    return one.classID === meeting.id && !one.canceled && ignore?.has(one.id) !== true;
  });
  return Math.max(0, meeting.seats - taken.length);
}

function isOffered(wish: Wish): boolean {
  const { type, calendar } = wish;
  return (
    type.type === 'service' && type.active !== false && type.private !== true && type.calendarIDs.includes(calendar.id)
  );
}

function lengthOf(wish: Wish): number {
  return (wish.type.duration + (wish.extraMinutes ?? 0)) * MINUTE_MS;
}

function gridOf(world: World, wish: Wish, date: string): Instant[] {
  const step = (wish.type.startEvery ?? wish.type.duration) * MINUTE_MS;
  return openHours(world, wish.calendar, date).flatMap((hours) => {
    const starts: Instant[] = [];
    for (let start = hours.start; start + lengthOf(wish) <= hours.end; start = instant(start + step))
      starts.push(start);
    return starts;
  });
}

/** What takes time of the calendar near `window`; appointments with their own padding. */
function busyOf(world: World, wish: Wish, window: Interval): Interval[] {
  const here = wish.calendar.id;
  const busy: Interval[] = [];
  const add = (start: number, end: number): void => {
    if (start < window.end && end > window.start) busy.push({ start: instant(start), end: instant(end) });
  };
  const types = new Map(allTypes(world).map((type) => [type.id, type]));
  for (const one of world.view.all(APPOINTMENTS)) {
    if (one.calendarID !== here || one.canceled || one.classID !== null || wish.ignore?.has(one.id) === true) continue;
    const type = types.get(one.appointmentTypeID);
    const before = (type?.paddingBefore ?? 0) * MINUTE_MS;
    const after = (type?.paddingAfter ?? 0) * MINUTE_MS;
    add(one.start - before, one.start + one.minutes * MINUTE_MS + after);
  }
  for (const one of world.view.all(CLASSES)) {
    if (one.calendarID === here) add(one.start, one.start + one.minutes * MINUTE_MS);
  }
  for (const one of world.view.all(BLOCKS)) if (one.calendarID === here) add(one.start, one.end);
  return busy;
}

function isFree(wish: Wish, start: Instant, busy: readonly Interval[]): boolean {
  const from = start - (wish.type.paddingBefore ?? 0) * MINUTE_MS;
  const to = start + lengthOf(wish) + (wish.type.paddingAfter ?? 0) * MINUTE_MS;
  return !busy.some((taken) => taken.start < to && taken.end > from);
}
