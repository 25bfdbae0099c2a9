/**
 * From a signed webhook to the Slot shown as busy by the FHIR API. The webhook is posted by the bench and not by the
 * simulator, so that both ends are read on one clock; behind it the hub fetches the appointment from the simulator, as
 * ever.
 */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { formatInstant, HOUR_MS, plus } from '../src/core/instant.ts';
import { startChild } from './child.ts';
import { basic, fine, openClient, type Client } from './client.ts';
import { ACUITY, type ClinicSize } from './clinic.ts';
import { figures, quantile, type Bench, type Run } from './figure.ts';
import { freeSlots, openWorld, type FreeSlot, type World } from './world.ts';

const WITHIN_MS = 20_000;
const WARM_UP = 5;

export const webhook: Bench = {
  name: 'webhook',
  async run(run) {
    const size: ClinicSize = run.scale.short ? { calendars: 4, horizon_days: 5 } : { calendars: 14, horizon_days: 14 };
    const world = await openWorld(run, size);
    try {
      return await measured(run, world);
    } finally {
      await world.stop();
    }
  },
};

async function measured(run: Run, world: World): ReturnType<Bench['run']> {
  const api = world.api(1);
  const simulator = world.simulator(1);
  const intake = openClient(`${world.hub.origin}/intake/${ACUITY.site}`, FORM);
  const slots = onePerWindow(await freeSlots(api, formatInstant(plus(systemClock.now(), HOUR_MS))));
  // The bench speaks for the vendor.
  fine(await simulator.send('POST', '/__sim/faults', JSON.stringify({ loseWebhooks: true })));
  const wanted = run.scale.short ? 8 : Math.min(slots.length - WARM_UP, 30 * run.scale.seconds);
  const each: number[] = [];
  const bodies: string[] = [];
  let polls = 0;
  for (const [index, slot] of slots.slice(0, wanted + WARM_UP).entries()) {
    const body = await bookedBySite(simulator, slot);
    const took = await untilBusy(intake, api, slot, body, () => (polls += 1));
    if (index < WARM_UP) continue;
    each.push(took);
    bodies.push(body);
  }
  const bare_ms = await bareReceiver(world, bodies);
  for (const client of [api, simulator, intake]) client.close();
  return figures(
    {
      name: 'webhook to slot busy',
      unit: 'ms',
      value: quantile(each, 0.5),
      each,
      conditions:
        `${each.length} webhooks one after the other, each for another calendar and day; value is p50; ` +
        `the slot is polled on one connection (${Math.round(polls / (each.length + WARM_UP))} reads each)`,
    },
    [{ name: 'bare Express: POST, fetch, insert', value: quantile(bare_ms, 0.5) }],
  );
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * Another calendar or day each time: a booking makes the hub ask for its whole window again, which could outrun the
 * webhook.
 */
function onePerWindow(slots: readonly FreeSlot[]): readonly FreeSlot[] {
  return [...new Map(slots.map((slot) => [`${slot.calendar} ${slot.start.slice(0, 10)}`, slot])).values()];
}

/** Staff book at the site. The answer is the webhook that the site would send. */
async function bookedBySite(simulator: Client, slot: FreeSlot): Promise<string> {
  const act = {
    action: 'book',
    calendarID: Number(slot.calendar),
    appointmentTypeID: ACUITY.visitType,
    datetime: slot.start,
  };
  const { text } = fine(await simulator.send('POST', '/__sim/act', JSON.stringify(act)));
  const { id } = JSON.parse(text) as { readonly id: number };
  return new URLSearchParams({
    action: 'changed',
    id: String(id),
    calendarID: slot.calendar,
    appointmentTypeID: String(ACUITY.visitType),
  }).toString();
}

async function untilBusy(
  intake: Client,
  api: Client,
  slot: FreeSlot,
  body: string,
  polled: () => void,
): Promise<number> {
  const signature = createHmac('sha256', ACUITY.apiKey).update(body).digest('base64');
  const from = systemClock.monotonic();
  const answer = intake.send('POST', '', body, { 'x-acuity-signature': signature }).then(fine);
  for (;;) {
    polled();
    const { text } = fine(await api.send('GET', `/Slot/${slot.id}`));
    if (text.includes('"status":"busy"')) break;
    if (systemClock.monotonic() - from > WITHIN_MS) throw new Error(`slot ${slot.id} did not become busy: ${text}`);
  }
  const took = systemClock.monotonic() - from;
  await answer;
  return took;
}

async function bareReceiver(world: World, bodies: readonly string[]): Promise<readonly number[]> {
  const url = world.hub.sites[0]?.simulatorUrl ?? '';
  const authorization = basic(String(ACUITY.userId), ACUITY.apiKey);
  const program = join(import.meta.dirname, 'bare-server.ts');
  const child = startChild([program, 'webhook', url, authorization, world.database.bareUrl], {});
  const each: number[] = [];
  try {
    const client = openClient(`http://127.0.0.1:${await child.firstLine()}`, FORM);
    for (const body of [...bodies.slice(0, WARM_UP), ...bodies]) {
      const from = systemClock.monotonic();
      fine(await client.send('POST', '/', body));
      each.push(systemClock.monotonic() - from);
    }
    client.close();
    return each.slice(Math.min(WARM_UP, bodies.length));
  } finally {
    await child.stop();
  }
}
