/**
 * The vendor's limits: what it says to wait is waited, by all who share the limit, and the limit itself is never
 * reached.
 */
import assert from 'node:assert/strict';
import { until } from '../clock.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, cursorOf, patientOf, slotAt } from '../sight.ts';
import { compareWithTruth } from '../truth.ts';

const RETRY_AFTER_S = 7;
/** Between the answer and its being read. */
const SLACK_MS = 1_500;

/** Pages until one is stored; how long the connector stayed silent after the first call. */
async function silenceAfterFirst(rig: Rig): Promise<number> {
  const { site } = rig;
  const from = site.gateway.seen.length;
  for (let tries = 0; site.gateway.seen.length < from + 2 && tries < 5; tries += 1) {
    await site
      .pollPage()
      .catch((error: unknown) => assert.equal((error as { code?: string }).code, 'SITE_RATE_LIMITED'));
  }
  const [first, second] = site.gateway.seen.slice(from);
  assert.ok(first !== undefined && second !== undefined);
  return second.at - first.at;
}

export const limitRules: readonly Rule[] = [
  {
    name: 'after 429 nobody calls before Retry-After has passed, and nothing is lost',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[0], start: at(1, 9) });
      site.gateway.answer('', { status: 429, headers: { 'retry-after': String(RETRY_AFTER_S) } });
      const silence = await silenceAfterFirst(rig);
      assert.ok(silence >= RETRY_AFTER_S * 1000, `it called again after ${silence} ms`);
      await site.poll();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'after 429 to one site the others that share its limit are silent as well',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { sites: [{ id: 'one' }, { id: 'other' }], webhooks: false });
      const [one, other] = [rig.siteOf('one'), rig.siteOf('other')];
      one.gateway.answer('', { status: 429, headers: { 'retry-after': String(RETRY_AFTER_S) } });
      const first = one.pollPage().catch((error: unknown) => error);
      await until(() => one.gateway.seen.length > 0);
      // The answer is on its way back: a call that left with it could not have known.
      await until(() => one.gateway.answered > 0);
      const told = rig.clock.monotonic();
      await other.pollPage();
      await first;
      const [heard] = other.gateway.seen;
      assert.ok(
        heard !== undefined && heard.at - told >= RETRY_AFTER_S * 1000 - SLACK_MS,
        `after ${(heard?.at ?? 0) - told} ms`,
      );
    },
  },
  {
    name: 'Retry-After as a date is waited for as well',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const date = new Date(rig.clock.now() + RETRY_AFTER_S * 1000 + 999).toUTCString();
      rig.site.gateway.answer('', { status: 429, headers: { 'retry-after': date } });
      const silence = await silenceAfterFirst(rig);
      assert.ok(silence >= (RETRY_AFTER_S - 1) * 1000, `it called again after ${silence} ms`);
    },
  },
  {
    name: 'what the site answers in place of 429 is taken as "too many calls" and waited out',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      for (const canned of site.world.throttles) {
        site.gateway.answer('', canned, 1_000);
        const cursor = await cursorOf(rig, site);
        await assert.rejects(site.pollPage(), { code: 'SITE_RATE_LIMITED' });
        assert.deepEqual(await cursorOf(rig, site), cursor);
        site.gateway.answer('', canned, 0);
        await site.poll();
      }
    },
  },
  {
    name: 'a site that forbids a call is not asked again and again',
    needs: ['poll'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, { webhooks: false });
      const { site } = rig;
      for (const [status, code] of [
        [401, 'SITE_LOGIN_REFUSED'],
        [403, 'SITE_FORBIDS'],
      ] as const) {
        const from = site.gateway.seen.length;
        site.gateway.answer('', { status, body: '{"status_code":403,"message":"no","error":"forbidden"}' }, 100);
        await assert.rejects(site.pollPage(), { code });
        assert.equal(site.gateway.seen.length - from, 1);
        site.gateway.answer('', { status }, 0);
      }
    },
  },
  {
    name: 'all sites behind one limit together stay below it',
    needs: ['poll', 'availability'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement, {
        limits: true,
        sites: [
          { id: 'one', calendar: 'first' },
          { id: 'other', at: 'one', calendar: 'second' },
        ],
      });
      // In real time: it is the simulator's own limit that must not be met.
      const signal = new AbortController().signal;
      await Promise.all(
        rig.sites.flatMap(({ connector, world }, index) => {
          const { poll, availability } = connector;
          assert.ok(poll !== undefined && availability !== undefined);
          const calendar = world.calendars[index] ?? '';
          const ask = (day: number): Promise<unknown> =>
            availability.ask(
              { calendar, visitType: world.visitType, window: { start: at(day, 0), end: at(day + 1, 0) } },
              'patient',
              signal,
            );
          return [poll.page(null, signal), ...[0, 1, 2, 3, 4, 7, 8, 9, 10].map(ask)];
        }),
      );
      assert.equal(await rig.site.world.throttled(), 0);
    },
  },
  {
    name: 'a booking does not wait behind the polls of all sites that share the limit',
    needs: ['poll', 'book', 'availability', 'load'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      await site.world.staff.book({ calendar: site.world.calendars[1], start: at(1, 9) });
      await site.settle();
      const slot = await slotAt(rig, site, at(1, 10));
      const patient = await patientOf(rig, site);
      // Every poll hangs at the site; the booking's own calls go through.
      const held = site.gateway.hold('', 'call');
      const polling = site.pollPage();
      await held.reached;
      const { bookingId } = await site.place(slot.id, patient);
      await site.deliver();
      assert.equal((await site.booking(bookingId)).state, 'booked');
      held.release();
      await polling;
      await site.settle();
      await compareWithTruth(rig, site);
    },
  },
];
