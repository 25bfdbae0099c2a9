/**
 * People of whom no two are one, all in one index: whatever is linked is wrong. The long form of
 * match/strangers.test.ts, and the null test of a million people at once; that takes some 10 GB of memory.
 *
 *   npm run strangers -- --people 1000000 --seed 1      ends with 0 when at most one in a million is linked
 */
import { parseArgs } from 'node:util';
import { evaluate } from '../../src/identity/match/evaluation.ts';
import { normalised } from '../../src/identity/match/normalise.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { strangers } from '../support/strangers.ts';

const { values } = parseArgs({
  options: { people: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const [people, seed] = [Number(values.people), Number(values.seed)];
if (!(Number.isInteger(people) && people > 0 && Number.isInteger(seed))) {
  throw new Error('--people and --seed take whole numbers');
}

const began = process.cpuUsage();
const left = strangers(people, seed).map((record) => normalised(record));
const truth = { pairs: 0, isMatch: () => false, each: () => undefined };
const found = evaluate({ left, right: null, truth }, { model: SHIPPED_MODEL, today: 20261122 });
const { user, system } = process.cpuUsage(began);
process.stdout.write(
  `${String(people)} people, seed ${String(seed)}, model ${found.model}\n` +
    `pairs compared: ${String(found.candidates)}; keys capped: ${String(found.capped.length)}\n` +
    `linked (all wrongly): ${String(found.auto.found)}; put before a person: ` +
    `${String(found.autoAndReview.found - found.auto.found)}; linked by the score alone: ` +
    `${String(found.withoutGuards.found)}\n` +
    `${((user + system) / 1e6).toFixed(0)} s of processor time, ` +
    `${(process.memoryUsage.rss() / 2 ** 30).toFixed(1)} GiB at the end\n`,
);
process.exitCode = found.auto.found <= people / 1_000_000 ? 0 : 1;
