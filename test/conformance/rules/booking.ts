/** Placing: "booked" means that the site has it, once; an answer that was not heard is looked up, never guessed. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { plus } from '../../../src/core/instant.ts';
import type { StoredSlot } from '../../../src/store/contract-resources.ts';
import type { Arrangement, TrueAppointment } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig, type RigOptions } from '../harness.ts';
import { appointmentCount, at, messages, patientOf, slotAt } from '../sight.ts';
import { SCOPE, type Asked } from '../site.ts';
import { compareWithTruth, isActive } from '../truth.ts';

const NEEDS = ['book', 'availability', 'poll', 'load'] as const;

export interface Desk {
  readonly rig: Rig;
  readonly slot: StoredSlot;
  readonly patient: string;
  /** Asks for the slot at 10:00 on Tuesday. */
  place(): Promise<Asked>;
  /** What the site has then and there. */
  there(): Promise<readonly TrueAppointment[]>;
  state(asked: Asked): Promise<string>;
}

/** A hub that knows the site: its people, its visits, its open time. */
export async function openDesk(t: TestContext, arrangement: Arrangement, options: RigOptions = {}): Promise<Desk> {
  const rig = await openRig(t, arrangement, options);
  const { site } = rig;
  await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
  await site.load();
  await site.settle();
  const slot = await slotAt(rig, site, at(1, 10));
  assert.equal(slot.status, 'free');
  const patient = await patientOf(rig, site);
  return {
    rig,
    slot,
    patient,
    place: () => site.place(slot.id, patient),
    there: async () => {
      const { appointments } = await site.world.truth();
      const [calendar] = site.world.calendars;
      return appointments.filter(
        (one) => one.calendar === calendar && one.during.start === slot.during.start && isActive(one.status),
      );
    },
    state: async ({ bookingId }) => (await site.booking(bookingId)).state,
  };
}

/**
 * As a running hub goes on, to the very end; then hub and site must agree, and the visit must be there once or not at
 * all.
 */
async function ends(desk: Desk, asked: Asked, state: 'booked' | 'refused'): Promise<void> {
  const { rig } = desk;
  await rig.site.world.calm();
  await rig.site.settle();
  assert.equal(await desk.state(asked), state);
  const ours = (await desk.there()).filter((one) => one.correlation === asked.bookingId || one.correlation === null);
  assert.equal(ours.length, state === 'booked' ? 1 : 0);
  await compareWithTruth(rig, rig.site);
  if (state !== 'booked') return;
  const { appointments } = await rig.site.world.truth();
  // One Appointment per visit: the echo of our own write is no second one.
  assert.equal(await appointmentCount(rig, rig.site), appointments.length);
  assert.equal((await slotAt(rig, rig.site, desk.slot.during.start)).status, 'busy');
  const told = await rig.desk.status(asked.bookingId, SCOPE);
  assert.equal(told?.kind, 'booked');
}

/** Until the site's quiet time is over, and then a look. */
async function lookAfterQuiet(desk: Desk): Promise<void> {
  const { site, clock } = desk.rig;
  clock.jump((site.connector.book?.showsWithin_ms ?? 0) + 1_100);
  await desk.rig.resolve();
}

