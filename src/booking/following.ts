/**
 * This visit of a series, and all that follow it: cancelled, or shifted by as much on the clock of their place. Each is
 * an ordinary cancel or move; together they are a set of their own, so that its status tells what became of each.
 */
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { setMarkOf } from '../fhir/set-mark.ts';
import type { Appointment } from '../fhir/types.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { BookingSet, SetMode, SetStep } from '../store/contract-sets.ts';
import type { Scope, Tx } from '../store/contract.ts';
import { cancelLocks, cancelUnderLock } from './cancel.ts';
import type { CancelRequest, MoveRequest } from './contract.ts';
import { moveUnderLock, prepareMove, type PreparedMove } from './move.ts';
import { type BookingDeps } from './place.ts';
import { visibleSlot } from './prepare.ts';
import { called } from './sequence.ts';
import { wallClockOf, wallClockToInstant } from './series.ts';
import { slotAt, zoneOfSlot } from './set-plan.ts';
import { NEVER, newSet, refusalOf, repeatOfSet, stepKey, writeSet } from './set-rows.ts';

export type FollowingHeld =
  | { readonly kind: 'held' | 'repeated'; readonly set: BookingSet; readonly steps: readonly SetStep[] }
  | {
      readonly kind: 'taken';
      readonly slot: StoredSlot;
      readonly step: number;
      readonly name: string | null;
      readonly patientId: string | null;
    };

/** Thrown to give up a transaction. */
class Taken extends Error {
  readonly held: Extract<FollowingHeld, { readonly kind: 'taken' }>;
  constructor(held: Extract<FollowingHeld, { readonly kind: 'taken' }>) {
    super('taken');
    this.held = held;
  }
}

/** A visit of the series that has not ended. */
interface Member {
  readonly name: string | null;
  readonly appointmentId: string;
  readonly slotId: string | null;
  readonly visit: Appointment;
}

export function cancelFollowing(deps: BookingDeps, request: CancelRequest, scope: Scope): Promise<FollowingHeld> {
  return deps.store.transaction(scope, async (tx): Promise<FollowingHeld> => {
    const setId = newId(deps.clock.now());
    const members = await membersFrom(tx, request.appointmentId);
    const requests = members.map((member, index): CancelRequest => {
      const isFirst = member.appointmentId === request.appointmentId;
      const own = { appointmentId: member.appointmentId, version: isFirst ? request.version : null };
      return { ...request, ...own, requestKey: stepKey(setId, index + 1) };
    });
    const key = `request:${request.client}:${request.requestKey}`;
    await tx.lock([key, ...requests.flatMap(cancelLocks)]);
    const repeated = await repeatOfSet(tx, request);
    if (repeated !== null) return repeated;
    const steps: SetStep[] = [];
    for (const [index, one] of requests.entries()) {
      const member = members[index];
      const { appointmentId } = one;
      const base = { setId, step: index + 1, name: member?.name ?? null, slotId: member?.slotId ?? null };
      try {
        const asked = await cancelUnderLock(deps, tx, one);
        const bookingId = asked.kind === 'already' ? null : asked.booking.id;
        const state = asked.kind === 'already' ? 'done' : 'owed';
        steps.push({ ...base, ...NEVER, appointmentId, bookingId, state });
      } catch (thrown) {
        steps.push({ ...base, ...NEVER, appointmentId, ...refusalOf('best-effort', base, thrown) });
      }
    }
    return write(deps, tx, request, { id: setId, action: 'cancel', mode: 'best-effort' }, steps);
  });
}

export async function moveFollowing(
  deps: BookingDeps,
  request: MoveRequest & { readonly mode: SetMode },
  scope: Scope,
): Promise<FollowingHeld> {
  try {
    return await deps.store.transaction(scope, (tx) => moveAll(deps, tx, request));
  } catch (error) {
    if (error instanceof Taken) return error.held;
    throw error;
  }
}

type MoveAll = MoveRequest & { readonly mode: SetMode };
type Shifted = { readonly member: Member; readonly move: PreparedMove | null; readonly why: string };

async function moveAll(deps: BookingDeps, tx: Tx, request: MoveAll): Promise<FollowingHeld> {
  const setId = newId(deps.clock.now());
  const shifted = await shiftAll(deps, tx, request, setId);
  const key = `request:${request.client}:${request.requestKey}`;
  await tx.lock([key, ...shifted.flatMap(({ move }) => move?.locks ?? [])]);
  const repeated = await repeatOfSet(tx, request);
  if (repeated !== null) return repeated;
  const steps: SetStep[] = [];
  for (const [index, one] of shifted.entries()) {
    const { appointmentId, name, slotId: fromSlotId } = one.member;
    const base = { setId, step: index + 1, name, slotId: one.move?.seen?.id ?? null };
    const never = { ...base, ...NEVER, appointmentId, fromSlotId };
    if (one.move === null) steps.push({ ...never, code: 'RULE_BROKEN', detail: one.why });
    else steps.push({ ...never, ...(await moveOne(deps, tx, request.mode, base, one.move)) });
  }
  return write(deps, tx, request, { id: setId, action: 'move', mode: request.mode }, steps);
}

