/**
 * What staff of this practice do in the vendor's own pages. The same webhooks go out as for the API; blocks raise
 * none.
 */
import { Ajv } from 'ajv';
import { asHubError } from '../../core/errors.ts';
import { localDate } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import { ActError, type SimulatorParts } from '../kit/kind.ts';
import { person } from '../kit/people.ts';
import { weekHours } from '../kit/schema.ts';
import type { Writer } from '../kit/store.ts';
import { textOf } from './answers.ts';
import { blockFrom } from './block-routes.ts';
import { amend, cancel, nextOpen, place, reschedule, rowById, type Desk, type Fields } from './booking.ts';
import { addMeeting, intakeOf, makeDays, STAFF } from './days.ts';
import { announce, staticHook } from './hooks.ts';
import { APPOINTMENTS, BLOCKS, CHANGED, DAY_HOURS, DELETED, HOOKS, WEEK_HOURS, type Appointment } from './model.ts';
import { showAppointment, showBlock, showClass } from './render.ts';
import type { AppointmentType, Calendar } from './seed.ts';
import { checkSettings } from './seed-schema.ts';
import { calendarById, typeById, worldOf, zoneOf, type World } from './world.ts';
import { checkTarget } from './webhook-routes.ts';
import { withOffset } from './time.ts';

const areHours = new Ajv({ strict: false }).compile(weekHours);

export function acuityActs(desk: Desk): SimulatorParts['acts'] {
  const change =
    (work: (tx: Writer, request: Fields) => unknown) =>
    (request: Fields): unknown =>
      desk.account.store.write((tx) => work(tx, request));
  const show = (tx: Writer, row: Appointment): object =>
    showAppointment(worldOf(desk.account, tx), row, { canceled: true, forms: true });
  const idOf = (request: Fields): string => textOf(request['id']);
  return {
    book: change((tx, request) => show(tx, place(desk, tx, STAFF, bookingOf(desk, tx, request)))),
    move: change((tx, request) => show(tx, reschedule(desk, tx, STAFF, idOf(request), request))),
    cancel: change((tx, request) => show(tx, cancel(desk, tx, STAFF, idOf(request), request))),
    'no-show': change((tx, request) => show(tx, cancel(desk, tx, STAFF, idOf(request), { ...request, noShow: true }))),
    change: change((tx, request) => show(tx, amend(desk, tx, STAFF, idOf(request), request))),
    'delete-from-ui': change((tx, request) => remove(desk, tx, request)),
    pay: change((tx, request) => pay(desk, tx, request)),
    block: change((tx, request) => {
      const block = blockFrom(worldOf(desk.account, tx), tx.nextNumber('block', 31_001), request);
      tx.put(BLOCKS, String(block.id), block);
      return showBlock(worldOf(desk.account, tx), block);
    }),
    unblock: change((tx, request) => {
      if (tx.get(BLOCKS, idOf(request)) === undefined) throw new ActError('there is no block with that id');
      tx.remove(BLOCKS, idOf(request));
      return {};
    }),
    'close-day': change((tx, request) => setDay(desk, tx, { ...request, hours: [] })),
    'change-hours': change((tx, request) => changeHours(desk, tx, request)),
    'add-class': change((tx, request) => addClass(desk, tx, request)),
    'change-type': change((tx, request) => changeType(desk, tx, request)),
    'change-settings': change((tx, request) => changeSettings(desk, tx, request)),
    'set-static-webhook': change((tx, request) => setStaticWebhook(desk, tx, request)),
    'deactivate-webhooks': change((tx, request) => setHookStatus(desk, tx, request, false)),
    'activate-webhooks': change((tx, request) => setHookStatus(desk, tx, request, true)),
    'roll-days': () => makeDays(desk),
  };
}

function calendarOf(world: World, request: Fields): Calendar {
  const calendar = calendarById(world, request['calendarID']);
  if (calendar === undefined) throw new ActError('calendarID names no calendar of this account');
  return calendar;
}

function typeOf(world: World, request: Fields): AppointmentType {
  const type = typeById(world, request['appointmentTypeID']);
  if (type === undefined) throw new ActError('appointmentTypeID names no type of this account');
  return type;
}

/**
 * Without `datetime`: the first free start after `after` or now. Without a name: the invented person of that number.
 */
function bookingOf(desk: Desk, tx: Writer, request: Fields): Fields {
  const world = worldOf(desk.account, tx);
  const calendar = calendarOf(world, request);
  const type = typeOf(world, request);
  const zone = zoneOf(world, calendar);
  const who = person(typeof request['person'] === 'number' ? request['person'] : 1);
  const known = { firstName: who.firstName, lastName: who.lastName, email: who.email, phone: who.phone };
  const named = request['firstName'] === undefined ? { ...known, fields: intakeOf(world, type, who) } : {};
  if (request['datetime'] !== undefined) return { ...named, ...request };
  const after = request['after'] === undefined ? world.now : readInput(textOf(request['after']), zone);
  const start = after === null ? null : nextOpen(world, type, calendar, after);
  if (start === null) throw new ActError('there is no free start of that type on that calendar');
  return { ...named, ...request, datetime: withOffset(start, zone) };
}

function remove(desk: Desk, tx: Writer, request: Fields): object {
  const row = rowById(tx, STAFF, textOf(request['id']));
  const { settings, now } = worldOf(desk.account, tx);
  tx.remove(APPOINTMENTS, String(row.id));
  tx.put(DELETED, String(row.id), { id: row.id, at: now });
  if (settings.deleteFiresChanged) announce(desk.account, desk.sender, tx, 'changed', row);
  return { deleted: row.id };
}

