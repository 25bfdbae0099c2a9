/**
 * Stage deliver: what is owed to a site. A row is `sent`, with a deadline, in a commit of its own before the first byte
 * leaves; so after a crash it is known that it may have arrived, and it is looked up instead of repeated.
 */
import type { AskedTime, Begun, Block, Book, WriteOutcome } from '../connectors/contract.ts';
import type { Placed, SendTurn } from '../booking/contract-send.ts';
import type { Clock } from '../core/clock.ts';
import { plus, type Instant } from '../core/instant.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { Booking, Delivery } from '../store/contract-bookings.ts';
import { systemScope, type Store, type Tx } from '../store/contract.ts';
import { hear, type Breaker } from './breaker.ts';
import { sendBlock } from './deliver-block.ts';
import { callSite } from './deliver-call.ts';
import type { StageEvents } from './events.ts';
import { whyNotSent, type Claimed as Found } from './not-sent.ts';

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
    readonly neverAsked?: 'outdated';
    readonly placed?: Placed;
  }) => Promise<void>;
  /** Why what waited cannot be meant any more; null: it can (booking/outdated.ts). */
  readonly outdated: (tx: Tx, booking: Booking) => Promise<string | null>;
}

const SCOPE = systemScope('deliver');
const AT_ONCE = 16;
/**
 * Between the end of a call's time-out and its deadline: the outcome of a slow call must still find the row as `sent`.
 */
const DEADLINE_SLACK_MS = 5_000;

interface Claimed extends Found {
  readonly delivery: Delivery;
  readonly booking: Booking | null;
  /** Of a placement that was made with it, in this process. */
  readonly placed?: Placed;
  /** What its site was asked before it was there; closed by whoever sends it. */
  readonly begun?: Begun | null;
}

interface ClaimedBooking extends Claimed {
  readonly booking: Booking;
}

export interface Abilities {
  readonly book: Book | undefined;
  readonly block: Block | undefined;
}

export interface Deliverer {
  /**
   * Sends what is due as far as there is room, and does not wait for the answers. True when more may be due. Throws
   * first what an earlier call failed with.
   */
  step(signal: AbortSignal): Promise<boolean>;
  /** Room for one call that is claimed where its booking is made; null: there is none. */
  turn(signal: AbortSignal): SendTurn | null;
  /** Resolves when no call is under way. */
  idle(): Promise<void>;
  /** @throws what a call failed with, once */
  check(): void;
}

/**
 * What is owed to one site. Each call begins as soon as there is room: waited for together, one that hangs until its
 * time-out would keep every booking behind it waiting as long. `room` is rung when there is some again.
 */
