/**
 * Bookings at a site that is down (`whenDown` of its file). `refuse`: nothing new is taken, and the caller is told when
 * to come back. `queue`: the booking is held and waits as `queued`; when the site is back deliver.ts sends what waits,
 * in the order in which it was asked for, and refuses what others have taken meanwhile. Sites are independent: a
 * caller of another one notices nothing.
 */
import { HubError } from '../core/errors.ts';
import { plus, type Instant, type Interval } from '../core/instant.ts';
import type { BookingSettings, SiteSettings } from '../settings/shape.ts';
import type { Booking } from '../store/contract-bookings.ts';
import { systemScope, type Tx } from '../store/contract.ts';
import type { BookingDeps } from './place.ts';
import type { SettleDeps } from './settle.ts';
import { showPending } from './pending.ts';
import { letGo } from './show.ts';

const SCOPE = systemScope('queue');

/** Null: the site may be asked. Else it is down, and is tried again in so long. */
export type Away = { readonly retryIn_ms: number } | null;

/** How a booking begins. */
export interface Beginning {
  readonly state: 'held' | 'queued' | 'awaiting-approval';
  /** Until when it waits for a person; null: for nobody. */
  readonly waitsUntil: Instant | null;
  /** When what it holds is free again by itself; null: not before its site has answered. */
  readonly holdUntil: Instant | null;
}

/**
 * With which state a new booking begins, and how long it may stay there. Called before anything is held. One that waits
 * for a coordinator does not ask whether the site is down now: it is asked again when it is approved.
 * @throws SITE_DOWN where the site is down and its file says `refuse`
 */
export function beginning(deps: BookingDeps, site: SiteSettings, during: Interval | null, now: Instant): Beginning {
  const { approvalExpiry_s } = deps.plan().hub.booking;
  if (site.write !== 'approval') return approved(deps, site, now);
  const until = notAfter(plus(now, approvalExpiry_s * 1000), during, now);
  return { state: 'awaiting-approval', waitsUntil: until, holdUntil: until };
}

/** Its turn would have to wait for a person, and all that is held with it. */
export function notInSet({ id }: SiteSettings): HubError {
  const detail = 'a coordinator decides at this site: ask for its visit by itself, then for the others';
  return new HubError('SITE_NOT_WRITABLE', { detail, site: id });
}

/** Of one that a caller only holds. @throws SITE_DOWN as `beginning` does: what cannot be booked is not held */
export function heldByCaller(
  deps: BookingDeps,
  site: SiteSettings,
  { during, seconds, now }: { readonly during: Interval; readonly seconds: number | null; readonly now: Instant },
): Beginning {
  if (site.write !== 'approval') firstState(deps, site);
  const { callerHold_s } = deps.plan().hub.booking;
  const until = notAfter(plus(now, Math.min(seconds ?? callerHold_s, callerHold_s) * 1000), during, now);
  return { state: 'held', waitsUntil: until, holdUntil: until };
}

/** Of one that needs no coordinator, or has been approved. @throws SITE_DOWN */
export function approved(deps: BookingDeps, site: SiteSettings, now: Instant): Beginning {
  const state = firstState(deps, site);
  const holdUntil = state === 'held' ? plus(now, deps.plan().hub.booking.holdExpiry_s * 1000) : null;
  return { state, waitsUntil: null, holdUntil };
}

/** A visit that has begun needs no decision any more; what is asked after it began (a cancel) still does. */
export function notAfter(until: Instant, during: Interval | null, now: Instant): Instant {
  return during !== null && during.start > now && during.start < until ? during.start : until;
}

function firstState(deps: BookingDeps, site: SiteSettings): 'held' | 'queued' {
  const away = deps.away?.(site.id) ?? null;
  if (away === null) return 'held';
  if (site.whenDown === 'queue') return 'queued';
  const detail = `it is tried again in ${Math.max(1, Math.ceil(away.retryIn_ms / 1000))} s`;
  throw new HubError('SITE_DOWN', { detail, site: site.id, retryAfter_ms: away.retryIn_ms });
}

