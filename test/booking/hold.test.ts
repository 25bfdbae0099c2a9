/** A time that a caller holds without booking it yet, and what has not been sent let go again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookHeldRequest, BookingAnswer, HoldRequest } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { EXTENSIONS, type Appointment } from '../../src/fhir/types.ts';
import { BOB, during, offered, openWorld, SCOPE, slotKey, testSites, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { BOOKING } from '../support/facts.ts';

const NINE = during(9, 0, 50);
const KEY = slotKey('n1', 't50', NINE.start);
const SLOT = canonicalId.slot('north', KEY);
type Held = Extract<BookingAnswer, { kind: 'held' }>;

async function openDay(t: Cleanup): Promise<{ readonly world: World; readonly ana: string }> {
  const world = await openWorld(t);
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', during(10, 0, 50))]);
  return { world, ana: await world.patient('north') };
}

let number = 0;
const holding = (world: World, patient: string, more: Partial<HoldRequest> = {}): HoldRequest => ({
  ...world.placing(SLOT, patient),
  seconds: null,
  ...more,
});
const booking = ({ appointment }: Held, more: Partial<BookHeldRequest> = {}): BookHeldRequest => ({
  client: 'tester',
  requestKey: `book-${(number += 1)}`,
  digest: 'book',
  requestId: 'r',
  trace: null,
  appointmentId: appointment.id,
  patientId: null,
  identifiers: [],
  version: null,
  ...more,
});

async function held(world: World, patient: string, more: Partial<HoldRequest> = {}): Promise<Held> {
  const answer = await world.desk.hold(holding(world, patient, more), SCOPE);
  assert.ok(answer.kind === 'held', answer.kind);
  return answer;
}

/** What `answer` comes to while the site is asked and the caller's patience runs out. */
async function sent<T>(world: World, answer: Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = answer.finally(() => over.abort());
  ended.catch(() => undefined);
  for (let step = 0; !over.signal.aborted; step += 1) {
    await world.deliver();
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (step > 20) world.clock.advance(100);
  }
  return ended;
}

const appointment = async (world: World, id: string): Promise<Appointment> => {
  const found = await world.appointmentOf(id);
  assert.ok(found !== null);
  return found.resource;
};
const kinds = async (world: World, id: string): Promise<string[]> =>
  (await world.read((tx) => tx.ledger.ofBooking(id))).map((step) => step.kind);
const refusedWith =
  (code: HubError['code']) =>
  (error: unknown): boolean =>
    error instanceof HubError && error.code === code;

describe('a held time', () => {
  it('is a pending Appointment, taken for everybody else, and nothing is owed to the site', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    assert.deepEqual([answer.scope, answer.repeated], ['hub-only', false]);
    assert.equal(answer.until, world.clock.now() + BOOKING.callerHold_s * 1000);
    const shown = JSON.parse(answer.appointment.json) as Appointment;
    assert.equal(shown.status, 'pending');
    assert.ok(shown.participant.every(({ status }) => status === 'tentative'));
    const facts = shown.extension?.find(({ url }) => url === EXTENSIONS.hold)?.extension ?? [];
    assert.deepEqual(
      facts.map(({ url, valueCode, valueInstant }) => [url, valueCode ?? Date.parse(valueInstant ?? '')]).slice(0, 2),
      [
        ['scope', 'hub-only'],
        ['expires', answer.until],
      ],
    );
    assert.match(String(facts.find(({ url }) => url === 'note')?.valueString), /site does not know/);
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
    assert.deepEqual(await world.rows('SELECT 1 FROM outbox'), []);
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 0);
    const other = await world.desk.place(world.placing(SLOT, await world.patient('north', BOB)), SCOPE);
    assert.ok(other.kind === 'conflict');
    assert.equal(other.alternatives.length, 1);
  });

  it('goes to one of sixteen who ask at once', async (t) => {
    const { world, ana } = await openDay(t);
    const asked = Array.from({ length: 16 }, (_none, index) =>
      world.desk.hold(holding(world, ana, { client: `c${index}`, requestKey: `k${index}` }), SCOPE),
    );
    const answers = (await Promise.all(asked)).map(({ kind }) => kind);
    assert.deepEqual(answers.sort(), [...Array.from({ length: 15 }, () => 'conflict'), 'held'].sort());
  });

  it('asked for again with its key is the same one', async (t) => {
    const { world, ana } = await openDay(t);
    const first = await held(world, ana, { requestKey: 'k' });
    const again = await held(world, ana, { requestKey: 'k' });
    assert.deepEqual([again.bookingId, again.repeated], [first.bookingId, true]);
  });

  it('lasts for less where the caller asks for less, and never longer than settings allow', async (t) => {
    const { world, ana } = await openDay(t);
    const short = await held(world, ana, { seconds: 20 });
    assert.equal(short.until - world.clock.now(), 20_000);
    await world.desk.cancel(world.cancelling(short.appointment.id), SCOPE);
    const long = await held(world, ana, { seconds: 9_999 });
    assert.equal(long.until - world.clock.now(), BOOKING.callerHold_s * 1000);
  });

  it('runs out: the Appointment is cancelled, the time free, and booking it fails cleanly', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    world.clock.advance(BOOKING.callerHold_s * 1000 + 1);
    await world.sweep();
    assert.equal((await world.slot('north', KEY)).status, 'free');
    assert.equal((await appointment(world, answer.appointment.id)).status, 'cancelled');
    await assert.rejects(world.desk.bookHeld(booking(answer), SCOPE), refusedWith('HOLD_EXPIRED'));
    assert.deepEqual(await kinds(world, answer.bookingId), ['held', 'expired']);
  });

  it('that has run out is free for the next caller before anything was swept', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    world.clock.advance(BOOKING.callerHold_s * 1000 + 1);
    await assert.rejects(world.desk.bookHeld(booking(answer), SCOPE), refusedWith('HOLD_EXPIRED'));
    assert.equal((await world.desk.hold(holding(world, ana), SCOPE)).kind, 'held');
  });

  it('that has run out is in nobody’s way, and shows nothing as free that is taken by another slot', async (t) => {
    const { world, ana } = await openDay(t);
    await held(world, ana);
    world.clock.advance(BOOKING.callerHold_s * 1000 + 1);
    // The site tells of a shorter slot at that time, so this one alone is looked at again.
    const short = { start: NINE.start, end: plus(NINE.start, 1_800_000) };
    await world.offer('north', 'n1', 't30', [offered('n1', 't30', short)]);
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
    const slotId = canonicalId.slot('north', slotKey('n1', 't30', short.start));
    assert.equal((await world.slot('north', slotKey('n1', 't30', short.start))).status, 'free');
    await held(world, ana, { slotId });
    assert.equal((await world.slot('north', KEY)).status, 'busy-tentative');
  });

  it('at a site that is down and refuses is not given', async (t) => {
    const { world, ana } = await openDay(t);
    await world.rows('SELECT 1');
    const down = new HubError('SITE_UNREACHABLE');
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: down });
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...BOOKING, breakerFailures: 1 } } };
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', during(10, 0, 50).start)), ana);
    await assert.rejects(world.desk.hold(holding(world, ana), SCOPE), refusedWith('SITE_DOWN'));
    assert.equal((await world.slot('north', KEY)).status, 'free');
  });
});

