/**
 * Finds out how an unanswered call ended. `find` proves absence only after the site's quiet time, twice; then a
 * placement at an exclusive site may be sent again, any other is given up. News from the site may settle it first.
 */
import type { Book, FindOrder, Found } from '../connectors/contract.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { plus } from '../core/instant.ts';
import type { Booking } from '../store/contract-bookings.ts';
import { systemScope } from '../store/contract.ts';
import { changeFound, wantedOf, type Meaning } from './change-found.ts';
import { calendarOf } from './order.ts';
import { patience_ms } from './queue.ts';
import { parkBooking } from './park.ts';
import { recordOutcome, type SettleDeps } from './settle.ts';

export interface ResolveDeps extends SettleDeps {
  /** The running connector's booking ability; null when the site is not running. */
  readonly book: (siteId: string) => Book | null;
  readonly deliveriesWaiting: (siteId: string) => void;
}

const SCOPE = systemScope('resolve');
const BATCH = 50;
const ABSENCES_NEEDED = 2;

/** One round; true when more is due at once. */
export async function resolveStep(deps: ResolveDeps, signal: AbortSignal): Promise<boolean> {
  await giveUpOverdueCalls(deps);
  const now = deps.clock.now();
  const due = await deps.store.glance(SCOPE, (tx) => tx.bookings.dueChecks(now, BATCH));
  // Sites are independent: one that does not answer must not keep the others' bookings open.
  await Promise.all(due.map((booking) => resolveOne(deps, booking, signal)));
  return due.length === BATCH;
}

/** A call whose deadline passed without a recorded outcome (the hub was killed in between) may have happened. */
async function giveUpOverdueCalls(deps: ResolveDeps): Promise<void> {
  const now = deps.clock.now();
  const overdue = await deps.store.glance(SCOPE, (tx) => tx.bookings.overdue(now, BATCH));
  for (const booking of overdue) {
    const site = deps.plan().sites.find((candidate) => candidate.id === booking.site);
    if (site === undefined) {
      await parkBooking(deps, booking, 'the site was removed from the configuration');
      continue;
    }
    await recordOutcome(deps, {
      booking,
      site,
      outcome: {
        kind: 'unknown',
        error: new HubError('SITE_ANSWER_LOST', { detail: 'the call was cut short', site: site.id }),
      },
      sentAt: booking.stateAt,
      showsWithin_ms: deps.book(booking.site)?.showsWithin_ms ?? 0,
      deliveryId: null,
    });
  }
}

async function resolveOne(deps: ResolveDeps, booking: Booking, signal: AbortSignal): Promise<void> {
  const site = deps.plan().sites.find((candidate) => candidate.id === booking.site);
  const book = deps.book(booking.site);
  const { hub } = deps.plan();
  const now = deps.clock.now();
  if (site === undefined) return parkBooking(deps, booking, 'the site was removed from the configuration');
  // A suspended site: put off, or its bookings would stand before those of all others for as long as it is.
  if (book === null) return checkLater(deps, booking, hub.booking.resolveEvery_ms, booking.absences);
  if (book.find === undefined) {
    await parkBooking(deps, booking, 'this site cannot be asked how a booking stands');
    return;
  }
  const askedAt = now;
  const found = await ask(deps, book, booking, hub.booking.siteTimeout_ms, signal);
  if (found === null) return;
  const settle = (outcome: Parameters<typeof recordOutcome>[1]['outcome']): Promise<void> =>
    recordOutcome(deps, {
      booking,
      site,
      outcome,
      sentAt: askedAt,
      showsWithin_ms: book.showsWithin_ms,
      deliveryId: null,
    });

  const meaning = found.kind === 'undecided' ? null : meaningOf(booking, found);
  if (meaning !== null) {
    if (meaning.kind === 'done') return settle({ kind: 'booked', at: meaning.at });
    // What the site has accepted it has not refused by not having done it yet.
    if (meaning.kind === 'refused' || (meaning.kind === 'not-done' && booking.state !== 'accepted')) {
      return absent(deps, booking, book, settle, meaning.kind === 'refused' ? meaning.detail : null);
    }
  } else if (found.kind === 'found') {
    const there = found.at.status === 'booked';
    if (booking.action === 'cancel') {
      if (!there) return settle({ kind: 'booked', at: found.at });
      return absent(deps, booking, book, settle);
    }
    if (there) return settle({ kind: 'booked', at: found.at });
    return settle({
      kind: 'refused',
      because: 'rule',
      detail: 'The site took the booking and has cancelled it since. Place a new booking, or call the clinic.',
    });
  }
  if (found.kind === 'absent' && meaning === null) {
    if (booking.action === 'cancel' && booking.siteKey !== null && booking.absences + 1 >= ABSENCES_NEEDED) {
      const at = { key: booking.siteKey, status: 'cancelled' as const, start: askedAt, end: askedAt, calendar: '' };
      return settle({ kind: 'booked', at });
    }
    // What the site has accepted it has not refused by not showing it yet.
    if (booking.state !== 'accepted') return absent(deps, booking, book, settle);
  }
  const open = meaning?.kind === 'undecided' ? meaning : found;
  const because = open.kind === 'undecided' ? open.because : 'the site has accepted the booking and does not show it';
  if (now - booking.createdAt > patience_ms(site, hub.booking)) return parkBooking(deps, booking, because);
  await checkLater(deps, booking, hub.booking.resolveEvery_ms, booking.absences);
}

