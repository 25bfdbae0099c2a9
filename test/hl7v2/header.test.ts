import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { fixture } from './fixture.ts';

test('routing fields are decoded text, raw fields are bytes', () => {
  const read = header(fixture('adt-a40-latin1.hl7'));
  assert.deepEqual(
    [read.sendingApplication, read.sendingFacility, read.receivingApplication, read.receivingFacility],
    ['ADM', 'SÜD', 'HUB', 'HUB'],
  );
  assert.equal(read.raw(4), 'S\u00dcD');
  assert.deepEqual(
    [read.messageCode, read.triggerEvent, read.controlId, read.processingId, read.version, read.charset],
    ['ADT', 'A40', 'ADM-9', 'P', '2.3.1', '8859/1'],
  );
});

test('UTF-8 facility names and escaped ones are read as text', () => {
  const read = header(Buffer.from('MSH|^~\\&|A\\T\\B|Zürich^1.2^ISO|C|D|2026||ADT^A08|1|P|2.5\r'));
  assert.equal(read.sendingApplication, 'A&B');
  assert.equal(read.sendingFacility, 'Zürich');
  assert.equal(read.component(4, 2), '1.2');
});

test('a header is found behind line ends, a byte order mark, a batch header and strange bytes', () => {
  for (const before of ['', '\r\n', '\ufeff', 'FHS|^~\\&|X\rBHS|^~\\&|Y\r', 'junk ', 'junk\r\n  ']) {
    assert.equal(header(Buffer.from(`${before}MSH|^~\\&|A|B|C|D|2026||ADT|77\r`)).controlId, '77', before);
  }
});

test('bytes without a header give empty fields', () => {
  const read = header(Buffer.from('PID|1||MSHERRY\r'));
  assert.equal(read.found, false);
  assert.deepEqual([read.controlId, read.messageCode, read.raw(3), read.charset], ['', '', '', '']);
});

test('null in a header field is nothing', () => {
  assert.equal(header(Buffer.from('MSH|^~\\&|""|B\r')).sendingApplication, '');
});

test('the control id is right in front of every cut, and empty behind it', () => {
  const text = 'MSH|^~\\&|A|B|C|D|2026||SIU^S12|CID|P|2.5';
  for (let length = 0; length <= text.length; length += 1) {
    const expected = length <= 31 ? '' : text.slice(31, Math.min(length, 34)).split('|')[0];
    assert.equal(header(Buffer.from(text.slice(0, length))).controlId, expected, text.slice(0, length));
  }
});

test('any bytes are read without a throw', () => {
  const parts = fc.array(fc.constantFrom('MSH', '|', '^~\\&', '\r', '\n', 'A', '\\', '&amp;', '\0', 'FHS|'));
  const text = parts.map((all) => Buffer.from(all.join('')));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array()), (bytes) => {
      const read = header(bytes);
      for (let n = 1; n < 22; n += 1) read.component(n, 2);
    }),
    { numRuns: 1000 },
  );
});

test('an event that MSH-9 leaves out is taken from EVN-1, by the header as by the parser', () => {
  for (const [text, event] of [
    ['MSH|^~\\&|A|B|C|D|2026||ADT|1|P|2.1\rEVN|A04|2026\rPID|1', 'A04'],
    ['MSH|^~\\&|A|B|C|D|2026||ADT^""|1|P|2.1\n\n  evn|A08 ^x&y\n', 'A08'],
    ['MSH#*~\\&#A#B#C#D#2026##ADT#1#P#2.1\rSFT#x\rEVN#A04*x#2026\r', 'A04'],
    ['MSH|^~\\&|A|B|C|D|2026||ADT^A01 |1|P|2.1\rEVN|A04\r', 'A01'],
    ['MSH|^~\\&|A|B|C|D|2026||ADT|1|P|2.1\rEVN||2026\r', ''],
    ['MSH|^~\\&|A|B|C|D|2026||ADT|1|P|2.1\rPID|1\r', ''],
  ] as const) {
    assert.equal(header(Buffer.from(text)).triggerEvent, event, text);
    assert.equal(parseMessage(Buffer.from(text)).message.triggerEvent, event, text);
    assert.equal(header(Buffer.from(text)).messageCode, 'ADT', text);
  }
});

test('the event of the next message is not that of this one', () => {
  const bytes = Buffer.from('MSH|^~\\&|A|B|C|D|2026||ADT|1|P|2.1\rMSH|^~\\&|A\rEVN|A04\r');
  assert.equal(header(bytes).triggerEvent, '');
});
