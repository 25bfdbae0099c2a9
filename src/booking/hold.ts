/** Before anything is locked: what a plain read can tell already, and who is taking the same slot in this process. */
import type { Scope } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { looksOf, type Looks } from './looks.ts';
import { holdForCaller } from './caller-holds.ts';
import { holdUnderLock, visible, type BookingDeps, type CallerHold, type Held } from './place.ts';
import { sameRequest } from './request-key.ts';
import { isCleared } from './sight.ts';
import { mayBeAbove } from './template-terms.ts';
import { patienceOf } from './verify.ts';

/**
 * `byCaller`: held for the caller alone, who may book it later. `until`: how long it may take to verify the slot's
 * window first, where that is too old. A slot visibly taken is answered by a plain read, and so are those who wait for
 * one that is being taken: racers cost no lock.
 */
export async function hold(
  deps: BookingDeps,
  request: PlaceRequest,
  scope: Scope,
  until = patienceOf(deps),
  byCaller: CallerHold | null = null,
): Promise<Held> {
  const looks = deps.looks ?? looksOf(deps);
  for (let verified = false; ;) {
    // Before it looks, and not after: what it saw before that ended would have to be read again.
    await looks.underWay.get(request.slotId);
    const seen = await looks.look(request);
    const slot = visible(seen.slot, scope);
    if (seen.first !== null) return { kind: 'repeated', booking: sameRequest(seen.first, request) };
    const isAbove = slot.status !== 'free' && mayBeAbove(slot, request.channel) && isCleared(scope, slot);
    if (slot.status !== 'free' && !isAbove) return { kind: 'taken', slot };
    const other = looks.underWay.get(request.slotId);
    if (other !== undefined) await other;
    else if (seen.stale !== null && !verified) {
      verified = true;
      await deps.verify?.(seen.stale, until);
    } else return alone(looks, request.slotId, () => holdAndSend(deps, request, scope, { site: slot.site, byCaller }));
  }
}

async function holdAndSend(
  deps: BookingDeps,
  request: PlaceRequest,
  scope: Scope,
  { site, byCaller }: { readonly site: string; readonly byCaller: CallerHold | null },
): Promise<Held> {
  // What is only held is owed to nobody.
  const turn = byCaller === null ? (deps.turn?.(site) ?? null) : null;
  let held: Held;
  try {
    held = await deps.store.transaction(scope, async (tx): Promise<Held> => {
      if (byCaller !== null) return holdForCaller(deps, tx, request, byCaller);
      const made = await holdUnderLock(deps, tx, request);
      if (made.kind !== 'held' || turn === null) return made;
      return { ...made, sent: await turn.claim(tx, made.booking) };
    });
  } catch (error) {
    turn?.giveBack();
    throw error;
  }
  // Of a transaction that was run again an earlier run may have claimed what was undone: only what came of it counts.
  if (held.kind === 'held' && held.sent === true) turn?.send();
  else turn?.giveBack();
  return held;
}

async function alone<T>({ underWay }: Looks, slotId: string, work: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  underWay.set(slotId, promise);
  try {
    return await work();
  } finally {
    underWay.delete(slotId);
    resolve(undefined);
  }
}
