/** Data keys of patient records: what is bound to what, and what goes with a destroyed key. */
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { recordKeys, type RecordKeys } from '../../src/store/record-keys.ts';

const ANN = '00000000-0000-8000-8000-00000000000a';
const BEA = '00000000-0000-8000-8000-00000000000b';
const body = Buffer.from('{"family":"Okonkwo"}');

function keysWith(most?: number): RecordKeys {
  const classKey = createSecretKey(Buffer.alloc(32, 7));
  return recordKeys({ newest: 'first', keyFor: () => classKey }, most);
}

const isKeyMissing = (error: unknown): boolean => error instanceof HubError && error.code === 'KEY_MISSING';

test('a sealed record opens as itself, also for a hub that has just started', () => {
  const keys = keysWith();
  const dataKey = keys.fresh(ANN);
  const sealed = keys.seal({ id: ANN, version: 3 }, body, dataKey);
  assert.deepEqual(keys.open({ id: ANN, version: 3 }, sealed, dataKey), body);
  assert.deepEqual(keysWith().open({ id: ANN, version: 3 }, sealed, dataKey), body);
});

test('a body that was moved to another version or another record does not open, with whatever key beside it', () => {
  for (const keys of [keysWith(), keysWith(1)]) {
    const [ann, bea] = [keys.fresh(ANN), keys.fresh(BEA)];
    const sealed = keys.seal({ id: ANN, version: 3 }, body, ann);
    assert.throws(() => keys.open({ id: ANN, version: 2 }, sealed, ann), isKeyMissing);
    assert.throws(() => keys.open({ id: BEA, version: 3 }, sealed, bea), isKeyMissing);
    // Key and body together, as somebody would move them who may write to the database.
    assert.throws(() => keys.open({ id: BEA, version: 3 }, sealed, ann), isKeyMissing);
    assert.deepEqual(keys.open({ id: ANN, version: 3 }, sealed, ann), body);
  }
});

test('two records never share a key, and a record that gets a new one is closed to the old', () => {
  const keys = keysWith();
  const [old, anew] = [keys.fresh(ANN), keys.fresh(ANN)];
  assert.notDeepEqual(old.wrapped, anew.wrapped);
  const sealed = keys.seal({ id: ANN, version: 1 }, body, old);
  assert.throws(() => keys.open({ id: ANN, version: 1 }, sealed, anew), isKeyMissing);
  assert.deepEqual(keys.open({ id: ANN, version: 1 }, sealed, old), body);
});

test('an altered key opens nothing, whether the record was seen before or not', () => {
  const keys = keysWith();
  const dataKey = keys.fresh(ANN);
  const sealed = keys.seal({ id: ANN, version: 1 }, body, dataKey);
  const altered = { ...dataKey, wrapped: Buffer.from(dataKey.wrapped) };
  altered.wrapped[40] = (altered.wrapped[40] ?? 0) ^ 1;
  assert.throws(() => keys.open({ id: ANN, version: 1 }, sealed, altered), isKeyMissing);
  keys.forget(ANN);
  assert.throws(() => keys.open({ id: ANN, version: 1 }, sealed, altered), isKeyMissing);
  assert.deepEqual(keys.open({ id: ANN, version: 1 }, sealed, dataKey), body);
});

test('more records than are remembered open all the same', () => {
  const keys = keysWith(3);
  const sealed = Array.from({ length: 10 }, (_, number) => {
    const id = `${ANN.slice(0, -2)}${String(number).padStart(2, '0')}`;
    const dataKey = keys.fresh(id);
    return { of: { id, version: 1 }, dataKey, bytes: keys.seal({ id, version: 1 }, body, dataKey) };
  });
  for (const { of, dataKey, bytes } of [...sealed, ...sealed.toReversed()]) {
    assert.deepEqual(keys.open(of, bytes, dataKey), body);
  }
});
