/** The same request sent twice is one booking: found by the caller and the key that the caller gave it. */
import { HubError } from '../core/errors.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';

/** @throws REQUEST_KEY_REUSED when the key came with another body */
export async function repeatOf(
  tx: Tx,
  request: { readonly client: string; readonly requestKey: string; readonly digest: string },
): Promise<Booking | null> {
  const booking = await tx.bookings.byRequestKey(request.client, request.requestKey);
  return booking === null ? null : sameRequest(booking, request);
}

/**
 * The same for what is asked of a visit that is known. What became of an earlier request decides how its repeat is read
 * (a visit that was moved is where its caller wants it): null where the key came with another kind of request about the
 * same visit, whose own way knows its repeats. Who uses it for something new is refused when that is written.
 * @throws REQUEST_KEY_REUSED when the key came with another body
 */
export async function repeatOfKind(
  tx: Tx,
  request: Parameters<typeof repeatOf>[1] & { readonly appointmentId: string },
  action: Booking['action'],
): Promise<Booking | null> {
  const booking = await tx.bookings.byRequestKey(request.client, request.requestKey);
  if (booking === null) return null;
  const isOther = booking.action !== action && booking.appointmentId === request.appointmentId;
  return isOther ? null : sameRequest(booking, request);
}

export function sameRequest(first: Booking, request: { readonly digest: string }): Booking {
  if (first.requestDigest !== request.digest) throw new HubError('REQUEST_KEY_REUSED');
  return first;
}
