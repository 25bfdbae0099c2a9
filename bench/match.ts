/**
 * Pairs of patients compared in a second of one core. `judged` is what the index does: weights, cap, guards and band,
 * and the household left out where it could not help any more. `every field` leaves nothing out. People are normalised
 * before, as they are in the index. CPU time, because the machine has other work.
 */
import { candidatePairs } from '../src/identity/match/candidates.ts';
import { countedNames, sharedValues } from '../src/identity/match/frequencies.ts';
import { matcher } from '../src/identity/match/matcher.ts';
import { SHIPPED_MODEL } from '../src/identity/match/shipped.ts';
import { normalised } from '../src/identity/match/normalise.ts';
import type { Person } from '../src/identity/match/person.ts';
import { jaroWinkler } from '../src/identity/match/similarity.ts';
import { anotherRecord, below, makePerson, randomOf, recordOf } from '../test/support/people.ts';
import { cpuRates, figures, quantile, type Bench } from './figure.ts';

const ROUNDS = 20;
const TARGET = 300_000;

type Two = readonly [Person, Person];
type Work = (a: Person, b: Person) => number;

export const match: Bench = {
  name: 'match',
  run({ scale }) {
    const people = madePeople(scale.short ? 500 : 20_000);
    const judge = matcher({
      model: SHIPPED_MODEL,
      frequencies: countedNames(people),
      shared: sharedValues(people, 8),
      records: 1_000_000,
      today: 20261122,
    });
    const pace = { rounds: ROUNDS, round_ms: scale.short ? 5 : (scale.seconds * 1000) / (6 * ROUNDS) };
    const shareKey = candidates(people);
    const anyTwo = randomPairs(people);
    const judged = (a: Person, b: Person): number => judge.judge(a, b).score;
    const sets: readonly (readonly [name: string, pairs: readonly Two[], work: Work])[] = [
      ['candidate pairs judged', shareKey, judged],
      ['candidate pairs, every field', shareKey, (a, b) => judge.bits(a, b)],
      ['random pairs judged', anyTwo, judged],
    ];
    const conditions = `${people.length} made-up people, one core, CPU time, median of ${ROUNDS} rounds`;
    return Promise.resolve(
      sets.flatMap(([name, pairs, work]) => {
        const rate = (of: Work): number[] => cpuRates(pairs, ([a, b]) => of(a, b), pace);
        const each = rate(work);
        const bare = rate(bareNames);
        return figures({ name, unit: 'pairs/s', value: quantile(each, 0.5), each, conditions }, [
          { name: 'target: 300000 a second and core', value: TARGET },
          { name: 'Jaro-Winkler of first and last name alone', value: quantile(bare, 0.5) },
        ]);
      }),
    );
  },
};

/** The floor: two similarities and nothing else. */
function bareNames(a: Person, b: Person): number {
  return jaroWinkler(a.given.whole, b.given.whole) + jaroWinkler(a.family.whole, b.family.whole);
}

function madePeople(count: number): readonly Person[] {
  const random = randomOf(3);
  return Array.from({ length: count }, () => makePerson(random)).flatMap((person) => [
    normalised(recordOf(person)),
    normalised(anotherRecord(random, person)),
  ]);
}

/** No more than a working set that memory serves evenly; taken from all over the file. */
const MOST = 200_000;

function candidates(people: readonly Person[]): readonly Two[] {
  const { pairs } = candidatePairs(people, null);
  const step = Math.max(1, Math.floor(pairs.length / 2 / MOST)) * 2;
  const chosen: Two[] = [];
  for (let at = 0; at < pairs.length; at += step) chosen.push([people[pairs[at]!]!, people[pairs[at + 1]!]!]);
  return chosen;
}

function randomPairs(people: readonly Person[]): readonly Two[] {
  const random = randomOf(4);
  return Array.from({ length: Math.min(MOST, people.length * 10) }, (): Two => {
    return [people[below(random, people.length)]!, people[below(random, people.length)]!];
  });
}
