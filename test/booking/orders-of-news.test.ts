/**
 * What comes of a booking is told in many ways: the call's own answer, heard or not, or heard twice; the site's record,
 * before the answer or after it, once or often; what it says when asked. In whatever order they come, the booking ends
 * where the site's truth is, moves once, and stays there.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askCancel } from '../../src/booking/cancel.ts';
import { askMove } from '../../src/booking/move.ts';
import { hold } from '../../src/booking/hold.ts';
import { recordOutcome } from '../../src/booking/settle.ts';
import { isSettled } from '../../src/booking/states.ts';
import type { Found, WriteOutcome } from '../../src/connectors/contract.ts';
import type { Interval } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { deliverToSite } from '../../src/pipeline/deliver.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { during, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';

const ROUNDS = 8;
const NEWS = ['answer', 'answer', 'echo', 'echo', 'find', 'timeout'] as const;
type News = (typeof NEWS)[number];
type Action = 'place' | 'cancel' | 'move';
/** What the site makes of it; `accepted`: it does it, and says so only by its record or when it is asked. */
type Ending = 'did' | 'accepted' | 'refused';

/** One round has its own hour of the day. A move goes to the half hour behind it. */
const timeOf = (round: number): Interval => during(8 + round, 0, 30);
const laterOf = (round: number): Interval => during(8 + round, 30, 30);
const slotAt = (time: Interval): string => canonicalId.slot('north', slotKey('n1', 't50', time.start));

/** Seeded, so that an order that fails comes again: mulberry32. */
function shuffled(seed: number): News[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const list: News[] = [...NEWS];
  for (let index = list.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [list[index], list[other]] = [list[other] as News, list[index] as News];
  }
  return list;
}

/** What the site did, as its call, its record and its answer to a question tell it. */
interface Truth {
  readonly outcome: WriteOutcome;
  readonly found: Found;
  echo(): Promise<unknown>;
}

function truthOf(world: World, action: Action, round: number, ending: Ending): Truth {
  const key = `K${round}`;
  const time = action === 'move' ? laterOf(round) : timeOf(round);
  const status = action === 'cancel' ? 'cancelled' : 'booked';
  const at = { key, status, ...time, calendar: 'n1' } as const;
  if (ending !== 'refused') {
    const echo = (): Promise<unknown> => world.tell('north', visit(key, 'n1', time, { status }));
    const answer =
      ending === 'did' ? ({ kind: 'booked', at } as const) : ({ kind: 'accepted', reference: 'R' } as const);
    return { outcome: answer, found: { kind: 'found', at }, echo };
  }
  const stays = { key, status: 'booked', ...timeOf(round), calendar: 'n1' } as const;
  const outcome = { kind: 'refused', because: 'rule', detail: 'no' } as const;
  if (action === 'place') return { outcome, found: { kind: 'absent' }, echo: () => Promise.resolve() };
  const echo = (): Promise<unknown> => world.tell('north', visit(key, 'n1', timeOf(round)));
  return { outcome, found: { kind: 'found', at: stays }, echo };
}

async function asked(world: World, action: Action, round: number, ana: string): Promise<Booking> {
  const { resolveDeps: deps } = world;
  if (action === 'place') {
    const held = await hold(deps, world.placing(slotAt(timeOf(round)), ana), SCOPE);
    assert.ok(held.kind === 'held');
    return held.booking;
  }
  await world.tell('north', visit(`K${round}`, 'n1', timeOf(round)));
  world.clock.advance(1_000);
  const { id } = await world.appointment('north', `K${round}`);
  const change =
    action === 'cancel'
      ? await askCancel(deps, world.cancelling(id), SCOPE)
      : await askMove(deps, world.moving(id, slotAt(laterOf(round))), SCOPE);
  assert.ok(change.kind === 'asked');
  return change.booking;
}

async function inOrder(world: World, action: Action, round: number, ending: Ending, ana: string): Promise<string> {
  const booking = await asked(world, action, round, ana);
  const truth = truthOf(world, action, round, ending);
  const { north } = world.sites;
  north.exclusive = false;
  north.onFind = () => truth.found;
  const call = (): WriteOutcome => truth.outcome;
  [north.onPlace, north.onCancel, north.onMove] = [call, call, call];
  const site = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(site !== undefined);
  // The call is made; when, and how often, its answer is heard is what the order says.
  let answer: Parameters<typeof recordOutcome>[1] | null = null;
  const settle = (heard: NonNullable<typeof answer>): Promise<void> => {
    answer = heard;
    return Promise.resolve();
  };
  await deliverToSite({ ...world.deliverDeps, settle }, site, north, new AbortController().signal);
  const heard = answer as Parameters<typeof recordOutcome>[1] | null;
  assert.ok(heard !== null);
  const order = shuffled(1_000 * round + ending.length + action.length);
  let told: string | null = null;
  const step = async (news: News): Promise<void> => {
    world.clock.advance(500);
    if (news === 'answer') await recordOutcome(world.resolveDeps, heard);
    if (news === 'echo') await truth.echo();
    if (news === 'timeout') world.clock.advance(7_000);
    if (news === 'find') world.clock.advance(6_000);
    if (news === 'find' || news === 'timeout') await world.resolve();
    const { state } = await world.booking(booking.id);
    if (told !== null) assert.equal(state, told, `${order.join(' ')}: moved after it was settled, by ${news}`);
    if (isSettled(state)) told = state;
  };
  for (const news of order) await step(news);
  for (const news of ['find', 'find', 'echo'] as const) await step(news);
  const steps = (await world.read((tx) => tx.ledger.ofBooking(booking.id))).map(({ kind }) => kind);
  const ends = steps.filter((kind) => ['booked', 'resolved', 'refused', 'expired'].includes(kind));
  assert.equal(ends.length, 1, `${order.join(' ')}: ${steps.join(' ')}`);
  return `${String(told)} ${order.join(' ')}`;
}

for (const action of ['place', 'cancel', 'move'] as const) {
  describe(`the booking of a ${action}`, () => {
    for (const ending of ['did', 'accepted', 'refused'] as const) {
      it(`that the site ${ending} ends so in every order of its news, and stays so`, async (t) => {
        const world = await openWorld(t);
        const refuses = ending === 'refused';
        const times = Array.from({ length: ROUNDS }, (_, round) => [timeOf(round), laterOf(round)]).flat();
        const slots = times.map((time) => offered('n1', 't50', time));
        await world.offer('north', 'n1', 't50', slots);
        const ana = await world.patient('north');
        for (let round = 0; round < ROUNDS; round += 1) {
          const ended = await inOrder(world, action, round, ending, ana);
          assert.equal(ended.split(' ')[0], refuses ? 'refused' : 'booked', ended);
        }
        // The hub's copy is the site's truth: the same visits, each once, and their time and no other is taken.
        const there = action === 'place' ? !refuses : true;
        const visits = await world.rows('SELECT site_key, status, start_at FROM appointment ORDER BY start_at');
        assert.equal(visits.length, there ? ROUNDS : 0);
        for (const [round, row] of visits.entries()) {
          const time = action === 'move' && !refuses ? laterOf(round) : timeOf(round);
          const status = action === 'cancel' && !refuses ? 'cancelled' : 'booked';
          assert.deepEqual([row['site_key'], row['status'], row['start_at']], [`K${round}`, status, time.start]);
        }
        const taken = await world.rows('SELECT during FROM busy WHERE live');
        assert.equal(taken.length, visits.filter((row) => row['status'] === 'booked').length);
      });
    }
  });
}
