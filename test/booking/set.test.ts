/** Several visits as one booking: all or none, taken back in reverse order, or each for itself; and series. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SetAnswer, SetRequest, VisitWish } from '../../src/booking/contract-set.ts';
import { keepWaiting } from '../../src/booking/queue.ts';
import { holdSet } from '../../src/booking/set.ts';
import { isOfSet } from '../../src/booking/set-rows.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { sha256 } from '../../src/core/ids.ts';
import { DAY_MS } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { IssuesError } from '../../src/fhir/outcome.ts';
import { setMarkOf } from '../../src/fhir/set-mark.ts';
import type { BookingSet, SetStep } from '../../src/store/contract-sets.ts';
import { during, offered, SCOPE, slotKey, visit } from '../support/builders.ts';
import { openSetWorld, type SetWorld } from '../support/set-world.ts';
import type { Cleanup } from '../support/database.ts';

const at = (hour: number): ReturnType<typeof during> => during(hour, 0, 50);
const north = (hour: number): string => canonicalId.slot('north', slotKey('n1', 't50', at(hour).start));
const ben = (hour: number): string => canonicalId.slot('north', slotKey('n2', 't50', at(hour).start));
const south = (hour: number): string => canonicalId.slot('south', slotKey('s1', 't50', at(hour).start));
const REFUSED = { kind: 'refused', because: 'slot-taken', detail: 'somebody was faster' } as const;

async function openDay(t: Cleanup): Promise<{ world: SetWorld; ana: string }> {
  const world = await openSetWorld(t);
  const hours = [9, 11, 13, 15];
  for (const one of ['n1', 'n2'])
    await world.offer(
      'north',
      one,
      't50',
      hours.map((hour) => offered(one, 't50', at(hour))),
    );
  await world.offer(
    'south',
    's1',
    't50',
    hours.map((hour) => offered('s1', 't50', at(hour))),
  );
  return { world, ana: await world.patient('north') };
}

let number = 0;
function asking(slots: readonly string[], patientId: string, more: Partial<SetRequest> = {}): SetRequest {
  number += 1;
  const wish = (slotId: string): VisitWish => {
    const base = { slotId, start: null, end: null, patientId, channel: 'staff', identifiers: [] } as const;
    return { ...base, name: null, recurrence: null };
  };
  const digest = sha256(slots.join());
  const asked = { client: 'tester', requestKey: `set-${number}`, digest, requestId: 'r', trace: null };
  return { ...asked, mode: 'all', rules: [], visits: slots.map(wish), ...more };
}

/** Asks, and lets the sites answer; what the caller is told in the end. */
function place(world: SetWorld, request: SetRequest): Promise<SetAnswer> {
  return told(world, world.sets.place(request, SCOPE), request.requestKey);
}

/** The caller's patience ends with the clock, which is moved only when nothing more happens without time passing. */
async function told(world: SetWorld, asked: Promise<SetAnswer>, requestKey: string): Promise<SetAnswer> {
  const over = { now: false };
  const end = (): void => {
    over.now = true;
  };
  asked.then(end, end);
  const look = async (): Promise<string> => {
    const set = await world.read((tx) => tx.sets.byRequestKey('tester', requestKey));
    const steps = set === null ? [] : await world.read((tx) => tx.sets.steps(set.id));
    return set === null ? '' : [set.state, ...steps.map(({ state }) => state)].join();
  };
  while (!over.now && (await look()) === '') await systemClock.sleep(5);
  for (let before = ''; !over.now;) {
    const now = await look();
    if (now === before) break;
    before = now;
    await world.carryOn();
  }
  while (!over.now) {
    world.clock.advance(250);
    await systemClock.sleep(5);
  }
  return asked;
}

async function rowsOf(world: SetWorld, request: SetRequest): Promise<{ set: BookingSet; steps: readonly SetStep[] }> {
  return world.read(async (tx) => {
    const set = await tx.sets.byRequestKey(request.client, request.requestKey);
    assert.ok(set !== null);
    return { set, steps: await tx.sets.steps(set.id) };
  });
}
const states = async (world: SetWorld, request: SetRequest): Promise<readonly string[]> => {
  const { set, steps } = await rowsOf(world, request);
  return [set.state, ...steps.map(({ state }) => state)];
};
const slotStatus = async (world: SetWorld, id: string): Promise<string> =>
  (await world.read((tx) => tx.resources.slot(id)))?.status ?? 'none';