const NOT_DONE: Readonly<Record<Booking['action'], string>> = {
  place: 'The site does not have the booking. Place it again.',
  move: 'The site has not moved the visit; it is where it was. Ask again to move it.',
  cancel: 'The site has not cancelled the visit. Ask again to cancel it.',
  status: 'The site has not set the status. Ask again to set it.',
  amend: 'The site has not made the change. Ask again to make it.',
};

/** Null: of a placement or a cancel, which are there or not. */
function meaningOf(booking: Booking, found: Exclude<Found, { readonly kind: 'undecided' }>): Meaning | null {
  if (booking.action === 'move') return moveFound(booking, found);
  return booking.action === 'status' || booking.action === 'amend' ? changeFound(found) : null;
}

/** Where the visit is that may have been moved. What staff have done with it since is not done over. */
function moveFound(booking: Booking, found: Exclude<Found, { readonly kind: 'undecided' }>): Meaning {
  if (found.kind === 'absent') {
    return { kind: 'refused', detail: 'The site has no record of the visit any more. Place a new booking.' };
  }
  const { at } = found;
  if (at.status === 'cancelled') {
    return { kind: 'refused', detail: 'The visit is cancelled at the site. Place a new booking.' };
  }
  const calendar = booking.order.place?.calendar ?? '';
  const isIn = (one: string | undefined): boolean =>
    one === undefined || one === '' || at.calendar === '' || at.calendar === one;
  if (at.start === booking.during?.start && isIn(calendar)) return { kind: 'done', at };
  const { from, fromCalendar } = booking.order.move ?? {};
  if (at.start === from?.start && isIn(fromCalendar)) return { kind: 'not-done' };
  return { kind: 'refused', detail: 'The visit is at another time at the site now. Read it again before you move it.' };
}

/** It is not there. Believed the second time, because a site may be slow to show what it has taken. */
async function absent(
  deps: ResolveDeps,
  booking: Booking,
  book: Book,
  settle: (outcome: Parameters<typeof recordOutcome>[1]['outcome']) => Promise<void>,
  /** Why it is not to be tried again, wherever it could be. */
  over: string | null = null,
): Promise<void> {
  const absences = booking.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    return checkLater(deps, booking, Math.max(book.showsWithin_ms, deps.plan().hub.booking.resolveEvery_ms), absences);
  }
  // A cancel repeated is harmless, and so is setting what stands as it did before; a placement repeated is, only where
  // the site refuses the second one itself.
  const repeatable = booking.action !== 'place' && booking.action !== 'move';
  if (over !== null || (!repeatable && !book.exclusive)) {
    return settle({ kind: 'refused', because: 'rule', detail: over ?? NOT_DONE[booking.action] });
  }
  await settle({
    kind: 'unsent',
    error: new HubError('SITE_UNREACHABLE', {
      detail: 'not there after the quiet time',
      site: booking.site,
      retryAfter_ms: 0,
    }),
  });
  deps.deliveriesWaiting(booking.site);
}

async function checkLater(deps: ResolveDeps, booking: Booking, wait_ms: number, absences: number): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction(SCOPE, async (tx) => {
    await tx.bookings.move(booking.id, [booking.state], booking.state, now, {
      nextCheckAt: plus(now, wait_ms),
      absences,
    });
  });
}

async function ask(
  deps: ResolveDeps,
  book: Book,
  booking: Booking,
  timeout_ms: number,
  signal: AbortSignal,
): Promise<Found | null> {
  try {
    const order = await findOrder(deps, booking);
    if (order === null || book.find === undefined)
      return { kind: 'undecided', because: 'nothing to search by is left' };
    return await book.find(order, AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)]));
  } catch (error) {
    if (signal.aborted) return null;
    const failure = asHubError(error);
    return { kind: 'undecided', because: failure.code };
  }
}

/**
 * A cancel is looked up by the visit's key; what the site also wants to know comes from the placement, if it was ours.
 */
async function findOrder(deps: ResolveDeps, booking: Booking): Promise<FindOrder | null> {
  const key = booking.siteKey;
  if (booking.order.place !== undefined) return key === null ? booking.order.place : { ...booking.order.place, key };
  if (key === null || booking.during === null) return null;
  const calendar = await deps.store.read(SCOPE, async (tx) => {
    const slot = booking.slotId === null ? null : await tx.resources.slot(booking.slotId);
    const site = deps.plan().sites.find((candidate) => candidate.id === booking.site);
    return slot === null || site === undefined ? '' : (calendarOf(site, slot.scheduleId) ?? '');
  });
  const wanted = wantedOf(booking);
  return {
    key,
    ...(wanted === undefined ? {} : { wanted }),
    correlation: booking.id,
    calendar,
    visitType: '',
    start: booking.during.start,
    end: booking.during.end,
    patient: { identifiers: [], family: '', given: '' },
    channel: 'staff',
  };
}
