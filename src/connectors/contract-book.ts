/**
 * Writing at a site: what a booking or a block carries, and the outcomes that the compiler insists on. Part of
 * contract.ts.
 */
import type { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { Amendment } from '../fhir/amendment.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { SiteState } from './contract.ts';

export interface Book {
  /**
   * The site itself refuses a second booking of the same time, so an `unknown` that `find` calls absent may be sent
   * again.
   */
  readonly exclusive: boolean;
  /** Whether one booking may name further calendars (`PlaceOrder.also`), all or none of them booked; absent: one. */
  readonly resources?: 'one' | 'several';
  /** How long the site may take to show a write; absence before that proves nothing. */
  readonly showsWithin_ms: number;
  /**
   * Asks what can be asked before there is a booking, while the hub takes the time in its own database; writes nothing.
   * Absent: `place` asks it all.
   */
  begin?(time: AskedTime, signal: AbortSignal): Begun;
  place(order: PlaceOrder, signal: AbortSignal): Promise<WriteOutcome>;
  cancel(order: CancelOrder, signal: AbortSignal): Promise<WriteOutcome>;
  reschedule?(order: MoveOrder, signal: AbortSignal): Promise<WriteOutcome>;
  /** What `setStatus` can set at this site, by its settings as well as by its vendor. Absent: nothing. */
  readonly statuses?: readonly SettableStatus[];
  setStatus?(order: StatusOrder, signal: AbortSignal): Promise<WriteOutcome>;
  /** What `amend` can change at this site, in one call where an order names several. Absent: nothing. */
  readonly amends?: readonly (keyof Amendment)[];
  amend?(order: AmendOrder, signal: AbortSignal): Promise<WriteOutcome>;
  /** Asks the site how our write stands. The only way out of `unknown`. An empty read-back is absent, never refused. */
  find?(order: FindOrder, signal: AbortSignal): Promise<Found>;
}

/** A time of a calendar that is about to be booked. */
export type AskedTime = Pick<PlaceOrder, 'calendar' | 'visitType' | 'start'>;

/** A placement that has begun; its booking is made meanwhile, or comes to nothing. */
export interface Begun {
  /** As `Book.place`, of a booking that was never sent before: nothing at the site can be it. At most once. */
  place(order: PlaceOrder, signal: AbortSignal): Promise<WriteOutcome>;
  /** Once it was placed, or nothing came of it. */
  close(): void;
}

export interface AlsoTaken {
  readonly calendar: string;
  readonly visitType: string;
  readonly start: Instant;
  readonly end: Instant;
}
/** What a booking may carry. Times are absolute; codes are the site's own. */
export interface PlaceOrder {
  /** Written at the site where it can carry one: recognises our own booking. */
  readonly correlation: string;
  readonly calendar: string;
  readonly visitType: string;
  readonly start: Instant;
  readonly end: Instant;
  /** What the visit takes besides, each with its own time; only of a site whose `resources` are `several`. */
  readonly also?: readonly AlsoTaken[];
  readonly patient: PatientFacts;
  readonly channel: 'patient' | 'staff';
  readonly reason?: string;
  readonly comment?: string;
  readonly language?: string;
  readonly modality?: string;
  readonly referral?: string;
  readonly coverage?: string;
  readonly established?: boolean;
  readonly answers?: Readonly<Record<string, string>>;
}
/** The record that the caller chose, with this site's own identifiers only. Dates `YYYY-MM-DD`. */
export interface PatientFacts {
  /**
   * Id of the Patient, where the hub holds no e-mail address of it and the site knows people by demographics: what was
   * typed there for a confidential visit of a minor stays there (pipeline/kept-apart.ts), and may be read there.
   */
  readonly record?: string;
  readonly identifiers: readonly { readonly system: string; readonly value: string; readonly type: string }[];
  readonly family: string;
  readonly given: string;
  readonly birthDate?: string;
  readonly phone?: string;
  readonly email?: string;
}
export interface CancelOrder {
  readonly key: string;
  readonly correlation: string;
  /** The correlation under which the hub placed the visit, where it did. */
  readonly placedAs?: string;
  readonly reason?: string;
  readonly by: 'patient' | 'practitioner' | 'staff';
}
export interface MoveOrder extends PlaceOrder {
  readonly key: string;
  /** Of a visit of several: the calendars that it took besides until now, so that what it gives up can be named. */
  readonly had?: readonly string[];
}
/** Cancelling is a call of its own. `booked` takes back an arrival that was recorded by mistake. */
export type SettableStatus = Extract<AppointmentStatus, 'booked' | 'arrived' | 'checked-in' | 'fulfilled' | 'noshow'>;
/**
 * To set a status or a text names what shall stand, not a step: made twice it leaves the record as made once. So where
 * `find` shows the visit as it was before, the call may be made again, exclusive or not.
 */
export interface StatusOrder {
  readonly key: string;
  readonly correlation: string;
  readonly placedAs?: string;
  /** As the hub knew it when it was asked. */
  readonly from: AppointmentStatus;
  readonly status: SettableStatus;
  /** Why the visit did not take place; with `noshow` alone. */
  readonly reason?: string;
}
export interface AmendOrder {
  readonly key: string;
  readonly correlation: string;
  readonly placedAs?: string;
  /** As the hub knew it when it was asked: what the site has made of it since must not be written over unseen. */
  readonly from: Amendment;
  /** What changes, and nothing else. */
  readonly to: Amendment;
}
/** `key` is known after a place that answered; else the site is searched by correlation, time and person. */
export interface FindOrder extends PlaceOrder {
  readonly key?: string;
  /** What was asked about the visit: then `stands` tells whether the record has it. */
  readonly wanted?: StatusOrder | AmendOrder;
}
export type Found =
  // stands: absent where `wanted` was, or where the record cannot tell.
  | { readonly kind: 'found'; readonly at: SiteBooking; readonly stands?: 'as-asked' | 'as-before' | 'otherwise' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'undecided'; readonly because: string };

export interface SiteBooking {
  /** The site's id of the appointment; empty: a person says that the site has it, and does not know its id. */
  readonly key: string;
  readonly status: 'booked' | 'cancelled';
  readonly start: Instant;
  readonly end: Instant;
  readonly calendar: string;
  /** Orders this among the site's news; absent: when the call left. 0: any news about the visit is newer. */
  readonly orderedAt?: Instant;
  /** The record as the site gave it; goes into the inbox and takes the same path as any news. */
  readonly state?: SiteState;
}

export type WriteOutcome =
  | { readonly kind: 'booked'; readonly at: SiteBooking }
  // The site decides later: resolve by poll, webhook or find.
  | { readonly kind: 'accepted'; readonly reference: string }
  | { readonly kind: 'refused'; readonly because: RefusalReason; readonly detail: string }
  | { readonly kind: 'unsent'; readonly error: HubError } // provably not there: safe to repeat
  | { readonly kind: 'unknown'; readonly error: HubError }; // may be there: find first, never repeat blindly

/** Closes time in this system because it is taken in another. Carries no patient data. */
export interface Block {
  readonly showsWithin_ms: number;
  place(order: BlockOrder, signal: AbortSignal): Promise<BlockOutcome>;
  remove(key: string, signal: AbortSignal): Promise<BlockOutcome>;
  find(
    order: BlockOrder,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'found'; readonly key: string } | { readonly kind: 'absent' }>;
}
export interface BlockOrder {
  readonly correlation: string;
  readonly calendar: string;
  readonly window: Interval;
}
export type BlockOutcome =
  | { readonly kind: 'done'; readonly key: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unsent'; readonly error: HubError }
  | { readonly kind: 'unknown'; readonly error: HubError };

export type RefusalReason =
  | 'slot-taken'
  | 'outside-window'
  | 'patient-unknown'
  | 'patient-ambiguous'
  | 'patient-merged'
  | 'needs-referral'
  | 'needs-authorisation'
  | 'needs-answers'
  | 'duplicate-visit'
  | 'restricted'
  | 'not-allowed'
  | 'rule';
