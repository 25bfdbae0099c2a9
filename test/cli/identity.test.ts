import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FilesEvaluation } from '../../src/hub-matching.ts';
import { madeFiles } from '../support/people-file.ts';
import { slotwire, type Said } from './terminal.ts';

let folder = '';
const made = madeFiles(400, 5);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwire-identity-'));
  await writeFile(join(folder, 'a.csv'), made.left);
  await writeFile(join(folder, 'b.csv'), made.right);
  await writeFile(join(folder, 'pairs.csv'), made.pairs);
});
after(() => rm(folder, { recursive: true, force: true }));

function identity(...words: readonly string[]): Promise<Said> {
  return slotwire(['identity', ...words], {}, folder);
}

async function figures(...words: readonly string[]): Promise<FilesEvaluation> {
  const { code, err } = await identity('evaluate', ...words, '--json', 'out.json');
  assert.equal(code, 0, err);
  return JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')) as FilesEvaluation;
}

const TWO = ['--left', 'a.csv', '--right', 'b.csv'] as const;

test('two files are measured at the shipped thresholds, with SSN and without', async () => {
  const { allFields, withoutSsn, filled } = await figures(...TWO, '--truth', 'who');
  assert.equal(allFields.truePairs, made.truePairs);
  assert.equal(allFields.pairs, 400 * 400);
  assert.equal(allFields.auto.wrong, 0);
  assert.ok(allFields.autoAndReview.recall > 0.98);
  assert.ok(withoutSsn !== null && withoutSsn.auto.recall <= allFields.auto.recall);
  assert.ok((filled['ssn'] ?? 0) > 0.5);
});

test('a column of labels and a file of pairs tell the same truth', async () => {
  const byColumn = await figures(...TWO, '--truth', 'who');
  const byPairs = await figures(...TWO, '--truth', 'pairs.csv');
  assert.deepEqual(byPairs.allFields, byColumn.allFields);
});

test('fields are named inline in either order, or by a file', async () => {
  const guessed = await figures(...TWO, '--truth', 'who');
  const uses = 'given=first_name,family=last_name,birthDate=dob,gender=sex,street=address,postcode=zip,city=city';
  const inline = `${uses},phone=phone,ssn=ssn,id=id`;
  const turned = inline.replaceAll(/(\w+)=(\w+)/g, '$2=$1');
  await writeFile(
    join(folder, 'map.json'),
    JSON.stringify(Object.fromEntries(inline.split(',').map((pair) => pair.split('=')))),
  );
  for (const map of [inline, turned, 'map.json']) {
    assert.deepEqual((await figures(...TWO, '--truth', 'who', '--fields', map)).allFields, guessed.allFields, map);
  }
});

test('what decides is what is named: by names alone nothing is linked without a person', async () => {
  const { allFields, withoutSsn } = await figures(
    ...TWO,
    '--truth',
    'who',
    '--fields',
    'given=first_name,family=last_name',
  );
  assert.equal(allFields.auto.found, 0);
  assert.equal(withoutSsn, null);
});

test('the duplicates of one file are found', async () => {
  const rows = [...made.left.split('\n'), ...made.right.split('\n').slice(1)].filter((line) => line !== '');
  await writeFile(join(folder, 'all.csv'), rows.join('\r\n'));
  const { allFields } = await figures('--dedupe', 'all.csv', '--truth', 'who');
  assert.equal(allFields.truePairs, made.truePairs);
  assert.equal(allFields.pairs, (800 * 799) / 2);
  assert.equal(allFields.auto.wrong, 0);
});

test('each pair that was linked, kept for review or missed can be written down, by record id', async () => {
  const { allFields } = await figures(...TWO, '--truth', 'who', '--pairs', 'judged.csv');
  const [heading, ...rows] = (await readFile(join(folder, 'judged.csv'), 'utf8')).trimEnd().split('\n');
  assert.equal(heading, 'left,right,band,bits,guards,true');
  assert.equal(rows.filter((row) => row.includes(',auto,')).length, allFields.auto.found);
  assert.ok(rows.every((row) => /^L\d+,R\d+,(?:auto|review|none),-?[\d.]+,[a-z -]*,(?:true|false)$/.test(row)));
  const judged = allFields.calibration.reduce((sum, { pairs }) => sum + pairs, 0);
  assert.equal(judged, allFields.autoAndReview.found);
});

test('the output names what was measured and which guards struck', async () => {
  const { out } = await identity('evaluate', ...TWO, '--truth', 'who');
  assert.match(out, /^model slotwire-1 [0-9a-f]{12} rules \d+; 800 records, 160000 pairs, 200 of them one person$/m);
  assert.match(out, /^ {2}auto + .*1\.0000/m);
  assert.match(out, /pair completeness \d\.\d{4}, reduction ratio 0\.99/);
  assert.match(out, /guards that kept pairs for review: /);
  assert.match(out, /^ {2}family name: changed +\d+ +.*\(.* of \d+\)/m);
  assert.match(out, /^ {2}age: two and over +\d+ +\d\.\d{3} \(\d\.\d{3} to \d\.\d{3}; \d+ of \d+\)/m);
});

test('a file, column or field that is not there is said, with what there is', async () => {
  for (const [words, said] of [
    [['--left', 'a.csv', '--truth', 'who'], /Name the files/],
    [[...TWO], /wants --truth/],
    [[...TWO, '--truth', 'nobody'], /a column \(id, first_name/],
    [['--dedupe', 'none.csv', '--truth', 'who'], /none\.csv cannot be read: ENOENT/],
    [[...TWO, '--truth', 'who', '--fields', 'given=nothing'], /given=nothing is no field and column/],
    [[...TWO, '--truth', 'who', '--today', 'soon'], /--today is a date/],
  ] as const) {
    const { code, err } = await identity('evaluate', ...words);
    assert.notEqual(code, 0);
    assert.match(err, said);
  }
});

test('a model that moved far is written only when it is approved, and is then the one that measures', async () => {
  const words = ['train', ...TWO, '--out', 'model.json', '--random-pairs', '20000', '--name', 'ours'];
  const refused = await identity(...words);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /weights moved by more than 2 bits/);
  const approved = await identity(...words, '--approve');
  assert.equal(approved.code, 0, approved.err);
  assert.match(approved.out, /^model ours [0-9a-f]{12}: /);
  const { allFields } = await figures(...TWO, '--truth', 'who', '--model', 'model.json');
  assert.match(allFields.model, /^ours /);
  assert.equal(allFields.auto.wrong, 0);
  const again = await identity(...words, '--approve');
  assert.equal(again.out, approved.out, 'the same files and seed give another model');
});

test('a model that was edited by hand is refused', async () => {
  const shipped = await readFile(join(import.meta.dirname, '../../src/identity/match/model.json'), 'utf8');
  await writeFile(join(folder, 'edited.json'), shipped.replace('"cap": 16', '"cap": 60'));
  const { code, err } = await identity('evaluate', ...TWO, '--truth', 'who', '--model', 'edited.json');
  assert.equal(code, 1);
  assert.match(err, /hash of the model does not fit/);
});