/** How long after it was asked for a booking may still be tried. */
export function patience_ms(site: SiteSettings, settings: BookingSettings): number {
  const { resolveFor_s, queueFor_s } = settings;
  return 1000 * (site.whenDown === 'queue' ? Math.max(resolveFor_s, queueFor_s) : resolveFor_s);
}

/**
 * One look at what waits for a site that is down. What was held just before it went down is queued, so that its hold
 * does not run out; what has waited too long, or whose time has come, is refused and gives its time back; all that is
 * left is sent in the order in which it was asked for.
 */
export async function keepWaiting(deps: SettleDeps, site: SiteSettings): Promise<void> {
  const open = await deps.store.read(SCOPE, (tx) => tx.bookings.openOf(site.id));
  for (const booking of open) {
    const now = deps.clock.now();
    const why = tooLate(booking, site, deps.plan().hub.booking, now);
    if (why !== null) await giveUp(deps, site, booking, why, now);
    else if (site.whenDown === 'queue' && isToBeSent(booking)) await putInQueue(deps, booking, now);
  }
  if (!open.some(({ state }) => state === 'unsent')) return;
  // What was tried before has a pause of its own. Nothing leaves while the site is down; then the oldest goes first.
  await deps.store.transaction(SCOPE, (tx) => tx.outbox.inOrder(site.id, 'SITE_RATE_LIMITED'));
}

/** A time that a caller only holds waits for the caller, not for the site. */
function isToBeSent({ state, waitsUntil }: Booking): boolean {
  return state === 'held' && waitsUntil === null;
}

const UNSENT: readonly Booking['state'][] = ['held', 'queued', 'unsent'];

/** Asked for after its time has come it could not be kept; the end or the comment of a visit still can. */
const TIMED: ReadonlySet<Booking['action']> = new Set(['place', 'move']);

function tooLate(booking: Booking, site: SiteSettings, settings: BookingSettings, now: Instant): string | null {
  if (!UNSENT.includes(booking.state) || booking.waitsUntil !== null) return null;
  if (TIMED.has(booking.action) && booking.during !== null && booking.during.start <= now) {
    return 'The site was down until the visit should have begun. Book another time, or call the clinic.';
  }
  // A hold has an expiry of its own.
  if (booking.state === 'held' || now - booking.createdAt <= patience_ms(site, settings)) return null;
  return 'The site was down for longer than bookings wait for it. Ask again later, or call the clinic.';
}

async function giveUp(
  deps: SettleDeps,
  site: SiteSettings,
  booking: Booking,
  detail: string,
  now: Instant,
): Promise<void> {
  const moved = await deps.store.transaction(SCOPE, async (tx) => {
    await tx.lock([booking.appointmentId, ...booking.resources]);
    const patch = { refusedBecause: 'site-down', detail, deadlineAt: null };
    if (!(await tx.bookings.move(booking.id, UNSENT, 'refused', now, patch))) return false;
    await ledger(tx, booking, 'refused', now);
    const error = new HubError('SITE_DOWN', { site: site.id });
    const nothing = { showsWithin_ms: 0, deliveryId: null, sentAt: now, outcome: { kind: 'unsent', error } } as const;
    await letGo(tx, { booking, site, ...nothing }, now);
    return true;
  });
  if (moved) deps.changed(booking, 'refused');
}

async function putInQueue(deps: SettleDeps, booking: Booking, now: Instant): Promise<void> {
  const moved = await deps.store.transaction(SCOPE, async (tx) => {
    await tx.lock([booking.appointmentId]);
    if (!(await tx.bookings.move(booking.id, ['held'], 'queued', now, {}))) return false;
    await tx.busy.keep(booking.id);
    await ledger(tx, booking, 'queued', now);
    await showPending(tx, { ...booking, state: 'queued' }, now);
    return true;
  });
  if (moved) deps.changed(booking, 'queued');
}

async function ledger(tx: Tx, booking: Booking, kind: string, at: Instant): Promise<void> {
  const { id: bookingId, site, appointmentId, action } = booking;
  await tx.ledger.add([{ at, kind, site, bookingId, appointmentId, data: { action } }]);
}
