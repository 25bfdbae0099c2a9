/**
 * The coordinators of the site that wants approval: one approves most of what waits, declines some, and leaves some
 * until it lapses; at times two decide at once, one this way and one the other.
 */
import { systemClock } from '../../src/core/clock.ts';
import { Random } from '../fuzz/random.ts';
import { callerOf } from '../support/caller.ts';
import type { World } from './world.ts';

interface Waiting {
  readonly booking: string;
  readonly action: string;
}
type Fate = 'approve' | 'decline' | 'both' | 'lapse';

const LOOK_EVERY_MS = 500;
const FATES: readonly Fate[] = ['approve', 'approve', 'approve', 'approve', 'decline', 'both', 'lapse'];
const BOTH: readonly ('approve' | 'decline')[] = ['approve', 'decline'];
const LATEST_MS = 3_000;
/** A decision whose answer was lost is asked again, which may find that it was made. */
const TRIES = 20;
const REASON = 'not this week';

/** `lapsing`: while it is true something may be left alone; later it would keep the run from coming to rest. */
export async function decide(world: World, seed: number, lapsing: () => boolean, over: AbortSignal): Promise<void> {
  const random = new Random(seed, 1_000);
  const seen = new Set<string>();
  const deciding: Promise<void>[] = [];
  while (!over.aborted) {
    for (const one of await waitingAt(world)) {
      if (seen.has(one.booking)) continue;
      seen.add(one.booking);
      const [fate, after_ms] = [random.pick(FATES), random.below(LATEST_MS)];
      if (fate === 'lapse' && lapsing()) {
        world.history.add({ kind: 'decision', ...one, decision: 'none', status: null });
        continue;
      }
      deciding.push(settle(world, one, fate === 'lapse' ? 'approve' : fate, after_ms, over));
    }
    await systemClock.sleep(LOOK_EVERY_MS, over);
  }
  await Promise.all(deciding);
}

async function waitingAt({ hub }: World): Promise<readonly Waiting[]> {
  const answer = await callerOf(hub, 'admin')
    .ask(`${hub.sandbox().opsUrl}/api/approvals`)
    .catch(() => null);
  if (answer?.status !== 200) return [];
  const { approvals } = JSON.parse(answer.text) as { readonly approvals: readonly Waiting[] };
  return approvals.map(({ booking, action }) => ({ booking, action }));
}

async function settle(world: World, one: Waiting, fate: Fate, after_ms: number, over: AbortSignal): Promise<void> {
  await systemClock.sleep(after_ms, over);
  const decisions: typeof BOTH = fate === 'both' ? BOTH : [fate === 'decline' ? fate : 'approve'];
  await Promise.all(decisions.map((decision) => say(world, one, decision, over)));
}

async function say(
  { hub, history }: World,
  { booking, action }: Waiting,
  decision: 'approve' | 'decline',
  over: AbortSignal,
): Promise<void> {
  const body = decision === 'approve' ? { decision } : { decision, reason: REASON };
  for (let tried = 0; tried < TRIES && !over.aborted; tried += 1) {
    const answer = await callerOf(hub, 'admin')
      .ask(`${hub.sandbox().opsUrl}/api/approvals/${booking}`, {
        method: 'POST',
        body,
        contentType: 'application/json',
      })
      .catch(() => null);
    const status = answer?.status ?? null;
    history.add({ kind: 'decision', booking, action, decision, status });
    if (status !== null && status < 500 && status !== 429) return;
    await systemClock.sleep(LOOK_EVERY_MS, over);
  }
}
