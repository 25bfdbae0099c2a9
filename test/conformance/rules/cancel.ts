/** Cancelling: the visit keeps its time until the site has let it go, and letting it go twice is no error. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Arrangement } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import type { RigOptions } from '../harness.ts';
import { slotAt } from '../sight.ts';
import { SCOPE, type Asked } from '../site.ts';
import { compareWithTruth } from '../truth.ts';
import { openDesk, type Desk } from './booking.ts';

const NEEDS = ['book', 'availability', 'poll', 'load'] as const;

interface Booked extends Desk {
  readonly appointmentId: string;
  readonly key: string;
  cancel(): Promise<Asked>;
}

async function openBooked(t: TestContext, arrangement: Arrangement, options: RigOptions = {}): Promise<Booked> {
  const desk = await openDesk(t, arrangement, options);
  const asked = await desk.place();
  await desk.rig.site.deliver();
  const { state, appointmentId, siteKey } = await desk.rig.site.booking(asked.bookingId);
  assert.equal(state, 'booked');
  await desk.rig.site.settle();
  return { ...desk, appointmentId, key: siteKey ?? '', cancel: () => desk.rig.site.cancel(appointmentId) };
}

async function endsCancelled(booked: Booked, asked: Asked): Promise<void> {
  const { rig, slot } = booked;
  await rig.site.world.calm();
  await rig.site.settle();
  assert.equal(await booked.state(asked), 'booked', 'a cancel is booked when it is done');
  assert.deepEqual(await booked.there(), []);
  const again = await slotAt(rig, rig.site, slot.during.start);
  assert.deepEqual([again.id, again.status], [slot.id, 'free']);
  const told = await rig.desk.status(asked.bookingId, SCOPE);
  assert.equal(told?.kind, 'cancelled');
  await compareWithTruth(rig, rig.site);
}

export const cancelRules: readonly Rule[] = [
  {
    name: 'a cancel is done at the site, the caller is told, and the slot returns under its id',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig, slot } = booked;
      const asked = await booked.cancel();
      assert.equal((await slotAt(rig, rig.site, slot.during.start)).status, 'busy');
      await rig.site.deliver();
      assert.equal((await asked.answer).kind, 'cancelled');
      await endsCancelled(booked, asked);
    },
  },
  {
    name: 'the lost answer of a cancel is looked up, and it is done once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement, { webhooks: false });
      const { rig } = booked;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.cancel } });
      const asked = await booked.cancel();
      await rig.site.deliver();
      assert.equal(await booked.state(asked), 'unknown');
      rig.clock.jump((rig.site.connector.book?.showsWithin_ms ?? 0) + 1_100);
      await rig.resolve();
      assert.equal(await booked.state(asked), 'booked');
      await endsCancelled(booked, asked);
    },
  },
  {
    name: 'the lost answer of a cancel is given by news from the site as well',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig } = booked;
      await rig.site.world.fault({ dropAnswer: { times: 1, match: rig.site.world.call.cancel } });
      const asked = await booked.cancel();
      await rig.site.deliver();
      await rig.site.news();
      assert.equal(await booked.state(asked), 'booked');
      await endsCancelled(booked, asked);
    },
  },
  {
    name: 'a cancel that was answered with success and not done is not told as done; it is sent again',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig } = booked;
      await rig.site.world.fault({ silentDrop: { times: 1, match: rig.site.world.call.cancel } });
      const asked = await booked.cancel();
      await rig.site.deliver();
      assert.notEqual(await booked.state(asked), 'booked');
      assert.equal((await booked.there()).length, 1);
      await endsCancelled(booked, asked);
    },
  },
  {
    name: 'cancelling what staff have cancelled already is done',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement, { webhooks: false });
      const { rig } = booked;
      await rig.site.world.staff.cancel(booked.key);
      const asked = await booked.cancel();
      await rig.site.deliver();
      assert.equal((await asked.answer).kind, 'cancelled');
      await endsCancelled(booked, asked);
    },
  },
  {
    name: 'a visit that staff mark as not come before our cancel reaches the site stays a no-show',
    needs: [...NEEDS, 'webhook', 'fetch'],
    staff: ['noShow'],
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig } = booked;
      const asked = await booked.cancel();
      await rig.site.world.staff.noShow?.(booked.key);
      await rig.site.news();
      await rig.site.deliver();
      // As if it had been asked for a moment later: what nobody came to is not cancelled, and the caller is told so.
      assert.equal(await booked.state(asked), 'refused');
      assert.equal((await asked.answer).kind, 'refused');
      await rig.site.settle();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'a no-show that was read and not yet applied when our cancel was answered stays a no-show',
    needs: [...NEEDS, 'webhook', 'fetch'],
    staff: ['noShow'],
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig } = booked;
      const asked = await booked.cancel();
      await rig.site.world.staff.noShow?.(booked.key);
      await rig.site.world.quiet();
      await rig.site.fetch();
      await rig.site.deliver();
      assert.equal(await booked.state(asked), 'booked');
      await rig.site.settle();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'cancelling what the hub knows as cancelled asks nobody',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig } = booked;
      const asked = await booked.cancel();
      await rig.site.deliver();
      await endsCancelled(booked, asked);
      const before = rig.site.gateway.seen.length;
      const request = { client: 'conformance', requestKey: 'again', digest: 'again', requestId: 'again', trace: null };
      const again = await rig.desk.cancel(
        { ...request, appointmentId: booked.appointmentId, by: 'patient', version: null },
        SCOPE,
      );
      assert.equal(again.kind, 'cancelled');
      await rig.site.deliver();
      assert.equal(rig.site.gateway.seen.length, before);
    },
  },
  {
    name: 'a visit of ours that staff move or cancel at the site is moved or cancelled in the hub',
    needs: [...NEEDS, 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const booked = await openBooked(t, arrangement);
      const { rig, slot } = booked;
      await rig.site.world.staff.move(booked.key, slot.during.end);
      await rig.site.news();
      await compareWithTruth(rig, rig.site);
      assert.equal((await slotAt(rig, rig.site, slot.during.start)).status, 'free');
      assert.equal((await slotAt(rig, rig.site, slot.during.end)).status, 'busy');
      await rig.site.world.staff.cancel(booked.key);
      await rig.site.news();
      assert.equal((await slotAt(rig, rig.site, slot.during.end)).status, 'free');
      await compareWithTruth(rig, rig.site);
    },
  },
];
