import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escape, hexReader, unescape } from '../../src/hl7v2/escapes.ts';
import { STANDARD_SEPARATORS, type Separators } from '../../src/hl7v2/separators.ts';

const OWN: Separators = {
  field: '$',
  component: '%',
  repetition: '*',
  escape: '@',
  subcomponent: '!',
  truncation: '#',
};

test('each named sequence stands for its separator', () => {
  assert.equal(unescape('\\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\P\\'), '| ^ & ~ \\ #');
  assert.equal(unescape('@F@ @S@ @T@ @R@ @E@ @P@', OWN), '$ % ! * @ #');
});

test('what a sequence gives is not read again', () => {
  assert.equal(unescape('\\E\\F\\E\\'), '\\F\\');
  assert.equal(unescape('\\X5C\\F\\X5C\\'), '\\F\\');
});

test('sequences that are not known, paths and lone marks stay as they are', () => {
  for (const text of ['\\Zlocal\\', '\\C2842\\', 'C:\\temp', '\\\\server\\share', 'end\\', '\\', '\\XGG\\', '\\X4\\']) {
    assert.equal(unescape(text), text);
  }
  assert.equal(unescape('C:\\temp\\F\\x'), 'C:\\temp|x', 'a mark that opens nothing may be followed by one that does');
});

test('formatting becomes line ends and blanks, highlighting nothing', () => {
  assert.equal(unescape('a\\.br\\b\\.sp2\\c\\.sp+1\\d\\.sk3\\e\\.ce\\f'), 'a\nb\n\nc\nd   e\nf');
  assert.equal(unescape('\\.in+4\\\\.ti-2\\\\.fi\\\\.nf\\x\\H\\y\\N\\'), 'xy');
});

test('hexadecimal sequences are bytes of the message’s character set, neighbours taken together', () => {
  assert.equal(unescape('\\XC7\\', STANDARD_SEPARATORS, hexReader('8859/1')), 'Ç');
  assert.equal(unescape('\\XC387\\', STANDARD_SEPARATORS, hexReader('UNICODE UTF-8')), 'Ç');
  assert.equal(unescape('\\XC3\\\\X87\\', STANDARD_SEPARATORS, hexReader('UNICODE UTF-8')), 'Ç');
  assert.equal(unescape('\\XC7\\', STANDARD_SEPARATORS, hexReader('UNICODE UTF-8')), 'Ç', 'not UTF-8: Windows-1252');
  assert.equal(unescape('\\XFFFE\\', STANDARD_SEPARATORS, hexReader('8859/1')), 'ÿþ', 'no byte order mark');
  assert.equal(unescape('A\\T\\B \\X0D\\ C'), 'A&B \r C');
});

test('a sender without an escape character has no sequences, and is written to without separators', () => {
  const none = { ...STANDARD_SEPARATORS, escape: '' };
  assert.equal(unescape('\\F\\', none), '\\F\\');
  assert.equal(escape('a|b', none), 'a b');
});

test('text of two quotes is not written as null', () => {
  assert.notEqual(escape('""'), '""');
  assert.equal(unescape(escape('""')), '""');
});

test('line ends are written as hex, or as line breaks where a field may hold them', () => {
  assert.equal(escape('a\r\nb'), 'a\\X0D\\\\X0A\\b');
  assert.equal(escape('a\r\nb\nc', STANDARD_SEPARATORS, { lineEnds: 'br' }), 'a\\.br\\b\\.br\\c');
});

test('what is written reads back the same and holds no separator, line end or block character', () => {
  const special = fc.constantFrom(
    '|',
    '^',
    '~',
    '\\',
    '&',
    '#',
    '$',
    '%',
    '*',
    '@',
    '!',
    '\r',
    '\n',
    '\x0b',
    '\x1c',
    '"',
  );
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.array(fc.oneof(special, fc.constantFrom('F', 'X41', '.br', 'a')), { maxLength: 30 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(STANDARD_SEPARATORS, OWN), (plain, separators) => {
      const written = escape(plain, separators);
      assert.equal(unescape(written, separators), plain);
      const { field, component, repetition, subcomponent } = separators;
      for (const mark of [field, component, repetition, subcomponent, '\r', '\n', '\x0b', '\x1c']) {
        assert.ok(!written.includes(mark));
      }
    }),
    { numRuns: 1000 },
  );
});
