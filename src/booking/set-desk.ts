/** SetDesk: takes several visits at once, waits for their sites as long as the caller will, tells what came of each. */
import { HubError } from '../core/errors.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { BookingSet, SetStep } from '../store/contract-sets.ts';
import { systemScope, type Scope, type Tx } from '../store/contract.ts';
import type { BookingAnswer } from './contract.ts';
import type { SetAnswer, SetDesk, SetRequest, SetVisit } from './contract-set.ts';
import { describe } from './describe.ts';
import { cancelFollowing, moveFollowing, type FollowingHeld } from './following.ts';
import { evenIfLost } from './lost-answer.ts';
import { looksOf } from './looks.ts';
import { brokenRules } from './sequence.ts';
import { holdSet, type SetHeld } from './set.ts';
import { zoneOfSlot } from './set-plan.ts';
import { carryOn, type SetStepDeps } from './set-step.ts';
import { isSetAnswered } from './set-states.ts';
import { patienceOf } from './verify.ts';
import { waitingRoom } from './waiting.ts';

export interface SetBooking extends SetDesk {
  /** A set moved: whoever waits for it looks again. */
  changed(setId: string): void;
}

export function setDesk(deps: Omit<SetStepDeps, 'setChanged'>): SetBooking {
  const room = waitingRoom(deps.clock);
  const stepping: SetStepDeps = { ...deps, setChanged: (id) => room.changed(id) };

  const begin = async (
    set: BookingSet,
    steps: readonly SetStep[],
    kind: 'held' | 'repeated',
    scope: Scope,
    until: number,
  ): Promise<SetAnswer> => {
    if (kind === 'held') {
      await ring(deps, steps);
      // Where every step came to nothing at once it is over already.
      if (!steps.some(({ state }) => state === 'owed')) await carryOn(stepping, set.id);
    }
    const now = await room.until(set.id, until, false, async () => {
      const found = (await deps.store.read(scope, (tx) => tx.sets.get(set.id))) ?? set;
      return { found, over: isSetAnswered(found.state) };
    });
    return describeSet(deps, now ?? set, scope, kind === 'repeated');
  };
  const followed = async (ask: () => Promise<FollowingHeld>, scope: Scope): Promise<SetAnswer> => {
    const until = patienceOf(deps);
    const held = await evenIfLost(deps.clock, 'held', ask);
    if (held.kind !== 'taken') return begin(held.set, held.steps, held.kind, scope, until);
    const found = await (deps.looks ?? looksOf(deps)).alternatives(held.slot, scope);
    const { step, name } = held;
    const error = new HubError('SLOT_TAKEN');
    return { kind: 'conflict', visit: { step, name }, error, alternatives: found, patientId: held.patientId };
  };

  return {
    changed: (setId) => room.changed(setId),
    async place(request, scope) {
      const until = patienceOf(deps);
      const held = await evenIfLost(deps.clock, 'held', () => holdSet(deps, request, scope, until));
      if (held.kind === 'taken') return conflictOf(deps, request, held, scope);
      return begin(held.set, held.steps, held.kind, scope, until);
    },
    cancelFollowing: (request, scope) => followed(() => cancelFollowing(deps, request, scope), scope),
    moveFollowing: (request, scope) => followed(() => moveFollowing(deps, request, scope), scope),
    async status(setId, scope) {
      const set = await deps.store.read(scope, (tx) => visibleSet(tx, setId));
      return set === null ? null : describeSet(deps, set, scope, true);
    },
  };
}

const SYSTEM = systemScope('set');

/** Tells the sites that something is owed to them. */
async function ring(deps: Omit<SetStepDeps, 'setChanged'>, steps: readonly SetStep[]): Promise<void> {
  const ids = steps.flatMap(({ state, bookingId }) => (state === 'owed' && bookingId !== null ? [bookingId] : []));
  const bookings = await deps.store.read(SYSTEM, (tx) => tx.bookings.many(ids));
  for (const site of new Set(bookings.map((one) => one.site))) deps.deliver(site);
}

/** Whoever may not see one of its visits sees nothing of it. */
async function visibleSet(tx: Tx, setId: string): Promise<BookingSet | null> {
  const set = await tx.sets.get(setId);
  if (set === null) return null;
  for (const { slotId } of await tx.sets.steps(setId)) {
    if (slotId !== null && (await tx.resources.read('Slot', slotId)) === null) return null;
  }
  return set;
}

async function describeSet(
  deps: Omit<SetStepDeps, 'setChanged'>,
  set: BookingSet,
  scope: Scope,
  repeated: boolean,
): Promise<SetAnswer> {
  const { steps, bookings } = await deps.store.read(scope, async (tx) => {
    const all = await tx.sets.steps(set.id);
    const found = await tx.bookings.many(all.flatMap(({ bookingId }) => bookingId ?? []));
    return { steps: all, bookings: new Map(found.map((one) => [one.id, one])) };
  });
  if (!isSetAnswered(set.state)) {
    const waits = [...bookings.values()].some(({ state }) => state === 'queued');
    return { kind: 'pending', setId: set.id, ...(waits ? { until: 'site-back' } : {}) };
  }
  const visits: SetVisit[] = [];
  for (const one of steps) {
    const { step, name, state, code, detail } = one;
    const answer = await answerOf(deps, one, bookings.get(one.bookingId ?? '') ?? null, scope);
    visits.push({ step, name, state, answer, code, detail });
  }
  return { kind: 'settled', set, visits, repeated };
}

/** Of those that stand, and of those that were refused by their own sites. */
async function answerOf(
  deps: Omit<SetStepDeps, 'setChanged'>,
  step: SetStep,
  booking: Booking | null,
  scope: Scope,
): Promise<BookingAnswer | null> {
  const { state, appointmentId } = step;
  if (state === 'done' && booking === null && appointmentId !== null) {
    const appointment = await deps.store.read(scope, (tx) => tx.resources.read('Appointment', appointmentId));
    return appointment === null ? null : { kind: 'cancelled', bookingId: '', appointment, repeated: true };
  }
  if (booking === null || (state !== 'done' && state !== 'refused' && state !== 'stuck')) return null;
  const { kind, ...answer } = await describe(deps, booking, scope, true);
  return kind === 'pending' ? null : ({ kind, ...answer } as BookingAnswer);
}

type TakenVisit = Extract<SetHeld, { readonly kind: 'taken' }>;

/** Offered are only times that the other visits and the rules leave. */
async function conflictOf(
  deps: Omit<SetStepDeps, 'setChanged'>,
  request: SetRequest,
  { visit, slot, all, why = '' }: TakenVisit,
  scope: Scope,
): Promise<SetAnswer> {
  const { step, name } = visit;
  const others = all.filter((one) => one.step !== step);
  const zone = zoneOfSlot(deps, slot);
  const near = await (deps.looks ?? looksOf(deps)).alternatives(slot, scope);
  const found = near.filter(({ during }) => {
    const meets = others.some((one) => one.during.start < during.end && during.start < one.during.end);
    const then = [...others, { step, name, during, zone }].sort((one, other) => one.step - other.step);
    return !meets && brokenRules(request.rules, then).length === 0;
  });
  const patientId = visit.wish?.patientId ?? null;
  const error = new HubError('SLOT_TAKEN', why === '' ? {} : { detail: why });
  return { kind: 'conflict', visit: { step, name }, error, alternatives: found, patientId };
}
