/** Our copy held against all that a site has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompleteWindow, Reconcile, SiteState } from '../../src/connectors/contract.ts';
import { HubError } from '../../src/core/errors.ts';
import { sha256 } from '../../src/core/ids.ts';
import type { AppointmentChange, Mapping } from '../../src/mappings/contract.ts';
import { planProofs, reconcileNext, type ReconcileDeps } from '../../src/pipeline/reconcile.ts';
import type { Completeness } from '../../src/store/contract-proofs.ts';
import { BOB, during, MONDAY, openWorld, siteOf, visit, type World } from '../support/builders.ts';
import type { Cleanup } from '../support/database.ts';

const NEVER = new AbortController().signal;
const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);
const WINDOW = { calendar: 'n1', window: MONDAY };

const mapping: Mapping = {
  accepts: ['test'],
  map: ({ body, readAt, receivedAt }) => {
    const { changes } = JSON.parse(Buffer.from(body).toString('utf8')) as { changes: AppointmentChange[] };
    return { kind: 'changes', changes: changes.map((one) => ({ ...one, at: readAt ?? receivedAt })), warnings: [] };
  },
};

interface Site {
  readonly world: World;
  /** What the site has. */
  has: readonly AppointmentChange[];
  fails: boolean;
  /** One round: the most overdue window, and what comes of it is applied. */
  round(): Promise<boolean>;
  completeness(): Promise<Completeness | undefined>;
}

async function opened(t: Cleanup): Promise<Site> {
  const world = await openWorld(t);
  const { store, clock } = world;
  const stateOf = (change: AppointmentChange): SiteState => {
    const text = JSON.stringify({ changes: [change] });
    const object = `appointment:${change.key}`;
    const said = { shape: 'state', kind: 'test', object, sequenceKeys: [object], digest: sha256(text) } as const;
    return { ...said, contentType: 'application/json', body: Buffer.from(text), readAt: clock.now() };
  };
  const reconcile: Reconcile = {
    windows: () => [WINDOW],
    list: () => {
      if (site.fails) throw new HubError('SITE_UNREACHABLE', { site: 'north' });
      const messages = site.has.map(stateOf);
      const objects = messages.map(({ object }) => object);
      const complete: CompleteWindow[] = [{ objectKind: 'appointment', ...WINDOW, objects, readAt: clock.now() }];
      return Promise.resolve({ messages, complete });
    },
  };
  const { events } = world.deliverDeps;
  const plan = (): World['plan'] => world.plan;
  const deps: ReconcileDeps = { store, clock, events, plan, mappingOf: () => mapping, stored: () => undefined };
  const north = world.plan.sites.find(({ id }) => id === 'north') ?? siteOf('north');
  const asked = { ...north, poll: { ...north.poll, reconcileEvery_min: 60 } };
  const site: Site = {
    world,
    has: [],
    fails: false,
    async round() {
      const done = await reconcileNext(deps, asked, { reconcile }, NEVER);
      await world.apply();
      return done;
    },
    completeness: async () => (await world.read((tx) => tx.proofs.completeness())).find((one) => one.site === 'north'),
  };
  await planProofs(deps, asked, reconcile);
  return site;
}

const hints = async ({ world }: Site): Promise<readonly unknown[]> =>
  (await world.rows('SELECT object FROM hint_queue')).map((row) => row['object']);

describe('a window', () => {
  it('is proven where count and hash are the same, and is asked for again when its time has come', async (t) => {
    const site = await opened(t);
    assert.deepEqual(await site.completeness().then((one) => [one?.share, one?.unproven.length]), [0, 1]);
    await site.world.tell('north', visit('N1', 'n1', NINE));
    await site.world.tell('north', visit('N2', 'n1', TEN, { status: 'cancelled' }));
    site.has = [visit('N1', 'n1', NINE), visit('N2', 'n1', TEN, { status: 'cancelled' })];
    site.world.clock.advance(1_000);
    assert.equal(await site.round(), true);
    assert.deepEqual(await site.completeness(), {
      site: 'north',
      windows: 1,
      proven: 1,
      share: 1,
      provenSince: site.world.clock.now(),
      lastProvenAt: site.world.clock.now(),
      unproven: [],
    });
    assert.equal(await site.round(), false);
    site.world.clock.advance(3_600_000);
    assert.equal(await site.round(), true);
  });

  it('that differs is repaired by what the site has listed, and proven when it is the same', async (t) => {
    const site = await opened(t);
    const { world } = site;
    await world.tell('north', visit('N1', 'n1', NINE));
    site.has = [visit('N1', 'n1', TEN), visit('N3', 'n1', NINE, { patients: [BOB] })];
    world.clock.advance(1_000);
    await site.round();
    assert.equal((await site.completeness())?.unproven[0]?.differences, 2);
    assert.equal((await world.appointment('north', 'N1')).during?.start, TEN.start);
    assert.equal((await world.appointment('north', 'N3')).during?.start, NINE.start);
    world.clock.advance(15_000);
    await site.round();
    assert.equal((await site.completeness())?.share, 1);
  });

  it('with a visit that the site no longer has gets it looked up, and believes nothing before that', async (t) => {
    const site = await opened(t);
    const { world } = site;
    await world.tell('north', visit('N1', 'n1', NINE));
    world.clock.advance(1_000);
    await site.round();
    assert.deepEqual(await hints(site), ['appointment:N1']);
    assert.equal((await world.appointment('north', 'N1')).resource.status, 'booked');
    assert.equal((await site.completeness())?.share, 0);
  });

  it('whose news was received and lost on the way is repaired although the site says nothing new', async (t) => {
    const site = await opened(t);
    const { world } = site;
    site.has = [visit('N1', 'n1', NINE)];
    await site.round();
    // Whatever it was that went wrong: the copy says something else than the last state received.
    await world.rows(`UPDATE appointment SET start_at = start_at + interval '2 hours'`);
    for (const wait_ms of [3_600_000, 15_000, 15_000]) {
      world.clock.advance(wait_ms);
      await site.round();
    }
    assert.equal((await world.appointment('north', 'N1')).during?.start, NINE.start);
    assert.equal((await site.completeness())?.share, 1);
  });

  it('that cannot be asked for stays as it was proven, and is tried again', async (t) => {
    const site = await opened(t);
    await site.round();
    site.fails = true;
    site.world.clock.advance(3_600_000);
    await site.round();
    assert.equal((await site.completeness())?.share, 1);
    assert.equal(await site.round(), false);
    site.world.clock.advance(300_000);
    assert.equal(await site.round(), true);
  });
});