describe('booking what is held', () => {
  it('sends it once, with what is said now, and the Appointment is booked under the same id', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana, { comment: 'first' });
    const request = booking(answer, { reason: 'a cough', identifiers: [{ system: 's', value: 'v' }] });
    const booked = await sent(world, world.desk.bookHeld(request, SCOPE));
    assert.ok(booked?.kind === 'booked');
    assert.deepEqual([booked.bookingId, booked.appointment.id], [answer.bookingId, answer.appointment.id]);
    const [order] = world.sites.north.placed;
    assert.deepEqual([order?.correlation, order?.reason, order?.comment], [answer.bookingId, 'a cough', 'first']);
    const shown = await appointment(world, answer.appointment.id);
    assert.equal(shown.status, 'booked');
    assert.equal(
      shown.extension?.some(({ url }) => url === EXTENSIONS.hold),
      undefined,
    );
    assert.ok(shown.identifier?.some(({ value }) => value === 'v'));
    assert.equal((await world.slot('north', KEY)).status, 'busy');
    const again = await world.desk.bookHeld(request, SCOPE);
    assert.ok(again?.kind === 'booked' && again.repeated);
    assert.equal(world.sites.north.placed.length, 1);
    assert.deepEqual(await kinds(world, answer.bookingId), ['held', 'book-asked', 'booked']);
  });

  it('with a key that came with another body is refused', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana, { requestKey: 'k' });
    await assert.rejects(
      world.desk.bookHeld(booking(answer, { requestKey: 'k' }), SCOPE),
      refusedWith('REQUEST_KEY_REUSED'),
    );
    await sent(world, world.desk.bookHeld(booking(answer, { requestKey: 'b' }), SCOPE));
    const other = world.placing(SLOT, ana, { requestKey: 'b', digest: 'other' });
    await assert.rejects(world.desk.place(other, SCOPE), refusedWith('REQUEST_KEY_REUSED'));
  });

  it('is for its own client: others are told that the time is taken', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    const theirs = await world.desk.bookHeld(booking(answer, { client: 'other' }), SCOPE);
    assert.ok(theirs?.kind === 'conflict');
    const letGo = world.desk.cancel(world.cancelling(answer.appointment.id, { client: 'other' }), SCOPE);
    await assert.rejects(letGo, refusedWith('SLOT_TAKEN'));
    assert.equal((await world.booking(answer.bookingId)).state, 'held');
  });

  it('for another patient than it is held for is refused', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    const patientId = await world.patient('north', BOB);
    await assert.rejects(world.desk.bookHeld(booking(answer, { patientId }), SCOPE), refusedWith('RULE_BROKEN'));
  });

  it('is refused, and not sent, where the site gave the time away meanwhile', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    await world.tell('north', visit('V1', 'n1', NINE, { patients: [BOB] }));
    const refused = await world.desk.bookHeld(booking(answer), SCOPE);
    assert.ok(refused?.kind === 'conflict');
    await world.deliver();
    assert.equal(world.sites.north.placed.length, 0);
    assert.equal((await appointment(world, answer.appointment.id)).status, 'cancelled');
  });

  it('while it runs out is either sent or expired, never both', async (t) => {
    const { world, ana } = await openDay(t);
    for (let round = 0; round < 8; round += 1) {
      const answer = await held(world, ana);
      world.clock.advance(BOOKING.callerHold_s * 1000 - 1);
      const asked = world.desk.bookHeld(booking(answer), SCOPE).then(
        () => 'sent',
        () => 'expired',
      );
      world.clock.advance(2);
      const [came] = await Promise.all([sent(world, asked), world.sweep()]);
      const { state } = await world.booking(answer.bookingId);
      const calls = world.sites.north.placed.filter((order) => order.correlation === answer.bookingId).length;
      assert.deepEqual([state, calls], came === 'sent' ? ['booked', 1] : ['expired', 0]);
      if (came === 'sent') {
        const cancelled = world.desk.cancel(world.cancelling(answer.appointment.id), SCOPE);
        await sent(world, cancelled);
      }
    }
  });

  it('of what is no hold is left to others', async (t) => {
    const { world, ana } = await openDay(t);
    const placed = await world.book(SLOT, ana);
    const known = { appointment: { id: placed.appointmentId } } as unknown as Held;
    assert.equal(await world.desk.bookHeld(booking(known), SCOPE), null);
  });
});

