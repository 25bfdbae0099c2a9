/**
 * A second suite of different people who share nearly everything, whose author had not read the code of the guards: at
 * most one pair in two hundred of each class is linked without a person, in a small index and in one of a million.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { contactsOf, countedNames, type Frequencies } from '../../../src/identity/match/frequencies.ts';
import { matcher, type Matcher } from '../../../src/identity/match/matcher.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import { SHIPPED_MODEL } from '../../../src/identity/match/shipped.ts';
import { somebody, written } from '../../support/impostor-people.ts';
import { AGENCY, impostors, TWOSOMES } from '../../support/impostors.ts';
import { makePerson, randomOf, recordOf } from '../../support/people.ts';

const PAIRS = 2_000;
const SEEDS = [1, 2];
const SIZES = [2_000, 1_000_000];

let frequencies: Frequencies;
let shared: ReadonlySet<string>;
before(() => {
  const random = randomOf(7);
  frequencies = countedNames(Array.from({ length: 20_000 }, () => normalised(recordOf(makePerson(random)))));
  // So many people have the agency's address and phone that the index knows them to be shared.
  shared = new Set(contactsOf(normalised(written({ ...somebody(random), ...AGENCY, email: '' }))));
});

function matcherOf(records: number): Matcher {
  return matcher({ model: SHIPPED_MODEL, frequencies, shared, records, today: 20261122 });
}

for (const name of Object.keys(TWOSOMES)) {
  test(`never without a person: ${name}`, () => {
    const judges = SIZES.map(matcherOf);
    for (const seed of SEEDS) {
      const pairs = impostors(name, PAIRS, seed).map(([one, other]) => [normalised(one), normalised(other)] as const);
      judges.forEach((judge, at) => {
        const linked = pairs.filter(([one, other]) => judge.judge(one, other).band === 'auto');
        const said = `${String(linked.length)} of ${String(PAIRS)} among ${String(SIZES[at])} records`;
        assert.ok(linked.length <= PAIRS * 0.005, `${said}: ${JSON.stringify(linked[0])}`);
      });
    }
  });
}
