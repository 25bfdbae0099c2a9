/** How a set is written, known again, and told what is wrong with one of its visits. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import { asHubError, HubError } from '../core/errors.ts';
import { plus, type Instant } from '../core/instant.ts';
import { RunAgain } from '../core/run-again.ts';
import { IssuesError } from '../fhir/outcome.ts';
import type { BookingSet, SetMode, SetStep } from '../store/contract-sets.ts';
import type { Tx } from '../store/contract.ts';
import type { RequestBase } from './contract.ts';
import type { SetRequest } from './contract-set.ts';
import { called } from './sequence.ts';

/** How soon a set is looked at again when nobody rings. */
export const CHECK_MS = 1_000;

export interface Repeated {
  readonly kind: 'repeated';
  readonly set: BookingSet;
  readonly steps: readonly SetStep[];
}

/** @throws REQUEST_KEY_REUSED when the key came with another body, or for another kind of request */
export async function repeatOfSet(
  tx: Tx,
  request: Pick<RequestBase, 'client' | 'requestKey' | 'digest'>,
): Promise<Repeated | null> {
  const { client, requestKey, digest } = request;
  const set = await tx.sets.byRequestKey(client, requestKey);
  if (set !== null && set.requestDigest !== digest) throw new HubError('REQUEST_KEY_REUSED');
  if (set !== null) return { kind: 'repeated', set, steps: await tx.sets.steps(set.id) };
  if ((await tx.bookings.byRequestKey(client, requestKey)) !== null) throw new HubError('REQUEST_KEY_REUSED');
  return null;
}

/** Under which key the booking of a step is made: with the set's id in it nobody else has it. */
export function stepKey(setId: string, step: number, what: 'set' | 'undo' = 'set'): string {
  return `${what}:${setId}:${step}`;
}

/**
 * Whether a booking was made for a step of a set. One that a set only waits for, because somebody else had asked for it
 * before (a cancel), is not known by this: its set looks again by itself, `CHECK_MS` later.
 */
export function isOfSet({ requestKey }: { readonly requestKey: string }): boolean {
  return OF_SET.test(requestKey);
}

const OF_SET = /^(?:set|undo):/;

export type Refusal = { readonly code: ErrorCode; readonly detail: string };
/** A step that came to no booking. */
export const NEVER = {
  bookingId: null,
  appointmentId: null,
  fromSlotId: null,
  state: 'refused',
  undoBookingId: null,
  code: null,
  detail: null,
} as const;

/**
 * @throws HubError that says which visit is meant, where one that cannot be ends it for all; `thrown` itself where that
 * says nothing of the visit: what was prepared from is no longer so, and all of it is done again
 */
export function refusalOf(mode: SetMode, visit: Pick<SetStep, 'step' | 'name'>, thrown: unknown): Refusal {
  if (thrown instanceof RunAgain) throw thrown;
  const error = asHubError(thrown);
  if (error.code === 'INTERNAL' || error.code.startsWith('DATABASE')) throw thrown;
  if (mode === 'best-effort') return { code: error.code, detail: error.detail };
  if (error instanceof IssuesError) throw error;
  const { site, retryAfter_ms } = error;
  throw new HubError(error.code, {
    detail: error.detail === '' ? called(visit) : `${called(visit)}: ${error.detail}`,
    cause: error,
    ...(site === undefined ? {} : { site }),
    ...(retryAfter_ms === undefined ? {} : { retryAfter_ms }),
  });
}

type NewSet = Pick<BookingSet, 'id' | 'kind' | 'action' | 'mode'> & { readonly rules: SetRequest['rules'] };

export function newSet(tx: Tx, request: RequestBase, facts: NewSet, now: Instant): BookingSet {
  return {
    ...facts,
    rules: JSON.stringify(facts.rules),
    client: request.client,
    requestKey: request.requestKey,
    requestDigest: request.digest,
    state: 'under-way',
    stateAt: now,
    failedStep: null,
    trace: request.trace,
    checkAt: plus(now, CHECK_MS),
    createdAt: now,
    createdBy: tx.scope.actor,
  };
}

export async function writeSet(tx: Tx, set: BookingSet, steps: readonly SetStep[], now: Instant): Promise<void> {
  await tx.sets.insert(set, steps);
  const data = { set: set.id, kind: set.kind, action: set.action, mode: set.mode, steps: steps.length };
  await tx.ledger.add([{ at: now, kind: 'set-asked', data }]);
}
