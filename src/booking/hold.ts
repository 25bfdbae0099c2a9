/** Before anything is locked: what a plain read can tell already, and who is taking the same slot in this process. */
import type { Scope } from '../store/contract.ts';
import { holdForCaller } from './caller-holds.ts';
import type { SendTurn } from './contract-send.ts';
import type { PlaceRequest } from './contract.ts';
import { looksOf, type Looks } from './looks.ts';
import { holdUnderLock, type BookingDeps, type CallerHold, type Held, type Unverified } from './place.ts';
import { visible } from './prepare.ts';
import { sameRequest } from './request-key.ts';
import { isSeenTaken } from './sight.ts';
import { patienceOf } from './verify.ts';

/**
 * `byCaller`: held for the caller alone, who may book it later. `until`: how long it may take to verify the slot's
 * window first, where that is too old. A slot that several want is looked at before: one that is visibly taken is
 * answered by a plain read, and so are those who wait for one that is being taken, so racers cost no lock. Whoever is
 * the first to want it has nobody to share a reading with, and is told by what the hold itself reads.
 */
export async function hold(
  deps: BookingDeps,
  request: PlaceRequest,
  scope: Scope,
  until = patienceOf(deps),
  byCaller: CallerHold | null = null,
): Promise<Held> {
  const looks = deps.looks ?? looksOf(deps);
  const { slotId } = request;
  let isFirst = byCaller === null && !looks.tried.has(slotId);
  for (let verified = false; ;) {
    // Before it looks, and not after: what it saw before that ended would have to be read again.
    const before = looks.underWay.get(slotId);
    if (before !== undefined) isFirst = false;
    await before;
    const seen = isFirst ? null : await looks.look(request);
    if (seen !== null) {
      const slot = visible(seen.slot, scope);
      if (seen.first !== null) return { kind: 'repeated', booking: sameRequest(seen.first, request) };
      if (isSeenTaken(scope, slot, request.channel)) return { kind: 'taken', slot };
    }
    if (looks.underWay.has(slotId)) continue;
    let stale = verified ? null : (seen?.stale ?? null);
    if (stale === null) {
      const asked = { byCaller, verified: verified || seen !== null };
      const held = await alone(looks, slotId, () => holdAndSend(deps, request, scope, asked));
      if (held.kind !== 'unverified') return held;
      ({ stale } = held);
    }
    verified = true;
    await deps.verify?.(stale, until);
  }
}

async function holdAndSend(
  deps: BookingDeps,
  request: PlaceRequest,
  scope: Scope,
  { byCaller, verified }: { readonly byCaller: CallerHold | null; readonly verified: boolean },
): Promise<Held | Unverified> {
  // Once for all runs of the transaction. What is only held is owed to nobody.
  let turn: SendTurn | null = null;
  let held: Held | Unverified;
  try {
    held = await deps.store.transaction(scope, async (tx): Promise<Held | Unverified> => {
      if (byCaller !== null) return holdForCaller(deps, tx, request, byCaller);
      return holdUnderLock(deps, tx, request, { verified, turn: (site) => (turn ??= deps.turn?.(site) ?? null) });
    });
  } catch (error) {
    (turn as SendTurn | null)?.giveBack();
    throw error;
  }
  const mine = turn as SendTurn | null;
  // Of a transaction that was run again an earlier run may have claimed what was undone: only what came of it counts.
  if (held.kind === 'held' && held.sent === true) mine?.send(held.placed ?? null);
  else mine?.giveBack();
  return held;
}

async function alone<T>({ underWay, tried }: Looks, slotId: string, work: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  underWay.set(slotId, promise);
  tried.add(slotId);
  try {
    return await work();
  } finally {
    underWay.delete(slotId);
    resolve(undefined);
    for (const oldest of tried.size > TRIED ? tried : []) {
      tried.delete(oldest);
      break;
    }
  }
}

const TRIED = 1_000;
