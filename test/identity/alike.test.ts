/** Practitioners who may be one person: shown to whoever keeps the site files, and never joined. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { alikePractitioners } from '../../src/identity/alike.ts';
import { registryDesk } from '../../src/identity/registry-desk.ts';
import { systemScope } from '../../src/store/contract.ts';
import type { PractitionerKnown } from '../../src/store/contract-registry.ts';
import { openWorld, testPlan, testSites } from '../support/builders.ts';

const ANN = '1245319599';
const known = (site: string, more: Partial<PractitionerKnown> = {}): PractitionerKnown => ({
  site,
  codes: [`${site}-1`],
  personId: site,
  npi: null,
  family: 'Okonkwo',
  given: 'Adaeze',
  text: '',
  specialty: null,
  ...more,
});
const pairs = (all: readonly PractitionerKnown[], organisations: readonly string[] = []): readonly string[] =>
  alikePractitioners(all, new Set(organisations)).map(({ one, other }) => `${one.site} ${other.site}`);

describe('two practitioners of the same name', () => {
  it('are shown where one of them, or neither, has an NPI', () => {
    assert.deepEqual(pairs([known('north'), known('south')]), ['north south']);
    assert.deepEqual(pairs([known('south', { npi: ANN }), known('north')]), ['north south']);
  });

  it('are not shown where both have one, are one person already, or are called otherwise', () => {
    assert.deepEqual(pairs([known('north', { npi: ANN }), known('south', { npi: '1679576722' })]), []);
    assert.deepEqual(pairs([known('north', { personId: 'p' }), known('south', { personId: 'p' })]), []);
    assert.deepEqual(pairs([known('north'), known('south', { given: 'Brian' })]), []);
    assert.deepEqual(pairs([known('north', { family: '', given: '' }), known('south', { family: '', given: '' })]), []);
  });

  it('are not shown where a person has found that they are two, by codes of both', () => {
    const all = [known('north', { codes: ['7', '8/9'] }), known('south'), known('west')];
    const shown = (...apart: readonly (readonly string[])[]): readonly string[] =>
      alikePractitioners(all, new Set(), apart).map(({ one, other }) => `${one.site} ${other.site}`);
    assert.deepEqual(shown(['north/8/9', 'south/south-1']), ['north west', 'south west']);
    assert.deepEqual(shown(['north/7', 'south/south-1', 'west/west-1']), []);
    assert.equal(
      shown(['north/7', 'south/other'], ['north/7', 'west/8']).length,
      3,
      'of one of the two it says nothing',
    );
  });

  it('are found however a calendar writes them', () => {
    const plain = known('north');
    for (const text of [
      'Dr. Adaeze Okonkwo',
      'Okonkwo, Adaeze',
      'Adaeze Okonkwo, MD',
      'ADAEZE OKONKWO MD',
      'Okonkwo, Adaeze, PhD',
    ])
      assert.deepEqual(pairs([plain, known('south', { family: '', given: '', text })]), ['north south'], text);
    assert.deepEqual(pairs([plain, known('south', { family: '', given: '', text: 'Okonkwo' })]), []);
  });
});

it('the hub shows them by site, and only to whoever may see both', async (t) => {
  const [NORTH, SOUTH, FEED] = testSites();
  const world = await openWorld(t);
  const of = (site: typeof NORTH, code: string): typeof NORTH => ({
    ...site,
    resources: {
      ...site.resources,
      practitioners: {
        ...site.resources.practitioners,
        [code]: { practitioner: `local:${code}`, name: 'Dr. Adaeze Okonkwo' },
      },
    },
  });
  world.plan = testPlan([of(NORTH, 'N9'), SOUTH, of(FEED, 'F9')]);
  await world.syncDirectory();
  const desk = registryDesk({ store: world.store, clock: world.clock, plan: () => world.plan });
  const ask = async (sites: readonly string[] | '*'): Promise<readonly (readonly string[])[]> => {
    const found = await desk.alike({ scope: { ...systemScope('test'), sites }, requestId: 'r-1' });
    return found.map(({ one, other }) => [one.personId, other.personId].toSorted());
  };
  const both = [canonicalId.practitionerAtSite('north', 'N9'), canonicalId.practitionerAtSite('feed', 'F9')].toSorted();
  assert.deepEqual(await ask('*'), [both]);
  assert.deepEqual(await ask(['north', 'feed']), [both]);
  assert.deepEqual(await ask(['north', 'south']), []);
  world.plan = { ...world.plan, hub: { ...world.plan.hub, practitioners: { apart: [['north/N9', 'feed/F9']] } } };
  assert.deepEqual(await ask('*'), []);
});
