/**
 * The whole truth of an account for `/__sim/state`. Times are UTC with `Z`; `time` is what the vendor's API would
 * say.
 */
import { DAY_MS, instant, MINUTE_MS } from '../../core/instant.ts';
import type { SimulatorParts } from '../kit/kind.ts';
import type { WebhookSender } from '../kit/webhooks.ts';
import { openStarts, seatsLeft } from './availability.ts';
import { APPOINTMENTS, BLOCKS, CLASSES, CLIENTS, DAY_HOURS, DELETED, HOOKS, WEEK_HOURS } from './model.ts';
import { allTypes, calendarById, typeById, worldOf, zoneOf, type Account, type World } from './world.ts';
import { withOffset } from './time.ts';

export function acuityTruth(account: Account, sender: WebhookSender): SimulatorParts['truth'] {
  const world = (): World => worldOf(account);
  return {
    timezone: () => account.seed.account.timezone,
    calendars: () => account.seed.calendars.map((one) => ({ ...one, timezone: zoneOf(world(), one) })),
    appointmentTypes: () => allTypes(world()),
    settings: () => world().settings,
    slots: (query) => slots(world(), Number(query.get('days') ?? account.seed.horizonDays)),
    classes: () =>
      account.store.all(CLASSES).map((one) => ({
        ...one,
        start: utc(one.start),
        end: utc(one.start + one.minutes * MINUTE_MS),
        seatsLeft: seatsLeft(world(), one),
      })),
    appointments: () => appointments(world()),
    deleted: () => account.store.all(DELETED).map((one) => ({ id: one.id, at: utc(one.at) })),
    blocks: () => account.store.all(BLOCKS).map((one) => ({ ...one, start: utc(one.start), end: utc(one.end) })),
    patients: () => account.store.all(CLIENTS),
    hours: () => ({
      changedWeeks: account.store.all(WEEK_HOURS).length,
      changedDays: account.store.all(DAY_HOURS).length,
    }),
    webhooks: () => ({
      hooks: account.store.all(HOOKS),
      sent: sender.sent().map((one) => ({
        ...one,
        createdAt: utc(one.createdAt),
        dueAt: utc(one.dueAt),
        attempts: one.attempts.map((attempt) => ({ ...attempt, at: utc(attempt.at) })),
      })),
    }),
  };
}

/** Every start that a client could book, one row per type, calendar and start. */
function slots(world: World, days: number): object[] {
  const window = { start: world.now, end: instant(world.now + days * DAY_MS) };
  return world.seed.appointmentTypes.flatMap((one) => {
    const type = typeById(world, one.id) ?? one;
    return type.calendarIDs.flatMap((id) => {
      const calendar = calendarById(world, id);
      if (calendar === undefined) return [];
      return openStarts(world, { type, calendar }, window).map((start) => ({
        calendarID: calendar.id,
        appointmentTypeID: type.id,
        start: utc(start),
        end: utc(start + type.duration * MINUTE_MS),
        time: withOffset(start, zoneOf(world, calendar)),
      }));
    });
  });
}

function appointments(world: World): object[] {
  return world.view.all(APPOINTMENTS).map((row) => {
    const calendar = calendarById(world, row.calendarID);
    const zone = calendar === undefined ? world.seed.account.timezone : zoneOf(world, calendar);
    return {
      ...row,
      start: utc(row.start),
      end: utc(row.start + row.minutes * MINUTE_MS),
      datetime: withOffset(row.start, zone),
      createdAt: utc(row.createdAt),
      status: row.noShow ? 'no-show' : row.canceled ? 'canceled' : 'booked',
    };
  });
}

function utc(at: number): string {
  return new Date(at).toISOString();
}
