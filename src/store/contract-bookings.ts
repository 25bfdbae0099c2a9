/** Busy calendar and bookings. Part of store/contract.ts. */
import type { CancelOrder, MoveOrder, PlaceOrder } from '../connectors/contract.ts';
import type { AmendOrder, StatusOrder } from '../connectors/contract-book.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { Clash } from './contract-conflicts.ts';
import type { AroundStore } from './contract-around.ts';

export type { Clash } from './contract-conflicts.ts';
export type { LedgerEntry, LedgerStore, WorkItem, WorkItemStore } from './contract-ledger.ts';
export type { Delivery, Mirror, MirrorStore, OutboxStore, Receiver } from './contract-outbox.ts';

export type BookingState =
  | 'held'
  | 'awaiting-approval'
  | 'queued'
  | 'sent'
  | 'accepted'
  | 'unknown'
  | 'unsent'
  | 'booked'
  | 'refused'
  | 'expired'
  | 'parked';
export type BookingAction = 'place' | 'move' | 'cancel' | 'status' | 'amend';

export interface Booking {
  readonly id: string;
  readonly client: string;
  readonly requestKey: string;
  readonly requestDigest: string;
  readonly action: BookingAction;
  readonly site: string;
  readonly state: BookingState;
  readonly stateAt: Instant;
  readonly appointmentId: string;
  readonly slotId: string | null;
  readonly during: Interval | null;
  readonly resources: readonly string[];
  readonly patientId: string | null;
  readonly siteKey: string | null;
  readonly reference: string | null;
  readonly refusedBecause: string | null;
  readonly detail: string | null;
  readonly attempts: number;
  readonly absences: number;
  readonly deadlineAt: Instant | null;
  readonly nextCheckAt: Instant | null;
  /** It waits for a person so long: the caller who holds, or a coordinator. Null: for nobody. */
  readonly waitsUntil: Instant | null;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** Sealed at rest. */
  readonly order: BookingOrder;
}
/** What was asked, in canonical and site terms, enough to send it again after a restart. */
export interface BookingOrder {
  /** What is to stand. `had`: of a move alone. */
  readonly place?: PlaceOrder & Pick<MoveOrder, 'had'>;
  readonly cancel?: Omit<CancelOrder, 'key' | 'correlation'>;
  readonly move?: MoveFacts;
  readonly status?: Omit<StatusOrder, 'key' | 'correlation'>;
  readonly amend?: Omit<AmendOrder, 'key' | 'correlation'>;
  /** The Appointment as it was proposed; becomes the canonical resource. */
  readonly appointmentJson?: string;
}
/** What a move leads away from; where it leads to stands in `place` and in the booking itself. */
export interface MoveFacts {
  readonly from: Interval | null;
  /** Further slots that the visit will have; absent: one alone. */
  readonly also?: readonly string[];
  /** The new time lies in the schedule that the visit is in. */
  readonly sameSchedule: boolean;
  readonly fromCalendar?: string;
  /** The correlation under which the hub placed the visit, where it did. */
  readonly placedAs?: string;
}
export type BookingPatch = Partial<
  Pick<
    Booking,
    | 'appointmentId'
    | 'siteKey'
    | 'reference'
    | 'refusedBecause'
    | 'detail'
    | 'attempts'
    | 'absences'
    | 'deadlineAt'
    | 'nextCheckAt'
    | 'waitsUntil'
    | 'order'
  >
>;

export interface BookingStore {
  /** With the digest of the request that the key came with: the one that made the booking, or one about it since. */
  byRequestKey(client: string, requestKey: string): Promise<Booking | null>;
  /** Of many at once; those that there are, in any order. */
  byRequestKeys(keys: readonly { readonly client: string; readonly requestKey: string }[]): Promise<readonly Booking[]>;
  /** Another request of a client about this booking, under a key of its own. */
  alsoAsked(
    bookingId: string,
    request: { readonly client: string; readonly requestKey: string; readonly digest: string },
    at: Instant,
  ): Promise<void>;
  get(id: string): Promise<Booking | null>;
  many(ids: readonly string[]): Promise<readonly Booking[]>;
  insert(booking: Booking): Promise<void>;
  /** One step of the machine; false when the booking was not in `from` any more (someone else moved it). */
  move(id: string, from: readonly BookingState[], to: BookingState, at: Instant, patch: BookingPatch): Promise<boolean>;
  /** Bookings whose answer is open: to be resolved at or before `now`. */
  dueChecks(now: Instant, limit: number): Promise<readonly Booking[]>;
  /** Sent ones whose call's deadline has passed without a recorded outcome. */
  overdue(now: Instant, limit: number): Promise<readonly Booking[]>;
  /** Open placements and moves around a time, and what a person settled as booked without the site's name for it. */
  openAt(site: string, during: Interval): Promise<readonly Booking[]>;
  /** All of a site that are not settled; parked ones only where asked for. */
  openOf(site: string, parkedToo?: 'parked too'): Promise<readonly Booking[]>;
  /** Of these sites, parked ones first, then the oldest. */
  unsettled(limit: number, sites: readonly string[] | '*'): Promise<readonly Booking[]>;
  /** Those that wait for a coordinator at these sites, who must decide soonest first. */
  awaitingApproval(sites: readonly string[] | '*', limit: number): Promise<readonly Booking[]>;
  /** Times that this client holds and has not booked, and when the first of them runs out. */
  heldByClient(client: string, now: Instant): Promise<{ readonly count: number; readonly firstUntil: Instant | null }>;
  /** Those for which nobody decided in time. */
  waitedOut(now: Instant, limit: number): Promise<readonly Booking[]>;
  /** The newest one that concerns an appointment. */
  latestOf(appointmentId: string): Promise<Booking | null>;
  /**
   * When we last placed or moved the visit that a site calls so (`appointment:KEY`): `now` where the answer is open,
   * and where nobody knows the name and an open answer of the site may bring it; null: we did not.
   */
  writtenAt(site: string, object: string, now: Instant): Promise<Instant | null>;
  countByState(): Promise<Readonly<Record<string, number>>>;
}

