/**
 * Runs hub and simulators through everything that a seed has in store, and judges what came of it.
 *
 *   npm run chaos                                    one run of a minute, with a seed of its own
 *   npm run chaos -- --seed 7 --minutes 2            the plan of seed 7
 *   npm run chaos -- --seed 7 --seconds 20 --runs 3  seeds 7, 8 and 9
 *   npm run chaos -- --planted all                   every planted bug must be found; NAME: that one
 *   npm run chaos -- --judge FILE                    judges the history of an earlier run again
 *   npm run chaos -- --seed 7 --history FILE         and keeps the history, one JSON line for each event
 *
 * `--shared` takes the tests' database server, which is quicker and is never killed. Ends with 0 when every rule held,
 * or every planted bug was found; else with 1.
 */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { chaos, type ChaosOptions, type Outcome } from './chaos.ts';
import { check } from './check.ts';
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
      runs: { type: 'string' },
      planted: { type: 'string' },
      history: { type: 'string' },
      judge: { type: 'string' },
      shared: { type: 'boolean', default: false },
    },
  });
  if (values.judge !== undefined) return judge(values.judge);
  const seed = whole('seed', values.seed, systemClock.now() % 1_000_000);
  const length_s = whole('minutes', values.minutes, 0) * 60 + whole('seconds', values.seconds, 0);
  if (values.planted !== undefined)
    return planted(values.planted, seed, length_s * 1_000 || PLANTED_MS, values.history);
  const duration_ms = length_s === 0 ? 60_000 : length_s * 1_000;
  let broken = 0;
  for (let run = 0; run < whole('runs', values.runs, 1); run += 1) {
    const file = values.history ?? historyFile(`seed-${seed + run}`);
    const outcome = await one({ seed: seed + run, duration_ms, ownDatabase: !values.shared, file });
    say(`seed ${seed + run}, ${duration_ms / 1_000} s: ${summary(outcome.events)}`);
    tell(outcome, `seed ${seed + run}`, file);
    if (outcome.violations.length > 0) broken += 1;
  }
  return broken === 0 ? 0 : 1;
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
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const events = lines.map((line) => JSON.parse(line) as Event);
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
  const struck = new Map<string, number>();
  for (const { times } of allOf(events, 'struck')) {
    for (const [name, count] of Object.entries(times)) struck.set(name, (struck.get(name) ?? 0) + count);
  }
  return (
    `${wishes.length} bookings asked for (${of('booked')} booked, ${of('taken')} taken, ${of('refused')} refused), ` +
    `${acts} acts, ${troubles.length} troubles: ${[...names].sort().join(', ')}; ` +
    `struck: ${[...struck].map(([name, count]) => `${name} ${count}`).join(', ')}`
  );
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
