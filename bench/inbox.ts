/**
 * HL7 v2 messages: acknowledged after their commit, over 1, 10 and 100 connections, and applied. Once while the hub
 * applies what it receives, as it does in life, and once while it only receives; how fast it applies is taken from what
 * the last flood left in the queue. Beside it a server that reads and stores nothing, and what PostgreSQL takes on the
 * same disk: a row per commit over as many connections, and as many rows per commit as the hub had messages in one.
 */
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { bareInserts, repeat, type Rate } from './bare.ts';
import { startChild, until } from './child.ts';
import { figures, type Bench, type Figure, type Limit, type Run } from './figure.ts';
import { framed, openSender, PATIENTS, siu } from './messages.ts';
import { openWorld, type World } from './world.ts';

const DRAIN_LIMIT_MS = 300_000;
/** Messages per second over a hundred connections. */
const AIM = 1_200;
/** While nothing is applied, so many times more messages are sent: they cost no time to be applied. */
const ALONE_TIMES = 4;

export const inbox: Bench = {
  name: 'inbox',
  async run(run) {
    const world = await openWorld(run, null);
    try {
      return await measured(run, world);
    } finally {
      await world.stop();
    }
  },
};

async function measured(run: Run, world: World): Promise<readonly Figure[]> {
  const { scale } = run;
  const numbers = { next: 0 };
  const floods = scale.short
    ? [
        { connections: 1, messages: 10 },
        { connections: 10, messages: 40 },
        { connections: 100, messages: 200 },
      ]
    : [
        { connections: 1, messages: 80 * scale.seconds },
        { connections: 10, messages: 200 * scale.seconds },
        { connections: 100, messages: 400 * scale.seconds },
      ];
  // Every patient is known before anything is measured.
  await flood(world.hub.mllp.port, { connections: 4, messages: PATIENTS }, numbers);
  await drained(world);
  const found: Figure[] = [];
  let left = { rows: 0, ms: 1 };
  const cost = await world.costing();
  const from = numbers.next;
  for (const one of floods) {
    const alone = await withoutApplying(
      world,
      scale.short ? one : { ...one, messages: one.messages * ALONE_TIMES },
      numbers,
    );
    const both = await grouped(world, one, numbers);
    left = await drained(world);
    const limits = await limitsOf(run, world, one, both.group);
    found.push(...rows(one.connections, 'while the hub applies them', '', both, limits));
    found.push(...rows(one.connections, 'while none is applied', ', none applied', alone, limits));
  }
  const conditions =
    `${left.rows} SIU^S12 of known patients left in the queue by the last flood, then nothing but applying; ` +
    'over the whole bench ' +
    (await cost(numbers.next - from, 'message received (not all are applied)'));
  if (run.profiles !== null) for (const line of await world.database.costly(40)) run.say(`  ${line}`);
  return [...found, ...(await applied(run, world, (left.rows * 1000) / left.ms, conditions))];
}

interface Taken {
  readonly messages: number;
  readonly rate: Rate;
  /** Messages in one commit, rounded. */
  readonly group: number;
}

function rows(
  connections: number,
  how: string,
  more: string,
  taken: Taken,
  limits: readonly Limit[],
): readonly Figure[] {
  return figures(
    {
      name: `messages acknowledged, ${connections} connections${more}`,
      unit: 'messages/s',
      value: taken.rate.perSecond,
      each: taken.rate.each_ms,
      conditions:
        `${taken.messages} SIU^S12, one under way per connection, acknowledged after the commit, ${how}; ` +
        `${taken.group} in a commit`,
    },
    connections === 100 ? [...limits, { name: `aim: ${AIM}`, value: AIM }] : limits,
  );
}

