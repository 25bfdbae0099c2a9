/**
 * Who is one practitioner, on a labelled set composed by this project: each person at two sites, a fifth of the records
 * without an NPI or with a wrong one. Shares of links that are right, and of pairs that are linked or shown to a
 * person; at the shipped bounds, all seeds together. No registry tells which numbers are groups'.
 */
import { matchPractitioners } from '../src/identity/practitioner-match.ts';
import { labelledPractitioners, measured, type Measured } from '../test/support/practitioners.ts';
import { figures, type Bench } from './figure.ts';

const SEEDS = [31, 32, 33, 34, 35, 36, 37, 38, 39, 40] as const;

export const practitioners: Bench = {
  name: 'practitioners',
  run({ scale }) {
    const people = scale.short ? 200 : 1_000;
    const sets = SEEDS.map((seed): Measured => {
      const set = labelledPractitioners(seed, people);
      return measured(set, matchPractitioners(set.records));
    });
    const sum = (of: (one: Measured) => number): number => sets.reduce((total, one) => total + of(one), 0);
    const [pairs, linked, wrong] = [sum((one) => one.pairs), sum((one) => one.linked), sum((one) => one.wrong)];
    const conditions = `${SEEDS.length} seeds, ${pairs} true pairs, ${linked} links, ${wrong} of them wrong`;
    const found = sum((one) => one.recall * one.pairs);
    return Promise.resolve([
      ...figures(
        { name: 'practitioners: links that are right', unit: 'share', value: 1 - wrong / linked, conditions },
        [{ name: 'target: all', value: 1 }],
      ),
      ...figures({ name: 'practitioners: pairs linked or shown', unit: 'share', value: found / pairs, conditions }, [
        { name: 'target: 0.97', value: 0.97 },
      ]),
    ]);
  },
};
