/**
 * The invented part of an account: visits and class meetings, made day by day as the horizon moves. A pure function
 * of seed and date, so that a day looks the same whenever and wherever it is made.
 */
import { localDate, MINUTE_MS } from '../../core/instant.ts';
import { addDays, onDate, weekday } from '../kit/calendar.ts';
import { person, type Person } from '../kit/people.ts';
import { pick, randomFrom } from '../kit/random.ts';
import type { View, Writer } from '../kit/store.ts';
import { openHours } from './availability.ts';
import { cancel, place, type Actor, type Desk } from './booking.ts';
import { APPOINTMENTS, CLASSES, MADE_DAYS, type ClassTime } from './model.ts';
import type { AppointmentType, Calendar, ClassPlan, Invented } from './seed.ts';
import { allTypes, calendarById, typeById, worldOf, zoneOf, type World } from './world.ts';
import { withOffset } from './time.ts';

export const STAFF: Actor = { admin: true, mayUse: () => true };

/** Makes the days of the horizon that were not made yet. The first time also the visits that the seed lists. */
export function makeDays(desk: Desk): void {
  const { account } = desk;
  const { seed, store } = account;
  const today = localDate(account.clock.due(), seed.account.timezone);
  const isFirst = store.all(MADE_DAYS).length === 0;
  const back = isFirst ? (seed.invented?.daysBack ?? 0) : 0;
  const ahead = Math.max(seed.invented?.daysAhead ?? 0, seed.horizonDays);
  for (let day = -back; day <= ahead; day += 1) {
    const date = addDays(today, day);
    if (store.get(MADE_DAYS, date) !== undefined) continue;
    store.write((tx) => {
      tx.put(MADE_DAYS, date, true);
      for (const plan of seed.classes) makeMeeting(worldOf(account, tx), tx, plan, date);
      if (seed.invented !== null && day <= seed.invented.daysAhead) makeVisits(desk, tx, seed.invented, date);
    });
  }
  if (isFirst) makeListedVisits(desk, today);
}

function makeListedVisits(desk: Desk, today: string): void {
  const { seed, store } = desk.account;
  store.write((tx) => {
    for (const visit of seed.visits) {
      const world = worldOf(desk.account, tx);
      const calendar = calendarById(world, visit.calendarID);
      const type = typeById(world, visit.appointmentTypeID);
      if (calendar === undefined || type === undefined) continue;
      const start = onDate(addDays(today, visit.day), visit.time, zoneOf(world, calendar));
      if (start === null) continue;
      const row = book(desk, tx, { type, calendar, start, who: person(visit.person) });
      if (visit.canceled === true) cancel(desk, tx, STAFF, String(row), {});
    }
  });
}

interface Visit {
  readonly type: AppointmentType;
  readonly calendar: Calendar;
  readonly start: number;
  readonly who: Person;
}

function book(desk: Desk, tx: Writer, visit: Visit): number {
  const world = worldOf(desk.account, tx);
  const { who } = visit;
  const row = place(desk, tx, STAFF, {
    datetime: withOffset(visit.start, zoneOf(world, visit.calendar)),
    appointmentTypeID: visit.type.id,
    calendarID: visit.calendar.id,
    firstName: who.firstName,
    lastName: who.lastName,
    email: who.email,
    phone: who.phone,
    fields: intakeOf(world, visit.type, who),
  });
  return row.id;
}

/** MRN and birth date in the intake fields that the seed names. */
export function intakeOf(world: World, type: AppointmentType, who: Person): { id: number; value: string }[] {
  const plan = world.seed.invented;
  const asked = world.seed.forms
    .filter((form) => type.formIDs?.includes(form.id) === true)
    .flatMap((form) => form.fields);
  const values = [
    { id: plan?.mrnFieldID, value: `${plan?.mrnPrefix ?? ''}${String(10_000 + who.number)}` },
    { id: plan?.birthDateFieldID, value: who.birthDate },
  ];
  return values.flatMap(({ id, value }) => (asked.some((field) => field.id === id) ? [{ id: Number(id), value }] : []));
}

function makeVisits(desk: Desk, tx: Writer, plan: Invented, date: string): void {
  const { seed } = desk.account;
  for (const calendar of seed.calendars) {
    const world = worldOf(desk.account, tx);
    const types = allTypes(world).filter((one) => isMade(one, calendar));
    if (types.length === 0) continue;
    if (plan.weekdays?.[String(calendar.id)]?.includes(weekday(date)) === false) continue;
    const random = randomFrom(`${seed.account.name}:${calendar.id}:${date}`);
    for (const hours of openHours(world, calendar, date)) {
      let start: number = hours.start;
      while (start < hours.end) {
        const type = pick(types, random);
        const who = person(plan.firstPerson + Math.floor(random() * plan.people));
        const [isTaken, isCanceled] = [random() < plan.fill, random() < (plan.canceledShare ?? 0)];
        const fits = start + type.duration * MINUTE_MS <= hours.end;
        if (isTaken && fits && !meetsAnything(tx, calendar, start, type)) {
          const id = book(desk, tx, { type, calendar, start, who });
          if (isCanceled) cancel(desk, tx, STAFF, String(id), {});
        }
        start += (type.startEvery ?? type.duration) * MINUTE_MS;
      }
    }
  }
}

function isMade(type: AppointmentType, calendar: Calendar): boolean {
  return type.type === 'service' && type.active !== false && type.calendarIDs.includes(calendar.id);
}

function meetsAnything(view: View, calendar: Calendar, start: number, type: AppointmentType): boolean {
  const end = start + type.duration * MINUTE_MS;
  const rows = [...view.all(CLASSES), ...view.all(APPOINTMENTS).filter((one) => !one.canceled)];
  return rows.some((one) => {
    return one.calendarID === calendar.id && one.start < end && one.start + one.minutes * MINUTE_MS > start;
  });
}

function makeMeeting(world: World, tx: Writer, plan: ClassPlan, date: string): void {
  if (weekday(date) !== plan.weekday) return;
  const calendar = calendarById(world, plan.calendarID);
  const type = typeById(world, plan.appointmentTypeID);
  if (calendar === undefined || type === undefined) return;
  const start = onDate(date, plan.time, zoneOf(world, calendar));
  if (start === null) return;
  // Weeks are numbered from a fixed Monday, so that the meetings sold together do not depend on the day of the first
  // start.
  const week = Math.floor((start - Date.UTC(2024, 0, 1)) / (7 * 86_400_000));
  const series = `${plan.appointmentTypeID}:${plan.calendarID}:${Math.floor(week / (plan.meetings ?? 1))}`;
  addMeeting(tx, {
    appointmentTypeID: type.id,
    calendarID: calendar.id,
    start,
    minutes: type.duration,
    seats: plan.seats ?? type.classSize ?? 1,
    series: type.type === 'series' ? series : null,
    private: plan.private ?? false,
  });
}

export function addMeeting(tx: Writer, meeting: Omit<ClassTime, 'id'>): ClassTime {
  const row = { ...meeting, id: tx.nextNumber('class', 500_001) };
  tx.put(CLASSES, String(row.id), row);
  return row;
}
