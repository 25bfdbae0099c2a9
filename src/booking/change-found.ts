/** What a look at the site says of a change of status, comment, reason or attendance whose answer was lost. Pure. */
import type { Found, SiteBooking } from '../connectors/contract.ts';
import type { AmendOrder, StatusOrder } from '../connectors/contract-book.ts';
import type { Booking } from '../store/contract-bookings.ts';

export type Meaning =
  | { readonly kind: 'done'; readonly at: SiteBooking }
  | { readonly kind: 'not-done' }
  | { readonly kind: 'refused'; readonly detail: string }
  /** The record cannot tell. */
  | { readonly kind: 'undecided'; readonly because: string };

/** What the call asked, for `find` to hold against the record. Undefined: the booking is no such change. */
export function wantedOf({ id, siteKey, order }: Booking): StatusOrder | AmendOrder | undefined {
  const change = order.status ?? order.amend;
  return change === undefined ? undefined : { ...change, key: siteKey ?? '', correlation: id };
}

/** What staff have done with the visit since is not done over. */
export function changeFound(found: Exclude<Found, { readonly kind: 'undecided' }>): Meaning {
  if (found.kind === 'absent') {
    return {
      kind: 'refused',
      detail: 'The site has no record of the visit any more. Call the clinic, or place a new booking.',
    };
  }
  if (found.stands === undefined) {
    return { kind: 'undecided', because: 'the record of the site does not tell what was changed' };
  }
  if (found.stands === 'as-asked') return { kind: 'done', at: found.at };
  if (found.stands === 'as-before') return { kind: 'not-done' };
  const detail = 'The visit stands otherwise at the site by now. Read it again before you change it.';
  return { kind: 'refused', detail };
}
