/**
 * Polling, hints and the initial load: everything that happened at the site is applied, nothing twice, nothing from the
 * past.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Arrangement } from '../arrangement.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig, type RigOptions } from '../harness.ts';
import { appointmentId, at, cursorOf, messages, versions } from '../sight.ts';
import { SCOPE } from '../site.ts';
import { compareWithTruth } from '../truth.ts';

/** A rig that hears nothing by itself: whatever it knows, polling brought. */
function pollingRig(t: TestContext, arrangement: Arrangement, options: RigOptions = {}): Promise<Rig> {
  return openRig(t, arrangement, { webhooks: false, ...options });
}

async function depth(rig: Rig): Promise<number> {
  return (await messages(rig, rig.site)).length;
}

export const pollRules: readonly Rule[] = [
  {
    name: 'polling twice stores nothing the second time',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { world } = rig.site;
      const key = await world.staff.book({ calendar: world.calendars[0], start: at(1, 9) });
      await world.staff.book({ calendar: world.calendars[1], start: at(2, 11), person: 2 });
      await world.staff.cancel(key);
      await rig.site.poll();
      const rows = await depth(rig);
      await rig.site.poll();
      assert.equal(await depth(rig), rows);
      await rig.apply();
      await rig.site.poll();
      assert.equal(await depth(rig), rows);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'when storing a page fails, the cursor stays and the page comes again whole',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      rig.store.fail('poll');
      await assert.rejects(site.pollPage(), { code: 'DISK_FULL' });
      assert.ok(rig.store.failed > 0);
      assert.equal(await cursorOf(rig, site), null);
      assert.equal(await depth(rig), 0);
      rig.store.heal();
      await site.pollPage();
      const cursor = await cursorOf(rig, site);
      rig.store.fail('poll');
      await assert.rejects(site.pollPage(), { code: 'DISK_FULL' });
      assert.deepEqual(await cursorOf(rig, site), cursor);
      rig.store.heal();
      await site.poll();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'after a restart polling goes on from the stored cursor',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      for (const calendar of site.world.calendars) await site.world.staff.book({ calendar, start: at(1, 9) });
      const whole = await site.poll();
      await rig.apply();
      for (const calendar of site.world.calendars) await site.world.staff.book({ calendar, start: at(1, 10) });
      let pages = 0;
      for (let more = true; more; pages += 1) {
        more = await site.pollPage();
        await site.reopen();
      }
      assert.equal(pages, whole);
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'a cursor that is put back reads again without storing anything again',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      await site.poll();
      const earlier = await rig.store.read(SCOPE, (tx) => tx.feeds.cursor(site.settings.id, 'poll'));
      assert.ok(earlier !== null);
      for (const calendar of site.world.calendars) await site.world.staff.book({ calendar, start: at(1, 9) });
      await site.poll();
      await rig.apply();
      const rows = await depth(rig);
      const { version, value } = earlier;
      await rig.store.transaction(SCOPE, (tx) =>
        tx.feeds.saveCursor(site.settings.id, 'poll', version, value, rig.clock.now()),
      );
      await site.poll();
      assert.equal(await depth(rig), rows);
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'what a poll claims to have seen lies behind its first request by the overlap, and never moves back',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      const seen = async (): Promise<number | null> => {
        const feeds = await rig.store.read(SCOPE, (tx) => tx.feeds.feeds(site.settings.id));
        return feeds.find((feed) => feed.name === 'poll')?.seenUpTo ?? null;
      };
      const began = rig.clock.now();
      await site.poll();
      const first = await seen();
      const overlap_ms = site.settings.poll.overlap_s * 1000;
      // Cursors may hold whole seconds.
      assert.ok(first !== null && first <= began - overlap_ms + 1000 && first >= began - overlap_ms - 1000);
      await site.world.fault({ clockSkewMs: -3_600_000 });
      await site.poll();
      const second = await seen();
      assert.ok(second !== null && second >= first);
    },
  },
  {
    name: 'visits at the same moment, and more than one answer holds, are all read',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement, { rowsPerPage: 4 });
      const { site } = rig;
      const { staff, calendars } = site.world;
      for (let person = 1; person <= 3; person += 1) {
        await staff.book({ calendar: calendars[0], start: at(1, 9), person });
        await staff.book({ calendar: calendars[0], start: at(2, 9), person });
        await staff.book({ calendar: calendars[1], start: at(1, 9), person });
      }
      // The first and the last minutes of a day belong to one window each.
      await staff.book({ calendar: calendars[1], start: at(2, 0), person: 4 });
      await staff.book({ calendar: calendars[1], start: at(2, 23, 30), person: 5 });
      await site.poll();
      await rig.apply();
      await compareWithTruth(rig, site);
      assert.equal((await messages(rig, site)).filter((one) => one.object?.startsWith('appointment:')).length, 11);
    },
  },
  {
    name: 'what changes while pages are read is not missed',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      const { staff, calendars } = site.world;
      const early = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      const late = await staff.book({ calendar: calendars[1], start: at(1, 9) });
      const between = await staff.book({ calendar: calendars[1], start: at(2, 9) });
      await site.poll();
      await rig.apply();
      let page = 0;
      for (let more = true; more; page += 1) {
        more = await site.pollPage();
        if (page === 0) {
          await staff.move(early, at(2, 10));
          await staff.move(late, at(2, 11));
          await staff.cancel(between);
          await staff.book({ calendar: calendars[0], start: at(1, 10), person: 2 });
        }
      }
      await site.poll();
      await site.fetch();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'a record that vanishes at the site without a word is found missing, asked for, and ended',
    needs: ['poll', 'fetch'],
    staff: ['remove'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      const { staff, calendars } = site.world;
      const gone = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await staff.book({ calendar: calendars[0], start: at(1, 10), person: 2 });
      await site.poll();
      await rig.apply();
      await staff.remove?.(gone);
      await site.poll();
      const asked = site.gateway.seen.length;
      await site.fetch();
      assert.equal(site.gateway.seen.slice(asked).filter(({ call }) => site.world.fetches(call, gone)).length, 1);
      await rig.apply();
      const versionsOfIt = await versions(rig, await appointmentId(rig, site, gone));
      assert.deepEqual(
        versionsOfIt.map((one) => one.status),
        ['booked', 'cancelled'],
      );
      await compareWithTruth(rig, site);
    },
  },
  {
    name: '9:00, then 10:00, then 9:00 again: each is applied and stands in the history (polled)',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      const read = async (): Promise<void> => {
        await site.poll();
        await rig.apply();
      };
      await read();
      await site.world.staff.move(key, at(1, 10));
      await read();
      await site.world.staff.move(key, at(1, 9));
      await read();
      await threeMoves(rig, key);
    },
  },
  {
    name: 'a poll that is given up ends at once, although the site has not answered, and stores nothing',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await pollingRig(t, arrangement);
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      const held = site.gateway.hold('', 'call');
      const stopper = new AbortController();
      const page = site.pollPage(stopper.signal);
      page.catch(() => undefined);
      await held.reached;
      stopper.abort();
      await assert.rejects(page);
      held.release();
      assert.equal(await cursorOf(rig, site), null);
      assert.equal(await depth(rig), 0);
      // Giving up is no failure of the site.
      assert.deepEqual(
        rig.told.filter(([name]) => name === 'feedFailed'),
        [],
      );
    },
  },
];

