/**
 * What a client may hold by `$hold`: so many times at once, that no client keeps a clinic from the others, and each for
 * so long in all, however often it is made longer. A hold that is made longer stays the same booking in the same state.
 */
import { HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { HoldLongerRequest, PlaceRequest } from './contract.ts';
import { endOvertaken, heldFor } from './hold-only.ts';
import { showPending } from './pending.ts';
import { holdPrepared, type BookingDeps, type CallerHold, type Held } from './place.ts';
import { prepare } from './prepare.ts';
import { repeatOf } from './request-key.ts';
import { notAfter } from './queue.ts';

/** A time for a caller alone. @throws HubError HOLD_LIMIT */
export async function holdForCaller(
  deps: BookingDeps,
  tx: Tx,
  request: PlaceRequest,
  byCaller: CallerHold,
): Promise<Held> {
  const prepared = await prepare(deps, tx, request);
  // Counted under a lock of the client: of those that ask at once none slips through.
  await tx.lock([...prepared.locks, `holds:${request.client}`]);
  const repeated = await repeatOf(tx, request);
  if (repeated !== null) return { kind: 'repeated', booking: repeated };
  await checkLimit(deps, tx, request.client);
  return holdPrepared(deps, tx, prepared, byCaller);
}

async function checkLimit(deps: BookingDeps, tx: Tx, client: string): Promise<void> {
  const { callerHoldsPerClient: most } = deps.plan().hub.booking;
  const now = deps.clock.now();
  const { count, firstUntil } = await tx.bookings.heldByClient(client, now);
  if (count < most) return;
  const wait_ms = firstUntil === null ? 1_000 : Math.max(1_000, firstUntil - now);
  const first = `the first runs out in ${Math.ceil(wait_ms / 1000)} s`;
  const detail = `${count} are held, and ${most} may be (booking.callerHoldsPerClient); ${first}`;
  throw new HubError('HOLD_LIMIT', { detail, retryAfter_ms: wait_ms });
}

export type HeldLonger =
  | { readonly kind: 'held' | 'repeated' | 'overtaken'; readonly booking: Booking }
  /** Another client holds it. */
  | { readonly kind: 'taken'; readonly slot: StoredSlot }
  | { readonly kind: 'expired' };

/** Never shorter than it is. Null: it is no visit that a caller holds, nor was it. */
export function holdLonger(deps: BookingDeps, request: HoldLongerRequest, scope: Scope): Promise<HeldLonger | null> {
  return deps.store.transaction(scope, async (tx): Promise<HeldLonger | null> => {
    const now = deps.clock.now();
    const found = await heldFor(tx, request, now);
    if (found === null || found.kind === 'taken' || found.kind === 'expired') return found;
    if (found.kind === 'repeated') return { kind: 'repeated', booking: found.booking };
    const { booking } = found;
    await tx.bookings.alsoAsked(booking.id, request, now);
    const overtaken = await endOvertaken(tx, request, booking, now);
    if (overtaken !== null) return { kind: 'overtaken', booking: overtaken };
    const until = untilOf(deps, booking, request.seconds, now);
    if (until <= booking.waitsUntil) return { kind: 'held', booking };
    const longer: Booking = { ...booking, waitsUntil: until };
    if (!(await tx.bookings.move(booking.id, ['held'], 'held', now, { waitsUntil: until }))) return { kind: 'expired' };
    await tx.busy.keep(booking.id, until);
    await showPending(tx, longer, now);
    const { id: bookingId, site, appointmentId } = booking;
    const cause = `request:${request.requestId}`;
    await tx.ledger.add([{ at: now, kind: 'held-longer', site, bookingId, appointmentId, cause, data: { until } }]);
    return { kind: 'held', booking: longer };
  });
}

function untilOf(deps: BookingDeps, booking: Booking, seconds: number | null, now: Instant): Instant {
  const { callerHold_s, callerHoldTotal_s } = deps.plan().hub.booking;
  const asked = plus(now, Math.min(seconds ?? callerHold_s, callerHold_s) * 1000);
  const most = plus(booking.createdAt, callerHoldTotal_s * 1000);
  return notAfter(asked < most ? asked : most, booking.during, now);
}
