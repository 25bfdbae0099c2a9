/** What callers may ask of booking, and what they are told. The state machine behind it is drawn in states.ts. */
import type { RefusalReason } from '../connectors/contract.ts';
import type { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { Amendment } from '../fhir/amendment.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { BookingAction, BookingState } from '../store/contract-bookings.ts';
import type { Served, StoredSlot } from '../store/contract-resources.ts';
import type { Scope } from '../store/contract.ts';

export interface BookingDesk {
  /**
   * Places a new visit. Waits up to the configured time for the site, then answers `pending`. Throws HubError for bad
   * requests.
   */
  place(request: PlaceRequest, scope: Scope): Promise<BookingAnswer>;
  /**
   * Takes the time for the caller alone, who may book it until it runs out. The site is not told. Answers `held`, or
   * `conflict`.
   */
  hold(request: HoldRequest, scope: Scope): Promise<BookingAnswer>;
  /**
   * Books what the caller holds, without giving the time up in between. Null: this Appointment is no hold, nor was it.
   * Another client's is a `conflict`. @throws HubError HOLD_EXPIRED
   */
  bookHeld(request: BookHeldRequest, scope: Scope): Promise<BookingAnswer | null>;
  /** Makes what the caller holds last longer, as far as settings allow; never shorter. Null, throws: as `bookHeld`. */
  holdLonger(request: HoldLongerRequest, scope: Scope): Promise<BookingAnswer | null>;
  /** What the site was not asked for yet ends at once; all else is the site's to cancel. */
  cancel(request: CancelRequest, scope: Scope): Promise<BookingAnswer>;
  /** Gives a visit another time at its site. The old time is kept until the site has moved it, and if it does not. */
  move(request: MoveRequest, scope: Scope): Promise<BookingAnswer>;
  /** Sets the status of a visit at its site: arrived, checked in, fulfilled, not come, or an arrival taken back. */
  setStatus(request: StatusRequest, scope: Scope): Promise<BookingAnswer>;
  /** Changes comment, reason or attendance of a visit at its site. */
  amend(request: AmendRequest, scope: Scope): Promise<BookingAnswer>;
  /**
   * Where a booking stands: `pending` until it is settled, then what the call would have answered. Null: none, or not
   * visible.
   */
  status(bookingId: string, scope: Scope): Promise<BookingAnswer | null>;
}

export interface RequestBase {
  /** Who the request key is scoped to: the client id. */
  readonly client: string;
  /**
   * `Idempotency-Key`, else the first Appointment.identifier; made up by the caller of this function when neither is
   * there.
   */
  readonly requestKey: string;
  /** SHA-256 of the request body: the same key with another body is refused with REQUEST_KEY_REUSED. */
  readonly digest: string;
  readonly requestId: string;
  readonly trace: string | null;
}
export interface PlaceRequest extends RequestBase {
  readonly slotId: string;
  /** As the caller believes; must equal the slot's, or the request is refused. */
  readonly start: Instant | null;
  readonly end: Instant | null;
  /** Further slots of the same site that the visit needs, each with its own time: all are taken, or none. */
  readonly also?: readonly string[];
  /** A record of a site, or a golden id: then one of its records is used (golden-named.ts). */
  readonly patientId: string;
  /** The golden id that was asked for, where `patientId` is the record that it came to; callers give none. */
  readonly golden?: string;
  /** The RelatedPerson who acts for the patient (acting.ts). */
  readonly acting?: string;
  readonly channel: 'patient' | 'staff';
  /** Staff only: book although the patient has another visit at that time. */
  readonly allowPatientOverlap?: boolean;
  readonly reason?: string;
  readonly comment?: string;
  readonly language?: string;
  readonly identifiers: readonly { readonly system?: string; readonly value: string }[];
  readonly inSet?: InSet;
}
/** The place of a visit among those that are booked together (contract-set.ts). */
export interface InSet {
  readonly id: string;
  /** From 1. */
  readonly step: number;
  readonly of: number;
  readonly name?: string;
  /** Its site is asked when the visits before it are booked; until then its hold does not expire. */
  readonly waits: boolean;
}
export interface HoldRequest extends PlaceRequest {
  /** For how long, at most as settings allow; null: as long as that. */
  readonly seconds: number | null;
}
export interface HoldLongerRequest extends RequestBase {
  readonly appointmentId: string;
  /** From now, at most as settings allow; null: as long as that. */
  readonly seconds: number | null;
  /** If-Match; null: not given. */
  readonly version: number | null;
}
export interface BookHeldRequest extends RequestBase {
  readonly appointmentId: string;
  /** As the caller believes; null: not said. */
  readonly patientId: string | null;
  /** As of PlaceRequest. */
  readonly acting?: string;
  /** Said now; what was said when it was held stays where nothing else is. */
  readonly reason?: string;
  readonly comment?: string;
  readonly identifiers: PlaceRequest['identifiers'];
  /** If-Match; null: not given. */
  readonly version: number | null;
}
export interface CancelRequest extends RequestBase {
  readonly appointmentId: string;
  readonly reason?: string;
  readonly by: 'patient' | 'practitioner' | 'staff';
  /** If-Match; null: not given. */
  readonly version: number | null;
}

export interface MoveRequest extends RequestBase {
  readonly appointmentId: string;
  /** Null: the slot of the visit's own schedule and type that begins at `start`. */
  readonly slotId: string | null;
  /** Of a visit of several slots: the others, as many as it has. Absent: they are moved by as much as the first. */
  readonly also?: readonly string[];
  /** As the caller believes; must equal the slot's, or the request is refused. */
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly channel: 'patient' | 'staff';
  /** Staff only: move although the patient has another visit at that time. */
  readonly allowPatientOverlap?: boolean;
  readonly reason?: string;
  /** If-Match; null: not given. */
  readonly version: number | null;
  readonly inSet?: Pick<InSet, 'waits'>;
}

export interface StatusRequest extends RequestBase {
  readonly appointmentId: string;
  /** Whatever the caller wrote: what cannot be set is refused with the steps that there are. */
  readonly status: AppointmentStatus;
  /** Why nobody came. */
  readonly reason?: string;
  /** If-Match; null: not given. */
  readonly version: number | null;
}

export interface AmendRequest extends RequestBase {
  readonly appointmentId: string;
  /** What is named replaces what stands; what is not named stays. */
  readonly to: Amendment;
  /** If-Match; null: not given. */
  readonly version: number | null;
}

/** What a booking waits for, where that may take longer than a site takes to answer. */
export type PendingUntil = 'site-back' | 'approval';

export type BookingAnswer =
  | { readonly kind: 'booked'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  | { readonly kind: 'moved'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  | { readonly kind: 'cancelled'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  /** Status, comment, reason or attendance are as asked, at the site and here. */
  | { readonly kind: 'changed'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  /** For the caller alone, until then; `scope`: whether the site itself knows of it. */
  | {
      readonly kind: 'held';
      readonly bookingId: string;
      readonly appointment: Served;
      readonly repeated: boolean;
      readonly scope: 'hub-only';
      readonly until: Instant;
    }
  | {
      readonly kind: 'pending';
      readonly bookingId: string;
      readonly until?: PendingUntil;
      /** The visit as it is asked for, where it shows already and may be cancelled by its id. */
      readonly appointmentId?: string;
    }
  | {
      readonly kind: 'conflict';
      readonly error: HubError;
      readonly alternatives: readonly StoredSlot[];
      /** Of the booking that came to nothing; absent: the caller named the patient in the same call. */
      readonly patientId?: string;
    }
  | {
      readonly kind: 'refused';
      readonly bookingId: string;
      readonly error: HubError;
      readonly because: RefusalReason | null;
    };

/** What waits for a coordinator at sites whose file says `write: approval`. */
export interface Approvals {
  /** Those that the scope may see, who must decide soonest first. */
  list(scope: Scope): Promise<readonly WaitingApproval[]>;
  /**
   * Throws HubError NOT_FOUND (none, or not visible), HOLD_EXPIRED and RULE_BROKEN (nothing to decide any more),
   * SLOT_TAKEN (the time was taken meanwhile: the booking is refused), SITE_DOWN (approve it later).
   */
  decide(
    decision: Decision,
    scope: Scope,
  ): Promise<{
    readonly bookingId: string;
    readonly state: BookingState;
  }>;
}
/** Ids and times only: the Appointment says who it is for. */
export interface WaitingApproval {
  readonly bookingId: string;
  readonly site: string;
  readonly action: BookingAction;
  readonly appointmentId: string;
  readonly slotId: string | null;
  readonly patientId: string | null;
  /** As it will be; `from`: what a move leads away from. */
  readonly during: Interval | null;
  readonly from: Interval | null;
  readonly client: string;
  readonly askedAt: Instant;
  readonly until: Instant;
}
export interface Decision {
  readonly bookingId: string;
  readonly decision: 'approve' | 'decline';
  /** Told to the caller of the booking. */
  readonly reason?: string;
  readonly requestId: string;
  readonly trace: string | null;
}
