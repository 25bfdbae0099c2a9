/** `/appointments` (sheet 3.1). */
import { instant, localDate } from '../../core/instant.ts';
import type { Call, Route } from '../kit/route.ts';
import { badRequest, jsonObject, notFound, ok } from './answers.ts';
import { actorOf, checkCalendar, mayUse, principalOf } from './auth.ts';
import { amend, cancel, place, reschedule, rowById, type Desk } from './booking.ts';
import { APPOINTMENTS, type Appointment } from './model.ts';
import { showAppointment } from './render.ts';
import { calendarById, worldOf, zoneOf, type World } from './world.ts';
import { withOffset } from './time.ts';

const DEFAULT_MAX = 100;

export function appointmentRoutes(desk: Desk): Route[] {
  const { account } = desk;
  const whole = { canceled: true, forms: true };
  return [
    { method: 'GET', path: '/appointments', handle: (call) => ok(listAppointments(desk, call)) },
    {
      method: 'GET',
      path: '/appointments/:id',
      handle: (call) => {
        const world = worldOf(account, call.view);
        const row = rowById(call.view, actorOf(account, call), call.params['id'] ?? '');
        if (row.canceled && !world.settings.canceledReadable) throw notFound('appointment');
        return ok(showAppointment(world, row, whole));
      },
    },
    {
      method: 'POST',
      path: '/appointments',
      handle: (call) => {
        const actor = actorOf(account, call);
        const body = jsonObject(call.body);
        return ok(
          call.write((tx) => {
            const row = place(desk, tx, actor, body);
            return showAppointment(worldOf(account, tx), row, { canceled: false, forms: true });
          }),
        );
      },
    },
    change(desk, '/appointments/:id', amend, false),
    change(desk, '/appointments/:id/cancel', cancel, true),
    change(desk, '/appointments/:id/reschedule', reschedule, false),
    {
      method: 'GET',
      path: '/appointments/:id/payments',
      handle: (call) => {
        const row = rowById(call.view, actorOf(account, call), call.params['id'] ?? '');
        const zone = account.seed.account.timezone;
        return ok(row.payments.map((one) => ({ ...one, created: withOffset(one.created, zone) })));
      },
    },
  ];
}

function change(desk: Desk, path: string, work: typeof amend, canceled: boolean): Route {
  return {
    method: 'PUT',
    path,
    handle: (call) => {
      const actor = actorOf(desk.account, call);
      const body = jsonObject(call.body);
      return ok(
        call.write((tx) => {
          const row = work(desk, tx, actor, call.params['id'] ?? '', body);
          return showAppointment(worldOf(desk.account, tx), row, { canceled, forms: true });
        }),
      );
    },
  };
}

/** No envelope, no next page: `max` rows (100 when not said), newest start first unless `direction=ASC`. */
function listAppointments(desk: Desk, call: Call): unknown[] {
  const { user } = principalOf(desk.account, call);
  const { query } = call;
  checkCalendar(user, query.get('calendarID'));
  const world = worldOf(desk.account, call.view);
  const max = query.get('max') === null ? DEFAULT_MAX : Number(query.get('max'));
  if (!Number.isInteger(max) || max < 1) throw badRequest('Attribute "max" must be a positive number.');
  const wanted = filterOf(world, query);
  const rows = call.view.all(APPOINTMENTS).filter((row) => mayUse(user, row.calendarID) && wanted(row));
  const ascending = query.get('direction')?.toUpperCase() === 'ASC';
  rows.sort((one, other) => (one.start - other.start || one.id - other.id) * (ascending ? 1 : -1));
  const forms = query.get('excludeForms') !== 'true';
  const canceled = world.settings.listsCarryCanceled;
  return rows.slice(0, max).map((row) => showAppointment(world, row, { canceled, forms }));
}

function filterOf(world: World, query: URLSearchParams): (row: Appointment) => boolean {
  const tests: ((row: Appointment) => boolean)[] = [];
  const given = (name: string, test: (row: Appointment, value: string) => boolean): void => {
    const value = query.get(name);
    if (value !== null && value !== '') tests.push((row) => test(row, value));
  };
  if (query.get('showall') !== 'true') {
    const canceled = query.get('canceled') === 'true';
    tests.push((row) => row.canceled === canceled);
  }
  given('minDate', (row, date) => dateOf(world, row) >= date.slice(0, 10));
  given('maxDate', (row, date) => dateOf(world, row) <= date.slice(0, 10));
  given('calendarID', (row, id) => String(row.calendarID) === id);
  given('appointmentTypeID', (row, id) => String(row.appointmentTypeID) === id);
  given('firstName', (row, name) => same(row.firstName, name));
  given('lastName', (row, name) => same(row.lastName, name));
  given('email', (row, email) => same(row.email, email));
  given('phone', (row, phone) => digits(row.phone) === digits(phone));
  for (const [name, value] of query) {
    if (!name.startsWith('field:')) continue;
    const fieldID = Number(name.slice('field:'.length));
    tests.push((row) => row.fields.some((one) => one.fieldID === fieldID && one.value === value));
  }
  return (row) => tests.every((test) => test(row));
}

/** Rows never change in place, so what was computed for one holds as long as it lives. */
const DATES = new WeakMap<Appointment, string>();

/** The local date of a visit, on its own calendar. */
function dateOf(world: World, row: Appointment): string {
  const known = DATES.get(row);
  if (known !== undefined) return known;
  const calendar = calendarById(world, row.calendarID);
  const zone = calendar === undefined ? world.seed.account.timezone : zoneOf(world, calendar);
  const date = localDate(instant(row.start), zone);
  DATES.set(row, date);
  return date;
}

function same(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

function digits(phone: string): string {
  return phone.replace(/\D/g, '').replace(/^1(?=\d{10}$)/, '');
}
