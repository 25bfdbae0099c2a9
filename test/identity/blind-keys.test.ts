/** Records meet by keyed hashes exactly where they would meet by clear keys: nothing is lost, nothing is added. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mapsOf, people, tablesOf } from '../../src/hub-matching.ts';
import { candidatePairs, KEY_CAP } from '../../src/identity/match/candidates.ts';
import { keysOf, KEY_EPOCH } from '../../src/identity/match/keys.ts';
import { normalised } from '../../src/identity/match/normalise.ts';
import type { Person } from '../../src/identity/match/person.ts';
import { Neighbours } from '../../src/identity/placing/neighbours.ts';
import { at, openedStore } from '../store/opened.ts';
import { HARD_CASES, hardPairs } from '../support/hard-cases.ts';
import { anotherRecord, makePerson, randomOf, recordOf } from '../support/people.ts';
import { sharedFile } from '../support/shared-files.ts';

const { write } = await openedStore({ after });
const id = (number: number): string => `00000000-0000-8000-8000-${String(number).padStart(12, '0')}`;

/** People with two records each, and of every class of pairs that are hard to tell apart some. */
function composed(count: number): readonly Person[] {
  const random = randomOf(11);
  const made = Array.from({ length: count }, () => makePerson(random));
  return [
    ...made.flatMap((person) => [recordOf(person), anotherRecord(random, person)]),
    ...Object.keys(HARD_CASES).flatMap((name) => hardPairs(name, 3, 5).flat()),
  ].map((record) => normalised(record));
}

/** By the keys that are compared in clear: the smaller place first. */
function inClear(all: readonly Person[], cap = KEY_CAP): ReadonlySet<string> {
  const { pairs } = candidatePairs(all, null, cap);
  return new Set(
    Array.from({ length: pairs.length / 2 }, (_, n) => `${String(pairs[2 * n])} ${String(pairs[2 * n + 1])}`),
  );
}

interface Block {
  readonly places: number[];
  readonly loose: Block | null;
}

/** The same blocks, of nothing but what is stored. */
async function blind(all: readonly Person[], cap = KEY_CAP): Promise<ReadonlySet<string>> {
  const blocks = new Map<string, Block>();
  const filed = (name: string, place: number, loose: Block | null): Block => {
    const block = blocks.get(name) ?? { places: [], loose };
    blocks.set(name, block);
    block.places.push(place);
    return block;
  };
  await write(({ index }) => {
    for (const [place, person] of all.entries()) {
      for (const { h, tight } of index.blinded(keysOf(person), KEY_EPOCH)) {
        const loose = filed(h, place, null);
        if (tight !== '0') filed(`${h} ${tight}`, place, loose);
      }
    }
    return Promise.resolve();
  });
  const found = new Set<string>();
  for (const { places, loose } of blocks.values()) {
    const isFull = places.length > cap || (loose !== null && loose.places.length <= cap);
    if (!isFull) for (const i of places) for (const j of places) if (i < j) found.add(`${String(i)} ${String(j)}`);
  }
  return found;
}

function sameSets(one: ReadonlySet<string>, other: ReadonlySet<string>): void {
  const missing = (from: ReadonlySet<string>, to: ReadonlySet<string>): number =>
    [...from].filter((pair) => !to.has(pair)).length;
  assert.deepEqual([missing(one, other), missing(other, one)], [0, 0]);
  assert.ok(one.size > 0);
}

test('made-up people and hard pairs: the same candidates, also where blocks are over their cap', async () => {
  const all = composed(1_500);
  for (const cap of [KEY_CAP, 20, 3]) sameSets(await blind(all, cap), inClear(all, cap));
});

test('the index in the database finds for each record whom clear keys find', async () => {
  const all = composed(120);
  const clear = inClear(all);
  await write(async ({ index }) => {
    const entries = all.map((person, place) => ({
      id: id(place),
      version: 1,
      inUse: true,
      truncated: false,
      keys: index.blinded(keysOf(person), KEY_EPOCH),
      contacts: [],
      who: String(place),
      given: null,
      family: null,
    }));
    await index.put(entries, [], KEY_EPOCH, at(0));
    const found = new Set<string>();
    for (const [place, entry] of entries.entries()) {
      const neighbours = await Neighbours.of(index, [entry], KEY_CAP);
      await neighbours.read([entry]);
      const { names, capped } = neighbours.found(entry);
      assert.deepEqual(capped, []);
      for (const other of names.map((name) => Number(name.slice(24, 36)))) {
        found.add(place < other ? `${String(place)} ${String(other)}` : `${String(other)} ${String(place)}`);
      }
    }
    sameSets(found, clear);
  });
});

for (const file of ['dataset1.csv', 'dataset2.csv', 'dataset3.csv']) {
  const { path, skip } = sharedFile(`identity/febrl/${file}`);
  test(`${file} of FEBRL: the same candidates, with and without SSN`, { skip }, async () => {
    const wanted = {
      cwd: '/',
      left: path,
      right: null,
      fields: null,
      id: null,
      model: null,
      conventions: {},
      today: 20261122,
    };
    const [table] = await tablesOf(wanted);
    const [map] = await mapsOf(wanted, table, null);
    for (const without of [null, 'ssn'] as const) {
      const all = people(table, map, {}, without);
      sameSets(await blind(all), inClear(all));
    }
  });
}
