/** Which visit the numbers of a plan mean in this run. */
import { instant } from '../../src/core/instant.ts';
import type { Slot } from '../../src/fhir/types.ts';
import { during } from '../support/caller.ts';
import { MIDTOWN, RIVERSIDE } from '../support/config-folder.ts';
import type { Placing } from './history.ts';
import type { Wanted as Wish } from './plan.ts';
import type { Wanted, World } from './world.ts';

export interface Chosen {
  readonly wanted: Wanted;
  readonly visitType: number;
  readonly slot: Slot;
  readonly patientId: string;
  /** The site whose own record of the patient it is. */
  readonly home: string;
  /** The slot of the room that it takes besides. */
  readonly room?: { readonly location: string; readonly slot: Slot };
}

/** `at`: all calendars that the patient is to be seen on. */
export function choose(world: World, wish: Wish, at: readonly Wanted[] = [calendarOf(world, wish)]): Chosen {
  const wanted = calendarOf(world, wish);
  const { visitType } = wish;
  const isThere = at.some(({ site }) => site === RIVERSIDE);
  const patientId = pick(isThere ? world.riversidePatients : world.patients, wish.patient);
  const home = isThere ? RIVERSIDE : MIDTOWN;
  const slot = atTime(world, wanted, wish.start, visitType);
  const room = wish.room === true ? roomFor(world, wanted, slot, visitType) : {};
  return { wanted, visitType, slot, patientId, home, ...room };
}

/** One seat of a meeting of the group. */
export function chooseSeat({ group, patients }: World, { start, patient }: Pick<Wish, 'start' | 'patient'>): Chosen {
  const slot = pick(pick(group.slots, 0), start);
  return { wanted: group, visitType: 0, slot, patientId: pick(patients, patient), home: MIDTOWN };
}

/** At the time of the visit; nothing where the site has none, or offers none then. */
export function roomFor(world: World, { site }: Wanted, visit: Slot, visitType: number): Pick<Chosen, 'room'> {
  if (site !== world.room.site) return {};
  const slot = pick(world.room.slots, visitType).find(({ start, end }) => start === visit.start && end === visit.end);
  return slot === undefined ? {} : { room: { location: world.room.location, slot } };
}

export function calendarOf(world: World, { calendar }: Pick<Wish, 'calendar'>): Wanted {
  return pick(world.wanted, calendar);
}

/** Another site makes a record of its own of the patient; whether both are one person is for identity to find out. */
export function placingOf({ wanted, slot, patientId, home, room }: Omit<Chosen, 'visitType'>): Placing {
  const { site, practitioner } = wanted;
  const seats = wanted.seats === undefined ? {} : { seats: wanted.seats };
  const patient = home === site ? { patient: patientId } : {};
  const rooms = room === undefined ? {} : { rooms: [room.location] };
  return { site, practitioner, slot: slot.id ?? '', ...during(slot), ...patient, ...rooms, ...seats };
}

/** The same number is the same time on every calendar, so that races meet one person at two sites. */
export function atTime(world: World, wanted: Wanted, start: number, visitType: number): Slot {
  const [first] = world.wanted;
  const aim = instant(during(pick(first?.slots[0] ?? [], start)).start);
  const distance = (slot: Slot): number => Math.abs(during(slot).start - aim);
  return pick(wanted.slots, visitType).reduce((best, slot) => (distance(slot) < distance(best) ? slot : best));
}

export function pick<T>(from: readonly T[], number: number): T {
  const found = from[number % from.length];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}
