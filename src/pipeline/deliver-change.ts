/** The call that a change of status, or an amendment, is. Part of deliver.ts. */
import type { Book, WriteOutcome } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import type { Booking } from '../store/contract-bookings.ts';

/** Null: the booking is another kind of call. */
export function callChange(book: Book, booking: Booking, signal: AbortSignal): Promise<WriteOutcome> | null {
  const { status, amend } = booking.order;
  const about = { key: booking.siteKey ?? '', correlation: booking.id };
  if (status !== undefined) return book.setStatus?.({ ...about, ...status }, signal) ?? cannot(booking);
  if (amend !== undefined) return book.amend?.({ ...about, ...amend }, signal) ?? cannot(booking);
  return null;
}

function cannot({ site }: Booking): Promise<WriteOutcome> {
  return Promise.resolve({ kind: 'unsent', error: new HubError('SITE_CANNOT', { site }) });
}
