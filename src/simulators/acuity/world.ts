import type { Instant } from '../../core/instant.ts';
import type { SimulatedClock } from '../kit/clock.ts';
import type { Faults } from '../kit/faults.ts';
import type { Store, View } from '../kit/store.ts';
import { CHANGED } from './model.ts';
import type { AppointmentType, Calendar, Seed, Settings } from './seed.ts';

/** Everything of one account: what the seed says, what was changed since, and the rows. */
export interface Account {
  readonly seed: Seed;
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
}

/** An account as one call sees it: rows of one moment, and the time. */
export interface World {
  readonly seed: Seed;
  readonly settings: Settings;
  readonly view: View;
  readonly now: Instant;
}

export function worldOf(account: Account, view: View = account.store): World {
  const changed = view.get(CHANGED, 'settings') as Partial<Settings> | undefined;
  return { seed: account.seed, settings: { ...account.seed.settings, ...changed }, view, now: account.clock.now() };
}

export function zoneOf(world: World, calendar: Calendar): string {
  return calendar.timezone ?? world.seed.account.timezone;
}

export function calendarById(world: World, id: unknown): Calendar | undefined {
  return world.seed.calendars.find((one) => String(one.id) === String(id));
}

export function typeById(world: World, id: unknown): AppointmentType | undefined {
  const type = world.seed.appointmentTypes.find((one) => String(one.id) === String(id));
  return type === undefined ? undefined : withChanges(world, type);
}

export function allTypes(world: World): AppointmentType[] {
  return world.seed.appointmentTypes.map((type) => withChanges(world, type));
}

function withChanges(world: World, type: AppointmentType): AppointmentType {
  return { ...type, ...world.view.get(CHANGED, `type:${type.id}`) };
}
