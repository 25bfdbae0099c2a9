/** The soak runs from end to end, and its verdict can fail. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { growth, type Sample } from '../bench/soak-verdict.ts';

const RUN = join(import.meta.dirname, '../bench/soak.ts');
const MB = 1_048_576;
const folder = await mkdtemp(join(tmpdir(), 'slotwire-soak-test-'));
after(() => rm(folder, { recursive: true, force: true }));

function soak(...args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
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

test('a short soak sends, counts what is stored, samples the memory and says that it is too short to judge', async () => {
  const file = join(folder, 'samples.json');
  const { code, text } = await soak('hl7', '--messages', '300', '--connections', '5', '--json', file);
  assert.equal(code, 0, text);
  assert.match(text, /300 messages acknowledged over 5 connections: \d+ a second.* 300 stored/);
  assert.match(text, /too few to say/);
  const samples = JSON.parse(await readFile(file, 'utf8')) as readonly Sample[];
  assert.ok(samples.length > 0);
  for (const { rss_bytes, heap_bytes } of samples) assert.ok(rss_bytes > heap_bytes && heap_bytes > MB, text);
});

test('a soak of something that does not exist is refused', async () => {
  const { code, text } = await soak('fax');
  assert.equal(code, 1);
  assert.match(text, /There is: hl7/);
});

/** A hundred samples: 50 MB of heap that is collected again and again, and what `kept` adds to its floor. */
function run(kept: (messages: number) => number, messages = 1_000_000): readonly Sample[] {
  return Array.from({ length: 100 }, (_one, index) => {
    const at = (messages * index) / 99;
    const heap_bytes = 80 * MB + ((index * 37) % 50) * MB + kept(at);
    return { messages: at, heap_bytes, rss_bytes: 200 * MB + ((index * 17) % 20) * MB + kept(at) };
  });
}

test('memory that is collected again is flat, also when most of it is made at the start', () => {
  assert.equal(growth(run(() => 0)).kind, 'flat');
  const warm = growth(run((messages) => Math.min(messages / 100_000, 1) * 200 * MB));
  assert.equal(warm.kind, 'flat', warm.lines.join('\n'));
});

test('memory that a slow minute gave back and that is taken again is no growth', () => {
  const slow = run(() => 0).map((one) =>
    one.messages > 280_000 && one.messages < 380_000 ? { ...one, rss_bytes: one.rss_bytes - 120 * MB } : one,
  );
  assert.equal(growth(slow).kind, 'flat');
});

test('a hundred bytes kept of each message show, and the line says how much it is', () => {
  const { kind, lines } = growth(run((messages) => messages * 100));
  assert.equal(kind, 'grows');
  assert.match(lines.join('\n'), /heap in use: .* (?:[89]\d|10\d)\.\d MB for each million messages.* GROWS/);
});

test('what cannot be read does not pass for flat', () => {
  const blind = run(() => 0).map((sample) => ({ ...sample, rss_bytes: Number.NaN }));
  assert.equal(growth(blind).kind, 'grows');
});

test('of a few samples nothing is said', () => {
  assert.equal(growth(run(() => 0).slice(0, 20)).kind, 'too short');
  assert.equal(growth([]).kind, 'too short');
});
