/** What is undone is as if it had never been said; where that cannot be, it is refused with what stands on it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../../src/core/instant.ts';
import { standing, type Decision, type UndoDecision } from '../../../src/identity/golden/decision.ts';
import { replay } from '../../../src/identity/golden/replay.ts';
import { undoing } from '../../../src/identity/golden/undo.ts';
import { isValue } from '../../../src/identity/golden/value.ts';
import { log, people, said, sources, type Step } from '../../support/decisions.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const known = sources(...IDS);
const ana = { actor: { kind: 'person', id: 'ana' }, reason: 'a slip', at: instant(100_000) } as const;

/** The log with the word against what was said at these places, or why it is refused. */
function undone(told: readonly Decision[], ...seqs: readonly number[]): readonly Decision[] | string {
  const act = told.filter(({ seq }) => seqs.includes(seq));
  const answer = undoing(act, ana, told, known);
  if (answer.kind === 'refused') return [answer.reason, ...answer.by].join(' ');
  return [...told, ...answer.words.map((word, at): UndoDecision => ({ ...word, seq: told.length + 1 + at }))];
}

const step = fc
  .tuple(
    fc.constantFrom<Step[0]>('hub', 'site', 'person', 'person'),
    fc.constantFrom<Step[1]>('link', 'merge', 'unlink', 'not-same', 'link'),
    fc.constantFrom(...IDS),
    fc.constantFrom(...IDS),
  )
  .filter(([actor, kind, one, other]) => one !== other && (actor !== 'hub' || kind === 'link' || kind === 'unlink'));

describe('what a person decided', () => {
  it('is undone as if it had never been said, and undone again as if that had not been', () => {
    let undos = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat({ max: 11 }), (steps, at) => {
        const told = log(...steps);
        const one = told[at % told.length];
        if (one?.actor.kind !== 'person') return;
        const after = undone(told, one.seq);
        if (typeof after === 'string') return;
        undos += 1;
        const never = told.filter(({ seq }) => seq !== one.seq);
        assert.deepEqual(replay(after, known), replay(never, known));
        const again = undone(after, after.length);
        if (typeof again === 'string') return;
        assert.deepEqual(standing(again).filter(({ kind }) => kind !== 'undo'), standing(told)); // prettier-ignore
        assert.deepEqual(replay(again, known), replay(told, known));
      }),
      { numRuns: 3_000 },
    );
    assert.ok(undos > 500, String(undos));
  });

  it('said at once is undone at once', () => {
    const told = log(['hub', 'link', 'a', 'b'], ['person', 'unlink', 'a', 'b'], ['person', 'not-same', 'a', 'b']);
    const after = undone(told, 2, 3);
    assert.ok(typeof after !== 'string');
    assert.deepEqual(people(after, known), [['a', 'b'], ['c'], ['d'], ['e']]);
  });

  it('is not undone twice, and what matching or a site decided is not undone at all', () => {
    const told = log(['person', 'link', 'a', 'b'], ['hub', 'link', 'c', 'd'], ['site', 'link', 'd', 'e']);
    const after = undone(told, 1);
    assert.ok(typeof after !== 'string');
    assert.equal(undone(after, 1), 'undone 4');
    assert.equal(undone(told, 2), 'not-a-persons');
    assert.equal(undone(told, 3), 'not-a-persons');
  });

  it('is not undone where somebody decided about the same since, until that is undone', () => {
    const told = log(['person', 'link', 'a', 'b'], ['person', 'not-same', 'a', 'b']);
    assert.equal(undone(told, 1), 'said-since 2');
    const first = undone(told, 2);
    assert.ok(typeof first !== 'string');
    assert.deepEqual(people(first, known)[0], ['a', 'b']);
    const second = undone(first, 1);
    assert.ok(typeof second !== 'string');
    assert.deepEqual(people(second, known)[0], ['a']);
  });

  it("is not undone where a later person's word would not hold without it", () => {
    const told = log(
      ['person', 'not-same', 'a', 'b'],
      ['person', 'link', 'a', 'b'],
      ['person', 'link', 'b', 'c'],
      ['person', 'link', 'a', 'c'],
    );
    assert.equal(undone(told, 2), 'built-upon 4');
    // A link that matching made gives way.
    const byHub = [...told.slice(0, 3), said(4, ['hub', 'link', 'a', 'c'])];
    assert.ok(typeof undone(byHub, 2) !== 'string');
  });
});

describe('a value that a person says', () => {
  it('is whole, of known parts, and no placeholder', () => {
    const fits = (attribute: Parameters<typeof isValue>[0], ...values: readonly unknown[]): readonly boolean[] =>
      values.map((value) => isValue(attribute, value));
    assert.deepEqual(fits('name', { family: 'Lee', given: ['Ann'] }, { text: 'Ann Lee' }), [true, true]);
    assert.deepEqual(
      fits('name', 'Ann', {}, { given: 'Ann' }, { given: [] }, { use: 'old' }, { use: 'x', family: 'y' }, [], 7),
      Array.from({ length: 8 }, () => false),
    );
    assert.deepEqual(fits('name', { family: 'Lee', period: '2020' }, { family: ' ' }), [false, false]);
    assert.deepEqual(fits('address', { line: ['1 Elm'], city: 'Troy' }, { line: '1 Elm' }), [true, false]);
    assert.deepEqual(fits('birthDate', '1980-02-29', '1981-02-29', '1900-01-01', 1980), [true, false, false, false]);
    assert.deepEqual(fits('deceased', true, 'true'), [true, false]);
    assert.deepEqual(fits('gender', 'other', 'x'), [true, false]);
  });
});