describe('a set of which all are wanted', () => {
  it('is sent one after the other, and each Appointment says that it is one of them', async (t) => {
    const { world, ana } = await openDay(t);
    const seen: string[] = [];
    world.sites.south.onPlace = async (order) => {
      seen.push(await slotStatus(world, north(9)), await slotStatus(world, ben(13)));
      return {
        kind: 'booked',
        at: { key: 'S1', status: 'booked', start: order.start, end: order.end, calendar: 's1' },
      };
    };
    const request = asking([north(9), south(11), ben(13)], ana);
    const answer = await place(world, request);
    assert.ok(answer.kind === 'settled', answer.kind);
    assert.deepEqual(await states(world, request), ['done', 'done', 'done', 'done']);
    assert.deepEqual(seen, ['busy', 'busy-tentative']);
    const marks = answer.visits.map((one) => {
      assert.ok(one.answer?.kind === 'booked');
      return setMarkOf(JSON.parse(one.answer.appointment.json) as object);
    });
    assert.deepEqual(
      marks,
      [1, 2, 3].map((step) => ({ id: answer.set.id, step, of: 3 })),
    );
    assert.deepEqual((await world.rows('SELECT 1 FROM busy WHERE tentative')).length, 0);
  });

  it('holds nothing and sends nothing where one of them is taken, and says which and what is free', async (t) => {
    const { world, ana } = await openDay(t);
    await world.book(ben(11), ana);
    for (const slots of [
      [north(9), ben(11)],
      [ben(11), south(13)],
    ]) {
      const answer = await place(world, asking(slots, ana));
      assert.ok(answer.kind === 'conflict');
      assert.equal(answer.visit.step, slots.indexOf(ben(11)) + 1);
      const other = slots.find((id) => id !== ben(11));
      const meets = other === north(9) ? ben(9) : ben(13);
      const free = answer.alternatives.map(({ id }) => id);
      assert.ok(free.length > 0 && !free.includes(meets), 'what overlaps another visit of the set is not offered');
    }
    assert.equal(await slotStatus(world, north(9)), 'free');
    assert.equal(world.sites.north.placed.length, 1);
  });

  it('is refused when two of them are at one time with one person: each sees what the others hold', async (t) => {
    const { world, ana } = await openDay(t);
    const answer = await place(world, asking([north(9), south(9)], ana));
    assert.ok(answer.kind === 'conflict');
    assert.equal(answer.visit.step, 2);
    assert.deepEqual(await world.rows('SELECT 1 FROM busy'), []);
  });

  it('tells every broken rule at once, before anything is held', async (t) => {
    const { world, ana } = await openDay(t);
    const max = { value: 1, unit: 'h' } as const;
    const rules = [
      { kind: 'before', visits: [2, 1] },
      { kind: 'within', visits: [1, 2], min: null, max },
      { kind: 'same-day', visits: [], zone: null },
    ] as const;
    await assert.rejects(place(world, asking([north(9), ben(11)], ana, { rules })), (error: unknown) => {
      assert.ok(error instanceof IssuesError);
      assert.deepEqual([error.code, error.issues.length], ['RULE_BROKEN', 2]);
      return true;
    });
    assert.deepEqual(await world.rows('SELECT 1 FROM booking'), []);
  });

  it('of which one is refused is taken back in reverse order, and what was not sent never is', async (t) => {
    const { world, ana } = await openDay(t);
    const order: string[] = [];
    const { onCancel } = world.sites.north;
    world.sites.north.onCancel = (one) => {
      order.push(one.key);
      return onCancel(one);
    };
    let sent = 0;
    world.sites.south.onPlace = () => ((sent += 1), REFUSED);
    const request = asking([north(9), ben(11), south(13), ben(15)], ana);
    const answer = await place(world, request);
    assert.ok(answer.kind === 'settled');
    assert.deepEqual(await states(world, request), ['refused', 'undone', 'undone', 'refused', 'released']);
    assert.deepEqual(order, ['K2', 'K1']);
    assert.deepEqual([sent, world.sites.north.placed.length], [1, 2]);
    assert.equal(answer.visits[2]?.answer?.kind, 'conflict');
    for (const slot of [north(9), ben(11), south(13), ben(15)]) assert.equal(await slotStatus(world, slot), 'free');
    const { set, steps } = await rowsOf(world, request);
    assert.equal(set.failedStep, 3);
    const kinds = await world.read((tx) => tx.ledger.ofBooking(steps[0]?.bookingId ?? ''));
    assert.deepEqual(
      kinds.map(({ kind }) => kind).filter((kind) => kind.startsWith('set-')),
      ['set-step-done', 'set-step-undoing', 'set-step-undone'],
    );
    // By this alone the hub knows for which bookings it looks for sets.
    const made = steps.flatMap((one) => [one.bookingId, one.undoBookingId]).filter((id) => id !== null);
    const bookings = await world.read((tx) => tx.bookings.many(made));
    assert.deepEqual([bookings.length, bookings.every(isOfSet)], [6, true]);
  });

  it('that is given up ends what already shows as pending, because its site was down meanwhile', async (t) => {
    const { world, ana } = await openDay(t);
    const request = asking([south(9), north(11)], ana);
    const held = await holdSet(world.resolveDeps, request, SCOPE);
    assert.ok(held.kind === 'held');
    const site = world.plan.sites.find(({ id }) => id === 'north');
    assert.ok(site !== undefined);
    await keepWaiting(world.resolveDeps, { ...site, whenDown: 'queue' });
    const waiting = held.steps[1]?.appointmentId ?? '';
    assert.equal((await world.appointmentOf(waiting))?.resource.status, 'pending');
    world.sites.south.onPlace = () => REFUSED;
    await world.carryOn();
    assert.deepEqual(await states(world, request), ['refused', 'refused', 'released']);
    assert.equal(await slotStatus(world, north(11)), 'free');
    assert.equal((await world.appointmentOf(waiting))?.resource.status, 'cancelled');
  });

  it('of which one cannot be taken back tells a person, with ids and times, and takes the rest back', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.south.onPlace = () => REFUSED;
    const { onCancel } = world.sites.north;
    world.sites.north.onCancel = (one) =>
      one.key === 'K2' ? { kind: 'refused', because: 'rule', detail: 'too late to cancel' } : onCancel(one);
    const request = asking([north(9), ben(11), south(13)], ana);
    const answer = await place(world, request);
    assert.ok(answer.kind === 'settled');
    assert.deepEqual(await states(world, request), ['stuck', 'undone', 'stuck', 'refused']);
    const [item, ...more] = await world.read((tx) => tx.workItems.list(10));
    assert.deepEqual([item?.kind, more.length], ['failed-undo', 0]);
    const visitId = (await rowsOf(world, request)).steps[1]?.appointmentId ?? '';
    assert.deepEqual([item?.evidence['appointment'], item?.evidence['siteKey']], [visitId, 'K2']);
    assert.equal(item?.evidence['why'], 'too late to cancel');
    assert.doesNotMatch(JSON.stringify(item), /Lopez|Ana/);
    // Staff cancel it after all.
    await world.tell('north', visit('K2', 'n2', at(11), { status: 'cancelled' }), { at: world.clock.now() });
    world.clock.advance(60_000);
    await world.carryOn();
    assert.deepEqual(await states(world, request), ['refused', 'undone', 'undone', 'refused']);
    assert.deepEqual(await world.read((tx) => tx.workItems.list(10)), []);
  });

  it('waits for an answer that is lost, keeps the times of the others, and goes on when it is found', async (t) => {
    const { world, ana } = await openDay(t);
    const place1 = world.sites.north.onPlace;
    world.sites.north.onPlace = () => ({ kind: 'unknown', error: new HubError('SITE_ANSWER_LOST') });
    const request = asking([north(9), south(11)], ana);
    const answer = await place(world, request);
    assert.ok(answer.kind === 'pending');
    world.clock.advance(120_000);
    await world.sweep();
    assert.deepEqual(await states(world, request), ['under-way', 'owed', 'held']);
    assert.equal(await slotStatus(world, south(11)), 'busy-tentative');
    world.sites.north.onPlace = place1;
    world.sites.north.onFind = (order) => ({
      kind: 'found',
      at: { key: 'K9', status: 'booked', start: order.start, end: order.end, calendar: 'n1' },
    });
    await world.resolve();
    await world.carryOn();
    const later = await world.sets.status(answer.setId, SCOPE);
    assert.ok(later?.kind === 'settled');
    assert.deepEqual(await states(world, request), ['done', 'done', 'done']);
  });

  it('is the same set when it is asked for again, and no set with another body under its key', async (t) => {
    const { world, ana } = await openDay(t);
    const request = asking([north(9), south(11)], ana);
    const first = await place(world, request);
    const again = await place(world, request);
    assert.ok(first.kind === 'settled' && again.kind === 'settled');
    assert.deepEqual([again.set.id, again.repeated, world.sites.north.placed.length], [first.set.id, true, 1]);
    await assert.rejects(place(world, { ...request, digest: 'other' }), (error: unknown) => {
      return error instanceof HubError && error.code === 'REQUEST_KEY_REUSED';
    });
  });

  it('gives up what its turn came too late for', async (t) => {
    const { world, ana } = await openDay(t);
    world.sites.south.onPlace = () => ({ kind: 'accepted', reference: 'later' });
    const request = asking([south(13), ben(9)], ana);
    const answer = await place(world, request);
    assert.equal(answer.kind, 'pending');
    world.clock.advance(at(9).start - world.clock.now());
    await world.carryOn();
    assert.deepEqual(await states(world, request), ['undoing', 'owed', 'refused']);
    await world.tell('south', visit('S7', 's1', at(13), { created: world.clock.now() }));
    world.clock.advance(1_000);
    for (let round = 0; round < 3; round += 1) await world.carryOn();
    assert.deepEqual(await states(world, request), ['refused', 'undone', 'refused']);
  });
});

