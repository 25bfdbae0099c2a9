import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../src/core/ids.ts';
import { candidatePairs } from '../../../src/identity/match/candidates.ts';
import { KEY_EPOCH, KEY_KINDS, keysOf } from '../../../src/identity/match/keys.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import type { Person, PersonRecord } from '../../../src/identity/match/person.ts';
import { soundOf } from '../../../src/identity/match/phonetic.ts';
import { anotherRecord, makePerson, randomOf, recordOf } from '../../support/people.ts';

const ANN: PersonRecord = {
  names: [{ family: 'Schmidt-Jones', given: ['Kathleen'] }],
  birthDate: '1972-03-04',
  addresses: [{ lines: ['12 Oak Street'], city: 'Springfield', postalCode: '45501' }],
  phones: ['937-555-2222'],
  emails: ['ann@example.net'],
  identifiers: [{ kind: 'social', system: 'ssn', value: '275-78-9905' }],
};

function named(family: string, given: string): Person {
  return normalised({ names: [{ family, given: [given] }], birthDate: '1972-03-04' });
}

function shared(a: Person, b: Person): readonly string[] {
  const keys = new Set(keysOf(a).map(({ kind, value }) => `${kind} ${value}`));
  return keysOf(b).flatMap(({ kind, value }) => (keys.has(`${kind} ${value}`) ? [kind] : []));
}

test('a whole record has keys of every kind that its facts make', () => {
  const kinds = new Set<string>(keysOf(normalised(ANN)).map(({ kind }) => kind));
  const missing = Object.keys(KEY_KINDS).filter((kind) => !kinds.has(kind));
  assert.deepEqual(missing, ['identifier']);
});

test('a key is there only when all of its facts are, and none is a name, a town or a year alone', () => {
  assert.deepEqual(keysOf(normalised({ names: [{ family: 'Smith' }] })), []);
  assert.deepEqual(keysOf(normalised({ names: [], birthDate: '1972' })), []);
  assert.deepEqual(
    keysOf(normalised({ names: [], addresses: [{ lines: [], city: 'Springfield', postalCode: '45501' }] })),
    [],
  );
  for (const { kind, value } of keysOf(normalised(ANN))) {
    assert.ok(kind === 'email' || value.includes('|'), `${kind} ${value}`);
  }
});

test('names that sound alike, are short forms, or changed places meet', () => {
  assert.ok(shared(named('Meyer', 'Catherine'), named('Maier', 'Katharine')).includes('names'));
  assert.ok(shared(named('Smith', 'William'), named('Smith', 'Bill')).includes('short-name'));
  assert.ok(shared(named('Smith', 'Kelly'), named('Kelly', 'Smith')).includes('names'));
  assert.ok(shared(named('Schmidt-Jones', 'Ann'), named('Jones', 'Ann')).includes('names'));
  assert.equal(soundOf('philip'), soundOf('filip'));
  assert.equal(soundOf('陈'), '陈');
});

test('the keys of one epoch never change: another digest needs another epoch, and all stored keys made again', () => {
  const random = randomOf(31);
  const all = Array.from({ length: 400 }, () => makePerson(random)).flatMap((person) => [
    ...keysOf(normalised(recordOf(person))),
    ...keysOf(normalised(anotherRecord(random, person))),
  ]);
  const digest = sha256(JSON.stringify([...all, ...keysOf(normalised(ANN))])).slice(0, 16);
  assert.deepEqual([KEY_EPOCH, digest], [1, '4dd5a14548656a9b']);
});

test('two records of one person nearly always share a key, and few others do', () => {
  const random = randomOf(32);
  const people = Array.from({ length: 2_000 }, () => makePerson(random));
  const left = people.map((person) => normalised(recordOf(person)));
  const right = people.map((person) => normalised(anotherRecord(random, person)));
  const { pairs } = candidatePairs(left, right);
  let met = 0;
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === pairs[at + 1]) met += 1;
  assert.ok(met >= 0.995 * people.length, String(met));
  assert.ok(pairs.length / 2 <= 0.01 * people.length ** 2, String(pairs.length / 2));
});

test('a block over its cap is asked by its tight keys, and what is lost is counted', () => {
  const crowd = (count: number, day: (at: number) => string): Person[] =>
    Array.from({ length: count }, (_one, at) =>
      normalised({ names: [{ family: 'Smith', given: ['Ann'] }], birthDate: day(at) }),
    );
  const byYear = candidatePairs(
    crowd(60, (at) => `${1940 + at}-03-04`),
    null,
    50,
  );
  const names = byYear.capped.find(({ kind }) => kind === 'names');
  assert.deepEqual(names, { kind: 'names', keys: 1, lost: 0 });
  const sameDay = candidatePairs(
    crowd(60, () => '1972-03-04'),
    null,
    50,
  );
  assert.ok(sameDay.capped.some(({ lost }) => lost > 0));
  assert.equal(sameDay.pairs.length, 0);
});
