/** A running site with templates: laid out by its loop, and anew when the catalogue gives its visits another length. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Connector, ConnectorKind } from '../../src/connectors/contract.ts';
import { runSite } from '../../src/pipeline/site-runner.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { eventually } from '../support/wait.ts';
import { hours, openTemplateWorld } from './template-world.ts';

const LISTENS: Connector = { check: () => Promise.resolve([]), close: () => Promise.resolve() };

it('a running site lays its slots out and cuts them anew when the catalogue changes', async (t) => {
  const world = await openTemplateWorld(t, {});
  await world.take({ ada: hours() });
  assert.equal((await world.shown('Z:30')).length, 12);
  const site = world.plan.sites.find(({ id }) => id === 'feed');
  assert.ok(site !== undefined);
  const { store, clock, events } = { ...world.deliverDeps };
  const runner = runSite(
    { ...world.deliverDeps, store, clock, events, stored: () => undefined },
    site,
    { name: 'feed' } as ConnectorKind,
    LISTENS,
  );
  t.after(() => runner.stop());
  const after = async (what: string, done: () => Promise<boolean>): Promise<void> => {
    await eventually(what, async () => {
      world.clock.advance(2_000);
      await world.apply();
      return done();
    });
  };
  await after('it is loaded', () => runner.loaded());
  const check = world.plan.hub.visitTypes['check-30'];
  assert.ok(check !== undefined);
  const visitTypes = { ...world.plan.hub.visitTypes, 'check-30': { ...check, duration_min: 60 } };
  world.plan = { ...world.plan, hub: { ...world.plan.hub, visitTypes } } satisfies Plan;
  await after('an hour each', async () => (await world.shown('Z:60')).length === 6);
  await after('none of half an hour', async () => (await world.shown('Z:30')).every((text) => !text.endsWith(' free')));
});
