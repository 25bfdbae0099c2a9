/** Faults of simulators, cut lines, and what happens to processes. One of each kind at a time. */
import { systemClock } from '../../src/core/clock.ts';
import { isRunning, signal, until } from '../../src/store/embedded-process.ts';
import { control, type Row } from '../conformance/control.ts';
import type { Step } from './plan.ts';
import type { World } from './world.ts';

type Fault = Extract<Step, { readonly do: 'fault' }>;
export type Process = Extract<
  Step,
  { readonly do: 'kill' | 'restart' | 'kill database' | 'restart database' | 'freeze' | 'cut' }
>;

const SERVER_ENDS_MS = 20_000;

/** A simulator that is restarted together with the hub forgets its faults, and cannot be told of one meanwhile. */
export async function fault(world: World, { site, switches, for_ms }: Fault, over: AbortSignal): Promise<void> {
  const tell = (values: Row): Promise<boolean> =>
    control('POST', `${world.hub.simulator(site)}/__sim/faults`, values).then(
      () => true,
      () => false,
    );
  const what = Object.entries(switches)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
  if (!(await tell(switches))) return;
  world.history.add({ kind: 'trouble', what, site, begins: true });
  await systemClock.sleep(for_ms, over);
  await tell(Object.fromEntries(Object.entries(switches).map(([name, value]) => [name, off(name, value)])));
  world.history.add({ kind: 'trouble', what, site, begins: false });
}

/** The lines of those who ask by HL7 v2. */
export async function hisLine(
  { history, requests }: World,
  { line, how, for_ms }: Extract<Step, { readonly do: 'line' }>,
  over: AbortSignal,
): Promise<void> {
  const what = `line, ${how}`;
  history.add({ kind: 'trouble', what, site: line, begins: true });
  requests.lines[line].cut(how);
  await systemClock.sleep(for_ms, over);
  requests.lines[line].mend();
  history.add({ kind: 'trouble', what, site: line, begins: false });
}

function off(name: string, value: unknown): unknown {
  if (name === 'rateLimit') return null;
  return typeof value === 'number' ? 0 : false;
}

/** Comes back when the hub is in service again. */
export async function trouble(world: World, step: Process, over: AbortSignal): Promise<void> {
  const { history } = world;
  const site = step.do === 'cut' ? step.site : null;
  const what = step.do === 'cut' ? `cut, ${step.how}` : step.do;
  history.add({ kind: 'trouble', what, site, begins: true });
  if (step.do === 'restart') await tellStruck(world);
  await strike(world, step, over);
  history.add({ kind: 'trouble', what, site, begins: false });
}

async function strike({ hub, lines }: World, step: Process, over: AbortSignal): Promise<void> {
  switch (step.do) {
    case 'kill':
      await hub.kill();
      return hub.start();
    case 'restart':
      await hub.stop();
      return hub.start();
    case 'freeze':
      hub.signal('SIGSTOP');
      await systemClock.sleep(step.for_ms, over);
      hub.signal('SIGCONT');
      return;
    case 'cut':
      lines.get(step.site)?.cut(step.how);
      await systemClock.sleep(step.for_ms, over);
      lines.get(step.site)?.mend();
      return;
    case 'kill database':
    case 'restart database': {
      const { database } = await hub.companions();
      // The postmaster is the oldest; told alone it takes its children down in order, as an administrator would.
      const hit = step.do === 'kill database' ? database : database.slice(0, 1);
      for (const pid of hit) signal(pid, step.do === 'kill database' ? 'SIGKILL' : 'SIGINT');
      const gone = async (): Promise<boolean> => !(await isRunning(hit[0] ?? 0));
      if (!(await until(systemClock, SERVER_ENDS_MS, gone))) throw new Error('the database server did not end');
      return hub.ready();
    }
  }
}

/** Lifts everything. */
export async function calm(world: World): Promise<void> {
  for (const line of [...world.lines.values(), ...Object.values(world.requests.lines)]) line.mend();
  await tellStruck(world);
  for (const { simulatorUrl } of world.hub.sandbox().sites) await control('DELETE', `${simulatorUrl}/__sim/faults`);
}

/**
 * How often each fault struck: a simulator forgets it when it is restarted or its faults are lifted, a line when it is
 * asked.
 */
async function tellStruck({ hub, history, lines, requests }: World): Promise<void> {
  for (const [site, line] of [...lines, ...Object.entries(requests.lines)])
    history.add({ kind: 'struck', site, times: line.struck() });
  for (const { id, simulatorUrl } of hub.sandbox().sites) {
    const { struck } = await control('GET', `${simulatorUrl}/__sim/faults`);
    history.add({ kind: 'struck', site: id, times: struck as Readonly<Record<string, number>> });
  }
}
