/**
 * Bookings at sites that push and take requests: the site decides, its own news shows what came of it, and nothing can
 * be asked.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { StoredSlot } from '../../../src/store/contract-resources.ts';
import type { Arrangement, TrueAppointment } from '../arrangement.ts';
import { until } from '../clock.ts';
import type { Rule } from '../connector.ts';
import { control, rowsOf } from '../control.ts';
import { openRig, type Rig } from '../harness.ts';
import { appointmentCount, at, patientOf, slotAt } from '../sight.ts';
import { SCOPE, type Asked } from '../site.ts';
import { compareWithTruth, isActive } from '../truth.ts';

const NEEDS = ['hl7', 'book'] as const;

interface Desk {
  readonly rig: Rig;
  readonly slot: StoredSlot;
  /** Asks for the slot at 10:00 on Tuesday. */
  place(): Promise<Asked>;
  there(): Promise<readonly TrueAppointment[]>;
  state(asked: Asked): Promise<string>;
  /** How many requests the site has had. */
  requests(): Promise<number>;
}

/** A hub that has heard of one person; the hours of the first calendar stand in the site file. */
async function openDesk(t: TestContext, arrangement: Arrangement): Promise<Desk> {
  const rig = await openRig(t, arrangement);
  const { site } = rig;
  await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
  await site.news();
  const slot = await slotAt(rig, site, at(1, 10));
  assert.equal(slot.status, 'free');
  const patient = await patientOf(rig, site);
  return {
    rig,
    slot,
    place: () => site.place(slot.id, patient),
    there: async () => {
      const { appointments } = await site.world.truth();
      return appointments.filter((one) => one.during.start === slot.during.start && isActive(one.status));
    },
    state: async ({ bookingId }) => (await site.booking(bookingId)).state,
    requests: async () =>
      rowsOf((await control('GET', `${site.world.url}/__sim/state?only=answered`))['answered']).length,
  };
}

/** The caller is told, the site has it once under our reference, and its news of it makes no second Appointment. */
async function endsBooked(desk: Desk, asked: Asked): Promise<void> {
  const { rig, slot } = desk;
  await rig.site.news();
  assert.equal(await desk.state(asked), 'booked');
  assert.equal((await rig.desk.status(asked.bookingId, SCOPE))?.kind, 'booked');
  assert.deepEqual(
    (await desk.there()).map((one) => one.correlation),
    [asked.bookingId],
  );
  await compareWithTruth(rig, rig.site);
  assert.equal(await appointmentCount(rig, rig.site), (await rig.site.world.truth()).appointments.length);
  assert.equal((await slotAt(rig, rig.site, slot.during.start)).status, 'busy');
}

async function change(desk: Desk, settings: object): Promise<void> {
  await control('POST', `${desk.rig.site.world.url}/__sim/act`, { action: 'change-settings', settings });
}

