/** Who is one person, by the log alone: whose word counts, what never meets, and what a ring of merges comes to. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instant } from '../../../src/core/instant.ts';
import { goldenIdOf, replay } from '../../../src/identity/golden/replay.ts';
import { partings } from '../../../src/identity/golden/unmerge.ts';
import { log, people, said, sources, type Step } from '../../support/decisions.ts';

const known = sources('a', 'b', 'c', 'd');

function contradictions(...steps: readonly Step[]): readonly unknown[] {
  return replay(log(...steps), known).contradictions.map(({ kind, decision, by }) => [kind, decision, by]);
}

describe('people of the log', () => {
  it('links and merges make one person, and what nobody links stays by itself', () => {
    const steps: readonly Step[] = [
      ['hub', 'link', 'b', 'a'],
      ['site', 'merge', 'c', 'b'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a', 'b', 'c'], ['d']]);
    assert.deepEqual([...replay(log(...steps), known).links.survivors], [['c', 'b']]);
  });

  it('what a person says of two records outlives whatever matching says later', () => {
    for (const kind of ['unlink', 'not-same'] as const) {
      const steps: readonly Step[] = [
        ['hub', 'link', 'a', 'b'],
        ['person', kind, 'a', 'b'],
        ['hub', 'link', 'a', 'b'],
      ];
      assert.deepEqual(people(log(...steps), known), [['a'], ['b'], ['c'], ['d']]);
    }
    const linked: readonly Step[] = [
      ['person', 'link', 'a', 'b'],
      ['hub', 'unlink', 'a', 'b'],
    ];
    assert.deepEqual(people(log(...linked), known)[0], ['a', 'b']);
  });

  it('a merge of a site does not hold against a person, and is raised', () => {
    const steps: readonly Step[] = [
      ['person', 'not-same', 'a', 'b'],
      ['site', 'merge', 'b', 'a'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a'], ['b'], ['c'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['overruled', 2, [1]]]);
    assert.equal(replay(log(...steps), known).links.survivors.size, 0, 'no visit of one is found with the other');
  });

  it('who is told apart from a record by way of a third leaves the chain of merges where it entered it', () => {
    const steps: readonly Step[] = [
      ['site', 'merge', 'a', 'b'],
      ['site', 'merge', 'b', 'c'],
      ['person', 'not-same', 'a', 'c'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a'], ['b', 'c'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['overruled', 1, [3]]]);
  });

  it('two people never meet through a third record: the later link does not hold, and says against what', () => {
    const steps: readonly Step[] = [
      ['person', 'not-same', 'a', 'c'],
      ['hub', 'link', 'b', 'c'],
      ['hub', 'link', 'a', 'b'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a'], ['b', 'c'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['kept-apart', 3, [1]]]);
  });

  it('a weightier link goes before an older one where only one of them can hold', () => {
    const steps: readonly Step[] = [
      ['person', 'not-same', 'a', 'c'],
      ['hub', 'link', 'b', 'c'],
      ['person', 'link', 'a', 'b'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a', 'b'], ['c'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['kept-apart', 2, [1]]]);
  });

  it('a record that its site merged and that is kept apart is not stood for by the record of another person', () => {
    const steps: readonly Step[] = [
      ['person', 'not-same', 'b', 'c'],
      ['person', 'link', 'a', 'c'],
      ['site', 'merge', 'a', 'b'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a', 'c'], ['b'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['kept-apart', 3, [1]]]);
    assert.equal(replay(log(...steps), known).links.survivors.size, 0);
  });

  it('a ring of merges: the one that would close it is left out and named, and they are one person', () => {
    const steps: readonly Step[] = [
      ['site', 'merge', 'a', 'b'],
      ['site', 'merge', 'b', 'c'],
      ['site', 'merge', 'c', 'a'],
    ];
    assert.deepEqual(people(log(...steps), known), [['a', 'b', 'c'], ['d']]);
    assert.deepEqual(contradictions(...steps), [['circular', 3, []]]);
  });

  it('a merge of unknown records makes them one person, who is older than nobody', () => {
    const merged = log(['site', 'merge', 'x', 'y'], ['site', 'merge', 'y', 'd']);
    assert.deepEqual(people(merged, known), [['a'], ['b'], ['c'], ['d', 'x', 'y']]);
  });

  it('what is superseded is as if it had never been; superseding that brings it back', () => {
    const first = said(1, ['person', 'not-same', 'a', 'b']);
    const second = said(2, ['person', 'link', 'a', 'c'], { supersedes: 1 });
    const link = said(3, ['hub', 'link', 'a', 'b']);
    assert.deepEqual(people([first, second, link], known)[0], ['a', 'b', 'c']);
    const third = said(4, ['person', 'unlink', 'a', 'c'], { supersedes: 2 });
    assert.deepEqual(people([first, second, link, third], known), [['a'], ['b'], ['c'], ['d']]);
    const byMatching = said(2, ['hub', 'link', 'a', 'b'], { supersedes: 1 });
    assert.deepEqual(people([first, byMatching], known)[0], ['a'], 'matching takes no word of a person back');
  });

  it('the part that holds the oldest record keeps the id', () => {
    const late = sources('a', 'b').map((source, age) => ({ ...source, since: instant(10 - age) }));
    const joined = replay(log(['hub', 'link', 'a', 'b']), late);
    assert.deepEqual(joined.clusters, [{ goldenId: goldenIdOf('b'), members: ['b', 'a'] }]);
  });

  it('a cluster of 20 is taken apart by what joined the parts, and by nothing else', () => {
    const many = Array.from({ length: 20 }, (_one, at) => `r${String(at).padStart(2, '0')}`);
    const steps = many.slice(1).map((id, at): Step => ['hub', 'link', many[Math.floor(at / 2)] ?? '', id]);
    const before = log(...steps);
    const told = partings(replay(before, sources(...many)), ['r01']);
    assert.equal(told.length, 6, 'it was linked to one above and two below');
    const after = told.map(({ kind, one, other }, at) => said(100 + at, ['person', kind, one, other]));
    const split = replay([...before, ...after], sources(...many));
    assert.equal(split.clusters.flatMap(({ members }) => members).length, 20);
    assert.deepEqual(
      split.clusters.map(({ members }) => members[0]),
      ['r00', 'r01', 'r03', 'r04'],
    );
    assert.deepEqual(split.contradictions, []);
  });
});
