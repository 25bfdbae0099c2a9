/**
 * Status, comment, reason and attendance: told as done when the site shows it, and never before. What a connector can
 * change it says itself; each rule holds every one of them.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Amendment } from '../../../src/fhir/amendment.ts';
import { amendmentOf } from '../../../src/fhir/amendment.ts';
import type { AppointmentStatus } from '../../../src/fhir/types.ts';
import type { Arrangement, TrueAppointment } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig, type RigOptions } from '../harness.ts';
import { at, patientOf, slotAt, versions } from '../sight.ts';
import { SCOPE, type Asked } from '../site.ts';
import { compareWithTruth } from '../truth.ts';

const NEEDS = ['book'] as const;
const MINUTES = 30 * 60_000;

interface Wish {
  readonly name: string;
  /** Of the calls that the simulator can be told to spoil. */
  readonly call: 'status' | 'noshow' | 'amend';
  ask(rig: Rig, appointmentId: string): Promise<Asked>;
  /** What the site shows once it is done. */
  holds(visit: TrueAppointment): boolean;
}

const statusWish = (status: AppointmentStatus): Wish => ({
  name: status,
  call: status === 'noshow' ? 'noshow' : 'status',
  ask: (rig, id) => rig.site.setStatus(id, status),
  holds: (visit) => visit.status === status,
});
const amendWish = (to: Amendment): Wish => ({
  name: Object.keys(to).join(' '),
  call: 'amend',
  ask: (rig, id) => rig.site.amend(id, to),
  holds: (visit) =>
    (to.comment === undefined || visit.comment === to.comment) &&
    (to.reason === undefined || visit.reason === to.reason) &&
    (to.attendance === undefined || visit.attendance === to.attendance),
});

/** Everything that this connector can change; the arrangement must name a call for each, and for nothing else. */
function wishesOf({ site }: Rig): readonly Wish[] {
  const { statuses = [], amends = [] } = site.connector.book ?? {};
  const wishes = [
    ...statuses.filter((status) => status === 'arrived' || status === 'noshow').map(statusWish),
    ...(amends.includes('comment') ? [amendWish({ comment: 'ramp at the back' })] : []),
    ...(amends.includes('reason') ? [amendWish({ reason: 'Knee pain' })] : []),
    ...(amends.includes('attendance') ? [amendWish({ attendance: 'accepted' })] : []),
  ];
  const { call } = site.world;
  assert.deepEqual(
    [call.status !== undefined, call.noshow !== undefined, call.amend !== undefined],
    [statuses.some((status) => status !== 'noshow'), statuses.includes('noshow'), amends.length > 0],
  );
  return wishes;
}

interface Stage {
  readonly rig: Rig;
  readonly wishes: readonly Wish[];
  /** A visit of its own for each wish, from 10:00 on. */
  readonly visit: (index: number) => Visit;
}
interface Visit {
  readonly wish: Wish;
  readonly appointmentId: string;
  readonly key: string;
  ask(): Promise<Asked>;
  there(): Promise<TrueAppointment>;
  /** The hub agrees with the site, the time stays taken, and the caller hears the same again. */
  ends(asked: Asked): Promise<void>;
}

async function open(t: TestContext, arrangement: Arrangement, options: RigOptions = {}): Promise<Stage> {
  const rig = await openRig(t, arrangement, options);
  const { site } = rig;
  await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
  if (site.connector.load !== undefined) await site.load();
  await site.settle();
  const patient = await patientOf(rig, site);
  const wishes = wishesOf(rig);
  const visits: Visit[] = [];
  for (const [index, wish] of wishes.entries()) {
    const start = (at(1, 10) + index * MINUTES) as ReturnType<typeof at>;
    const asked = await site.place((await slotAt(rig, site, start)).id, patient);
    await site.deliver();
    const { state, appointmentId, siteKey } = await site.booking(asked.bookingId);
    assert.equal(state, 'booked');
    visits.push(visitOf(rig, wish, { appointmentId, key: siteKey ?? '', start }));
  }
  await site.settle();
  rig.clock.jump(1_000);
  return {
    rig,
    wishes,
    visit: (index) => {
      const found = visits[index];
      assert.ok(found !== undefined);
      return found;
    },
  };
}

