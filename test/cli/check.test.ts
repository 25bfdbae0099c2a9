import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseDocument, type Document } from 'yaml';
import { startSimulators } from '../../src/simulators/supervisor.ts';
import { slotwire } from './terminal.ts';

const PROJECT = join(import.meta.dirname, '../..');
const folder = await mkdtemp(join(tmpdir(), 'slotwire-check-test-'));
after(() => rm(folder, { recursive: true, force: true }));

let folders = 0;
/** A copy of the shipped sandbox with one Acuity site, and a DATA_DIR that no hub has used. */
async function sandbox(edits: Readonly<Record<string, (file: Document) => void>> = {}): Promise<{
  readonly config: string;
  readonly data: string;
  readonly variables: Readonly<Record<string, string>>;
}> {
  const base = join(folder, String((folders += 1)));
  const config = join(base, 'config');
  await cp(join(PROJECT, 'config'), config, { recursive: true });
  await rm(join(config, 'sites/northside-acuity.yaml'));
  const change = async (file: string, edit: (document: Document) => void): Promise<void> => {
    const document = parseDocument(await readFile(join(config, file), 'utf8'));
    edit(document);
    await writeFile(join(config, file), document.toString());
  };
  await change('hub.yaml', (hub) => hub.deleteIn(['simulators', 'northside-acuity']));
  for (const [file, edit] of Object.entries(edits)) await change(file, edit);
  const data = join(base, 'data');
  return { config, data, variables: { CONFIG_DIR: config, DATA_DIR: data } };
}

interface Report {
  readonly issues: readonly { readonly file: string; readonly line: number; readonly field: string }[];
  readonly sites: readonly {
    readonly site: string;
    readonly results: readonly { readonly what: string; readonly ok: boolean; readonly detail: string }[];
  }[];
}

/** Processes whose command line names this folder. */
async function simulatorsOf(place: string): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(place)).length;
}

test('check --offline tells every issue at once, with file, line and what to write', async () => {
  const { config, variables } = await sandbox({
    'hub.yaml': (hub) => hub.setIn(['limits', 'pageSze'], 7),
    'sites/midtown-acuity.yaml': (site) => {
      site.setIn(['timeZone'], 'America/Chicaco');
      site.setIn(['settings', 'apiKey'], '${NO_SUCH_KEY}');
    },
  });
  const { code, out, err } = await slotwire(['check', '--offline'], variables);
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.equal(lines.length, 3, out);
  for (const line of lines) assert.match(line, /^\S+\.yaml:\d+ \S+: .+; .+$/);
  assert.match(out, /hub\.yaml:\d+ limits\.pageSze: .*write pageSize/);
  assert.match(out, /midtown-acuity\.yaml:\d+ timeZone: /);
  assert.match(out, /midtown-acuity\.yaml:\d+ settings\.apiKey: .*NO_SUCH_KEY/);
  assert.equal(err, `3 issues in ${config}. Mend them, then run this again: the sites were not asked.`);
});

test('check --offline calls nobody and starts nothing', async () => {
  const { data, variables } = await sandbox();
  const { code, out, err } = await slotwire(['check', '--offline'], variables);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /has no issues: 3 sites, environment sandbox\.$/);
  assert.equal(await simulatorsOf(data), 0);
});

test('check rehearses each site with simulators that are gone afterwards', async () => {
  const { config, variables } = await sandbox();
  const { code, out, err } = await slotwire(['check'], variables);
  assert.deepEqual([code, err], [0, ''], out);
  assert.match(out, /^midtown-acuity \(acuity, live\)$/m);
  assert.match(out, /^ {2}ok +credentials +accepted$/m);
  assert.match(out, /^any-hl7 \(hl7v2, live\)$/m);
  assert.match(out, /3 sites rehearsed, all is well\./);
  assert.equal(await simulatorsOf(config), 0);
});

test('check says which rehearsal failed and what to do, and ends with 1', async () => {
  const { variables } = await sandbox({
    'sites/midtown-acuity.yaml': (site) => site.setIn(['settings', 'apiKey'], 'not-the-key'),
  });
  const { code, out, err } = await slotwire(['check'], variables);
  assert.equal(code, 1);
  assert.match(out, /^ {2}NOT OK +credentials +The site refused our credentials\. Renew them/m);
  assert.doesNotMatch(out + err, /not-the-key/);
  assert.equal(err, '1 thing to mend: the lines that say NOT OK tell what to do.');
});

test('check uses a simulator that runs and leaves it running', async () => {
  const { config, data, variables } = await sandbox();
  const [running] = await startSimulators([
    {
      site: 'midtown-acuity',
      kind: 'acuity',
      // Another seed than the configuration names: a hub would replace this simulator, a check must not.
      seedFile: join(PROJECT, 'config/sandbox/northside-acuity.yaml'),
      stateDir: join(`${data}-simulators`, 'midtown-acuity'),
    },
  ]);
  assert.ok(running);
  try {
    const { code, out } = await slotwire(['check', '--json'], variables);
    const report = JSON.parse(out) as Report;
    assert.equal(code, 1);
    assert.equal(report.sites.find((one) => one.site === 'midtown-acuity')?.results[0]?.ok, false);
    assert.equal((await fetch(`${running.url}/__sim/state`)).status, 200);
    assert.equal(await simulatorsOf(config), 0);
  } finally {
    await running.stop();
  }
});

test('plan without a hub shows what a start would bring, and no secret', async () => {
  const { config, variables } = await sandbox();
  const { code, out, err } = await slotwire(['plan'], variables);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, new RegExp(`^No running hub was found; a start with ${config} would bring:`));
  assert.match(out, /^ {2}start {2}midtown-acuity$/m);
  const json = await slotwire(['plan', '--json'], variables);
  const { against, diff, plan } = JSON.parse(json.out) as {
    readonly against: unknown;
    readonly diff: { readonly start: readonly string[] };
    readonly plan: { readonly sites: readonly { readonly settings: Readonly<Record<string, unknown>> }[] };
  };
  assert.equal(against, null);
  assert.deepEqual(diff.start, ['any-hl7', 'midtown-acuity', 'riverside-hl7']);
  assert.equal(plan.sites[1]?.settings['apiKey'], '***');
  assert.doesNotMatch(json.out, /sandbox-midtown-key/);
});

test('plan of a configuration with issues tells them and ends with 1', async () => {
  const { variables } = await sandbox({ 'hub.yaml': (hub) => hub.setIn(['timeZone'], 'Nowhere/City') });
  const { code, out } = await slotwire(['plan'], variables);
  assert.equal(code, 1);
  assert.match(out, /hub\.yaml:\d+ timeZone: /);
});

test('simulate runs a simulator until it is told to stop, and keeps its state', async () => {
  const state = join(folder, 'simulated');
  const words = ['simulate', 'hl7v2', '--seed', 'config/sandbox/riverside-hl7.yaml', '--state', state];
  const child = spawn(process.execPath, ['src/cli.ts', ...words], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`it ended: ${printed}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const found = /hl7v2 simulator of simulated: (\S+)\n/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  assert.equal((await fetch(`${url}/__sim/state`)).status, 200);
  const twice = await slotwire(words, {}, PROJECT);
  assert.equal(twice.code, 1);
  assert.match(twice.err, /one runs on this folder already/);
  assert.equal((await fetch(`${url}/__sim/state`)).status, 200);
  child.removeAllListeners('exit');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  await assert.rejects(fetch(`${url}/__sim/state`));
});
