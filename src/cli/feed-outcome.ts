/** What became of messages that were sent, as the hub's inbox has it. */
import type { Clock } from '../core/clock.ts';
import { NoHub, type HubApi } from './hub-api.ts';
import type { ShownMessage } from './messages.ts';

export interface FoundMessage extends ShownMessage {
  readonly eventId: string;
}

const AT_ONCE = 50;
const LOOK_EVERY_MS = 150;

/** By event id. */
export async function lookUp(api: HubApi, eventIds: readonly string[]): Promise<ReadonlyMap<string, FoundMessage>> {
  const found = new Map<string, FoundMessage>();
  for (let at = 0; at < eventIds.length; at += AT_ONCE) {
    const ids = eventIds.slice(at, at + AT_ONCE).join(',');
    const { messages } = await api.get<{ readonly messages: readonly FoundMessage[] }>(`/messages?eventId=${ids}`);
    for (const message of messages) found.set(message.eventId, message);
  }
  return found;
}

/**
 * Looks again and again until the hub is done with each, or until `wait_ms` have passed. A hub that stops ends the
 * wait.
 */
export async function outcomes(
  api: HubApi,
  eventIds: readonly string[],
  clock: Clock,
  wait_ms: number,
): Promise<ReadonlyMap<string, FoundMessage>> {
  const found = new Map<string, FoundMessage>();
  const deadline = clock.monotonic() + wait_ms;
  for (;;) {
    const open = eventIds.filter((id) => (found.get(id)?.status ?? 'received') === 'received');
    if (open.length === 0) return found;
    try {
      for (const [id, message] of await lookUp(api, open)) found.set(id, message);
    } catch (error) {
      if (error instanceof NoHub) return found;
      throw error;
    }
    if (clock.monotonic() >= deadline) return found;
    if (eventIds.some((id) => (found.get(id)?.status ?? 'received') === 'received')) await clock.sleep(LOOK_EVERY_MS);
  }
}
