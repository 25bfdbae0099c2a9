/** Between whoever makes a booking and whoever sends it: made and sent in one commit. Part of contract.ts. */
import type { AskedTime } from '../connectors/contract.ts';
import type { Booking, Delivery } from '../store/contract-bookings.ts';
import type { AsPlaced } from '../store/contract-placed.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** What a placement took and what lies around it, as it stood when it was committed: settling it need not ask anew. */
export interface Placed extends Pick<AsPlaced, 'taking' | 'around'> {
  /** Of the visit. */
  readonly slot: StoredSlot | null;
}

/** Room for one call to a site, reserved by whoever makes a booking, so that making and sending it are one commit. */
export interface SendTurn {
  /** Within the transaction that makes the booking: the id of its call. Null: an older one is due, and goes first. */
  next(tx: Tx): Promise<number | null>;
  /** The booking as `sent`, and its call: that transaction writes both, and from its commit on it may have left. */
  claim(
    deliveryId: number,
    booking: Booking,
    trace: string | null,
  ): { readonly booking: Booking; readonly delivery: Delivery };
  /** Behind a commit that claimed one: makes the call that was claimed last, and waits for nothing. */
  send(placed: Placed | null): void;
  /** Before anything is taken: what the site can be asked of that time is asked meanwhile. */
  begin(time: AskedTime): void;
  /** In place of `send`: there was no commit, or none was claimed in it. */
  giveBack(): void;
}
