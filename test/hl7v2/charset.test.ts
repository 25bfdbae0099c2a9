import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { charsetOf, decode, encode, encodingOf, isWideCharset } from '../../src/hl7v2/charset.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { fixture } from './fixture.ts';

function message(charset: string, name: string, encoding: string): Uint8Array {
  const fields = `MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||${charset}`;
  return iconv.encode(`${fields}\rPID|1||7||${name}\r`, encoding);
}

test('every character set of table 0211 that we take has its encoding', () => {
  const known = {
    '': '',
    ASCII: 'ascii',
    'ISO IR6': 'ascii',
    '8859/1': 'iso-8859-1',
    '8859/15': 'iso-8859-15',
    'ISO-8859-2': 'iso-8859-2',
    'UNICODE UTF-8': 'utf-8',
    'UTF-8': 'utf-8',
    UNICODE: 'utf-8',
    'WINDOWS-1252': 'windows-1252',
    'GB 18030-2000': 'gb18030',
    'KS X 1001': 'euc-kr',
    'BIG-5': 'big5',
    'ISO IR87': 'iso-2022-jp',
    'UNICODE UTF-16': 'utf-16',
    'UNICODE UTF-32': 'utf-32',
  };
  for (const [charset, encoding] of Object.entries(known)) assert.equal(encodingOf(charset), encoding, charset);
  assert.equal(encodingOf('KLINGON'), null);
  assert.deepEqual(['UNICODE UTF-16', 'UNICODE UTF-8', ''].map(isWideCharset), [true, false, false]);
});

test('names are read in the set that MSH-18 names', () => {
  const cases = [
    ['8859/1', 'MÜLLER^Çelik', 'latin1'],
    ['8859/2', 'ŁUKASZ^Żaneta', 'iso-8859-2'],
    ['8859/15', '€URO^Œuvre', 'iso-8859-15'],
    ['UNICODE UTF-8', '山田^Жанна', 'utf-8'],
    ['GB 18030-2000', '王^小明', 'gb18030'],
    ['KS X 1001', '김^철수', 'euc-kr'],
    ['BIG-5', '許^功蓋', 'big5'],
  ] as const;
  for (const [charset, name, encoding] of cases) {
    const parsed = parseMessage(message(charset, name, encoding));
    assert.deepEqual(parsed.issues, [], charset);
    assert.equal(parsed.message.first('PID')?.field(5), name, charset);
    assert.equal(parsed.message.first('PID')?.component(5, 2), name.split('^')[1], charset);
  }
});

test('Japanese ISO 2022 is decoded before it is split: its bytes look like separators', () => {
  const head = Buffer.from('MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||~ISO IR87\rPID|1||7||');
  // ESC $ B, two characters whose second bytes are ^ and |, ESC ( B
  const name = Buffer.from([0x1b, 0x24, 0x42, 0x24, 0x5e, 0x25, 0x7c, 0x1b, 0x28, 0x42]);
  const parsed = parseMessage(Buffer.concat([head, name, Buffer.from('^X\r')]));
  assert.equal(parsed.message.encoding, 'iso-2022-jp');
  assert.equal(parsed.message.first('PID')?.component(5, 2), 'X');
});

test('of several sets in MSH-18 the one is taken that the names are written in', () => {
  for (const [sent, taken] of [
    ['', ''],
    ['8859/1', '8859/1'],
    ['~8859/1', '8859/1'],
    ['ASCII~ISO IR87', 'ISO IR87'],
    ['ISO IR6~ISO IR14~ISO IR87', 'ISO IR87'],
    ['ISO IR14~ISO IR87', 'ISO IR87'],
    ['ISO IR14', 'ISO IR14'],
    ['ASCII~8859/2', '8859/2'],
    ['ASCII~UNICODE UTF-16', 'ASCII'],
    ['ASCII~KLINGON', 'ASCII'],
    ['UNICODE UTF-8~ISO IR87', 'UNICODE UTF-8'],
    ['8859/1~8859/2', '8859/1'],
    ['""', ''],
  ] as const) {
    assert.equal(charsetOf(sent, '~'), taken, sent);
  }
  const head = 'MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||ASCII~ISO IR87\rPID|1||7||';
  const parsed = parseMessage(Buffer.concat([Buffer.from(head), Buffer.from('\x1b$B;3ED\x1b(B^X\r', 'latin1')]));
  assert.deepEqual(parsed.message.first('PID')?.field(5), '山田^X');
});

