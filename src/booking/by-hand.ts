/**
 * A person settles a booking that the hub could not find out about. Only a parked one: everything else is still being
 * found out, or is settled for good. It takes the very path of a site's answer, so that whatever the site says
 * afterwards finds it settled.
 */
import type { SiteBooking, WriteOutcome } from '../connectors/contract.ts';
import { HubError } from '../core/errors.ts';
import { instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Scope, Tx } from '../store/contract.ts';
import { recordWithin, type SettleDeps } from './settle.ts';

export interface ByHand {
  readonly bookingId: string;
  /** booked: the site did what was asked. */
  readonly as: 'booked' | 'refused';
  /** Why, in the words of whoever asked the clinic; goes into the ledger. No patient data. */
  readonly reason: string;
  /** The site's own id of the visit, where the clinic has told it. */
  readonly key?: string;
  readonly requestId: string;
}

/** @throws HubError NOT_FOUND, RULE_BROKEN where it is not parked, SITE_UNKNOWN */
export async function settleByHand(deps: SettleDeps, scope: Scope, request: ByHand): Promise<Booking> {
  const settled = await deps.store.transaction(scope, (tx) => settle(deps, tx, request));
  deps.changed(settled, settled.state);
  return settled;
}

async function settle(deps: SettleDeps, tx: Tx, request: ByHand): Promise<Booking> {
  const { bookingId, as, reason, requestId } = request;
  const booking = await tx.bookings.get(bookingId);
  const { sites } = tx.scope;
  if (booking === null || (sites !== '*' && !sites.includes(booking.site))) {
    throw new HubError('NOT_FOUND', { detail: `there is no booking ${bookingId}` });
  }
  const site = deps.plan().sites.find((candidate) => candidate.id === booking.site);
  if (site === undefined) throw new HubError('SITE_UNKNOWN', { detail: `no file names the site ${booking.site}` });
  const now = deps.clock.now();
  const notParked = (state: Booking['state']): HubError =>
    new HubError('RULE_BROKEN', {
      detail: `only a parked booking is settled by hand; this one is ${state}, and the hub sees to it`,
    });
  if (booking.state !== 'parked') throw notParked(booking.state);
  // Locks, and expects a state that leads to the outcome: of the open ones only `parked` is left here.
  await recordWithin(deps, tx, { booking, site, outcome: outcomeOf(booking, request), sentAt: now });
  const after = await tx.bookings.get(bookingId);
  if (after?.state !== as) throw notParked(after?.state ?? booking.state);
  const { appointmentId } = after;
  const about = { site: site.id, bookingId, appointmentId, cause: `request:${requestId}` };
  await tx.ledger.add([{ at: now, kind: 'settled-by-hand', ...about, data: { as, reason } }]);
  const entry = { at: now, action: 'operate', resourceType: 'Appointment', outcome: 'success' } as const;
  await tx.audit({ ...entry, resourceId: appointmentId, site: site.id, requestId });
  return after;
}

function outcomeOf(booking: Booking, { as, reason, key }: ByHand): WriteOutcome {
  if (as === 'refused') return { kind: 'refused', because: 'rule', detail: reason };
  const during = booking.during ?? { start: instant(0), end: instant(0) };
  const at: SiteBooking = {
    key: key ?? booking.siteKey ?? '',
    status: booking.action === 'cancel' ? 'cancelled' : 'booked',
    ...during,
    calendar: booking.order.place?.calendar ?? '',
    // Whatever the site says itself is newer.
    orderedAt: instant(0),
  };
  return { kind: 'booked', at };
}
