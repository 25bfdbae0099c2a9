/** What a site says later about something that the hub asked of it. Part of contract.ts. */
import type { RefusalReason } from '../connectors/contract.ts';
import type { Instant } from '../core/instant.ts';

/** The site's word on a booking, in a message of its own. */
export interface BookingAnswer {
  readonly kind: 'booking-answer';
  /** Ordering time. */
  readonly at: Instant;
  /** The last 16 digits of the booking's id, which is all that a control id has room for. */
  readonly booking: string;
  readonly word:
    | { readonly kind: 'granted'; readonly key: string | null }
    | { readonly kind: 'denied'; readonly because: RefusalReason; readonly detail: string };
}
