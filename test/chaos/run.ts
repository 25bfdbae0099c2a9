/**
 * Runs hub and simulators through everything that a seed has in store, and judges what came of it.
 *
 *   npm run chaos                                    one run of a minute, with a seed of its own
 *   npm run chaos -- --seed 7 --minutes 2            the plan of seed 7
 *   npm run chaos -- --seeds 1..20 --minutes 2       one after the other, whatever becomes of any of them
 *   npm run chaos -- --planted all                   every planted bug must be found; NAME: that one
 *   npm run chaos -- --judge FILE                    judges the history of an earlier run again
 *   npm run chaos -- --seed 7 --history FILE         and keeps the history, one JSON line for each event
 *   npm run chaos -- --seeds 1..10 --json FILE       and appends a JSON line for each run
 *   npm run chaos -- --total FILE                    what all runs of such a file came to
 *
 * Each run ends with a line for each fault: how often it struck. `--shared` takes the tests' database server, which is
 * quicker and is never killed. Ends with 0 when every rule held, or every planted bug was found, and, of several seeds,
 * every fault struck in one of them; else with 1.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { chaos, type ChaosOptions, type Outcome } from './chaos.ts';
import { check } from './check.ts';
import { faultsToMeet, notMet, struckIn, tableOf, type Told } from './coverage.ts';
import { excerpt } from './excerpt.ts';
import { wishesOf } from './wishes.ts';
import { allOf, type Event } from './history.ts';
import { PLANTED, type Planted } from './planted.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What a planted bug may take: tries with other seeds, because chance decides whether a race is met. */
const PLANTED_TRIES = 3;
const PLANTED_MS = 30_000;
const SHOWN = 10;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      seeds: { type: 'string' },
      json: { type: 'string' },
      total: { type: 'string' },
      planted: { type: 'string' },
      history: { type: 'string' },
      judge: { type: 'string' },
      shared: { type: 'boolean', default: false },
    },
  });
  if (values.judge !== undefined) return judge(values.judge);
  if (values.total !== undefined) return closing(await linesOf<Told>(values.total), faultsToMeet(true));
  const seed = whole('seed', values.seed, systemClock.now() % 1_000_000);
  const length_s = whole('minutes', values.minutes, 0) * 60 + whole('seconds', values.seconds, 0);
  if (values.planted !== undefined)
    return planted(values.planted, seed, length_s * 1_000 || PLANTED_MS, values.history);
  const duration_ms = length_s === 0 ? 60_000 : length_s * 1_000;
  const ownDatabase = !values.shared;
  const runs: Told[] = [];
  for (const each of values.seeds === undefined ? [seed] : seedsOf(values.seeds)) {
    const file = values.history ?? historyFile(`seed-${each}`);
    const told = await seedRun({ seed: each, duration_ms, ownDatabase, file });
    if (values.json !== undefined) await appendFile(values.json, `${JSON.stringify(told)}\n`);
    runs.push(told);
  }
  return closing(runs, faultsToMeet(ownDatabase));
}

/** A run that comes to no judgement is told like one that broke a rule, and the next seed has its turn. */
async function seedRun(options: ChaosOptions & { readonly file: string }): Promise<Told> {
  const { seed, duration_ms, file } = options;
  const run = { seed, duration_ms };
  try {
    const outcome = await one(options);
    const { events, violations } = outcome;
    say(`seed ${seed}, ${duration_ms / 1_000} s: ${summary(events)}`);
    tell(outcome, `seed ${seed}`, file);
    const broken = violations.map(({ rule, what }) => ({ rule, what }));
    return { ...run, failed: null, violations: broken, summary: summary(events), struck: struckIn(events) };
  } catch (error) {
    const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`seed ${seed}, ${duration_ms / 1_000} s: came to no judgement: ${failed}`);
    return { ...run, failed, violations: [], summary: '', struck: {} };
  }
}

