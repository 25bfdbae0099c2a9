import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, MINUTE_MS, plus, type Instant } from '../../src/core/instant.ts';
import type { Slot } from '../../src/fhir/types.ts';
import { actor, textOf } from '../conformance/control.ts';
import {
  bookedIn,
  callerOf,
  freeSlots,
  patientsOf,
  siteKeyOf,
  siteOf,
  type Answer,
  type Caller,
} from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RAO, RIVERSIDE, THERAPY, WEISS } from '../support/config-folder.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, sitesOf, truthOf, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const BOOKINGS = 100;
const CALLERS = 10;
/** So many slots at most. */
const WANTED = 80;
/** Each is a webhook; of every five, three visits are booked, one is moved and one cancelled. */
const ACTS = 500;
const FRAMES = 60;
const SETTLED_WITHIN_MS = 180_000;

/**
 * How far staff may be ahead of callers, in rounds: webhooks and bookings are to meet, and staff work on while the hub
 * is away.
 */
const AHEAD = 25;

interface Progress {
  acts: number;
  answers: number;
  /** The test is over. */
  readonly signal: AbortSignal;
}

interface Asked {
  readonly key: string;
  readonly site: string;
  readonly slot: Slot;
  readonly answer: Answer;
}

/** Runs `work` over all items, so many at once. */
async function spread<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results.set(index, await work(items[index]!, index));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return items.map((_, index) => results.get(index)!);
}

/**
 * Visits at any quarter of an hour of two days, in and out of office hours: some meet the callers' bookings, some each
 * other.
 */
async function staffAtWork(hub: TestHub, progress: Progress): Promise<void> {
  const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
  const someTime = (turn: number): Instant => plus(base, ((turn * 37) % 192) * 15 * MINUTE_MS);
  const places = [
    { site: MIDTOWN, calendar: ORTIZ, visitType: INTAKE.midtown },
    { site: NORTHSIDE, calendar: WEISS, visitType: INTAKE.northside },
    { site: MIDTOWN, calendar: RAO.midtown, visitType: THERAPY.midtown },
    { site: NORTHSIDE, calendar: RAO.northside, visitType: THERAPY.northside },
  ];
  const rounds = Array.from({ length: ACTS / 5 }, (_, index) => index);
  await spread(rounds, 4, async (round) => {
    const { site, ...where } = places[round % places.length]!;
    const staff = practiceOf(hub, site);
    const keys: string[] = [];
    const waiting = { within_ms: SETTLED_WITHIN_MS, signal: progress.signal };
    await eventually('callers keep up', () => progress.answers >= round - AHEAD, waiting);
    for (const turn of [0, 1, 2]) {
      keys.push(await staff.book({ ...where, start: someTime(round * 3 + turn), person: round % 30 }));
      progress.acts += 1;
    }
    await staff.move(keys[0]!, someTime(round * 5 + 1));
    await staff.cancel(keys[1]!);
    progress.acts += 2;
  });
}

async function framesOfRiverside(hub: TestHub): Promise<void> {
  const act = actor(hub.simulator(RIVERSIDE));
  const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
  for (let turn = 0; turn < FRAMES / 3; turn += 1) {
    const start = plus(base, turn * 2 * HOUR_MS);
    const practitioner = turn % 2 === 0 ? RAO.riverside : 'LINDQVIST';
    const { id } = await act('book', { practitioner, start: Number(start), person: 30 + turn });
    await act('move', { id, start: Number(plus(start, 30 * MINUTE_MS)) });
    if (turn % 3 === 0) await act('cancel', { id, reason: 'PATCAN' });
    else await act('modify', { id, note: 'seen' });
  }
}

/**
 * Repeats the same request with the same key until the hub answers it: connections end and the hub is away for a while.
 */
async function bookUntilAnswered(
  caller: Caller,
  booking: { slot: Slot; patientId: string; key: string },
  signal: AbortSignal,
): Promise<Answer> {
  const first = await eventually(
    `${booking.key} is answered`,
    async () => {
      const answer = await caller.book(booking);
      return answer.status < 500 && answer;
    },
    { within_ms: SETTLED_WITHIN_MS, every_ms: 200, signal },
  );
  if (first.status !== 202) return first;
  const where = first.headers.get('content-location') ?? '';
  return eventually(
    `${booking.key} is settled`,
    async () => {
      const answer = await caller.ask(where);
      return answer.status !== 202 && answer.status < 500 && answer;
    },
    { within_ms: SETTLED_WITHIN_MS, every_ms: 200, signal },
  );
}

