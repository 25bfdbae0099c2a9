/**
 * Every command of the README is run as it is written, in a folder that looks like a clone, on the shipped
 * configuration. Only `npm ci` is left out (this test runs in what it made), and the test commands, which would start
 * this test again: .ci/run runs them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../support/wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const OWN = new Set(['.git', 'data', 'data-simulators']);
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((found) => (found[1] ?? '').trim());

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

let folder = '';
let hub: ReturnType<typeof spawn> | null = null;
let printed = '';

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', HOME: folder, HTTP_PORT: '0', MLLP_PORT: '0' };
}

function bash(script: string): Promise<Ended> {
  return new Promise((resolve) => {
    // Its own standard input: with a socket there, bash takes itself for a remote shell and reads its start-up files.
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (output += text.toString()));
    child.once('close', (code) => resolve({ code, output }));
  });
}

function block(containing: string): string {
  const found = blocks.find((text) => text.includes(containing));
  assert.ok(found !== undefined, `the README has no command with ${containing}`);
  return found;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwire-readme-'));
  for (const name of await readdir(ROOT)) if (!OWN.has(name)) await symlink(join(ROOT, name), join(folder, name));
  assert.equal(block('npm start'), 'npm ci && npm start');
  hub = spawn('npm', ['start'], { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  hub.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
  hub.stderr?.on('data', (text: Buffer) => (printed += text.toString()));
  await eventually('the terminal says that it is ready', () => printed.includes('\nReady.'), { within_ms: 180_000 });
});

after(async () => {
  if (hub?.pid !== undefined && hub.exitCode === null) {
    const ended = new Promise((resolve) => hub?.once('exit', resolve));
    // As Ctrl-C in a terminal: to npm and to what it started.
    process.kill(-hub.pid, 'SIGINT');
    await ended;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

test('the terminal shows addresses, the demo token, every site, and commands that work when pasted', async () => {
  for (const word of [
    'FHIR API',
    'Operations',
    'HL7 v2',
    'midtown-acuity',
    'northside-acuity',
    'riverside-hl7',
    'Token',
  ]) {
    assert.ok(printed.includes(word), `the terminal shows no ${word}`);
  }
  const commands = printed.split('\n').filter((line) => line.startsWith('   curl '));
  assert.ok(commands.length >= 3);
  const [search, book, see, own] = commands;
  const found = await bash(search ?? '');
  assert.match(found.output, /"resourceType":"Slot"/);
  const booked = await bash(book ?? '');
  assert.match(booked.output, /"resourceType":"Appointment"[\s\S]*"status":"booked"/);
  const key = /"system":"urn:slotwire:site:[a-z-]+:appointment","value":"(\d+)"/.exec(booked.output)?.[1];
  assert.ok(key !== undefined, 'the booking carries the number that its site gave it');
  const seen = JSON.parse((await bash(see ?? '')).output) as {
    entry: { resource: { status: string; meta: { source: string } } }[];
  };
  assert.ok(seen.entry.length > 0 && seen.entry.every(({ resource }) => resource.status !== 'free'), 'busy everywhere');
  const sites = new Set(seen.entry.map(({ resource }) => resource.meta.source.split('#')[0]));
  assert.ok(sites.size >= 2, 'at every site of the practitioner');
  const there = await bash(own ?? '');
  assert.ok(there.output.includes(key), 'the site itself has the visit');
});

test('the commands by hand answer with slots, appointments and sites', async () => {
  const { code, output } = await bash(block('TOKEN='));
  assert.equal(code, 0, output);
  assert.match(output, /"resourceType":"Slot"/);
  assert.match(output, /"resourceType":"Appointment"/);
  assert.match(output, /northside-acuity/);
});

test('feed prints for each file what was acknowledged and what became of it', async () => {
  const { code, output } = await bash(block('npm run feed'));
  assert.equal(code, 0, output);
  assert.match(output, /AA/);
});

test('check finds the shipped configuration sound, and plan finds nothing to change', async () => {
  const { code, output } = await bash(block('slotwire -- check'));
  assert.equal(code, 0, output);
});

test('the test commands are what .ci/run and the runner know', async () => {
  assert.equal(block('npm ci && npm test'), 'npm ci && npm test');
  assert.match(await readFile(join(ROOT, '.ci/run'), 'utf8'), /npm test/);
  assert.match(block('conformance'), /^npm test -- conformance$/);
});

test('no other command stands in the README', () => {
  const known = [
    'npm start',
    'TOKEN=',
    'npm run feed',
    'npm ci && npm test',
    'slotwire -- check',
    'npm test -- conformance',
  ];
  const others = blocks.filter((text) => !known.some((word) => text.includes(word)));
  assert.deepEqual(others, []);
});

test('every file and folder that the README points to is there', async () => {
  const links = [...readme.matchAll(/\]\((docs\/[^)]+)\)/g)].map((found) => found[1] ?? '');
  const { stat } = await import('node:fs/promises');
  for (const link of links) await assert.doesNotReject(stat(join(ROOT, link)), `${link} is missing`);
});
