/** A replay window that ends before what was received in it is applied. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hl7v2Mapping } from '../../src/mappings/hl7v2/index.ts';
import {
  beginReplayWindow,
  endReplayWindow,
  watchBursts,
  type ReplayWindowDeps,
} from '../../src/pipeline/replay-window.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import { hl7Settings, hl7Site } from '../fixtures/siu/site.ts';
import { feedWorld, siu, type FeedWorld } from '../identity/feed-world.ts';
import { SCOPE, testPlan } from '../support/facts.ts';

function windowsOf(world: FeedWorld, site: SiteSettings): ReplayWindowDeps {
  return {
    store: world.store,
    clock: world.clock,
    plan: () => testPlan([site]),
    mappingOf: () => hl7v2Mapping,
    events: { replayWindow: () => undefined },
  };
}

test('what was sent again within a window changes nothing, also when it is applied after its end', async (t) => {
  const site = hl7Site();
  const world = await feedWorld(t, site);
  const deps = windowsOf(world, site);
  const plain = (...said: Parameters<typeof siu>): string => siu(...said).replace(/EVN[^\r]*\r/, '');
  const booked = plain('S12', '20261122050000', 'F1', '1', { visit: 'V1' });
  const [first = 0] = await world.tell(booked);
  await world.tell(plain('S14', '20261122050500', 'F1', '1', { visit: 'V2' }));
  const before = (await world.visit('F1^HOSP_A'))?.body;
  world.clock.advance(1_000);
  await beginReplayWindow(deps, SCOPE, site.id, {});
  world.clock.advance(1_000);
  const again = await world.store1(
    booked.replace('|20261122050000||SIU', '|20261122055900||SIU').replace(/\|C\d+\|/, '|E1|'),
  );
  world.clock.advance(1_000);
  await endReplayWindow(deps, SCOPE, site.id);
  await watchBursts(deps, SCOPE);
  await world.apply();
  assert.deepEqual((await world.visit('F1^HOSP_A'))?.body, before);
  assert.match((await world.message(again)).reason ?? '', new RegExp(`message ${first} said`));
  await watchBursts(deps, SCOPE);
  assert.deepEqual(await world.rows('SELECT 1 FROM replay_known'), [], 'kept no longer than it is of use');
});

for (const place of ['settings', 'settings.hl7']) {
  test(`a burst begins a window where the feed has its settings in ${place}`, async (t) => {
    const settings = { ...hl7Settings({ burst_per_5min: 2 }) };
    const site = hl7Site({ settings: place === 'settings' ? settings : { hl7: settings } });
    const world = await feedWorld(t, site);
    const deps = windowsOf(world, site);
    const begun = (): Promise<readonly unknown[]> => world.rows('SELECT began_by FROM replay_window');
    await world.tell(siu('S12', '20261122050000', 'F1', '1'));
    await watchBursts(deps, SCOPE);
    assert.deepEqual(await begun(), []);
    await world.tell(siu('S12', '20261122050100', 'F2', '1'));
    await watchBursts(deps, SCOPE);
    assert.deepEqual(await begun(), [{ began_by: 'hub:burst' }]);
  });
}
