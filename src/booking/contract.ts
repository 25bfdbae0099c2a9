/** What callers may ask of booking, and what they are told. The state machine behind it is drawn in states.ts. */
import type { RefusalReason } from '../connectors/contract.ts';
import type { HubError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Amendment } from '../fhir/amendment.ts';
import type { AppointmentStatus } from '../fhir/types.ts';
import type { Served, StoredSlot } from '../store/contract-resources.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { Scope, Tx } from '../store/contract.ts';

export interface BookingDesk {
  /**
   * Places a new visit. Waits up to the configured time for the site, then answers `pending`. Throws HubError for bad
   * requests.
   */
  place(request: PlaceRequest, scope: Scope): Promise<BookingAnswer>;
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
  readonly patientId: string;
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
export type PendingUntil = 'site-back';

export type BookingAnswer =
  | { readonly kind: 'booked'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  | { readonly kind: 'moved'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  | { readonly kind: 'cancelled'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  /** Status, comment, reason or attendance are as asked, at the site and here. */
  | { readonly kind: 'changed'; readonly bookingId: string; readonly appointment: Served; readonly repeated: boolean }
  | { readonly kind: 'pending'; readonly bookingId: string; readonly until?: PendingUntil }
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

/** Room for one call to a site, reserved by whoever makes a booking, so that making and sending it are one commit. */
export interface SendTurn {
  /** Within the transaction that made the booking; behind its commit the call may have left. False: none is owed. */
  claim(tx: Tx, booking: Booking): Promise<boolean>;
  /** Behind the commit: makes the call, where one was claimed, and waits for nothing. */
  send(): void;
  /** In place of `send`: there was no commit. */
  giveBack(): void;
}