export interface BusyRow {
  readonly resourceId: string;
  readonly during: Interval;
  readonly occupancy: string;
  readonly origin: 'hub' | 'site' | 'block' | 'mirror';
  readonly site: string;
  readonly appointmentId?: string;
  readonly bookingId?: string;
  readonly blockKey?: string;
  readonly tentative: boolean;
  readonly expiresAt?: Instant;
  /** Of visits that share an occupancy: which of its seats this one has, from 1. */
  readonly seat?: number;
  /** The site's name (calendar, or code of a person) by which the resource came to be taken. */
  readonly code?: string;
  /** Overlaps another visit that the hub placed: it came to light that two people are one. */
  readonly contested?: true;
}
/** One resource, and the time that a booking wants of it. */
export interface Claim {
  readonly resourceId: string;
  readonly during: Interval;
  /** As of BusyRow. */
  readonly code?: string;
}
export interface BusyStore extends AroundStore {
  /**
   * Live rows that overlap one of these claims, of another occupancy than `except`. Let what has lapsed expire first.
   */
  conflicts(claims: readonly Claim[], except: string | null): Promise<readonly BusyRow[]>;
  /**
   * Visits that share a class session on these resources; of them those that the site cannot have counted at
   * `countedAt`: holds, what is not confirmed yet, what the hub has booked since; and the lowest seat that no visit of
   * the hub has.
   */
  seatsTaken(
    occupancy: string,
    resourceIds: readonly string[],
    during: Interval,
    countedAt: Instant | null,
  ): Promise<{ readonly taken: number; readonly uncounted: number; readonly seat: number }>;
  /** Visits at risk: rows of these appointments that overlap rows of others, where that is no clinic's own business. */
  clashes(appointmentIds: readonly string[]): Promise<readonly Clash[]>;
  /**
   * Of these placements and moves those that must not be sent any more: their time was taken by what came after their
   * hold, or the hold itself is gone. A record of the owning site does not count once a placement was sent: it may be
   * ours. Of two that came together because two people are one, only the one that is contested is overtaken.
   */
  overtaken(bookingIds: readonly string[]): Promise<readonly string[]>;
  /** Throws SLOT_TAKEN when the database's constraint refuses a hub row. */
  insert(rows: readonly BusyRow[]): Promise<void>;
  /** Replaces all rows of an appointment; returns the resources and intervals touched, old and new. */
  replaceAppointment(appointmentId: string, rows: readonly BusyRow[]): Promise<readonly Touched[]>;
  ofAppointment(appointmentId: string): Promise<readonly BusyRow[]>;
  removeBooking(bookingId: string): Promise<readonly Touched[]>;
  /** A hold became a booked visit: its rows lose `tentative` and `expiresAt` and belong to the appointment. */
  settle(bookingId: string, appointmentId: string): Promise<readonly Touched[]>;
  /**
   * A move was done: the visit has the time that this booking held and no other. `lineage`: its id before, which is
   * another one where the site gave the moved visit another id.
   */
  leaveOnly(bookingId: string, appointmentId: string, lineage: string): Promise<readonly Touched[]>;
  /** A hold lasts until then; without a time it must not expire any more: the site was asked. */
  keep(bookingId: string, until?: Instant): Promise<void>;
  putBlock(row: BusyRow): Promise<readonly Touched[]>;
  removeBlock(site: string, blockKey: string): Promise<readonly Touched[]>;
  /** Removes a site's blocks of a resource that overlap, or all whose keys begin so; answers what they were. */
  takeBlocks(site: string, resourceId: string, during: Interval): Promise<readonly BusyRow[]>;
  removeBlocksUnder(site: string, keyBegins: string): Promise<readonly Touched[]>;
  /** Blocks of a site on a resource that overlap, by key. */
  blocks(site: string, resourceId: string, during: Interval): Promise<readonly string[]>;
  /** Resources with a caller's hold past its time: lock them, then let the holds expire. */
  lapsed(now: Instant): Promise<readonly string[]>;
  /**
   * Ends bookings whose hold on one of these resources is past its time, and deletes their holds, both or neither: a
   * booking that is being sent meanwhile keeps its time.
   */
  expire(resourceIds: readonly string[], now: Instant): Promise<readonly Lapsed[]>;
  /** What the site's keys occupy already, so that it can be locked before it is changed. Unknown keys are left out. */
  heldByKeys(keys: readonly { readonly site: string; readonly key: string }[]): Promise<readonly string[]>;
}
export interface Lapsed extends Touched {
  readonly bookingId: string;
  readonly appointmentId: string;
  readonly site: string;
  readonly action: BookingAction;
}
export interface Touched {
  readonly resourceId: string;
  readonly during: Interval;
}
