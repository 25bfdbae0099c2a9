import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { bytesOf, fixture } from './fixture.ts';

function pieces(bytes: Uint8Array): string[] {
  return splitMessages(bytes).messages.map((message) => Buffer.from(message.bytes).toString('latin1'));
}

test('one message is one piece with all its bytes', () => {
  for (const name of ['siu-s12-two-groups.hl7', 'siu-s15-lf.hl7', 'adt-a40-latin1.hl7']) {
    const { messages, isBatch, issues } = splitMessages(fixture(name));
    assert.deepEqual([messages.length, isBatch, issues.length], [1, false, 0]);
    assert.deepEqual(Buffer.from(messages[0]?.bytes ?? []), Buffer.from(fixture(name)));
  }
});

test('messages that follow one another without a batch are cut apart', () => {
  assert.deepEqual(pieces(Buffer.from('MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\nPID|2')), [
    'MSH|^~\\&|A\nPID|1\n',
    'MSH|^~\\&|B\nPID|2',
  ]);
});

test('a file of batches gives its messages in order, each with its batch', () => {
  const file = bytesOf(
    'FHS|^~\\&|A',
    'BHS|^~\\&|A',
    'MSH|^~\\&|1',
    'PID|1',
    'MSH|^~\\&|2',
    'BTS|2',
    'BHS|^~\\&|A',
    'MSH|^~\\&|3',
    'BTS|1|ok',
    'FTS|2',
  );
  const { messages, isBatch, issues } = splitMessages(file);
  assert.equal(isBatch, true);
  assert.deepEqual(issues, []);
  assert.deepEqual(
    messages.map((message) => [message.batch, Buffer.from(message.bytes).toString()]),
    [
      [0, 'MSH|^~\\&|1\rPID|1\r'],
      [0, 'MSH|^~\\&|2\r'],
      [1, 'MSH|^~\\&|3\r'],
    ],
  );
});

test('a batch that holds fewer messages than its trailer says is told: the file was cut short', () => {
  const { issues } = splitMessages(bytesOf('BHS|^~\\&|A', 'MSH|^~\\&|1', 'BTS|3'));
  assert.deepEqual(
    issues.map((issue) => issue.kind),
    ['count'],
  );
});

test('headers of a file and its batches are given with what their trailers tell', () => {
  const file = bytesOf('FHS|^~\\&|F', 'BHS|^~\\&|B1', 'MSH|^~\\&|1', 'BTS|2 ', 'BHS|^~\\&|B2', 'BTS', 'FTS|3');
  const split = splitMessages(file);
  assert.equal(Buffer.from(split.file ?? []).toString(), 'FHS|^~\\&|F');
  assert.deepEqual(
    split.batches.map(({ header, told, holds }) => [Buffer.from(header).toString(), told, holds]),
    [
      ['BHS|^~\\&|B1', 2, 1],
      ['BHS|^~\\&|B2', null, 0],
    ],
  );
  assert.deepEqual(
    split.issues.map((issue) => issue.text),
    ['BTS-1 says 2 messages, the batch holds 1.', 'FTS-1 says 3 batches, the file holds 2.'],
  );
});

test('a trailer counts the messages before it also where the sender left the batch header out', () => {
  assert.deepEqual(splitMessages(bytesOf('FHS|^~\\&|A', 'MSH|^~\\&|1', 'BTS|1', 'FTS|1')).issues, []);
  assert.equal(splitMessages(bytesOf('FHS|^~\\&|A', 'MSH|^~\\&|1', 'BTS|2', 'FTS|1')).issues.length, 1);
});

test('a batch without messages is legal, and bytes outside messages are told', () => {
  const { messages, isBatch, issues } = splitMessages(bytesOf('FHS|^~\\&|A', 'BHS|^~\\&|A', 'BTS|0', 'FTS|1'));
  assert.deepEqual([messages, isBatch, issues], [[], true, []]);
  assert.deepEqual(
    splitMessages(Buffer.from('a list of\rMSH|^~\\&|1\r')).issues.map((issue) => issue.kind),
    ['outside'],
  );
  assert.equal(splitMessages(Buffer.from('nothing')).messages.length, 0);
});

test('frames that were saved to a file are cut at their block characters', () => {
  assert.deepEqual(pieces(Buffer.from('\x0bMSH|^~\\&|A\rPID|1\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r')), [
    'MSH|^~\\&|A\rPID|1\r',
    'MSH|^~\\&|B\r',
  ]);
});

test('a UTF-16 file is cut at whole characters and each piece can be read', () => {
  const text = 'MSH|^~\\&|A\rPID|1||Ö\rMSH|^~\\&|B\rPID|2||Ł\r';
  for (const bytes of [iconv.encode(text, 'utf-16le', { addBOM: true }), iconv.encode(text, 'utf-16be')]) {
    const read = splitMessages(bytes).messages.map((one) => parseMessage(one.bytes).message.first('PID')?.field(3));
    assert.deepEqual(read, ['Ö', 'Ł']);
  }
});

test('no byte of a message is lost or moved, whatever its segments hold', () => {
  const line = fc.uint8Array({ maxLength: 20 }).map(
    (bytes) =>
      `PID|${Buffer.from(bytes)
        .toString('latin1')
        .replace(/\p{Cc}/gu, '.')}`,
  );
  const message = fc.array(line, { maxLength: 4 }).map((lines) => ['MSH|^~\\&|A', ...lines, ''].join('\r'));
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (all) => {
      assert.deepEqual(pieces(Buffer.from(all.join(''), 'latin1')), all);
    }),
  );
});
