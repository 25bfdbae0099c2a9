/**
 * Bookings through the FHIR API, written to the simulator and read back, beside the same calls made to the simulator
 * directly.
 */
import { systemClock } from '../src/core/clock.ts';
import { formatInstant, HOUR_MS, plus } from '../src/core/instant.ts';
import { randomToken } from '../src/core/ids.ts';
import { bareInserts, repeat, type Pace, type Rate } from './bare.ts';
import { fine, type Client } from './client.ts';
import { ACUITY, type ClinicSize } from './clinic.ts';
import { figures, quantile, type Bench, type Figure, type Run } from './figure.ts';
import { freeSlots, openWorld, somePatients, type FreeSlot, type World } from './world.ts';

const CALLERS = [1, 8, 32];
/** So many that the hub's code is compiled and its caches hold what they hold in the second hour. */
const WARM_UP = 300;
/** Of a caller who books, reads the answer out to the patient, and books again; quicker than any front desk. */
const REST_MS = 100;
/**
 * The answers of the site in the comparison that issue and design speak of; without it each call takes a tenth of that.
 */
const SITE_ANSWERS_MS = 20;
/** The aim of the design for what the hub itself adds to one booking. */
const OVERHEAD_AIM_MS = 10;

export const bookings: Bench = {
  name: 'bookings',
  async run(run) {
    const size: ClinicSize = run.scale.short ? { calendars: 4, horizon_days: 4 } : { calendars: 16, horizon_days: 14 };
    const world = await openWorld(run, size);
    try {
      return await measured(run, world);
    } finally {
      await world.stop();
    }
  },
};

async function measured(run: Run, world: World): Promise<readonly Figure[]> {
  const first = world.api(1);
  const all = await freeSlots(first, formatInstant(plus(systemClock.now(), HOUR_MS)));
  const patients = await somePatients(first);
  first.close();
  const slots = spread(all);
  const seconds = run.scale.seconds / 2;
  const most = run.scale.short ? 20 : undefined;
  await booked(world, slots, patients, { callers: 4, seconds: 60, most: run.scale.short ? 20 : WARM_UP });
  const found: Figure[] = [
    ...(await unhurried(run, world, { slots, patients, latency_ms: 0 })),
    ...(await unhurried(run, world, { slots, patients, latency_ms: SITE_ANSWERS_MS })),
  ];
  for (const callers of CALLERS) {
    const limit = { callers, seconds, ...(most === undefined ? {} : { most }) };
    const direct = await directly(world, slots, limit);
    const cost = await world.costing();
    const mine = await booked(world, slots, patients, limit);
    const count = mine.each_ms.length;
    const conditions = `${count} bookings, ${callers} at once, no limit at the vendor; ${await cost(count, 'booking')}`;
    const bare = await bareInserts(world.database.bareUrl, { callers, seconds: seconds / 3, rowsEach: 1 });
    found.push(...rates(callers, conditions, { mine, direct, bare }));
    if (run.profiles !== null) for (const line of await world.database.costly(25)) run.say(`  ${line}`);
  }
  return found;
}

/** What a booking takes where nothing of the one before it is left to be done: what the hub itself adds. */
async function unhurried(
  run: Run,
  world: World,
  given: { readonly slots: FreeSlot[]; readonly patients: readonly string[]; readonly latency_ms: number },
): Promise<readonly Figure[]> {
  const { slots, patients, latency_ms } = given;
  const simulator = world.simulator(1);
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ latencyMs: latency_ms })));
  const seconds = run.scale.seconds / 2;
  const limit = { callers: 1, seconds, rest_ms: REST_MS, ...(run.scale.short ? { most: 20 } : {}) };
  const direct = await directly(world, slots, limit);
  const cost = await world.costing();
  const mine = await booked(world, slots, patients, limit);
  const count = mine.each_ms.length;
  const conditions = `${count} bookings, one caller who rests for ${REST_MS} ms; ${await cost(count, 'booking')}`;
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ latencyMs: 0 })));
  simulator.close();
  const name = latency_ms === 0 ? 'bookings, unhurried' : `bookings, unhurried, the site answers in ${latency_ms} ms`;
  return overhead(name, conditions, mine, direct);
}

