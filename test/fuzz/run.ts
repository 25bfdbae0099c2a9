/**
 * Looks for input that breaks a rule.
 *
 *   npm run fuzz -- hl7                          for ten seconds, with a seed of its own
 *   npm run fuzz -- hl7 --seconds 60 --seed 7    repeats the cases of an earlier run
 *   npm run fuzz -- hl7 --seed 7 --number 1234   one case of that run
 *   npm run fuzz -- hl7 --input WORD             one case as a failure prints it
 *
 * Ends with a code other than 0 when a rule was broken, and prints the smallest input that breaks it.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { failureOf, fuzz, smallest, type Target } from './fuzz.ts';
import { corpus } from './hl7v2-cases.ts';
import { hl7v2Target } from './hl7v2.ts';
import { Random } from './random.ts';
import { StepCounter } from './steps.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const TARGETS = ['hl7'] as const;
const SECONDS = 10;

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      number: { type: 'string' },
      input: { type: 'string' },
    },
  });
  const [name] = positionals;
  if (positionals.length !== 1 || name !== TARGETS[0]) {
    throw new Error(`name one target of ${TARGETS.join(', ')}: npm run fuzz -- hl7 --seconds 60`);
  }
  const seed = whole('seed', values.seed, systemClock.now() % 1_000_000_000);
  const seconds = whole('seconds', values.seconds, SECONDS);
  const from = corpus();
  const target = hl7v2Target(new StepCounter(), from);
  if (values.input !== undefined) return one(target, target.read(values.input));
  const words = `${from.composed.length} messages of ours, ${from.samples.length} samples of others`;
  if (values.number !== undefined) {
    say(`${target.name}: seed ${seed}, case ${values.number}, ${words}`);
    return one(target, target.make(new Random(seed, whole('number', values.number, 0))));
  }
  say(`${target.name}: seed ${seed}, ${seconds} s, ${words}`);
  const until = systemClock.monotonic() + seconds * 1_000;
  const { cases, failure } = fuzz(target, seed, () => systemClock.monotonic() < until);
  if (failure === null) {
    say(`${cases} cases, every rule held`);
    return 0;
  }
  say(`case ${failure.number} of seed ${seed} breaks a rule; the same again, as it was made:`);
  say(`  npm run fuzz -- ${target.name} --seed ${seed} --number ${failure.number}`);
  tell(target, failure.smallest, failure.error);
  return 1;
}

function one<Case>(target: Target<Case>, made: Case): number {
  const error = failureOf(target, made);
  if (error === null) {
    say('every rule held');
    return 0;
  }
  const least = smallest(target, made, error);
  tell(target, least.smallest, least.error);
  return 1;
}

function tell<Case>(target: Target<Case>, made: Case, error: Error): void {
  say(`smallest input: ${target.show(made)}`);
  say(`  npm run fuzz -- ${target.name} --input ${target.write(made)}`);
  say(error.stack ?? error.message);
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
