/** Whether the hub is ready, in plain words. */
import type { Engine } from './hub-engine.ts';
import { systemScope, type Store } from './store/contract.ts';

/** What the hub still waits for, in plain words; empty: ready. Outside the sandbox a hub serves while sites load. */
export async function missingOf(engine: Engine, store: Store): Promise<readonly string[]> {
  try {
    await store.ping();
  } catch {
    return ['the database does not answer'];
  }
  if (engine.plan().hub.environment !== 'sandbox') return [];
  const waiting: string[] = [];
  for (const runner of engine.runners.values()) {
    if (!(await runner.loaded())) waiting.push(`the first load of ${runner.site.id} is under way`);
  }
  const { queued, hints } = await store.read(systemScope('ready'), (tx) => tx.inbox.depth());
  const unapplied = queued + hints;
  return waiting.length > 0 && unapplied > 0
    ? [...waiting, `${unapplied} messages of the first load are not applied`]
    : waiting;
}