export const hintRules: readonly Rule[] = [
  {
    name: '9:00, then 10:00, then 9:00 again: each is applied and stands in the history (told by the site)',
    needs: [],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      await site.news();
      await site.world.staff.move(key, at(1, 10));
      await site.news();
      await site.world.staff.move(key, at(1, 9));
      await site.news();
      await threeMoves(rig, key);
    },
  },
  {
    name: 'twenty hints about one object lead to one question',
    needs: ['webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      for (let change = 1; change < 20; change += 1) await site.world.staff.move(key, at(1, 9 + (change % 3)));
      await site.world.quiet();
      const { hints } = await rig.store.read(SCOPE, (tx) => tx.inbox.depth(site.settings.id));
      assert.ok(hints >= 20, `${hints} hints`);
      const before = site.gateway.seen.length;
      await site.fetch();
      const asked = site.gateway.seen.slice(before).filter(({ call }) => site.world.fetches(call, key));
      assert.equal(asked.length, 1);
      const left = await rig.store.read(SCOPE, (tx) => tx.inbox.depth(site.settings.id));
      assert.equal(left.hints, 0, 'the one answer answers them all');
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'a hint that comes while its object is being read leads to another question',
    needs: ['webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      await site.world.quiet();
      const held = site.gateway.hold('', 'answer');
      const fetching = site.fetch();
      await held.reached;
      await site.world.staff.move(key, at(1, 10));
      await site.world.quiet();
      held.release();
      await fetching;
      await site.fetch();
      const asked = site.gateway.seen.filter(({ call }) => site.world.fetches(call, key));
      assert.equal(asked.length, 2);
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'an answer that was read before another one and comes after it changes nothing',
    needs: ['webhook', 'fetch', 'poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      await site.world.quiet();
      const held = site.gateway.hold('', 'answer');
      const fetching = site.fetch();
      await held.reached;
      await site.world.staff.move(key, at(1, 10));
      await site.world.quiet();
      await site.poll();
      await rig.apply();
      held.release();
      await fetching;
      await rig.apply();
      const all = await versions(rig, await appointmentId(rig, site, key));
      assert.equal(Date.parse(all.at(-1)?.start ?? ''), at(1, 10));
      await site.fetch();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'hints survive an outage of the site and are answered when it is back',
    needs: ['webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      await site.world.quiet();
      await site.world.fault({ outage: true });
      await site.fetch();
      assert.equal((await rig.store.read(SCOPE, (tx) => tx.inbox.depth(site.settings.id))).hints > 0, true);
      await site.world.fault({ outage: false });
      rig.clock.jump(600_000);
      await site.news();
      await compareWithTruth(rig, site);
    },
  },
];

export const loadRules: readonly Rule[] = [
  {
    name: 'loading twice stores nothing the second time, also when the first one was cut short',
    needs: ['load'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      const { staff, calendars } = site.world;
      await staff.book({ calendar: calendars[0], start: at(1, 9), person: 1 });
      await staff.book({ calendar: calendars[1], start: at(8, 9), person: 2 });
      await site.world.fault({ outage: { times: 100, match: '' } });
      await assert.rejects(site.load());
      await site.world.fault({ outage: false });
      await site.load();
      await rig.apply();
      const rows = await depth(rig);
      await site.load();
      assert.equal(await depth(rig), rows);
      // A kill between the last row and the mark that the load is done: everything is read again.
      const { load } = site.connector;
      assert.ok(load !== undefined);
      for await (const batch of load.run(new AbortController().signal)) {
        const stored = await rig.receiver.store(site.settings.id, 'load', batch, null);
        assert.deepEqual(
          stored.filter((one) => one.kind === 'inserted'),
          [],
        );
      }
    },
  },
  {
    name: 'load and poll together bring everything that is booked at go-live',
    needs: ['load', 'poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      const { staff, calendars } = site.world;
      await staff.book({ calendar: calendars[0], start: at(0, 9), person: 1 });
      await staff.book({ calendar: calendars[1], start: at(1, 9), person: 2 });
      await staff.book({ calendar: calendars[0], start: at(8, 9), person: 3 });
      await staff.book({ calendar: calendars[1], start: at(22, 9), person: 4 });
      await site.load();
      await site.poll();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'live news beats a row of the load that was read before it',
    needs: ['load', 'webhook', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      // Beyond what polling reads: only the load lists it.
      const key = await site.world.staff.book({ calendar: site.world.calendars[0], start: at(8, 9) });
      await site.world.quiet();
      const { load } = site.connector;
      assert.ok(load !== undefined);
      const rows = [];
      for await (const batch of load.run(new AbortController().signal)) rows.push(...batch);
      await site.world.staff.move(key, at(8, 10));
      await site.news();
      await rig.receiver.store(site.settings.id, 'load', rows, null);
      await rig.apply();
      const all = await versions(rig, await appointmentId(rig, site, key));
      assert.equal(Date.parse(all.at(-1)?.start ?? ''), at(8, 10));
      await compareWithTruth(rig, site);
    },
  },
];

async function threeMoves(rig: Rig, key: string): Promise<void> {
  const all = await versions(rig, await appointmentId(rig, rig.site, key));
  assert.deepEqual(
    all.map((one) => Date.parse(one.start ?? '')),
    [at(1, 9), at(1, 10), at(1, 9)],
  );
  await compareWithTruth(rig, rig.site);
}
