/**
 * Sends messages to a hub for as long as it takes and watches its memory: what grows with every message shows here.
 *
 *   npm run soak -- hl7 --messages 1000000 --connections 100
 *   npm run soak -- hl7 --messages 1000000 --json FILE     and writes every sample
 *
 * The hub receives, stores and applies as in life; it stores faster than it applies, so the queue in the database grows
 * meanwhile, and the memory of the hub must not. Ends with 0 when it is flat (or the run was too short to say), else
 * with 1.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { repeat } from './bare.ts';
import { stopAll } from './child.ts';
import { openClient, type Client } from './client.ts';
import { quantile, type Run } from './figure.ts';
import { framed, openSender, siuAgain } from './messages.ts';
import { growth, type Sample } from './soak-verdict.ts';
import { openWorld, type World } from './world.ts';

const MB = 1_048_576;
const SAMPLES = 100;
const SAMPLE_EVERY_MS = 250;
const HOUR_S = 3_600;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

interface Wanted {
  readonly messages: number;
  readonly connections: number;
  readonly json: string | null;
}

function wanted(args: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      messages: { type: 'string', default: '1000000' },
      connections: { type: 'string', default: '100' },
      json: { type: 'string' },
    },
  });
  if (positionals.join() !== 'hl7') throw new Error('what is to be soaked? There is: hl7');
  const messages = Number(values.messages);
  const connections = Number(values.connections);
  if (!(messages >= 1 && messages <= 100_000_000)) throw new Error('--messages takes a number from 1 to 100000000');
  if (!(connections >= 1 && connections <= 200)) throw new Error('--connections takes a number from 1 to 200');
  return { messages, connections, json: values.json ?? null };
}

async function main(): Promise<void> {
  const options = wanted(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), 'slotwire-soak-'));
  // The database may run as another user, who must be able to reach it.
  await chmod(folder, 0o755);
  const interrupted = (): void => {
    stopAll().then(
      () => process.exit(130),
      () => process.exit(130),
    );
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    const run: Run = { scale: { short: false, seconds: 6, people: null }, folder, profiles: null, say };
    const world = await openWorld(run, null);
    try {
      await soak(world, options);
    } finally {
      await world.stop();
    }
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function soak(world: World, { messages, connections, json }: Wanted): Promise<void> {
  const metrics = openClient(world.hub.origin, {});
  const samples: Sample[] = [];
  const senders = await Promise.all(Array.from({ length: connections }, () => openSender(world.hub.mllp.port)));
  const flooding = new AbortController();
  const state = { sent: 0, acknowledged: 0 };
  const watching = watch(metrics, state, samples, { every: Math.ceil(messages / SAMPLES), signal: flooding.signal });
  try {
    const rate = await repeat({ callers: connections, seconds: 48 * HOUR_S, most: messages }, async (caller) => {
      const answer = await senders[caller]?.exchange(framed(siuAgain((state.sent += 1) - 1)));
      if (answer?.includes('MSA|CA') !== true)
        throw new Error(`not acknowledged: ${answer?.toString() ?? 'no answer'}`);
      state.acknowledged += 1;
    });
    flooding.abort();
    await watching;
    const stored = await world.database.count('inbox');
    const queued = await world.database.count('inbox_queue');
    say(
      `${messages} messages acknowledged over ${connections} connections: ${rate.perSecond.toFixed(0)} a second, ` +
        `p50 ${quantile(rate.each_ms, 0.5).toFixed(1)} ms, p99 ${quantile(rate.each_ms, 0.99).toFixed(1)} ms; ` +
        `${stored} stored, ${queued} still to be applied`,
    );
    const lost = messages - stored;
    if (lost > 0) say(`LOST: ${lost} messages were acknowledged and are not stored`);
    const verdict = growth(samples);
    for (const line of verdict.lines) say(line);
    process.exitCode = lost > 0 || verdict.kind === 'grows' ? 1 : 0;
  } finally {
    flooding.abort();
    for (const sender of senders) sender.close();
    metrics.close();
    if (json !== null) await writeFile(json, `${JSON.stringify(samples, null, 2)}\n`);
  }
}

/** A sample whenever another hundredth is acknowledged. */
async function watch(
  metrics: Client,
  state: { readonly acknowledged: number },
  samples: Sample[],
  { every, signal }: { readonly every: number; readonly signal: AbortSignal },
): Promise<void> {
  const began = systemClock.monotonic();
  let due = 0;
  while (!signal.aborted) {
    if (state.acknowledged >= due) {
      due = state.acknowledged + every;
      const sample = { messages: state.acknowledged, ...(await memory(metrics)) };
      samples.push(sample);
      const { messages, rss_bytes, heap_bytes } = sample;
      const seconds = ((systemClock.monotonic() - began) / 1000).toFixed(0);
      say(`  ${seconds} s, ${messages} messages: RSS ${shown(rss_bytes)} MB, heap in use ${shown(heap_bytes)} MB`);
    }
    await systemClock.sleep(SAMPLE_EVERY_MS, signal);
  }
}

async function memory(metrics: Client): Promise<Omit<Sample, 'messages'>> {
  const { text } = await metrics.send('GET', '/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    rss_bytes: value('slotwire_process_resident_memory_bytes'),
    heap_bytes: value('slotwire_nodejs_heap_size_used_bytes'),
  };
}

function shown(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

await main();
