/**
 * Takes the time of several visits in one transaction, under all of their locks: each sees what the ones before it
 * hold. Either every visit is held and the set is written, or nothing is (best effort: those that can be). Nothing is
 * sent here but what the first step, or each step of a best effort, owes its site; set-step.ts carries on.
 */
import { HubError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { BookingSet, SetMode, SetStep } from '../store/contract-sets.ts';
import type { Scope, Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import type { SetRequest, VisitWish } from './contract-set.ts';
import { ofRecords } from './golden-named.ts';
import { askToRegister } from './patient-unknown.ts';
import { holdPrepared, type BookingDeps } from './place.ts';
import { prepare, visibleSlot, type Prepared } from './prepare.ts';
import type { Timed } from './sequence.ts';
import { keepRules, planVisits, timed, type Planned } from './set-plan.ts';
import { NEVER, newSet, refusalOf, repeatOfSet, stepKey, writeSet, type Refusal } from './set-rows.ts';
import { mayBeAbove } from './template-terms.ts';
import { freshen, patienceOf } from './verify.ts';

export type SetHeld =
  | { readonly kind: 'held' | 'repeated'; readonly set: BookingSet; readonly steps: readonly SetStep[] }
  | {
      readonly kind: 'taken';
      readonly visit: Planned;
      readonly slot: StoredSlot;
      readonly all: readonly Timed[];
      readonly why?: string;
    };

/** Thrown to give up a transaction. */
class Taken extends Error {
  readonly visit: Planned;
  readonly slot: StoredSlot;
  readonly all: readonly Timed[];
  constructor(visit: Planned, slot: StoredSlot, all: readonly Timed[], why: string) {
    super(why);
    this.visit = visit;
    this.slot = slot;
    this.all = all;
  }
}

export async function holdSet(
  deps: BookingDeps,
  request: SetRequest,
  scope: Scope,
  until = patienceOf(deps),
): Promise<SetHeld> {
  const early = await deps.store.read(scope, (tx) => seenEarly(deps, tx, request));
  return early ?? holdNew(deps, { ...request, visits: await ofRecords(deps, request.visits, scope) }, scope, until);
}

async function holdNew(deps: BookingDeps, request: SetRequest, scope: Scope, until: number): Promise<SetHeld> {
  await freshen(deps, scope, (tx) => slotsOf(deps, tx, request), until);
  // Of a best effort: those that the database's constraint refused, which ends the whole transaction.
  const refused = new Set<number>();
  for (;;) {
    const under: Under = { visit: null, all: [] };
    try {
      return await deps.store.transaction(scope, (tx) => holdUnderLock(deps, tx, request, refused, under));
    } catch (error) {
      if (error instanceof Taken)
        return { kind: 'taken', visit: error.visit, slot: error.slot, all: error.all, why: error.message };
      await askToRegister(deps, error, scope);
      const { visit, all } = under;
      const slotId = visit?.wish?.slotId;
      const known = error instanceof HubError && error.code === 'SLOT_TAKEN';
      if (!known || visit === null || slotId === undefined) throw error;
      if (request.mode === 'all') {
        const slot = await deps.store.read(scope, (tx) => visibleSlot(tx, slotId));
        return { kind: 'taken', visit, slot, all };
      }
      if (refused.has(visit.step)) throw error;
      refused.add(visit.step);
    }
  }
}

/** Those that are there and to be seen; what is wrong with the others is told under the locks. */
async function slotsOf(deps: BookingDeps, tx: Tx, request: SetRequest): Promise<readonly (StoredSlot | null)[]> {
  const ids = (await planVisits(deps, tx, request)).flatMap(({ wish }) => wish?.slotId ?? []);
  const slots: (StoredSlot | null)[] = [];
  for (const id of ids) slots.push(await tx.resources.slot(id));
  return slots;
}

/** Which visit a transaction is at, for what the database itself refuses. */
interface Under {
  visit: Planned | null;
  all: readonly Timed[];
}

/** A repeat, and a slot visibly taken, are answered by plain reads: they cost no lock. */
async function seenEarly(deps: BookingDeps, tx: Tx, request: SetRequest): Promise<SetHeld | null> {
  const repeated = await repeatOfSet(tx, request);
  if (repeated !== null || request.mode !== 'all') return repeated;
  const planned = await planVisits(deps, tx, request);
  const slots: StoredSlot[] = [];
  for (const { wish } of planned) if (wish !== null) slots.push(await visibleSlot(tx, wish.slotId));
  const all = timed(deps, planned, slots);
  keepRules(request, all);
  for (const [index, slot] of slots.entries()) {
    const visit = planned[index];
    const channel = visit?.wish?.channel;
    if (visit === undefined || channel === undefined) continue;
    if (slot.status !== 'free' && !mayBeAbove(slot, channel)) return { kind: 'taken', visit, slot, all };
  }
  return null;
}

async function holdUnderLock(
  deps: BookingDeps,
  tx: Tx,
  request: SetRequest,
  refused: ReadonlySet<number>,
  under: Under,
): Promise<SetHeld> {
  const setId = newId(deps.clock.now());
  const planned = await planVisits(deps, tx, request);
  const prepared = await prepareAll(deps, tx, request, planned, setId);
  const slots = prepared.flatMap((one) => ('seen' in one ? [one.seen] : []));
  const all = timed(
    deps,
    planned.filter((_one, index) => 'seen' in (prepared[index] ?? {})),
    slots,
  );
  keepRules(request, all);
  const locks = prepared.flatMap((one) => ('locks' in one ? one.locks : []));
  await tx.lock([...locks, `request:${request.client}:${request.requestKey}`]);
  const repeated = await repeatOfSet(tx, request);
  if (repeated !== null) return repeated;
  const steps: SetStep[] = [];
  for (const [index, visit] of planned.entries()) {
    const one = prepared[index] ?? { code: 'INTERNAL', detail: '' };
    Object.assign(under, { visit, all });
    const base = { setId, step: visit.step, name: visit.name, slotId: visit.wish?.slotId ?? null };
    if (!('seen' in one)) steps.push({ ...base, ...NEVER, ...one });
    else if (refused.has(visit.step)) steps.push({ ...base, ...NEVER, code: 'SLOT_TAKEN' });
    else steps.push({ ...base, ...(await holdOne(deps, tx, request.mode, visit, one, all)) });
  }
  under.visit = null;
  const now = deps.clock.now();
  const kind = request.visits.some(({ recurrence }) => recurrence !== null) ? 'series' : 'set';
  const set = newSet(tx, request, { id: setId, kind, action: 'place', mode: request.mode, rules: request.rules }, now);
  await writeSet(tx, set, steps, now);
  return { kind: 'held', set, steps };
}

/** All: what is wrong with one ends it for all. Best effort: it is that visit's own. */
async function prepareAll(
  deps: BookingDeps,
  tx: Tx,
  request: SetRequest,
  planned: readonly Planned[],
  setId: string,
): Promise<readonly (Prepared | Refusal)[]> {
  const all: (Prepared | Refusal)[] = [];
  for (const visit of planned) {
    if (visit.wish === null) {
      all.push({ code: 'RULE_BROKEN', detail: visit.missing ?? '' });
      continue;
    }
    try {
      all.push(await prepare(deps, tx, asPlacement(request, visit, visit.wish, setId, planned.length)));
    } catch (error) {
      all.push(refusalOf(request.mode, visit, error));
    }
  }
  return all;
}

function asPlacement(
  request: SetRequest,
  { step, name }: Planned,
  wish: VisitWish,
  setId: string,
  of: number,
): PlaceRequest {
  const { client, digest, requestId, trace } = request;
  const { name: _name, recurrence: _recurrence, ...wanted } = wish;
  const waits = request.mode === 'all' && step > 1;
  const inSet = { id: setId, step, of, waits, ...(name === null ? {} : { name }) };
  return { client, requestKey: stepKey(setId, step), digest, requestId, trace, ...wanted, inSet };
}

async function holdOne(
  deps: BookingDeps,
  tx: Tx,
  mode: SetMode,
  visit: Planned,
  prepared: Prepared,
  all: readonly Timed[],
): Promise<Omit<SetStep, 'setId' | 'step' | 'name' | 'slotId'>> {
  try {
    const held = await holdPrepared(deps, tx, prepared);
    if (held.kind === 'taken') {
      if (mode === 'all') throw new Taken(visit, held.slot, all, held.why ?? '');
      return { ...NEVER, code: 'SLOT_TAKEN' };
    }
    const { id: bookingId, appointmentId } = held.booking;
    return { ...NEVER, state: prepared.request.inSet?.waits === true ? 'held' : 'owed', bookingId, appointmentId };
  } catch (error) {
    if (error instanceof Taken || (error instanceof HubError && error.code === 'SLOT_TAKEN')) throw error;
    return { ...NEVER, ...refusalOf(mode, visit, error) };
  }
}