function pay(desk: Desk, tx: Writer, request: Fields): object {
  const row = rowById(tx, STAFF, textOf(request['id']));
  const world = worldOf(desk.account, tx);
  const transactionID = `tx-${tx.nextNumber('payment', 1)}`;
  const amount = Number(request['amount'] ?? row.price).toFixed(2);
  const payment = { transactionID, created: world.now, processor: 'cash', amount };
  const next = { ...row, payments: [...row.payments, payment] };
  tx.put(APPOINTMENTS, String(row.id), next);
  announce(desk.account, desk.sender, tx, 'changed', next);
  return showAppointment(world, next, { canceled: true, forms: false });
}

/** `date` with `hours` (a list of ranges) sets one day; without a date `hours` by weekday sets every week. */
function changeHours(desk: Desk, tx: Writer, request: Fields): object {
  if (request['date'] !== undefined) return setDay(desk, tx, request);
  const calendar = calendarOf(worldOf(desk.account, tx), request);
  const hours = request['hours'];
  if (!areHours(hours)) throw new ActError('hours are {"mon": ["09:00-17:00"], ...}');
  tx.put(WEEK_HOURS, String(calendar.id), hours as Record<string, string[]>);
  return { calendarID: calendar.id, hours };
}

function setDay(desk: Desk, tx: Writer, request: Fields): object {
  const world = worldOf(desk.account, tx);
  const date = textOf(request['date']);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new ActError('date is YYYY-MM-DD');
  const hours = request['hours'];
  if (!areHours({ mon: hours })) throw new ActError('hours are a list of ranges, ["09:00-12:00"]');
  const chosen = request['calendarID'] === undefined ? world.seed.calendars : [calendarOf(world, request)];
  for (const calendar of chosen) tx.put(DAY_HOURS, `${calendar.id} ${date}`, hours as string[]);
  return { date, hours, calendarIDs: chosen.map((one) => one.id) };
}

function addClass(desk: Desk, tx: Writer, request: Fields): object {
  const world = worldOf(desk.account, tx);
  const calendar = calendarOf(world, request);
  const type = typeOf(world, request);
  if (type.type === 'service') throw new ActError('that type is a service, not a class');
  const zone = zoneOf(world, calendar);
  const start = readInput(textOf(request['datetime']), zone);
  if (start === null) throw new ActError('datetime cannot be read');
  const series = textOf(request['series']) || `act:${localDate(start, zone)}`;
  const meeting = addMeeting(tx, {
    appointmentTypeID: type.id,
    calendarID: calendar.id,
    start,
    minutes: type.duration,
    seats: typeof request['seats'] === 'number' ? request['seats'] : (type.classSize ?? 1),
    series: type.type === 'series' ? series : null,
    private: request['private'] === true,
  });
  return { id: meeting.id, ...showClass(world, meeting, zone) };
}

function changeType(desk: Desk, tx: Writer, request: Fields): object {
  const type = typeOf(worldOf(desk.account, tx), request);
  const allowed = ['active', 'private', 'name', 'duration', 'paddingBefore', 'paddingAfter', 'classSize', 'startEvery'];
  const changes = Object.fromEntries(Object.entries(request).filter(([name]) => allowed.includes(name)));
  tx.put(CHANGED, `type:${type.id}`, { ...tx.get(CHANGED, `type:${type.id}`), ...changes });
  return typeOf(worldOf(desk.account, tx), request);
}

function changeSettings(desk: Desk, tx: Writer, request: Fields): object {
  try {
    tx.put(CHANGED, 'settings', { ...tx.get(CHANGED, 'settings'), ...checkSettings(request['settings']) });
  } catch (error) {
    throw new ActError(asHubError(error).detail);
  }
  return worldOf(desk.account, tx).settings;
}

/**
 * One target per event; `target: null` removes it. Without `event` or `events`: those that the seed lists, else
 * `changed`.
 */
function setStaticWebhook(desk: Desk, tx: Writer, request: Fields): object {
  const world = worldOf(desk.account, tx);
  const listed = world.seed.staticWebhooks.map((one) => one.event);
  const wanted = request['events'] ?? (request['event'] === undefined ? listed : [request['event']]);
  const events = (Array.isArray(wanted) ? wanted : []).map((one) => textOf(one));
  for (const event of events.length === 0 ? ['appointment.changed'] : events) {
    if (request['target'] === null) tx.remove(HOOKS, `static:${event}`);
    else {
      const hook = staticHook(desk.account, event, textOf(request['target']));
      checkTarget(world, hook.target);
      tx.put(HOOKS, hook.id, hook);
    }
  }
  return { hooks: tx.all(HOOKS).filter((one) => one.id.startsWith('static:')) };
}

/** All hooks, or the one with `id`. */
function setHookStatus(desk: Desk, tx: Writer, request: Fields, active: boolean): object {
  const { settings } = worldOf(desk.account, tx);
  const status = active ? 'active' : settings.deactivatedStatus;
  const id = textOf(request['id']);
  const hooks = tx.all(HOOKS).filter((one) => id === '' || one.id === id);
  for (const hook of hooks) tx.put(HOOKS, hook.id, { ...hook, status, failingSince: null });
  return { changed: hooks.map((one) => one.id) };
}
