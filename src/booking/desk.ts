/** BookingDesk: takes the request, waits for the site as long as the caller will, tells what came of it. */
import { HubError } from '../core/errors.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Served } from '../store/contract-resources.ts';
import { systemScope, type Scope, type Tx } from '../store/contract.ts';
import { askAmend, askStatus, type ChangeAsked } from './amend.ts';
import { askCancel } from './cancel.ts';
import type { BookingAnswer, BookingDesk } from './contract.ts';
import { conflict, describe, DONE } from './describe.ts';
import { holdLonger } from './caller-holds.ts';
import { forRecordMeant } from './golden-named.ts';
import { hold } from './hold.ts';
import { bookHeld } from './hold-only.ts';
import { canBeLetGo } from './let-go.ts';
import { evenIfLost, isAway, onceMore } from './lost-answer.ts';
import { looksOf, type Looks } from './looks.ts';
import { askMove, type MoveAsked } from './move.ts';
import { NoSuchRecord } from './patient-records.ts';
import { askToRegister } from './patient-unknown.ts';
import { showPending } from './pending.ts';
import type { BookingDeps, CallerHold } from './place.ts';
import type { BookedVisit } from './settle-placed.ts';
import { maySee } from './sight.ts';
import { isSettled } from './states.ts';
import { patienceOf } from './verify.ts';
import { waitingRoom } from './waiting.ts';

export interface DeskDeps extends BookingDeps {
  /** Something is owed to this site: send it now. */
  readonly deliver: (siteId: string) => void;
}

export interface Desk extends BookingDesk {
  /** A booking moved: whoever waits for it looks again. `visit`: it is booked, and this is what they would find. */
  changed(bookingId: string, visit?: BookedVisit): void;
  /** Whether somebody waits for a booking, or for a change of one, that was asked for a moment ago. */
  isBooking(): boolean;
}

/** What takes longer waits for a site, and nothing here can speed it up. */
const MOMENT_MS = 250;

type Looking = DeskDeps & { readonly looks: Looks };

/** One reading of a booking and its visit; null: there is none, or nobody looked. */
type Seen = { readonly booking: Booking; readonly appointment: Served | null } | null;

