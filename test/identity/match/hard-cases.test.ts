/**
 * Two people who share nearly everything are never linked without a person: at most one pair in two hundred of each
 * class, in an index of any size, however well the rest agrees.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { countedNames, type Frequencies } from '../../../src/identity/match/frequencies.ts';
import { matcher, type Matcher } from '../../../src/identity/match/matcher.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import { HARD_CASES, hardPairs } from '../../support/hard-cases.ts';
import { anotherRecord, makePerson, randomOf, recordOf } from '../../support/people.ts';

const PAIRS = 2_000;
const SEEDS = [11, 12];
const MODEL = SHIPPED_MODEL;

let frequencies: Frequencies;
before(() => {
  const random = randomOf(7);
  frequencies = countedNames(Array.from({ length: 20_000 }, () => normalised(recordOf(makePerson(random)))));
});

function matcherOf(records: number): Matcher {
  // The phone of the class `one phone for a clinic` is known to be one.
  return matcher({ model: MODEL, frequencies, shared: new Set(['+15558675309']), records, today: 20261122 });
}

for (const name of Object.keys(HARD_CASES)) {
  test(`never without a person: ${name}`, () => {
    // The smaller the index, the lower the threshold: what a small one does not link, no larger one does.
    const judge = matcherOf(2_000);
    for (const seed of SEEDS) {
      const linked = hardPairs(name, PAIRS, seed).filter(
        ([one, other]) => judge.judge(normalised(one), normalised(other)).band === 'auto',
      );
      assert.ok(linked.length <= PAIRS * 0.005, `${linked.length} of ${PAIRS}: ${JSON.stringify(linked[0])}`);
    }
  });
}

test('two records of one person are linked or reviewed, most of them without a person', () => {
  const random = randomOf(21);
  const judge = matcherOf(5_000);
  const counts = { auto: 0, review: 0, none: 0 };
  for (let at = 0; at < 5_000; at += 1) {
    const person = { ...makePerson(random), ssn: '' };
    counts[judge.judge(normalised(recordOf(person)), normalised(anotherRecord(random, person))).band] += 1;
  }
  assert.ok(counts.auto >= 4_250, JSON.stringify(counts));
  assert.ok(counts.none <= 10, JSON.stringify(counts));
});
