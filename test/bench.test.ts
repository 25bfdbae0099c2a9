/** The benches run from end to end and say what they must. How fast anything was is for nobody to assert. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { figures, quantile, table, type Figure } from '../bench/figure.ts';

const RUN = join(import.meta.dirname, '../bench/run.ts');
const folder = await mkdtemp(join(tmpdir(), 'slotwire-bench-test-'));
after(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function bench(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const keep = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

let all: readonly Figure[] = [];
before(async () => {
  const file = join(folder, 'figures.json');
  const { code, text } = await bench('--short', '--json', file);
  assert.equal(code, 0, text);
  all = JSON.parse(await readFile(file, 'utf8')) as readonly Figure[];
});

test('every figure stands beside a limit or a peer of the same run, with the ratio and the conditions', () => {
  for (const one of all) {
    const about = JSON.stringify(one);
    assert.ok(one.name.length > 0 && one.limit.name.length > 0 && one.conditions.length > 0, about);
    assert.match(one.unit, /^(?:s|ms|us|share|[a-z]+\/s)$/, about);
    assert.ok(Number.isFinite(one.value) && Number.isFinite(one.ratio) && one.limit.value > 0, about);
    assert.ok(Math.abs(one.ratio - one.value / one.limit.value) <= Math.abs(one.ratio) * 0.01 + 0.001, about);
    if (one.p50 !== undefined) assert.ok((one.p99 ?? -1) >= one.p50, about);
  }
});

const PROMISED: readonly (readonly [figure: string, beside: RegExp])[] = [
  ['records opened, data key unwrapped too', /the same bytes under one key/],
  ['records opened and read', /wanted: 2000/],
  ['start to ready, first', /target: 60 s/],
  ['start to ready, first', /rate limit/],
  ['start to ready, first', /bare Node and Express/],
  ['start to ready, later', /target: 20 s/],
  ['webhook to slot busy', /bare Express/],
  ['race: told that it is taken', /aim: p99 50 ms/],
  ['race: booked', /aim: p99 250 ms/],
  ['race: answers', /site/],
  ['bookings, unhurried: own overhead', /aim/],
  ['bookings, unhurried, the site answers in 20 ms: own overhead', /aim/],
  ...[1, 8, 32].flatMap((callers): [string, RegExp][] => [
    [`bookings, ${callers} at once`, /simulator/],
    [`bookings, ${callers} at once`, /bare insert/],
    [`bookings, ${callers} at once: own overhead`, /aim/],
  ]),
  ...[1, 10, 100].flatMap((connections): [string, RegExp][] =>
    ['', ', none applied'].flatMap((how): [string, RegExp][] => [
      [`messages acknowledged, ${connections} connections${how}`, /raw acknowledger that stores nothing/],
      [`messages acknowledged, ${connections} connections${how}`, /bare insert commits, (?:1|10|100) at once/],
      [`messages acknowledged, ${connections} connections${how}`, /bare inserts, \d+ a commit, [12] at once/],
    ]),
  ),
  ['messages acknowledged, 100 connections', /aim: 1200/],
  ['inbox messages applied', /a commit each/],
  ['inbox messages applied', /100 a commit/],
  ['parse and read a message', /node-hl7-client/],
  ['parse and read a message', /bare split/],
  ['candidate pairs judged', /target: 300000/],
  ['candidate pairs, every field', /target: 300000/],
  ['random pairs judged', /Jaro-Winkler/],
  ['records placed, many due', /target: 2000/],
  ['match of one person: p50', /target among a million: 5 ms/],
  ['match of one person: p95', /target among a million: 20 ms/],
  ['match of one person: p99', /target among a million: 50 ms/],
  ['match of one person, nobody remembered', /E-PIX/],
  ['one record taken out of twenty', /target: 200 ms/],
  ['practitioners: links that are right', /target: all/],
  ['practitioners: pairs linked or shown', /target: 0.97/],
];

for (const [figure, beside] of PROMISED) {
  test(`there is "${figure}" beside ${beside.source}`, () => {
    assert.ok(all.some(({ name, limit }) => name === figure && beside.test(limit.name)));
  });
}

test('percentiles are values that were measured, and those of none are 0', () => {
  const values = Array.from({ length: 100 }, (_one, index) => 100 - index);
  assert.deepEqual([quantile(values, 0.5), quantile(values, 0.99), quantile([], 0.5)], [50, 99, 0]);
});

test('a figure has a row for each of its limits, and the table shows them all', () => {
  const rows = figures({ name: 'n', unit: 'ms', value: 10, each: [5, 15], conditions: 'c' }, [
    { name: 'half', value: 5 },
    { name: 'twice', value: 20 },
  ]);
  assert.deepEqual(
    rows.map(({ p50, p99, ratio }) => [p50, p99, ratio]),
    [
      [5, 15, 2],
      [5, 15, 0.5],
    ],
  );
  assert.equal(table(rows).split('\n').length, 4);
});

test('a bench that does not exist is refused, and nothing is started', async () => {
  const { code, text } = await bench('--only', 'nothing');
  assert.equal(code, 1);
  assert.match(
    text,
    /--only takes one of start, webhook, bookings, race, inbox, parse, match, sealed, patients, practitioners/,
  );
});
