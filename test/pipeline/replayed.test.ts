/** What is applied again, or late, and must not change what later news has said. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSiu, siu, TEN, type SiuWorld } from './siu.ts';

const at = (minute: number): string => `2026112212${String(minute).padStart(2, '0')}`;
const time = (from: string, to: string): string => `^^^20261123${from}00^20261123${to}00`;
const ADA = ['RGS|1', 'AIP|1||ADA'];

function block(trigger: 'S23' | 'S24', filler: string, minute: number, from = '0900', to = '1000'): string {
  return siu(trigger, { filler, patients: [], resources: ADA, time: time(from, to), sent: at(minute) });
}

async function again(world: SiuWorld, id: number): Promise<void> {
  await world.write((tx) => tx.inbox.replay(id, world.clock.now()));
  await world.apply();
}

/** All that is stored of visits, time and slots, without the times at which it was stored. */
async function state(world: SiuWorld): Promise<unknown> {
  const visits = await world.rows(
    'SELECT id, site_key, status, start_at, end_at, patients, actors, tokens, ordered_at FROM appointment ORDER BY id',
  );
  return { visits, busy: await world.busy() };
}

describe('time that was opened', () => {
  it('and closed again later under another id stays closed when the opening is replayed', async (t) => {
    const clinic = await openSiu(t);
    await clinic.send(block('S23', 'B-1^HOSP', 0));
    const opening = await clinic.send(block('S24', 'B-1^HOSP', 1));
    await clinic.send(block('S23', 'B-2^HOSP', 2, '0930', '1030'));
    await again(clinic, opening);
    assert.deepEqual(await clinic.busy(), ['ADA 09:30-10:30']);
  });

  it('stays closed where the opening that comes late is older than the block', async (t) => {
    const clinic = await openSiu(t);
    await clinic.send(block('S23', 'B-2^HOSP', 5));
    await clinic.send(block('S24', 'B-1^HOSP', 1));
    assert.deepEqual(await clinic.busy(), ['ADA 09:00-10:00']);
  });
});

describe('a replay of any one message', () => {
  it('of a visit whose resources came and went leaves it as it was', async (t) => {
    const clinic = await openSiu(t);
    const ids: number[] = [];
    const changes = (trigger: string, minute: number, ...resources: readonly string[]): string =>
      siu(trigger, { sent: at(minute), time: '', patients: [], resources: ['RGS|1', ...resources] });
    ids.push(await clinic.send(siu('S12')));
    ids.push(await clinic.send(changes('S18', 1, 'AIP|1|A|BEN')));
    ids.push(await clinic.send(changes('S19', 1, 'AIL|1|U|ROOM1')));
    ids.push(await clinic.send(changes('S20', 2, 'AIP|1|D|BEN')));
    ids.push(await clinic.send(changes('S18', 3, 'AIG|1|A|US1')));
    ids.push(await clinic.send(siu('S13', { sent: at(4), time: TEN })));
    ids.push(await clinic.send(changes('S18', 4, 'AIP|1|A|BEN')));
    const before = await state(clinic);
    for (const id of ids) {
      await again(clinic, id);
      assert.deepEqual(await state(clinic), before, `message ${id}`);
    }
  });

  it('of a visit that got another id leaves both as they were', async (t) => {
    const clinic = await openSiu(t);
    const first = await clinic.send(siu('S12', { placer: 'P-1^HOSP' }));
    const second = await clinic.send(siu('S13', { placer: 'P-1^HOSP', filler: 'F-2^HOSP', time: TEN, sent: at(1) }));
    const before = [await state(clinic), (await clinic.visit('F-2^HOSP')).resource];
    await again(clinic, second);
    await again(clinic, first);
    assert.deepEqual([await state(clinic), (await clinic.visit('F-2^HOSP')).resource], before);
  });
});

describe('a late opening', () => {
  it('opens its part though another part was opened later', async (t) => {
    const clinic = await openSiu(t);
    await clinic.send(block('S23', 'B-1^HOSP', 0, '0900', '1200'));
    await clinic.send(block('S24', 'B-3^HOSP', 5, '0900', '1000'));
    await clinic.send(block('S24', 'B-4^HOSP', 3, '1100', '1200'));
    assert.deepEqual(await clinic.busy(), ['ADA 10:00-11:00']);
  });
});
