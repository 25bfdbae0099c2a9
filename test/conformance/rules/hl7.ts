/** HL7 v2 feeds: frames in, acknowledgement after the commit, the states that the triggers mean, repeats once. */
import assert from 'node:assert/strict';
import type { Rule } from '../connector.ts';
import { openRig, type Rig } from '../harness.ts';
import { appointmentId, at, messages, span, versions } from '../sight.ts';
import { control, rowsOf, textOf, type Row } from '../control.ts';
import { compareWithTruth, queryOf } from '../truth.ts';
import { until } from '../clock.ts';

const NEEDS = ['hl7'] as const;

async function sent(rig: Rig): Promise<readonly Row[]> {
  return rowsOf((await control('GET', `${rig.site.world.url}/__sim/state?only=sent`))['sent']);
}

async function take(rig: Rig): Promise<void> {
  await rig.site.world.quiet();
  await rig.apply();
}

/** The last message that the site sent, as bytes. */
async function lastFrame(rig: Rig): Promise<string> {
  return textOf((await sent(rig)).at(-1)?.['text']);
}

async function statusesOf(rig: Rig, key: string): Promise<readonly string[]> {
  return (await versions(rig, await appointmentId(rig, rig.site, key))).map((one) => one.status);
}

export const hl7Rules: readonly Rule[] = [
  {
    name: 'booked, moved, changed, cancelled, deleted, not come: the hub says what the site says',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9), person: 1 });
      const cancelled = await staff.book({ calendar: calendars[0], start: at(1, 10), person: 2 });
      const missed = await staff.book({ calendar: calendars[1], start: at(1, 9), person: 3 });
      const wrong = await staff.book({ calendar: calendars[1], start: at(1, 10), person: 4 });
      await take(rig);
      await compareWithTruth(rig, rig.site);
      await staff.move(key, at(2, 9));
      await staff.cancel(cancelled);
      await staff.noShow?.(missed);
      await act(rig, 'delete', wrong);
      await act(rig, 'modify', key, { note: 'Bring the letter' });
      await take(rig);
      await compareWithTruth(rig, rig.site);
      assert.deepEqual(await Promise.all([cancelled, missed, wrong].map((one) => statusesOf(rig, one))), [
        ['booked', 'cancelled'],
        ['booked', 'noshow'],
        ['booked', 'entered-in-error'],
      ]);
      const told = (await sent(rig)).map((one) => one['state']);
      assert.ok(told.every((state) => state === 'accepted'));
    },
  },
  {
    name: 'an acknowledgement is sent after the commit: while storing fails nothing is acknowledged, then everything is',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      rig.store.fail('receive');
      await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await until(() => rig.store.failed >= 3);
      assert.deepEqual(await messages(rig, rig.site), []);
      assert.deepEqual(rig.mllp.answered, []);
      rig.store.heal();
      await take(rig);
      assert.equal((await messages(rig, rig.site)).length, 1);
      assert.equal(rig.mllp.answered.length, 1);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'the same bytes again are acknowledged and stored once',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars, fault } = rig.site.world;
      await fault({ duplicateWebhooks: true });
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await staff.move(key, at(1, 10));
      await take(rig);
      const told = (await sent(rig)).length;
      assert.ok(told >= 2);
      assert.equal(rig.mllp.answered.length, 2 * told);
      assert.equal((await messages(rig, rig.site)).length, told);
      await fault({ duplicateWebhooks: false, dropAnswer: { times: 1 } });
      await staff.move(key, at(1, 11));
      await take(rig);
      const all = (await sent(rig)).length;
      assert.ok(all > told);
      assert.equal((await messages(rig, rig.site)).length, all);
      // Much later, out of order: the first message of all.
      rig.clock.jump(3_600_000);
      const [first] = await sent(rig);
      const answer = await rig.mllp.receive(Buffer.from(textOf(first?.['text'])));
      assert.match(answer ?? '', /\rMSA\|[AC]A\|/);
      await rig.apply();
      assert.equal((await messages(rig, rig.site)).length, all);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'another message under a control id that was used before is applied',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await take(rig);
      const booked = await lastFrame(rig);
      await staff.cancel(key);
      await take(rig);
      const controlIds = [booked, await lastFrame(rig)].map((text) => text.split('|')[9] ?? '');
      const [used = '', next = ''] = controlIds;
      assert.notEqual(used, next);
      await staff.book({ calendar: calendars[0], start: at(1, 10), person: 2 });
      await take(rig);
      const other = await lastFrame(rig);
      const again = other.replace(`|${other.split('|')[9] ?? ''}|`, `|${used}|`);
      const rows = (await messages(rig, rig.site)).length;
      await rig.mllp.receive(Buffer.from(again));
      await rig.apply();
      assert.equal((await messages(rig, rig.site)).length, rows + 1);
      assert.equal((await messages(rig, rig.site)).at(-1)?.status, 'applied');
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'messages in the wrong order end in the newest state',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars, fault } = rig.site.world;
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await take(rig);
      await fault({ outage: true });
      await staff.move(key, at(1, 10));
      // Moments of change are told in whole seconds by some senders.
      rig.clock.jump(1_000);
      await staff.move(key, at(1, 11));
      rig.clock.jump(1_000);
      await staff.cancel(key);
      await fault({ outage: false, reorderWebhooks: { times: 3 } });
      await take(rig);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'frames in pieces of a few bytes are the same messages',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars, fault } = rig.site.world;
      await fault({ chunkBytes: 7 });
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await staff.move(key, at(1, 10));
      await take(rig);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'time that the site blocks is busy for its people until it is opened',
    needs: NEEDS,
    staff: ['block', 'unblock'],
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      const key = (await staff.block?.(calendars[0], span(at(1, 9), 60))) ?? '';
      await take(rig);
      const busy = async (): Promise<number> =>
        (await queryOf(rig)(`SELECT FROM busy WHERE live AND origin = 'block'`, [])).rows.length;
      assert.equal(await busy(), 1);
      await staff.unblock?.(key);
      await take(rig);
      assert.equal(await busy(), 0);
      await compareWithTruth(rig, rig.site);
    },
  },
  {
    name: 'what is not taken is refused and not stored: another sender, another trigger, no header',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await take(rig);
      const frame = await lastFrame(rig);
      const rows = (await messages(rig, rig.site)).length;
      const fields = frame.split('|');
      const [application = '', facility = ''] = [fields[2], fields[3]];
      const others = [
        frame.replace(`|${application}|${facility}|`, '|SOMEBODY|ELSE|'),
        frame.replace(/SIU\^S12|ADT\^A05/, 'SIU^S99'),
        frame.slice(3),
      ];
      for (const other of others) {
        const answer = await rig.mllp.receive(Buffer.from(other));
        assert.match(answer ?? '', /\rMSA\|[AC]R\|/);
      }
      assert.equal((await messages(rig, rig.site)).length, rows);
    },
  },
  {
    name: 'a message that cannot be read is acknowledged, kept as it came, parked, and stops nothing else',
    needs: NEEDS,
    run: async (t, arrangement) => {
      const rig = await openRig(t, arrangement);
      const { staff, calendars } = rig.site.world;
      const key = await staff.book({ calendar: calendars[0], start: at(1, 9) });
      await take(rig);
      const frame = await lastFrame(rig);
      const broken = frame
        .split(/\r\n|\r|\n/)
        .filter((line) => !/^(SCH|PV1)/.test(line))
        .join('\r');
      const answer = await rig.mllp.receive(Buffer.from(broken));
      assert.match(answer ?? '', /\rMSA\|[AC]A\|/);
      await staff.cancel(key);
      await take(rig);
      const [parked] = (await messages(rig, rig.site)).filter((one) => one.status === 'parked');
      assert.deepEqual([parked?.stage, Buffer.from(parked?.body ?? []).toString()], ['map', broken]);
      assert.equal((await statusesOf(rig, key)).at(-1), 'cancelled');
    },
  },
];

async function act(rig: Rig, action: string, key: string, more: Row = {}): Promise<void> {
  await control('POST', `${rig.site.world.url}/__sim/act`, { action, id: key.split('^')[0], ...more });
}
