/** The machine of a set and of its steps as tables. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SET_ARROWS, STEP_ARROWS } from '../../src/booking/set-states-page.ts';
import { refusalOf } from '../../src/booking/set-rows.ts';
import { statesPage } from '../../src/booking/states-page.ts';
import { HubError } from '../../src/core/errors.ts';
import { RunAgain } from '../../src/core/run-again.ts';
import { isSetAnswered, SET_TRANSITIONS, STEP_TRANSITIONS } from '../../src/booking/set-states.ts';

function allEnd(table: Readonly<Record<string, readonly string[]>>): void {
  const ends = (state: string, seen: ReadonlySet<string>): boolean => {
    const next = table[state] ?? [];
    return next.length === 0 || next.some((one) => !seen.has(one) && ends(one, new Set([...seen, one])));
  };
  for (const state of Object.keys(table)) assert.ok(ends(state, new Set([state])), state);
}

describe('the states of a set', () => {
  it('all lead to an end, and so do those of a step', () => {
    allEnd(SET_TRANSITIONS);
    allEnd(STEP_TRANSITIONS);
  });

  it('tell a caller nothing that is taken back later: what is stuck can only become nothing', () => {
    const told = Object.entries(SET_TRANSITIONS).filter(([state]) => isSetAnswered(state as 'done'));
    assert.deepEqual(Object.fromEntries(told), { stuck: ['refused'], done: [], partly: [], refused: [] });
  });

  it('stand on the page about states, with a sentence for every arrow and for none that is not there', () => {
    const drawn = [
      [SET_TRANSITIONS, SET_ARROWS],
      [STEP_TRANSITIONS, STEP_ARROWS],
    ] as const;
    for (const [machine, when] of drawn) {
      const arrows = Object.entries<readonly string[]>(machine).flatMap(([from, all]) =>
        all.map((to) => `${from} ${to}`),
      );
      assert.deepEqual(Object.keys(when).sort(), arrows.sort());
      for (const arrow of arrows) {
        const cells = arrow.split(' ').map((state) => '`' + state + '`');
        assert.ok(statesPage().includes(`| ${cells.join(' | ')} |`), arrow);
      }
    }
  });

  it('let a step be released only before it is done', () => {
    const before = Object.entries(STEP_TRANSITIONS).filter(([, to]) => to.includes('released'));
    assert.deepEqual(before.map(([state]) => state).sort(), ['held', 'owed']);
  });
});

it('a visit of a set is not refused for what only has to be looked at again: the whole is done again', () => {
  const joined = new RunAgain('the patient’s records were joined with others at this moment');
  const visit = { step: 2, name: null };
  for (const mode of ['all', 'best-effort'] as const) {
    assert.throws(
      () => refusalOf(mode, visit, joined),
      (thrown) => thrown === joined,
    );
  }
  const broken = new HubError('RULE_BROKEN', { detail: 'no such time' });
  assert.deepEqual(refusalOf('best-effort', visit, broken), { code: 'RULE_BROKEN', detail: 'no such time' });
  assert.throws(() => refusalOf('all', visit, broken), /visit 2: no such time/);
});
