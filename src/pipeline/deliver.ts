/**
 * Stage deliver: what is owed to a site. A row is `sent`, with a deadline, in a commit of its own before the first byte leaves; so
 * after a crash it is known that it may have arrived, and it is looked up instead of repeated.
 */
import type { Block, Book, BlockOutcome, WriteOutcome } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { HOUR_MS, plus, type Instant } from '../core/instant.ts';
import { newId } from '../core/ids.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { Booking, Delivery, Mirror } from '../store/contract-bookings.ts';
import { systemScope, type Store } from '../store/contract.ts';
import type { StageEvents } from './events.ts';

export interface DeliverDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: StageEvents;
  readonly plan: () => Plan;
  /** Records what the site answered to a booking call (booking/settle.ts). */
  readonly settle: (answer: {
    readonly booking: Booking;
    readonly site: SiteSettings;
    readonly outcome: WriteOutcome;
    readonly sentAt: Instant;
    readonly showsWithin_ms: number;
    readonly deliveryId: number;
  }) => Promise<void>;
}

const SCOPE = systemScope('deliver');
const AT_ONCE = 16;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 600_000;
/** Between the end of a call's time-out and its deadline: the outcome of a slow call must still find the row as `sent`. */
const DEADLINE_SLACK_MS = 5_000;

interface Claimed {
  readonly delivery: Delivery;
  readonly booking: Booking | null;
}

/** Sends what is due to one site. True when more may be due. */
export async function deliverToSite(
  deps: DeliverDeps,
  site: SiteSettings,
  abilities: { readonly book: Book | undefined; readonly block: Block | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  const claimed = await claim(deps, site.id);
  await Promise.all(
    claimed.map(({ delivery, booking }) =>
      booking === null
        ? sendBlock(deps, site, abilities.block, delivery, signal)
        : sendBooking(deps, site, abilities.book, delivery, booking, signal),
    ),
  );
  return claimed.length === AT_ONCE;
}

/** One commit for all: rows `sent`, their bookings `sent`, their holds kept for as long as it takes. */
function claim(deps: DeliverDeps, siteId: string): Promise<Claimed[]> {
  return deps.store.transaction(SCOPE, async (tx) => {
    const now = deps.clock.now();
    const deadline = plus(now, deps.plan().hub.booking.siteTimeout_ms + DEADLINE_SLACK_MS);
    const claimed: Claimed[] = [];
    for (const delivery of await tx.outbox.claim('site', siteId, now, deadline, AT_ONCE)) {
      if (delivery.bookingId === null) {
        claimed.push({ delivery, booking: null });
        continue;
      }
      const moved = await tx.bookings.move(delivery.bookingId, ['held', 'queued', 'unsent', 'awaiting-approval'], 'sent', now, { deadlineAt: deadline }); // prettier-ignore
      const booking = moved ? await tx.bookings.get(delivery.bookingId) : null;
      if (booking === null) {
        // Settled by news from the site, or its hold expired: there is nothing left to send.
        await tx.outbox.finish(delivery.id, 'done', null);
        continue;
      }
      await tx.busy.keep(booking.id);
      claimed.push({ delivery, booking });
    }
    return claimed;
  });
}

async function sendBooking(
  deps: DeliverDeps,
  site: SiteSettings,
  book: Book | undefined,
  delivery: Delivery,
  booking: Booking,
  signal: AbortSignal,
): Promise<void> {
  const sentAt = deps.clock.now();
  const began = deps.clock.monotonic();
  const outcome = await call(deps, site, book, booking, signal);
  // Stopping in the middle of a call: the row stays `sent` and its deadline makes it `unknown`.
  deps.events.delivered(site.id, delivery.kind, outcome.kind, deps.clock.monotonic() - began);
  await deps.settle({
    booking,
    site,
    outcome,
    sentAt,
    showsWithin_ms: book?.showsWithin_ms ?? 0,
    deliveryId: delivery.id,
  });
}

async function call(
  deps: DeliverDeps,
  site: SiteSettings,
  book: Book | undefined,
  booking: Booking,
  signal: AbortSignal,
): Promise<WriteOutcome> {
  if (book === undefined) return { kind: 'unsent', error: new HubError('SITE_CANNOT', { site: site.id }) };
  const timeout_ms = deps.plan().hub.booking.siteTimeout_ms;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]);
    if (booking.action === 'cancel') {
      const { reason, by = 'staff' } = booking.order.cancel ?? {};
      const key = booking.siteKey ?? '';
      return await book.cancel(
        { key, correlation: booking.id, by, ...(reason === undefined ? {} : { reason }) },
        limit,
      );
    }
    if (booking.order.place === undefined) throw new HubError('INTERNAL', { detail: 'a placement without its order' });
    return await book.place(booking.order.place, limit);
  } catch (error) {
    // A connector that throws instead of answering has not said that nothing was sent: so it may have been.
    const failure = asHubError(error);
    return {
      kind: 'unknown',
      error: new HubError('SITE_ANSWER_LOST', { detail: failure.code, site: site.id, cause: error }),
    };
  }
}

