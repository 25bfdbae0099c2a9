import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, isOneEdit, jaroWinkler } from '../../../src/identity/match/similarity.ts';
import { below, randomOf } from '../../support/people.ts';

const near = (found: number, wanted: number): void =>
  assert.ok(Math.abs(found - wanted) < 0.0001, `${found}, not ${wanted}`);

test('Jaro-Winkler has the values of the textbooks', () => {
  near(jaroWinkler('martha', 'marhta'), 0.9611);
  near(jaroWinkler('dixon', 'dicksonx'), 0.8133);
  near(jaroWinkler('dwayne', 'duane'), 0.84);
  near(jaroWinkler('jones', 'johnson'), 0.8324);
  near(jaroWinkler('abc', 'xyz'), 0);
  assert.equal(jaroWinkler('', ''), 0);
  assert.equal(jaroWinkler('a', ''), 0);
});

test('Jaro-Winkler lies between 0 and 1, is 1 only of equals, and the same in either order', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 40 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const found = jaroWinkler(a, b);
      assert.ok(found >= 0 && found <= 1);
      near(found, jaroWinkler(b, a));
      if (a === b && a !== '') assert.equal(found, 1);
    }),
  );
});

/** The definition, cell by cell. */
function slowDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_one, i) =>
    Array.from({ length: b.length + 1 }, (_two, j) => i + j),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      rows[i]![j] = least;
    }
  }
  return at(a.length, b.length);
}

test('the edit distance is that of the definition, up to its limit', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
      assert.equal(editDistance(a, b, most), Math.min(slowDistance(a, b), most + 1));
    }),
    { numRuns: 2000 },
  );
});

test('one edit is an edit distance of 1', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(isOneEdit(a, b), slowDistance(a, b) === 1);
    }),
    { numRuns: 5000 },
  );
});

test('whoever needs a likeness of so much at least is told the same, and below it nothing that is as much', () => {
  const random = randomOf(8);
  const text = (): string => Array.from({ length: below(random, 12) }, () => 'abcde'[below(random, 5)]).join('');
  for (let round = 0; round < 200_000; round += 1) {
    const a = text();
    const b = random() < 0.5 ? text() : `${a.slice(0, below(random, 12))}${text().slice(0, 3)}`;
    const least = [0.5, 0.7, 0.78, 0.82, 0.9, 0.92, 1][below(random, 7)] ?? 0;
    const [whole, some] = [jaroWinkler(a, b), jaroWinkler(a, b, least)];
    assert.ok(whole >= least ? some === whole : some < least, `${a} ${b} ${String(least)}: ${String(whole)}`);
  }
});
