import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';
import { hl7v2Target } from './hl7v2.ts';
import { corpus, makeWire } from './hl7v2-cases.ts';
import { Random } from './random.ts';
import { StepCounter } from './steps.ts';

const CASES = 120;
/** The same cases each time: a change is judged by what it changed. New cases are looked for by the command. */
const SEED = 11_964;

test('whatever a connection carries, however it is cut: every rule of the fuzz target holds', (t) => {
  const steps = new StepCounter();
  t.after(() => steps.close());
  const target = hl7v2Target(steps);
  t.diagnostic('new cases, longer: npm run fuzz -- hl7 --seconds 60');
  const { cases, failure } = fuzz(target, SEED, (done) => done < CASES);
  if (failure !== null) {
    const again = `npm run fuzz -- hl7 --input ${target.write(failure.smallest)}`;
    throw new Error(`${target.show(failure.smallest)}\n  ${again}`, { cause: failure.error });
  }
  assert.equal(cases, CASES);
});

test('a seed makes the same cases again', () => {
  const from = corpus();
  for (let number = 0; number < 20; number += 1) {
    assert.deepEqual(makeWire(new Random(7, number), from), makeWire(new Random(7, number), from));
  }
  assert.notDeepEqual(makeWire(new Random(7, 1), from), makeWire(new Random(8, 1), from));
});

test('a case that is written is read back the same', () => {
  const target = hl7v2Target(null);
  for (let number = 0; number < 50; number += 1) {
    const one = target.make(new Random(3, number));
    const word = target.write(one);
    assert.match(word, /^[\w,.-]+$/, 'a shell takes it as it is');
    assert.deepEqual(target.read(word), one);
  }
  assert.throws(() => target.read('abc'), /four parts/);
});
