/** What is owed outwards, and what stands in other systems because of a visit. Part of store/contract.ts. */
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { Booking, BookingAction } from './contract-bookings.ts';

/** `client`: one that asks by HL7 v2 and is answered at its own address. */
export type Receiver = 'site' | 'subscriber' | 'client';

export interface Delivery {
  readonly id: number;
  readonly receiver: Receiver;
  readonly receiverId: string;
  readonly kind: BookingAction | 'block' | 'unblock' | 'event' | 'answer' | 'notice';
  readonly bookingId: string | null;
  readonly appointmentId: string | null;
  readonly body: Readonly<Record<string, string>>;
  readonly state: 'queued' | 'sent' | 'done' | 'unknown' | 'parked';
  readonly attempts: number;
  readonly trace: string | null;
}
export interface OutboxStore {
  add(
    delivery: Pick<Delivery, 'receiver' | 'receiverId' | 'kind' | 'bookingId' | 'appointmentId' | 'body' | 'trace'>,
    dueAt: Instant,
    now: Instant,
  ): Promise<number>;
  /** Marks due rows of one receiver `sent` with a deadline and returns them: durable before the first byte leaves. */
  claim(
    receiver: Receiver,
    receiverId: string,
    now: Instant,
    deadline: Instant,
    limit: number,
  ): Promise<readonly Delivery[]>;
  /** The id of a booking's call that may be `sent` at once; null: an older one of its receiver is due, goes first. */
  next(receiver: Receiver, receiverId: string, now: Instant): Promise<number | null>;
  /** Under that id, in the commit that makes its booking: see `claim`. */
  addSent(delivery: Delivery, deadline: Instant, now: Instant): Promise<void>;
  /**
   * Calls of bookings that wait for a site lose their pauses, so that they leave in the order in which they were asked
   * for; not those that failed with `except`.
   */
  inOrder(siteId: string, except: ErrorCode): Promise<void>;
  finish(id: number, state: 'done' | 'unknown' | 'parked', code: string | null): Promise<void>;
  /**
   * The site told by other means than its answer what came of the call of this booking, as it was before that: the call
   * is `done`, and what follows it need not wait for its deadline. Not where the booking was sent more than once: then
   * the call under way may be another than the one that the site told of.
   */
  heardOf(booking: Pick<Booking, 'id' | 'appointmentId' | 'state' | 'attempts'>): Promise<void>;
  /** Back to the queue, to be sent at `at`. */
  requeue(id: number, at: Instant, code: string | null): Promise<void>;
  /** Rows that were `sent` and whose deadline has passed: their outcome is unknown. */
  expired(now: Instant, limit: number): Promise<readonly Delivery[]>;
  receiversDue(receiver: Receiver, now: Instant): Promise<readonly string[]>;
  depth(): Promise<
    readonly {
      readonly receiver: Receiver;
      readonly receiverId: string;
      readonly state: string;
      readonly count: number;
    }[]
  >;
}

export interface Mirror {
  readonly appointmentId: string;
  readonly site: string;
  readonly calendar: string;
  readonly during: Interval;
  readonly key: string | null;
  readonly state: 'owed' | 'placed' | 'removing' | 'removed' | 'refused';
}
export interface MirrorStore {
  ofAppointment(appointmentId: string): Promise<readonly Mirror[]>;
  put(mirror: Mirror): Promise<void>;
  byKey(site: string, key: string): Promise<Mirror | null>;
}