export const placeRules: readonly Rule[] = [
  {
    name: 'a placed booking is booked, read back at the site, and told to the caller',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      const asked = await desk.place();
      assert.equal((await slotAt(rig, rig.site, desk.slot.during.start)).status, 'busy-tentative');
      assert.equal((await desk.there()).length, 0);
      await rig.site.deliver();
      const answer = await asked.answer;
      assert.equal(answer.kind, 'booked');
      const [visit] = await desk.there();
      assert.deepEqual(
        [visit?.correlation, visit?.key],
        [asked.bookingId, (await rig.site.booking(asked.bookingId)).siteKey],
      );
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'the echo of a placed booking says what was read back, and nothing is applied again for it',
    needs: [...NEEDS, 'fetch'],
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { site, told } = desk.rig;
      const asked = await desk.place();
      await site.deliver();
      await asked.answer;
      const readBack = (await messages(desk.rig, site)).filter(({ via }) => via === 'write');
      assert.ok(readBack.length > 0, 'what a site answers to a call is no proof by itself');
      await desk.rig.apply();
      const before = told.filter(([name]) => name === 'applied').length;
      for (const { object } of readBack) {
        assert.ok(object !== null && site.connector.fetch !== undefined);
        const state = await site.connector.fetch.object(object, AbortSignal.timeout(10_000));
        const [echo] = await desk.rig.store.transaction(SCOPE, (tx) =>
          tx.inbox.insert(site.settings.id, 'fetch', [state], desk.rig.clock.now(), null),
        );
        assert.equal(echo?.kind, 'unchanged');
      }
      await desk.rig.apply();
      assert.equal(told.filter(([name]) => name === 'applied').length, before);
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'the same request twice is one booking with one answer',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig, slot, patient } = desk;
      const [asked, again] = await Promise.all([
        rig.site.place(slot.id, patient, 'same-key'),
        rig.site.place(slot.id, patient, 'same-key'),
      ]);
      await rig.site.deliver();
      assert.equal(again.bookingId, asked.bookingId);
      const answers = await Promise.all([asked.answer, again.answer]);
      assert.deepEqual(
        answers.map((one) => one.kind),
        ['booked', 'booked'],
      );
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a booking of another slot by the same patient while one is open is its own visit',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig, patient } = desk;
      const asked = await desk.place();
      const other = await rig.site.place((await slotAt(rig, rig.site, at(1, 11))).id, patient);
      await rig.site.deliver();
      assert.deepEqual([await desk.state(asked), await desk.state(other)], ['booked', 'booked']);
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a slot that staff took meanwhile is refused as taken: the hold goes, others are offered, it is asked again',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { webhooks: false });
      const { rig, slot } = desk;
      await rig.site.world.staff.book({ calendar: rig.site.world.calendars[0], start: slot.during.start, person: 2 });
      const asked = await desk.place();
      await rig.site.deliver();
      const answer = await asked.answer;
      assert.ok(answer.kind === 'conflict');
      assert.ok(answer.alternatives.length > 0);
      assert.ok(answer.alternatives.every((one) => one.status === 'free' && one.id !== slot.id));
      const booking = await rig.site.booking(asked.bookingId);
      assert.deepEqual([booking.state, booking.refusedBecause], ['refused', 'slot-taken']);
      const busy = await rig.store.read(SCOPE, (tx) => tx.busy.ofAppointment(booking.appointmentId));
      assert.deepEqual(busy, []);
      await rig.site.ask();
      await rig.apply();
      assert.equal((await slotAt(rig, rig.site, slot.during.start)).siteStatus, 'busy-unavailable');
      await rig.site.poll();
      await rig.apply();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'an outage before the write leaves nothing at the site: it is sent again and booked once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      await rig.site.world.fault({ outage: true });
      const asked = await desk.place();
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'unsent');
      assert.equal((await slotAt(rig, rig.site, desk.slot.during.start)).status, 'busy-tentative');
      await rig.site.world.fault({ outage: false });
      rig.clock.jump(5_000);
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'booked');
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a booking that the vendor limits is sent again when it may, and booked once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      const asked = await desk.place();
      const { place = '' } = rig.site.world.call;
      rig.site.gateway.answer(place, { status: 429, headers: { 'retry-after': '8' } });
      const writes = (): number => rig.site.gateway.seen.filter(({ call }) => call.startsWith(place)).length;
      const left = rig.clock.now();
      await rig.site.deliver();
      // Sent once: whether and when it goes again is the hub's to say, not a layer's below.
      assert.deepEqual([await desk.state(asked), writes()], ['unsent', 1]);
      rig.clock.jump(Math.max(0, left + 6_000 - rig.clock.now()));
      await rig.site.deliver();
      assert.equal(writes(), 1);
      rig.clock.jump(4_000);
      await rig.site.deliver();
      assert.deepEqual([await desk.state(asked), writes()], ['booked', 2]);
      await ends(desk, asked, 'booked');
    },
  },
];