test('Shift_JIS is read by its name, and where it is called ISO 2022: second bytes look like separators', () => {
  // The second bytes of these are backslashes and, of the last one, a vertical bar.
  const name = '表予十ポ';
  for (const [charset, problems] of [
    ['ISO IR14', 0],
    ['SHIFT_JIS', 0],
    ['ISO IR87', 1],
    ['ISO IR14~ISO IR87', 1],
  ] as const) {
    const parsed = parseMessage(message(charset, `${name}^太郎`, 'shift_jis'));
    assert.equal(parsed.message.first('PID')?.component(5, 1), name, charset);
    assert.equal(parsed.message.first('PID')?.component(5, 2), '太郎', charset);
    assert.equal(parsed.issues.length, problems, charset);
  }
});

test('without MSH-18, UTF-8 is read as such and all else as Windows-1252, unless the site says what it sends', () => {
  assert.equal(
    parseMessage(message('', 'Ömer', 'utf-8'))
      .message.first('PID')
      ?.field(5),
    'Ömer',
  );
  assert.equal(
    parseMessage(message('', 'Ömer', 'latin1'))
      .message.first('PID')
      ?.field(5),
    'Ömer',
  );
  const polish = message('', 'Łukasz', 'iso-8859-2');
  const parsed = parseMessage(polish, { defaultCharset: '8859/2' });
  assert.equal(parsed.message.first('PID')?.field(5), 'Łukasz');
  assert.deepEqual(parsed.issues, []);
});

test('bytes that do not fit MSH-18 are read all the same, and told', () => {
  const cases = [
    ['UNICODE UTF-8', 'Ömer', 'latin1', 'Ömer'],
    ['ASCII', 'Ömer', 'latin1', 'Ömer'],
    ['KLINGON', 'Ömer', 'utf-8', 'Ömer'],
    ['8859/1', 'O’Neil', 'windows-1252', 'O’Neil'],
    ['UNICODE UTF-16', 'Ömer', 'utf-8', 'Ömer'],
  ] as const;
  for (const [charset, name, encoding, expected] of cases) {
    const parsed = parseMessage(message(charset, name, encoding));
    assert.equal(parsed.message.first('PID')?.field(5), expected, charset);
    assert.deepEqual(
      parsed.issues.map((issue) => issue.kind),
      ['charset'],
      charset,
    );
  }
});

test('a site that declares one set and writes another can be forced', () => {
  const parsed = parseMessage(message('8859/1', 'Ömer', 'utf-8'), { forceCharset: 'UNICODE UTF-8' });
  assert.equal(parsed.message.first('PID')?.field(5), 'Ömer');
  assert.deepEqual(parsed.issues, []);
});

test('UTF-16 in a file is read, with or without a byte order mark', () => {
  const text = 'MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||UNICODE UTF-16\rPID|1||7||Ömer\r';
  for (const bytes of [iconv.encode(text, 'utf-16le'), iconv.encode(text, 'utf-16be', { addBOM: true })]) {
    const parsed = parseMessage(bytes);
    assert.equal(parsed.message.first('PID')?.field(5), 'Ömer');
    assert.deepEqual(parsed.issues, []);
  }
});

test('Latin-1 bytes of a merge are read with their umlauts', () => {
  const { message: merge, issues } = parseMessage(fixture('adt-a40-latin1.hl7'));
  assert.deepEqual(issues, []);
  assert.equal(merge.encoding, 'iso-8859-1');
  assert.equal(merge.first('PID')?.component(5, 2), 'JÖRG');
  assert.equal(merge.first('MRG')?.component(1, 4), 'SÜD');
});

test('text that a set can hold is the same after writing and reading', () => {
  const latin = fc.string({
    unit: fc.integer({ min: 0xa0, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 50,
  });
  // Behind a letter: þÿ in front would be the byte order mark of UTF-16.
  fc.assert(
    fc.property(latin, (text) => assert.equal(decode(encode(`M${text}`, '8859/1'), '8859/1').text, `M${text}`)),
  );
  const any = fc.string({ unit: 'grapheme', maxLength: 50 }).filter((text) => !/^[^\0]?\0/.test(text));
  fc.assert(fc.property(any, (text) => assert.equal(decode(encode(`M${text}`, 'UTF-8'), 'UTF-8').text, `M${text}`)));
});
