/** How many times a client may hold at once, and how long one may be held in all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookingAnswer, HoldLongerRequest, HoldRequest } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { EXTENSIONS, type Appointment } from '../../src/fhir/types.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

type Held = Extract<BookingAnswer, { kind: 'held' }>;
const HOURS = [8, 9, 10, 11, 12, 13, 14, 15];
const slotAt = (hour: number): string => canonicalId.slot('north', slotKey('n1', 't50', during(hour, 0, 50).start));
const statusAt = async (world: World, hour: number): Promise<string> =>
  (await world.slot('north', slotKey('n1', 't50', during(hour, 0, 50).start))).status;

async function openDay(t: Cleanup, most: number): Promise<{ readonly world: World; readonly ana: string }> {
  const world = await openWorld(t, { max: 20 });
  world.plan = {
    ...world.plan,
    hub: { ...world.plan.hub, booking: { ...BOOKING, callerHoldsPerClient: most, patientOverlap: 'allow' } },
  };
  const times = HOURS.map((hour) => offered('n1', 't50', during(hour, 0, 50)));
  await world.offer('north', 'n1', 't50', times);
  return { world, ana: await world.patient('north') };
}

const holding = (world: World, hour: number, patient: string, more: Partial<HoldRequest> = {}): HoldRequest => ({
  ...world.placing(slotAt(hour), patient),
  seconds: null,
  ...more,
});
async function held(world: World, hour: number, patient: string, more: Partial<HoldRequest> = {}): Promise<Held> {
  const answer = await world.desk.hold(holding(world, hour, patient, more), SCOPE);
  assert.ok(answer.kind === 'held', answer.kind);
  return answer;
}
let number = 0;
const longer = ({ appointment }: Held, more: Partial<HoldLongerRequest> = {}): HoldLongerRequest => ({
  client: 'tester',
  requestKey: `longer-${(number += 1)}`,
  digest: 'longer',
  requestId: 'r',
  trace: null,
  appointmentId: appointment.id,
  seconds: null,
  version: null,
  ...more,
});
async function madeLonger(world: World, hold: Held, more: Partial<HoldLongerRequest> = {}): Promise<number> {
  const answer = await world.desk.holdLonger(longer(hold, more), SCOPE);
  assert.ok(answer?.kind === 'held', answer?.kind);
  assert.equal(answer.bookingId, hold.bookingId);
  return answer.until;
}
const refusedWith =
  (code: HubError['code'], text = /./) =>
  (error: unknown): boolean =>
    error instanceof HubError && error.code === code && text.test(error.message);

describe('one client', () => {
  it('holds no more times at once than settings allow, and is told how many, until when, and what to do', async (t) => {
    const { world, ana } = await openDay(t, 2);
    await held(world, 8, ana, { seconds: 40 });
    await held(world, 9, ana);
    await assert.rejects(world.desk.hold(holding(world, 10, ana), SCOPE), (error) => {
      assert.ok(error instanceof HubError);
      assert.deepEqual([error.code, error.retryAfter_ms], ['HOLD_LIMIT', 40_000]);
      assert.match(
        error.message,
        /Book one of them, cancel one, or wait .*2 are held, and 2 may be .*runs out in 40 s/,
      );
      return true;
    });
    assert.equal(await statusAt(world, 10), 'free');
  });

  it('may hold another when one was booked, was let go or has run out, and others are not in its way', async (t) => {
    const { world, ana } = await openDay(t, 1);
    const first = await held(world, 8, ana);
    await held(world, 9, ana, { client: 'other' });
    await world.desk.cancel(world.cancelling(first.appointment.id), SCOPE);
    await held(world, 10, ana, { seconds: 20 });
    world.clock.advance(20_001);
    const third = await held(world, 11, ana);
    // The caller's patience is none: what counts is that it was sent.
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...world.plan.hub.booking, wait_ms: 0 } } };
    await world.desk.bookHeld({ ...longer(third), patientId: null, identifiers: [] }, SCOPE);
    await held(world, 12, ana);
  });

  it('that has as many as it may gets the first answer again for a key that it has used', async (t) => {
    const { world, ana } = await openDay(t, 1);
    const first = await held(world, 8, ana, { requestKey: 'k' });
    const again = await held(world, 8, ana, { requestKey: 'k' });
    assert.deepEqual([again.bookingId, again.repeated], [first.bookingId, true]);
  });

  it('that asks for eight at once gets as many as it may', async (t) => {
    const { world, ana } = await openDay(t, 3);
    const asked = HOURS.map((hour) =>
      world.desk.hold(holding(world, hour, ana), SCOPE).then(
        ({ kind }) => kind,
        (error: unknown) => (error as HubError).code,
      ),
    );
    const answers = await Promise.all(asked);
    assert.deepEqual(
      [answers.filter((one) => one === 'held').length, answers.filter((one) => one === 'HOLD_LIMIT').length],
      [3, 5],
    );
  });
});

describe('a hold is made longer by its client', () => {
  it('for as long again from now, shows that, and is not swept before', async (t) => {
    const { world, ana } = await openDay(t, 5);
    const hold = await held(world, 8, ana);
    world.clock.advance(200_000);
    const until = await madeLonger(world, hold);
    assert.equal(until, world.clock.now() + BOOKING.callerHold_s * 1000);
    const shown = await world.appointmentOf(hold.appointment.id);
    const facts = (shown?.resource as Appointment).extension?.find(({ url }) => url === EXTENSIONS.hold)?.extension;
    assert.equal(Date.parse(facts?.find(({ url }) => url === 'expires')?.valueInstant ?? ''), until);
    world.clock.advance(200_000);
    await world.sweep();
    assert.equal(await statusAt(world, 8), 'busy-tentative');
    world.clock.advance(100_001);
    await world.sweep();
    assert.equal(await statusAt(world, 8), 'free');
  });

  it('never past the total that settings allow, and never shorter', async (t) => {
    const { world, ana } = await openDay(t, 5);
    const hold = await held(world, 8, ana);
    const began = world.clock.now();
    assert.equal(await madeLonger(world, hold, { seconds: 20 }), hold.until, 'less is no shorter');
    for (const step of [250_000, 250_000, 250_000]) {
      world.clock.advance(step);
      await madeLonger(world, hold);
    }
    assert.equal(await madeLonger(world, hold), began + BOOKING.callerHoldTotal_s * 1000);
    world.clock.advance(150_001);
    await assert.rejects(world.desk.holdLonger(longer(hold), SCOPE), refusedWith('HOLD_EXPIRED'));
  });

  it('once for a key: the same request again changes nothing', async (t) => {
    const { world, ana } = await openDay(t, 5);
    const hold = await held(world, 8, ana);
    world.clock.advance(100_000);
    const until = await madeLonger(world, hold, { requestKey: 'again' });
    world.clock.advance(100_000);
    assert.equal(await madeLonger(world, hold, { requestKey: 'again' }), until);
    const other = world.desk.holdLonger(longer(hold, { requestKey: 'again', digest: 'other' }), SCOPE);
    await assert.rejects(other, refusedWith('REQUEST_KEY_REUSED'));
  });

  it('and by nobody else; nor is what is no hold', async (t) => {
    const { world, ana } = await openDay(t, 5);
    const hold = await held(world, 8, ana);
    assert.equal((await world.desk.holdLonger(longer(hold, { client: 'other' }), SCOPE))?.kind, 'conflict');
    const booked = await world.book(slotAt(9), ana);
    const known = { appointment: { id: booked.appointmentId } } as unknown as Held;
    assert.equal(await world.desk.holdLonger(longer(known), SCOPE), null);
    assert.equal((await world.booking(hold.bookingId)).waitsUntil, hold.until);
  });

  it('not where the site gave the time away meanwhile: it ends, and its caller learns what is free', async (t) => {
    const { world, ana } = await openDay(t, 5);
    await world.patient('north', BOB);
    const hold = await held(world, 8, ana);
    await world.tell('north', visit('V1', 'n1', during(8, 0, 50), { patients: [BOB] }));
    const answer = await world.desk.holdLonger(longer(hold), SCOPE);
    assert.ok(answer?.kind === 'conflict');
    assert.equal((await world.booking(hold.bookingId)).state, 'refused');
  });
});
