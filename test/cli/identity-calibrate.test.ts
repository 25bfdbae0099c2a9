/** Calibration by what people decided: printed and written, and nothing else. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Calibrated } from '../../src/hub-calibration.ts';
import { calibrate, isTooFew } from '../../src/hub-calibration.ts';
import { SHIPPED_MODEL } from '../../src/identity/match/shipped.ts';
import { thresholds } from '../../src/identity/match/thresholds.ts';
import { startTestHub, TOKENS, type TestHub } from '../http/hub.ts';
import { madeFiles } from '../support/people-file.ts';
import { slotwire, type Said } from './terminal.ts';

const hub: TestHub = await startTestHub({ after });
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwire-calibrate-'));
  for (const [name, people] of [
    ['few', 100],
    ['many', 1500],
  ] as const) {
    const made = madeFiles(people, 5);
    await writeFile(join(folder, `${name}-a.csv`), made.left);
    await writeFile(join(folder, `${name}-b.csv`), made.right);
  }
});
after(() => rm(folder, { recursive: true, force: true }));

const run = (...line: readonly string[]): Promise<Said> =>
  slotwire(['identity', 'calibrate', ...line], { SLOTWIRE_URL: hub.url, SLOTWIRE_TOKEN: TOKENS.admin }, folder);
const files = (name: string): readonly string[] => `--left ${name}-a.csv --right ${name}-b.csv --truth who`.split(' ');

test('too few verdicts are refused, with how many are needed', async () => {
  const empty = await run('--out', 'out.json');
  assert.equal(empty.code, 1);
  assert.match(empty.err, /0 known pairs are too few to tell anything; 500 are needed, 500 more\. Decide more/);
  const { err } = await run('--out', 'out.json', ...files('few'), '--files-only');
  assert.match(err, /are too few to tell anything; 500 are needed/);
  await assert.rejects(readFile(join(folder, 'out.json')), { code: 'ENOENT' });
});

test('labelled files and verdicts are held against the score, and it is written down what follows', async () => {
  const { code, out, err } = await run('--out', 'out.json', ...files('many'));
  assert.equal(code, 0, err);
  assert.match(out, /known pairs \(0 verdicts of people, \d+ of files\)/);
  assert.match(out, /^0\.999999 +\d+ +1\.0000/m);
  assert.match(out, /it takes 3000000 such pairs without one that is two people\. Nothing is proposed/);
  assert.match(out, /nothing was changed/);
  const told = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as Calibrated;
  assert.equal(told.proposed.auto, null);
  assert.ok(told.unguarded.length > 0 && told.pairs === told.fromFiles);
});

test('with a budget that so many pairs can show, the setting is named that begins where they show it', async () => {
  const { out, code, err } = await run(
    '--out',
    'wide.json',
    ...files('many'),
    '--files-only',
    '--false-links',
    '20000',
  );
  assert.equal(code, 0, err);
  assert.match(out, /identity\.matching\.falseLinksPerMillion: [\d.e+-]+ would begin there/);
  const { proposed, records } = JSON.parse(await readFile(join(folder, 'wide.json'), 'utf8')) as Calibrated;
  assert.ok(proposed.auto !== null);
  const budgets = { ...SHIPPED_MODEL.budgets, falseLinksPerMillion: proposed.auto.setting, leastProbability: 0.5 };
  const { auto } = thresholds({ ...SHIPPED_MODEL, budgets }, records);
  assert.ok(Math.abs(auto - proposed.auto.bits) < 1e-6, 'the setting puts the threshold there');
});

test('verdicts on pairs that another model scored are left out', async () => {
  const own = `${SHIPPED_MODEL.name} ${SHIPPED_MODEL.sha256.slice(0, 12)}`;
  const verdicts = ['slotwire-0 000000000000', own, `${own} rules 1`].flatMap((modelId) =>
    Array.from({ length: 300 }, (_, at) => ({ odds: at / 10, same: at > 100, guarded: false, modelId })),
  );
  const wanted = { files: null, model: { cwd: folder, model: null }, records: 1000, budgets: {} };
  const found = await calibrate({ ...wanted, verdicts });
  assert.ok(!isTooFew(found));
  assert.deepEqual([found.verdicts, found.leftOut], [600, 300]);
  const few = await calibrate({ ...wanted, verdicts: verdicts.slice(0, 400) });
  assert.deepEqual(few, { pairs: 100, needed: 500, leftOut: 300 });
});

test('what is asked for wrongly is said', async () => {
  for (const [words, said] of [
    [[], /wants --out FILE/],
    [['--out', 'x.json', '--files-only'], /--files-only wants files and --truth/],
    [['--out', 'x.json', '--false-links', 'none'], /--false-links is a number above 0/],
  ] as const) {
    const { code, err } = await run(...words);
    assert.equal(code, 2);
    assert.match(err, said);
  }
});