export const requestRules: readonly Rule[] = [
  {
    name: 'a request that the site grants is booked there once, under our reference',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const asked = await desk.place();
      assert.equal((await desk.there()).length, 0);
      assert.equal((await slotAt(desk.rig, desk.rig.site, desk.slot.during.start)).status, 'busy-tentative');
      await desk.rig.site.deliver();
      const [visit] = await desk.there();
      assert.equal((await desk.rig.site.booking(asked.bookingId)).siteKey, visit?.key);
      await endsBooked(desk, asked);
      assert.equal(await desk.requests(), 1);
    },
  },
  {
    name: 'a time that staff took and nobody told of is refused as taken, and others are offered',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site } = desk.rig;
      const { world } = site;
      await world.fault({ loseWebhooks: { times: 1 } });
      await world.staff.book({ calendar: world.calendars[0], start: desk.slot.during.start, person: 2 });
      const asked = await desk.place();
      await desk.rig.site.deliver();
      const answer = await asked.answer;
      assert.ok(answer.kind === 'conflict');
      assert.ok(answer.alternatives.length > 0);
      const { state, refusedBecause } = await site.booking(asked.bookingId);
      assert.deepEqual([state, refusedBecause], ['refused', 'slot-taken']);
    },
  },
  {
    name: 'a request whose answer was lost is not made again: the site’s news of the visit settles it',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site, clock } = desk.rig;
      await site.world.fault({ dropAnswer: { times: 1, match: site.world.call.place } });
      const asked = await desk.place();
      await site.deliver();
      assert.equal(await desk.state(asked), 'unknown');
      for (let round = 0; round < 3; round += 1) {
        clock.jump((site.connector.book?.showsWithin_ms ?? 0) + 1_100);
        await desk.rig.resolve();
        await site.deliver();
      }
      assert.deepEqual([await desk.state(asked), await desk.requests()], ['unknown', 1]);
      await endsBooked(desk, asked);
    },
  },
  {
    name: 'the site’s news of a visit may come before the answer to its request: one Appointment',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site } = desk.rig;
      await site.world.fault({ echoFirst: { times: 1 }, answerDelayMs: 300 });
      const asked = await desk.place();
      const delivering = site.deliver();
      await until(async () => (await desk.there()).length === 1);
      await site.world.quiet();
      await desk.rig.apply();
      await delivering;
      await endsBooked(desk, asked);
    },
  },
  {
    name: 'a site that is down or in trouble has not refused: it is asked again, and books once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site, clock } = desk.rig;
      await site.world.fault({ outage: true });
      const asked = await desk.place();
      await site.deliver();
      assert.equal(await desk.state(asked), 'unsent');
      await site.world.fault({ outage: false, errorRate: 1 });
      for (let round = 0; round < 2; round += 1) {
        clock.jump(30_000);
        await site.deliver();
        assert.equal(await desk.state(asked), 'unsent');
      }
      await site.world.fault({ errorRate: 0 });
      clock.jump(60_000);
      await site.deliver();
      await endsBooked(desk, asked);
    },
  },
  {
    name: 'a site that decides later is waited for: what it accepted is not booked until it says so',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site } = desk.rig;
      await change(desk, { answers: 'later', answerDelay_ms: 3_600_000 });
      const asked = await desk.place();
      await site.deliver();
      assert.deepEqual([await desk.state(asked), (await desk.there()).length], ['accepted', 0]);
      desk.rig.clock.jump(3_700_000);
      await endsBooked(desk, asked);
    },
  },
  {
    name: 'what a site accepted and then denied is refused',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site } = desk.rig;
      const { world } = site;
      await change(desk, { answers: 'later', answerDelay_ms: 3_600_000 });
      const asked = await desk.place();
      await site.deliver();
      await world.staff.book({ calendar: world.calendars[0], start: desk.slot.during.start, person: 2 });
      desk.rig.clock.jump(3_700_000);
      await site.news();
      assert.equal(await desk.state(asked), 'refused');
      assert.equal((await desk.rig.desk.status(asked.bookingId, SCOPE))?.kind, 'conflict');
      await compareWithTruth(desk.rig, site);
    },
  },
  {
    name: 'a cancel by request ends the visit there, also when its answer is lost, and the time is open again',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site } = desk.rig;
      for (const isLost of [false, true]) {
        const asked = await desk.place();
        await site.deliver();
        await endsBooked(desk, asked);
        if (isLost) await site.world.fault({ dropAnswer: { times: 1, match: site.world.call.cancel } });
        const cancel = await site.cancel((await site.booking(asked.bookingId)).appointmentId);
        await site.deliver();
        if (isLost) assert.equal(await desk.state(cancel), 'unknown');
        await site.settle();
        assert.deepEqual([await desk.state(cancel), (await desk.there()).length], ['booked', 0]);
        await compareWithTruth(desk.rig, site);
        assert.equal((await slotAt(desk.rig, site, desk.slot.during.start)).status, 'free');
      }
    },
  },
];
