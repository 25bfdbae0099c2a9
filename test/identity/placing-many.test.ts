/** Records that are placed together come to what they come to one behind the other. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import type { PatientAssertion } from '../../src/mappings/contract.ts';
import { anotherRecord, below, makePerson, randomOf, type Made, type Random } from '../support/people.ts';
import type { Cleanup } from '../support/database.ts';
import { placingWorld, ROBERT, type PlacingWorld } from './placing-world.ts';

interface Told {
  readonly site: string;
  readonly key: string;
  readonly person: Partial<PatientAssertion>;
}

const SITES = ['north', 'south', 'west', 'east'];

/** People of several sites, with the slips of their desks; twins, a phone that a clinic has, and changed records. */
function population(random: Random, many: number): readonly Told[] {
  const told: Told[] = [];
  let number = 0;
  for (let at = 0; at < many; at += 1) {
    const person = random() < 0.3 ? { ...makePerson(random), phone: '937-555-0000' } : makePerson(random);
    const twin = random() < 0.2 ? { ...person, given: makePerson(random).given } : null;
    for (const one of twin === null ? [person] : [person, twin]) {
      const sites = SITES.filter(() => random() < 0.5);
      for (const site of sites) {
        number += 1;
        told.push({ site, key: String(number), person: assertionOf(random, one) });
        if (random() < 0.2) told.push({ site, key: String(number), person: assertionOf(random, one) });
        if (random() < 0.1) told.push({ site, key: String(number), person: assertionOf(random, makePerson(random)) });
      }
    }
  }
  return shuffled(random, told);
}

function assertionOf(random: Random, person: Made): Partial<PatientAssertion> {
  const { names, birthDate, addresses, phones } = anotherRecord(
    random,
    random() < 0.5 ? person : { ...person, ssn: '' },
  );
  const [name] = names;
  const [address] = addresses ?? [];
  const [phone] = phones ?? [];
  return {
    ...(name?.family ? { family: name.family } : {}),
    ...(name?.given?.[0] ? { given: name.given[0] } : {}),
    ...(birthDate ? { birthDate } : {}),
    ...(phone === undefined ? {} : { phone }),
    ...(address === undefined
      ? {}
      : { address: { line: address.lines, city: address.city ?? '', postalCode: address.postalCode ?? '' } }),
  };
}

function shuffled<T>(random: Random, list: readonly T[]): readonly T[] {
  const left = [...list];
  return list.map(() => left.splice(below(random, left.length), 1)[0] as T);
}

/** Everything that placing writes, with hashes counted only: each database has its own key. */
async function outcome(world: PlacingWorld): Promise<unknown> {
  return {
    people: await world.people(),
    decisions: await world.rows(
      `SELECT kind, one, other, reason, at, count(*) OVER (PARTITION BY supersedes) AS superseding,
         rank() OVER (ORDER BY seq) AS place FROM identity_decision ORDER BY seq`,
    ),
    golden: await world.rows('SELECT id, state, leads_to FROM golden_patient ORDER BY id'),
    reviews: await world.rows('SELECT lo, hi, why, score, probability, state FROM identity_review ORDER BY lo, hi'),
    indexed: await world.rows(
      `SELECT i.patient_id, i.version, i.in_use, i.truncated, i.given IS NULL AS unnamed,
         (SELECT count(*) FROM patient_key k WHERE k.patient_id = i.patient_id AND k.version = i.version) AS keys,
         (SELECT count(*) FROM patient_contact c WHERE c.patient_id = i.patient_id) AS contacts
       FROM patient_indexed i ORDER BY 1`,
    ),
    due: await world.rows('SELECT * FROM patient_due'),
  };
}

async function placed(t: Cleanup, atOnce: number, parts: readonly (readonly Told[])[], cap: number): Promise<unknown> {
  const world = await placingWorld(t, { atOnce, placing: patientPlacing(SHIPPED_MODEL, { cap }) });
  for (const part of parts) {
    for (const { site, key, person } of part) await world.tell(site, key, person);
    await world.settle();
  }
  return outcome(world);
}

for (const [seed, cap] of [
  [1, 500],
  [2, 500],
  [3, 6],
] as const) {
  // prettier-ignore
  it(`in any order and batches of any size (order ${String(seed)}, cap ${String(cap)})`, async (t) => {
    const random = randomOf(seed);
    const told = population(random, 24);
    const middle = below(random, told.length);
    const parts = [told.slice(0, middle), told.slice(middle)];
    const singly = await placed(t, 1, parts, cap);
    const { decisions, reviews } = singly as { readonly decisions: unknown[]; readonly reviews: unknown[] };
    assert.ok(decisions.length + reviews.length > 5, 'there is something to decide');
    for (const atOnce of [2 + below(random, 12), 1_000]) {
      assert.deepEqual(await placed(t, atOnce, parts, cap), singly, `${String(atOnce)} at once`);
    }
  });
}

it('a batch that does not come to its end leaves all of it due, and another worker places it', async (t) => {
  const real = patientPlacing();
  const world = await placingWorld(t, {
    atOnce: 100,
    placing: {
      ...real,
      placeMany: async (tx, ids, now) => {
        await real.placeMany(tx, ids, now);
        throw Object.assign(new Error('killed'), { code: '57P01' });
      },
    },
  });
  const ids = [await world.tell('north', '1', ROBERT), await world.tell('south', '7', ROBERT)];
  await world.stage.step();
  assert.equal(await world.stage.step(), true);
  assert.deepEqual(await world.rows('SELECT 1 FROM patient_key'), []);
  assert.equal((await world.rows('SELECT 1 FROM patient_due')).length, 2);
  const other = world.anotherStage(patientPlacing());
  while (await other.step());
  assert.deepEqual(await world.people(), [ids.sort()]);
});

it('who is placed alone and who places many at the same moment see each other', async (t) => {
  const world = await placingWorld(t, { max: 8, atOnce: 4 });
  const one = world.anotherStage();
  await Promise.all([world.stage.step(), one.step()]);
  const random = randomOf(7);
  for (let round = 0; round < 12; round += 1) {
    const person = assertionOf(random, { ...makePerson(random), suffix: '' });
    const full = { ...ROBERT, ...person, phone: '614-555-1234' };
    for (const site of [...SITES, 'far']) await world.tell(site, String(round), { ...full, birthDate: '1980-02-03' });
    await Promise.all([world.stage.step(), one.step(), one.step()]);
    await world.settle();
  }
  const sizes = (await world.people()).map((group) => group.length);
  assert.deepEqual(
    sizes,
    Array.from({ length: 12 }, () => 5),
  );
});