describe('what has not been sent', () => {
  it('is let go at once by its caller, and its status address says so', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    const request = world.cancelling(answer.appointment.id, { by: 'patient', reason: 'no time' });
    const gone = await world.desk.cancel(request, SCOPE);
    assert.ok(gone.kind === 'cancelled');
    const shown = JSON.parse(gone.appointment.json) as Appointment;
    assert.deepEqual(
      [shown.status, shown.cancelationReason?.text, shown.cancelationReason?.coding?.[0]?.code],
      ['cancelled', 'no time', 'pat'],
    );
    assert.equal((await world.slot('north', KEY)).status, 'free');
    const status = await world.desk.status(answer.bookingId, SCOPE);
    assert.ok(status?.kind === 'refused');
    assert.equal(status.error.code, 'BOOKING_NOT_SENT');
    const again = await world.desk.cancel(request, SCOPE);
    assert.ok(again.kind === 'cancelled' && again.repeated);
    assert.deepEqual(await kinds(world, answer.bookingId), ['held', 'let-go']);
  });

  it('and waits for a site that is down is pending by its id, and is never sent once it is let go', async (t) => {
    const [plain, south, feed] = testSites();
    const world = await openWorld(t, { sites: [{ ...plain, whenDown: 'queue' }, south, feed] });
    world.plan = { ...world.plan, hub: { ...world.plan.hub, booking: { ...BOOKING, breakerFailures: 1 } } };
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', during(10, 0, 50))]);
    const ana = await world.patient('north');
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', during(10, 0, 50).start)), ana);
    const waiting = await world.desk.place(world.placing(SLOT, ana), SCOPE);
    assert.ok(waiting.kind === 'pending' && waiting.appointmentId !== undefined);
    assert.equal((await appointment(world, waiting.appointmentId)).status, 'pending');
    assert.equal((await world.desk.cancel(world.cancelling(waiting.appointmentId), SCOPE)).kind, 'cancelled');
    assert.equal((await world.slot('north', KEY)).status, 'free');
    world.sites.north.placed.length = 0;
    world.clock.advance(60_000);
    await world.deliver();
    assert.ok(!world.sites.north.placed.some((order) => order.correlation === waiting.bookingId));
  });

  it('shows when its caller is told 202, whatever it waits for, and can be let go until it is sent', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.north.onPlace = () => ({ kind: 'unsent', error: new HubError('SITE_UNREACHABLE') });
    const pending = await sent(world, world.desk.place(world.placing(SLOT, ana), SCOPE));
    assert.ok(pending.kind === 'pending' && pending.appointmentId !== undefined);
    assert.equal((await world.desk.cancel(world.cancelling(pending.appointmentId), SCOPE)).kind, 'cancelled');
    assert.equal((await world.booking(pending.bookingId)).state, 'refused');
  });

  it('is not let go once it may have been sent', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await held(world, ana);
    world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
    await sent(world, world.desk.bookHeld(booking(answer), SCOPE));
    assert.equal((await world.booking(answer.bookingId)).state, 'unknown');
    const letGo = world.desk.cancel(world.cancelling(answer.appointment.id), SCOPE);
    await assert.rejects(letGo, refusedWith('RULE_BROKEN'));
  });
});
