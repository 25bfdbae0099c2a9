/** A site that cannot be asked, held against a file of all its visits, as an operator does it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MIDTOWN } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { slotwire, type Said } from './terminal.ts';

const PROJECT = join(import.meta.dirname, '../..');
const anyHl7 = await readFile(join(PROJECT, 'config/sites/any-hl7.yaml'), 'utf8');
const hub = await startHub(
  { after },
  { sites: [MIDTOWN], configure: (config) => config.write('sites/any-hl7.yaml', anyHl7) },
);
const folder = await mkdtemp(join(tmpdir(), 'slotwire-cli-reconcile-'));
after(() => rm(folder, { recursive: true, force: true }));

const variables = { DATA_DIR: hub.dataDir, CONFIG_DIR: hub.config.path };
const run = (...words: readonly string[]): Promise<Said> => slotwire(words, variables);

/** Ten days from now, as HL7 v2 writes it: within the horizon. */
const day = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
const WINDOW = ['--window', `${day}..${day}`];
const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23).replace(/[-:T]/g, '')}+0000`;
const LONG_AGO = '20261001120000+0000';

function siu(id: string, hour: string, family = 'Sample'): string {
  return [
    `MSH|^~\\&|STRANGER|ELSEWHERE|||${LONG_AGO}||SIU^S12|C${id}${hour}|P|2.5`,
    `SCH|P${id}|F${id}|||||||30|min|^^30^${day.replaceAll('-', '')}${hour}0000`,
    `PID|1||${id}^^^ELSEWHERE^MR||${family}^Person||19800101|F`,
    'RGS|1',
    'AIP|1||DOC1^Doe^Jo',
    '',
  ].join('\r');
}
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}
const batch = (count: number, ...messages: readonly string[]): string =>
  [`FHS|^~\\&|STRANGER|ELSEWHERE|||${stamp(Date.now())}`, `BHS|^~\\&|STRANGER|ELSEWHERE|||${stamp(Date.now())}`].join(
    '\r',
  ) + `\r${messages.join('')}BTS|${count}\rFTS|1\r`;
const reconcile = (path: string, ...more: readonly string[]): Promise<Said> =>
  run('reconcile', 'any-hl7', '--file', path, ...WINDOW, ...more);

test('a file of all visits is compared, then applied, and its days are proven', async () => {
  const place = await file('news.hl7', siu('1', '09') + siu('2', '10'));
  assert.equal((await run('feed', place)).code, 0);
  const path = await file('all.hl7', batch(2, siu('1', '09'), siu('3', '11', 'Zebulon')));

  const dry = await reconcile(path, '--dry-run');
  assert.equal(dry.code, 1, dry.err);
  assert.match(dry.out, /^1 in the file and not here: F3$/m);
  assert.match(dry.out, /^1 here and not in the file: F2$/m);
  assert.doesNotMatch(dry.out, /Zebulon|DOE/i);

  const done = await reconcile(path);
  assert.deepEqual([done.code, done.err], [0, '']);
  assert.match(done.out, /^1 cancelled: F2$/m);
  assert.match(done.out, /^Both are the same: proven\.$/m);
  const { sites } = JSON.parse((await run('sites', '--json')).out) as {
    readonly sites: readonly { readonly id: string; readonly completeness: { readonly proven: number } | null }[];
  };
  assert.equal(sites.find(({ id }) => id === 'any-hl7')?.completeness?.proven, 1);
  const again = await reconcile(path, '--dry-run');
  assert.deepEqual([again.code, /Both are the same\./.test(again.out)], [0, true]);
});

test('a file that was cut short, is of somebody else, or does not say when it was taken is not believed', async () => {
  const cut = await reconcile(await file('cut.hl7', batch(2, siu('1', '09'))));
  assert.equal(cut.code, 1);
  assert.match(cut.err, /BTS-1 says 2 messages, the batch holds 1/);
  const undated = await reconcile(await file('undated.hl7', siu('1', '09')));
  assert.match(undated.err, /give takenAt/);
  const future = await reconcile(await file('dated.hl7', siu('1', '09')), '--taken-at', '2999-01-01T00:00:00Z');
  assert.match(future.err, /later than now/);
  const empty = await reconcile(await file('empty.hl7', 'a letter'), '--taken-at', '2026-11-01T00:00:00Z');
  assert.match(empty.err, /bytes belong to no message|holds no HL7/);
  const nowhere = await run('reconcile', 'nowhere', '--file', join(folder, 'cut.hl7'), ...WINDOW);
  assert.match(nowhere.err, /no site nowhere runs/);
});

test('a site that can be asked takes no file', async () => {
  const path = await file('wrong.hl7', batch(1, siu('1', '09')));
  const said = await run('reconcile', MIDTOWN, '--file', path, ...WINDOW);
  assert.equal(said.code, 1);
  assert.match(said.err, /the hub asks it for what it has/);
});