export const lostAnswerRules: readonly Rule[] = [
  {
    name: 'a lost answer is unknown, and what was written is found: booked once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { webhooks: false });
      const { rig } = desk;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.place } });
      const asked = await desk.place();
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'unknown');
      assert.equal((await desk.there()).length, 1);
      // Not looked up before the site's quiet time, and never sent again blindly.
      await rig.resolve();
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'unknown');
      await lookAfterQuiet(desk);
      assert.equal(await desk.state(asked), 'booked');
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a lost answer is given by news from the site as well',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.place } });
      const asked = await desk.place();
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'unknown');
      await rig.site.news();
      assert.equal(await desk.state(asked), 'booked');
      assert.equal((await asked.answer).kind, 'booked');
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a lost answer without the hub’s own reference at the site is found by person and time: booked once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { correlation: false, webhooks: false });
      const { rig } = desk;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.place } });
      const asked = await desk.place();
      await rig.site.deliver();
      await lookAfterQuiet(desk);
      assert.equal(await desk.state(asked), 'booked');
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a success that wrote nothing is never booked while it is not there; then it is placed again, once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      await rig.site.world.fault({ silentDrop: { times: 2, match: rig.site.world.call.place } });
      const asked = await desk.place();
      await rig.site.deliver();
      for (let round = 0; round < 3; round += 1) {
        if ((await desk.there()).length > 0) break;
        assert.notEqual(await desk.state(asked), 'booked', 'booked, and not at the site');
        await lookAfterQuiet(desk);
        await rig.site.deliver();
      }
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'absence is believed the second time only, and not before the site’s quiet time',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { webhooks: false });
      const { rig } = desk;
      const { place = '' } = rig.site.world.call;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: place } });
      const asked = await desk.place();
      const writes = (): number => rig.site.gateway.seen.filter(({ call }) => call.startsWith(place)).length;
      await rig.site.deliver();
      assert.equal(await desk.state(asked), 'unknown');
      // The site shows for longer than it promised what it knew before the write.
      const quiet = rig.site.connector.book?.showsWithin_ms ?? 0;
      await rig.site.world.fault({ staleReads: 3 * quiet });
      await rig.resolve();
      assert.equal((await rig.site.booking(asked.bookingId)).absences, 0);
      await lookAfterQuiet(desk);
      const once = await rig.site.booking(asked.bookingId);
      assert.deepEqual([once.state, once.absences], ['unknown', 1]);
      await rig.resolve();
      await rig.site.deliver();
      assert.equal((await rig.site.booking(asked.bookingId)).absences, 1);
      assert.equal(writes(), 1);
      await rig.site.world.fault({ staleReads: 0 });
      await lookAfterQuiet(desk);
      assert.equal(await desk.state(asked), 'booked');
      assert.equal(writes(), 1);
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'reads that lag behind the write lead to no second visit',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement);
      const { rig } = desk;
      const quiet = rig.site.connector.book?.showsWithin_ms ?? 0;
      await rig.site.world.fault({ staleReads: quiet - 1_000 });
      const asked = await desk.place();
      await rig.site.deliver();
      await rig.site.news();
      await lookAfterQuiet(desk);
      await rig.site.deliver();
      await rig.site.news();
      assert.equal(await desk.state(asked), 'booked');
      rig.clock.jump(quiet);
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'the echo of our write may come before its answer: one Appointment, and the late answer changes nothing',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: (t, arrangement) => echoBeforeAnswer(t, arrangement, true),
  },
  {
    name: 'an echo without the hub’s own reference is told by person and time: one Appointment',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: (t, arrangement) => echoBeforeAnswer(t, arrangement, false),
  },
  {
    name: 'a visit of somebody else at our very time, seen while our answer is open, is not taken for ours',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { correlation: false });
      const { rig, slot } = desk;
      const asked = await desk.place();
      const held = rig.site.gateway.hold(rig.site.world.call.place ?? '', 'call');
      const delivering = rig.site.deliver();
      await held.reached;
      await rig.site.world.staff.book({ calendar: rig.site.world.calendars[0], start: slot.during.start, person: 7 });
      await rig.site.news();
      assert.equal(await desk.state(asked), 'sent');
      held.release();
      await delivering;
      const booking = await rig.site.booking(asked.bookingId);
      assert.deepEqual([booking.state, booking.refusedBecause], ['refused', 'slot-taken']);
      await rig.site.settle();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'a hub that dies between the site’s answer and its own commit looks the booking up',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const desk = await openDesk(t, arrangement, { webhooks: false });
      const { rig } = desk;
      const asked = await desk.place();
      rig.store.fail('booking');
      await assert.rejects(rig.site.deliver(), { code: 'DISK_FULL' });
      rig.store.heal();
      await rig.site.reopen();
      assert.equal(await desk.state(asked), 'sent');
      await rig.sweep();
      assert.equal(await desk.state(asked), 'sent', 'its deadline has not passed');
      rig.clock.jump(rig.plan.hub.booking.siteTimeout_ms + 6_000);
      await rig.sweep();
      await rig.resolve();
      assert.equal(await desk.state(asked), 'unknown');
      assert.equal((await slotAt(rig, rig.site, desk.slot.during.start)).status, 'busy-tentative');
      await lookAfterQuiet(desk);
      assert.equal(await desk.state(asked), 'booked');
      await ends(desk, asked, 'booked');
    },
  },
  {
    name: 'a site that cannot be asked in time keeps the hold and calls a person; the site’s word settles it later',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: (t, arrangement) => parkedThenSettled(t, arrangement, true),
  },
  {
    name: 'a booking given up on is told by person and time where the site carries no reference of ours: one Appointment',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: (t, arrangement) => parkedThenSettled(t, arrangement, false),
  },
];

