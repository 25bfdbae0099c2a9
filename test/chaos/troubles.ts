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

export async function fault(world: World, { site, switches, for_ms }: Fault, over: AbortSignal): Promise<void> {
  const url = `${world.hub.simulator(site)}/__sim/faults`;
  const what = Object.entries(switches)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
  world.history.add({ kind: 'trouble', what, site, begins: true });
  await control('POST', url, switches);
  await systemClock.sleep(for_ms, over);
  await control(
    'POST',
    url,
    Object.fromEntries(Object.entries(switches).map(([name, value]) => [name, off(name, value)])),
  );
  world.history.add({ kind: 'trouble', what, site, begins: false });
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

/** Lifts everything, and writes down how often each fault struck. */
export async function calm(world: World): Promise<void> {
  for (const line of world.lines.values()) line.mend();
  for (const { id, simulatorUrl } of world.hub.sandbox().sites) {
    const { struck } = await control('GET', `${simulatorUrl}/__sim/faults`);
    world.history.add({ kind: 'struck', site: id, times: struck as Row as Readonly<Record<string, number>> });
    await control('DELETE', `${simulatorUrl}/__sim/faults`);
  }
}
