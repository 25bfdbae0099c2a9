/**
 * `node-hl7-client` as a second opinion on every place of every message at hand: ours, and those of third parties where
 * they lie. A difference that none of the rules below explains fails the test.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { Message as TheirMessage } from 'node-hl7-client';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { decode } from '../../src/hl7v2/charset.ts';
import { header } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import type { Segment } from '../../src/hl7v2/segment.ts';

interface Difference {
  /** `PID-3[2].4.1` */
  readonly place: string;
  /** The repetition as sent. */
  readonly raw: string;
  readonly ours: string;
  readonly theirs: string;
}

interface Rule {
  readonly why: string;
  explains(difference: Difference): boolean;
}

/**
 * Each says who is right and why; in all of them it is us. More differences, which these messages do not hold, stand in
 * differential.test.ts.
 */
const RULES: readonly Rule[] = [
  {
    why: 'formatting (\\.br\\ and the like) is a line end or a blank (chapter 2); they leave it in the text',
    explains: ({ raw, theirs }) => /\\\.[a-z]{2}/.test(raw) && theirs.includes('\\.'),
  },
  {
    why: 'blanks belong to the text; they cut them off the end of a segment',
    explains: ({ ours, theirs }) => ours !== theirs && ours.trimEnd() === theirs.trimEnd(),
  },
];

/** What their reader gives at every level. */
interface Node {
  toArray(): readonly unknown[];
  toString(): string;
}

function children(node: unknown): readonly Node[] {
  return node === undefined ? [] : ((node as Node).toArray() as readonly Node[]);
}

function differences(ours: Segment, theirs: Node): readonly Difference[] {
  const found: Difference[] = [];
  const isHeader = ['MSH', 'FHS', 'BHS'].includes(ours.name);
  const fields = children(theirs);
  const last = Math.max(ours.fieldCount, fields.length - (isHeader ? 0 : 1));
  // MSH-2 is not compared: they cut it by the characters that it names.
  for (let n = isHeader ? 3 : 1; n <= last; n += 1) {
    const repetitions = children(fields[isHeader ? n - 1 : n]);
    const count = Math.max(repetitions.length, ours.repetitions(n).at(-1)?.index ?? 0);
    for (let index = 1; index <= count; index += 1) {
      found.push(...inRepetition(ours, n, index, repetitions[index - 1]));
    }
  }
  return found;
}

function inRepetition(segment: Segment, n: number, index: number, theirs: Node | undefined): readonly Difference[] {
  const found: Difference[] = [];
  const one = segment.repetitions(n).find((repetition) => repetition.index === index);
  const raw = one?.raw ?? (segment.isNull(n) ? '""' : '');
  // One more than they see at each level, so that what only we see shows as well.
  const components = children(theirs);
  for (let component = 1; component <= components.length + 1; component += 1) {
    const parts = children(components[component - 1]);
    for (let part = 1; part <= parts.length + 1; part += 1) {
      const value = one === undefined ? undefined : one.component(component, part);
      // A field or component of "" is null in all its parts with us; they see it in the first.
      if (value === null && (part > 1 || (one?.text === null && component > 1))) continue;
      const mine = value === null || (raw === '""' && component === 1 && part === 1) ? '""' : (value ?? '');
      const other = parts[part - 1]?.toString() ?? '';
      const place = `${segment.name}-${n}[${index}].${component}.${part}`;
      if (mine !== other) found.push({ place, raw, ours: mine, theirs: other });
    }
  }
  return found;
}

/** Compares one message; gives the number of places and how often each rule explained a difference. */
function compare(bytes: Uint8Array, file: string, explained: Map<string, number>): number {
  const { message } = parseMessage(bytes);
  const { text } = decode(bytes, header(bytes).charset);
  const theirs = children(new TheirMessage({ text }));
  assert.deepEqual(
    message.segments.map(({ name }) => name),
    theirs.map((segment) => (segment as unknown as { readonly name: string }).name),
    file,
  );
  let places = 0;
  for (const [at, segment] of message.segments.entries()) {
    const other = theirs[at];
    assert.ok(other !== undefined);
    places += segment.fieldCount;
    for (const difference of differences(segment, other)) {
      const rule = RULES.find((one) => one.explains(difference));
      assert.ok(rule !== undefined, `${file}: nothing explains ${JSON.stringify(difference)}`);
      explained.set(rule.why, (explained.get(rule.why) ?? 0) + 1);
    }
  }
  return places;
}

function compareFiles(t: TestContext, files: readonly string[]): number {
  const explained = new Map<string, number>();
  let fields = 0;
  for (const file of files) {
    for (const { bytes } of splitMessages(readFileSync(file)).messages) fields += compare(bytes, file, explained);
  }
  t.diagnostic(`${files.length} files, ${fields} fields`);
  for (const [why, count] of explained) t.diagnostic(`${count} places where ours is right: ${why}`);
  return fields;
}

test('every place of our own messages is read as by node-hl7-client, or the difference is explained', (t) => {
  const folders = ['hl7v2', 'siu'].map((name) => fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url)));
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.hl7'))
      .map((name) => folder + name),
  );
  assert.ok(compareFiles(t, files) > 300);
});

const beside = fileURLToPath(new URL('../../../shared/samples', import.meta.url));
const folder = `${process.env['SLOTWIRE_SAMPLES'] ?? beside}/hl7v2`;
const samples = existsSync(folder) ? globSync(`${folder}/**/*.hl7`).sort() : [];
const where = samples.length === 0 ? ' (SAMPLES ABSENT: nothing was checked)' : '';

test(`every place of every sample is read as by node-hl7-client, or the difference is explained${where}`, (t) => {
  const fields = compareFiles(t, samples);
  assert.ok(samples.length === 0 || fields > 5_000);
});
