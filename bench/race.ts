/**
 * Sixty-four callers each ask for each of a hundred slots: exactly one of them has each slot, all others are told that
 * it is taken, with what is free instead. The simulator takes 20 ms for each call and has no limit on their number.
 */
import { systemClock } from '../src/core/clock.ts';
import { formatInstant, HOUR_MS, plus } from '../src/core/instant.ts';
import { randomToken } from '../src/core/ids.ts';
import { bookingOf } from './bookings.ts';
import { fine, type Client } from './client.ts';
import type { ClinicSize } from './clinic.ts';
import { figures, quantile, type Bench, type Figure, type Run } from './figure.ts';
import { freeSlots, openWorld, somePatients, type FreeSlot, type World } from './world.ts';

const SITE_ANSWERS_MS = 20;
/** What the issue of bookings asks of the machine of CI. */
const AIM_TAKEN_MS = 50;
const AIM_BOOKED_MS = 250;

interface Race {
  readonly callers: number;
  readonly slots: number;
  /** So many slots before, that the hub's code is compiled when it is measured. */
  readonly warmUp: number;
}

interface Told {
  readonly status: number;
  readonly ms: number;
  readonly alternatives: number;
  /** Of an answer that there should not be. */
  readonly text?: string;
}

export const race: Bench = {
  name: 'race',
  async run(run) {
    const size: ClinicSize = run.scale.short ? { calendars: 2, horizon_days: 4 } : { calendars: 8, horizon_days: 30 };
    const wanted: Race = run.scale.short
      ? { callers: 8, slots: 5, warmUp: 3 }
      : { callers: 64, slots: 100, warmUp: 30 };
    const world = await openWorld(run, size);
    try {
      return await measured(world, wanted, run);
    } finally {
      await world.stop();
    }
  },
};

async function measured(world: World, { callers, slots, warmUp }: Race, run: Run): Promise<readonly Figure[]> {
  const first = world.api(1);
  const from = formatInstant(plus(systemClock.now(), HOUR_MS));
  const free = apart(await freeSlots(first, from));
  const patients = await somePatients(first);
  first.close();
  if (free.length < slots + warmUp) throw new Error(`only ${free.length} slots lie apart in time`);
  const simulator = world.simulator(1);
  const api = world.api(callers);
  await eachAsks({ callers, patients }, free.slice(slots, slots + warmUp), api);
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ latencyMs: SITE_ANSWERS_MS })));
  const cost = await world.costing();
  const began = systemClock.monotonic();
  const told = await eachAsks({ callers, patients }, free.slice(0, slots), api);
  const took_s = (systemClock.monotonic() - began) / 1000;
  api.close();
  simulator.close();
  const said = `${callers} callers for each of ${slots} slots, site answers in ${SITE_ANSWERS_MS} ms`;
  const conditions = `${said}; ${await cost(told.length, 'request')}`;
  if (run.profiles !== null) for (const line of await world.database.costly(15)) run.say(`  ${line}`);
  return judged(told, { slots, took_s, conditions });
}

interface Callers {
  readonly callers: number;
  readonly patients: readonly string[];
}

/** Each caller asks for one slot after the other, all in the same order: at each of them they meet. */
async function eachAsks(
  { callers, patients }: Callers,
  slots: readonly FreeSlot[],
  api: Client,
): Promise<readonly Told[]> {
  const told = await Promise.all(
    Array.from({ length: callers }, async (_one, caller) => {
      const mine: Told[] = [];
      for (const slot of slots) mine.push(await ask(api, slot, patients[caller % patients.length] ?? ''));
      return mine;
    }),
  );
  return told.flat();
}

/** @throws Error where the promise itself is broken: that is no matter of speed */
function judged(
  all: readonly Told[],
  { slots, took_s, conditions }: { readonly slots: number; readonly took_s: number; readonly conditions: string },
): Figure[] {
  const of = (status: number): readonly Told[] => all.filter((one) => one.status === status);
  const [booked, taken] = [of(201), of(409)];
  if (booked.length !== slots || booked.length + taken.length !== all.length) {
    const counts = [...Map.groupBy(all, (one) => one.status)].map(([status, { length }]) => `${length} x ${status}`);
    const odd = all.find(({ text }) => text !== undefined)?.text ?? '';
    throw new Error(`of ${slots} slots ${booked.length} were booked; all answers: ${counts.join(', ')}; ${odd}`);
  }
  if (taken.some((one) => one.alternatives === 0)) throw new Error('a 409 without alternatives');
  const each = (some: readonly Told[]): readonly number[] => some.map((one) => one.ms);
  const taken_ms = each(taken);
  const booked_ms = each(booked);
  return [
    ...figures(
      { name: 'race: told that it is taken', unit: 'ms', value: quantile(taken_ms, 0.99), each: taken_ms, conditions },
      [{ name: 'aim: p99 50 ms', value: AIM_TAKEN_MS }],
    ),
    ...figures({ name: 'race: booked', unit: 'ms', value: quantile(booked_ms, 0.99), each: booked_ms, conditions }, [
      { name: 'aim: p99 250 ms', value: AIM_BOOKED_MS },
    ]),
    ...figures({ name: 'race: answers', unit: 'answers/s', value: all.length / took_s, conditions }, [
      { name: 'one caller at the site, a call at a time', value: 1000 / SITE_ANSWERS_MS },
    ]),
  ];
}

/** No two at one time: a caller who has one of them could else not have the other. */
function apart(slots: readonly FreeSlot[]): readonly FreeSlot[] {
  const kept: FreeSlot[] = [];
  let until = '';
  const byTime = slots.toSorted((left, right) => Date.parse(left.start) - Date.parse(right.start));
  const turn = new Map<string, number>();
  for (const group of Map.groupBy(byTime, (slot) => slot.start).values()) {
    // Each time another calendar: not all for one practitioner.
    const least = group.toSorted((left, right) => (turn.get(left.calendar) ?? 0) - (turn.get(right.calendar) ?? 0))[0];
    if (least === undefined || Date.parse(least.start) < Date.parse(until || '1970-01-01T00:00:00Z')) continue;
    turn.set(least.calendar, (turn.get(least.calendar) ?? 0) + 1);
    until = least.end;
    kept.push(least);
  }
  return kept;
}

async function ask(api: Client, slot: FreeSlot, patient: string): Promise<Told> {
  const headers = { 'content-type': 'application/fhir+json', 'idempotency-key': randomToken() };
  const from = systemClock.monotonic();
  const answer = await api.send('POST', '/Appointment/$book', bookingOf(slot, patient), headers);
  const ms = systemClock.monotonic() - from;
  if (answer.status === 201) return { status: 201, ms, alternatives: 0 };
  if (answer.status !== 409) return { status: answer.status, ms, alternatives: 0, text: answer.text };
  const { contained = [] } = JSON.parse(answer.text) as { readonly contained?: readonly unknown[] };
  return { status: 409, ms, alternatives: contained.length };
}
