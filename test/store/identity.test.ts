/** The log of decisions, golden ids and the review queue, on a real database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewDecision, ReviewPair } from '../../src/store/contract-identity.ts';
import { at, openedStore } from './opened.ts';

const id = (number: number): string => `00000000-0000-8000-8000-${String(number).padStart(12, '0')}`;

function decision(
  kind: NewDecision['kind'],
  one: number,
  other: number | null,
  more: Partial<NewDecision> = {},
): NewDecision {
  return {
    kind,
    one: id(one),
    other: other === null ? null : id(other),
    attribute: null,
    value: null,
    actor: { kind: 'person', id: 'ana' },
    reason: 'told by a test',
    evidence: null,
    modelId: null,
    at: at(0),
    supersedes: null,
    toldBy: null,
    ...more,
  };
}

test('a decision is found from every record that decisions connect with it, and keeps what it was made of', async (t) => {
  const { write, pool } = await openedStore(t);
  const evidence = { score: 41.5, levels: 'given:exact', steps: [7, 12] };
  await write(async ({ identity }) => {
    const hub = { kind: 'hub', id: 'slotwire' } as const;
    await identity.append(decision('link', 1, 2, { actor: hub, evidence, modelId: 'm' }), at(0));
    await identity.append(decision('not-same', 3, 2), at(1));
    await identity.append(decision('override', 3, null, { attribute: 'name', value: { family: 'Okonkwo' } }), at(2));
    await identity.append(decision('link', 8, 9), at(3));
    for (const one of [1, 2, 3]) {
      const found = await identity.about([id(one)]);
      assert.deepEqual(
        found.map(({ kind }) => kind),
        ['link', 'not-same', 'override'],
      );
      assert.deepEqual(found[0]?.evidence, evidence);
      assert.deepEqual(found[2]?.value, { family: 'Okonkwo' });
    }
    assert.deepEqual(await identity.about([id(5)]), []);
  });
  const { rows } = await pool.query(`SELECT * FROM identity_decision`);
  assert.doesNotMatch(JSON.stringify(rows), /Okonkwo|given/, 'what tells of a person is sealed');
});

test("a site's word is written down once, and copied once from what an earlier release kept", async (t) => {
  const { write } = await openedStore(t);
  await write(async ({ identity, people, resources }) => {
    await resources.linkPatient(id(1), id(1), 'north', 'a', at(0));
    await resources.linkPatient(id(2), id(2), 'north', 'b', at(0));
    const told = { one: 'a', other: 'b', reason: 'ADT', messageId: null } as const;
    await people.decide('north', { ...told, kind: 'merge', at: at(1) }, at(1));
    await people.decide('north', { ...told, kind: 'unlink', at: at(2) }, at(2));
    await people.decide('north', { ...told, kind: 'remove', other: null, at: at(3) }, at(3));
    assert.deepEqual([...(await identity.copySiteDecisions(100, at(4)))].sort(), [id(1), id(2)]);
    assert.deepEqual(await identity.copySiteDecisions(100, at(5)), []);
    const found = await identity.about([id(2)]);
    assert.deepEqual(
      found.map(({ kind, one, other, actor, at: when }) => [kind, one, other, actor.id, when]),
      [
        ['merge', id(1), id(2), 'north', at(1)],
        ['unlink', id(1), id(2), 'north', at(2)],
        ['not-same', id(1), id(2), 'north', at(2)],
      ],
    );
    const toldBy = 1;
    assert.equal(await identity.append(decision('merge', 1, 2, { toldBy }), at(6)), null);
  });
});

test('a golden id keeps all that it ever stood for', async (t) => {
  const { write } = await openedStore(t);
  await write(async ({ identity }) => {
    await identity.hold([
      { goldenId: id(11), patientId: id(1) },
      { goldenId: id(11), patientId: id(2) },
      { goldenId: id(12), patientId: id(2) },
    ]);
    await identity.hold([{ goldenId: id(11), patientId: id(1) }]);
    await identity.setGolden([{ id: id(12), state: 'redirected', leadsTo: [id(11)] }], at(0));
    await identity.ensureGolden(
      [2, 3].map((one) => ({ goldenId: id(10 + one), patientId: id(one) })),
      at(1),
    );
    assert.deepEqual(
      [...(await identity.holdings([id(2)]))],
      [
        [id(11), [id(1), id(2)]],
        [id(12), [id(2)]],
      ],
    );
    assert.deepEqual(await identity.golden(id(12)), { id: id(12), state: 'redirected', leadsTo: [id(11)] });
    assert.deepEqual(await identity.golden(id(13)), { id: id(13), state: 'active', leadsTo: [] });
    assert.equal(await identity.golden(id(14)), null);
  });
});

const PAIR: ReviewPair = {
  lo: id(1),
  hi: id(2),
  why: 'review',
  score: 12,
  probability: 0.5,
  modelId: 'm',
  evidence: { guards: ['sex'] },
  dueAt: at(60),
};

test('a pair is claimed by one person, stays claimed when it is told again, and is decided once', async (t) => {
  const { write } = await openedStore(t);
  await write(async ({ identity }) => {
    await identity.openReview(PAIR, at(0));
    assert.equal(await identity.claim(id(2), id(1), 'ana', at(30), at(1)), true);
    assert.equal(await identity.claim(id(1), id(2), 'ben', at(30), at(2)), false);
    await identity.openReview({ ...PAIR, score: 14 }, at(3));
    const told = await identity.review(id(2), id(1));
    assert.deepEqual([told?.state, told?.claimedBy, told?.score, told?.openedAt], ['claimed', 'ana', 14, at(0)]);
    assert.deepEqual(told?.evidence, { guards: ['sex'] });
    assert.equal(await identity.release(id(1), id(2), 'ben', at(4)), false);
    assert.equal(await identity.release(id(1), id(2), 'ana', at(4)), true);
    assert.equal((await identity.waiting([id(2)])).length, 1);
    assert.equal(await identity.decided(id(1), id(2), 7, at(5)), true);
    assert.equal(await identity.decided(id(1), id(2), 8, at(5)), false);
    assert.deepEqual([await identity.waiting([id(1)]), await identity.reviews(10, null)], [[], []]);
    await identity.openReview(PAIR, at(6));
    await identity.outdate([PAIR], at(7));
    assert.equal((await identity.review(id(1), id(2)))?.state, 'outdated');
  });
});