function closing(runs: readonly Told[], faults: readonly string[]): number {
  say('');
  for (const line of tableOf(runs, faults)) say(line);
  const broken = runs.filter(({ failed, violations }) => failed !== null || violations.length > 0);
  const seeds = broken.length === 0 ? '' : `: seeds ${broken.map(({ seed }) => seed).join(', ')}`;
  say(`${runs.length - broken.length} of ${runs.length} runs clean; ${broken.length} not${seeds}`);
  const missing = runs.length > 1 ? notMet(runs, faults) : [];
  if (missing.length > 0) say(`never struck: ${missing.join(', ')}`);
  return broken.length + missing.length === 0 ? 0 : 1;
}

async function planted(name: string, seed: number, duration_ms: number, history: string | undefined): Promise<number> {
  const chosen = PLANTED.filter((bug) => name === 'all' || bug.name === name);
  if (chosen.length === 0)
    throw new Error(`--planted takes all, or one of ${PLANTED.map((bug) => bug.name).join(', ')}`);
  let missed = 0;
  for (const bug of chosen) {
    const found = await plantedFound(bug, seed, duration_ms, history);
    if (!found) missed += 1;
  }
  return missed === 0 ? 0 : 1;
}

async function plantedFound(
  bug: Planted,
  seed: number,
  duration_ms: number,
  history: string | undefined,
): Promise<boolean> {
  for (let tried = 0; tried < PLANTED_TRIES; tried += 1) {
    const file = history ?? historyFile(`${bug.name}-${seed + tried}`);
    const options = { seed: seed + tried, duration_ms, ownDatabase: false, planted: bug, file, quietWithin_ms: 20_000 };
    const { violations, events } = await one(options);
    const [first] = violations;
    const rules = [...new Set(violations.map((one) => one.rule))].sort().join(', ');
    say(`planted ${bug.name}, seed ${seed + tried}: ${summary(events)}`);
    if (first !== undefined) {
      say(`  found: ${violations.length} violations of rule ${rules}; the first: ${first.what}`);
      return true;
    }
    say('  not found');
  }
  return false;
}

function historyFile(name: string): string {
  return join(tmpdir(), `slotwire-chaos-${name}.jsonl`);
}

async function one(options: ChaosOptions): Promise<Outcome> {
  const undo: (() => Promise<void>)[] = [];
  try {
    return await chaos({ after: (work) => undo.push(work) }, options);
  } finally {
    for (const work of undo.reverse()) await work();
  }
}

async function judge(file: string): Promise<number> {
  const events = await linesOf<Event>(file);
  const outcome = { events, violations: check(events) };
  say(`${file}: ${summary(events)}`);
  tell(outcome, `seed ${allOf(events, 'begin')[0]?.seed ?? 'unknown'}`, file);
  return outcome.violations.length === 0 ? 0 : 1;
}

function tell({ events, violations }: Outcome, name: string, file: string): void {
  if (violations.length === 0) {
    say('  every rule held');
    return;
  }
  say(`  ${name} broke rules ${violations.length} times; the whole history: ${file}`);
  for (const violation of violations.slice(0, SHOWN)) {
    say(`  rule ${violation.rule}: ${violation.what}`);
    for (const line of excerpt(events, violation)) say(`    ${line}`);
  }
}

/** Numbers by which a run that proves nothing is known: nothing booked, nothing struck. */
export function summary(events: readonly Event[]): string {
  const wishes = wishesOf(events);
  const of = (outcome: string): number => wishes.filter((wish) => wish.last?.outcome === outcome).length;
  const acts = allOf(events, 'acted').filter((one) => one.done).length;
  const troubles = allOf(events, 'trouble').filter((one) => one.begins);
  const names = new Set(
    troubles.flatMap(({ what }) =>
      /^cut|database$/.test(what) ? [what] : what.split(', ').map((one) => one.split(' ')[0]),
    ),
  );
  return (
    `${wishes.length} bookings asked for (${of('booked')} booked, ${of('taken')} taken, ${of('refused')} refused), ` +
    `${acts} acts, ${troubles.length} troubles: ${[...names].sort().join(', ')}`
  );
}

async function linesOf<T>(file: string): Promise<readonly T[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as T);
}

/** `1..20`, or `3`. */
function seedsOf(text: string): readonly number[] {
  const [, first, last] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  if (first === undefined) throw new Error('--seeds takes two numbers as 1..20');
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 2;
}