export function bookingDesk(given: DeskDeps): Desk {
  const deps: Looking = { ...given, looks: given.looks ?? looksOf(given) };
  const room = waitingRoom<BookedVisit>(deps.clock);
  /** When those began who wait for an answer. */
  const asking = new Set<{ readonly since: number }>();
  const serving = async <T>(work: () => Promise<T>): Promise<T> => {
    const one = { since: deps.clock.monotonic() };
    asking.add(one);
    try {
      return await work();
    } finally {
      asking.delete(one);
    }
  };

  const settled = (made: Booking, scope: Scope, isNew: boolean, deadline: number): Promise<Seen> => {
    const { id, appointmentId } = made;
    return room.until(id, deadline, isNew, async (told) => {
      if (told !== null && maySee(scope, told.row)) {
        return { found: { booking: { ...made, state: 'booked' }, appointment: told.served }, over: true };
      }
      const [booking, appointment] = await deps.store.glance(scope, (tx) =>
        Promise.all([tx.bookings.get(id), tx.resources.read('Appointment', appointmentId)]),
      );
      const found = booking === null ? null : { booking, appointment };
      return { found, over: booking === null || isAnswered(booking) };
    });
  };

  const answer = async (
    booking: Booking,
    scope: Scope,
    repeated: boolean,
    until = patienceOf(deps),
  ): Promise<BookingAnswer> => {
    try {
      const seen = isAnswered(booking) ? null : await settled(booking, scope, !repeated, until);
      return await describeSeen(deps, seen ?? { booking, appointment: null }, scope, repeated);
    } catch (error) {
      // It stands, and how it ended cannot be read just now: its status tells.
      if (isAway(error)) return { kind: 'pending', bookingId: booking.id };
      throw error;
    }
  };

  const changeAnswer = async (ask: () => Promise<ChangeAsked>, scope: Scope): Promise<BookingAnswer> => {
    const asked = await evenIfLost(deps.clock, 'asked', ask);
    if (asked.kind === 'already') {
      const appointment = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', asked.appointmentId));
      if (appointment === null) throw new HubError('NOT_FOUND');
      return { kind: 'changed', bookingId: '', appointment, repeated: true };
    }
    if (asked.kind === 'asked') deps.deliver(asked.booking.site);
    return answer(asked.booking, scope, asked.kind === 'repeated');
  };

  const desk: Desk = {
    changed: (bookingId, visit) => room.changed(bookingId, visit),

    isBooking() {
      const recent = deps.clock.monotonic() - MOMENT_MS;
      for (const { since } of asking) if (since > recent) return true;
      return false;
    },

    async place(request, scope) {
      const until = patienceOf(deps);
      const held = await holdOrTaken(deps, request, scope, until);
      if (held.kind === 'taken') return conflict(deps, held.slot, scope, held.why);
      if (held.kind === 'held' && held.sent !== true) deps.deliver(held.booking.site);
      return answer(held.booking, scope, held.kind === 'repeated', until);
    },

    async hold(request, scope) {
      const held = await holdOrTaken(deps, request, scope, patienceOf(deps), { seconds: request.seconds });
      if (held.kind === 'taken') return conflict(deps, held.slot, scope, held.why);
      return describe(deps, held.booking, scope, held.kind === 'repeated');
    },

    async bookHeld(request, scope) {
      const booked = await evenIfLost(deps.clock, 'asked', () => bookHeld(deps, request, scope));
      if (booked === null) return null;
      if (booked.kind === 'expired') throw new HubError('HOLD_EXPIRED');
      if (booked.kind === 'taken') return conflict(deps, booked.slot, scope);
      if (booked.kind === 'asked') deps.deliver(booked.booking.site);
      return answer(booked.booking, scope, booked.kind === 'repeated');
    },

    async holdLonger(request, scope) {
      const held = await evenIfLost(deps.clock, 'held', () => holdLonger(deps, request, scope));
      if (held === null) return null;
      if (held.kind === 'expired') throw new HubError('HOLD_EXPIRED');
      return held.kind === 'taken' ? conflict(deps, held.slot, scope) : describe(deps, held.booking, scope, true);
    },

    async cancel(request, scope) {
      const asked = await evenIfLost(deps.clock, 'asked', () => askCancel(deps, request, scope));
      if (asked.kind === 'already' || asked.kind === 'let-go') {
        if (asked.kind === 'let-go') room.changed(asked.booking.id);
        const appointment = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', asked.appointmentId));
        if (appointment === null) throw new HubError('NOT_FOUND');
        return { kind: 'cancelled', bookingId: '', appointment, repeated: true };
      }
      if (asked.kind === 'asked') deps.deliver(asked.booking.site);
      return answer(asked.booking, scope, asked.kind === 'repeated');
    },

    async move(request, scope) {
      const until = patienceOf(deps);
      const asked = await evenIfLost(deps.clock, 'asked', () => moveOrTaken(deps, request, scope, until));
      if (asked.kind === 'taken') return conflict(deps, asked.slot, scope, asked.why);
      if (asked.kind === 'already') {
        const appointment = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', asked.appointmentId));
        if (appointment === null) throw new HubError('NOT_FOUND');
        return { kind: 'moved', bookingId: '', appointment, repeated: true };
      }
      if (asked.kind === 'asked') deps.deliver(asked.booking.site);
      return answer(asked.booking, scope, asked.kind === 'repeated', until);
    },

    setStatus: (request, scope) => changeAnswer(() => askStatus(deps, request, scope), scope),
    amend: (request, scope) => changeAnswer(() => askAmend(deps, request, scope), scope),

    async status(bookingId, scope) {
      const booking = await deps.store.read(scope, (tx) => tx.bookings.get(bookingId));
      if (booking === null || (scope.sites !== '*' && !scope.sites.includes(booking.site))) return null;
      const { slotId } = booking;
      const isVisible =
        slotId === null || (await deps.store.read(scope, (tx) => tx.resources.read('Slot', slotId))) !== null;
      return isVisible ? describe(deps, booking, scope, true) : null;
    },
  };
  return {
    ...desk,
    place: (request, scope) => serving(() => desk.place(request, scope)),
    bookHeld: (request, scope) => serving(() => desk.bookHeld(request, scope)),
    cancel: (request, scope) => serving(() => desk.cancel(request, scope)),
    move: (request, scope) => serving(() => desk.move(request, scope)),
    setStatus: (request, scope) => serving(() => desk.setStatus(request, scope)),
    amend: (request, scope) => serving(() => desk.amend(request, scope)),
  };
}

