/** What a placement took, as it stood when it took it, so that to settle it asks nothing anew. Part of BookingStore. */
import type { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { BookingState, Claim } from './contract-bookings.ts';
import type { SlotsAround } from './contract-resources.ts';

export interface AsPlaced {
  readonly bookingId: string;
  readonly appointmentId: string;
  /** All that the booking takes, tentatively. */
  readonly taking: readonly Claim[];
  /** The slots that it touches, with what is taken of each of them: its own time as well. */
  readonly around: SlotsAround;
}

export interface PlacedStore {
  /**
   * Behind the locks, and not waited for: what is written behind it is committed only if the booking is in one of these
   * states; it takes what it took and meets nothing else; its visit is not there yet, and the site's name for it is
   * nobody's; its slots and what is taken of them are as they were; no task is open about it; and of `news`, written
   * before this, nothing had been heard before. Else the transaction is undone, and `otherwise` is thrown.
   */
  demandAsPlaced(
    placed: AsPlaced,
    named: { readonly site: string; readonly siteKey: string | null; readonly news: string | null },
    from: readonly BookingState[],
    otherwise: () => HubError,
    now: Instant,
  ): Promise<void>;
}
