/** Merges, links and deletions that a site sends, through feed, mapping, stage and store. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Patient } from '../../src/fhir/types.ts';
import { at as siteTime, hl7Site } from '../fixtures/siu/site.ts';
import { adt, feedWorld, merge, MRN, pid, siu, type FeedWorld } from './feed-world.ts';

/** Minutes of one morning, as the site writes times. */
const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;

async function shown(world: FeedWorld, mrn: string): Promise<readonly string[]> {
  const patient: Patient | null = await world.patient(mrn);
  const names = new Map<string, string>();
  for (const each of ['1', '2', '3', '4']) names.set(`Patient/${(await world.patientId(each)) ?? '-'}`, each);
  const links = (patient?.link ?? []).map(({ type, other }) => `${type} ${names.get(other.reference ?? '') ?? '?'}`);
  return [patient?.active === false ? 'inactive' : 'active', ...links];
}

describe('a merge', () => {
  it('leaves the merged record with its appointments, and each of the two finds those of both', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), siu('S12', T(2), 'F2', '2'), merge(T(3), '1', '2'));
    assert.deepEqual(await shown(world, '1'), ['inactive', 'replaced-by 2']);
    assert.deepEqual(await shown(world, '2'), ['active', 'replaces 1']);
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [await world.patientId('1')]);
    assert.deepEqual(await world.found('2'), ['F1', 'F2']);
    assert.deepEqual(await world.found('1'), ['F1', 'F2']);
  });

  it('sends later news of the merged record to the other one, and what is said of the person stays', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), merge(T(2), '1', '2'));
    await world.tell(siu('S12', T(3), 'F3', '1'), adt('A31', T(4), pid('1', { name: 'LATE^NEWS' })));
    assert.deepEqual((await world.visit('F3^HOSP_A'))?.patients, [await world.patientId('2')]);
    assert.equal((await world.patient('1'))?.name?.[0]?.family, 'LATE');
    assert.equal((await world.patient('2'))?.name?.[0]?.family, 'FAM2');
    assert.deepEqual(await shown(world, '1'), ['inactive', 'replaced-by 2']);
  });

  it('of a record that nobody has heard of holds for its first message', async (t) => {
    const world = await feedWorld(t);
    await world.tell(merge(T(2), '1', '2'));
    assert.deepEqual(await shown(world, '1'), ['inactive', 'replaced-by 2']);
    await world.tell(siu('S12', T(1), 'F1', '1'));
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [await world.patientId('2')]);
    assert.equal((await world.patient('1'))?.name?.[0]?.family, 'FAM1');
    assert.deepEqual(await world.found('1'), ['F1']);
  });

  it('in a chain ends the same whatever arrives first', async (t) => {
    const ends: unknown[] = [];
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      const world = await feedWorld(t);
      const messages = [
        siu('S12', T(1), 'F1', '1'),
        siu('S12', T(2), 'F3', '3'),
        merge(T(3), '1', '2'),
        merge(T(4), '2', '3'),
      ];
      for (const at of order) await world.tell(messages[at] ?? '');
      ends.push([
        await shown(world, '1'),
        await shown(world, '2'),
        await shown(world, '3'),
        await world.found('1'),
        await world.found('2'),
        await world.found('3'),
      ]);
    }
    assert.deepEqual(ends[0], [
      ['inactive', 'replaced-by 3'],
      ['inactive', 'replaced-by 3'],
      ['active', 'replaces 1', 'replaces 2'],
      ['F1', 'F3'],
      ['F1', 'F3'],
      ['F1', 'F3'],
    ]);
    assert.deepEqual(ends[1], ends[0]);
    assert.deepEqual(ends[2], ends[0]);
  });

  it('that is told twice, or applied again, is one decision', async (t) => {
    const world = await feedWorld(t);
    const [, id = 0] = await world.tell(siu('S12', T(1), 'F1', '1'), merge(T(2), '1', '2'), merge(T(2), '1', '2'));
    const before = await world.rows(`SELECT version FROM resource WHERE type = 'Patient' ORDER BY id`);
    await world.replay(id);
    assert.deepEqual(await world.rows('SELECT kind FROM patient_decision'), [{ kind: 'merge' }]);
    assert.deepEqual(await world.rows(`SELECT version FROM resource WHERE type = 'Patient' ORDER BY id`), before);
  });

  it('of several pairs merges each pair', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A40', T(1), pid('2'), `MRG|${MRN('1')}\r`, pid('4'), `MRG|${MRN('3')}\r`));
    assert.deepEqual(await shown(world, '2'), ['active', 'replaces 1']);
    assert.deepEqual(await shown(world, '4'), ['active', 'replaces 3']);
  });

  it('is taken back by an unlink, and the records are as before', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), siu('S12', T(2), 'F2', '2'), merge(T(3), '1', '2'));
    await world.tell(adt('A37', T(4), pid('2'), pid('1')));
    assert.deepEqual([await shown(world, '1'), await shown(world, '2')], [['active'], ['active']]);
    assert.deepEqual([await world.found('1'), await world.found('2')], [['F1'], ['F2']]);
    await world.tell(siu('S12', T(5), 'F3', '1'));
    assert.deepEqual(await world.found('1'), ['F1', 'F3']);
  });

  it('that names the record by another number of the person finds the record that carries it', async (t) => {
    const world = await feedWorld(t, hl7Site({ identifiers: { ...hl7Site().identifiers, MPI: ENTERPRISE } }));
    const both = `PID|1||${MRN('1')}~E1^^^MPI^PI||DOE^JANE\r`;
    await world.tell(adt('A28', T(1), both), adt('A40', T(2), pid('2'), 'MRG|E1^^^MPI^PI\r'));
    assert.deepEqual(await shown(world, '1'), ['inactive', 'replaced-by 2']);
  });
});

