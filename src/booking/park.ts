/** Bookings that nobody can ask about any more, or that could not be found out in time: a person decides. */
import { newId } from '../core/ids.ts';
import { HOUR_MS, plus, type Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import { isChange } from './heard-answer.ts';
import type { SettleDeps } from './settle.ts';
import { comingFrom } from './states.ts';

const SCOPE = systemScope('booking');

/** A site left the configuration: nobody can ask it any more, so a person finds out how its open bookings stand. */
export async function parkOpenBookings(deps: SettleDeps, siteId: string): Promise<void> {
  const why = 'the site was removed from the configuration';
  const open = await deps.store.read(SCOPE, (tx) => tx.bookings.openOf(siteId));
  for (const booking of open) {
    if (booking.state !== 'held') await parkBooking(deps, booking, why);
    // Never sent: a placement's hold runs out by itself, and a cancel has nothing that could.
    else if (booking.action === 'cancel' || isChange(booking)) await giveUp(deps, booking, why);
  }
}

async function giveUp(deps: SettleDeps, booking: Booking, why: string): Promise<void> {
  const now = deps.clock.now();
  const moved = await deps.store.transaction(SCOPE, async (tx) => {
    const patch = { refusedBecause: 'rule', detail: why };
    if (!(await tx.bookings.move(booking.id, ['held'], 'refused', now, patch))) return false;
    await tx.ledger.add([
      { at: now, kind: 'refused', site: booking.site, bookingId: booking.id, appointmentId: booking.appointmentId },
    ]);
    return true;
  });
  if (moved) deps.changed(booking, 'refused');
}

/** Could not be found out in time: the hold stays, and a person decides. */
export async function parkBooking(deps: SettleDeps, booking: Booking, why: string): Promise<void> {
  const now = deps.clock.now();
  const parked = await deps.store.transaction(SCOPE, (tx) => park(tx, booking, why, now));
  if (parked) deps.changed(booking, 'parked');
}

export async function park(tx: Tx, booking: Booking, why: string, now: Instant): Promise<boolean> {
  const patch = { nextCheckAt: null, deadlineAt: null, detail: why };
  if (!(await tx.bookings.move(booking.id, comingFrom('parked'), 'parked', now, patch))) return false;
  await tx.ledger.add([
    { at: now, kind: 'parked', site: booking.site, bookingId: booking.id, appointmentId: booking.appointmentId },
  ]);
  await tx.workItems.open({
    id: newId(now),
    kind: 'unresolved-booking',
    subject: `booking:${booking.id}`,
    site: booking.site,
    role: 'scheduling',
    dueAt: plus(now, HOUR_MS),
    openedAt: now,
    evidence: { action: booking.action, appointment: booking.appointmentId, why },
  });
  return true;
}
