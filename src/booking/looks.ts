/**
 * What callers are told without a lock: how a slot stands, and what else is free. Sixty-four who want one slot are one
 * reading, or those who came too late would take the database from whoever is booking.
 */
import { askedTogether } from '../core/asked-together.ts';
import { DAY_MS, plus } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import { systemScope, type Scope } from '../store/contract.ts';
import type { BookingDeps } from './place.ts';
import { isCleared, isInReach } from './sight.ts';
import { staleWindow, type Stale } from './verify.ts';

export interface LookedFor {
  readonly slotId: string;
  readonly client: string;
  readonly requestKey: string;
}

/** Read after it was asked for. Nothing of it is cut to what the caller may see: see sight.ts. */
export interface Look {
  readonly slot: StoredSlot | null;
  /** The booking that was made under this request key. */
  readonly first: Booking | null;
  /** The slot's window where the site must be asked for it first; of free slots only. */
  readonly stale: Stale | null;
}

export interface Looks {
  look(wanted: LookedFor): Promise<Look>;
  /** Free slots of the same schedule and visit type that the caller may see, nearest in time first. */
  alternatives(slot: StoredSlot, scope: Scope): Promise<readonly StoredSlot[]>;
  /** Whoever takes this slot goes on alone in this process; the others look again when that is over. */
  readonly underWay: Map<string, Promise<unknown>>;
}

const SCOPE = systemScope('look');
const ALTERNATIVES = 5;
const WITHIN_MS = 7 * DAY_MS;
/** More than are shown: some lie outside what a caller may see. */
const NEAR = 40;

export function looksOf(deps: BookingDeps): Looks {
  const near = askedTogether((slots: readonly StoredSlot[]) => nearSlots(deps, slots));
  return {
    look: askedTogether((wanted: readonly LookedFor[]) => lookAt(deps, wanted)),
    async alternatives(slot, scope) {
      const distance = (other: StoredSlot): number => Math.abs(other.during.start - slot.during.start);
      return (await near(slot))
        .filter((other) => other.id !== slot.id && isInReach(scope, other) && isCleared(scope, other))
        .sort((left, right) => distance(left) - distance(right))
        .slice(0, ALTERNATIVES);
    },
    underWay: new Map(),
  };
}

function lookAt(deps: BookingDeps, wanted: readonly LookedFor[]): Promise<readonly Look[]> {
  return deps.store.glance(SCOPE, async (tx) => {
    const [slots, firsts] = await Promise.all([
      tx.resources.slotsNamed([...new Set(wanted.map(({ slotId }) => slotId))]),
      tx.bookings.byRequestKeys(wanted),
    ]);
    const byId = new Map(slots.map((slot) => [slot.id, slot]));
    const stale = new Map<string, Stale | null>();
    for (const slot of slots) if (slot.status === 'free') stale.set(slot.id, await staleWindow(deps, tx, slot));
    const keyOf = (one: { readonly client: string; readonly requestKey: string }): string =>
      JSON.stringify([one.client, one.requestKey]);
    const byKey = new Map(firsts.map((booking) => [keyOf(booking), booking]));
    return wanted.map((one) => ({
      slot: byId.get(one.slotId) ?? null,
      first: byKey.get(keyOf(one)) ?? null,
      stale: stale.get(one.slotId) ?? null,
    }));
  });
}

async function nearSlots(
  deps: BookingDeps,
  wanted: readonly StoredSlot[],
): Promise<readonly (readonly StoredSlot[])[]> {
  const distinct = new Map(wanted.map((slot) => [slot.id, slot]));
  const now = deps.clock.now();
  const found = await deps.store.glance(SCOPE, async (tx) => {
    const all = [...distinct.values()].map(async (slot) => {
      const from = plus(slot.during.start, -WITHIN_MS);
      const window = { start: from > now ? from : now, end: plus(slot.during.start, WITHIN_MS) };
      return [slot.id, await tx.resources.freeNear(slot, window, NEAR)] as const;
    });
    return new Map(await Promise.all(all));
  });
  return wanted.map((slot) => found.get(slot.id) ?? []);
}
