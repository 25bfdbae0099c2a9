/** What a site answered to a call of a booking: whose it is, and how late what it says is. */
import type { SiteBooking, WriteOutcome } from '../connectors/contract.ts';
import { instant, type Instant } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import type { Placed } from './contract-send.ts';

export interface OutcomeContext {
  readonly booking: Booking;
  readonly site: SiteSettings;
  readonly outcome: WriteOutcome;
  /** When the call left: the ordering time of what it brought back. */
  readonly sentAt: Instant;
  /** How long the site may take to show a write. */
  readonly showsWithin_ms: number;
  readonly deliveryId: number | null;
  /** Of a placement that this process made and sent; absent: it is to be read. */
  readonly placed?: Placed;
  /** In the place of the site's reason: the hub itself refused, by what the site had told of the visit. */
  readonly neverAsked?: 'outdated';
}

/** Leaves the time alone; ordered by its reading back, for what was read before that may not have seen the change. */
export function isChange({ action }: Booking): boolean {
  return action === 'status' || action === 'amend';
}

/** What the connector read behind its write goes the way of all news. True: it was known before. */
export async function storeReading(tx: Tx, booking: Booking, at: SiteBooking, now: Instant): Promise<boolean> {
  const [news] = await tx.inbox.insert(booking.site, 'write', at.state === undefined ? [] : [at.state], now, null);
  return news?.kind === 'unchanged';
}

/** The ordering time of the hub's own word of the visit. */
export function heardAt({ booking, sentAt }: OutcomeContext, at: SiteBooking, isKnown: boolean): Instant {
  // The same was read before and may still wait to be applied; then our own word must not make it look old.
  if (isKnown) return booking.action === 'cancel' ? instant(0) : booking.createdAt;
  return at.orderedAt ?? (isChange(booking) ? (at.state?.readAt ?? sentAt) : sentAt);
}
