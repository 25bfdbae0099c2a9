/** What people do, in one taxonomy, whatever their sites call it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { CodeableConcept, PractitionerRole } from '../../src/fhir/types.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';
import type { Taxonomy } from '../../src/settings/taxonomy.ts';
import { testPlan, testSites } from '../support/builders.ts';
import { openSiu, SITE, siu, type SiuWorld } from './siu.ts';

const NUCC = 'http://nucc.org/provider-taxonomy';
const HEART = '207RC0000X';
const MIND = '103T00000X';
const OWN = `urn:slotwire:site:${SITE}:specialty`;
const TAXONOMY: Taxonomy = {
  sha256: 'a',
  codes: new Map([
    [
      HEART,
      { display: 'Heart Physician', grouping: 'Physicians', classification: 'Medicine', specialization: 'Heart' },
    ],
  ]),
};

function mfn(minute: number, code: string, ...more: readonly string[]): string {
  const at = `2026112212${String(minute).padStart(2, '0')}`;
  const msh = `MSH|^~\\&|SCHED|HOSP|HUB|HUB|${at}||MFN^M02|1|P|2.5.1`;
  return [msh, 'MFI|PRA||UPD|||AL', `MFE|MAD|1||${code}|CE`, `STF|${code}||KIM^MIN||||A`, ...more, ''].join('\r');
}
const pra = (specialties: string): string => `PRA||||| ${specialties}`.replace(' ', '');

async function specialty(world: SiuWorld, code: string): Promise<readonly CodeableConcept[] | undefined> {
  const id = canonicalId.practitionerRole(SITE, canonicalId.practitionerAtSite(SITE, code));
  const served = await world.read((tx) => tx.resources.read('PractitionerRole', id));
  return (JSON.parse(served?.json ?? '{}') as PractitionerRole).specialty;
}
async function asked(world: SiuWorld): Promise<readonly (string | undefined)[]> {
  const items = await world.read((tx) => tx.workItems.list(50));
  return items.filter(({ kind }) => kind === 'unmapped').map(({ evidence }) => evidence['code']);
}
async function write(world: SiuWorld, more: Partial<SiteSettings>): Promise<void> {
  world.plan = testPlan([...testSites(), { ...world.site, ...more }]);
  await world.syncDirectory();
}
async function tokens(world: SiuWorld, code: string): Promise<readonly string[]> {
  const id = canonicalId.practitionerRole(SITE, canonicalId.practitionerAtSite(SITE, code));
  const [row] = (await world.rows(`SELECT tokens FROM resource WHERE id = '${id}'`)) as readonly {
    readonly tokens: readonly string[];
  }[];
  return (row?.tokens ?? []).filter((token) => token.startsWith('specialty:'));
}

describe('a specialty that a master file names', () => {
  it('is served and found by the code of the site file, beside the word of the site', async (t) => {
    const world = await openSiu(t, { specialties: { CARD: HEART }, taxonomy: TAXONOMY });
    await world.send(mfn(0, 'D7', pra('CARD^Board')));
    assert.deepEqual(await specialty(world, 'D7'), [
      {
        coding: [
          { system: NUCC, code: HEART, display: 'Heart Physician' },
          { system: OWN, code: 'CARD' },
        ],
        text: 'Physicians: Medicine, Heart',
      },
    ]);
    assert.deepEqual(
      (await tokens(world, 'D7')).toSorted(),
      [`specialty:*|${HEART}`, 'specialty:*|CARD', `specialty:${NUCC}|${HEART}`, `specialty:${OWN}|CARD`].toSorted(),
    );
    assert.deepEqual(await asked(world), []);
  });

  it('is the finest that ORG names, and each of several', async (t) => {
    const world = await openSiu(t, { specialties: { CARD: HEART, PSY: MIND } });
    await world.send(mfn(0, 'D7', pra('PSY~CARD'), 'ORG|1|||||20^Doctor|CARD^Cardiology'));
    const codes = (await specialty(world, 'D7'))?.map(({ coding }) => coding?.[0]?.code);
    assert.deepEqual(codes, [HEART, MIND]);
  });

  it('needs no line where the site writes the code of NUCC itself', async (t) => {
    const world = await openSiu(t, { taxonomy: TAXONOMY });
    await world.send(mfn(0, 'D7', pra(HEART)));
    assert.equal((await specialty(world, 'D7'))?.[0]?.coding?.[0]?.display, 'Heart Physician');
    await world.send(mfn(1, 'D7', pra(MIND)));
    assert.deepEqual(await specialty(world, 'D7'), [{ coding: [{ system: OWN, code: MIND }] }], 'not in the file');
    assert.deepEqual(await asked(world), [MIND]);
  });

  it('is no code by itself: it is counted and asked once, and a line holds for who was told before', async (t) => {
    const world = await openSiu(t);
    await world.send(mfn(0, 'D7', pra('Heart clinic')));
    await world.send(mfn(1, 'D8', pra('Heart clinic')));
    assert.deepEqual(await specialty(world, 'D7'), [{ coding: [{ system: OWN, code: 'Heart clinic' }] }]);
    assert.deepEqual(await asked(world), ['Heart clinic']);
    assert.deepEqual(await world.rows('SELECT system, code, count FROM unmapped_code'), [
      { system: 'specialty', code: 'Heart clinic', count: 2 },
    ]);
    await write(world, { specialties: { 'Heart clinic': HEART }, taxonomy: TAXONOMY });
    assert.equal((await specialty(world, 'D7'))?.[0]?.coding?.[0]?.code, HEART);
    assert.equal((await specialty(world, 'D8'))?.[0]?.coding?.[0]?.display, 'Heart Physician');
    assert.deepEqual(await asked(world), []);
    await write(world, { specialties: { 'Heart clinic': MIND } });
    assert.equal((await specialty(world, 'D8'))?.[0]?.coding?.[0]?.code, MIND);
    await write(world, {});
    assert.deepEqual(await specialty(world, 'D8'), [{ coding: [{ system: OWN, code: 'Heart clinic' }] }]);
  });

  it('stays when a visit names the person and says nothing of it', async (t) => {
    const world = await openSiu(t, { specialties: { CARD: HEART } });
    await world.send(mfn(0, 'D7', pra('CARD')));
    const before = await specialty(world, 'D7');
    await world.send(siu('S12', { resources: ['RGS|1', 'AIP|1||D7^KIM^MIN'] }));
    assert.deepEqual(await specialty(world, 'D7'), before);
  });

  it('goes behind what the site file says of the person, by whichever of its rules', async (t) => {
    const resources = {
      devices: {},
      practitioners: { D8: { specialty: MIND } },
      calendars: {
        C1: { practitioner: 'local:D7', specialty: MIND },
        C2: { practitioner: 'local:D7', specialty: HEART },
      },
    };
    const world = await openSiu(t, { specialties: { CARD: HEART }, resources });
    for (const code of ['D7', 'D8']) await world.send(mfn(0, code, pra('CARD')));
    const codes = async (code: string): Promise<unknown> =>
      (await specialty(world, code))?.map(({ coding }) => coding?.[0]?.code);
    assert.deepEqual(await codes('D7'), [MIND, HEART]);
    assert.deepEqual(await codes('D8'), [MIND]);
    const versions = await world.rows(`SELECT version FROM resource WHERE type = 'PractitionerRole' ORDER BY id`);
    await write(world, { resources });
    assert.deepEqual(
      await world.rows(`SELECT version FROM resource WHERE type = 'PractitionerRole' ORDER BY id`),
      versions,
    );
  });
});