describe('two sets that name the same two slots in opposite order', () => {
  it('never wait for each other in a ring, and at most one has them', async (t) => {
    const { world, ana } = await openDay(t);
    for (let round = 0; round < 10; round += 1) {
      const slots = [north(9), ben(11)];
      const pairs = [slots, slots.toReversed(), slots, slots.toReversed()];
      const asked = pairs.map((pair) => asking(pair, ana));
      const held = await Promise.all(asked.map((request) => holdSet(world.resolveDeps, request, SCOPE)));
      assert.deepEqual(held.map(({ kind }) => kind).sort(), ['held', 'taken', 'taken', 'taken']);
      const won = held.findIndex(({ kind }) => kind === 'held');
      for (const slot of [north(9), ben(11)]) assert.equal(await slotStatus(world, slot), 'busy-tentative');
      const answer = await place(world, asked[won] ?? asking([], ana));
      assert.ok(answer.kind === 'settled' && answer.set.state === 'done');
      const steps = await world.read((tx) => tx.sets.steps(answer.set.id));
      for (const { appointmentId } of steps) await world.cancel(appointmentId ?? '');
    }
  });
});

describe('a set of which as many are wanted as there are', () => {
  it('takes those that can be had, and tells of each', async (t) => {
    const { world, ana } = await openDay(t);
    await world.book(ben(11), ana);
    world.sites.south.onPlace = () => REFUSED;
    const request = asking([north(9), ben(11), south(13), ben(15)], ana, { mode: 'best-effort' });
    const answer = await place(world, request);
    assert.ok(answer.kind === 'settled');
    assert.deepEqual(await states(world, request), ['partly', 'done', 'refused', 'refused', 'done']);
    assert.deepEqual(
      answer.visits.map((one) => one.answer?.kind ?? one.code),
      ['booked', 'SLOT_TAKEN', 'conflict', 'booked'],
    );
  });

  it('is refused when none can be had', async (t) => {
    const { world, ana } = await openDay(t);
    await world.book(ben(11), ana);
    const request = asking([ben(11)], ana, { mode: 'best-effort' });
    assert.equal((await place(world, request)).kind, 'settled');
    assert.deepEqual(await states(world, request), ['refused', 'refused']);
  });
});

