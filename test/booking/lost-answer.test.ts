/** Requests whose commit was not answered: whether it stands or not, the caller is told as if nothing had happened. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BookingAnswer, Decision } from '../../src/booking/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { sha256 } from '../../src/core/ids.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Scope, Store, Tx } from '../../src/store/contract.ts';
import { during, offered, SCOPE, slotKey, testSites } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';
import { openSetWorld, type SetWorld } from '../support/set-world.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const SLOT = canonicalId.slot('north', slotKey('n1', 't50', NINE.start));
const SLOT_TEN = canonicalId.slot('north', slotKey('n1', 't50', TEN.start));

interface Losing {
  /** Of the next transaction the commit stands, or does not; the one who waits for it hears neither. */
  next: 'stands' | 'undone' | null;
  /** So many that come behind it find no database. */
  away: number;
}

function losing(store: Store, lose: Losing): Store {
  return {
    ...store,
    async transaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
      // What goes on behind the request is not disturbed.
      if (scope.actor !== SCOPE.actor) return store.transaction(scope, work);
      const { next } = lose;
      if (next === null && lose.away > 0) {
        lose.away -= 1;
        throw new HubError('DATABASE_UNREACHABLE');
      }
      if (next === null) return store.transaction(scope, work);
      lose.next = null;
      const undone = new Error('undone');
      const ended = store.transaction(scope, async (tx) => {
        const done = await work(tx);
        if (next === 'undone') throw undone;
        return done;
      });
      await ended.catch((error: unknown) => {
        if (error !== undone) throw error;
      });
      throw new HubError('DATABASE_ANSWER_LOST');
    },
  };
}

interface Day {
  readonly world: SetWorld;
  readonly lose: Losing;
  readonly ana: string;
}

async function openDay(t: Cleanup, write: 'automatic' | 'approval' = 'automatic'): Promise<Day> {
  const lose: Losing = { next: null, away: 0 };
  const [north, south, feed] = testSites();
  const sites = [{ ...north, write }, south, feed];
  const world = await openSetWorld(t, { sites, wrap: (store) => losing(store, lose) });
  await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE), offered('n1', 't50', TEN)]);
  return { world, lose, ana: await world.patient('north') };
}

/** The site answers as soon as it is asked, and the caller's patience does not end before. */
async function told<T>(world: SetWorld, asked: Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = asked.finally(() => over.abort());
  ended.catch(() => undefined);
  while (!over.signal.aborted) {
    await Promise.race([ended.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 2))]);
    await world.carryOn();
    world.clock.advance(100);
  }
  return ended;
}

type Ask = (day: Day, visit: string) => Promise<{ readonly kind: string }>;

/** What each is answered, and how often its site is asked for it. */
const REQUESTS: Readonly<Record<string, { readonly ask: Ask; readonly answer: string; readonly calls: number }>> = {
  'a move': {
    ask: ({ world }, visit) => world.desk.move(world.moving(visit, SLOT_TEN), SCOPE),
    answer: 'moved',
    calls: 1,
  },
  'a cancel': {
    ask: ({ world }, visit) => world.desk.cancel(world.cancelling(visit), SCOPE),
    answer: 'cancelled',
    calls: 1,
  },
  'a status': {
    ask: ({ world }, visit) => world.desk.setStatus({ ...world.changing(visit), status: 'arrived' }, SCOPE),
    answer: 'changed',
    calls: 1,
  },
  'an amendment': {
    ask: ({ world }, visit) => world.desk.amend({ ...world.changing(visit), to: { comment: 'late' } }, SCOPE),
    answer: 'changed',
    calls: 1,
  },
  'a hold': {
    ask: ({ world, ana }) => world.desk.hold({ ...world.placing(SLOT_TEN, ana), seconds: null }, SCOPE),
    answer: 'held',
    calls: 0,
  },
  'a set': {
    ask: ({ world, ana }) => {
      const wish = {
        slotId: SLOT_TEN,
        start: null,
        end: null,
        patientId: ana,
        channel: 'staff',
        identifiers: [],
      } as const;
      const visits = [{ ...wish, name: null, recurrence: null }];
      const asked = { client: 'tester', requestKey: 'set-1', digest: sha256('set'), requestId: 'r', trace: null };
      return world.sets.place({ ...asked, mode: 'all', rules: [], visits }, SCOPE);
    },
    answer: 'settled',
    calls: 1,
  },
};

const called = ({ sites: { north } }: SetWorld): number =>
  north.placed.length + north.moved.length + north.cancelled.length + north.statused.length + north.amended.length;

