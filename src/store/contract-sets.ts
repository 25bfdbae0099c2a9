/** Several bookings that belong together: a set of visits, a series. Part of store/contract.ts. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { Instant } from '../core/instant.ts';
import type { BookingAction } from './contract-bookings.ts';

/** Drawn in booking/set-states.ts. */
export type SetState = 'under-way' | 'undoing' | 'stuck' | 'done' | 'partly' | 'refused';
export type StepState = 'held' | 'owed' | 'done' | 'refused' | 'released' | 'undoing' | 'undone' | 'stuck';
/** all: every visit or none. best-effort: each for itself. */
export type SetMode = 'all' | 'best-effort';

export interface BookingSet {
  readonly id: string;
  readonly client: string;
  readonly requestKey: string;
  readonly requestDigest: string;
  readonly kind: 'set' | 'series';
  /** What each of its steps is. */
  readonly action: Extract<BookingAction, 'place' | 'move' | 'cancel'>;
  readonly mode: SetMode;
  /** JSON, as booking/sequence.ts reads it. */
  readonly rules: string;
  readonly state: SetState;
  readonly stateAt: Instant;
  /** The first one that did not come to be. */
  readonly failedStep: number | null;
  readonly trace: string | null;
  readonly checkAt: Instant;
  readonly createdAt: Instant;
  readonly createdBy: string;
}

export interface SetStep {
  readonly setId: string;
  /** From 1, in the order in which the sites are asked. */
  readonly step: number;
  readonly name: string | null;
  readonly slotId: string | null;
  /** Null: it never came to a booking. */
  readonly bookingId: string | null;
  readonly appointmentId: string | null;
  /** Of a move: where the visit was. */
  readonly fromSlotId: string | null;
  readonly state: StepState;
  /** The booking that takes this step back. */
  readonly undoBookingId: string | null;
  readonly code: ErrorCode | null;
  readonly detail: string | null;
}

export interface SetStore {
  /** @throws HubError REQUEST_KEY_REUSED as BookingStore.insert does */
  insert(set: BookingSet, steps: readonly SetStep[]): Promise<void>;
  get(id: string): Promise<BookingSet | null>;
  byRequestKey(client: string, requestKey: string): Promise<BookingSet | null>;
  /** In their order. */
  steps(setId: string): Promise<readonly SetStep[]>;
  /** False when the set was not in `from` any more. */
  move(
    id: string,
    from: readonly SetState[],
    to: SetState,
    at: Instant,
    patch: { readonly failedStep?: number },
  ): Promise<boolean>;
  /** False when the step was not in `from` any more. */
  moveStep(
    step: Pick<SetStep, 'setId' | 'step'>,
    from: readonly StepState[],
    to: StepState,
    patch: Partial<Pick<SetStep, 'undoBookingId' | 'code' | 'detail'>>,
  ): Promise<boolean>;
  checkLater(id: string, at: Instant): Promise<void>;
  /** Open ones that are to be looked at, those that wait longest first. */
  due(now: Instant, limit: number): Promise<readonly string[]>;
  /** Open ones that one of these bookings is a step of, or takes a step of back. */
  ofBookings(bookingIds: readonly string[]): Promise<readonly string[]>;
  /** The visit goes on under another id. */
  renameAppointment(from: string, to: string): Promise<void>;
}
