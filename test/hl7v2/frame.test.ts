import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameDecoder, type FrameEvent, type FrameOptions } from '../../src/hl7v2/frame.ts';

const LIMIT = { maxFrame_bytes: 1000 };

function feed(chunks: readonly (string | Uint8Array)[], options: FrameOptions = LIMIT): FrameEvent[] {
  const decoder = new FrameDecoder(options);
  return chunks.flatMap((chunk) => decoder.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
}

function texts(events: readonly FrameEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'frame' ? [Buffer.from(event.bytes).toString('latin1')] : []));
}

function kinds(events: readonly FrameEvent[]): string[] {
  return events.map((event) => event.kind);
}

test('two frames in one read are two messages', () => {
  assert.deepEqual(texts(feed(['\x0bMSH|1\x1c\r\x0bMSH|2\x1c\r'])), ['MSH|1', 'MSH|2']);
});

test('a frame that comes byte by byte is one message', () => {
  assert.deepEqual(texts(feed('\x0bMSH|^~\\&|A\rPID|1\r\x1c\r'.match(/./gs) ?? [])), ['MSH|^~\\&|A\rPID|1\r']);
});

test('FS and CR in different reads end a frame', () => {
  assert.deepEqual(texts(feed(['\x0bMSH|1\x1c', '\r\x0bMSH|2', '\x1c', '\r'])), ['MSH|1', 'MSH|2']);
});

test('a read that ends inside a message gives nothing until the rest comes, and then the message once', () => {
  const decoder = new FrameDecoder(LIMIT);
  assert.deepEqual(
    decoder.push(Buffer.from('\x0bMSH|1\x1c\r\x0bMSH|2 fir')).map((event) => event.kind),
    ['frame'],
  );
  assert.equal(decoder.pending_bytes, 9);
  assert.deepEqual(texts(decoder.push(Buffer.from('st\x1c\r'))), ['MSH|2 first']);
  assert.equal(decoder.pending_bytes, 0);
});

test('bytes between frames are skipped and counted', () => {
  const events = feed(['junk', '\x0bMSH|1\x1c\r', 'more junk\x0bMSH|2\x1c\r']);
  assert.deepEqual(texts(events), ['MSH|1', 'MSH|2']);
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'garbage' ? [event.length] : [])),
    [4, 9],
  );
});

test('line ends behind a frame are no garbage, also when they come in the next read', () => {
  assert.deepEqual(kinds(feed(['\x0bMSH|1\x1c\r\n\x0bMSH|2\x1c\r', '\n\r', '\x0bMSH|3\x1c\r'])), [
    'frame',
    'frame',
    'frame',
  ]);
});

test('FS inside a message that no CR follows is data and is told', () => {
  const events = feed(['\x0bMSH|a\x1cb\x1c\x1c', 'c\x1c\r']);
  assert.deepEqual(texts(events), ['MSH|a\x1cb\x1c\x1cc']);
  assert.deepEqual(kinds(events), ['stray-fs', 'stray-fs', 'stray-fs', 'frame']);
});

test('FS directly before the start of the next frame ends a message: two patients never become one message', () => {
  const events = feed(['\x0bMSH|1\x1c\x0bMSH|2\x1c', '\x0bMSH|3\x1c\r']);
  assert.deepEqual(texts(events), ['MSH|1', 'MSH|2', 'MSH|3']);
  assert.deepEqual(
    events.map((event) => (event.kind === 'frame' ? event.finalCr : null)),
    [false, false, true],
  );
});

test('with the final CR optional, FS ends the message at once and a CR that comes later is swallowed', () => {
  const options: FrameOptions = { ...LIMIT, finalCr: 'optional' };
  assert.deepEqual(kinds(feed(['\x0bMSH|1\x1c'], options)), ['frame']);
  assert.deepEqual(kinds(feed(['\x0bMSH|1\x1c', '\r', '\x0bMSH|2\x1c\r'], options)), ['frame', 'frame']);
});

test('a message given up in the middle and begun again is delivered once, whole; the piece is counted', () => {
  const events = feed(['\x0bMSH|broken pie\x0bMSH|whole\rPID|1\x1c\r']);
  assert.deepEqual(events[0], { kind: 'restarted', length: 14 });
  assert.deepEqual(texts(events), ['MSH|whole\rPID|1']);
});

test('a start block inside data that no header follows stays data', () => {
  assert.deepEqual(texts(feed(['\x0bMSH|a\x0bb\x1c\r'])), ['MSH|a\x0bb']);
});

test('an empty frame is a message of no bytes', () => {
  assert.deepEqual(texts(feed(['\x0b\x1c\r'])), ['']);
});

test('a message of exactly the limit passes, one byte more does not', () => {
  const options = { maxFrame_bytes: 10 };
  for (const cuts of [[12], [3, 9], [10, 2], Array.from({ length: 12 }, () => 1)]) {
    assert.deepEqual(kinds(feed(cut('\x0b0123456789\x1c\r', cuts), options)), ['frame'], String(cuts));
    assert.deepEqual(
      kinds(feed(cut('\x0b0123456789a\x1c\r', cuts), options)),
      ['oversize', 'oversize-end'],
      String(cuts),
    );
  }
});

test('an oversize message is told while it arrives, skipped to its end, and the next one is read', () => {
  const decoder = new FrameDecoder({ maxFrame_bytes: 100, keepHead_bytes: 8 });
  const first = decoder.push(Buffer.from(`\x0bMSH|^~\\&|${'x'.repeat(150)}`));
  assert.equal(first[0]?.kind, 'oversize');
  assert.deepEqual(decoder.push(Buffer.from('y'.repeat(50))), []);
  const last = decoder.push(Buffer.from('z\x1cz\x1c\r\x0bMSH|2\x1c\r'));
  assert.deepEqual(kinds(last), ['stray-fs', 'oversize-end', 'frame']);
  const end = last[1];
  assert.ok(end?.kind === 'oversize-end');
  assert.equal(Buffer.from(end.head).toString(), 'MSH|^~\\&');
  assert.equal(end.length, 9 + 150 + 50 + 3);
  assert.deepEqual(texts(last), ['MSH|2']);
});

