import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFillerNpi, isNpi, npiFault } from '../../src/core/npi.ts';

test('an NPI has ten digits of which the last checks the others', () => {
  // The example of the standard: 123456789 has the check digit 3.
  for (const sound of ['1234567893', '1245319599', '1679576722', '1558598797', '1993999998', '2123456784'])
    assert.equal(npiFault(sound), null, sound);
  for (const wrong of ['1234567890', '1234567894', '1234567898']) assert.equal(npiFault(wrong), 'check-digit', wrong);
});

test('an NPI begins with 1 or 2 and is nothing but its ten digits', () => {
  for (const wrong of [
    '123456789',
    '12345678933',
    '123456789x',
    '3234567893',
    ' 1234567893',
    '１２３４５６７８９３',
    '',
  ])
    assert.equal(npiFault(wrong), 'form', wrong);
});

test("an organisation's NPI is no person's, which only the registry can tell", () => {
  assert.equal(npiFault('1234567893', 1), null);
  assert.equal(npiFault('1234567893', 2), 'organisation');
  assert.equal(npiFault('1234567890', 2), 'check-digit');
});

test('every swap of two unlike neighbours and every changed digit is found, but for 09 and 90', () => {
  const sound = '1234567893';
  for (let at = 0; at < 10; at++) {
    for (const digit of '0123456789') {
      if (digit !== sound[at]) assert.equal(isNpi(sound.slice(0, at) + digit + sound.slice(at + 1)), false);
    }
    const [one = '', two = ''] = [sound[at], sound[at + 1]];
    if (two !== '') assert.equal(isNpi(sound.slice(0, at) + two + one + sound.slice(at + 2)), false);
  }
});

test('a number of one digit over and over is typed to fill a field', () => {
  assert.deepEqual(['9999999999', '0', '1234567893', ''].map(isFillerNpi), [true, true, false, false]);
});
