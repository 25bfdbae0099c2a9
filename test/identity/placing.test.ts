/** Records of several sites are placed among each other: linked, put before a person, or left alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenIdOf } from '../../src/identity/golden/replay.ts';
import type { PatientPlacing } from '../../src/identity/contract.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { makePerson, randomOf } from '../support/people.ts';
import { placingWorld, ROBERT } from './placing-world.ts';

describe('one person at two sites', () => {
  it('is linked without a person where all fits but a slip, and the decision tells why', async (t) => {
    const world = await placingWorld(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', { ...ROBERT, family: 'Okonkow' });
    await world.settle();
    assert.deepEqual(await world.people(), [[north, south].sort()]);
    assert.equal(await world.goldenOf(south), goldenIdOf(north), 'the id is that of the record known longest');
    const [decision, ...more] = await world.write(({ identity }) => identity.about([south]));
    assert.deepEqual([decision?.kind, decision?.actor, more.length], ['link', { kind: 'hub', id: 'slotwire' }, 0]);
    assert.match(decision?.modelId ?? '', /^slotwire-1 /);
    assert.match(String(decision?.evidence?.['steps']), /birth:exact/);
    const linked = await world.write(({ resources }) => resources.linkedPatients(north));
    assert.deepEqual([...linked].sort(), [north, south].sort());
    assert.deepEqual(
      await world.write(async ({ identity }) => [
        await identity.golden(goldenIdOf(north)),
        await identity.golden(goldenIdOf(south)),
      ]),
      [
        { id: goldenIdOf(north), state: 'active', leadsTo: [] },
        { id: goldenIdOf(south), state: 'redirected', leadsTo: [goldenIdOf(north)] },
      ],
    );
  });

  it('is put before a person where a guard strikes', async (t) => {
    const world = await placingWorld(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', { ...ROBERT, birthDate: '1972-11-29' });
    await world.settle();
    assert.equal((await world.people()).length, 2);
    const [lo, hi] = [north, south].sort();
    assert.deepEqual(await world.write(({ identity }) => identity.waiting([north])), [{ lo, hi, why: 'review' }]);
    const pair = await world.write(({ identity }) => identity.review(north, south));
    assert.deepEqual(pair?.evidence['guards'], ['birth-differs']);
  });

  it('is linked at a third site to both', async (t) => {
    const world = await placingWorld(t);
    const ids = [await world.tell('north', '1', ROBERT), await world.tell('south', '7', ROBERT)];
    await world.settle();
    ids.push(await world.tell('west', '3', { ...ROBERT, given: 'Bob' }));
    await world.settle();
    assert.deepEqual(await world.people(), [ids.sort()]);
    assert.equal((await world.rows('SELECT 1 FROM identity_decision')).length, 3, 'each link stands by itself');
  });

  it('is found when what was missing at first is told later', async (t) => {
    const world = await placingWorld(t);
    await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', { family: 'Okonkwo', given: 'Robert' });
    await world.settle();
    assert.equal((await world.people()).length, 2);
    await world.tell('south', '7', ROBERT);
    await world.settle();
    assert.equal((await world.people()).length, 1);
    assert.deepEqual(await world.write(({ identity }) => identity.waiting([south])), []);
  });
});

describe('two people', () => {
  const child = { ...ROBERT, birthDate: '2003-03-04' };
  it('are never linked for one household, one name or one birthday: twins, parent and child, namesakes', async (t) => {
    const world = await placingWorld(t);
    await world.tell('north', '1', ROBERT);
    await world.tell('south', '1', { ...ROBERT, given: 'Rupert' });
    await world.tell('south', '2', child);
    await world.tell('south', '3', {
      ...ROBERT,
      phone: '937-555-9999',
      address: { line: ['4 Elm Road'], city: 'Akron' },
    });
    await world.settle();
    assert.equal((await world.people()).length, 4);
    assert.deepEqual(await world.rows('SELECT 1 FROM identity_decision'), []);
  });

  it('of one site stay two however alike they are, also by way of another site', async (t) => {
    const world = await placingWorld(t);
    await world.tell('north', '1', ROBERT);
    await world.tell('north', '2', ROBERT);
    await world.settle();
    assert.equal((await world.people()).length, 2);
    await world.tell('south', '7', ROBERT);
    await world.settle();
    assert.equal((await world.people()).length, 3, 'to which of them the third belongs would be a guess');
    const reviews = await world.write(({ identity }) => identity.reviews(10, null));
    assert.deepEqual(reviews.map(({ why }) => why).sort(), ['contradicted', 'contradicted', 'review']);
  });

  it('are parted again when a record turns out to be somebody else, and a person is asked', async (t) => {
    const world = await placingWorld(t);
    const north = await world.tell('north', '1', ROBERT);
    const south = await world.tell('south', '7', ROBERT);
    await world.settle();
    await world.tell('south', '7', { family: 'Lee', given: 'Hannah', birthDate: '1990-05-06', gender: 'female' });
    await world.settle();
    assert.equal((await world.people()).length, 2);
    const told = await world.write(({ identity }) => identity.about([north]));
    assert.deepEqual(
      told.map(({ kind, supersedes }) => [kind, supersedes]),
      [
        ['link', null],
        ['unlink', told[0]?.seq],
      ],
    );
    assert.deepEqual((await world.write(({ identity }) => identity.waiting([north])))[0]?.why, 'withdrawn');
    assert.equal(await world.goldenOf(south), goldenIdOf(south));
    assert.deepEqual(await world.write(({ identity }) => identity.golden(goldenIdOf(north))), {
      id: goldenIdOf(north),
      state: 'active',
      leadsTo: [goldenIdOf(south)],
    });
  });

  it('stay linked when one of them only moves house', async (t) => {
    const world = await placingWorld(t);
    await world.tell('north', '1', ROBERT);
    await world.tell('south', '7', ROBERT);
    await world.settle();
    await world.tell('south', '7', {
      ...ROBERT,
      phone: '614-555-1234',
      address: { line: ['9 Elm Road'], city: 'Akron' },
    });
    await world.settle();
    assert.equal((await world.people()).length, 1);
  });
});

it('where keys are over the cap and not all could be compared, nobody is linked without a person', async (t) => {
  const world = await placingWorld(t, { placing: patientPlacing(SHIPPED_MODEL, { cap: 1 }) });
  for (const key of ['1', '2', '3']) await world.tell('north', key, { ...ROBERT, family: `Okonkwo` });
  await world.tell('south', '7', ROBERT);
  await world.settle();
  assert.deepEqual(await world.rows('SELECT 1 FROM identity_decision'), []);
  assert.equal(
    world.outcomes.some((outcome) => /^capped \S+ none$/.test(outcome)),
    true,
  );
  const { truncated } = await world.write(({ identity }) => identity.counts(world.clock.now()));
  assert.equal(truncated > 0, true);
});

it('what an earlier release stored is placed after the start, also when that is cut short', async (t) => {
  const world = await placingWorld(t);
  const ids = [await world.tell('north', '1', ROBERT), await world.tell('south', '7', ROBERT)];
  await world.rows('DELETE FROM patient_due');
  await world.rows('UPDATE patient_link SET golden_id = patient_id');
  await world.anotherStage().step();
  await world.settle();
  assert.deepEqual(await world.people(), [ids.sort()]);
  const [, one = ''] = ids;
  assert.match(await world.goldenOf(one), new RegExp(ids.map(goldenIdOf).join('|')));
  assert.deepEqual(await world.rows('SELECT 1 FROM patient_due'), []);
});

it('a record that cannot be placed keeps no other waiting, and is tried again', async (t) => {
  const real = patientPlacing();
  let fails = true;
  const first = { id: '' };
  const world = await placingWorld(t, {
    placing: {
      ...real,
      place: (tx, id, now) => (fails && id === first.id ? Promise.reject(new Error('no')) : real.place(tx, id, now)),
      placeMany: (tx, ids, now) =>
        fails && ids.includes(first.id) ? Promise.reject(new Error('no')) : real.placeMany(tx, ids, now),
    },
  });
  first.id = await world.tell('north', '1', ROBERT);
  await world.tell('south', '7', ROBERT);
  await assert.rejects(world.settle(), /no/);
  await world.settle();
  assert.deepEqual(await world.rows('SELECT attempts FROM patient_due'), [{ attempts: 1 }]);
  fails = false;
  world.clock.advance(60_000);
  await world.settle();
  assert.equal((await world.people()).length, 1);
});

it('fifty workers that place one person of fifty sites make one golden record', async (t) => {
  const world = await placingWorld(t, { max: 30 });
  const sites = Array.from({ length: 50 }, (_, number) => `site-${String(number)}`);
  const ids: string[] = [];
  for (const site of sites) ids.push(await world.tell(site, '1', ROBERT));
  const work = async (): Promise<void> => {
    const stage = world.anotherStage();
    for (;;) {
      try {
        if (!(await stage.step())) return;
      } catch {
        // As the loop of the hub: it is tried again.
      }
    }
  };
  await Promise.all(sites.map(work));
  assert.deepEqual(await world.people(), [ids.sort()]);
  assert.equal((await world.rows('SELECT 1 FROM identity_decision')).length >= 49, true);
  const states = await world.rows('SELECT state, count(*) FROM golden_patient GROUP BY 1 ORDER BY 1');
  assert.deepEqual(states, [
    { state: 'active', count: 1 },
    { state: 'redirected', count: 49 },
  ]);
});

it('of fifty workers at one person none is sent back more often than once for a record', async (t) => {
  const world = await placingWorld(t, { max: 30 });
  let tried = 0;
  const counted = (): PatientPlacing => {
    const real = patientPlacing();
    return {
      ...real,
      place: (tx, id, now) => {
        tried += 1;
        return real.place(tx, id, now);
      },
    };
  };
  const stages = Array.from({ length: 50 }, () => world.anotherStage(counted()));
  await Promise.all(stages.map((stage) => stage.step()));
  for (const site of stages.keys()) await world.tell(`site-${String(site)}`, '1', ROBERT);
  await Promise.all(stages.map((stage) => stage.step().catch(() => undefined)));
  await world.settle();
  assert.equal((await world.people()).length, 1);
  assert.ok(tried <= 2 * stages.length + 5, `${String(tried)} times for ${String(stages.length)} records`);
});

it('several processes may count names at the same moment', async (t) => {
  const world = await placingWorld(t, { max: 30 });
  await world.tell('north', '1', ROBERT);
  await world.settle();
  const counting = Array.from({ length: 20 }, async (_, at) => {
    const stage = world.anotherStage();
    await stage.step();
    await world.tell('south', String(at), makePerson(randomOf(at)));
    for (;;) if (!(await stage.step())) return;
  });
  await Promise.all(counting);
  const counts = await world.rows('SELECT 1 FROM name_count WHERE h = 0');
  assert.equal(counts.length, 2, 'of first names and of last names');
});

it('two workers that place the two records of one person at the same moment link them, each time', async (t) => {
  const world = await placingWorld(t, { max: 6 });
  const workers = [world.anotherStage(), world.anotherStage()];
  await Promise.all(workers.map((stage) => stage.step()));
  const random = randomOf(11);
  const rounds = Array.from({ length: 30 }, () => makePerson(random));
  for (const [number, made] of rounds.entries()) {
    const { given, family, birth: birthDate, phone, street, city, zip: postalCode } = made;
    const person = { given, family, birthDate, phone, address: { line: [street], city, postalCode } };
    for (const site of ['north', 'south']) await world.tell(site, String(number), person);
    await Promise.all(workers.map((stage) => stage.step()));
  }
  const groups = await world.people();
  assert.deepEqual([groups.length, groups.every((group) => group.length === 2)], [rounds.length, true]);
});
