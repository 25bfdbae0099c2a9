import assert from 'node:assert/strict';
import { test } from 'node:test';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { encodingCharacters, readSeparators } from '../../src/hl7v2/separators.ts';
import { fixture, segmentOf } from './fixture.ts';

/** Header, then what both readers must make of it: the separators in use and whether damage is told. */
const CASES: readonly (readonly [title: string, msh: string, characters: string, damaged: boolean])[] = [
  ['the standard set', 'MSH|^~\\&|APP|FAC|', '|^~\\&', false],
  ['the set of version 2.7', 'MSH|^~\\&#|APP|FAC|', '|^~\\&#', false],
  ['another field separator', 'MSH$^~\\&$APP$FAC$', '$^~\\&', false],
  ['a set of one’s own', 'MSH+:;?=+APP+FAC+', '+:;?=', false],
  ['a lost backslash', 'MSH|^~&|APP|FAC|', '|^~\\&', true],
  ['a doubled backslash', 'MSH|^~\\\\&|APP|FAC|', '|^~\\&', true],
  ['an XML entity', 'MSH|^~\\&amp;|APP|FAC|', '|^~\\&', true],
  ['an empty MSH-2', 'MSH||APP|FAC|', '|^~\\&', true],
  ['a missing MSH-2', 'MSH|APP|FAC|', '|^~\\&', true],
  ['a missing MSH-1', 'MSH^~\\&|APP|FAC|', '|^~\\&', true],
  ['a blank before MSH-1', 'MSH |^~\\&|APP|FAC|', '|^~\\&', true],
  ['an incomplete MSH-2', 'MSH|^|APP|FAC|', '|^~\\&', true],
  ['one character twice', 'MSH|^^\\&|APP|FAC|', '|^~\\&', true],
];

for (const [title, msh, characters, damaged] of CASES) {
  test(`separators: ${title}`, () => {
    const field = characters.charAt(0);
    const rest = ['HUB', 'HUB', '2026', '', 'SIU', 'ID-7', 'P', '2.5'].join(field);
    const bytes = Buffer.from(`${msh}${rest}\rPID${field}1${field}${field}A${characters.charAt(1)}B\r`);
    const { message, issues } = parseMessage(bytes);
    assert.equal(message.separators.field + encodingCharacters(message.separators), characters);
    assert.equal(
      issues.some((issue) => issue.kind === 'separators-damaged'),
      damaged,
    );
    assert.equal(message.first('MSH')?.field(3), 'APP');
    assert.equal(message.controlId, 'ID-7');
    assert.equal(message.first('PID')?.component(3, 2), 'B');
    const read = header(bytes);
    assert.equal(read.sendingApplication, 'APP');
    assert.equal(read.controlId, 'ID-7');
    assert.equal(read.damage !== null, damaged);
  });
}

test('separators of a sender’s own are used for splitting and for escapes', () => {
  const { message, issues } = parseMessage(fixture('siu-s14-odd-separators.hl7'));
  assert.deepEqual(issues, []);
  const pid = segmentOf(message, 'PID');
  assert.equal(pid.component(3, 4, 2), '1.2');
  assert.equal(pid.repetitions(3)[1]?.component(1), '2');
  assert.equal(pid.component(5, 1), 'O%Brien');
  assert.equal(pid.component(5, 2), 'A$B');
  assert.equal(pid.component(5, 3), '@');
});

test('where backslashes were doubled on the way, those of the content are single again', () => {
  const { message } = parseMessage(Buffer.from('MSH|^~\\\\&|A|B\rNTE|1||x\\\\T\\\\y\r'));
  assert.equal(message.first('NTE')?.field(3), 'x&y');
});

test('the control id keeps its bytes whatever was mended around it', () => {
  assert.equal(header(Buffer.from('MSH|^~\\\\&|A|B|C|D|E||SIU|a\\\\b|P|2.3\r')).raw(10), 'a\\\\b');
});

test('no character separates two things, whatever the sender took for its fields', () => {
  for (const field of ['^', '~', '\\', '&']) {
    for (const second of ['', '^~\\&', '^~&', '^~\\\\&', '|', 'APP', '&amp;']) {
      const { separators } = readSeparators(`MSH${field}${second}${field}FAC`);
      const marks = Object.values(separators).filter((mark) => mark !== '');
      assert.equal(new Set(marks).size, marks.length, JSON.stringify([field, second, separators]));
    }
  }
});

test('a header that stops after its name has no separators of the segment behind it', () => {
  const bytes = Buffer.from('MSH\r|a||||||a\rEVN|A08\r');
  assert.equal(header(bytes).messageCode, '');
  assert.equal(parseMessage(bytes).message.messageCode, '');
  assert.equal(parseMessage(bytes).message.separators.field, header(bytes).separators.field);
});

test('a fifth character behind a damaged MSH-2 is no truncation character', () => {
  const { separators } = readSeparators('MSH^~aaa|^');
  assert.equal(separators.truncation, '');
  assert.equal(readSeparators(`MSH^${encodingCharacters(separators)}^`).separators.field, '^');
});
