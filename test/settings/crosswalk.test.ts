/** The crosswalk of practitioners: a file beside the settings, checked line by line, and taken whole or not at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import { identify } from '../../src/identity/practitioners.ts';
import { diffPlans, formatDiff } from '../../src/settings/diff.ts';
import type { Plan } from '../../src/settings/shape.ts';
import { edit, folder, HUB, NORTH, type Files } from './folder.ts';

const NPI = '1043333339';
const OTHER = '1245319599';
const WITH_FILE = `${HUB}practitioners: { crosswalk: people.csv }\n`;
const csv = (...lines: readonly string[]): Files => ({
  'hub.yaml': WITH_FILE,
  'people.csv': ['site,code,npi,name', ...lines, ''].join('\n'),
});

async function issues(files: Files): Promise<readonly string[]> {
  await using config = await folder(files);
  return await config.issues();
}

async function planOf(files: Files): Promise<Plan> {
  await using config = await folder(files);
  const { plan, issues: found } = await config.plan();
  assert.deepEqual(found, []);
  assert.ok(plan !== null);
  return plan;
}

test('a code of a site gets its NPI where the site file says nothing of it', async () => {
  const plan = await planOf(csv(`north,RAO,${NPI},"Rao, Asha"`, `north,0042,${OTHER},`));
  const [north] = plan.sites;
  assert.ok(north !== undefined);
  assert.deepEqual(
    { ...north.resources.practitioners },
    {
      RAO: { practitioner: `npi:${NPI}`, name: 'Rao, Asha' },
      '0042': { practitioner: `npi:${OTHER}` },
    },
  );
  assert.equal(identify({ code: 'RAO' }, north).id, canonicalId.practitionerByNpi(NPI));
  assert.equal(identify({ code: '0042' }, north).id, canonicalId.practitionerByNpi(OTHER));
  assert.equal(identify({ code: 'constructor' }, north).npi, null);
});

test('what it changes is shown before it is done, and thousands of lines are counted', async () => {
  const before = await planOf({});
  const after = await planOf(csv(`north,RAO,${NPI},Asha Rao`));
  const shown = formatDiff(diffPlans(before, after));
  assert.match(shown, /change north: .*resources\.practitioners\.RAO\.practitioner not set -> "npi:1043333339"/);
  assert.match(shown, /hub {4}practitioners\.crosswalk/);
  const many = await planOf(csv(...Array.from({ length: 500 }, (_one, at) => `north,C${at},${NPI},`)));
  assert.match(formatDiff(diffPlans(before, many)), /, and 460 more$/m);
});

test('any line end, separator and byte order mark, quotes, comments and empty lines are read', async () => {
  const text = `\uFEFFSite;Code;NPI;Name\r\n# from payroll\r\n\r\nnorth; "A;1" ;${NPI};"Dr. ""Ash"" Rao"\r\n`;
  const plan = await planOf({ 'hub.yaml': WITH_FILE, 'people.csv': text });
  assert.deepEqual(
    { ...plan.sites[0]?.resources.practitioners },
    {
      'A;1': { practitioner: `npi:${NPI}`, name: 'Dr. "Ash" Rao' },
    },
  );
  const columns = `npi\tcode\tsite\n${NPI}\tRAO\tnorth`;
  assert.ok(
    'RAO' in ((await planOf({ 'hub.yaml': WITH_FILE, 'people.csv': columns })).sites[0]?.resources.practitioners ?? {}),
  );
});

test('every wrong line is told with its number and what to write', async () => {
  const found = await issues(
    csv(
      `nort,RAO,${NPI},`,
      'north,RAO,1043333338,',
      'north,LEE,1.04333E+09,',
      `north,,${NPI},`,
      `north,A|B,${NPI},`,
      `north,KIM,${NPI}`,
      `north,ONE,${NPI},Asha Rao`,
      `north,ONE,${OTHER},`,
      `north,TWO,${NPI},Ben Ortiz`,
      `north,SIX,${NPI},"Rao, A."`,
    ),
  );
  const form = 'it does not have ten digits of which the first is 1 or 2';
  const code = 'write the code as the site writes it, without | and without blanks around it';
  assert.deepEqual(found, [
    'people.csv:2 site: there is no site nort; write north',
    'people.csv:3 npi: is no valid NPI: its check digit does not fit; look the number up and write it again',
    `people.csv:4 npi: is no valid NPI: ${form}; look the number up and write it again`,
    `people.csv:5 code: is no code of a site; ${code}`,
    `people.csv:6 code: is no code of a site; ${code}`,
    'people.csv:7: has 3 cells, and the first line 4; put cells with commas in quotes',
    'people.csv:9 code: line 8 has this code of north already; keep one of the two',
    'people.csv:10 npi: line 8 has another person under this NPI; correct the number, or write one name',
  ]);
});

test('a line that contradicts the site file is told, one that agrees is not, and neither wins silently', async () => {
  const people =
    `  practitioners: { RAO: { practitioner: 'npi:${NPI}', name: Dr. Rao }, ` +
    `BEN: { practitioner: 'local:ben' } }\nvisitTypes:`;
  const north = edit(NORTH, 'visitTypes:', people);
  const found = await issues({
    ...csv(`north,RAO,${OTHER},`, `north,BEN,${OTHER},`, `north,ben,${OTHER},`, `north,84021,${OTHER},`),
    'sites/north.yaml': north,
  });
  assert.deepEqual(found, [
    `people.csv:2 npi: sites/north.yaml says that RAO is npi:${NPI}; keep one of the two`,
    'people.csv:3 npi: sites/north.yaml says that BEN is local:ben; keep one of the two',
    `people.csv:4 code: sites/north.yaml has local:ben for BEN; write there practitioner: 'npi:${OTHER}'`,
    `people.csv:5 code: is a calendar of sites/north.yaml; write there practitioner: 'npi:${OTHER}'`,
  ]);
  const agreeing = { ...csv(`north,RAO,${NPI},Other Rao`, 'north,84021,1234567893,'), 'sites/north.yaml': north };
  const plan = await planOf(agreeing);
  assert.equal(plan.sites[0]?.resources.practitioners['RAO']?.name, 'Dr. Rao', 'the site file is the nearer word');
});

test('a file that is missing, outside the folder, without its columns or not text is told', async () => {
  const hub = (file: string): Files => ({ 'hub.yaml': `${HUB}practitioners: { crosswalk: ${file} }\n` });
  const text = (content: string | Uint8Array): Files => ({ 'hub.yaml': WITH_FILE, 'people.csv': content });
  const columns = 'write the first line as: site,code,npi,name';
  const told: readonly (readonly [Files, string])[] = [
    [
      hub('gone.csv'),
      'hub.yaml:6 practitioners.crosswalk: the file cannot be read (ENOENT); create it, or remove this line',
    ],
    [
      hub('../people.csv'),
      'hub.yaml:6 practitioners.crosswalk: leads out of CONFIG_DIR; write a path below CONFIG_DIR',
    ],
    [text(''), `people.csv:1: has no column site, code, npi; ${columns}`],
    [text('site,code,name\n'), `people.csv:1: has no column npi; ${columns}`],
    [text('site,code,npi,nam\n'), `people.csv:1: has a column "nam"; ${columns}`],
    [text(new Uint8Array([0x73, 0xff])), 'people.csv:1: is not UTF-8 text; save it as CSV UTF-8'],
    [
      text(`site,code,npi\nnorth,"RAO,${NPI}\n`),
      'people.csv:2: a quote is opened here and never closed; close or remove it',
    ],
  ];
  for (const [files, issue] of told) assert.deepEqual(await issues(files), [issue]);
});

test('a file that is wrong throughout tells its first fifty issues and counts the rest', async () => {
  const found = await issues(csv(...Array.from({ length: 80 }, () => `south,C,${NPI},`)));
  assert.equal(found.length, 51);
  assert.equal(found.at(-1), 'people.csv:52: and 30 more issues from here on; mend those above first');
});
