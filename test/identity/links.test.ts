/** Links as a function of decisions: arrival does not matter, what is taken back is gone, a ring is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../src/core/instant.ts';
import { linkElements, linksOf, type Links } from '../../src/identity/links.ts';
import type { RecordedDecision } from '../../src/store/contract-people.ts';

type Kind = RecordedDecision['kind'];

function decided(...steps: readonly (readonly [Kind, string, string?])[]): readonly RecordedDecision[] {
  return steps.map(([kind, one, other], index) => ({
    id: index + 1,
    kind,
    one,
    other: other ?? null,
    at: instant(1_000 * (index + 1)),
    reason: 'ADT^A40',
    messageId: null,
  }));
}

function survivors(links: Links): Readonly<Record<string, string>> {
  return Object.fromEntries(links.survivors);
}

describe('links of a site', () => {
  it('a merge that follows a merge is followed to its end', () => {
    const links = linksOf(decided(['merge', 'a', 'b'], ['merge', 'b', 'c']));
    assert.deepEqual(survivors(links), { a: 'c', b: 'c' });
    assert.deepEqual(links.people, [['a', 'b', 'c']]);
    assert.deepEqual(
      linkElements('c', links, (key) => key),
      [
        { other: { reference: 'Patient/a' }, type: 'replaces' },
        { other: { reference: 'Patient/b' }, type: 'replaces' },
      ],
    );
    assert.deepEqual(
      linkElements('a', links, (key) => key),
      [{ other: { reference: 'Patient/c' }, type: 'replaced-by' }],
    );
  });

  it('what is said last of a record holds', () => {
    assert.deepEqual(survivors(linksOf(decided(['merge', 'a', 'b'], ['merge', 'a', 'c']))), { a: 'c' });
  });

  it('an unlink undoes the merge, also one by way of a third record', () => {
    assert.deepEqual(survivors(linksOf(decided(['merge', 'a', 'b'], ['unlink', 'b', 'a']))), {});
    const apart = linksOf(decided(['merge', 'a', 'b'], ['merge', 'b', 'c'], ['unlink', 'a', 'c']));
    assert.deepEqual(survivors(apart), { b: 'c' });
    assert.deepEqual(apart.people, [['a'], ['b', 'c']]);
  });

  it('a merge that would close a ring is left out and named', () => {
    const links = linksOf(decided(['merge', 'a', 'b'], ['merge', 'b', 'c'], ['merge', 'c', 'a']));
    assert.deepEqual(survivors(links), { a: 'c', b: 'c' });
    assert.deepEqual(
      links.circular.map(({ one }) => one),
      ['c'],
    );
  });

  it('after an unlink the other direction is no ring', () => {
    const links = linksOf(decided(['merge', 'a', 'b'], ['unlink', 'a', 'b'], ['merge', 'b', 'a']));
    assert.deepEqual([survivors(links), links.circular], [{ b: 'a' }, []]);
  });

  it('linked records are one person and both in use; one that is merged away is linked by what stands for it', () => {
    const links = linksOf(decided(['link', 'b', 'a'], ['merge', 'a', 'c']));
    assert.deepEqual(links.people, [['a', 'b', 'c']]);
    assert.deepEqual(
      linkElements('b', links, (key) => key),
      [{ other: { reference: 'Patient/c' }, type: 'seealso' }],
    );
    assert.deepEqual(linksOf(decided(['link', 'b', 'a'], ['unlink', 'a', 'b'])).people, [['a'], ['b']]);
  });

  it('a removed record that is there again is not removed', () => {
    assert.deepEqual([...linksOf(decided(['remove', 'a'])).removed.keys()], ['a']);
    assert.deepEqual([...linksOf(decided(['remove', 'a'], ['restore', 'a'])).removed.keys()], []);
  });

  it('neither the order of arrival nor repeats change what decisions come to', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.tuple(fc.constantFrom<Kind>('merge', 'link', 'unlink'), key, key).filter(([, x, y]) => x !== y);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (steps, chance) => {
        const inOrder = decided(...steps);
        const links = linksOf(inOrder);
        const weights = new Map(inOrder.map(({ id }) => [id, chance.next().value ?? 0]));
        const shuffled = [...inOrder, ...inOrder.slice(0, 3)].sort(
          (one, other) => (weights.get(one.id) ?? 0) - (weights.get(other.id) ?? 0),
        );
        const again = linksOf(shuffled);
        assert.deepEqual([survivors(again), again.people], [survivors(links), links.people]);
        for (const [from, into] of links.survivors) {
          assert.equal(links.survivors.has(into), false, 'who stands for others stands for itself');
          assert.ok(links.people.some((person) => person.includes(from) && person.includes(into)));
        }
      }),
    );
  });
});
