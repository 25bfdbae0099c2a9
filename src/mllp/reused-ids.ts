/**
 * Counts messages whose sender used their control id (MSH-10) for another message before: some senders start over every
 * day, and one that does so by mistake wants to be told. They are looked up behind the answer, in batches, so that no
 * sender waits for it; under a flood that outgrows the queue some are not counted, and every one is still shown.
 */
import type { Clock } from '../core/clock.ts';
import { startLoop, type Loop } from '../core/loop.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StoredHl7 } from './intake.ts';

export interface ReusedIdsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** How long a control id is remembered: as long as a repeat is recognised. */
  readonly window_days: () => number;
  readonly reused: (site: string, messageId: number) => void;
  readonly onError: (error: unknown) => void;
}

export interface ReusedIds {
  note(site: string, messages: readonly StoredHl7[]): void;
  stop(): Promise<void>;
}

const TICK_MS = 2_000;
const BATCH = 500;
const QUEUE = 20_000;
const SCOPE = systemScope('control-ids');

export function watchReusedIds(options: ReusedIdsOptions): ReusedIds {
  const waiting = new Map<number, string>();
  const step = async (): Promise<boolean> => {
    const batch = [...waiting].slice(0, BATCH);
    if (batch.length === 0) return false;
    const since = plus(options.clock.now(), -options.window_days() * DAY_MS);
    const ids = batch.map(([id]) => id);
    const used = await options.store.read(SCOPE, (tx) => tx.inbox.controlIdUsedBefore(ids, since));
    for (const id of used) options.reused(waiting.get(id) ?? '', id);
    for (const id of ids) waiting.delete(id);
    return waiting.size > 0;
  };
  const loop: Loop = startLoop({ clock: options.clock, tick_ms: TICK_MS, step, onError: options.onError });
  return {
    note(site, messages) {
      for (const { id, controlId } of messages) if (controlId !== null && waiting.size < QUEUE) waiting.set(id, site);
    },
    stop: () => loop.stop(),
  };
}
