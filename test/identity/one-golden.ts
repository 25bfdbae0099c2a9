/**
 * Fifty workers place one person of fifty sites, over and over: each time there must be one golden record. The long
 * form of the test of that name in placing.test.ts.
 *
 *   npm run one-golden -- --rounds 1000      ends with 0 when no person ever had two
 */
import { parseArgs } from 'node:util';
import { makePerson, randomOf } from '../support/people.ts';
import { placingWorld } from './placing-world.ts';

const WORKERS = 50;
const SEED = 20_261_122;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number');

const closing: (() => Promise<void>)[] = [];
const world = await placingWorld({ after: (close) => void closing.unshift(close) }, { max: 30 });
const random = randomOf(SEED);
const stages = Array.from({ length: WORKERS }, () => world.anotherStage());
let tried = 0;

async function work(stage: (typeof stages)[number]): Promise<void> {
  for (;;) {
    try {
      if (!(await stage.step())) return;
    } catch {
      // As the loop of the hub: it is tried again.
      tried += 1;
    }
  }
}

let wrong = 0;
for (let round = 0; round < rounds; round += 1) {
  const { given, family, birth: birthDate, phone, street, city, zip: postalCode } = makePerson(random);
  const person = { given, family, birthDate, phone, address: { line: [street], city, postalCode } };
  for (let site = 0; site < WORKERS; site += 1) await world.tell(`site-${String(site)}`, String(round), person);
  await Promise.all(stages.map(work));
  const [told] = await world.rows(
    `SELECT count(DISTINCT golden_id) AS people FROM patient_link WHERE site_key = '${String(round)}'`,
  );
  if (Number(told?.['people']) !== 1) {
    wrong += 1;
    process.stdout.write(`round ${String(round)}: ${String(told?.['people'])} people\n`);
  }
}
process.stdout.write(
  `${String(rounds)} rounds of ${String(WORKERS)} workers, ${String(wrong)} with more than one golden record; ` +
    `${String(tried)} times somebody had to try again\n`,
);
for (const close of closing) await close();
process.exitCode = wrong === 0 ? 0 : 1;
