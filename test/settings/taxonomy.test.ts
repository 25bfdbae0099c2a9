/** The file of NUCC beside the settings, in the shape in which it is published: taken whole or not at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthcareService } from '../../src/fhir/canonical.ts';
import { diffPlans, formatDiff } from '../../src/settings/diff.ts';
import { edit, folder, HUB, NORTH, type Files } from './folder.ts';

const HEADING = 'Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section';
const PHYSICIANS = 'Allopathic & Osteopathic Physicians';
const LINES = [
  `"207RC0000X","${PHYSICIANS}","Internal Medicine","Cardiovascular Disease","A heart, and\nits ""vessels"".",` +
    '"Note","Cardiovascular Disease Physician","Individual"',
  `"207R00000X","${PHYSICIANS}","Internal Medicine","","","","Internal Medicine Physician","Individual"`,
  `"103T00000X","Behavioral Health & Social Service Providers","Psychologist","","","","Psychologist","Individual"`,
];
const WITH_FILE = edit(HUB, 'duration_min: 50 }', "duration_min: 50, specialty: '207RC0000X' }");
/** With a calendar whose specialty is a word. */
const HEART = edit(NORTH, 'location: main }', 'location: main, specialty: HEART }');
const files = (text: string | Uint8Array, hub = WITH_FILE, north = NORTH): Files => ({
  'hub.yaml': `${hub}practitioners: { taxonomy: nucc.csv }\n`,
  'sites/north.yaml': north,
  'nucc.csv': text,
});
const csv = (...lines: readonly string[]): string => [HEADING, ...lines, ''].join('\r\n');

async function issues(given: Files): Promise<readonly string[]> {
  await using config = await folder(given);
  return await config.issues();
}
async function planOf(given: Files): ReturnType<Awaited<ReturnType<typeof folder>>['plan']> {
  await using config = await folder(given);
  return await config.plan();
}

test('a code of the settings is served with its name and the levels that it stands at', async () => {
  const { plan } = await planOf(files(csv(...LINES)));
  const therapy = plan?.hub.visitTypes['therapy-50'];
  assert.ok(plan !== null && therapy !== undefined);
  assert.deepEqual(healthcareService('therapy-50', therapy, plan.taxonomy).specialty, [
    {
      coding: [
        {
          system: 'http://nucc.org/provider-taxonomy',
          code: '207RC0000X',
          display: 'Cardiovascular Disease Physician',
        },
      ],
      text: `${PHYSICIANS}: Internal Medicine, Cardiovascular Disease`,
    },
  ]);
});

test('letters of an older release are read as they were written', async () => {
  const line = `103T00000X,Grouping,Psychologist,,,,Psychologist \u2013 general,Individual`;
  const bytes = Buffer.from(csv(LINES[0] ?? '', line).replace('\u2013', '\u0096'), 'latin1');
  const { plan } = await planOf(files(bytes));
  assert.equal(plan?.taxonomy?.codes.get('103T00000X')?.display, 'Psychologist \u2013 general');
});

test('a code of this form that the file does not have is told wherever it is written; an own one is not', async () => {
  const site = `${HEART}specialties: { HEART: 207XX0000X, LUNG: own-lungs }\n`;
  const rest = 'look the code up: NUCC retires some with each release';
  assert.deepEqual(await issues(files(csv(...LINES.slice(1)), WITH_FILE, site)), [
    `hub.yaml:4 visitTypes.therapy-50.specialty: 207RC0000X is not in the taxonomy; ${rest}`,
    `sites/north.yaml:14 specialties.HEART: 207XX0000X is not in the taxonomy; ${rest}`,
  ]);
});

test('the word of a site stands for its code in the rules of the site file', async () => {
  const site = `${HEART}specialties: { HEART: 207RC0000X }\n`;
  const { plan } = await planOf(files(csv(...LINES), WITH_FILE, site));
  assert.equal(plan?.sites[0]?.resources.calendars['84021']?.specialty, '207RC0000X');
});

test('another release under the same name is a change of the plan', async () => {
  const [before, after] = [await planOf(files(csv(...LINES))), await planOf(files(csv(...LINES.slice(0, 2))))];
  assert.ok(before.plan !== null && after.plan !== null);
  assert.match(formatDiff(diffPlans(before.plan, after.plan)), /^hub {4}practitioners\.taxonomy \(file\)$/);
  assert.equal(formatDiff(diffPlans(before.plan, before.plan)), 'nothing changes');
});

test('a file that is none, or was cut, is refused with its line', async () => {
  const write = 'download the CSV file from nucc.org again, and change nothing in it';
  const [first = ''] = LINES;
  assert.deepEqual(await issues(files('site,code\n')), [
    `nucc.csv:1: has no column Grouping, Classification, Specialization; ${write}`,
  ]);
  assert.deepEqual(await issues(files(csv())), [`nucc.csv:1: holds no code; ${write}`]);
  assert.deepEqual(await issues(files(csv(first, first))), [
    `nucc.csv:4 Code: 207RC0000X stands in the file twice; ${write}`,
  ]);
  assert.deepEqual(await issues(files(csv('207RC,a,b,c,,,,'))), [
    `nucc.csv:2 Code: is no code of ten characters that ends in X; ${write}`,
  ]);
  assert.deepEqual(await issues(files(`${HEADING}\n"207RC0000X,a`)), [
    `nucc.csv:2: a quote is opened here and never closed; ${write}`,
  ]);
});
