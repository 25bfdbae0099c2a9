/** Computed slots: what the site offers, what it no longer offers, and since when the hub knows. */
import assert from 'node:assert/strict';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, DAYS, messages, slotAt, slotResource, slots, span } from '../sight.ts';
import { SCOPE, type RigSite } from '../site.ts';
import { queryOf, slotDifferences } from '../truth.ts';

const NEEDS = ['availability'] as const;

async function sameSlots(rig: Rig, site: RigSite): Promise<void> {
  const truth = await site.world.truth();
  const comparison = { query: queryOf(rig), site: site.settings, truth, within: DAYS };
  assert.deepEqual(await slotDifferences(comparison), []);
}

async function look(rig: Rig, site: RigSite): Promise<void> {
  await site.ask();
  await rig.apply();
}

/** Long enough that every window is due again. */
const STALE_MS = 600_000;

export const availabilityRules: readonly Rule[] = [
  {
    name: 'every start that the site offers is a free slot, and no other is',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      await look(rig, rig.site);
      const found = await slots(rig, rig.site);
      assert.ok(found.length >= 12 && found.every((slot) => slot.status === 'free'));
      await sameSlots(rig, rig.site);
    },
  },
  {
    name: 'a slot that is taken or closed at the site becomes busy-unavailable under its id, and returns under it',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      const { staff, calendars } = site.world;
      await look(rig, site);
      const before = await slotAt(rig, site, at(1, 10));
      const key = await staff.book({ calendar: calendars[0], start: at(1, 10) });
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      const taken = await slotAt(rig, site, at(1, 10));
      assert.deepEqual([taken.id, taken.status, taken.siteStatus], [before.id, 'busy-unavailable', 'busy-unavailable']);
      await staff.cancel(key);
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      const again = await slotAt(rig, site, at(1, 10));
      assert.deepEqual([again.id, again.status], [before.id, 'free']);
      assert.ok(again.version > taken.version && taken.version > before.version);
      await sameSlots(rig, site);
    },
  },
  {
    name: 'a day that the site closes has no free slot, and has the same ones when it opens again',
    needs: NEEDS,
    staff: ['openHours'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const { staff, calendars } = site.world;
      await look(rig, site);
      const before = await slots(rig, site);
      await staff.openHours?.(calendars[0], '2026-12-01', false);
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      const closed = (await slots(rig, site)).filter(
        (slot) => slot.during.start >= at(1, 0) && slot.during.end <= at(2, 0),
      );
      assert.ok(closed.length > 0 && closed.every((slot) => slot.status === 'busy-unavailable'));
      await sameSlots(rig, site);
      await staff.openHours?.(calendars[0], '2026-12-01', true);
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      const ids = (list: typeof before): string[] => list.filter((one) => one.status === 'free').map((one) => one.id);
      assert.deepEqual(ids(await slots(rig, site)), ids(before));
      await sameSlots(rig, site);
    },
  },
  {
    name: 'each window says when it was confirmed; an unchanged answer confirms it and is no news',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const { id } = site.settings;
      const verified = (): Promise<number | null> =>
        rig.store.read(SCOPE, (tx) =>
          tx.feeds.verifiedAt(id, site.world.calendars[0], site.world.visitType, at(1, 10)),
        );
      assert.equal(await verified(), null);
      const asked = rig.clock.now();
      await look(rig, site);
      const first = await verified();
      assert.ok(first !== null && first >= asked);
      assert.equal(await rig.store.read(SCOPE, (tx) => tx.feeds.unverified(id)), 0);
      const rows = (await messages(rig, site)).length;
      const slot = await slotAt(rig, site, at(1, 10));
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      const second = await verified();
      assert.ok(second !== null && second >= first + STALE_MS);
      assert.equal((await messages(rig, site)).length, rows);
      assert.equal((await slotAt(rig, site, at(1, 10))).version, slot.version);
    },
  },
  {
    name: 'a question that fails leaves the slots as they were, and is asked again later',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      await look(rig, site);
      const before = await slots(rig, site);
      rig.clock.jump(STALE_MS);
      await site.world.fault({ outage: true });
      await assert.doesNotReject(look(rig, site).catch((error: unknown) => assert.ok(error instanceof Error)));
      assert.deepEqual(await slots(rig, site), before);
      await site.world.fault({ outage: false });
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      rig.clock.jump(STALE_MS);
      await look(rig, site);
      assert.equal((await slotAt(rig, site, at(1, 9))).status, 'busy-unavailable');
      await sameSlots(rig, site);
    },
  },
  {
    name: 'an appointment made at the site takes every slot that it overlaps, before open times are asked again',
    needs: ['availability', 'poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      await look(rig, site);
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 10) });
      await site.poll();
      await rig.apply();
      const slot = await slotAt(rig, site, at(1, 10));
      assert.deepEqual([slot.status, slot.siteStatus], ['busy', 'free']);
      assert.equal((await slotAt(rig, site, at(1, 10, 30))).status, 'free');
      // What the site computes from its appointments is asked at once, not at the next regular turn.
      await look(rig, site);
      assert.equal((await slotAt(rig, site, at(1, 10))).siteStatus, 'busy-unavailable');
      await sameSlots(rig, site);
    },
  },
  {
    name: 'a class has seats: it stays free while one is left, is busy when none is, and is free again when one returns',
    needs: [...NEEDS, 'poll'],
    staff: ['addClass'],
    classes: true,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      const { staff, calendars, classType = '' } = site.world;
      const group = { calendar: calendars[1], visitType: classType };
      const read = async (): Promise<void> => {
        await site.poll();
        await rig.apply();
        rig.clock.jump(STALE_MS);
        await look(rig, site);
      };
      const extensions = async (id: string): Promise<unknown[]> =>
        ((await slotResource(rig, id)).extension ?? []).flatMap((one) => one.valueInteger ?? []);
      await staff.addClass?.(at(1, 10), 2);
      await read();
      const empty = await slotAt(rig, site, at(1, 10), group);
      assert.deepEqual([empty.status, empty.capacity, empty.seatsLeft], ['free', 2, 2]);
      assert.deepEqual(await extensions(empty.id), [2, 2]);
      const first = await staff.book({ ...group, start: at(1, 10), person: 1 });
      await read();
      const half = await slotAt(rig, site, at(1, 10), group);
      assert.deepEqual([half.id, half.status, half.seatsLeft], [empty.id, 'free', 1]);
      await staff.book({ ...group, start: at(1, 10), person: 2 });
      await read();
      const full = await slotAt(rig, site, at(1, 10), group);
      assert.equal(full.id, empty.id);
      assert.ok(full.status !== 'free', `a full class is ${full.status}`);
      await staff.cancel(first);
      await read();
      const back = await slotAt(rig, site, at(1, 10), group);
      assert.deepEqual([back.id, back.status, back.seatsLeft], [empty.id, 'free', 1]);
      // While the class is on, its teacher sees nobody else.
      const single = await slots(rig, site, { calendar: calendars[1] });
      const meanwhile = single.filter(
        (slot) => slot.during.start < span(at(1, 10), 60).end && slot.during.end > at(1, 10),
      );
      assert.ok(meanwhile.every((slot) => slot.status !== 'free'));
    },
  },
];
