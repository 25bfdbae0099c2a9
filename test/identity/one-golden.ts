/**
 * Fifty workers place one person of fifty sites, over and over: each time there must be one golden record. The long
 * form of the test of that name in placing.test.ts.
 *
 *   npm run one-golden -- --rounds 1000      ends with 0 when no person ever had two
 */
import { parseArgs } from 'node:util';
import { memory } from '../../src/identity/placing/memory.ts';
import { patientPlacing } from '../../src/identity/placing/placing.ts';
import { makePerson, randomOf } from '../support/people.ts';
import { placingWorld } from './placing-world.ts';

const WORKERS = 50;
const SEED = 20_261_122;
const TOLD_EVERY = 50;
/** Each worker stands for a process of its own; fifty of them remember what one should. */
const REMEMBERED = 200;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number');

const closing: (() => Promise<void>)[] = [];
const world = await placingWorld({ after: (close) => void closing.unshift(close) }, { max: 30 });
const random = randomOf(SEED);
const stages = Array.from({ length: WORKERS }, () =>
  world.anotherStage(patientPlacing(undefined, { memory: memory({ most: REMEMBERED }) })),
);
const tried = new Map<string, number>();

async function work(stage: (typeof stages)[number]): Promise<void> {
  for (;;) {
    try {
      if (!(await stage.step())) return;
    } catch (error) {
      // As the loop of the hub: it is tried again.
      const why = String((error as { readonly code?: unknown }).code ?? error);
      tried.set(why, (tried.get(why) ?? 0) + 1);
    }
  }
}

function again(): string {
  const all = [...tried].map(([why, times]) => `${String(times)} ${why}`).join(', ');
  return `tried again: ${all === '' ? 'never' : all}`;
}

const began = performance.now();
let wrong = 0;
for (let round = 0; round < rounds; round += 1) {
  const { given, family, birth: birthDate, phone, street, city, zip: postalCode } = makePerson(random);
  const person = { given, family, birthDate, phone, address: { line: [street], city, postalCode } };
  await Promise.all(stages.map((_, site) => world.tell(`site-${String(site)}`, String(round), person)));
  await Promise.all(stages.map(work));
  world.outcomes.length = 0;
  const [told] = await world.rows(
    `SELECT count(DISTINCT golden_id) AS people FROM patient_link WHERE site_key = '${String(round)}'`,
  );
  if (Number(told?.['people']) !== 1) {
    wrong += 1;
    process.stdout.write(`round ${String(round)}: ${String(told?.['people'])} people\n`);
  }
  if ((round + 1) % TOLD_EVERY === 0) {
    const seconds = (performance.now() - began) / 1000;
    const mib = process.memoryUsage.rss() / 2 ** 20;
    process.stdout.write(
      `${String(round + 1)} rounds in ${seconds.toFixed(0)} s, ${mib.toFixed(0)} MiB; ` +
        `${String(wrong)} with more than one golden record; ${again()}\n`,
    );
  }
}
process.stdout.write(
  `${String(rounds)} rounds of ${String(WORKERS)} workers in ${((performance.now() - began) / 1000).toFixed(0)} s, ` +
    `${String(wrong)} with more than one golden record; ${again()}\n`,
);
for (const close of closing) await close();
process.exitCode = wrong === 0 ? 0 : 1;
