/**
 * Measures the hub, each figure beside its limit or a peer that is measured in the same run.
 *
 *   npm run bench                              everything, some minutes
 *   npm run bench -- --json FILE               and writes the figures as JSON
 *   npm run bench -- --only inbox              one of start, webhook, bookings, race, inbox, parse, match, sealed,
 *                                              patients, practitioners
 *   npm run bench -- --only patients --people 1000000   an index of that size
 *   npm run bench -- --seconds 20              longer timed phases (default 6)
 *   npm run bench -- --short                   shows that everything works; says nothing about speed
 *   npm run bench -- --only inbox --profile D  CPU profiles of the hub in D, and its costliest statements
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { bookings } from './bookings.ts';
import { stopAll } from './child.ts';
import { table, type Bench, type Figure, type Scale } from './figure.ts';
import { inbox } from './inbox.ts';
import { match } from './match.ts';
import { practitioners } from './practitioners.ts';
import { sealed } from './sealed.ts';
import { parse } from './parse.ts';
import { patients } from './patients.ts';
import { race } from './race.ts';
import { start } from './start.ts';
import { webhook } from './webhook.ts';

const BENCHES: readonly Bench[] = [
  start,
  webhook,
  bookings,
  race,
  inbox,
  parse,
  match,
  sealed,
  patients,
  practitioners,
];
const SECONDS = 6;
const SECONDS_SHORT = 1;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

interface Wanted {
  readonly benches: readonly Bench[];
  readonly scale: Scale;
  readonly json: string | null;
  readonly profiles: string | null;
}

function wanted(args: readonly string[]): Wanted {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'string' },
      only: { type: 'string' },
      seconds: { type: 'string' },
      people: { type: 'string' },
      short: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { only, short } = values;
  const benches = BENCHES.filter(({ name }) => only === undefined || name === only);
  if (benches.length === 0) throw new Error(`--only takes one of ${BENCHES.map(({ name }) => name).join(', ')}`);
  const seconds = Number(values.seconds ?? (short ? SECONDS_SHORT : SECONDS));
  if (!(seconds > 0 && seconds <= 600)) throw new Error('--seconds takes a number from 1 to 600');
  const people = values.people === undefined ? null : Number(values.people);
  if (people !== null && !(Number.isInteger(people) && people > 0)) throw new Error('--people takes a number');
  return {
    benches,
    scale: { short, seconds, people },
    json: values.json === undefined ? null : resolve(values.json),
    profiles: values.profile === undefined ? null : resolve(values.profile),
  };
}

async function main(): Promise<void> {
  const { benches, scale, json, profiles } = wanted(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-bench-'));
  // The database may run as another user, who must be able to reach it.
  await chmod(folder, 0o755);
  const interrupted = (): void => {
    stopAll().then(
      () => process.exit(130),
      () => process.exit(130),
    );
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  const all: Figure[] = [];
  try {
    for (const bench of benches) {
      const began = systemClock.monotonic();
      say(`${bench.name} ...`);
      const own = join(folder, bench.name);
      await mkdir(own);
      all.push(...(await bench.run({ scale, folder: own, profiles, say })));
      say(`${bench.name}: ${((systemClock.monotonic() - began) / 1000).toFixed(1)} s`);
    }
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
  say('');
  say(table(all));
  if (json !== null) await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
}

await main();