test('a message without end takes no more memory than the limit', () => {
  const decoder = new FrameDecoder({ maxFrame_bytes: 100_000 });
  decoder.push(Buffer.from('\x0bMSH|'));
  const chunk = Buffer.alloc(65_536, 0x61);
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 2000; round += 1) decoder.push(chunk);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 2_000_000, `${grown} bytes grown`);
  assert.equal(decoder.pending_bytes, 4 + 2000 * 65_536);
});

test('a large message that comes byte by byte is one message', () => {
  const decoder = new FrameDecoder({ maxFrame_bytes: 2_000_000 });
  decoder.push(Buffer.from([0x0b]));
  const one = Buffer.from('x');
  for (let at = 0; at < 1_000_000; at += 1) decoder.push(one);
  const [event] = decoder.push(Buffer.from([0x1c, 0x0d]));
  assert.ok(event?.kind === 'frame');
  assert.equal(event.bytes.length, 1_000_000);
});

test('a delivered message is a copy: what arrives later does not change it', () => {
  const chunk = Buffer.from('\x0bMSH|1\x1c\r');
  const decoder = new FrameDecoder(LIMIT);
  const [event] = decoder.push(chunk);
  chunk.fill(0);
  decoder.push(Buffer.from('\x0bMSH|other\x1c\r'));
  assert.ok(event?.kind === 'frame');
  assert.equal(Buffer.from(event.bytes).toString(), 'MSH|1');
});

test('a connection that closes inside a message drops it; one that lacks only its CR is complete', () => {
  const cutOff = new FrameDecoder(LIMIT);
  cutOff.push(Buffer.from('\x0bMSH|1'));
  assert.deepEqual(cutOff.end(), [{ kind: 'unfinished', length: 5 }]);
  assert.deepEqual(cutOff.end(), []);
  const noCr = new FrameDecoder(LIMIT);
  noCr.push(Buffer.from('\x0bMSH|1\x1c'));
  assert.deepEqual(texts(noCr.end()), ['MSH|1']);
});

test('bytes that would end their own frame cannot be framed', () => {
  assert.throws(() => encodeFrame(Buffer.from('a\x1c\rb')), RangeError);
  assert.throws(() => encodeFrame(Buffer.from('a\x1c\x0bb')), RangeError);
  assert.deepEqual([...encodeFrame(Buffer.from('a'))], [0x0b, 0x61, 0x1c, 0x0d]);
});

const content = fc
  .uint8Array({ maxLength: 300 })
  .chain((bytes) => fc.constantFrom('', 'MSH|^~\\&|', '\x1c', '\x0b').map((head) => head + latin1(bytes)))
  .map((text) =>
    text
      .replaceAll('\x1c\r', '..')
      .replaceAll('\x1c\x0b', '..')
      .replaceAll('\x0bMSH', '....')
      .replaceAll('\x0bFHS', '....')
      .replaceAll('\x0bBHS', '....'),
  );
const unicode = fc
  .string({ unit: 'binary', maxLength: 200 })
  .map((text) => latin1(Buffer.from(text, 'utf8')).replaceAll('\x0b', '.').replaceAll('\x1c', '.'));
const noise = fc.uint8Array({ maxLength: 20 }).map((bytes) => latin1(bytes).replaceAll('\x0b', '.'));

test('what goes in comes out byte for byte, however it is cut and whatever lies between', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(noise, fc.oneof(content, unicode)), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      (parts, cuts) => {
        const wire = parts
          .map(([between, text]) => between + latin1(encodeFrame(Buffer.from(text, 'latin1'))))
          .join('');
        const decoder = new FrameDecoder(LIMIT);
        const events = cut(wire, cuts).flatMap((chunk) => decoder.push(Buffer.from(chunk, 'latin1')));
        assert.deepEqual(
          texts(events),
          parts.map(([, text]) => text),
        );
        assert.deepEqual(decoder.end(), []);
      },
    ),
    { numRuns: 500 },
  );
});

test('any bytes at all, cut anyhow, never throw and give the same events of messages as in one piece', () => {
  const wild = fc.array(fc.constantFrom('\x0b', '\x1c', '\r', '\n', 'MSH', 'a', 'bcd'), { maxLength: 60 });
  fc.assert(
    fc.property(wild, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), fc.boolean(), (parts, cuts, cr) => {
      const wire = parts.join('');
      const options: FrameOptions = { maxFrame_bytes: 12, finalCr: cr ? 'required' : 'optional' };
      const whole = feed([wire], options);
      const pieces = feed(cut(wire, cuts), options);
      assert.deepEqual(texts(pieces), texts(whole));
      assert.deepEqual(lengths(pieces), lengths(whole));
    }),
    { numRuns: 1000 },
  );
});

function lengths(events: readonly FrameEvent[]): (readonly [string, number])[] {
  return events.flatMap((event) =>
    event.kind === 'oversize-end' || event.kind === 'restarted' ? [[event.kind, event.length] as const] : [],
  );
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function cut(text: string, lengthsOfCuts: readonly number[]): string[] {
  const chunks: string[] = [];
  let at = 0;
  for (let turn = 0; at < text.length; turn += 1) {
    const length = lengthsOfCuts[turn % lengthsOfCuts.length] ?? 1;
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}