function visitOf(
  rig: Rig,
  wish: Wish,
  { appointmentId, key, start }: { appointmentId: string; key: string; start: ReturnType<typeof at> },
): Visit {
  const { site } = rig;
  const state = async ({ bookingId }: Asked): Promise<string> => (await site.booking(bookingId)).state;
  const there = async (): Promise<TrueAppointment> => {
    const found = (await site.world.truth()).appointments.find((one) => one.key === key);
    assert.ok(found !== undefined);
    return found;
  };
  const visit: Visit = {
    wish,
    appointmentId,
    key,
    ask: () => wish.ask(rig, appointmentId),
    there,
    async ends(asked) {
      await site.world.calm();
      await site.settle();
      assert.equal(await state(asked), 'booked', wish.name);
      assert.ok(wish.holds(await there()), `${wish.name} is not at the site`);
      assert.equal((await rig.desk.status(asked.bookingId, SCOPE))?.kind, 'changed');
      assert.equal((await slotAt(rig, site, start)).status, 'busy');
      await compareWithTruth(rig, site);
      const shown = (await versions(rig, appointmentId)).at(-1);
      assert.ok(shown !== undefined);
      const { comment, reason, attendance } = amendmentOf(shown);
      const truth = { ...(await there()), ...shown, comment, reason, attendance } as unknown as TrueAppointment;
      assert.ok(wish.holds(truth), `${wish.name} is not in the hub`);
    },
  };
  return visit;
}

export const changeRules: readonly Rule[] = [
  {
    name: 'what can be changed of a visit is changed at the site, and the caller is told when it is',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement);
      for (const index of wishes.keys()) {
        const one = visit(index);
        const asked = await one.ask();
        await rig.site.deliver();
        assert.equal((await asked.answer).kind, 'changed', one.wish.name);
        await one.ends(asked);
        const again = await one.ask().catch(() => null);
        assert.equal(again, null, 'asked for again nobody is asked');
      }
    },
  },
  {
    name: 'the lost answer of a change is looked up, and told when the site shows it',
    needs: [...NEEDS, 'poll'],
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement, { webhooks: false });
      for (const index of wishes.keys()) {
        const one = visit(index);
        await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call[one.wish.call] } });
        const asked = await one.ask();
        await rig.site.deliver();
        assert.equal((await rig.site.booking(asked.bookingId)).state, 'unknown', one.wish.name);
        rig.clock.jump((rig.site.connector.book?.showsWithin_ms ?? 0) + 1_100);
        await rig.resolve();
        assert.equal((await rig.site.booking(asked.bookingId)).state, 'booked', one.wish.name);
        await one.ends(asked);
      }
    },
  },
  {
    name: 'the lost answer of a change is given by news from the site as well',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement);
      for (const index of wishes.keys()) {
        const one = visit(index);
        await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call[one.wish.call] } });
        const asked = await one.ask();
        await rig.site.deliver();
        await rig.site.news();
        assert.equal((await rig.site.booking(asked.bookingId)).state, 'booked', one.wish.name);
        await one.ends(asked);
      }
    },
  },
  {
    name: 'a change that was answered with success and not made is not told as made; it is made in the end',
    needs: [...NEEDS, 'poll'],
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement);
      for (const index of wishes.keys()) {
        const one = visit(index);
        await rig.site.world.fault({ silentDrop: { times: 1, match: rig.site.world.call[one.wish.call] } });
        const asked = await one.ask();
        await rig.site.deliver();
        assert.notEqual((await rig.site.booking(asked.bookingId)).state, 'booked', one.wish.name);
        assert.ok(!one.wish.holds(await one.there()));
        await one.ends(asked);
      }
    },
  },
  {
    name: 'where the reads of the site are old a change is not told before they show it',
    needs: [...NEEDS, 'poll'],
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement);
      for (const index of wishes.keys()) {
        const one = visit(index);
        const quiet_ms = rig.site.connector.book?.showsWithin_ms ?? 0;
        rig.clock.jump(quiet_ms);
        await rig.site.world.fault({ staleReads: quiet_ms / 2 });
        const asked = await one.ask();
        await rig.site.deliver();
        assert.equal((await rig.site.booking(asked.bookingId)).state, 'unknown', one.wish.name);
        rig.clock.jump(quiet_ms + 1_100);
        await rig.resolve();
        assert.equal((await rig.site.booking(asked.bookingId)).state, 'booked', one.wish.name);
        assert.equal(
          rig.site.gateway.seen.filter(({ call }) => call.startsWith('PUT ')).length,
          index + 1,
          'made once',
        );
        await one.ends(asked);
      }
    },
  },
  {
    name: 'a status that staff change at the site is shown, also over one that the hub has set',
    needs: NEEDS,
    staff: ['noShow'],
    run: async (t, arrangement) => {
      const { rig, wishes, visit } = await open(t, arrangement);
      const index = wishes.findIndex(({ name }) => name === 'arrived');
      if (index < 0) return;
      const one = visit(index);
      const asked = await one.ask();
      await rig.site.deliver();
      assert.equal((await asked.answer).kind, 'changed');
      await rig.site.world.staff.noShow?.(one.key);
      await rig.site.settle();
      assert.equal((await versions(rig, one.appointmentId)).at(-1)?.status, 'noshow');
      await compareWithTruth(rig, rig.site);
    },
  },
];
