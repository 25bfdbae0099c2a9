/** What a pair is told, and why: levels, weights, thresholds, guards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../../../src/identity/match/clusters.ts';
import { countedNames, NO_FREQUENCIES, sharedValues } from '../../../src/identity/match/frequencies.ts';
import { matcher, type Explanation, type MatcherOptions, type Verdict } from '../../../src/identity/match/matcher.ts';
import { canonicalJson, modelHash, ModelError, readModel, sealed } from '../../../src/identity/match/model.ts';
import shippedModel from '../../../src/identity/match/model.json' with { type: 'json' };
import { normalised } from '../../../src/identity/match/normalise.ts';
import type { Person, PersonRecord } from '../../../src/identity/match/person.ts';
import { thresholds } from '../../../src/identity/match/thresholds.ts';
import { makePerson, randomOf, recordOf } from '../../support/people.ts';

const MODEL = readModel(shippedModel);
const OPTIONS: MatcherOptions = {
  model: MODEL,
  frequencies: NO_FREQUENCIES,
  shared: new Set(),
  records: 100_000,
  today: 20261122,
};

const ANN: PersonRecord = {
  names: [{ family: 'Kowalski', given: ['Ann', 'Louise'] }],
  birthDate: '1972-03-04',
  gender: 'F',
  addresses: [{ lines: ['12 Oak Street', 'Apt 5'], city: 'Springfield', state: 'OH', postalCode: '45501' }],
  phones: ['937-555-2222'],
  emails: ['ann.kowalski@example.net'],
};

function explain(one: PersonRecord, other: PersonRecord, more: Partial<MatcherOptions> = {}): Explanation {
  return matcher({ ...OPTIONS, ...more }).explain(normalised(one), normalised(other));
}

function named(family: string, ...given: readonly string[]): Pick<PersonRecord, 'names'> {
  return { names: [{ family, given }] };
}

test('the same record is the same person, and the steps add up to the score', () => {
  const found = explain(ANN, ANN);
  assert.equal(found.band, 'auto');
  assert.deepEqual(found.guards, []);
  assert.ok(Math.abs(found.steps.reduce((sum, { bits }) => sum + bits, 0) - found.score) < 1e-9);
  assert.ok(found.steps.some(({ field }) => field === 'household-cap'));
  assert.match(found.modelId, /^slotwire-1 [0-9a-f]{12} rules \d+$/);
});

test('a pair is told the same whichever record comes first', () => {
  const random = randomOf(1);
  const people = Array.from({ length: 300 }, () => normalised(recordOf(makePerson(random))));
  const judge = matcher(OPTIONS);
  people.forEach((a, at) => {
    const b = people[(at * 7 + 1) % people.length]!;
    const [one, other] = [judge.judge(a, b), judge.judge(b, a)];
    assert.deepEqual([one.band, one.guards], [other.band, other.guards]);
    assert.ok(Math.abs(one.score - other.score) < 1e-9);
  });
});

test('what is missing is no evidence: without a field the score loses what it gave, and no more', () => {
  const { phones: _none, ...without } = ANN;
  assert.equal(explain(ANN, without).levels.phone, 'missing');
  assert.ok(explain(ANN, without).band === 'auto');
});

test('names and date of birth alone are never enough', () => {
  const bare = { ...named('Xylander', 'Quillon'), birthDate: '1972-03-04' };
  const found = explain(bare, bare, { records: 100 });
  assert.equal(found.band, 'review');
  assert.deepEqual(found.guards, ['name-and-birth-only']);
});

test('the household block gives no more than its cap, however much of it agrees', () => {
  const { cap } = MODEL.household;
  const stranger = { ...ANN, ...named('Okonkwo', 'Dmitri'), birthDate: '1951-11-30', gender: 'M' };
  const found = explain(ANN, stranger);
  const block = found.steps.filter(({ field }) => /street|number|unit|city|postcode|state|phone|email|cap/.test(field));
  assert.ok(Math.abs(block.reduce((sum, { bits }) => sum + bits, 0) - cap) < 1e-9 || found.band === 'none');
});

test('guards name their reason', () => {
  const cases: readonly (readonly [string, PersonRecord, PersonRecord])[] = [
    ['given-differs', ANN, { ...ANN, ...named('Kowalski', 'Ruth') }],
    ['two-names', ANN, { ...ANN, ...named('Kowalski', 'Anna') }],
    ['given-initial', ANN, { ...ANN, ...named('Kowalski', 'A') }],
    ['birth-unknown', ANN, { ...ANN, birthDate: '1900-01-01' }],
    ['birth-unknown', ANN, { ...ANN, birthDate: '1972' }],
    ['generation', ANN, { ...ANN, birthDate: '1997-03-04' }],
    ['suffix', ANN, { ...ANN, names: [{ family: 'Kowalski', given: ['Ann'], suffix: 'Jr' }], birthDate: '1972-03-05' }],
    ['sex', ANN, { ...ANN, gender: 'M' }],
    ['placeholder-name', { ...ANN, ...named('Kowalski', 'Baby Girl') }, ANN],
    ['multiple-birth', { ...ANN, ...named('Kowalski', 'An'), multipleBirth: true }, ANN],
    ['name-and-birth-only', ANN, { ...ANN, addresses: [], phones: [], emails: [] }],
    ['same-namespace', mrn(ANN, '11'), mrn(ANN, '12')],
    [
      'second-name-differs',
      { ...ANN, ...named('Garcia', 'Maria', 'Elena') },
      { ...ANN, ...named('Garcia', 'Maria', 'Luisa') },
    ],
    ['script', ANN, { ...ANN, ...named('Ковальски', 'Анна') }],
  ];
  for (const [guard, one, other] of cases) {
    const found = explain(one, other);
    assert.ok((found.guards as readonly string[]).includes(guard), `${guard}: ${found.band} ${found.guards.join()}`);
    assert.equal(found.band, 'review');
  }
});

function mrn(record: PersonRecord, value: string): PersonRecord {
  return { ...record, identifiers: [{ kind: 'person', system: 'urn:site:mrn', value }] };
}

test('a number of the person answers what missing fields leave open, and not what names and birthdays deny', () => {
  const ssn = [{ kind: 'social', system: 'ssn', value: '275-78-9905' } as const];
  const proven = { ...ANN, identifiers: ssn };
  const bare = { ...named('Kowalski', 'Ann'), birthDate: '1972-03-04', identifiers: ssn };
  assert.equal(explain(proven, bare).band, 'auto');
  assert.equal(
    explain(mrn(ANN, '11'), mrn({ ...named('Kowalski', 'Ann'), birthDate: '1972-03-04' }, '11')).band,
    'auto',
  );
  assert.equal(explain(proven, { ...proven, ...named('Kowalski', 'Ruth') }).band, 'review');
  assert.equal(explain(proven, { ...proven, birthDate: '1997-03-04' }).band, 'review');
});

test('short names and slips of the finger are one name; the names of twins are two', () => {
  const frequencies = countedNames([]);
  const two = (a: string, b: string): string =>
    explain({ ...ANN, ...named('Lee', a) }, { ...ANN, ...named('Lee', b) }, { frequencies }).band;
  for (const [a, b] of [
    ['Robert', 'Bob'],
    ['Michael', 'Mike'],
    ['Mitchell', 'Mitchlel'],
    ['Sarah', 'Sarzh'],
    ['Jac ob', 'Jacob'],
  ] as const) {
    assert.equal(two(a, b), 'auto', `${a} and ${b}`);
  }
  for (const [a, b] of [
    ['Jayden', 'Hayden'],
    ['Daniel', 'Daniela'],
    ['Kayla', 'Kyla'],
    ['Jack', 'John'],
    ['Marie', 'Maria'],
  ] as const) {
    assert.equal(two(a, b), 'review', `${a} and ${b}`);
  }
});

test('first and last names that changed places still meet', () => {
  const found = explain(ANN, { ...ANN, ...named('Ann', 'Kowalski') });
  assert.equal(found.levels.given, 'swapped');
  assert.equal(found.band, 'auto');
});

test('the phone of a clinic, and of a parent, tells nothing about whose it is', () => {
  const { addresses: _a, emails: _e, ...phoneOnly } = ANN;
  assert.equal(explain(phoneOnly, phoneOnly).band, 'auto');
  assert.equal(explain(phoneOnly, phoneOnly, { shared: new Set(['+19375552222']) }).band, 'review');
  const child = { ...phoneOnly, birthDate: '2015-03-04' };
  assert.deepEqual(explain(child, child).guards, ['name-and-birth-only']);
  const clinic = Array.from({ length: 12 }, (_one, at): Person =>
    normalised({
      ...phoneOnly,
      ...named('Lee', `${String.fromCharCode(97 + at)}bcd`),
      birthDate: `${1950 + at}-02-03`,
    }),
  );
  assert.deepEqual([...sharedValues(clinic, 8)], ['+19375552222']);
});

test('a rare name says more than a common one', () => {
  const random = randomOf(2);
  const frequencies = countedNames(Array.from({ length: 5_000 }, () => normalised(recordOf(makePerson(random)))));
  const bits = (family: string): number =>
    explain({ ...ANN, ...named(family, 'Ann') }, { ...ANN, ...named(family, 'Ann') }, { frequencies }).score;
  assert.ok(bits('Kowalski') > bits('Smith') + 4);
});

test('thresholds grow with the index, and the automatic one keeps to its budget of wrong links', () => {
  const small = thresholds(MODEL, 5_000);
  const large = thresholds(MODEL, 1_000_000);
  assert.ok(large.auto > small.auto + 7 && large.review > small.review + 7);
  // Of two people's pairs at most 2^-t have t bits: all pairs of a million records make one such link.
  assert.ok(((1e6 * (1e6 - 1)) / 2) * 2 ** -large.auto <= 1.001);
});

test('a model is known by the hash of its content, whatever the order of its keys', () => {
  const { sha256, ...content } = MODEL;
  assert.equal(modelHash(content), sha256);
  assert.equal(canonicalJson({ b: 1, a: [2, { d: 3, c: 4 }] }), '{"a":[2,{"c":4,"d":3}],"b":1}');
  assert.throws(() => readModel({ ...MODEL, weakBirth: 2 }), ModelError);
  assert.throws(() => readModel({ format: 2 }), ModelError);
  assert.throws(
    () => readModel(sealed({ ...content, fields: { ...content.fields, sex: {} } })),
    /no rates .* sex same/,
  );
});

test('a chain of good links does not join two people', () => {
  const verdict = (guards: Verdict['guards']): Verdict => ({ band: 'review', score: 40, probability: 1, guards });
  const links = [
    { a: 0, b: 1, score: 50 },
    { a: 1, b: 2, score: 45 },
    { a: 2, b: 3, score: 40 },
  ];
  const twins = grouped(4, links, (a, b) =>
    verdict(Math.min(a, b) === 0 && Math.max(a, b) === 2 ? ['given-differs'] : []),
  );
  assert.deepEqual(twins.groupOf, [0, 0, 2, 2]);
  assert.deepEqual(twins.refused, [links[1]]);
  assert.deepEqual(grouped(4, links, () => verdict(['birth-unknown'])).groupOf, [0, 0, 0, 0]);
});