/** What no hub can do better, in the same minute. */
async function limitsOf(run: Run, world: World, one: Flood, group: number): Promise<readonly Limit[]> {
  const seconds = run.scale.seconds / 4;
  const { connections } = one;
  const { bareUrl } = world.database;
  const echo = await echoed({ ...one, messages: one.messages * 4 });
  const single = await bareInserts(bareUrl, { callers: connections, seconds, rowsEach: 1 });
  // The hub has one commit under way, or two when many wait.
  const callers = Math.min(2, connections);
  const grouped = await bareInserts(bareUrl, { callers, seconds, rowsEach: group });
  return [
    { name: 'raw acknowledger that stores nothing', value: echo.perSecond },
    { name: `bare insert commits, ${connections} at once`, value: single.perSecond },
    { name: `bare inserts, ${group} a commit, ${callers} at once`, value: grouped.perSecond * group },
  ];
}

async function withoutApplying(world: World, one: Flood, numbers: { next: number }): Promise<Taken> {
  const release = await world.database.holdApplying();
  try {
    return await grouped(world, one, numbers);
  } finally {
    await release();
    await drained(world);
  }
}

async function grouped(world: World, one: Flood, numbers: { next: number }): Promise<Taken> {
  const before = await world.database.counted();
  const rate = await flood(world.hub.mllp.port, one, numbers);
  const after = await world.database.counted();
  const commits = Math.max(1, after.receiving - before.receiving);
  return { messages: one.messages, rate, group: Math.max(1, Math.round(one.messages / commits)) };
}

async function applied(run: Run, world: World, perSecond: number, conditions: string): Promise<readonly Figure[]> {
  const seconds = run.scale.seconds / 4;
  const single = await bareInserts(world.database.bareUrl, { callers: 1, seconds, rowsEach: 1 });
  const batched = await bareInserts(world.database.bareUrl, { callers: 1, seconds, rowsEach: 100 });
  return [
    ...figures({ name: 'inbox messages applied', unit: 'messages/s', value: perSecond, conditions }, [
      { name: 'bare inserts, a commit each', value: single.perSecond },
      { name: 'bare inserts, 100 a commit', value: batched.perSecond * 100 },
    ]),
    ...figures({ name: 'one message applied', unit: 'ms', value: 1000 / perSecond, conditions }, [
      { name: 'aim: 3 ms', value: 3 },
    ]),
  ];
}

interface Flood {
  readonly connections: number;
  readonly messages: number;
}

async function flood(port: number, { connections, messages }: Flood, numbers: { next: number }): Promise<Rate> {
  const senders = await Promise.all(Array.from({ length: connections }, () => openSender(port)));
  const frames = Array.from({ length: messages }, () => framed(siu((numbers.next += 1) - 1)));
  try {
    return await repeat({ callers: connections, seconds: 600, most: messages }, async (caller) => {
      const frame = frames.pop();
      const answer = frame === undefined ? undefined : await senders[caller]?.exchange(frame);
      if (answer?.includes('MSA|CA') !== true && answer?.includes('MSA|AA') !== true) {
        throw new Error(`not acknowledged: ${answer?.toString('utf8') ?? 'no answer'}`);
      }
    });
  } finally {
    for (const sender of senders) sender.close();
  }
}

/** Looked at from the moment of the call: how many were left, and how long they took. */
async function drained(world: World): Promise<{ readonly rows: number; readonly ms: number }> {
  const began = systemClock.monotonic();
  const rows = await world.database.count('inbox_queue');
  await until('the inbox to be empty', { within_ms: DRAIN_LIMIT_MS, every_ms: 10 }, async () =>
    (await world.database.count('inbox_queue')) === 0 ? true : null,
  );
  return { rows, ms: systemClock.monotonic() - began };
}

async function echoed({ connections, messages }: Flood): Promise<Rate> {
  const child = startChild([join(import.meta.dirname, 'bare-server.ts'), 'acknowledger'], {});
  try {
    const port = Number(await child.firstLine());
    const senders = await Promise.all(Array.from({ length: connections }, () => openSender(port)));
    const frame = framed(siu(0));
    const rate = await repeat({ callers: connections, seconds: 600, most: messages }, async (caller) =>
      senders[caller]?.exchange(frame),
    );
    for (const sender of senders) sender.close();
    return rate;
  } finally {
    await child.stop();
  }
}
