import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { derivedId, isUuid, newId, randomToken, requestId, sha256 } from '../../src/core/ids.ts';
import { instant } from '../../src/core/instant.ts';

test('the same parts give the same id, for ever', () => {
  // Written down: another answer would give every stored Slot another id.
  assert.equal(derivedId('slot', 'midtown', 'x', 1), derivedId('slot', 'midtown', 'x', '1'));
  assert.equal(derivedId('slot', 'midtown', '84021', 0), 'e82b1293-8f4a-8780-be9b-4845c2ee7d32');
});

test('parts that are joined otherwise give another id', () => {
  const parts = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      assert.equal(derivedId(...one) === derivedId(...other), JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  assert.notEqual(derivedId('ab', 'c'), derivedId('a', 'bc'));
  assert.notEqual(derivedId('1:a;', ''), derivedId('1:a', ';'));
});

test('a derived id is a UUID of version 8, a new one of version 7', () => {
  const derived = derivedId('a');
  const fresh = newId(instant(1_800_000_000_000));
  for (const [id, version] of [
    [derived, '8'],
    [fresh, '7'],
  ] as const) {
    assert.ok(isUuid(id), id);
    assert.equal(id[14], version);
    assert.match(id[19] ?? '', /[89ab]/);
  }
});

test('new ids sort by the moment they were made', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 2 ** 46 }), (at, later) => {
      assert.ok(newId(instant(at)) < newId(instant(at + later)));
    }),
  );
});

test('two new ids of one millisecond differ', () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => newId(instant(1_000))));
  assert.equal(ids.size, 1_000);
});

test('a token is text for a header, and no two are the same', () => {
  assert.match(randomToken(), /^[A-Za-z0-9_-]{32}$/);
  assert.match(randomToken(18), /^[A-Za-z0-9_-]{24}$/);
  assert.notEqual(randomToken(), randomToken());
  assert.ok(isUuid(requestId()));
});

test('only lower-case UUIDs are UUIDs', () => {
  assert.ok(!isUuid('0190A000-0000-7000-8000-000000000000'));
  assert.ok(!isUuid('x0190a000-0000-7000-8000-000000000000'));
  assert.ok(!isUuid(''));
});

test('a digest of text is the digest of its UTF-8 bytes', () => {
  assert.equal(sha256('é'), sha256(new Uint8Array([0xc3, 0xa9])));
  assert.equal(sha256(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
