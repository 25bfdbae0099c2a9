/** Whose records are matched worse than others': a total hides it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimated, FEW } from '../../../src/identity/match/breakdown.ts';
import { evaluate, type Evaluation } from '../../../src/identity/match/evaluation.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import type { PersonRecord } from '../../../src/identity/match/person.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { truthByLabel, truthByPairs } from '../../../src/identity/match/truth.ts';
import { readCsv } from '../../../src/identity/match/csv.ts';
import { makePerson, randomOf, recordOf, type Made } from '../../support/people.ts';

const TODAY = 20261122;

interface Two {
  readonly left: Made;
  readonly right: Made;
}

/** Each of these is one person, told of by two systems. */
function measured(pairs: readonly Two[]): Evaluation {
  const people = (side: keyof Two): readonly PersonRecord[] => pairs.map((pair) => recordOf(pair[side]));
  const labels = pairs.map((_, at) => `p${String(at)}`);
  return evaluate(
    {
      left: people('left').map((record) => normalised(record)),
      right: people('right').map((record) => normalised(record)),
      truth: truthByLabel(labels, labels),
    },
    { model: SHIPPED_MODEL, today: TODAY },
  );
}

function made(count: number, change: (person: Made, at: number) => Two): readonly Two[] {
  const random = randomOf(9);
  return Array.from({ length: count }, (_, at) => change({ ...makePerson(random), ssn: '' }, at));
}

const part = ({ parts }: Evaluation, by: string, named: string): Evaluation['parts'][number] | undefined =>
  parts.find((one) => one.by === by && one.part === named);

test('of true pairs whose family name changed fewer are linked, and the table says so', () => {
  const found = measured(
    made(120, (person, at) => ({
      left: { ...person, family: 'Okonkwo' },
      right:
        at % 2 === 0
          ? { ...person, family: 'Okonkwo' }
          : { ...person, family: 'Brightwater', phone: '', email: '', street: '' },
    })),
  );
  const changed = part(found, 'family name', 'changed');
  const same = part(found, 'family name', 'the same or alike');
  assert.deepEqual([changed?.truePairs, same?.truePairs], [60, 60]);
  assert.equal(same?.auto.share, 1);
  assert.equal(same.harder, false);
  assert.ok((changed?.autoAndReview.share ?? 0) > 0.9);
  assert.ok((changed?.auto.share ?? 1) < 0.9, 'without phone and street too little is left');
  assert.equal(changed?.harder, true);
});

test('the newborn are a part of their own, at the day of the evaluation', () => {
  const found = measured(
    made(90, (person, at) => {
      const birth = at < 40 ? `202${at % 2 === 0 ? '6-01' : '4-12'}-1${String(at % 9)}` : person.birth;
      const born = { ...person, birth, given: at < 40 ? `Baby Boy` : person.given };
      return { left: born, right: { ...born, given: person.given } };
    }),
  );
  const young = part(found, 'age', 'under two');
  assert.equal(young?.truePairs, 40);
  assert.equal(young.auto.have, 0, 'a placeholder is never linked without a person');
  assert.equal(young.harder, true);
  assert.equal(part(found, 'age', 'two and over')?.truePairs, 50);
});

test('names are told apart by how they are written, and a pair may be in several parts', () => {
  const names = ['van der Berg', 'Nguyễn', 'Ng', 'Иванова', 'Smith Jones', 'Brightwater'];
  const found = measured(
    made(names.length, (person, at) => {
      const own = { ...person, family: names[at] ?? '', given: at === 1 ? 'Hùng' : person.given };
      return { left: own, right: own };
    }),
  );
  const counts = found.parts.flatMap(({ by, part: named, truePairs }) => (by === 'name' ? [[named, truePairs]] : []));
  assert.deepEqual(counts, [
    ['another script than Latin', 1],
    ['first name with accents', 1],
    ['a particle (van, de la, bin, ...)', 1],
    ['several family names', 1],
    ['family name of up to three letters', 1],
    ['none of these', 1],
  ]);
  assert.ok(found.parts.every(({ few, harder }) => few && !harder), 'six pairs tell nothing'); // prettier-ignore
});

test('true pairs that were never compared count against their part', () => {
  const found = measured(
    made(40, (person) => ({ left: person, right: { ...makePerson(randomOf(77)), sex: person.sex } })),
  );
  const all = found.parts.filter(({ by }) => by === 'sex');
  assert.equal(all.reduce((sum, { truePairs }) => sum + truePairs, 0), 40); // prettier-ignore
  assert.ok(all.every(({ autoAndReview }) => autoAndReview.share === 0));
});

test('links that are wrong stand with the part of those who were taken for one', () => {
  const people = made(FEW, (person) => ({ left: person, right: person }));
  const left = people.map((two) => normalised(recordOf(two.left)));
  const found = evaluate(
    { left, right: left, truth: { pairs: 0, isMatch: () => false, each: () => undefined } },
    { model: SHIPPED_MODEL, today: TODAY },
  );
  const wrong = part(found, 'sex', 'the same')?.wrongLinks;
  assert.deepEqual([wrong?.have, wrong?.of, wrong?.share], [found.auto.wrong, found.auto.found, 1]);
  assert.ok(found.auto.wrong > 0);
});

test('both kinds of truth tell each pair once', () => {
  const visited = (truth: { each(visit: (i: number, j: number) => void): void }): readonly string[] => {
    const pairs: string[] = [];
    truth.each((i, j) => pairs.push(`${String(i)} ${String(j)}`));
    return pairs.sort();
  };
  assert.deepEqual(visited(truthByLabel(['a', 'b', 'a', '', '', 'a'], null)), ['0 2', '0 5', '2 5']);
  assert.deepEqual(visited(truthByLabel(['a', 'b', ''], ['b', 'b', ''])), ['1 0', '1 1']);
  const table = readCsv('left,right\n1,2\n2,1\n3,4\n');
  assert.deepEqual(visited(truthByPairs(table, ['1', '2', '3', '4'], null)), ['0 1', '2 3']);
});

test('an interval tells what few pairs cannot: by Wilson, and by the rule of three where none or all have it', () => {
  const near = (value: number, wanted: number): boolean => Math.abs(value - wanted) < 5e-4;
  const half = estimated(50, 100);
  assert.ok(near(half.from, 0.4038) && near(half.to, 0.5962), JSON.stringify(half));
  const most = estimated(9, 10);
  assert.ok(near(most.from, 0.5958) && near(most.to, 0.9821), JSON.stringify(most));
  assert.deepEqual(estimated(0, 300), { of: 300, have: 0, share: 0, from: 0, to: 0.01 });
  assert.deepEqual(estimated(2, 2), { of: 2, have: 2, share: 1, from: 0, to: 1 });
  assert.deepEqual(estimated(0, 0), { of: 0, have: 0, share: null, from: 0, to: 1 });
});
