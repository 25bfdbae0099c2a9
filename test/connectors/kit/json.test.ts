import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rawElements, readJson } from '../../../src/connectors/kit/json.ts';

test('elements of an array are given as the very text they have in it', () => {
  const text = ' [ {"a" : "]\\",{" , "b":[1, 2]} ,-1.50,"x,y" , null,[ ],  {} ] ';
  assert.deepEqual(rawElements(text), ['{"a" : "]\\",{" , "b":[1, 2]}', '-1.50', '"x,y"', 'null', '[ ]', '{}']);
  assert.deepEqual(rawElements('[]'), []);
});

test('parsing the elements gives what parsing the array gives, whatever is in it and however it is spaced', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), fc.constantFrom(undefined, 1, '\t'), (list, space) => {
      const parsed = rawElements(JSON.stringify(list, null, space)).map((element): unknown => JSON.parse(element));
      assert.deepEqual(parsed, JSON.parse(JSON.stringify(list)));
    }),
  );
});

test('what is not JSON or not the documented shape is unreadable, and the error repeats nothing of it', () => {
  const isList = (value: unknown): value is unknown[] => Array.isArray(value);
  assert.deepEqual(readJson('[1]', isList, 'GET /x'), [1]);
  for (const text of ['<html>Noa Lee</html>', '{"name":"Noa Lee"}', '']) {
    assert.throws(
      () => readJson(text, isList, 'GET /x'),
      (error: Error & { code?: string }) => {
        return error.code === 'SITE_ANSWER_UNREADABLE' && !error.message.includes('Noa');
      },
    );
  }
});