async function sendBlock(
  deps: DeliverDeps,
  site: SiteSettings,
  block: Block | undefined,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const mirror = await findMirror(deps, site, delivery);
  const began = deps.clock.monotonic();
  const outcome = await blockCall(deps, block, delivery, mirror, signal);
  if (outcome !== null) deps.events.delivered(site.id, delivery.kind, outcome.kind, deps.clock.monotonic() - began);
  const now = deps.clock.now();
  await deps.store.transaction(SCOPE, async (tx) => {
    if (outcome === null || mirror === null) return tx.outbox.finish(delivery.id, 'done', null);
    if (outcome.kind === 'done') {
      const current =
        (await tx.mirrors.ofAppointment(mirror.appointmentId)).find((one) => sameMirror(one, mirror)) ?? mirror;
      const state = delivery.kind === 'block' && current.state === 'owed' ? 'placed' : delivery.kind === 'unblock' ? 'removed' : current.state; // prettier-ignore
      await tx.mirrors.put({ ...current, key: outcome.key, state });
      // Given up while the block was on its way: it is taken away again.
      if (delivery.kind === 'block' && current.state === 'removing') {
        await tx.outbox.add({ ...delivery, kind: 'unblock', body: { ...delivery.body, key: outcome.key } }, now, now);
      }
      return tx.outbox.finish(delivery.id, 'done', null);
    }
    if (outcome.kind === 'refused') {
      await tx.mirrors.put({ ...mirror, state: 'refused' });
      await tx.workItems.open({
        id: newId(now),
        kind: 'mirror-refused',
        subject: `mirror:${mirror.appointmentId}:${site.id}`,
        site: site.id,
        role: 'scheduling',
        dueAt: plus(now, HOUR_MS),
        openedAt: now,
        evidence: { appointment: mirror.appointmentId, calendar: mirror.calendar, why: outcome.detail },
      });
      return tx.outbox.finish(delivery.id, 'parked', 'SITE_REFUSED');
    }
    // Unsent and unknown alike go again: a block is looked for before it is placed a second time.
    const wait_ms = outcome.error.retryAfter_ms ?? Math.min(RETRY_FIRST_MS * 2 ** delivery.attempts, RETRY_MAX_MS);
    return tx.outbox.requeue(delivery.id, plus(now, wait_ms), outcome.error.code);
  });
}

async function blockCall(
  deps: DeliverDeps,
  block: Block | undefined,
  delivery: Delivery,
  mirror: Mirror | null,
  signal: AbortSignal,
): Promise<BlockOutcome | null> {
  if (mirror === null) return null;
  if (block === undefined) return { kind: 'refused', detail: 'this site cannot close time through its interface' };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.plan().hub.booking.siteTimeout_ms)]);
  const order = { correlation: mirror.appointmentId, calendar: mirror.calendar, window: mirror.during };
  try {
    const found = delivery.attempts > 0 || delivery.kind === 'unblock' ? await block.find(order, limit) : null;
    if (delivery.kind === 'block') {
      return found?.kind === 'found' ? { kind: 'done', key: found.key } : await block.place(order, limit);
    }
    const key = delivery.body['key'] ?? (found?.kind === 'found' ? found.key : null);
    return key === null ? { kind: 'done', key: '' } : await block.remove(key, limit);
  } catch (error) {
    return { kind: 'unknown', error: asHubError(error) };
  }
}

async function findMirror(deps: DeliverDeps, site: SiteSettings, delivery: Delivery): Promise<Mirror | null> {
  const { appointmentId } = delivery;
  if (appointmentId === null) return null;
  const mirrors = await deps.store.read(SCOPE, (tx) => tx.mirrors.ofAppointment(appointmentId));
  return mirrors.find((mirror) => mirror.site === site.id && mirror.calendar === delivery.body['calendar']) ?? null;
}

function sameMirror(left: Mirror, right: Mirror): boolean {
  return left.appointmentId === right.appointmentId && left.site === right.site && left.calendar === right.calendar;
}

/** Block calls cut short by a crash: `sent` past their deadline. They go again, and look before they place. */
export async function requeueExpired(deps: DeliverDeps): Promise<number> {
  const now = deps.clock.now();
  return deps.store.transaction(SCOPE, async (tx) => {
    const expired = await tx.outbox.expired(now, 100);
    for (const delivery of expired) {
      // A booking's delivery is not repeated: its booking is `unknown`, and resolve decides.
      if (delivery.bookingId === null) await tx.outbox.requeue(delivery.id, now, 'SITE_ANSWER_LOST');
      else await tx.outbox.finish(delivery.id, 'unknown', 'SITE_ANSWER_LOST');
    }
    return expired.length;
  });
}
