/** Moving a visit that the hub placed, asked of the connector itself. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Book, FindOrder, MoveOrder, PlaceOrder, WriteOutcome } from '../../../src/connectors/contract.ts';
import { newId } from '../../../src/core/ids.ts';
import type { Arrangement } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, span } from '../sight.ts';

const NEVER = new AbortController().signal;
const NEEDS = ['book'] as const;

interface Placed {
  readonly rig: Rig;
  readonly book: Book;
  readonly order: PlaceOrder;
  readonly key: string;
  move(hour: number): MoveOrder;
}

async function placed(t: TestContext, arrangement: Arrangement): Promise<Placed> {
  const rig = await openRig(t, arrangement, { webhooks: false });
  const { connector, world } = rig.site;
  const { book } = connector;
  assert.ok(book !== undefined);
  const during = span(at(1, 9), 30);
  const order: PlaceOrder = {
    correlation: newId(rig.clock.now()),
    calendar: world.calendars[0],
    visitType: world.visitType,
    ...during,
    patient: {
      identifiers: world.identifiers ?? [],
      ...{ family: 'Lee', given: 'Noa', phone: '3125550188', email: 'noa.lee@example.org' },
    },
    channel: 'patient',
  };
  const outcome = await rig.clock.hurry(book.place(order, NEVER));
  assert.ok(outcome.kind === 'booked');
  const { key } = outcome.at;
  const move = (hour: number): MoveOrder => ({ ...order, key, ...span(at(1, hour), 30) });
  return { rig, book, order, key, move };
}

async function startsAt({ rig, key }: Placed): Promise<readonly number[]> {
  const { appointments } = await rig.site.world.truth();
  return appointments.filter((one) => one.key === key && one.status === 'booked').map((one) => one.during.start);
}

/** Null where the vendor cannot move: then the arrangement names no call for it either. */
function reschedulingOf({ book, rig }: Placed): ((order: MoveOrder) => Promise<WriteOutcome>) | null {
  const known = book.reschedule !== undefined;
  assert.equal(known, rig.site.world.call.move !== undefined);
  return known ? (order) => book.reschedule!(order, NEVER) : null;
}

export const moveRules: readonly Rule[] = [
  {
    name: 'a visit that is moved is at its new time, once, and can be moved there again without harm',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const one = await placed(t, arrangement);
      const reschedule = reschedulingOf(one);
      if (reschedule === null) return;
      for (const hour of [10, 10, 11]) {
        const outcome = await one.rig.clock.hurry(reschedule(one.move(hour)));
        assert.ok(outcome.kind === 'booked');
        assert.deepEqual(await startsAt(one), [at(1, hour)]);
      }
      assert.equal((await one.rig.site.world.truth()).appointments.length, 1);
    },
  },
  {
    name: 'a visit is not moved to a time that is taken, and keeps its own',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const one = await placed(t, arrangement);
      const reschedule = reschedulingOf(one);
      if (reschedule === null) return;
      await one.rig.site.world.staff.book({ calendar: one.order.calendar, start: at(1, 10), person: 2 });
      const outcome = await one.rig.clock.hurry(reschedule(one.move(10)));
      assert.ok(outcome.kind === 'refused');
      assert.equal(outcome.because, 'slot-taken');
      assert.deepEqual(await startsAt(one), [at(1, 9)]);
    },
  },
  {
    name: 'the lost answer of a move is unknown, and where the visit is now is found',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const one = await placed(t, arrangement);
      const reschedule = reschedulingOf(one);
      if (reschedule === null) return;
      const match = one.rig.site.world.call.move;
      await one.rig.site.world.fault({ dropAnswer: { times: 1, match } });
      const outcome = await one.rig.clock.hurry(reschedule(one.move(10)));
      assert.equal(outcome.kind, 'unknown');
      const order: FindOrder = one.move(10);
      const found = await one.book.find?.(order, NEVER);
      assert.ok(found?.kind === 'found');
      assert.equal(found.at.start, at(1, 10));
      await one.rig.site.world.fault({ silentDrop: { times: 1, match } });
      const lied = await one.rig.clock.hurry(reschedule(one.move(11)));
      assert.equal(lied.kind, 'unknown');
      assert.deepEqual(await startsAt(one), [at(1, 10)]);
    },
  },
];