const ENTERPRISE = { system: 'urn:oid:1.2.9', type: 'enterprise', useForWriteBack: false } as const;

describe('a merge that cannot be carried out', () => {
  it('waits with what comes later about its two people, and with nothing else, and a person is told', async (t) => {
    const world = await feedWorld(t);
    const ids = await world.tell(
      merge(T(1), '1', '2'),
      merge(T(2), '2', '1'),
      siu('S12', T(3), 'F1', '1'),
      siu('S12', T(4), 'F2', '2'),
      siu('S12', T(5), 'F3', '3'),
    );
    const told = await Promise.all(ids.map(async (id) => (await world.message(id)).status));
    assert.deepEqual(told, ['applied', 'parked', 'received', 'received', 'applied']);
    const { stage, code } = await world.message(ids[1] ?? 0);
    assert.deepEqual([stage, code], ['identify', 'MERGE_UNDECIDED']);
    const items = await world.workItems();
    assert.deepEqual(
      items.map(({ kind, subject, role }) => [kind, subject, role]),
      [['parked', `message:${ids[1] ?? 0}`, 'records']],
    );
    assert.deepEqual(await world.rows('SELECT one, other FROM patient_decision'), [
      { one: '1^HOSP_A', other: '2^HOSP_A' },
    ]);
  });

  it('is set aside by an operator: what waited goes on without it, and nothing is left to do', async (t) => {
    const world = await feedWorld(t);
    const ids = await world.tell(merge(T(1), '1', '2'), merge(T(3), '2', '1'), siu('S12', T(4), 'F1', '1'));
    assert.equal(await world.setAside(ids[1] ?? 0), true);
    await world.apply();
    assert.deepEqual((await world.visit('F1^HOSP_A'))?.patients, [await world.patientId('2')]);
    assert.deepEqual(await world.workItems(), []);
    assert.equal(await world.setAside(ids[1] ?? 0), false);
    const { status, reason } = await world.message(ids[1] ?? 0);
    assert.deepEqual([status, reason?.endsWith('it was parked: MERGE_UNDECIDED')], ['ignored', true]);
  });

  it('is carried out by a replay when the ring is open', async (t) => {
    const world = await feedWorld(t);
    const [, id = 0, later = 0] = await world.tell(
      merge(T(1), '1', '2'),
      merge(T(3), '2', '1'),
      siu('S12', T(4), 'F1', '2'),
    );
    // What the site meant, told by a person: between the two merges the records were taken apart.
    const apart = { kind: 'unlink', one: '1^HOSP_A', other: '2^HOSP_A', reason: 'person', messageId: null } as const;
    const between = siteTime('2026-11-22T11:02:00Z');
    await world.write((tx) => tx.people.decide('riverside-hl7', { ...apart, at: between }, world.clock.now()));
    await world.replay(id);
    assert.equal((await world.message(later)).status, 'applied');
    assert.deepEqual(await shown(world, '2'), ['inactive', 'replaced-by 1']);
    assert.deepEqual(await world.workItems(), []);
  });

  it('because MRG says nothing, or what nobody can read, keeps the people waiting too', async (t) => {
    const world = await feedWorld(t);
    const [empty = 0, unknown = 0, later = 0] = await world.tell(
      adt('A40', T(1), pid('1')),
      adt('A40', T(2), pid('2'), 'MRG|9^^^ELSE^MR\r'),
      siu('S12', T(3), 'F1', '2'),
    );
    for (const id of [empty, unknown]) assert.equal((await world.message(id)).code, 'MERGE_UNDECIDED');
    assert.equal((await world.message(later)).status, 'received');
    // Each message that keeps others waiting, and the authority that one of them names.
    const kinds = (await world.workItems()).map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ['parked', 'parked', 'unmapped']);
  });
});

