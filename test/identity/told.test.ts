/** What sites say of their own records is written into the log of all decisions, and holds beside what others say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IDENTITY_LOG } from '../../src/identity/contract.ts';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { eventually } from '../support/wait.ts';
import { adt, feedWorld, merge, pid, siu, type FeedWorld } from './feed-world.ts';

const T = (minute: number): string => `2026112205${String(minute).padStart(2, '0')}00`;

async function idOf(world: FeedWorld, mrn: string): Promise<string> {
  return (await world.patientId(mrn)) ?? '';
}

async function goldenOf(world: FeedWorld, mrn: string): Promise<string | undefined> {
  const id = await idOf(world, mrn);
  const [record] = await world.write(({ identity }) => identity.records([id]));
  return record?.goldenId;
}

describe("a site's word", () => {
  it('is in the log with the site as its author: A40 a merge, A24 a link, A37 an unlink and two people', async (t) => {
    const world = await feedWorld(t);
    await world.tell(merge(T(1), '1', '2'), adt('A24', T(2), pid('2'), pid('3')), adt('A37', T(3), pid('2'), pid('3')));
    const [one, two, three] = [await idOf(world, '1'), await idOf(world, '2'), await idOf(world, '3')];
    const log = await world.write(({ identity }) => identity.about([one]));
    assert.deepEqual(
      log.map((said) => [said.kind, said.one, said.other, said.actor.kind, said.reason]),
      [
        ['merge', one, two, 'site', 'ADT^A40'],
        ['link', two, three, 'site', 'ADT^A24'],
        ['unlink', two, three, 'site', 'ADT^A37'],
        ['not-same', two, three, 'site', 'ADT^A37'],
      ],
    );
    assert.equal(await goldenOf(world, '1'), await goldenOf(world, '2'));
    assert.equal(await goldenOf(world, '3'), goldenIdOf(three));
  });

  it('that is told again writes nothing', async (t) => {
    const world = await feedWorld(t);
    const [id = 0] = await world.tell(merge(T(1), '1', '2'));
    await world.replay(id);
    assert.equal((await world.rows('SELECT 1 FROM identity_decision')).length, 1);
  });

  it('that an earlier release wrote down elsewhere still holds when more is said', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), merge(T(2), '1', '2'));
    await world.rows('DELETE FROM identity_decision');
    await world.rows('DELETE FROM golden_patient');
    await world.rows('DELETE FROM golden_holding');
    await world.rows('UPDATE patient_link SET golden_id = survivor_id WHERE survivor_id IS NOT NULL');
    await world.tell(merge(T(3), '2', '3'));
    assert.deepEqual(await world.found('3'), ['F1']);
    assert.equal((await world.patient('1'))?.active, false);
    const golden = await goldenOf(world, '1');
    for (const mrn of ['2', '3']) assert.equal(await goldenOf(world, mrn), golden);
  });

  it('is copied at the start, and records that nobody merged keep their visits', async (t) => {
    const world = await feedWorld(t);
    await world.tell(siu('S12', T(1), 'F1', '1'), siu('S12', T(2), 'F2', '2'), merge(T(3), '1', '2'));
    await world.rows('DELETE FROM identity_decision');
    const placing = patientPlacing();
    const catchUp = (): Promise<number> => world.write((tx) => placing.catchUp(tx, world.clock.now()));
    assert.equal((await catchUp()) > 0, true);
    assert.equal(await catchUp(), 0);
    for (;;) {
      const due = await world.write(async (tx) => {
        const [taken] = await tx.index.takeDue(world.clock.now(), 1);
        return taken === undefined ? null : placing.place(tx, taken.id, world.clock.now());
      });
      if (due === null) break;
    }
    assert.equal(await goldenOf(world, '1'), goldenIdOf(await idOf(world, '1')));
    assert.equal(await goldenOf(world, '2'), goldenIdOf(await idOf(world, '1')));
    assert.deepEqual(await world.found('2'), ['F1', 'F2']);
  });

  it('is copied while nobody decides: who decides sees all of it, or none', async (t) => {
    const world = await feedWorld(t);
    const begun = Promise.withResolvers<undefined>();
    const written = Promise.withResolvers<undefined>();
    const deciding = world.write(async (tx) => {
      await tx.lock([IDENTITY_LOG]);
      begun.resolve(undefined);
      await written.promise;
    });
    await begun.promise;
    let isCopied = false;
    const copying = world.write((tx) => patientPlacing().catchUp(tx, world.clock.now())).then(() => (isCopied = true));
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await eventually('the copying waits', async () => isCopied || (await world.rows(waiting)).length > 0);
    const isCopiedBeside = isCopied;
    written.resolve(undefined);
    await Promise.all([deciding, copying]);
    assert.equal(isCopiedBeside, false);
  });
});