async function echoBeforeAnswer(t: TestContext, arrangement: Arrangement, correlation: boolean): Promise<void> {
  const desk = await openDesk(t, arrangement, { correlation });
  const { rig } = desk;
  const { place = '' } = rig.site.world.call;
  await rig.site.world.fault({ echoFirst: { times: 1, match: place } });
  const asked = await desk.place();
  const held = rig.site.gateway.hold(place, 'answer');
  const delivering = rig.site.deliver();
  await held.reached;
  await rig.site.news();
  assert.equal(await desk.state(asked), 'booked');
  held.release();
  await delivering;
  assert.equal((await asked.answer).kind, 'booked');
  const booking = await rig.site.booking(asked.bookingId);
  assert.equal(booking.stateAt <= plus(rig.clock.now(), 0), true);
  await ends(desk, asked, 'booked');
}

async function parkedThenSettled(t: TestContext, arrangement: Arrangement, correlation: boolean): Promise<void> {
  const desk = await openDesk(t, arrangement, { correlation });
  const { rig } = desk;
  await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.place } });
  const asked = await desk.place();
  await rig.site.deliver();
  await rig.site.world.fault({ outage: true });
  rig.clock.jump(rig.plan.hub.booking.resolveFor_s * 1000 + 1);
  await rig.resolve();
  assert.equal(await desk.state(asked), 'parked');
  await rig.sweep();
  assert.notEqual((await slotAt(rig, rig.site, desk.slot.during.start)).status, 'free');
  const items = await rig.store.read(SCOPE, (tx) => tx.workItems.list(10));
  assert.deepEqual(
    items.map((item) => item.kind),
    ['unresolved-booking'],
  );
  await rig.site.world.fault({ outage: false });
  rig.clock.jump(600_000);
  await rig.site.news();
  assert.equal(await desk.state(asked), 'booked');
  assert.deepEqual(await rig.store.read(SCOPE, (tx) => tx.workItems.list(10)), []);
  await ends(desk, asked, 'booked');
}