function overhead(name: string, conditions: string, mine: Rate, direct: Rate): Figure[] {
  const p50_ms = quantile(direct.each_ms, 0.5);
  const own_ms = quantile(mine.each_ms, 0.5) - p50_ms;
  return figures(
    { name: `${name}: own overhead`, unit: 'ms', value: own_ms, conditions: `p50 less p50 direct; ${conditions}` },
    [
      { name: 'aim: 10 ms', value: OVERHEAD_AIM_MS },
      { name: 'same calls to the simulator', value: p50_ms },
    ],
  );
}

function rates(
  callers: number,
  conditions: string,
  { mine, direct, bare }: { readonly mine: Rate; readonly direct: Rate; readonly bare: Rate },
): Figure[] {
  const name = `bookings, ${callers} at once`;
  return [
    ...figures({ name, unit: 'bookings/s', value: mine.perSecond, each: mine.each_ms, conditions }, [
      { name: 'same calls to the simulator', value: direct.perSecond },
      { name: 'bare insert commits', value: bare.perSecond },
    ]),
    ...overhead(name, conditions, mine, direct),
  ];
}

/** Neighbours in the list lie on different calendars, so that callers at once do not queue for one practitioner. */
function spread(slots: readonly FreeSlot[]): FreeSlot[] {
  const byCalendar = Map.groupBy(slots, (slot) => slot.calendar);
  const rows = [...byCalendar.values()];
  const longest = Math.max(0, ...rows.map((row) => row.length));
  // From the end, so that `pop` takes the earliest first.
  return Array.from({ length: longest }, (_one, at) => rows.flatMap((row) => row[at] ?? []))
    .flat()
    .reverse();
}

function taken(slots: FreeSlot[]): FreeSlot {
  const slot = slots.pop();
  if (slot === undefined) throw new Error('there are no free slots left; take fewer --seconds');
  return slot;
}

async function booked(world: World, slots: FreeSlot[], patients: readonly string[], load: Pace): Promise<Rate> {
  const api = world.api(load.callers);
  let next = 0;
  const rate = await repeat(load, async () => {
    const patient = patients[(next += 1) % patients.length] ?? '';
    await book(api, taken(slots), patient);
  });
  api.close();
  return rate;
}

/** The body of a `$book`, though the patient may have another visit then, as those of the account lie. */
export function bookingOf(slot: FreeSlot, patient: string): string {
  const resource = {
    resourceType: 'Appointment',
    status: 'proposed',
    slot: [{ reference: `Slot/${slot.id}` }],
    start: slot.start,
    end: slot.end,
    participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
  };
  return JSON.stringify({
    resourceType: 'Parameters',
    parameter: [
      { name: 'appointment-resource', resource },
      { name: 'allow-patient-overlap', valueBoolean: true },
    ],
  });
}

async function book(api: Client, slot: FreeSlot, patient: string): Promise<void> {
  const body = bookingOf(slot, patient);
  const answer = await api.send('POST', '/Appointment/$book', body, {
    'content-type': 'application/fhir+json',
    'idempotency-key': randomToken(),
  });
  if (answer.status !== 200 && answer.status !== 201) throw new Error(`not booked: ${answer.status} ${answer.text}`);
}

/** What the connector asks of the vendor for one booking: is it free, book it, read it back. */
async function directly(world: World, slots: FreeSlot[], load: Pace): Promise<Rate> {
  const simulator = world.simulator(2 * load.callers);
  // Its webhooks would make the hub work, and be measured with the simulator.
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ loseWebhooks: true })));
  const rate = await repeat(load, async () => {
    const slot = taken(slots);
    const where = { calendarID: Number(slot.calendar), appointmentTypeID: ACUITY.visitType, datetime: slot.start };
    const booking = randomToken();
    const json = { 'content-type': 'application/json' };
    fine(await simulator.send('POST', '/api/v1/availability/check-times', JSON.stringify([where]), json));
    const person = { firstName: 'Bea', lastName: 'Bench', email: 'bea.bench@example.org', timezone: ACUITY.zone };
    const order = { ...where, ...person, fields: [{ id: ACUITY.bookingIdField, value: booking }] };
    const made = fine(await simulator.send('POST', '/api/v1/appointments?noEmail=true', JSON.stringify(order), json));
    const { id } = JSON.parse(made.text) as { readonly id: number };
    fine(await simulator.send('GET', `/api/v1/appointments/${id}`));
  });
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ loseWebhooks: false })));
  simulator.close();
  return rate;
}