/** What it waits for takes longer than a caller waits on the line. */
function isAnswered({ state, waitsUntil }: Booking): boolean {
  return isSettled(state) || state === 'parked' || state === 'queued' || waitsUntil !== null;
}

/**
 * Its caller is told 202, and may not want it any more before it is sent: a placement that its site has not been asked
 * for shows from here on, and can be cancelled. Those that are sent at once cost no such write.
 */
async function shownIfUnsent(deps: DeskDeps, booking: Booking): Promise<Booking> {
  if (booking.action !== 'place' || booking.waitsUntil !== null) return booking;
  if (booking.state !== 'held' && booking.state !== 'unsent') return booking;
  const show = async (tx: Tx): Promise<Booking> => {
    await tx.lock([booking.appointmentId]);
    const now = (await tx.bookings.get(booking.id)) ?? booking;
    if (canBeLetGo(now)) await showPending(tx, now, deps.clock.now());
    return now;
  };
  return onceMore(deps.clock, () => deps.store.transaction(systemScope('booking'), show));
}

function holdOrTaken(
  deps: DeskDeps,
  request: Parameters<BookingDesk['place']>[0],
  scope: Scope,
  until: number,
  byCaller: CallerHold | null = null,
): ReturnType<typeof hold> {
  return evenIfLost(deps.clock, 'held', () => holdOnce(deps, request, scope, until, byCaller));
}

/** The constraint is the last line: what it refuses is taken, as the check before it would have said. */
async function holdOnce(
  deps: DeskDeps,
  request: Parameters<BookingDesk['place']>[0],
  scope: Scope,
  until: number,
  byCaller: CallerHold | null,
): ReturnType<typeof hold> {
  try {
    return await hold(deps, request, scope, until, byCaller);
  } catch (error) {
    await askToRegister(deps, error, scope);
    if (error instanceof NoSuchRecord) {
      return holdOnce(deps, await forRecordMeant(deps, request, scope, error), scope, until, byCaller);
    }
    if (!(error instanceof HubError) || error.code !== 'SLOT_TAKEN') throw error;
    const slot = await deps.store.read(scope, (tx) => tx.resources.slot(request.slotId));
    if (slot === null) throw error;
    return { kind: 'taken', slot };
  }
}

async function moveOrTaken(
  deps: DeskDeps,
  request: Parameters<BookingDesk['move']>[0],
  scope: Scope,
  until: number,
): Promise<MoveAsked> {
  try {
    return await askMove(deps, request, scope, until);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'SLOT_TAKEN' || request.slotId === null) throw error;
    const { slotId } = request;
    const slot = await deps.store.read(scope, (tx) => tx.resources.slot(slotId));
    if (slot === null) throw error;
    return { kind: 'taken', slot };
  }
}

async function describeSeen(
  deps: DeskDeps,
  { booking, appointment }: NonNullable<Seen>,
  scope: Scope,
  repeated: boolean,
): Promise<BookingAnswer> {
  // Under the id that it has by now: news may have given the visit another.
  if (booking.state === 'booked' && appointment?.id === booking.appointmentId) {
    return { kind: DONE[booking.action], bookingId: booking.id, appointment, repeated };
  }
  return describe(deps, await shownIfUnsent(deps, booking), scope, repeated);
}