describe('links', () => {
  it('make two records one person while both stay in use', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), siu('S12', T(2), 'F2', '2'), adt('A24', T(3), pid('1'), pid('2')));
    assert.deepEqual(await shown(world, '1'), ['active', 'seealso 2']);
    assert.deepEqual(await shown(world, '2'), ['active', 'seealso 1']);
    assert.deepEqual(await world.found('1'), ['F1', 'F2']);
    await world.tell(adt('A37', T(4), pid('1'), pid('2')));
    assert.deepEqual([await shown(world, '1'), await world.found('1')], [['active'], ['F1']]);
  });

  it('that arrive after their undoing link nothing', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A37', T(4), pid('1'), pid('2')), adt('A24', T(3), pid('1'), pid('2')));
    assert.deepEqual(await shown(world, '1'), ['active']);
  });

  it('of people with two birth dates are parked and keep nobody waiting', async (t) => {
    const world = await feedWorld(t);
    const mother = pid('1', { born: '19820619' });
    const son = pid('2', { born: '20110412' });
    const [id = 0, later = 0] = await world.tell(adt('A24', T(1), mother, son), siu('S12', T(2), 'F1', '1'));
    assert.equal((await world.message(id)).code, 'LINK_DOUBTFUL');
    assert.equal((await world.message(later)).status, 'applied');
  });
});

describe('a person whom the site deletes', () => {
  it('is not in use any more and keeps the visits', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), adt('A29', T(2), pid('1')));
    assert.deepEqual(await shown(world, '1'), ['inactive']);
    assert.deepEqual(await world.found('1'), ['F1']);
  });

  it('is there again when the site adds them again, and stays when the deletion is the older news', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A28', T(1), pid('1')), adt('A23', T(2), pid('1')), adt('A28', T(3), pid('1')));
    assert.deepEqual(await shown(world, '1'), ['active']);
    const [id = 0] = await world.tell(adt('A29', T(2), pid('1')));
    assert.deepEqual([(await world.message(id)).status, await shown(world, '1')], ['superseded', ['active']]);
  });

  it('whom nobody knew is not made', async (t) => {
    const world = await feedWorld(t);
    await world.tell(adt('A29', T(1), pid('1')));
    assert.equal(await world.patient('1'), null);
  });
});
