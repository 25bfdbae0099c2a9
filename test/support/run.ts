/**
 * What `npm test` runs: every file test/…/*.test.ts, the files in a random order, two at a time, on one database
 * server.
 *
 *   npm test                       everything
 *   npm test -- store/inbox hl7v2  only files whose path holds one of these words
 *   SEED=1234 npm test             the order of an earlier run
 *
 * Ends with node's own summary and a code other than 0 when a test failed or when no test ran: a suite that silently
 * finds nothing looks exactly like one that passes.
 */
import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { systemClock } from '../../src/core/clock.ts';
import { startTestServer, stopTestServer } from './database.ts';
import { newSeed, pick, shuffled } from './order.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Real servers and processes are started by tests: more at once than cores makes limits expire, not tests quicker. */
const FILES_AT_ONCE = 2;
/** No test needs this long; one that hangs must not hold up CI until CI itself gives up. */
const TEST_LIMIT_MS = 300_000;
const SERVER_STOP_LIMIT_MS = 10_000;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function testFiles(words: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob('test/**/*.test.ts', { cwd: ROOT })) found.push(file.replaceAll('\\', '/'));
  return pick(found, words);
}

/** Tests read samples where they lie and never need them: what a sample taught is kept in a fixture of ours. */
function tellSamples(): void {
  const named = process.env['SLOTWIRE_SAMPLES'] ?? process.env['SAMPLES_DIR'];
  const folder = named ?? join(ROOT, '../shared/samples');
  if (existsSync(folder)) {
    process.env['SLOTWIRE_SAMPLES'] = folder;
    process.env['SAMPLES_DIR'] = folder;
    say(`samples: ${folder}`);
  } else if (named === undefined) {
    say('samples: ../shared is absent, tests of third-party samples have nothing to read');
  } else {
    throw new Error(`SLOTWIRE_SAMPLES names ${folder}, which does not exist`);
  }
}

interface Outcome {
  readonly passed: boolean;
  readonly ran: number;
}

async function runFiles(files: readonly string[], signal: AbortSignal): Promise<Outcome> {
  const stream = run({
    files: files.map((file) => join(ROOT, file)),
    concurrency: FILES_AT_ONCE,
    timeout: TEST_LIMIT_MS,
    signal,
  });
  let passed = true;
  let ran = 0;
  stream.on('test:fail', () => {
    ran += 1;
    passed = false;
  });
  stream.on('test:pass', ({ name }) => {
    // A file that holds no test is reported under its own name, as one that passed.
    const empty = files.find((file) => name === file || name === join(ROOT, file));
    if (empty === undefined) ran += 1;
    else {
      say(`${empty} holds no test`);
      passed = false;
    }
  });
  const report = stream.compose(new spec()) as AsyncIterable<Buffer>;
  for await (const chunk of report) process.stdout.write(chunk);
  return { passed, ran };
}

/** Until it is gone, or somebody else's tests use it: what is left over would look like our leak. */
async function serverStopped(url: string): Promise<void> {
  stopTestServer();
  if ((process.env['SLOTWIRE_TEST_DATABASE_URL'] ?? '') !== '') return;
  const { hostname, port } = new URL(url);
  const began = systemClock.monotonic();
  while (systemClock.monotonic() - began < SERVER_STOP_LIMIT_MS) {
    if (!(await answers(hostname, Number(port)))) return;
    await systemClock.sleep(100);
  }
  say('the test database server is still used by another run; it stops by itself afterwards');
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

async function main(): Promise<number> {
  const files = await testFiles(process.argv.slice(2));
  if (files.length === 0) {
    say(`no test file matches ${process.argv.slice(2).join(' ')}`);
    return 1;
  }
  const seed = newSeed(process.env['SEED'], systemClock.now());
  const ordered = shuffled(files, seed);
  say(`${String(files.length)} test files, SEED=${String(seed)} repeats this order`);
  tellSamples();

  const stopper = new AbortController();
  const interrupted = (): void => stopper.abort();
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  const url = await startTestServer();
  try {
    const { passed, ran } = await runFiles(ordered, stopper.signal);
    if (stopper.signal.aborted) return 130;
    if (ran === 0) say('no test ran');
    return passed && ran > 0 ? 0 : 1;
  } finally {
    await serverStopped(url);
  }
}

process.exitCode = await main();
