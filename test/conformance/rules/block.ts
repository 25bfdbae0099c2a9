/** Closed time: what staff close is closed here, what the hub closes is closed there, once. */
import assert from 'node:assert/strict';
import type { Block } from '../../../src/connectors/contract.ts';
import { newId } from '../../../src/core/ids.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, DAYS, patientOf, slotAt, slots, span } from '../sight.ts';
import { SCOPE, type RigSite } from '../site.ts';
import { compareWithTruth, queryOf, slotDifferences } from '../truth.ts';

const NEVER = new AbortController().signal;

function blockOf(site: RigSite): Block {
  const { block } = site.connector;
  assert.ok(block !== undefined);
  return block;
}

async function blocksThere(site: RigSite): Promise<number> {
  return (await site.world.truth()).blocks.length;
}

async function sameSlots(rig: Rig, site: RigSite): Promise<void> {
  const truth = await site.world.truth();
  const comparison = { query: queryOf(rig), site: site.settings, truth, within: DAYS };
  assert.deepEqual(await slotDifferences(comparison), []);
}

/** Our own block in the other site's feed is the visit's copy, and no closed time of that site. */
async function nothingForeign(rig: Rig): Promise<void> {
  const { rows } = await queryOf(rig)(`SELECT origin FROM busy WHERE site = 'other' AND block_key IS NOT NULL`, []);
  assert.deepEqual(rows, []);
}

