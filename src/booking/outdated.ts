/**
 * Whether what a coordinator approves can still be meant: its site may have told other things of the visit since it was
 * asked for. What can be done at its site no more is refused here, where the caller learns why.
 */
import { OVER } from '../fhir/amendment.ts';
import { mayBecome } from '../fhir/status-flow.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import { MOVABLE } from './movable.ts';

/** Under the visit's lock. Null: it can; else why not, for the caller. */
export async function outdated(tx: Tx, { action, appointmentId, order }: Booking): Promise<string | null> {
  if (action === 'place') return null;
  const visit = await tx.resources.appointment(appointmentId);
  if (visit === null) return 'The visit is not there any more.';
  const { status } = visit.resource;
  const since = `The visit is ${status} since, while the request waited for approval`;
  switch (action) {
    case 'cancel':
      return mayBecome(status, 'cancelled') ? null : `${since}: it cannot be cancelled.`;
    case 'status':
      // What a site has to do depends on where it starts from.
      return order.status === undefined || order.status.from === status ? null : `${since}. Ask again if it is wanted.`;
    case 'amend':
      return OVER.has(status) ? `${since}: it cannot be amended.` : null;
    case 'move': {
      if (!MOVABLE.has(status)) return `${since}: it cannot be moved.`;
      const from = order.move?.from;
      if (from === undefined || from === null || visit.during === null) return null;
      if (from.start === visit.during.start && from.end === visit.during.end) return null;
      return 'The visit was moved at its site while the request waited for approval. Ask again if it is wanted.';
    }
  }
}
