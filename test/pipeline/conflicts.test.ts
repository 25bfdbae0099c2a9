/** When a visit is at risk, and when it is not any more. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../../src/booking/place.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { ANA, BOB, during, fed, offered, openWorld, SCOPE, slotKey, visit, type World } from '../support/builders.ts';

const NINE = during(9, 0, 50);
const TEN = during(10, 0, 50);

async function conflicts(world: World): Promise<number> {
  return (await world.read((tx) => tx.workItems.list(10))).filter((item) => item.kind === 'conflict').length;
}

describe('a conflict', () => {
  it('is one person taken at two sites, told once and cleared when one of the visits ends', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB] }));
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB], comment: 'again' }));
    assert.equal(await conflicts(world), 1);
    world.clock.advance(1_000);
    await world.tell('feed', fed('F1', during(9, 30), { patients: [BOB], status: 'cancelled' }));
    assert.equal(await conflicts(world), 0);
  });

  it('is a visit of the site over one that the hub placed', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), await world.patient('north'));
    await world.tell('north', visit('N9', 'n1', NINE, { patients: [BOB] }));
    assert.equal(await conflicts(world), 1);
    world.clock.advance(1_000);
    await world.tell('north', visit('N9', 'n1', TEN, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
  });

  it('is not two visits of one site, nor two that trade places, nor two that touch', async (t) => {
    const world = await openWorld(t);
    await world.tell('north', visit('N1', 'n1', NINE));
    await world.tell('north', visit('N2', 'n1', NINE, { patients: [BOB] }));
    await world.tell('feed', fed('F1', TEN));
    await world.tell('north', visit('N3', 'n1', { start: TEN.end, end: during(11, 30).start }, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
    world.clock.advance(1_000);
    await world.tell('north', visit('N1', 'n1', TEN), { apply: false });
    await world.tell('north', visit('N2', 'n1', TEN), { apply: false });
    await world.tell('feed', fed('F1', NINE), { apply: false });
    await world.apply();
    assert.equal(await conflicts(world), 0);
  });

  it('is not a block, nor a hold that its site has not answered', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const ana = await world.patient('north', ANA);
    await hold(
      world.resolveDeps,
      world.placing(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), ana),
      SCOPE,
    );
    const actor = { kind: 'practitioner', assertion: { code: 'ADA' } } as const;
    await world.tell('feed', { kind: 'block', at: world.clock.now(), key: 'B', actor, during: TEN, closed: true });
    await world.tell('north', visit('N9', 'n1', { start: NINE.start, end: TEN.end }, { patients: [BOB] }));
    assert.equal(await conflicts(world), 0);
  });

  it('is raised once the site has confirmed the hold over its own visit', async (t) => {
    const world = await openWorld(t);
    await world.offer('north', 'n1', 't50', [offered('n1', 't50', NINE)]);
    const ana = await world.patient('north', ANA);
    world.sites.north.onPlace = async (order) => {
      await world.tell('north', visit('N9', 'n1', NINE, { patients: [BOB] }));
      return {
        kind: 'booked',
        at: { key: 'K1', status: 'booked', start: order.start, end: order.end, calendar: 'n1' },
      };
    };
    await world.book(canonicalId.slot('north', slotKey('n1', 't50', NINE.start)), ana);
    await world.tell('north', visit('K1', 'n1', NINE));
    assert.equal(await conflicts(world), 1);
  });
});
