/** Which records are one practitioner: by what identifies a person; names only make somebody look. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchPractitioners, type PractitionerRecord } from '../../src/identity/practitioner-match.ts';
import { labelledPractitioners, measured } from '../support/practitioners.ts';

const [NPI, OTHER] = ['1234567893', '1245319599'];

function verdict(
  one: Partial<PractitionerRecord>,
  other: Partial<PractitionerRecord>,
  groups?: ReadonlySet<string>,
): string {
  const [pair] = matchPractitioners(
    [
      { key: 'a', ...one },
      { key: 'b', ...other },
    ],
    groups,
  );
  if (pair === undefined) return 'none';
  return pair.verdict.kind === 'same' ? `same by ${pair.verdict.by}` : `review: ${pair.verdict.because}`;
}

const ANN = { family: 'Okafor', given: 'Ann' };

describe('two records of practitioners', () => {
  it('are one by the NPI, however the name is written', () => {
    assert.equal(verdict({ npi: NPI, ...ANN }, { npi: NPI, family: 'OKAFOR, MD', given: 'Ann B.' }), 'same by npi');
    assert.equal(
      verdict({ npi: NPI, family: 'Reed', given: 'Robert' }, { npi: NPI, family: 'Reed', given: 'Bob' }),
      'same by npi',
    );
    assert.equal(verdict({ npi: NPI }, { npi: NPI, ...ANN }), 'same by npi');
  });

  it('are put before a person where a name speaks against the NPI, or it is an organisation’s', () => {
    assert.equal(verdict({ npi: NPI, ...ANN }, { npi: NPI, family: 'Miller', given: 'Ann' }), 'review: npi');
    assert.equal(verdict({ npi: NPI, ...ANN }, { npi: NPI, family: 'Okafor', given: 'A' }), 'review: npi');
    assert.equal(verdict({ npi: NPI, ...ANN }, { npi: NPI, ...ANN }, new Set([NPI])), 'review: npi');
    const shared = [
      { key: 'a', npi: NPI, ...ANN },
      { key: 'b', npi: NPI, ...ANN },
      { key: 'c', npi: NPI, family: 'Ito', given: 'Ken' },
    ];
    assert.ok(matchPractitioners(shared).every((pair) => pair.verdict.kind === 'review'));
  });

  it('are two by two sound NPIs, and by one that cannot be one nothing', () => {
    assert.equal(verdict({ npi: NPI, ...ANN }, { npi: OTHER, family: 'Ito', given: 'Ann' }), 'none');
    assert.equal(verdict({ npi: '1234567890', ...ANN }, { npi: '1234567890', family: 'Ito', given: 'Ken' }), 'none');
  });

  it('are one by a licence, or by an own e-mail address and the name', () => {
    const licences = ['OH:35.1'];
    const email = 'ann@example.org';
    assert.equal(verdict({ licences, ...ANN }, { licences, npi: NPI, ...ANN }), 'same by licence');
    assert.equal(verdict({ email, ...ANN }, { email, ...ANN }), 'same by email');
    assert.equal(verdict({ email, ...ANN }, { email, family: 'Okafor', given: 'Ben' }), 'review: email');
    assert.equal(verdict({ email, ...ANN }, { email, family: 'Okafor', given: 'A' }), 'review: email');
  });

  it('are never joined by names alone', () => {
    assert.equal(verdict(ANN, { ...ANN, specialty: '207Q00000X' }), 'review: names');
    assert.equal(verdict({ family: 'Do', given: 'Ann' }, { family: 'Do, MD', given: 'Ann' }), 'review: names');
    assert.equal(verdict(ANN, { family: 'Okafor', given: 'Ken' }), 'none');
  });
});

describe('a labelled set with a fifth of the numbers missing or wrong', () => {
  it('has no wrong link, and nearly all pairs are linked or shown', () => {
    for (const seed of [11, 12, 13]) {
      const set = labelledPractitioners(seed, 500);
      const { wrong, recall } = measured(set, matchPractitioners(set.records));
      assert.equal(wrong, 0, `seed ${String(seed)}`);
      assert.ok(recall >= 0.95, `seed ${String(seed)}: ${String(recall)}`);
    }
  });
});
