import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, type Target } from './fuzz.ts';
import { Random } from './random.ts';
import { StepCounter } from './steps.ts';

/** Numbers, of which those with a 7 and a 3 break the rule. */
const digits: Target<string> = {
  name: 'digits',
  make: (random) => Array.from({ length: 12 }, () => String(random.below(10))).join(''),
  check: (one) => {
    if (one.includes('7') && one.includes('3')) throw new Error(`${one} holds both`);
  },
  *smaller(one) {
    for (let at = 0; at < one.length; at += 1) yield one.slice(0, at) + one.slice(at + 1);
  },
  write: (one) => one,
  read: (word) => word,
  show: (one) => one,
};

test('a broken rule is found, told with the number of its case, and cut down to what breaks it', () => {
  const { cases, failure } = fuzz(digits, 1, (done) => done < 1_000);
  assert.ok(failure !== null);
  assert.equal(cases, failure.number + 1);
  assert.match(failure.smallest, /^(37|73)$/);
  assert.equal(failure.error.message, `${failure.smallest} holds both`);
  assert.throws(() => digits.check(digits.make(new Random(1, failure.number))), 'the number makes the case again');
});

test('without a failure every case is run', () => {
  const harmless: Target<string> = { ...digits, check: () => undefined };
  assert.deepEqual(
    fuzz(harmless, 1, (done) => done < 100),
    { cases: 100, failure: null },
  );
});

test('steps are those of our code while the work ran', async () => {
  const { latin1 } = await import('../../src/hl7v2/charset.ts');
  const steps = new StepCounter();
  const work = (): void => {
    for (let at = 0; at < 50; at += 1) latin1(Buffer.from('a'));
  };
  steps.of(work);
  const most = Math.max(steps.of(work), steps.of(work), steps.of(work));
  assert.ok(most >= 50, String(most));
  assert.equal(
    steps.of(() => undefined),
    0,
  );
  assert.throws(() =>
    steps.of(() => {
      work();
      throw new Error('on purpose');
    }),
  );
  assert.equal(
    steps.of(() => undefined),
    0,
    'what a failed piece of work took is not counted to the next',
  );
  steps.close();
});
