import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { MINUTE_MS, plus } from '../../src/core/instant.ts';
import type { Resource, Slot } from '../../src/fhir/types.ts';
import { at, bookedIn, callerOf, freeSlots, patientsOf } from '../support/caller.ts';
import { MIDTOWN, NORTHSIDE, ORTIZ, RAO, THERAPY } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';
import { slotwire } from '../cli/terminal.ts';

const hub = await startHub(
  { after },
  {
    sites: [MIDTOWN, NORTHSIDE],
    configure: async (config) => {
      for (const site of [MIDTOWN, NORTHSIDE]) {
        await config.edit(`sites/${site}.yaml`, (file) => {
          // What no webhook tells is found by reconcile alone.
          file.setIn(['poll', 'every_s'], 3_600);
          file.setIn(['poll', 'reconcileEvery_min'], 1);
        });
      }
    },
  },
);
const caller = callerOf(hub);
const [midtown, northside] = [practiceOf(hub, MIDTOWN), practiceOf(hub, NORTHSIDE)];
const [patientId = ''] = await patientsOf(caller, MIDTOWN);

interface Task extends Resource {
  readonly status: string;
  readonly input?: readonly { readonly type: { readonly text?: string }; readonly valueString?: string }[];
}

async function slotsOf(calendar: string, site: string): Promise<readonly Slot[]> {
  const free = await freeSlots(caller, site, 'therapy-50');
  const { rows } = await hub.query(`SELECT id FROM slot WHERE site_key LIKE $1`, [`${calendar}:%`]);
  const ids = new Set(rows.map((row) => row['id']));
  return free.filter((slot) => ids.has(slot.id));
}

async function conflicts(status: string): Promise<readonly Task[]> {
  const answer = await callerOf(hub, 'admin').search<Task>(`Task?status=${status}&code=conflict`);
  return answer;
}

/** The site's completeness as `slotwire sites --json` tells it. */
async function completeness(): Promise<{ readonly share: number; readonly provenSince: string | null } | null> {
  const { out } = await slotwire(['sites', '--json'], { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path });
  const { sites } = JSON.parse(out) as {
    readonly sites: readonly {
      readonly id: string;
      readonly completeness: { readonly share: number; readonly provenSince: string | null } | null;
    }[];
  };
  return sites.find(({ id }) => id === MIDTOWN)?.completeness ?? null;
}

async function statusOf(key: string): Promise<unknown> {
  const { rows } = await hub.query(`SELECT status FROM appointment WHERE site = $1 AND site_key = $2`, [MIDTOWN, key]);
  return rows[0]?.['status'];
}

describe('what staff do behind the hub’s back is found', () => {
  test('one doctor booked at two sites is a conflict with places to move to, until one visit is moved', async () => {
    const [slot] = await slotsOf(RAO.midtown, MIDTOWN);
    assert.ok(slot !== undefined);
    const placed = bookedIn(await caller.settled(await caller.book({ slot, patientId })));
    const start = at(slot.start);
    const key = await northside.book({ calendar: RAO.northside, visitType: THERAPY.northside, start, person: 38 });
    const task = await eventually('the conflict is raised', async () => (await conflicts('requested'))[0] ?? null);
    const said = JSON.stringify(task);
    assert.ok(said.includes(placed.id ?? '-'), said);
    assert.match(said, /two-sites|hub-booking/);
    assert.match(said, /candidates/);
    await northside.move(key, plus(start, 6 * 60 * MINUTE_MS));
    await eventually('it is cleared', async () => (await conflicts('requested')).length === 0);
    assert.equal((await conflicts('completed')).length, 1);
  });

  test('a visit whose webhook was lost, and one that vanished, are found window by window', async () => {
    await eventually('all is proven', async () => (await completeness())?.share === 1);
    const slots = await slotsOf(ORTIZ, MIDTOWN);
    const [first, second] = [slots[2], slots[5]];
    assert.ok(first !== undefined && second !== undefined);
    const gone = await midtown.book({ calendar: ORTIZ, visitType: THERAPY.midtown, start: at(first.start) });
    await eventually('the first is known', async () => (await statusOf(gone)) === 'booked');
    await midtown.fault({ loseWebhooks: true });
    const lost = await midtown.book({
      calendar: ORTIZ,
      visitType: THERAPY.midtown,
      start: at(second.start),
      person: 3,
    });
    await midtown.act('delete-from-ui', { id: gone });
    assert.equal(await statusOf(lost), undefined);
    // A minute later, without waiting for it.
    await hub.query(`UPDATE proof SET due_at = now()`);
    await eventually('the lost one is found', async () => (await statusOf(lost)) === 'booked');
    await eventually('the vanished one is found', async () => (await statusOf(gone)) === 'cancelled');
    await hub.query(`UPDATE proof SET due_at = now()`);
    const known = await eventually('all is proven again', async () => {
      const now = await completeness();
      return now?.share === 1 && now;
    });
    assert.notEqual(known.provenSince, null);
    const { out } = await slotwire(['sites'], { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path });
    assert.match(out, new RegExp(`^${MIDTOWN} .* 100 %$`, 'm'));
  });
});
