/**
 * What callers are told without a lock: how a slot stands, and what else is free. Sixty-four who want one slot are one
 * reading, or those who came too late would take the database from whoever is booking.
 */
import { askedTogether } from '../core/asked-together.ts';
import { DAY_MS, plus, type Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import { systemScope, type Scope, type Tx } from '../store/contract.ts';
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
  /** Taken, or tried, by this process lately: the next who wants one of these looks first. The oldest are forgotten. */
  readonly tried: Set<string>;
}

const SCOPE = systemScope('look');
const ALTERNATIVES = 5;
const WITHIN_MS = 7 * DAY_MS;
/** Before and after the slot alike. Each row read costs all who ask at that moment, so they are few at first. */
const NEAR = 8;
/** Where some of those lie outside what a caller may see. */
const NEAR_MOST = 40;

/** Free slots before and after one slot, read at one moment. */
interface Near {
  readonly free: readonly StoredSlot[];
  /** There may be more, and where some of these are not shown, they are looked for. */
  readonly isCut: boolean;
  /** What of them was shown under which scope: those who are refused together are shown the same. */
  readonly shown: Map<Scope, readonly StoredSlot[]>;
}

export function looksOf(deps: BookingDeps): Looks {
  /** Read together with the slot itself, where that was taken. */
  const beside = new WeakMap<StoredSlot, Near>();
  const near = askedTogether((slots: readonly StoredSlot[]) => nearSlots(deps, slots));
  return {
    look: askedTogether((wanted: readonly LookedFor[]) => lookAt(deps, wanted, beside)),
    async alternatives(slot, scope) {
      const few = beside.get(slot);
      const found = few === undefined ? null : shownOf(few, slot, scope);
      return found ?? shownOf(await near(slot), slot, scope) ?? [];
    },
    underWay: new Map(),
    tried: new Set(),
  };
}

/** The nearest in time first, the same array for all who ask under one scope; null: more have to be read. */
function shownOf({ free, isCut, shown }: Near, slot: StoredSlot, scope: Scope): readonly StoredSlot[] | null {
  const known = shown.get(scope);
  if (known !== undefined) return known;
  const distance = (other: StoredSlot): number => Math.abs(other.during.start - slot.during.start);
  const visible = free.filter((other) => isInReach(scope, other) && isCleared(scope, other));
  if (isCut && visible.length < free.length) return null;
  const found = visible
    .filter(({ id }) => id !== slot.id)
    .sort((left, right) => distance(left) - distance(right))
    .slice(0, ALTERNATIVES);
  shown.set(scope, found);
  return found;
}

function lookAt(
  deps: BookingDeps,
  wanted: readonly LookedFor[],
  beside: WeakMap<StoredSlot, Near>,
): Promise<readonly Look[]> {
  return deps.store.glance(SCOPE, async (tx) => {
    const [slots, firsts] = await Promise.all([
      tx.resources.slotsNamed([...new Set(wanted.map(({ slotId }) => slotId))]),
      tx.bookings.byRequestKeys(wanted),
    ]);
    const byId = new Map(slots.map((slot) => [slot.id, slot]));
    const stale = new Map<string, Stale | null>();
    const now = deps.clock.now();
    await Promise.all(
      slots.map(async (slot) => {
        if (slot.status === 'free') stale.set(slot.id, await staleWindow(deps, tx, slot));
        else if (slot.during.start > now) beside.set(slot, await nearOf(tx, slot, NEAR, now));
      }),
    );
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

async function nearSlots(deps: BookingDeps, wanted: readonly StoredSlot[]): Promise<readonly Near[]> {
  const distinct = new Map(wanted.map((slot) => [slot.id, slot]));
  const now = deps.clock.now();
  const found = await deps.store.glance(SCOPE, async (tx) => {
    const all = [...distinct.values()].map(async (slot) => [slot.id, await nearOf(tx, slot, NEAR_MOST, now)] as const);
    return new Map(await Promise.all(all));
  });
  return wanted.map((slot) => found.get(slot.id) ?? { free: [], isCut: false, shown: new Map() });
}

async function nearOf(tx: Tx, slot: StoredSlot, limit: number, now: Instant): Promise<Near> {
  const from = plus(slot.during.start, -WITHIN_MS);
  const window = { start: from > now ? from : now, end: plus(slot.during.start, WITHIN_MS) };
  const free = await tx.resources.freeNear(slot, window, limit);
  return { free, isCut: limit < NEAR_MOST && free.length >= limit, shown: new Map() };
}