export function deliverer(
  deps: DeliverDeps,
  site: SiteSettings,
  abilities: Abilities,
  room: () => void,
  breaker: Breaker | null = null,
): Deliverer {
  const underWay = new Set<Promise<void>>();
  let reserved = 0;
  const failures: unknown[] = [];
  const most = (): number => Math.min(AT_ONCE, breaker?.room() ?? AT_ONCE);
  const send = ({ delivery, booking, ...found }: Claimed, signal: AbortSignal): void => {
    // After the one call that a half-open breaker lets through there may be room for all.
    const filled = underWay.size + 1 >= most();
    const call =
      booking === null
        ? sendBlock(deps, site, abilities.block, delivery, signal)
        : sendBooking(deps, site, { book: abilities.book, ...found }, delivery, booking, signal, breaker);
    const ended = call
      .catch((error: unknown) => failures.push(error))
      .then(() => {
        const wasFull = filled || underWay.size === AT_ONCE;
        underWay.delete(ended);
        if (wasFull || failures.length > 0) room();
      });
    underWay.add(ended);
  };
  const check = (): void => {
    if (failures.length > 0) throw failures.shift();
  };
  return {
    check,
    async step(signal) {
      check();
      const free = most() - underWay.size - reserved;
      if (free <= 0) return false;
      const { claimed, more } = await claim(deps, site.id, free);
      for (const one of claimed) send(one, signal);
      return more && underWay.size + reserved < most();
    },
    turn(signal) {
      if (abilities.book === undefined || signal.aborted || underWay.size + reserved >= most()) return null;
      const { book } = abilities;
      let mine: ClaimedBooking | null = null;
      let begun: { readonly time: AskedTime; readonly by: Begun | null } | null = null;
      reserved += 1;
      const leave = (): void => {
        reserved -= 1;
        // What found no room meanwhile.
        if (underWay.size + reserved + 1 >= most()) room();
      };
      return {
        begin(time) {
          // Of a transaction that is run again the site may have moved the slot meanwhile.
          if (begun !== null && isSameTime(begun.time, time)) return;
          begun?.by?.close();
          begun = { time, by: book.begin?.(time, withTimeout(deps, signal)) ?? null };
        },
        next: (tx) => tx.outbox.next('site', site.id, deps.clock.now()),
        claim(deliveryId, made, trace) {
          mine = claimOne(deps, deliveryId, made, trace);
          return mine;
        },
        send(placed) {
          leave();
          if (mine === null) begun?.by?.close();
          else send({ ...mine, begun: begun?.by ?? null, ...(placed === null ? {} : { placed }) }, signal);
        },
        giveBack() {
          leave();
          begun?.by?.close();
        },
      };
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** Sends what is due to one site and waits for the answers. True when more may be due. */
export async function deliverToSite(
  deps: DeliverDeps,
  site: SiteSettings,
  abilities: Abilities,
  signal: AbortSignal,
  breaker: Breaker | null = null,
): Promise<boolean> {
  const rung: true[] = [];
  const one = deliverer(deps, site, abilities, () => rung.push(true), breaker);
  const more = await one.step(signal);
  await one.idle();
  one.check();
  return more || rung.length > 0;
}

/** One commit for all: rows `sent`, their bookings `sent`, their holds kept for as long as it takes. */
function claim(
  deps: DeliverDeps,
  siteId: string,
  limit: number,
): Promise<{ claimed: readonly Claimed[]; more: boolean }> {
  return deps.store.transaction(SCOPE, async (tx) => {
    const now = deps.clock.now();
    const deadline = deadlineOf(deps, now);
    const claimed: Claimed[] = [];
    const due = await tx.outbox.claim('site', siteId, now, deadline, limit);
    const owed = due.flatMap(({ bookingId }) => (bookingId === null ? [] : [bookingId]));
    const overtaken = new Set(owed.length === 0 ? [] : await tx.busy.overtaken(owed));
    for (const delivery of due) {
      if (delivery.bookingId === null) {
        claimed.push({ delivery, booking: null, overtaken: false, outdated: null });
        continue;
      }
      const moved = await tx.bookings.move(delivery.bookingId, ['held', 'queued', 'unsent'], 'sent', now, {
        deadlineAt: deadline,
      });
      const booking = moved ? await tx.bookings.get(delivery.bookingId) : null;
      if (booking === null) {
        // Settled by news from the site, or its hold expired: there is nothing left to send.
        await tx.outbox.finish(delivery.id, 'done', null);
        continue;
      }
      await tx.busy.keep(booking.id);
      const found = { overtaken: overtaken.has(booking.id), outdated: await deps.outdated(tx, booking) };
      claimed.push({ delivery, booking, ...found });
    }
    // What was finished here may have been in the way of a later one about the same visit.
    return { claimed, more: due.length === limit || due.length > claimed.length };
  });
}

/** In the commit that makes the booking: nothing can have taken its time since. */
function claimOne(deps: DeliverDeps, id: number, made: Booking, trace: string | null): ClaimedBooking {
  const stateAt = deps.clock.now();
  const booking: Booking = { ...made, state: 'sent', stateAt, deadlineAt: deadlineOf(deps, stateAt) };
  const { id: bookingId, site: receiverId, action: kind, appointmentId } = booking;
  const owed = { receiver: 'site', receiverId, kind, bookingId, appointmentId, body: {}, trace } as const;
  return { delivery: { ...owed, id, state: 'sent', attempts: 1 }, booking, overtaken: false, outdated: null };
}

function deadlineOf(deps: DeliverDeps, now: Instant): Instant {
  return plus(now, deps.plan().hub.booking.siteTimeout_ms + DEADLINE_SLACK_MS);
}

type Sending = Found & Pick<Claimed, 'placed' | 'begun'> & { readonly book: Book | undefined };

async function sendBooking(
  deps: DeliverDeps,
  site: SiteSettings,
  { book, placed, begun = null, ...found }: Sending,
  delivery: Delivery,
  booking: Booking,
  signal: AbortSignal,
  breaker: Breaker | null,
): Promise<void> {
  const sentAt = deps.clock.now();
  const began = deps.clock.monotonic();
  const timeout_ms = deps.plan().hub.booking.siteTimeout_ms;
  const unsent = whyNotSent(booking, { ...found, now: sentAt, timeout_ms });
  const outcome = unsent ?? (await callSite(site, book, booking, withTimeout(deps, signal), begun));
  begun?.close();
  if (breaker !== null && book !== undefined && unsent === null && !signal.aborted) hear(breaker, outcome);
  // Stopping in the middle of a call: the row stays `sent` and its deadline makes it `unknown`.
  deps.events.delivered(site.id, delivery.kind, outcome.kind, deps.clock.monotonic() - began);
  await deps.settle({
    booking,
    site,
    outcome,
    sentAt,
    showsWithin_ms: book?.showsWithin_ms ?? 0,
    deliveryId: delivery.id,
    ...(placed === undefined ? {} : { placed }),
    ...(found.outdated === null || found.overtaken ? {} : { neverAsked: 'outdated' as const }),
  });
}

function isSameTime(one: AskedTime, other: AskedTime): boolean {
  return one.calendar === other.calendar && one.visitType === other.visitType && one.start === other.start;
}

function withTimeout(deps: DeliverDeps, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(deps.plan().hub.booking.siteTimeout_ms)]);
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
