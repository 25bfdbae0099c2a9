/** Who a practitioner is, where what is said of it does not fit one person: nobody is joined silently. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plus } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { WorkItem } from '../../src/store/contract-bookings.ts';
import { BOB, during, fed, NPI, openWorld, SHARED, type World } from '../support/builders.ts';
import { say, write } from './practitioners-told.ts';

const OTHER_NPI = '1234567893';
async function doubts(world: World): Promise<readonly WorkItem[]> {
  return (await world.read((tx) => tx.workItems.list(50))).filter(({ kind }) =>
    ['unmapped', 'practitioner-conflict'].includes(kind),
  );
}

describe('a number that cannot be an NPI', () => {
  it('is no key: who has it stays two people at two sites, and a person is asked once', async (t) => {
    const world = await openWorld(t);
    const assertion = { code: 'Z1', refusedNpi: '1234567890', family: 'Lee' };
    const actors = await say(world, assertion);
    await say(world, assertion);
    assert.ok(actors.includes(canonicalId.practitionerAtSite('feed', 'Z1')));
    const [item, ...more] = await doubts(world);
    assert.deepEqual(more, []);
    assert.equal(item?.kind, 'unmapped');
    assert.deepEqual(item.evidence, {
      code: 'Z1',
      said: '1234567890',
      because: 'is no valid NPI: its check digit does not fit',
      do: 'Write under resources.practitioners in feed.yaml who Z1 is.',
    });
    assert.deepEqual(await world.rows('SELECT code, count FROM unmapped_code'), [{ code: '1234567890', count: 2 }]);
  });

  it('is refused by the index too, where a mapping takes it for one', async (t) => {
    const world = await openWorld(t);
    const actors = await say(world, { code: 'Z2', npi: '9999999999' });
    assert.ok(actors.includes(canonicalId.practitionerAtSite('feed', 'Z2')));
    assert.ok(!actors.includes(canonicalId.practitionerByNpi('9999999999')));
    assert.match((await doubts(world))[0]?.evidence['because'] ?? '', /ten digits/);
  });

  it('is of no matter once the site file says who it is, which answers the question', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: 'Z1', refusedNpi: '1234567890' });
    await write(world, { Z1: { practitioner: `npi:${OTHER_NPI}` } });
    assert.deepEqual(await doubts(world), []);
    const actors = await say(world, { code: 'Z1', refusedNpi: '1234567890' });
    assert.ok(actors.includes(canonicalId.practitionerByNpi(OTHER_NPI)));
    assert.deepEqual(await doubts(world), []);
    await write(world, {});
    await say(world, { code: 'Z1', refusedNpi: '1234567890' });
    assert.equal((await doubts(world)).length, 1, 'asked again, because the answer was taken out');
  });
});

describe('one number with two surnames', () => {
  it('is shown to a person with both; the NPI goes before the name until then', async (t) => {
    const world = await openWorld(t);
    const actors = await say(world, { code: 'K1', npi: NPI, family: 'Miller', given: 'Ada' });
    assert.ok(actors.includes(SHARED));
    const [item, ...more] = await doubts(world);
    assert.deepEqual(more, []);
    assert.equal(item?.kind, 'practitioner-conflict');
    assert.equal(item.role, 'configuration');
    const { number, said, known } = item.evidence;
    assert.deepEqual([number, said, known], [NPI, 'Miller', 'Dr Ada Shared']);
  });

  it('is none where the surname is spelled otherwise, or is one word of two', async (t) => {
    const world = await openWorld(t);
    for (const family of ['SHARED', 'Sharde', 'Shared-Miller', 'van Shared', 'Sháred'])
      await say(world, { code: 'K1', npi: NPI, family });
    assert.deepEqual(await doubts(world), []);
  });

  it('is answered by the site file: the same person under this name, or another one', async (t) => {
    const world = await openWorld(t);
    const miller = { code: 'K1', npi: NPI, family: 'Miller' };
    await say(world, miller);
    await write(world, { K1: { practitioner: `npi:${NPI}`, name: 'Dr Ada Shared' } });
    assert.equal((await doubts(world)).length, 1, 'a name without it answers nothing');
    await write(world, { K1: { practitioner: `npi:${NPI}`, name: 'Dr Ada Miller' } });
    assert.deepEqual(await doubts(world), []);
    await say(world, miller);
    assert.deepEqual(await doubts(world), []);
    await write(world, {});
    await say(world, miller);
    assert.equal((await doubts(world)).length, 1);
    await write(world, { K1: { practitioner: 'local:k-miller' } });
    assert.deepEqual(await doubts(world), []);
  });

  it('is seen as well where the number is no NPI and the only code there is', async (t) => {
    const world = await openWorld(t);
    await say(world, { code: '1234567890', refusedNpi: '1234567890', family: 'Lee' });
    await say(world, { code: '1234567890', refusedNpi: '1234567890', family: 'Ortiz' });
    const kinds = (await doubts(world)).map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ['practitioner-conflict', 'unmapped']);
  });
});

describe('a message that names another NPI than the site file', () => {
  it('is shown; the site file stands, and is right again once it says the same', async (t) => {
    const world = await openWorld(t);
    const assertion = { code: 'ADA', npi: OTHER_NPI };
    assert.ok((await say(world, assertion)).includes(SHARED));
    const [item] = await doubts(world);
    assert.deepEqual(
      [item?.kind, item?.evidence['said'], item?.evidence['file']],
      ['practitioner-conflict', OTHER_NPI, NPI],
    );
    await write(world, { ADA: { practitioner: `npi:${OTHER_NPI}` } });
    assert.deepEqual(await doubts(world), []);
    await say(world, assertion);
    assert.deepEqual(await doubts(world), []);
  });
});

describe('a code that is given its NPI', () => {
  it('is that person from then on, and so are the visits that were applied before', async (t) => {
    const world = await openWorld(t);
    const tell = async (at: number): Promise<readonly string[]> => {
      const participants = [
        { actor: { kind: 'practitioner', assertion: { code: 'P9' } }, status: 'accepted' },
      ] as const;
      const change = fed('F-P9', during(9), { participants, patients: [BOB], at: plus(world.clock.now(), at) });
      await world.tell('feed', change, { at: change.at });
      return (await world.appointment('feed', 'F-P9')).actors;
    };
    const taken = async (id: string): Promise<number> =>
      (await world.rows('SELECT 1 FROM busy WHERE resource_id = $1', [id])).length;
    const alone = canonicalId.practitionerAtSite('feed', 'P9');
    assert.ok((await tell(0)).includes(alone));
    await write(world, { P9: { practitioner: `npi:${NPI}` } });
    assert.deepEqual([await taken(alone), await taken(SHARED)], [0, 1]);
    assert.ok((await world.appointment('feed', 'F-P9')).actors.includes(SHARED));
    assert.ok((await tell(60_000)).includes(SHARED));
    assert.deepEqual([await taken(alone), await taken(SHARED)], [0, 1]);
  });
});