const daily = (slotId: string, patientId: string, count: number, more: Partial<SetRequest> = {}): SetRequest => {
  const request = asking([slotId], patientId, more);
  const rule = { frequency: 'daily', interval: 1, daysOfWeek: [], weekOfMonth: null, until: null } as const;
  const [first] = request.visits;
  assert.ok(first !== undefined);
  return { ...request, visits: [{ ...first, recurrence: { ...rule, count, exceptions: [] } }] };
};
const onDay = (hour: number, day: number): ReturnType<typeof during> => {
  const { start, end } = at(hour);
  return { start: (start + day * DAY_MS) as typeof start, end: (end + day * DAY_MS) as typeof end };
};

async function openWeek(t: Cleanup): Promise<{ world: SetWorld; ana: string }> {
  const world = await openSetWorld(t);
  const days = [0, 1, 2, 3];
  const slots = days.flatMap((day) => [9, 11].map((hour) => offered('n1', 't50', onDay(hour, day))));
  const window = { start: at(0).start, end: onDay(23, 3).end };
  await world.tell('north', { kind: 'slots', at: world.clock.now(), calendar: 'n1', visitType: 't50', window, slots });
  return { world, ana: await world.patient('north') };
}

describe('a series', () => {
  it('is the slots of one schedule at one time of day, and names an occurrence that has none', async (t) => {
    const { world, ana } = await openWeek(t);
    const request = daily(north(9), ana, 3);
    const answer = await place(world, request);
    assert.ok(answer.kind === 'settled');
    assert.equal(answer.set.kind, 'series');
    assert.deepEqual(
      answer.visits.map(({ name }) => name),
      ['2026-11-23', '2026-11-24', '2026-11-25'],
    );
    assert.deepEqual(
      world.sites.north.placed.map(({ start }) => start),
      [0, 1, 2].map((day) => onDay(9, day).start),
    );
    await assert.rejects(place(world, daily(north(11), ana, 5)), (error: unknown) => {
      assert.ok(error instanceof IssuesError);
      assert.match(error.issues[0]?.diagnostics ?? '', /visit 5 \(2026-11-27\)/);
      return true;
    });
    const some = daily(north(11), ana, 5, { mode: 'best-effort' });
    assert.ok((await place(world, some)).kind === 'settled');
    assert.deepEqual(await states(world, some), ['partly', 'done', 'done', 'done', 'done', 'refused']);
  });

  it('is cancelled from one of its visits on, and what came before stays', async (t) => {
    const { world, ana } = await openWeek(t);
    const placed = await place(world, daily(north(9), ana, 4));
    assert.ok(placed.kind === 'settled');
    const { steps } = await world.read(async (tx) => ({ steps: await tx.sets.steps(placed.set.id) }));
    const second = steps[1]?.appointmentId ?? '';
    const request = world.cancelling(second);
    const answer = await told(world, world.sets.cancelFollowing(request, SCOPE), request.requestKey);
    assert.ok(answer.kind === 'settled');
    assert.deepEqual([answer.set.state, answer.visits.length], ['done', 3]);
    const left = await Promise.all(steps.map(({ appointmentId }) => world.appointmentOf(appointmentId ?? '')));
    assert.deepEqual(
      left.map((one) => one?.resource.status),
      ['booked', 'cancelled', 'cancelled', 'cancelled'],
    );
  });

  it('is shifted from one of its visits on by as much on the clock; where one is taken, all or none', async (t) => {
    const { world, ana } = await openWeek(t);
    const placed = await place(world, daily(north(9), ana, 4));
    assert.ok(placed.kind === 'settled');
    const steps = await world.read((tx) => tx.sets.steps(placed.set.id));
    const ids = steps.map(({ appointmentId }) => appointmentId ?? '');
    const starts = async (): Promise<readonly (number | undefined)[]> =>
      Promise.all(ids.map(async (id) => (await world.appointmentOf(id))?.during?.start));
    const to = canonicalId.slot('north', slotKey('n1', 't50', onDay(11, 1).start));
    const other = await world.book(canonicalId.slot('north', slotKey('n1', 't50', onDay(11, 3).start)), ana);
    const move = (): Promise<SetAnswer> => {
      const request = { ...world.moving(ids[1] ?? '', to), mode: 'all' } as const;
      return told(world, world.sets.moveFollowing(request, SCOPE), request.requestKey);
    };
    const taken = await move();
    assert.ok(taken.kind === 'conflict');
    assert.equal(taken.visit.step, 3);
    assert.deepEqual(
      await starts(),
      [0, 1, 2, 3].map((day) => onDay(9, day).start),
    );
    await world.cancel(other.appointmentId);
    const { onMove } = world.sites.north;
    // The site refuses the last one: the others go back to where they were.
    world.sites.north.onMove = (order) => (order.start === onDay(11, 3).start ? REFUSED : onMove(order));
    const back = await move();
    assert.ok(back.kind === 'settled');
    assert.equal(back.set.state, 'refused');
    assert.deepEqual(
      await starts(),
      [0, 1, 2, 3].map((day) => onDay(9, day).start),
    );
    world.sites.north.onMove = onMove;
    const moved = await move();
    assert.ok(moved.kind === 'settled');
    assert.equal(moved.set.state, 'done');
    assert.deepEqual(await starts(), [onDay(9, 0).start, ...[1, 2, 3].map((day) => onDay(11, day).start)]);
  });
});
