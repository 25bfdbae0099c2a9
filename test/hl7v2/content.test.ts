import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentDigest } from '../../src/hl7v2/content.ts';

const STAMPED = ['MSH-7', 'MSH-10'];
const digest = (text: string): string => contentDigest(Buffer.from(text, 'utf8'), STAMPED);
const sent = 'MSH|^~\\&|A|B|||20261101090000||SIU^S12|C1|P|2.5\rSCH||F1\rNTE|1||hello|\r';

test('a message and its re-send with another time and control id say the same', () => {
  assert.equal(digest(sent), digest(sent.replace('20261101090000', '20261102').replace('C1', 'X9')));
});

test('segment ends and empty fields at the end of a segment say nothing', () => {
  assert.equal(digest(sent), digest(sent.replaceAll('\r', '\r\n').replace('hello|', 'hello|||')));
});

test('any other field, a segment more, or the same segments in another order say something else', () => {
  const others = [
    sent.replace('F1', 'F2'),
    sent.replace('MSH|^~\\&|A', 'MSH|^~\\&|Z'),
    `${sent}ZZZ|1\r`,
    sent.replace('SCH||F1\rNTE|1||hello|\r', 'NTE|1||hello|\rSCH||F1\r'),
    sent.replace('hello', '""'),
  ];
  assert.equal(new Set([sent, ...others].map(digest)).size, others.length + 1);
});

test('separators of its own do not make a message say something else than it would', () => {
  const text = 'SCH||F1';
  const one = `MSH|^~\\&|A\r${text}\r`;
  assert.notEqual(digest(one), digest(one.replace('SCH||F1', 'SCH|F1|')));
});