for (const next of ['stands', 'undone'] as const) {
  describe(`a request whose commit ${next === 'stands' ? 'stands' : 'does not stand'} and was not answered`, () => {
    for (const [name, { ask, answer, calls }] of Object.entries(REQUESTS)) {
      it(`is answered as any other, and done once: ${name}`, async (t) => {
        const day = await openDay(t);
        const { world, lose, ana } = day;
        const { appointmentId } = await world.book(SLOT, ana);
        const before = called(world);
        const asked = await world.rows('SELECT 1 FROM booking');
        lose.next = next;
        const got = await told(world, ask(day, appointmentId));
        assert.equal(got.kind, answer);
        assert.equal('repeated' in got && got.repeated, false);
        assert.equal(called(world) - before, calls);
        assert.equal((await world.rows('SELECT 1 FROM booking')).length, asked.length + 1);
      });
    }

    it('is answered as any other: a time that was held is held longer, booked, and let go', async (t) => {
      const { world, lose, ana } = await openDay(t);
      const held: string[] = [];
      for (const slot of [SLOT, SLOT_TEN]) {
        const answer = await world.desk.hold({ ...world.placing(slot, ana), seconds: null }, SCOPE);
        assert.ok(answer.kind === 'held');
        held.push(answer.appointment.id);
      }
      const [first = '', second = ''] = held;
      lose.next = next;
      const longer = { ...world.changing(first), seconds: null };
      assert.equal((await told(world, world.desk.holdLonger(longer, SCOPE)))?.kind, 'held');
      lose.next = next;
      const request = { ...world.changing(first), patientId: null, identifiers: [] };
      assert.equal((await told(world, world.desk.bookHeld(request, SCOPE)))?.kind, 'booked');
      lose.next = next;
      assert.equal((await told(world, world.desk.cancel(world.cancelling(second), SCOPE))).kind, 'cancelled');
      assert.equal(world.sites.north.placed.length, 1);
      assert.equal((await world.slot('north', slotKey('n1', 't50', TEN.start))).status, 'free');
    });

    for (const decision of ['approve', 'decline'] as const) {
      it(`of a coordinator is answered as any other, and recorded once: ${decision}`, async (t) => {
        const { world, lose, ana } = await openDay(t, 'approval');
        const pending = await world.desk.place(world.placing(SLOT, ana), SCOPE);
        assert.ok(pending.kind === 'pending');
        const { bookingId } = pending;
        const decided: Decision = { bookingId, decision, reason: 'no', requestId: 'their-request', trace: null };
        lose.next = next;
        const done = await world.approvals.decide(decided, SCOPE);
        assert.deepEqual(done, { bookingId, state: decision === 'approve' ? 'held' : 'refused' });
        const kinds = await world.rows(`SELECT kind FROM ledger WHERE cause = 'request:their-request'`);
        assert.deepEqual(kinds, [{ kind: decision === 'approve' ? 'approved' : 'declined' }]);
        await assert.rejects(world.approvals.decide({ ...decided, requestId: 'another' }, SCOPE), /no decision/);
      });
    }
  });
}

describe('a database that is away behind a commit that was not answered', () => {
  it('for a moment only is asked again when it is back', async (t) => {
    const { world, lose, ana } = await openDay(t);
    const { appointmentId } = await world.book(SLOT, ana);
    Object.assign(lose, { next: 'stands', away: 2 });
    const answer = await told(world, world.desk.cancel(world.cancelling(appointmentId), SCOPE));
    assert.equal(answer.kind, 'cancelled');
    assert.equal(world.sites.north.cancelled.length, 1);
  });

  it('for longer leaves it open, and the same request key tells afterwards', async (t) => {
    const { world, lose, ana } = await openDay(t);
    const { appointmentId } = await world.book(SLOT, ana);
    const request = world.cancelling(appointmentId);
    Object.assign(lose, { next: 'stands', away: 3 });
    const asked = world.desk.cancel(request, SCOPE).catch((error: unknown) => error);
    const over = asked.then(() => true);
    const pause = (): Promise<false> => new Promise((resolve) => setTimeout(resolve, 2, false));
    while (!(await Promise.race([over, pause()]))) world.clock.advance(100);
    const error = await asked;
    assert.ok(error instanceof HubError && error.code === 'DATABASE_ANSWER_LOST');
    const again: BookingAnswer = await told(world, world.desk.cancel(request, SCOPE));
    assert.ok(again.kind === 'cancelled' && again.repeated);
    assert.equal(world.sites.north.cancelled.length, 1);
  });
});
