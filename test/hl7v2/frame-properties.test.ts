/** What goes in comes out: the same bytes, in the same order, and no more of them kept than allowed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../src/hl7v2/charset.ts';
import { encodeFrame, FrameDecoder, type FrameEvent, type FrameOptions } from '../../src/hl7v2/frame.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { heardByDecoder, heardByModel } from '../fuzz/frame-model.ts';

const LIMIT = { maxFrame_bytes: 10_000 };

/** Reads of these lengths, over and over; an empty list is one read. */
function* cut(wire: Uint8Array, lengths: readonly number[]): Iterable<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < wire.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? wire.length;
    yield wire.subarray(at, at + length);
    at += length;
  }
}

function received(wire: Uint8Array, lengths: readonly number[], options: FrameOptions = LIMIT): FrameEvent[] {
  const decoder = new FrameDecoder(options);
  const events: FrameEvent[] = [];
  for (const chunk of cut(wire, lengths)) {
    events.push(...decoder.push(chunk));
    assert.ok(decoder.held_bytes <= options.maxFrame_bytes, 'no more is kept than one message may have');
  }
  return [...events, ...decoder.end()];
}

const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 });

/** MSH-18, and letters that the set has; of those that a byte or two look like separators or block characters. */
const SETS: readonly (readonly [charset: string, letters: string])[] = [
  ['', 'abcxyz'],
  ['ASCII', 'ABC xyz.'],
  ['UNICODE UTF-8', 'aÇ山Жł🦷\u00a0\u202e'],
  ['8859/1', 'aÄÖÜßçñ'],
  ['8859/2', 'aŁŻąęő'],
  ['8859/5', 'aЖщюя'],
  ['8859/7', 'aΑβγω'],
  ['8859/9', 'aĞışÖ'],
  ['8859/15', 'aŒœ€ž'],
  ['WINDOWS-1252', 'a’“”€Ÿš'],
  ['ISO IR14', 'a表予ソポ十能'],
  ['GB 18030-2000', 'a王小明誠'],
  ['KS X 1001', 'a김철수'],
  ['BIG-5', 'a許功蓋'],
];

const names = fc.constantFrom(...SETS).chain(([charset, letters]) =>
  fc.record({
    charset: fc.constant(charset),
    name: fc
      .array(fc.constantFrom(...Array.from(letters)), { minLength: 1, maxLength: 30 })
      .map((list) => list.join('')),
    end: fc.constantFrom('\r', '\n', '\r\n'),
  }),
);

test('in every character set, however cut: the bytes as sent, in their order, and the name that was meant', () => {
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), cuts, (people, lengths) => {
      const sent = people.map(({ charset, name, end }) => {
        const head = `MSH|^~\\&|A|B|C|D|2026||ADT^A08|1|P|2.5||||||${charset}`;
        return Buffer.from(encode(`${head}${end}PID|1||7||${name}^X${end}`, charset));
      });
      const events = received(Buffer.concat(sent.map(encodeFrame)), lengths);
      assert.deepEqual(
        events.map((event) => event.kind),
        sent.map(() => 'frame'),
      );
      for (const [at, event] of events.entries()) {
        assert.ok(event.kind === 'frame');
        assert.deepEqual(Buffer.from(event.bytes), sent[at]);
        const { message, issues } = parseMessage(event.bytes);
        assert.deepEqual(issues, []);
        assert.equal(message.first('PID')?.component(5, 1), people[at]?.name);
        assert.equal(message.first('PID')?.component(5, 2), 'X');
      }
    }),
    { numRuns: 300 },
  );
});

test('events come in the order of the bytes they tell of, wherever the reads end', () => {
  const content = fc.array(fc.constantFrom('MSH|', 'a', '\x1c', '\x1cx', '\r', '\n'), { maxLength: 12 });
  const noise = fc.constantFrom('', 'junk', '\r\n', '\x1c', 'x\r');
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, content), { maxLength: 6 }), cuts, (parts, lengths) => {
      const expected: string[] = [];
      const wire = parts.map(([between, pieces], at) => {
        const text = `${pieces.join('').replaceAll('\x1c\r', '\x1c.')}.`;
        // Line ends behind a frame are no garbage.
        if (between.replace(at === 0 ? /^$/ : /^[\r\n]+/, '') !== '') expected.push('garbage');
        expected.push(...Array.from({ length: text.split('\x1c').length - 1 }, () => 'stray-fs'), `frame ${text}`);
        return between + Buffer.from(encodeFrame(Buffer.from(text))).toString('latin1');
      });
      const told = received(Buffer.from(wire.join(''), 'latin1'), lengths).map((event) =>
        event.kind === 'frame' ? `frame ${Buffer.from(event.bytes).toString('latin1')}` : event.kind,
      );
      // Garbage is told at least once per read that holds some.
      const once = told.filter((kind, at) => kind !== 'garbage' || told[at - 1] !== 'garbage');
      assert.deepEqual(once, expected);
    }),
    { numRuns: 500 },
  );
});

test('whatever bytes come, the decoder hears what a plain reading byte by byte hears', () => {
  const piece = fc.constantFrom('\x0b', '\x1c', '\r', '\n', '\x1c\r', '\x0bMSH', 'MSH|', 'BHS', 'a', 'bcdefgh');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 80 }),
      cuts,
      fc.constantFrom('required', 'optional'),
      fc.constantFrom(3, 10, 40, 10_000),
      (pieces, lengths, finalCr, maxFrame_bytes) => {
        const wire = pieces.join('');
        const options: FrameOptions = { maxFrame_bytes, finalCr, keepHead_bytes: 8 };
        assert.deepEqual(
          heardByDecoder(received(Buffer.from(wire, 'latin1'), lengths, options), options),
          heardByModel(wire, options),
        );
      },
    ),
    { numRuns: 1500 },
  );
});

test('an oversize message is told, however it is cut, and what follows it is read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 101, max: 5_000 }), cuts, (length, lengths) => {
      const long = Buffer.alloc(length, 'MSH|');
      const wire = Buffer.concat([encodeFrame(long), encodeFrame(Buffer.from('MSH|next'))]);
      const events = received(wire, lengths, { maxFrame_bytes: 100, keepHead_bytes: 20 });
      assert.deepEqual(
        events.map((event) => event.kind),
        ['oversize', 'oversize-end', 'frame'],
      );
      const [first, second, third] = events;
      assert.ok(first?.kind === 'oversize' && second?.kind === 'oversize-end' && third?.kind === 'frame');
      assert.deepEqual(
        [Buffer.from(first.head), Buffer.from(second.head)],
        [long.subarray(0, 20), long.subarray(0, 20)],
      );
      assert.ok(first.length > 100 && first.length <= length);
      assert.equal(second.length, length);
      assert.equal(Buffer.from(third.bytes).toString(), 'MSH|next');
    }),
  );
});
