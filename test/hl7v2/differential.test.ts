/** `node-hl7-client` as a second opinion on the parser. Where the two differ, the test names who is right and why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Message as TheirMessage } from 'node-hl7-client';
import { parseMessage } from '../../src/hl7v2/message.ts';
import type { Segment } from '../../src/hl7v2/segment.ts';
import { fixture } from './fixture.ts';

/** Their reader looks at the first segment of a name, and throws where nothing was sent. */
function theirs(message: TheirMessage, path: string): string {
  try {
    return message.get(path).toString();
  } catch {
    return '';
  }
}

function ours(segment: Segment, field: number, component: number, part: number): string {
  const value = segment.component(field, component, part);
  return value === null ? '""' : (value ?? '');
}

/** Every place of the first segment of each name, as [path, ours, theirs]. */
function places(text: string): [path: string, ours: string, theirs: string][] {
  const { message } = parseMessage(Buffer.from(text, 'utf8'));
  const other = new TheirMessage({ text });
  const found: [string, string, string][] = [];
  for (const segment of message.segments) {
    if (segment.ordinal > 1) continue;
    for (let field = segment.name === 'MSH' ? 3 : 1; field <= segment.fieldCount + 1; field += 1) {
      for (let component = 1; component <= 10; component += 1) {
        for (const part of [1, 2]) {
          const path = `${segment.name}.${field}.${component}.${part}`;
          // Null reads as "" everywhere inside a null field with us; they see nothing behind the first component.
          if (segment.isNull(field) && (component > 1 || part > 1)) continue;
          if (segment.component(field, component, 'all') === null && part > 1) continue;
          found.push([path, ours(segment, field, component, part), theirs(other, path)]);
        }
      }
    }
  }
  return found;
}

const SAME = ['siu-s12-two-groups.hl7', 'siu-s15-lf.hl7', 'siu-s14-odd-separators.hl7'] as const;

for (const name of SAME) {
  test(`both parsers read every place of ${name} the same`, () => {
    const all = places(Buffer.from(fixture(name)).toString('utf8')).filter(([path]) => !path.startsWith('NTE.3'));
    assert.ok(all.length > 500);
    for (const [path, mine, other] of all) assert.equal(mine, other, path);
  });
}

test('both parsers read random messages of plain values, lists and escapes the same', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9 .]{0,6}(\\[FSTRE]\\)?[A-Za-z0-9]{0,3}$/);
  const component = fc.array(value, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('&'));
  const one = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('^'));
  const field = fc.array(one, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('~'));
  const segment = fc
    .tuple(fc.constantFrom('PID', 'SCH', 'AIS', 'ZZ1'), fc.array(field, { minLength: 1, maxLength: 6 }))
    .map(([name, fields]) => [name, ...fields].join('|'));
  const text = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => `MSH|^~\\&|A|B|C|D|2026||SIU^S12|1|P|2.5\r${segments.join('\r')}\r`)
    // They trim the whole text, so blanks at its end are lost with them; ours keeps them.
    .filter((whole) => !/[ \r]\r$/.test(whole) && !whole.includes(' \r'));
  fc.assert(
    fc.property(text, (whole) => {
      for (const [path, mine, other] of places(whole)) assert.equal(mine, other, path);
    }),
    { numRuns: 200 },
  );
});

const HEAD = 'MSH|^~\\&|A|B|C|D|2026||SIU^S12|1|P|2.5||||||UNICODE UTF-8';

/** Where they differ: ours first. */
const DIFFERENCES: readonly (readonly [why: string, field: string, ours: string, theirs: string])[] = [
  [
    '\\.br\\ is a line end (chapter 2, formatted text); they leave the sequence in the text',
    'a\\.br\\b',
    'a\nb',
    'a\\.br\\b',
  ],
  ['\\X is bytes of the message’s set; they make one character of each byte', '\\XC387\\', 'Ç', 'Ã\u0087'],
  ['a local sequence that nobody knows is kept; they drop it, and with it what it meant', 'a\\Zx\\b', 'a\\Zx\\b', 'ab'],
  ['\\P\\ is the truncation character of 2.7; they leave it', 'a\\P\\b', 'a#b', 'a\\P\\b'],
  ['a sequence has an exact name; they go by its first letter and drop a word', 'a\\Home\\b', 'a\\Home\\b', 'ab'],
  ['text between two backslashes is no separator; they make one of it', 'C:\\Files\\x', 'C:\\Files\\x', 'C:|x'],
  ['a two-byte character may be written as two sequences', '\\XC3\\\\X87\\', 'Ç', 'Ã\u0087'],
];

