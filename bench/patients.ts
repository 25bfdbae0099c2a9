/**
 * The patient index at work: how fast records are placed when many are due, how long it takes to find whom a person
 * matches, and how long to take a record out of a person who has twenty.
 *
 * Of the people one in three has records at two sites and one in ten at three, with the slips of another desk. Records
 * are stored before the clock runs; their site's news about them is what `inbox` measures. Matches are asked for at
 * their times, whether those before are answered or not, and their time counts from when they were due.
 */
import { systemClock } from '../src/core/clock.ts';
import type { Instant } from '../src/core/instant.ts';
import { nearby, matcherFor } from '../src/identity/placing/asked.ts';
import { peopleDesk } from '../src/identity/placing/desk.ts';
import { memory, type Memory } from '../src/identity/placing/memory.ts';
import { patientPlacing } from '../src/identity/placing/placing.ts';
import { SHIPPED_MODEL } from '../src/identity/match/shipped.ts';
import type { Person } from '../src/identity/match/person.ts';
import { identifyStage } from '../src/pipeline/identify.ts';
import { systemScope } from '../src/store/contract.ts';
import { figures, quantile, type Bench, type Figure, type Run } from './figure.ts';
import { machine, openIndex, oneAtManySites, someBodies, storeRecords, type Index } from './patients-world.ts';

const TARGET_PER_S = 2_000;
const TARGET_MS = { p50: 5, p95: 20, p99: 50 } as const;
const TARGET_UNMERGE_MS = 200;
const ASKED_PER_S = 100;
const SITES_OF_ONE = 20;
const PEOPLE = 20_000;
const PEOPLE_SHORT = 200;

export const patients: Bench = {
  name: 'patients',
  async run(run) {
    const index = await openIndex(run);
    try {
      return await measured(index, run);
    } finally {
      await index.close();
    }
  },
};

