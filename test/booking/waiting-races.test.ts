/** What waits for a person is wanted by several at once: whoever is first has it, and nothing is left half done. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '../../src/booking/contract.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { isSettled } from '../../src/booking/states.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const TIMES = [9, 10, 11, 12, 13, 14].map((hour) => during(hour, 0, 50));
type Time = (typeof TIMES)[number];
const key = (time: Time): string => slotKey('n1', 't50', time.start);

async function open(t: Cleanup, write: 'automatic' | 'approval'): Promise<{ world: World; ana: string }> {
  const [north, south, feed] = testSites();
  const world = await openWorld(t, { sites: [{ ...north, write }, south, feed] });
  const slots = TIMES.map((time) => offered('n1', 't50', time));
  await world.offer('north', 'n1', 't50', slots);
  return { world, ana: await world.patient('north') };
}

interface Waiting {
  readonly time: Time;
  readonly bookingId: string;
  readonly appointmentId: string;
}
type Step = (world: World, one: Waiting, number: number) => Promise<unknown>;

const decision = ({ bookingId }: Waiting): Decision => ({
  bookingId,
  decision: 'approve',
  requestId: 'r',
  trace: null,
});
const sweep: Step = (world) => world.sweep();
const deliver: Step = (world) => world.deliver();
const cancel: Step = (world, { appointmentId }) => world.desk.cancel(world.cancelling(appointmentId), SCOPE);
const approve: Step = (world, one) => world.approvals.decide(decision(one), SCOPE);
const decline: Step = (world, one) =>
  world.approvals.decide({ ...decision(one), decision: 'decline', reason: 'no' }, SCOPE);
const news: Step = (world, { time }, number) =>
  world.tell('north', visit(`V${number}`, 'n1', time, { patients: [BOB] }));
const book: Step = (world, { appointmentId }, number) => {
  const asked = { client: 'tester', requestKey: `book-${number}`, digest: 'b', requestId: 'r', trace: null };
  const what = { appointmentId, patientId: null, identifiers: [], version: null };
  return world.desk.bookHeld({ ...asked, ...what }, SCOPE);
};

/** Every step at once. */
async function race(world: World, waiting: readonly Waiting[], steps: readonly Step[]): Promise<void> {
  const all = waiting.flatMap((one, number) => {
    const turned = steps.map((_step, at) => steps[(at + number) % steps.length] ?? sweep);
    return turned.map((step) => step(world, one, number));
  });
  // Who asks to book waits for the site, which is only asked below.
  const over = new AbortController();
  const ended = Promise.allSettled(all).finally(() => over.abort());
  for (let turn = 0; !over.signal.aborted; turn += 1) {
    await world.deliver();
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (turn > 20) world.clock.advance(100);
  }
  await ended;
  await world.deliver();
}

async function checkEnds(world: World, waiting: readonly Waiting[]): Promise<readonly string[]> {
  const states: string[] = [];
  for (const { time, bookingId, appointmentId } of waiting) {
    const { state } = await world.booking(bookingId);
    states.push(state);
    assert.ok(isSettled(state), `${state} is no end`);
    const sent = world.sites.north.placed.filter(({ correlation }) => correlation === bookingId).length;
    assert.equal(sent, state === 'booked' ? 1 : 0, `${state}, and sent ${sent} times`);
    const visible = (await world.appointmentOf(appointmentId))?.resource.status;
    const taken = await world.rows(`SELECT 1 FROM busy WHERE booking_id = $1 AND live`, [bookingId]);
    if (state === 'booked') assert.ok(visible === 'booked' || visible === 'cancelled', visible);
    else assert.deepEqual([visible, taken.length], ['cancelled', 0], state);
    const others = await world.rows(`SELECT 1 FROM busy WHERE live AND tentative AND during && tstzrange($1, $2)`, [
      new Date(time.start),
      new Date(time.end),
    ]);
    assert.deepEqual(others, [], 'nothing is left half done');
  }
  const items = await world.rows(`SELECT 1 FROM work_item WHERE kind = 'approval' AND closed_at IS NULL`);
  assert.deepEqual(items, []);
  return states;
}

describe('a time that a caller holds', () => {
  const holdAll = async (world: World, ana: string): Promise<readonly Waiting[]> => {
    const waiting: Waiting[] = [];
    for (const time of TIMES) {
      const request = { ...world.placing(canonicalId.slot('north', key(time)), ana), seconds: null };
      const answer = await world.desk.hold(request, SCOPE);
      assert.ok(answer.kind === 'held', answer.kind);
      waiting.push({ time, bookingId: answer.bookingId, appointmentId: answer.appointment.id });
    }
    return waiting;
  };

  it('is booked, let go, or taken by the site, while all three come at once', async (t) => {
    const { world, ana } = await open(t, 'automatic');
    const waiting = await holdAll(world, ana);
    await race(world, waiting, [book, cancel, news, sweep]);
    world.clock.advance(BOOKING.callerHold_s * 1000);
    await world.sweep();
    await checkEnds(world, waiting);
  });

  it('that runs out while it is booked and let go is sent at most once', async (t) => {
    const { world, ana } = await open(t, 'automatic');
    const waiting = await holdAll(world, ana);
    world.clock.advance(BOOKING.callerHold_s * 1000);
    await race(world, waiting, [sweep, book, cancel]);
    const states = await checkEnds(world, waiting);
    assert.ok(!states.includes('booked'), 'its time was over when all of them asked');
  });
});

describe('a booking that waits for a coordinator', () => {
  const askAll = async (world: World, ana: string): Promise<readonly Waiting[]> => {
    const waiting: Waiting[] = [];
    for (const time of TIMES) {
      const answer = await world.desk.place(world.placing(canonicalId.slot('north', key(time)), ana), SCOPE);
      assert.ok(answer.kind === 'pending' && answer.appointmentId !== undefined);
      waiting.push({ time, bookingId: answer.bookingId, appointmentId: answer.appointmentId });
    }
    return waiting;
  };

  it('has one end while it is approved, declined, cancelled and taken by the site at once', async (t) => {
    const { world, ana } = await open(t, 'approval');
    const waiting = await askAll(world, ana);
    await race(world, waiting, [approve, decline, cancel, news, deliver, sweep]);
    // A cancel that came behind a booking waits for the coordinator in its turn.
    world.clock.advance(BOOKING.approvalExpiry_s * 1000);
    await world.sweep();
    await checkEnds(world, waiting);
  });

  it('expires or was approved in time, never both', async (t) => {
    const { world, ana } = await open(t, 'approval');
    const waiting = await askAll(world, ana);
    world.clock.advance(BOOKING.approvalExpiry_s * 1000);
    await race(world, waiting, [sweep, approve, cancel]);
    const states = await checkEnds(world, waiting);
    assert.ok(!states.includes('booked'), 'its time was over when all of them came');
  });
});
