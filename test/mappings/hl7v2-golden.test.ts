/**
 * A golden file per sample: what each real message becomes, a third and more of them written by hand from the raw
 * message. The samples are other people's and are read where they lie; without them nothing is compared, and said so.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ERRORS } from '../../src/core/error-catalogue.ts';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { parseMessage } from '../../src/hl7v2/message.ts';
import { map } from '../fixtures/siu/site.ts';
import {
  digest,
  goldenName,
  NO_SAMPLES,
  outcomeOf,
  readGoldens,
  readSample,
  sampleNames,
  SITES,
  type Golden,
} from '../support/golden.ts';

const samples = sampleNames();
const goldens = readGoldens();

/**
 * Where the mapping says something else than a reader of the message, by the paths that differ. The golden file holds
 * what is right; an entry that no longer differs fails the test, so that it goes when the mapping is mended.
 */
const KNOWN_DIFFERENCES: Readonly<Record<string, { readonly because: string; readonly at: readonly string[] }>> = {};

/** Every value of a golden file by its path. */
function leaves(value: unknown, path = ''): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, one]) => [...leaves(one, `${path}/${key}`)]));
}

function differences({ sample, site, expected }: Golden): readonly string[] {
  const want = leaves(expected);
  const got = leaves(outcomeOf(map(readSample(sample), SITES[site])));
  return [...new Set([...want.keys(), ...got.keys()])].filter((path) => want.get(path) !== got.get(path)).sort();
}

function withSamples(context: TestContext): readonly Golden[] {
  if (samples.length === 0) context.diagnostic(NO_SAMPLES);
  return samples.length === 0 ? [] : goldens;
}

test('every sample has a golden file, every golden file a sample, and the bytes are those that it was written for', (context) => {
  const told = withSamples(context);
  if (told.length === 0) return;
  assert.deepEqual(told.map(({ sample }) => goldenName(sample)).sort(), samples.map(goldenName).sort());
  for (const { sample, sha256 } of told) assert.equal(digest(readSample(sample)), sha256, `${sample} has changed`);
});

test('a third of the messages and more were checked by hand, of every sender and of every trigger', (context) => {
  const told = withSamples(context);
  const byHand = told.filter(({ checkedByHand }) => checkedByHand === true);
  const count = (some: readonly Golden[]): number =>
    some.flatMap(({ sample }) => splitMessages(readSample(sample)).messages).length;
  const senders = (some: readonly Golden[]): ReadonlySet<string> =>
    new Set(some.map(({ sample }) => sample.split('/', 1)[0] ?? ''));
  const triggers = (some: readonly Golden[]): ReadonlySet<string> =>
    new Set(
      some.map(({ sample }) => {
        const { messageCode, triggerEvent } = parseMessage(readSample(sample), { defaultCharset: 'auto' }).message;
        return `${messageCode} ${triggerEvent}`;
      }),
    );
  context.diagnostic(`${count(byHand)} of ${count(told)} messages by hand`);
  assert.ok(count(byHand) * 3 >= count(told));
  assert.deepEqual([...senders(byHand)].sort(), [...senders(told)].sort());
  assert.deepEqual([...triggers(byHand)].sort(), [...triggers(told)].sort());
  for (const { sample, note } of byHand) assert.ok(note !== undefined && note !== '', `${sample} says what is special`);
});

test('every sample becomes what its golden file says', (context) => {
  const counts = new Map<string, number>();
  const failed: string[] = [];
  for (const golden of withSamples(context)) {
    const { outcome } = golden.expected;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    const known = KNOWN_DIFFERENCES[golden.sample]?.at ?? [];
    const found = differences(golden);
    if (found.join() !== [...known].sort().join()) failed.push(`${golden.sample}: ${found.join(' ') || 'mended'}`);
  }
  context.diagnostic([...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', '));
  assert.deepEqual(failed, []);
});

test('what is parked has a stage and a code whose catalogue entry tells what to do', () => {
  for (const { sample, expected } of goldens) {
    if (expected.outcome !== 'parked') continue;
    assert.ok(expected.issues.length > 0, sample);
    for (const issue of expected.issues) {
      const [stage, code = '', where = ''] = issue.split(' ');
      assert.equal(stage, 'map', sample);
      assert.match(where, /^[A-Z0-9]{3}(\(\d+\))?-\d+|^[A-Z0-9]{3}$/, `${sample}: ${issue}`);
      assert.ok(Object.hasOwn(ERRORS, code), `${sample}: ${code} is in no catalogue`);
      const { act, text } = ERRORS[code as keyof typeof ERRORS];
      assert.ok(act === 'operator' || act === 'site', `${sample}: ${code} is for a person, not for the hub`);
      assert.match(text, /\. [A-Z].*\.$/, `${sample}: ${code} says what is wrong and what to do`);
    }
  }
});

/** What must be so of a message that is ignored, by what its reason says. */
const TRUE_REASONS: readonly (readonly [because: RegExp, kind: RegExp])[] = [
  [/answers a request; this hub has sent none\.$/, /^(ACK|SRR)/],
  [/asks this hub for an appointment/, /^SRM/],
];

test('what is ignored has a sentence as reason, and it is true of the message', (context) => {
  for (const { sample, expected } of withSamples(context)) {
    if (expected.outcome !== 'ignored') continue;
    const { message } = parseMessage(readSample(sample), { defaultCharset: 'auto' });
    const reason = TRUE_REASONS.find(([because]) => because.test(expected.because));
    assert.ok(reason !== undefined, `${sample}: nobody checks "${expected.because}"`);
    assert.match(message.messageCode, reason[1], sample);
    assert.match(expected.because, /^[A-Z].*\.$/);
  }
});
