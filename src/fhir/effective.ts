/**
 * The effective status of a Slot: what the owning site says, lowered by everything known to occupy its resources at any
 * site. Never raised: a slot that its site calls taken is not offered because our calendar looks empty.
 */
import type { Instant, Interval } from '../core/instant.ts';
import type { SlotStatus } from './types.ts';

export interface Occupied {
  readonly during: Interval;
  readonly occupancy: string;
  /** The appointment or booking behind it; null for blocks. A visit with a room has two rows and takes one seat. */
  readonly visit: string | null;
  readonly origin: 'hub' | 'site' | 'block' | 'mirror';
  /** A hold, or a booking that its site has not confirmed. */
  readonly tentative: boolean;
  /** When its site had made it, of a visit that the hub has booked into a class; absent or null for all others. */
  readonly settledAt?: Instant | null;
}

export interface SlotFacts {
  readonly during: Interval;
  readonly siteStatus: SlotStatus;
  /** Seats in all; 1 for ordinary slots. */
  readonly capacity: number;
  /** Seats left as the site counts them; null for ordinary slots. */
  readonly seatsLeft: number | null;
  /** The occupancy that visits of this class share; null for ordinary slots. */
  readonly session: string | null;
  /** When the site was asked for `seatsLeft`, where that is known. */
  readonly countedAt?: Instant;
  /** The site is suspended or no longer configured: what it said last is not offered any more. */
  readonly withdrawn?: boolean;
}

export function overlaps(left: Interval, right: Interval): boolean {
  return left.start < right.end && right.start < left.end;
}

/** `occupied` may hold more than overlaps; it must hold every live row of every resource of the slot that does. */
export function effectiveStatus(slot: SlotFacts, occupied: readonly Occupied[]): SlotStatus {
  if (slot.siteStatus === 'entered-in-error') return slot.siteStatus;
  const here = occupied.filter((row) => overlaps(row.during, slot.during));
  const others = here.filter((row) => row.occupancy !== slot.session);
  if (others.some((row) => !row.tentative && row.origin !== 'block')) return 'busy';
  if (others.some((row) => row.origin === 'block')) return slot.siteStatus === 'busy' ? 'busy' : 'busy-unavailable';
  if (slot.siteStatus !== 'free') return slot.siteStatus;
  if (slot.withdrawn === true) return 'busy-unavailable';
  if (slot.session !== null) {
    const session = here.filter((row) => row.occupancy === slot.session);
    const held = visits(session.filter((row) => row.tentative));
    const uncounted = visits(session.filter((row) => row.tentative || isUncounted(row, slot)));
    if (seatsLeft(slot, { taken: visits(session), uncounted }) <= 0) return held > 0 ? 'busy-tentative' : 'busy';
  }
  return others.length > 0 ? 'busy-tentative' : 'free';
}

/**
 * The site has counted what it knew when it was asked last: no hold of ours is among that, and no visit that we have
 * booked since (`uncounted`). What its staff have booked since is in neither; so all visits that we know of the class
 * are counted too, and the lower of both counts holds.
 */
export function seatsLeft(
  slot: Pick<SlotFacts, 'capacity' | 'seatsLeft'>,
  known: { readonly taken: number; readonly uncounted: number },
): number {
  return Math.min((slot.seatsLeft ?? slot.capacity) - known.uncounted, slot.capacity - known.taken);
}

/** Booked when the question had left, so that the answer may not have it. */
function isUncounted({ settledAt }: Occupied, { countedAt }: SlotFacts): boolean {
  return settledAt !== null && settledAt !== undefined && countedAt !== undefined && settledAt >= countedAt;
}

function visits(rows: readonly Occupied[]): number {
  return new Set(rows.map((row) => row.visit)).size;
}
