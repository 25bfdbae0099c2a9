/** What files of NPPES say against practitioners: a person is asked, and nobody is changed by it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { registryDesk } from '../../src/identity/registry-desk.ts';
import type { RegistryDesk } from '../../src/identity/contract-registry.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { RegistryEntry, RegistryFileKind } from '../../src/store/contract-registry.ts';
import { openWorld, type World } from '../support/builders.ts';
import { say, write } from './practitioners-told.ts';

const ANN = '1245319599';
const GROUP = '1679576722';
const asked = { scope: systemScope('test'), requestId: 'r-1' };
const entry = (npi: string, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  npi,
  entity: 1,
  family: null,
  otherFamily: null,
  taxonomy: null,
  deactivatedOn: null,
  ...more,
});
function deskOf(world: World): RegistryDesk {
  return registryDesk({ store: world.store, clock: world.clock, plan: () => world.plan });
}
async function load(
  world: World,
  fileDate: string,
  entries: readonly RegistryEntry[],
  kind: RegistryFileKind = 'providers',
): Promise<{ readonly opened: number; readonly closed: number }> {
  const desk = deskOf(world);
  await desk.put(kind, fileDate, entries);
  return desk.loaded(asked, { kind, fileDate, name: 'file.csv', scope: 'known', npis: entries.length });
}
async function doubts(world: World): Promise<readonly string[]> {
  const items = await world.read((tx) => tx.workItems.list(50));
  return items.filter(({ kind }) => kind === 'practitioner-conflict').map(({ subject }) => subject);
}
describe('a file of NPPES', () => {
  it('asks about the number of a group on a person, and changes nobody', async (t) => {
    const world = await openWorld(t);
    const before = await say(world, { code: 'K1', npi: GROUP, family: 'Lee', given: 'Ann' });
    assert.deepEqual(await load(world, '2026-02-08', [entry(GROUP, { entity: 2 })]), { opened: 1, closed: 0 });
    assert.deepEqual(await doubts(world), [`registry-organisation:feed:K1:${GROUP}`]);
    assert.deepEqual(await say(world, { code: 'K1', npi: GROUP, family: 'Lee', given: 'Ann' }), before);
    assert.ok(before.includes(canonicalId.practitionerByNpi(GROUP)));
    assert.deepEqual(await load(world, '2026-02-08', [entry(GROUP, { entity: 2 })]), { opened: 0, closed: 0 });
  });

  it('asks about a number that is not in use any more, and about another surname', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: 'K1', npi: ANN, family: 'Lee', given: 'Ann' });
    await load(world, '2026-02-08', [entry(ANN, { family: 'MILLER', deactivatedOn: '2020-05-31' })]);
    assert.deepEqual((await doubts(world)).toSorted(), [
      `registry-deactivated:feed:K1:${ANN}`,
      `registry-surname:feed:K1:${ANN}`,
    ]);
    assert.deepEqual(await load(world, '2026-03-08', [entry(ANN, { family: 'MILLER', otherFamily: 'LEE' })]), {
      opened: 0,
      closed: 2,
    });
  });

  it('asks when a person comes who was not known as the file was read', async (t) => {
    const world = await openWorld(t);
    await load(world, '2026-02-08', [entry(GROUP, { entity: 2 }), entry(ANN, { family: 'LEE' })]);
    await say(world, { code: 'K1', npi: GROUP, family: 'Kim' });
    await say(world, { code: 'K2', npi: ANN, family: 'Lee' });
    assert.deepEqual(await doubts(world), [`registry-organisation:feed:K1:${GROUP}`]);
  });

  it('is answered in the site file, by another number or by the name', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: 'K1', npi: GROUP, family: 'Kim' });
    await say(world, { code: 'K2', npi: ANN, family: 'Lee' });
    await load(world, '2026-02-08', [entry(GROUP, { entity: 2 }), entry(ANN, { family: 'MILLER' })]);
    assert.equal((await doubts(world)).length, 2);
    await write(world, {
      K1: { practitioner: 'local:kim' },
      K2: { practitioner: `npi:${ANN}`, name: 'Ann Lee Miller' },
    });
    assert.deepEqual(await doubts(world), []);
  });

  it('of an older date takes nothing back, and the report goes by its own', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: 'K1', npi: ANN, family: 'Lee' });
    await load(world, '2026-03-08', [entry(ANN, { family: 'LEE' })]);
    assert.equal(await deskOf(world).put('providers', '2026-02-08', [entry(ANN, { entity: 2 })]), 0);
    const old = { kind: 'providers', fileDate: '2026-02-08', name: 'old.csv', scope: 'all', npis: 1 } as const;
    await assert.rejects(deskOf(world).loaded(asked, old), /RULE_BROKEN|newer/);
    await load(world, '2026-04-01', [entry(ANN, { entity: null, deactivatedOn: '2026-03-30' })], 'deactivations');
    assert.deepEqual(await doubts(world), [`registry-deactivated:feed:K1:${ANN}`]);
    await load(world, '2026-03-15', [entry(ANN, { family: 'LEE' })]);
    assert.equal((await doubts(world)).length, 1, 'the report is younger than that file');
    await load(world, '2026-05-10', [entry(ANN, { family: 'LEE' })]);
    assert.deepEqual(await doubts(world), []);
  });

  it('that says of a number only that it is not in use keeps what an earlier one said', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: 'K1', npi: ANN, family: 'Lee' });
    await load(world, '2026-02-08', [entry(ANN, { entity: 2 })]);
    await load(world, '2026-03-08', [entry(ANN, { entity: null, deactivatedOn: '2026-03-01' })]);
    assert.equal((await doubts(world)).length, 2);
    assert.deepEqual(
      await deskOf(world)
        .npis()
        .then((all) => all.includes(ANN)),
      true,
    );
    const { found, organisations, deactivated, files } = await deskOf(world).status();
    assert.deepEqual([found, organisations, deactivated], [1, 1, 1]);
    assert.equal(files[0]?.loadedAt, plus(world.clock.now(), 0));
  });
});
