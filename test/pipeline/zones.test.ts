/** One feed for clinics in three time zones over the change of clocks on 1 November 2026, to what is stored. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { place } from '../fixtures/siu/site.ts';
import { openSiu, siu, type SiuWorld } from './siu.ts';

const CLINICS = {
  chicago: place('America/Chicago', ['CHI']),
  indianapolis: place('America/Indiana/Indianapolis', ['IND']),
  phoenix: place('America/Phoenix', ['PHX']),
  unzoned: place('America/New_York', ['NYC']),
};

function three(t: Parameters<typeof openSiu>[0]): Promise<SiuWorld> {
  return openSiu(t, { timeZone: 'America/New_York', locations: CLINICS });
}

let number = 0;
/** Start and end of a visit at a clinic, as stored: instant and as a person reads it there. */
async function stored(world: SiuWorld, clinic: string, start: string, end = '', sent = '20261031180000-0500') {
  number += 1;
  const filler = `Z-${number}^HOSP`;
  const resources = ['RGS|1', ...(clinic === '' ? [] : [`AIL|1||${clinic}`]), 'AIP|1||ADA'];
  await world.send(siu('S12', { filler, sent, time: `^^M30^${start}^${end}`, resources }));
  const { during, resource } = await world.visit(filler);
  const at = during === null ? '' : new Date(during.start).toISOString().slice(0, 16);
  return [at, resource.start, resource.end] as const;
}

describe('a visit at nine on the wall', () => {
  it('is at another moment in each zone, before and after the change, whatever MSH-7 says', async (t) => {
    const world = await three(t);
    const starts = async (day: string): Promise<readonly string[]> => {
      const found = [];
      for (const clinic of ['CHI', 'IND', 'PHX', '']) found.push((await stored(world, clinic, `${day}090000`))[0]);
      return found;
    };
    assert.deepEqual(await starts('20261031'), [
      '2026-10-31T14:00', '2026-10-31T13:00', '2026-10-31T16:00', '2026-10-31T13:00',
    ]); // prettier-ignore
    assert.deepEqual(await starts('20261101'), [
      '2026-11-01T15:00', '2026-11-01T14:00', '2026-11-01T16:00', '2026-11-01T14:00',
    ]); // prettier-ignore
  });

  it('shows the offset of its place', async (t) => {
    const world = await three(t);
    const shown = async (clinic: string, day: string): Promise<string | undefined> =>
      (await stored(world, clinic, `${day}090000`))[1]?.slice(16);
    assert.equal(await shown('CHI', '20261031'), ':00-05:00');
    assert.equal(await shown('CHI', '20261101'), ':00-06:00');
    assert.equal(await shown('PHX', '20261101'), ':00-07:00');
    assert.equal(await shown('', '20261101'), ':00-05:00', "no place: the site's zone");
  });

  it('keeps the offset of its place when a later message names no place', async (t) => {
    const world = await three(t);
    const resources = ['RGS|1', 'AIL|1||PHX', 'AIP|1||ADA'];
    await world.send(siu('S12', { time: '^^M30^20261101090000', resources }));
    await world.send(siu('S15', { sent: '20261122130000', time: '', resources: [] }));
    assert.equal((await world.visit()).resource.start, '2026-11-01T09:00:00-07:00');
  });

  it('that says its own offset is at that moment', async (t) => {
    const world = await three(t);
    assert.equal((await stored(world, 'PHX', '20261101090000-0500'))[0], '2026-11-01T14:00');
  });
});

describe('the hour that comes twice, or never', () => {
  it('is the earlier of the two; a visit over it lasts as long as it is said to last', async (t) => {
    const world = await three(t);
    const [at, start, end] = await stored(world, 'CHI', '20261101013000');
    assert.deepEqual([at, start, end], ['2026-11-01T06:30', '2026-11-01T01:30:00-05:00', '2026-11-01T01:00:00-06:00']);
    assert.equal((await stored(world, 'PHX', '20261101013000'))[0], '2026-11-01T08:30', 'Phoenix has one such hour');
  });

  it('that the clocks leave out in spring is read as the moment after it', async (t) => {
    const world = await three(t);
    const [at, start] = await stored(world, 'CHI', '20270314023000', '', '20270301120000');
    assert.deepEqual([at, start], ['2027-03-14T08:30', '2027-03-14T03:30:00-05:00']);
  });

  it('with its offset is the one that is meant', async (t) => {
    const world = await three(t);
    assert.equal((await stored(world, 'CHI', '20261101013000-0600'))[0], '2026-11-01T07:30');
    assert.equal((await stored(world, 'CHI', '20261101013000-0500'))[0], '2026-11-01T06:30');
  });
});

describe('two clinics of one person', () => {
  it('are one calendar: what is nine in one zone is ten in the next', async (t) => {
    const world = await three(t);
    await stored(world, 'CHI', '20261101090000');
    await stored(world, 'IND', '20261101100000');
    const rows = await world.rows('SELECT DISTINCT lower(during) AS at FROM busy');
    assert.equal(rows.length, 1);
  });
});