async function measured(index: Index, run: Run): Promise<readonly Figure[]> {
  const { scale, say } = run;
  const records = scale.people ?? (scale.short ? PEOPLE_SHORT : PEOPLE);
  const remembered = memory({ most: 2 * records });
  const stored_s = await timed(() => storeRecords(index.store, records));
  say(`patients: ${String(records)} records stored in ${stored_s.toFixed(1)} s`);
  const load = await loaded(index, remembered, records, say);
  const conditions = `${String(records)} records of some ${String(Math.round(records / 1.43))} people, ${machine()}`;
  const bodies = someBodies(records, scale.short ? 20 : Math.ceil(scale.seconds * ASKED_PER_S));
  await asked(index, remembered, bodies.slice(0, ASKED_PER_S));
  const warm = await asked(index, remembered, bodies);
  const opened = await oneByOne(index, bodies.slice(0, scale.short ? 5 : 50));
  const apart = await unmerged(index, remembered, scale.short ? 2 : 20);
  for (const line of await index.costly()) say(line);
  return [
    ...figures({ name: 'records placed, many due', unit: 'records/s', value: records / load.seconds, conditions }, [
      { name: 'target: 2000 a second on 4 cores', value: TARGET_PER_S },
    ]),
    ...figures({ name: 'records placed, the last tenth', unit: 'records/s', value: load.lastTenth, conditions }, [
      { name: 'target: 2000 a second on 4 cores', value: TARGET_PER_S },
    ]),
    ...(['p50', 'p95', 'p99'] as const).flatMap((name) =>
      figures(
        {
          name: `match of one person: ${name}`,
          unit: 'ms',
          value: quantile(warm, Number(name.slice(1)) / 100),
          each: warm,
          conditions: `${conditions}, ${String(ASKED_PER_S)} asked a second, ${String(warm.length)} in all`,
        },
        [{ name: `target among a million: ${String(TARGET_MS[name])} ms`, value: TARGET_MS[name] }],
      ),
    ),
    ...figures(
      {
        name: 'match of one person, nobody remembered',
        unit: 'ms',
        value: quantile(opened, 0.5),
        each: opened,
        conditions: `${conditions}; each who shares a key is read and opened, one match behind the other`,
      },
      [{ name: 'E-PIX: 113 ms for a whole registration among a million', value: 113 }],
    ),
    ...figures(
      {
        name: 'one record taken out of twenty',
        unit: 'ms',
        value: quantile(apart, 0.5),
        each: apart,
        conditions: `${conditions}, one decision behind the other`,
      },
      [{ name: 'target: 200 ms', value: TARGET_UNMERGE_MS }],
    ),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = systemClock.monotonic();
  await work();
  return (systemClock.monotonic() - began) / 1_000;
}

/** By the stage of the hub, until nothing is due. */
async function loaded(
  { store }: Index,
  remembered: Memory,
  records: number,
  say: (line: string) => void,
): Promise<{ readonly seconds: number; readonly lastTenth: number }> {
  const outcomes = new Map<string, number>();
  let placed = 0;
  const events = {
    placed(outcome: string) {
      placed += 1;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
    keyCapped: () => undefined,
  };
  const placing = patientPlacing(SHIPPED_MODEL, { memory: remembered });
  const stage = identifyStage({ store, clock: systemClock, events, placing });
  await stage.step();
  const began = systemClock.monotonic();
  let told = began;
  let tenth: { readonly at: number; readonly placed: number } | null = null;
  while (await stage.step()) {
    const now = systemClock.monotonic();
    if (placed >= records * 0.9) tenth ??= { at: now, placed };
    if (now - told < 10_000) continue;
    told = now;
    say(`patients: ${String(placed)} placed, ${String(Math.round((placed * 1_000) / (now - began)))} a second`);
  }
  const ended = systemClock.monotonic();
  say(`patients: ${[...outcomes].map(([outcome, count]) => `${outcome} ${String(count)}`).join(', ')}`);
  const last = tenth === null ? 0 : ((placed - tenth.placed) * 1_000) / (ended - tenth.at);
  return { seconds: (ended - began) / 1_000, lastTenth: last };
}

async function match({ store }: Index, remembered: Memory, person: Person, now: Instant): Promise<number> {
  return store.read(systemScope('bench'), async (tx) => {
    const options = { model: SHIPPED_MODEL, memory: remembered, now };
    const { ids } = await nearby(tx, person, options);
    const records = await tx.index.people(ids);
    const people = records.map((record) => remembered.personOf(record));
    const judge = await matcherFor(tx, person, people, options);
    return people.filter((other) => judge.judge(person, other).band !== 'none').length;
  });
}

/** Milliseconds from when each was due. */
async function asked(index: Index, remembered: Memory, people: readonly Person[]): Promise<readonly number[]> {
  const began = systemClock.monotonic();
  return Promise.all(
    people.map(async (person, at) => {
      const due = began + (at * 1_000) / ASKED_PER_S;
      await systemClock.sleep(Math.max(0, due - systemClock.monotonic()));
      await match(index, remembered, person, systemClock.now());
      return systemClock.monotonic() - due;
    }),
  );
}

async function oneByOne(index: Index, people: readonly Person[]): Promise<readonly number[]> {
  const each: number[] = [];
  for (const person of people) {
    const began = systemClock.monotonic();
    await match(index, memory({ most: 1 }), person, systemClock.now());
    each.push(systemClock.monotonic() - began);
  }
  return each;
}

/** Of people with a record at each of twenty sites, each linked with the others, the last record is somebody else's. */
async function unmerged(index: Index, remembered: Memory, times: number): Promise<readonly number[]> {
  const desk = peopleDesk({ store: index.store, clock: systemClock });
  const stage = identifyStage({
    store: index.store,
    clock: systemClock,
    events: { placed: () => undefined, keyCapped: () => undefined },
    placing: patientPlacing(SHIPPED_MODEL, { memory: remembered }),
  });
  const each: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const ids = await oneAtManySites(index.store, SITES_OF_ONE, time);
    while (await stage.step());
    const began = systemClock.monotonic();
    const { people } = await desk.unmerge(
      { scope: { ...systemScope('bench'), actor: 'operator:bench' }, requestId: `bench-${String(time)}` },
      { records: ids.slice(-1), reason: 'somebody else, as the bench has it', overrule: false },
    );
    each.push(systemClock.monotonic() - began);
    const sizes = people.map(({ records }) => records.length).sort((one, other) => one - other);
    if (sizes.join() !== `1,${String(SITES_OF_ONE - 1)}`) throw new Error(`taken apart into ${sizes.join()}`);
  }
  return each;
}
