/** What must hold of reading a message: nothing lost, nothing thrown, and what is written again reads the same. */
import assert from 'node:assert/strict';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { decode } from '../../src/hl7v2/charset.ts';
import { escape, unescape } from '../../src/hl7v2/escapes.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage, type Message } from '../../src/hl7v2/message.ts';
import type { Segment, Value } from '../../src/hl7v2/segment.ts';
import { parseTime } from '../../src/hl7v2/time.ts';
import {
  repeat,
  writeMessage,
  type ComponentInput,
  type FieldInput,
  type SegmentInput,
} from '../../src/hl7v2/write.ts';

export function checkParsing(frame: Uint8Array): void {
  const { messages } = splitMessages(frame);
  const parts = messages.length === 0 ? [frame] : messages.map(({ bytes }) => bytes);
  for (const bytes of parts) {
    checkMessage(bytes);
    checkPrefixes(bytes);
  }
}

/** Their fields 1 and 2 are the separators. */
const HEADERS = ['MSH', 'FHS', 'BHS'];
const PREFIXES = 24;

/** A message that stops anywhere is read as far as it goes. All of them where it is short. */
function checkPrefixes(bytes: Uint8Array): void {
  const step = Math.max(1, Math.floor(bytes.length / PREFIXES));
  // Their sum stays proportional to the length, so that the bound on steps holds.
  const longest = Math.min(bytes.length, 600);
  for (let length = 0; length < longest; length += Math.min(step, Math.ceil(longest / PREFIXES))) {
    const { message } = parseMessage(bytes.subarray(0, length));
    for (const segment of message.segments) segment.field(segment.fieldCount);
  }
}

function checkMessage(bytes: Uint8Array): void {
  const { message, issues } = parseMessage(bytes);
  const kinds = new Set(issues.map((issue) => issue.kind));
  if (!kinds.has('separators-damaged')) checkNothingLost(bytes, message, kinds.has('no-header'));
  let places = 0;
  for (const [index, segment] of message.segments.entries()) {
    assert.equal(segment.index, index, 'segments are numbered in their order');
    assert.equal(message.all(segment.name)[segment.ordinal - 1], segment, 'a segment is found by its number');
    places += readAll(segment, message);
  }
  assert.ok(places <= 10 * bytes.length + 1_000, 'there are no more places than bytes');
  checkWriting(message);
}

/** All that is no blank, no line end and no control character stands in a segment. */
function checkNothingLost(bytes: Uint8Array, message: Message, whole: boolean): void {
  const { text } = decode(bytes, header(bytes).charset);
  const kept = message.segments.map(({ raw }) => raw).join('\r');
  const plain = (one: string): string => one.replace(/[\s\p{Cc}\ufeff]/gu, '');
  if (whole) assert.equal(plain(kept), plain(text), 'nothing is lost');
  else assert.ok(plain(text).endsWith(plain(kept)), 'nothing behind the header is lost');
}

/** Reads every place of a segment; gives their number. */
function readAll(segment: Segment, message: Message): number {
  const { separators } = message;
  const isHeader = HEADERS.includes(segment.name);
  const fields: string[] = [];
  let places = 0;
  for (let n = isHeader ? 2 : 0; n <= segment.fieldCount; n += 1) fields.push(segment.rawField(n));
  const start = isHeader ? segment.raw.slice(0, 4) : '';
  assert.equal(start + fields.join(separators.field), segment.raw, 'fields join again');
  for (let n = 1; n <= segment.fieldCount; n += 1) {
    const text = segment.field(n);
    parseTime(text ?? '');
    checkEscapes(text, message);
    for (const repetition of segment.repetitions(n)) {
      const count = componentsIn(repetition, message);
      for (let component = 1; component <= count; component += 1, places += 1) {
        checkValue(repetition.component(component, 'all'));
        checkValue(repetition.component(component, 2));
      }
    }
    if (segment.repetitions(n)[0]?.index === 1) {
      assert.equal(segment.component(n, 1), segment.repetitions(n)[0]?.component(1), 'the first repetition counts');
    }
  }
  return places;
}

function checkValue(value: Value): void {
  assert.ok(value === null || value === undefined || typeof value === 'string');
}

function checkEscapes(text: Value, message: Message): void {
  const { separators } = message;
  if (typeof text !== 'string' || separators.escape === '') return;
  const written = escape(text, separators);
  for (const mark of [separators.field, separators.component, separators.repetition, '\r', '\n', '\u001c', '\u000b']) {
    if (mark !== '') assert.ok(!written.includes(mark), 'escaped text holds no separator and no block character');
  }
  assert.equal(unescape(written, separators), text, 'what is escaped reads back the same');
}

const NAME = /^[A-Z][A-Z0-9]{2}$/;

/** What was read, written with the standard separators in UTF-8, reads back the same. */
function checkWriting(message: Message): void {
  const segments = message.segments.filter(({ name }) => NAME.test(name) && !HEADERS.includes(name));
  if (segments.length === 0) return;
  const written = segments.map((segment) => inputOf(segment, message));
  const bytes = writeMessage([['MSH', 'A'], ...written], { charset: 'UTF-8' });
  const back = parseMessage(bytes, { forceCharset: 'UTF-8' }).message.segments.slice(1);
  assert.deepEqual(
    back.map(({ name }) => name),
    segments.map(({ name }) => name),
    'a written message has its segments',
  );
  for (const [at, segment] of segments.entries()) {
    const other = back[at];
    assert.ok(other !== undefined);
    for (let n = 1; n <= segment.fieldCount; n += 1) checkTwins(segment, other, n, message);
  }
}

function checkTwins(segment: Segment, other: Segment, n: number, message: Message): void {
  const twins = other.repetitions(n);
  for (const one of segment.repetitions(n)) {
    const twin = twins.find(({ index }) => index === one.index);
    for (let component = 1; component <= componentsIn(one, message); component += 1) {
      for (const part of [1, 2, 3]) {
        const was = one.component(component, part);
        const is = twin?.component(component, part);
        assert.equal(is || null, was || null, `${segment.name}-${n}.${component}.${part} reads back the same`);
      }
    }
  }
}

const COMPONENTS = 12;

/** One more than were sent, and no more than a few: reading each from the start takes their number squared. */
function componentsIn(one: Readable, { separators }: Message): number {
  return Math.min(COMPONENTS, one.raw.split(separators.component || '\u0000', COMPONENTS).length + 1);
}

function inputOf(segment: Segment, message: Message): SegmentInput {
  const fields: FieldInput[] = [];
  for (let n = 1; n <= segment.fieldCount; n += 1) {
    const repetitions: FieldInput[] = [];
    for (const one of segment.repetitions(n)) {
      while (repetitions.length < one.index - 1) repetitions.push('');
      repetitions.push(componentsOf(one, message));
    }
    fields.push(segment.isNull(n) ? null : repeat(...repetitions));
  }
  return [segment.name, ...fields];
}

type Readable = ReturnType<Segment['repetitions']>[number];

function componentsOf(one: Readable, message: Message): FieldInput {
  if (one.text === null) return null;
  const { separators } = message;
  const components: ComponentInput[] = [];
  for (let component = 1; component <= componentsIn(one, message); component += 1) {
    const all = one.component(component, 'all');
    const hasParts = separators.subcomponent !== '' && all !== null;
    components.push(hasParts ? [1, 2, 3].map((part) => one.component(component, part)) : all);
  }
  return components;
}
