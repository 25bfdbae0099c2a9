/**
 * Whether what waited can still be meant, for a coordinator or for its site to be back: the site may have told other
 * things of the visit since it was asked for. What can be done at its site no more is refused here, where the caller
 * learns why.
 */
import { parseInstant } from '../core/instant.ts';
import { OVER } from '../fhir/amendment.ts';
import { mayBecome } from '../fhir/status-flow.ts';
import type { Appointment } from '../fhir/types.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Tx } from '../store/contract.ts';
import { MOVABLE } from './movable.ts';

/** In the place of a site's reason. */
export const OUTDATED = 'outdated';

/** Null: it can; else why not, for the caller. As the visit is served: to read its row would lock it. */
export async function outdated(tx: Tx, { action, appointmentId, order }: Booking): Promise<string | null> {
  if (action === 'place') return null;
  const served = await tx.resources.read('Appointment', appointmentId);
  if (served === null || served.deleted) return 'The visit is not there any more.';
  const { status, start, end } = JSON.parse(served.json) as Appointment;
  const since = `The visit is ${status} since, while the request waited`;
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
      if (from === undefined || from === null || start === undefined || end === undefined) return null;
      if (from.start === parseInstant(start) && from.end === parseInstant(end)) return null;
      return 'The visit was moved at its site while the request waited. Ask again if it is wanted.';
    }
  }
}