for (const [why, field, mine, other] of DIFFERENCES) {
  test(`ours is right: ${why}`, () => {
    const text = `${HEAD}\rNTE|1||${field}|x\r`;
    assert.equal(parseMessage(Buffer.from(text)).message.first('NTE')?.component(3, 1), mine);
    assert.equal(theirs(new TheirMessage({ text }), 'NTE.3.1'), other);
  });
}

test('ours is right: MSH-2 is not split; they read its characters as separators of itself', () => {
  const text = `${HEAD}\r`;
  assert.equal(parseMessage(Buffer.from(text)).message.first('MSH')?.field(2), '^~\\&');
  assert.notEqual(theirs(new TheirMessage({ text }), 'MSH.2'), '^~\\&');
});

test('ours is right: a second repetition can be reached; with a path they always read the first', () => {
  const text = `${HEAD}\rPID|1||A^^^X~B^^^Y\r`;
  const repetitions = parseMessage(Buffer.from(text)).message.first('PID')?.repetitions(3);
  assert.equal(repetitions?.[1]?.component(1), 'B');
  assert.equal(theirs(new TheirMessage({ text }), 'PID.3[1].1'), 'A');
});

test('ours is right: blanks at the end of a segment belong to its last field; they cut them off', () => {
  const text = `${HEAD}\rNTE|1||ends in blanks  \rPID|1\r`;
  assert.equal(parseMessage(Buffer.from(text)).message.first('NTE')?.field(3), 'ends in blanks  ');
  assert.equal(theirs(new TheirMessage({ text }), 'NTE.3'), 'ends in blanks');
});

/** Where nobody can be right by the standard, and a hub must read on all the same. */
const REFUSED: readonly (readonly [why: string, text: string])[] = [
  ['a byte order mark or line end before MSH harms nothing', `\ufeff\r\n${HEAD}\rPID|1||A\r`],
  ['an empty line is no segment', `${HEAD}\r\rPID|1||A\r`],
  ['a message may follow another; which of them is read is the caller’s business', `${HEAD}\rPID|1||A\r${HEAD}\r`],
];

for (const [why, text] of REFUSED) {
  test(`ours reads what they throw on: ${why}`, () => {
    assert.equal(parseMessage(Buffer.from(text)).message.first('PID')?.field(3), 'A');
    assert.throws(() => new TheirMessage({ text }).get('PID.3').toString());
  });
}

/** Damage that real senders do to MSH; each with a PID whose name has a second component. */
const DAMAGED: readonly (readonly [why: string, head: string, pid: string])[] = [
  ['MSH-2 that lost its backslash leaves & as the sub-component separator', 'MSH|^~&|A|B|C|D|2026||ADT^A08|1', 'X&Y^Z'],
  ['MSH-2 with a doubled backslash is a standard one', 'MSH|^~\\\\&|A|B|C|D|2026||ADT^A08|1', 'X&Y^Z'],
  ['MSH-2 with an XML entity is a standard one', 'MSH|^~\\&amp;|A|B|C|D|2026||ADT^A08|1', 'X&amp;Y^Z'],
];

for (const [why, head, name] of DAMAGED) {
  test(`ours is right: ${why}; they take the characters by their place`, () => {
    const text = `${head}\rPID|1||7||${name}\r`;
    const pid = parseMessage(Buffer.from(text)).message.first('PID');
    assert.deepEqual([pid?.component(5, 1, 2), pid?.component(5, 2)], ['Y', 'Z']);
    assert.notEqual(theirs(new TheirMessage({ text }), 'PID.5.1.2'), 'Y');
  });
}
