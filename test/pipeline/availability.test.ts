/** Open time that a site computes, asked for window by window. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Availability } from '../../src/connectors/contract.ts';
import { sha256 } from '../../src/core/ids.ts';
import { type Instant } from '../../src/core/instant.ts';
import type { SlotStatement } from '../../src/mappings/contract.ts';
import { askWindows, planWindows } from '../../src/pipeline/availability.ts';
import { operations } from '../../src/pipeline/operate.ts';
import { during, MONDAY, offered, openWorld, SCOPE, slotKey, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NEVER = new AbortController().signal;
const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const [AT_NINE, AT_TEN] = [offered('n1', 't50', NINE), offered('n1', 't50', TEN)];

interface Site {
  readonly world: World;
  /** What it offers on Monday; `noise`: an answer that nobody can read. */
  offers: readonly SlotStatement[] | 'noise';
  /** Every window that is due is asked for, and what comes of it is applied. */
  round(): Promise<void>;
  /** When Monday was last confirmed. */
  confirmedAt(): Promise<Instant | null | undefined>;
  slotAt(start: Instant): Promise<string>;
}

async function opened(t: Cleanup): Promise<Site> {
  const world = await openWorld(t);
  const { store, clock } = world;
  const { events } = world.deliverDeps;
  const north = world.plan.sites.find(({ id }) => id === 'north');
  assert.ok(north);
  const availability: Availability = {
    pairs: () => Promise.resolve([{ calendar: 'n1', visitType: 't50' }]),
    window_days: 1,
    ask: ({ calendar, visitType, window }) => {
      const slots = window.start === MONDAY.start ? site.offers : [];
      const change = { kind: 'slots', at: clock.now(), calendar, visitType, window, slots };
      const said = slots === 'noise' ? { mapped: NOISE } : { changes: [change] };
      const object = `slots:${calendar}:${visitType}:${window.start}`;
      const body = Buffer.from(JSON.stringify(said));
      const base = { shape: 'state', kind: 'test', object, sequenceKeys: [object] } as const;
      const digest = sha256(JSON.stringify(slots));
      return Promise.resolve({ ...base, digest, contentType: 'application/json', body, readAt: clock.now() });
    },
  };
  const deps = { store, clock, events, stored: () => undefined };
  const site: Site = {
    world,
    offers: [AT_NINE, AT_TEN],
    async round() {
      while (await askWindows(deps, north, availability, NEVER));
      await world.apply();
    },
    confirmedAt: async () =>
      (await world.read((tx) => tx.feeds.windowAt('north', 'n1', 't50', NINE.start)))?.verifiedAt,
    slotAt: async (start) => (await world.slot('north', slotKey('n1', 't50', start))).siteStatus,
  };
  await planWindows(deps, north, availability, NEVER);
  await site.round();
  return site;
}

const NOISE = { kind: 'unreadable', issues: [{ code: 'MESSAGE_UNREADABLE', where: 'body', problem: 'no list' }] };

describe('a window of open time', () => {
  it('that lacks a slot makes it busy-unavailable under its id, and free again when it is offered again', async (t) => {
    const site = await opened(t);
    const { id } = await site.world.slot('north', slotKey('n1', 't50', NINE.start));
    for (const [offers, status] of [
      [[AT_TEN], 'busy-unavailable'],
      [[AT_NINE, AT_TEN], 'free'],
      [[], 'busy-unavailable'],
    ] as const) {
      site.offers = offers;
      site.world.clock.advance(600_000);
      await site.round();
      assert.equal(await site.slotAt(NINE.start), status);
      assert.equal((await site.world.slot('north', slotKey('n1', 't50', NINE.start))).id, id);
    }
  });

  it('of which the site says again what is known is confirmed with that', async (t) => {
    const site = await opened(t);
    site.world.clock.advance(600_000);
    await site.round();
    assert.equal(await site.confirmedAt(), site.world.clock.now());
  });

  it('whose last answer is parked is not confirmed by the same answer, until one of it is applied', async (t) => {
    const site = await opened(t);
    const { world } = site;
    const known = await site.confirmedAt();
    site.offers = 'noise';
    for (const wait_ms of [600_000, 600_000, 60_000]) {
      world.clock.advance(wait_ms);
      await site.round();
      assert.equal(await site.confirmedAt(), known);
    }
    assert.equal((await world.rows(`SELECT FROM inbox WHERE status = 'parked'`)).length, 1, 'one, however often');
    site.offers = [AT_TEN];
    world.clock.advance(60_000);
    await site.round();
    assert.equal(await site.confirmedAt(), world.clock.now());
    world.clock.advance(600_000);
    await site.round();
    assert.equal(await site.confirmedAt(), world.clock.now(), 'what is parked is older news by now');
  });

  it('whose unreadable answer was set aside is not confirmed by the same answer: nobody has read it', async (t) => {
    const site = await opened(t);
    const { world } = site;
    const known = await site.confirmedAt();
    const parked = (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
      world.rows(`SELECT id FROM inbox WHERE status = 'parked'`);
    site.offers = 'noise';
    world.clock.advance(600_000);
    await site.round();
    const { store, clock } = world;
    const by = operations({
      ...{ store, clock, preview: () => Promise.resolve(null), runner: () => undefined },
      ...{ configured: () => ['north'], waiting: () => undefined },
    });
    assert.equal(await by.release(SCOPE, Number((await parked())[0]?.['id']), 'r'), true);
    for (const wait_ms of [600_000, 600_000]) {
      world.clock.advance(wait_ms);
      await site.round();
      assert.equal(await site.confirmedAt(), known);
    }
    assert.equal((await parked()).length, 1, 'it is shown that it is still not read');
    site.offers = [AT_NINE, AT_TEN];
    world.clock.advance(600_000);
    await site.round();
    assert.equal(await site.confirmedAt(), world.clock.now());
  });
});
