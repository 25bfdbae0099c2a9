/** What may be written into the log, by whom, and what each refusal names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instant } from '../../../src/core/instant.ts';
import { admit } from '../../../src/identity/golden/admit.ts';
import type { Decision, OverrideDecision } from '../../../src/identity/golden/decision.ts';
import type { Source } from '../../../src/identity/golden/replay.ts';
import { log, said, sources, type Step } from '../../support/decisions.ts';

const elsewhere: Source = { id: 'z', site: 'south', since: instant(9) };
const known = [...sources('a', 'b', 'c'), elsewhere];

function asked(decision: Decision, ...before: readonly Step[]): string {
  const admission = admit(decision, log(...before), known);
  return admission.kind === 'admitted' ? 'admitted' : [admission.reason, ...admission.by].join(' ');
}

function override(more: Partial<OverrideDecision>): OverrideDecision {
  const { kind: _kind, other: _other, ...common } = said(9, ['person', 'link', 'a', 'b']);
  return { ...common, kind: 'override', attribute: 'birthDate', value: '1980-02-29', ...more } as OverrideDecision;
}

describe('what may be decided', () => {
  it('matching links with evidence and model, and neither merges nor tells apart for good', () => {
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b'])), 'admitted');
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b'], { evidence: null })), 'evidence-missing');
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b'], { modelId: null })), 'evidence-missing');
    assert.equal(asked(said(9, ['hub', 'merge', 'a', 'b'])), 'not-for-matching');
    assert.equal(asked(said(9, ['hub', 'not-same', 'a', 'b'])), 'not-for-matching');
    assert.equal(asked(override({ actor: { kind: 'hub', id: 'hub' } })), 'not-for-matching');
  });

  it('matching does not ask again what a person has decided', () => {
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b']), ['person', 'not-same', 'b', 'a']), 'outranked 1');
    assert.equal(asked(said(9, ['hub', 'unlink', 'a', 'b']), ['person', 'link', 'a', 'b']), 'outranked 1');
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b']), ['person', 'link', 'a', 'b']), 'decided 1');
    assert.equal(asked(said(9, ['person', 'link', 'a', 'b']), ['person', 'not-same', 'a', 'b']), 'admitted');
  });

  it('a link that would bring two people together names the decision that tells them apart', () => {
    const steps: readonly Step[] = [
      ['person', 'not-same', 'a', 'c'],
      ['hub', 'link', 'b', 'c'],
    ];
    assert.equal(asked(said(9, ['hub', 'link', 'a', 'b']), ...steps), 'kept-apart 1');
    assert.equal(asked(said(9, ['site', 'merge', 'a', 'b']), ...steps), 'admitted');
  });

  it('a word of a site is written down also where it cannot hold, and is raised', () => {
    const ring = admit(said(9, ['site', 'merge', 'b', 'a']), log(['site', 'merge', 'a', 'b']), known);
    assert.deepEqual(ring, {
      kind: 'admitted',
      unknown: [],
      raised: [{ kind: 'circular', decision: 9, by: [] }],
    });
    const against = admit(said(9, ['site', 'merge', 'b', 'a']), log(['person', 'not-same', 'a', 'b']), known);
    assert.deepEqual(against.kind === 'admitted' ? against.raised.map(({ kind }) => kind) : [], ['overruled']);
  });

  it('a merge of records that nobody knows names them, so that they are made first; others may not name such', () => {
    const merge = admit(said(9, ['site', 'merge', 'x', 'a']), [], known);
    assert.deepEqual(merge.kind === 'admitted' ? merge.unknown : [], ['x']);
    assert.equal(asked(said(9, ['person', 'link', 'x', 'a'])), 'unknown-record');
    assert.equal(asked(said(9, ['hub', 'link', 'x', 'a'])), 'unknown-record');
  });

  it('a site decides about its own records, and merges are within a site', () => {
    assert.equal(asked(said(9, ['site', 'link', 'a', 'z'])), 'not-its-records');
    assert.equal(asked(said(9, ['person', 'merge', 'a', 'z'])), 'not-its-records');
    assert.equal(asked(said(9, ['person', 'link', 'a', 'z'])), 'admitted');
    assert.equal(asked(said(9, ['person', 'link', 'a', 'a'])), 'same-record');
  });

  it('nobody supersedes a weightier word, nor one that is not there', () => {
    const before: readonly Step[] = [['person', 'not-same', 'a', 'b']];
    assert.equal(asked(said(9, ['hub', 'link', 'b', 'c'], { supersedes: 1 }), ...before), 'not-to-supersede');
    assert.equal(asked(said(9, ['person', 'link', 'a', 'b'], { supersedes: 7 }), ...before), 'not-to-supersede');
    assert.equal(asked(said(9, ['person', 'link', 'a', 'b'], { supersedes: 1 }), ...before), 'admitted');
  });

  it('each decision has its reason, and an override a value that is one', () => {
    assert.equal(asked(said(9, ['person', 'link', 'a', 'b'], { reason: ' ' })), 'reason-missing');
    assert.equal(asked(override({})), 'admitted');
    assert.equal(asked(override({ value: null })), 'admitted');
    for (const value of ['1980-02-30', '1900-01-01', '29.02.1980']) {
      assert.equal(asked(override({ attribute: 'birthDate', value })), 'value-unfit', value);
    }
    assert.equal(asked(override({ attribute: 'name', value: { family: '' } })), 'value-unfit');
    assert.equal(asked(override({ attribute: 'name', value: { family: 'Ng', given: ['Ai'] } })), 'admitted');
    assert.equal(asked(override({ one: 'x' })), 'unknown-record');
  });
});
