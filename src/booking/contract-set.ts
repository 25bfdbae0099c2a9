/** What callers may ask of several visits at once. The states behind it are drawn in set-states.ts. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { StoredSlot } from '../store/contract-resources.ts';
import type { BookingSet, SetMode, StepState } from '../store/contract-sets.ts';
import type { Scope } from '../store/contract.ts';
import type { BookingAnswer, CancelRequest, MoveRequest, PendingUntil, PlaceRequest, RequestBase } from './contract.ts';

export interface SetDesk {
  /**
   * Books several visits as one. Waits up to the configured time, then answers `pending`. Throws HubError for bad
   * requests, IssuesError where several things are wrong.
   */
  place(request: SetRequest, scope: Scope): Promise<SetAnswer>;
  /** Cancels a visit of a series and all that follow it, each for itself. */
  cancelFollowing(request: CancelRequest, scope: Scope): Promise<SetAnswer>;
  /** Moves a visit of a series and shifts all that follow it by as much on the clock of their place. */
  moveFollowing(request: MoveRequest & { readonly mode: SetMode }, scope: Scope): Promise<SetAnswer>;
  /** Null: there is none, or it is not visible. */
  status(setId: string, scope: Scope): Promise<SetAnswer | null>;
}

/** A visit as it would be placed alone. */
export interface VisitWish extends Omit<PlaceRequest, keyof RequestBase | 'inSet'> {
  /** As the caller calls it in rules and reads it in answers. */
  readonly name: string | null;
  /** Null: once. Only a set of one visit may recur. */
  readonly recurrence: Recurrence | null;
}

export interface SetRequest extends RequestBase {
  readonly mode: SetMode;
  readonly visits: readonly VisitWish[];
  readonly rules: readonly Rule[];
}

export interface SetVisit {
  readonly step: number;
  readonly name: string | null;
  readonly state: StepState;
  /** What its own booking came to; null: it never came to one, or what it came to was taken back. */
  readonly answer: BookingAnswer | null;
  /** Why it did not come to be, where no booking tells. */
  readonly code: ErrorCode | null;
  readonly detail: string | null;
}

export type SetAnswer =
  | { readonly kind: 'pending'; readonly setId: string; readonly until?: PendingUntil }
  | {
      readonly kind: 'settled';
      readonly set: BookingSet;
      readonly visits: readonly SetVisit[];
      readonly repeated: boolean;
    }
  | {
      /** Nothing was held. */
      readonly kind: 'conflict';
      readonly visit: { readonly step: number; readonly name: string | null };
      readonly error: HubError;
      /** That would keep the rules, with the other visits as they were asked for. */
      readonly alternatives: readonly StoredSlot[];
      readonly patientId: string | null;
    };

// ----------------------------------------------------------------------------------------------------------------
// rules

export interface Length {
  readonly value: number;
  /** Days are days of the calendar: they end at the same time on the clock, also over a change of the clocks. */
  readonly unit: 'min' | 'h' | 'd';
}

/** `visits`: numbers of steps from 1, in the order in which the rule names them. */
export type Rule =
  /** Each has ended when the next begins. */
  | { readonly kind: 'before'; readonly visits: readonly number[] }
  /** Each begins when the next has ended. */
  | { readonly kind: 'after'; readonly visits: readonly number[] }
  /** Each next begins at least `min` and at most `max` after the one before has ended. */
  | {
      readonly kind: 'within';
      readonly visits: readonly number[];
      readonly min: Length | null;
      readonly max: Length | null;
    }
  /** All begin and end on one date; `zone` null: of the first visit. No visits named: all. */
  | { readonly kind: 'same-day'; readonly visits: readonly number[]; readonly zone: string | null };

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

export interface Recurrence {
  /** monthly: by day of the week, as in "the second Tuesday". */
  readonly frequency: 'daily' | 'weekly' | 'monthly';
  /** Every so many days, weeks or months; from 1. */
  readonly interval: number;
  /** Of weeks and months; empty: the one of the first visit. */
  readonly daysOfWeek: readonly Weekday[];
  /** Of months: 1 to 5, or -1 for the last; null: that of the first visit. */
  readonly weekOfMonth: number | null;
  /** Visits, the first one and exceptions included; null: `until` ends it. */
  readonly count: number | null;
  /** `YYYY-MM-DD`, the last date that may still be one. */
  readonly until: string | null;
  /** `YYYY-MM-DD`: dates that are left out. They count (RFC 5545, EXDATE). */
  readonly exceptions: readonly string[];
}

export interface Occurrence {
  /** From 1, exceptions not counted. */
  readonly step: number;
  /** `YYYY-MM-DD` at the place of the visit. */
  readonly date: string;
  readonly at: Instant;
}