test('a kill in the middle of 500 webhooks and 100 bookings loses nothing', { timeout: 280_000 }, async (t) => {
  const hub = await startHub(t, { database: 'embedded' });
  const caller = callerOf(hub);
  const slots = [
    ...(await freeSlots(caller, MIDTOWN, 'therapy-50')),
    ...(await freeSlots(caller, NORTHSIDE, 'therapy-50')),
  ];
  const patients = await patientsOf(caller, MIDTOWN);
  assert.ok(slots.length >= 60 && patients.length > 0, `${slots.length} slots`);
  const before = await hub.companions();

  // The same slot is wanted twice here and there, and Dr. Rao's time at both of her sites. All over the list, also
  // where its length is a multiple of the step.
  const far = (place: number): Slot => slots[(place * 7 + Math.floor((place * 7) / slots.length)) % slots.length]!;
  const wishes = Array.from({ length: BOOKINGS }, (_, index) => ({
    slot: far(index % WANTED),
    patientId: patients[index % patients.length]!,
    key: `story-${index}`,
  }));
  const over = new AbortController();
  t.after(() => over.abort());
  const progress: Progress = { acts: 0, answers: 0, signal: over.signal };
  const staff = staffAtWork(hub, progress);
  const frames = framesOfRiverside(hub);
  const booked = spread(wishes, CALLERS, async (wish): Promise<Asked> => {
    const answer = await bookUntilAnswered(caller, wish, over.signal);
    progress.answers += 1;
    return { key: wish.key, site: siteOf(wish.slot), slot: wish.slot, answer };
  });
  await eventually(
    'much is done and much is under way',
    () => progress.acts >= ACTS / 4 && progress.answers >= BOOKINGS / 5,
  );
  assert.ok(progress.acts < ACTS && progress.answers < BOOKINGS, 'all was over before the kill');
  await hub.kill();
  const left = await hub.companions();
  assert.deepEqual(left.simulators, before.simulators, 'the simulators survived');
  await hub.start();
  assert.deepEqual((await hub.companions()).simulators, before.simulators, 'the simulators were adopted');

  const asked = await booked;
  await Promise.all([staff, frames]);
  await eventuallyNone('everything comes to rest', () => unrest(hub), { within_ms: SETTLED_WITHIN_MS });
  await eventuallyNone('hub and sites agree', () => disagreements(hub), { within_ms: SETTLED_WITHIN_MS });
  await checkAnswers(hub, asked);
});

async function checkAnswers(hub: TestHub, asked: readonly Asked[]): Promise<void> {
  const caller = callerOf(hub);
  const sites = await sitesOf(hub);
  const truths = new Map(await Promise.all(sites.map(async (site) => [site.id, await truthOf(hub, site)] as const)));
  const { rows } = await hub.query(`SELECT id, request_key, state FROM booking WHERE action = 'place'`);
  let won = 0;
  for (const { key, site, slot, answer } of asked) {
    const ours = rows.filter((row) => row['request_key'] === key);
    assert.ok(ours.length <= 1, `${key} is ${ours.length} bookings`);
    const id = ours[0] === undefined ? null : textOf(ours[0]['id']);
    const copies = truths.get(site)!.appointments.filter((one) => id !== null && one.correlation === id);
    if (answer.status === 200 || answer.status === 201) {
      won += 1;
      const appointment = bookedIn(answer);
      assert.deepEqual(
        copies.map((copy) => [copy.key, copy.status]),
        [[siteKeyOf(appointment, site), 'booked']],
        `${key} is at ${site} once`,
      );
      const shown = await caller.read<Slot>(`Slot/${slot.id ?? ''}`);
      assert.equal(shown.status, 'busy', `the slot of ${key}`);
    } else {
      assert.ok([409, 422].includes(answer.status), `${key}: ${answer.status} ${answer.text}`);
      assert.deepEqual(
        copies.filter((copy) => copy.status === 'booked'),
        [],
        `${key} was refused`,
      );
    }
  }
  assert.ok(won >= BOOKINGS / 4, `only ${won} bookings were taken`);
}
