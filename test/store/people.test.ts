/** Decisions about patient records: kept once, found along what they connect, forgotten with their site alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PatientDecision } from '../../src/store/contract-people.ts';
import { at, openedStore } from './opened.ts';

function decision(kind: PatientDecision['kind'], one: string, other: string | null, minute: number): PatientDecision {
  return { kind, one, other, at: at(minute), reason: 'ADT^A40', messageId: null };
}

test('a decision is kept once, and found from every record that decisions connect with it, oldest first', async (t) => {
  const { write } = await openedStore(t);
  await write(async ({ people }) => {
    assert.equal(await people.decide('north', decision('merge', 'b', 'c', 2), at(5)), true);
    assert.equal(await people.decide('north', decision('merge', 'a', 'b', 1), at(6)), true);
    assert.equal(await people.decide('north', decision('merge', 'a', 'b', 1), at(7)), false);
    await people.decide('north', decision('remove', 'x', null, 3), at(8));
    await people.decide('south', decision('merge', 'a', 'z', 4), at(9));
    const told = async (key: string): Promise<readonly (string | null)[][]> =>
      (await people.decisionsAbout('north', [key])).map(({ one, other }) => [one, other]);
    const chain = [
      ['a', 'b'],
      ['b', 'c'],
    ];
    for (const key of ['a', 'b', 'c']) assert.deepEqual(await told(key), chain, key);
    assert.deepEqual(await told('x'), [['x', null]]);
    assert.deepEqual(await told('nobody'), []);
  });
});

test('what decisions come to is read with the record by its key, of this site alone', async (t) => {
  const { write } = await openedStore(t);
  const [one, other] = ['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002'] as const;
  await write(async ({ identity, people, resources }) => {
    await resources.linkPatient(one, one, 'north', 'a', at(0));
    await resources.linkPatient(other, other, 'north', 'b', at(0));
    const told = { patientId: one, survivorId: other, goldenId: other, removedAt: at(3) };
    await identity.setPeople([{ ...told, id: one }]);
    await people.setRemoved('south', [{ ...told, key: 'a' }]);
    assert.equal((await people.record('north', 'a'))?.removedAt, null);
    await people.setRemoved('north', [{ ...told, key: 'a' }]);
    assert.deepEqual(await people.record('north', 'a'), { key: 'a', ...told });
    assert.deepEqual(
      (await people.records('north', ['a', 'b', 'c'])).map(({ key }) => key),
      ['a', 'b'],
    );
    assert.equal(await people.record('south', 'a'), null);
    assert.deepEqual([...(await resources.linkedPatients(other))].sort(), [one, other]);
  });
});
