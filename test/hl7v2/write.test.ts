import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { raw, repeat, writeMessage, writeText } from '../../src/hl7v2/write.ts';
import { segmentOf } from './fixture.ts';

test('fields, components, sub-components, repetitions, null and nothing stand where they belong', () => {
  const text = writeText([
    ['MSH', 'APP', ['FAC', '1.2', 'ISO'], 'HUB', 'HUB', '2026', '', ['SIU', 'S12', 'SIU_S12'], '1', 'P', '2.5.1'],
    [
      'PID',
      '1',
      undefined,
      repeat(['A', null, ['N', '1.2', 'ISO']], ['B']),
      '',
      [['VAN', 'VAN DER']],
      raw('a^b'),
      null,
    ],
    ['PV1', '1', '', '', undefined],
  ]);
  assert.equal(
    text,
    'MSH|^~\\&|APP|FAC^1.2^ISO|HUB|HUB|2026||SIU^S12^SIU_S12|1|P|2.5.1\r' +
      'PID|1||A^""^N&1.2&ISO~B||VAN&VAN DER|a^b|""\r' +
      'PV1|1\r',
  );
});

test('the bytes are in the named character set', () => {
  const bytes = writeMessage([['PID', 'Ü']], { charset: '8859/1' });
  assert.deepEqual([...bytes], [0x50, 0x49, 0x44, 0x7c, 0xdc, 0x0d]);
});

test('whatever text is written is read back the same', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => one !== '');
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), text, text, (components, field, part) => {
      const bytes = writeMessage([
        ['MSH', 'A', 'B', 'C', 'D', '2026', '', 'SIU', '1', 'P', '2.5', '', '', '', '', '', 'UNICODE UTF-8'],
        ['ZZZ', components, repeat(field, part), [['x', part]]],
      ]);
      const zzz = segmentOf(parseMessage(bytes).message, 'ZZZ');
      for (const [at, component] of components.entries()) assert.equal(zzz.component(1, at + 1), component);
      assert.deepEqual(
        zzz.repetitions(2).map((one) => one.text),
        [field, part],
      );
      assert.equal(zzz.component(3, 1, 2), part);
    }),
    { numRuns: 300 },
  );
});
