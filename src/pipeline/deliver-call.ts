/** The call that a booking, or a change of a visit, is. Part of deliver.ts. */
import type { Begun, Book, WriteOutcome } from '../connectors/contract.ts';
import { asHubError, HubError } from '../core/errors.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Booking } from '../store/contract-bookings.ts';

/** `begun`: what the site was asked before there was a booking. */
export async function callSite(
  site: SiteSettings,
  book: Book | undefined,
  booking: Booking,
  limit: AbortSignal,
  begun: Begun | null,
): Promise<WriteOutcome> {
  if (book === undefined) return cannot(site.id);
  try {
    return await callFor(book, booking, limit, begun);
  } catch (error) {
    // A connector that throws instead of answering has not said that nothing was sent: so it may have been.
    const failure = asHubError(error);
    return {
      kind: 'unknown',
      error: new HubError('SITE_ANSWER_LOST', { detail: failure.code, site: site.id, cause: error }),
    };
  }
}

async function callFor(book: Book, booking: Booking, limit: AbortSignal, begun: Begun | null): Promise<WriteOutcome> {
  const { status, amend, place, cancel } = booking.order;
  const about = { key: booking.siteKey ?? '', correlation: booking.id };
  if (booking.action === 'cancel') {
    const { reason, by = 'staff', placedAs } = cancel ?? {};
    const why = { ...(reason === undefined ? {} : { reason }), ...(placedAs === undefined ? {} : { placedAs }) };
    return book.cancel({ ...about, by, ...why }, limit);
  }
  if (status !== undefined) return book.setStatus?.({ ...about, ...status }, limit) ?? cannot(booking.site);
  if (amend !== undefined) return book.amend?.({ ...about, ...amend }, limit) ?? cannot(booking.site);
  if (place === undefined) throw new HubError('INTERNAL', { detail: 'a booking without its order' });
  if (booking.action === 'place') return (begun ?? book).place(place, limit);
  return book.reschedule?.({ ...place, key: about.key }, limit) ?? cannot(booking.site);
}

function cannot(site: string): WriteOutcome {
  return { kind: 'unsent', error: new HubError('SITE_CANNOT', { site }) };
}