async function moveOne(
  deps: BookingDeps,
  tx: Tx,
  mode: SetMode,
  visit: Pick<SetStep, 'step' | 'name'>,
  prepared: PreparedMove,
): Promise<Partial<SetStep>> {
  try {
    const asked = await moveUnderLock(deps, tx, prepared);
    if (asked.kind === 'already') return { state: 'done' };
    if (asked.kind !== 'taken') {
      return { state: prepared.request.inSet?.waits === true ? 'held' : 'owed', bookingId: asked.booking.id };
    }
    if (mode === 'all') throw new Taken({ kind: 'taken', slot: asked.slot, ...visit, patientId: null });
    return { code: 'SLOT_TAKEN' };
  } catch (thrown) {
    if (thrown instanceof Taken || (thrown instanceof HubError && thrown.code === 'SLOT_TAKEN')) throw thrown;
    return refusalOf(mode, visit, thrown);
  }
}

/** Where each goes, found by its own clock: what 9:00 was moved to 10:30 is moved from 9:00 to 10:30 on every day. */
async function shiftAll(deps: BookingDeps, tx: Tx, request: MoveAll, setId: string): Promise<readonly Shifted[]> {
  const members = await membersFrom(tx, request.appointmentId);
  const [first] = members;
  const fromId = first?.slotId ?? null;
  const from = fromId === null ? null : await tx.resources.slot(fromId);
  if (first === undefined || from === null)
    throw new HubError('RULE_BROKEN', {
      detail: 'the visit has no slot to be shifted from: move each visit by itself',
    });
  const zone = zoneOfSlot(deps, from);
  const to = await targetOf(tx, request, from);
  const by = wallClockOf(to.during.start, zone) - wallClockOf(from.during.start, zone);
  const shifted: Shifted[] = [];
  for (const [index, member] of members.entries()) {
    const old = member.slotId === null ? null : await tx.resources.slot(member.slotId);
    const at = old === null ? null : wallClockToInstant(wallClockOf(old.during.start, zone) + by, zone).at;
    const found = at === null ? null : await slotAt(tx, to, at);
    const slot = found === null ? null : await visibleSlot(tx, found.id);
    if (slot === null) {
      const why = 'no slot of its schedule begins as much later or earlier; choose another time, or mode best-effort';
      if (request.mode === 'all') {
        const detail = `${called({ step: index + 1, name: member.name })}: ${why}`;
        throw new HubError('RULE_BROKEN', { detail });
      }
      shifted.push({ member, move: null, why });
      continue;
    }
    const { mode, ...wanted } = request;
    const one: MoveRequest = {
      ...wanted,
      appointmentId: member.appointmentId,
      slotId: slot.id,
      start: null,
      end: null,
      version: index === 0 ? request.version : null,
      requestKey: stepKey(setId, index + 1),
      inSet: { waits: mode === 'all' && index > 0 },
    };
    shifted.push({ member, move: await prepareMove(deps, tx, one), why: '' });
  }
  return shifted;
}

/** The slot that the caller names, or the one of the same schedule that begins when they say. */
async function targetOf(tx: Tx, request: MoveRequest, from: StoredSlot): Promise<StoredSlot> {
  if (request.slotId !== null) return visibleSlot(tx, request.slotId);
  const found = request.start === null ? null : await slotAt(tx, from, request.start);
  if (found !== null) return found;
  const detail = 'the visit’s schedule has no slot of its type that begins then; name the Slot to move it to';
  throw new HubError('RULE_BROKEN', { detail });
}

/** In the order of the series. As they are served: to read a row would lock it, and nothing is locked yet. */
async function membersFrom(tx: Tx, appointmentId: string): Promise<readonly Member[]> {
  const named = await served(tx, appointmentId);
  if (named === null) throw new HubError('NOT_FOUND', { detail: 'the appointment' });
  const mark = setMarkOf(named);
  const set = mark === null ? null : await tx.sets.get(mark.id);
  const steps = set === null ? [] : await tx.sets.steps(set.id);
  const own = steps.find((one) => one.appointmentId === appointmentId);
  if (set?.kind !== 'series' || own === undefined) {
    throw new HubError('RULE_BROKEN', { detail: 'the visit is not one of a series; leave scope out, or say this' });
  }
  const members: Member[] = [];
  for (const { step, name, appointmentId: id } of steps) {
    if (step < own.step || id === null) continue;
    const visit = id === appointmentId ? named : await served(tx, id);
    if (visit === null || (id !== appointmentId && ENDED.includes(visit.status))) continue;
    const slotId = (visit.slot?.[0]?.reference ?? '').replace('Slot/', '') || null;
    members.push({ name, appointmentId: id, slotId, visit });
  }
  return members;
}

const ENDED: readonly string[] = ['cancelled', 'fulfilled', 'noshow', 'entered-in-error'];

async function served(tx: Tx, id: string): Promise<Appointment | null> {
  const found = await tx.resources.read('Appointment', id);
  return found === null || found.deleted ? null : (JSON.parse(found.json) as Appointment);
}

async function write(
  deps: BookingDeps,
  tx: Tx,
  request: CancelRequest | MoveAll,
  facts: Pick<BookingSet, 'id' | 'action' | 'mode'>,
  steps: readonly SetStep[],
): Promise<FollowingHeld> {
  const now = deps.clock.now();
  const set = newSet(tx, request, { ...facts, kind: 'series', rules: [] }, now);
  await writeSet(tx, set, steps, now);
  return { kind: 'held', set, steps };
}