export const blockRules: readonly Rule[] = [
  {
    name: 'time that staff close lowers every slot in it, and time that they open frees them again',
    needs: ['poll', 'availability'],
    staff: ['block', 'unblock'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      await site.settle();
      const [calendar] = site.world.calendars;
      const key = (await site.world.staff.block?.(calendar, span(at(1, 10), 60))) ?? '';
      await site.poll();
      await rig.apply();
      const inside = async (): Promise<readonly string[]> =>
        (await slots(rig, site))
          .filter((slot) => slot.during.start < at(1, 11) && slot.during.end > at(1, 10))
          .map((slot) => slot.status);
      assert.ok((await inside()).length >= 2);
      assert.ok((await inside()).every((status) => status === 'busy-unavailable'));
      assert.equal((await slotAt(rig, site, at(1, 11))).status, 'free');
      await site.world.staff.unblock?.(key);
      await site.poll();
      await rig.apply();
      // Open times are asked again at once where closed time came or went.
      await site.ask();
      await rig.apply();
      assert.ok((await inside()).every((status) => status === 'free'));
      await sameSlots(rig, site);
    },
  },
  {
    name: 'of a person with two calendars, the closed time of each stays closed when the other is read',
    needs: ['poll', 'availability'],
    staff: ['block', 'unblock'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { onePerson: true });
      const { site } = rig;
      await site.settle();
      const [first, second] = site.world.calendars;
      const key = (await site.world.staff.block?.(first, span(at(1, 10), 30))) ?? '';
      await site.settle();
      await site.world.staff.block?.(second, span(at(1, 11), 30));
      await site.settle();
      const status = async (hour: number, calendar: string): Promise<string> =>
        (await slotAt(rig, site, at(1, hour), { calendar })).status;
      for (const calendar of [first, second]) {
        assert.deepEqual(
          [await status(10, calendar), await status(11, calendar)],
          ['busy-unavailable', 'busy-unavailable'],
        );
      }
      await site.world.staff.unblock?.(key);
      await site.settle();
      assert.deepEqual([await status(10, second), await status(11, first)], ['free', 'busy-unavailable']);
    },
  },
  {
    name: 'a block is placed once, found, and removed once, however often it is asked for',
    needs: ['block'],
    run: async (t, arrangement) => {
      const { site, clock } = await openRig(t, arrangement);
      const block = blockOf(site);
      const [calendar] = site.world.calendars;
      const order = { correlation: newId(clock.now()), calendar, window: span(at(1, 10), 45) };
      assert.deepEqual(await block.find(order, NEVER), { kind: 'absent' });
      const placed = await block.place(order, NEVER);
      assert.ok(placed.kind === 'done');
      assert.deepEqual(await block.place(order, NEVER), placed);
      assert.deepEqual(await block.find(order, NEVER), { kind: 'found', key: placed.key });
      const { blocks } = await site.world.truth();
      assert.deepEqual(blocks, [{ key: placed.key, calendar, during: order.window }]);
      assert.equal((await block.remove(placed.key, NEVER)).kind, 'done');
      assert.equal((await block.remove(placed.key, NEVER)).kind, 'done');
      assert.deepEqual(await block.find(order, NEVER), { kind: 'absent' });
      assert.equal(await blocksThere(site), 0);
    },
  },
  {
    name: 'two blocks of one calendar at one time for two visits are two',
    needs: ['block'],
    run: async (t, arrangement) => {
      const { site, clock } = await openRig(t, arrangement);
      const block = blockOf(site);
      const [calendar] = site.world.calendars;
      const window = span(at(1, 10), 45);
      const keys = [];
      for (const correlation of [newId(clock.now()), newId(clock.now())]) {
        const placed = await block.place({ correlation, calendar, window }, NEVER);
        assert.ok(placed.kind === 'done');
        keys.push(placed.key);
      }
      assert.equal(new Set(keys).size, 2);
    },
  },
  {
    name: 'a lost answer of a block is unknown; it is found, and placing again makes no second one',
    needs: ['block'],
    run: async (t, arrangement) => {
      const { site, clock } = await openRig(t, arrangement);
      const block = blockOf(site);
      const [calendar] = site.world.calendars;
      const order = { correlation: newId(clock.now()), calendar, window: span(at(1, 10), 45) };
      await site.world.fault({ dropAnswer: { times: 1, match: site.world.call.block } });
      assert.equal((await block.place(order, NEVER)).kind, 'unknown');
      const found = await block.find(order, NEVER);
      assert.ok(found.kind === 'found');
      assert.deepEqual(await block.place(order, NEVER), { kind: 'done', key: found.key });
      assert.equal(await blocksThere(site), 1);
      await site.world.fault({ dropAnswer: { times: 1, match: site.world.call.unblock } });
      assert.equal((await block.remove(found.key, NEVER)).kind, 'unknown');
      assert.equal((await block.remove(found.key, NEVER)).kind, 'done');
      assert.equal(await blocksThere(site), 0);
    },
  },
  {
    name: 'a visit closes the same person’s time at the other site, says nothing of the patient there, and opens it again',
    needs: ['block', 'book', 'poll', 'load', 'availability'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { sites: [{ id: 'one', mirrorTo: ['other'] }, { id: 'other' }] });
      const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
      await one.world.staff.book({ calendar: one.world.calendars[1], start: at(1, 9) });
      await one.load();
      await one.settle();
      await other.settle();
      const slot = await slotAt(rig, one, at(1, 10));
      const patient = await patientOf(rig, one);
      const asked = await one.place(slot.id, patient);
      await one.deliver();
      assert.equal((await one.booking(asked.bookingId)).state, 'booked');
      // The person is taken: also where the other system does not know it yet.
      assert.equal((await slotAt(rig, other, at(1, 10))).status, 'busy');
      await one.news();
      await other.deliver();
      const { blocks } = await other.world.truth();
      const [own] = blocks.filter((block) => block.during.start === slot.during.start);
      assert.deepEqual([own?.calendar, own?.during], [other.world.calendars[0], slot.during]);
      const person = await rig.store.read(SCOPE, (tx) => tx.resources.read('Patient', patient));
      const { family } = (JSON.parse(person?.json ?? '{}') as { name: { family: string }[] }).name[0] ?? {};
      assert.ok(family !== undefined && !JSON.stringify(await other.world.everything()).includes(family));
      await other.poll();
      await rig.apply();
      await nothingForeign(rig);
      const { appointmentId } = await one.booking(asked.bookingId);
      await other.ask();
      await rig.apply();
      await sameSlots(rig, other);
      const cancel = await one.cancel(appointmentId);
      await one.deliver();
      assert.equal((await cancel.answer).kind, 'cancelled');
      await one.news();
      await other.deliver();
      assert.equal(await blocksThere(other), 0);
      await other.poll();
      await other.ask();
      await rig.apply();
      assert.equal((await slotAt(rig, other, at(1, 10))).status, 'free');
      for (const site of rig.sites) await compareWithTruth(rig, site);
    },
  },
  {
    name: 'a block whose answer was lost on the way to the other site is there once in the end, and gone with its visit',
    needs: ['block', 'poll', 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { sites: [{ id: 'one', mirrorTo: ['other'] }, { id: 'other' }] });
      const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
      await other.world.fault({ dropAnswer: { times: 1, match: other.world.call.block } });
      const key = await one.world.staff.book({ calendar: one.world.calendars[0], start: at(1, 10) });
      await one.news();
      await other.deliver();
      assert.equal(await blocksThere(other), 1);
      // Seen in the feed before the hub knows its key.
      await other.poll();
      await rig.apply();
      await nothingForeign(rig);
      rig.clock.jump(60_000);
      await other.deliver();
      assert.equal(await blocksThere(other), 1);
      await one.world.staff.move(key, at(1, 11));
      await one.news();
      await other.deliver();
      const { blocks } = await other.world.truth();
      assert.deepEqual(
        blocks.map((block) => block.during.start),
        [at(1, 11)],
      );
      await other.world.fault({ dropAnswer: { times: 1, match: other.world.call.unblock } });
      await one.world.staff.cancel(key);
      await one.news();
      await other.deliver();
      rig.clock.jump(60_000);
      await other.deliver();
      assert.equal(await blocksThere(other), 0);
    },
  },
  {
    name: 'a block or its removal that was answered with success and not done is done again',
    needs: ['block', 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { sites: [{ id: 'one', mirrorTo: ['other'] }, { id: 'other' }] });
      const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
      const deliver = async (): Promise<void> => {
        await one.news();
        await other.deliver();
        rig.clock.jump(60_000);
        await other.deliver();
      };
      await other.world.fault({ silentDrop: { times: 1, match: other.world.call.block } });
      const key = await one.world.staff.book({ calendar: one.world.calendars[0], start: at(1, 10) });
      await deliver();
      assert.equal(await blocksThere(other), 1);
      await other.world.fault({ silentDrop: { times: 1, match: other.world.call.unblock } });
      await one.world.staff.cancel(key);
      await deliver();
      assert.equal(await blocksThere(other), 0);
    },
  },
  {
    name: 'a lost answer of a block whose site shows it late makes no second one',
    needs: ['block', 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { sites: [{ id: 'one', mirrorTo: ['other'] }, { id: 'other' }] });
      const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
      const quiet = other.connector.block?.showsWithin_ms ?? 0;
      await other.world.fault({
        staleReads: Math.max(0, quiet - 1_000),
        dropAnswer: { times: 1, match: other.world.call.block },
      });
      await one.world.staff.book({ calendar: one.world.calendars[0], start: at(1, 10) });
      await one.news();
      for (let second = 0; second < 30; second += 1) {
        await other.deliver();
        rig.clock.jump(1_000);
      }
      assert.equal(await blocksThere(other), 1);
    },
  },
];
