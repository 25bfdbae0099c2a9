/**
 * What the vendor sends by itself: only the genuine is taken, and neither repeats, nor order, nor loss change where it
 * all ends.
 */
import assert from 'node:assert/strict';
import type { RawRequest } from '../../../src/connectors/contract.ts';
import type { ErrorCode } from '../../../src/core/error-catalogue.ts';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { at, messages } from '../sight.ts';
import { queryOf, compareWithTruth } from '../truth.ts';
import { receiveWebhook } from '../ways-in.ts';

const NEEDS = ['webhook'] as const;

/** One that the vendor really sent. */
async function genuine(rig: Rig): Promise<RawRequest> {
  const { world, settings } = rig.site;
  await world.staff.book({ calendar: world.calendars[0], start: at(1, 9) });
  await world.quiet();
  const heard = rig.intake.heard.find((one) => one.site === settings.id);
  assert.ok(heard !== undefined, 'the site has sent no webhook');
  return heard.request;
}

async function receive(rig: Rig, request: RawRequest): Promise<number> {
  return receiveWebhook(rig.site.settings.id, rig.site.connector, rig.receiver, rig.clock, request);
}

async function refuses(rig: Rig, request: RawRequest, codes: readonly ErrorCode[]): Promise<void> {
  const rows = (await messages(rig, rig.site)).length;
  await assert.rejects(receive(rig, request), (error: Error & { code?: ErrorCode }) => {
    assert.ok(error.code !== undefined && codes.includes(error.code), error.message);
    return true;
  });
  assert.equal((await messages(rig, rig.site)).length, rows, 'something was stored');
}

/** Every header that can prove the sender: all but what any client sends. */
const ORDINARY = new Set([
  'host',
  'connection',
  'content-type',
  'content-length',
  'user-agent',
  'accept',
  'accept-language',
  'accept-encoding',
  'sec-fetch-mode',
]);

export const webhookRules: readonly Rule[] = [
  {
    name: 'a genuine webhook is stored before it is answered, and leads to what it tells of',
    needs: [...NEEDS, 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const request = await genuine(rig);
      const before = await messages(rig, rig.site);
      assert.ok(before.some((one) => one.via === 'webhook' && Buffer.from(one.body).equals(request.body)));
      assert.equal(await receive(rig, request), 200);
      await rig.site.news();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'a webhook without its signature, or with another, is refused and not stored',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const request = await genuine(rig);
      const proofs = Object.keys(request.headers).filter((name) => !ORDINARY.has(name));
      assert.ok(proofs.length > 0, 'nothing proves the sender');
      const without = Object.fromEntries(Object.entries(request.headers).filter(([name]) => ORDINARY.has(name)));
      await refuses(rig, { ...request, headers: without }, ['SIGNATURE_MISSING']);
      for (const name of proofs) {
        const sent = request.headers[name] ?? '';
        for (const forged of [`${sent.slice(0, -2)}AA`, sent.slice(0, 10), '', sent.toLowerCase(), `${sent}${sent}`]) {
          if (forged === sent) continue;
          const headers = { ...request.headers, [name]: forged };
          await refuses(rig, { ...request, headers }, ['SIGNATURE_MISSING', 'SIGNATURE_WRONG']);
        }
      }
    },
  },
  {
    name: 'a webhook whose body was cut short or changed by one byte is refused and not stored',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const request = await genuine(rig);
      const { body } = request;
      const changed = Uint8Array.from(body, (byte, index) => (index === body.length - 1 ? byte ^ 1 : byte));
      for (const other of [body.slice(0, -1), body.slice(0, body.length / 2), new Uint8Array(), changed]) {
        await refuses(rig, { ...request, body: other }, ['SIGNATURE_WRONG']);
      }
    },
  },
  {
    name: 'while storing fails no webhook is acknowledged, and the vendor sends it again',
    needs: [...NEEDS, 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { world } = rig.site;
      rig.store.fail('receive');
      await world.staff.book({ calendar: world.calendars[0], start: at(1, 9) });
      const request = await firstHeard(rig);
      await assert.rejects(receive(rig, request), { code: 'DISK_FULL' });
      assert.equal((await messages(rig, rig.site)).length, 0);
      rig.store.heal();
      // The vendor's own pause before its repeat.
      rig.clock.jump(10_000);
      await world.everything();
      await world.quiet();
      assert.ok((await messages(rig, rig.site)).length > 0);
      await rig.site.news();
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'webhooks that come twice, in any order, and again much later end in the same state',
    needs: [...NEEDS, 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const { staff, calendars, quiet, fault } = site.world;
      await fault({ duplicateWebhooks: true, reorderWebhooks: true });
      const first = await staff.book({ calendar: calendars[0], start: at(1, 9), person: 1 });
      const second = await staff.book({ calendar: calendars[1], start: at(1, 9), person: 2 });
      await staff.move(first, at(1, 10));
      await staff.cancel(second);
      await staff.move(first, at(1, 11));
      await quiet();
      await site.news();
      await compareWithTruth(rig, site);
      const rows = async (): Promise<unknown> =>
        (await queryOf(rig)('SELECT id, version FROM appointment ORDER BY id', [])).rows;
      const before = await rows();
      for (const { request } of rig.intake.heard.toReversed()) assert.equal(await receive(rig, request), 200);
      await site.news();
      assert.deepEqual(await rows(), before);
      await compareWithTruth(rig, site);
    },
  },
  {
    name: 'what lost webhooks would have told, polling finds',
    needs: [...NEEDS, 'poll', 'fetch'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { site } = rig;
      const { staff, calendars, fault } = site.world;
      const first = await staff.book({ calendar: calendars[0], start: at(1, 9), person: 1 });
      const second = await staff.book({ calendar: calendars[1], start: at(1, 9), person: 2 });
      await site.news();
      await fault({ loseWebhooks: true });
      await staff.move(first, at(2, 10));
      await staff.cancel(second);
      await staff.book({ calendar: calendars[1], start: at(2, 9), person: 3 });
      await site.news();
      await site.poll();
      await site.fetch();
      await rig.apply();
      await compareWithTruth(rig, site);
    },
  },
];

async function firstHeard(rig: Rig): Promise<RawRequest> {
  for (;;) {
    const [heard] = rig.intake.heard;
    if (heard !== undefined) return heard.request;
    await rig.clock.sleep(5);
  }
}
