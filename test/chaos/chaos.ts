/** One run: the plan of a seed is done to a hub, then everything is lifted, and the history is judged. */
import { systemClock } from '../../src/core/clock.ts';
import type { Cleanup } from '../support/database.ts';
import { check } from './check.ts';
import type { Violation } from './judged.ts';
import { coordinate } from './coordinator.ts';
import { decide } from './decisions.ts';
import { openHistory, type Event } from './history.ts';
import { people, type Person } from './people.ts';
import { planOf, type Step } from './plan.ts';
import type { Planted } from './planted.ts';
import { conclude, observe } from './sight.ts';
import { calm, fault, hisLine, trouble, type Process } from './troubles.ts';
import { openWorld, type World } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly duration_ms: number;
  /** True: the hub's own database server, which is killed and restarted as well. */
  readonly ownDatabase: boolean;
  readonly planted?: Planted | null;
  /** Where the history is written as it happens. */
  readonly file?: string | null;
  /** How long it may take until nothing moves, once everything is lifted. */
  readonly quietWithin_ms?: number;
}

export interface Outcome {
  readonly events: readonly Event[];
  readonly violations: readonly Violation[];
}

const QUIET_WITHIN_MS = 90_000;
/** What a coordinator leaves alone lapses soon enough for its caller to be told. */
const LAPSE_BEFORE_END_MS = 30_000;
const PROCESSES: ReadonlySet<Step['do']> = new Set<Process['do']>([
  ...(['kill', 'restart', 'kill database', 'restart database', 'freeze', 'cut'] as const),
]);

export async function chaos(cleanup: Cleanup, options: ChaosOptions): Promise<Outcome> {
  const { seed, duration_ms, ownDatabase, planted = null, quietWithin_ms = QUIET_WITHIN_MS } = options;
  const history = openHistory(options.file ?? null);
  const world = await openWorld(cleanup, { seed, ownDatabase, planted, history });
  const concluded = new AbortController();
  const until = systemClock.monotonic() + duration_ms - LAPSE_BEFORE_END_MS;
  const deciding = decide(world, seed, () => systemClock.monotonic() < until, concluded.signal);
  const settling: Promise<void>[] = [deciding];
  try {
    await asPlanned(world, options, () => {
      settling.push(coordinate(world, concluded.signal));
    });
    await conclude(world, quietWithin_ms);
  } finally {
    concluded.abort();
    await Promise.all(settling);
  }
  return { events: history.events, violations: check(history.events) };
}

/** Until everybody has an answer, or none came in the time that it may take. */
async function asPlanned(world: World, options: ChaosOptions, calmed: () => void): Promise<void> {
  const { seed, duration_ms, ownDatabase, planted = null, quietWithin_ms = QUIET_WITHIN_MS } = options;
  const over = new AbortController();
  const person = people(world, over.signal);
  const watching = observe(world, over.signal);
  const waiting: Promise<void>[] = [];
  try {
    await perform(world, planOf({ seed, duration_ms, ownDatabase, only: planted?.only }), person, waiting);
    await calm(world);
    calmed();
    // Whoever has no answer yet gets one now, or never.
    await Promise.race([Promise.all(waiting), systemClock.sleep(quietWithin_ms, over.signal)]);
  } finally {
    over.abort();
    await Promise.all([watching, ...waiting]);
  }
}

/** Calls, acts and faults begin at their moments, whatever else is under way; what befalls processes goes in turn. */
async function perform(world: World, plan: readonly Step[], person: Person, waiting: Promise<void>[]): Promise<void> {
  const over = new AbortController();
  const began = systemClock.monotonic();
  const when = async (step: Step): Promise<void> => {
    const early_ms = step.at_ms - (systemClock.monotonic() - began);
    if (early_ms > 0) await systemClock.sleep(early_ms, over.signal);
  };
  const isProcess = (step: Step): step is Process => PROCESSES.has(step.do);
  const inTurn = async (): Promise<void> => {
    for (const step of plan.filter(isProcess)) {
      await when(step);
      await trouble(world, step, over.signal);
    }
  };
  const inTime = async (): Promise<void> => {
    const faults: Promise<void>[] = [];
    for (const [number, step] of plan.entries()) {
      if (isProcess(step)) continue;
      await when(step);
      if (step.do === 'fault') faults.push(fault(world, step, over.signal));
      else if (step.do === 'line') faults.push(hisLine(world, step, over.signal));
      else waiting.push(...begin(person, step, `chaos-${number}`));
    }
    await Promise.all(faults);
  };
  await Promise.all([inTurn(), inTime()]);
}

function begin(person: Person, step: Step, name: string): readonly Promise<void>[] {
  switch (step.do) {
    case 'book':
      return step.wishes.map((wish, index) => person.book(wish, `${name}-${index}`));
    case 'hold':
      return [person.hold(step, name)];
    case 'set':
      return [person.set(step, name)];
    case 'move':
      return [person.move(step.visit, step.start, name)];
    case 'change':
      return [person.change(step.visit, step.to, name)];
    case 'cancel':
      return [person.cancel(step.visit, name)];
    case 'series':
      return [person.series(step, name)];
    case 'group':
      return [person.group(step, name)];
    case 'request':
      return [person.request(step, name)];
    case 'act':
      return [person.act(step)];
    default:
      return [];
  }
}
