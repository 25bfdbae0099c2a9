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

export function sameRequest(first: Booking, request: { readonly digest: string }): Booking {
  if (first.requestDigest !== request.digest) throw new HubError('REQUEST_KEY_REUSED');
  return first;
}
