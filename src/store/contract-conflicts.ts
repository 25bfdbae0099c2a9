/** Visits that may be at risk: noted where they are revealed, raised when they are sure. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';

/**
 * Why an overlap is no clinic's own business (DESIGN section 8, step 5): one person is taken at two sites; a visit lies
 * over one that the hub placed; more people than the owning site grants, and one of them was placed by the hub.
 */
export type ConflictCase = 'two-sites' | 'hub-booking' | 'above-capacity';

export interface Clash {
  readonly appointmentId: string;
  readonly site: string;
  readonly other: string;
  readonly otherSite: string;
  readonly resourceId: string;
  readonly because: ConflictCase;
  /** Of a class with too many: what its visits share. */
  readonly session?: string;
}

export interface Conflict {
  readonly subject: string;
  readonly because: ConflictCase;
  readonly visits: readonly string[];
  /** The visit whose news revealed it. */
  readonly latest: string;
  readonly sites: readonly string[];
  readonly resourceId: string;
  readonly notedAt: Instant;
  readonly raised: boolean;
}

export interface ConflictStore {
  /**
   * To be called when these visits have changed: notes what they clash with now, and what was raised about them for
   * another look. How many rows want looking at.
   */
  note(appointmentIds: readonly string[], now: Instant): Promise<number>;
  /**
   * What can be decided now: raised ones to be looked at again, and noted ones of whose sites everything that was
   * stored before them is applied. What waits for a parked message does not count; what was tried and put off, and what
   * must still be fetched, counts for those noted after `patientSince` only.
   */
  due(now: Instant, patientSince: Instant, limit: number): Promise<readonly Conflict[]>;
  /** All that are raised, in the order of their subjects, after this one. */
  raised(after: string, limit: number): Promise<readonly Conflict[]>;
  /** Of these visits what stands, as it would be noted. */
  standing(appointmentIds: readonly string[]): Promise<readonly Omit<Conflict, 'notedAt' | 'raised'>[]>;
  /** False: it was raised by somebody else. */
  markRaised(subject: string, now: Instant): Promise<boolean>;
  /** Raised, looked at, and it stands. */
  markSeen(subject: string): Promise<void>;
  /** False: it was dropped by somebody else. */
  drop(subject: string): Promise<boolean>;
  /** The sites of these visits and which of them were placed by the hub. */
  visits(
    ids: readonly string[],
  ): Promise<readonly { readonly id: string; readonly site: string; readonly byHub: boolean }[]>;
  /**
   * Where the visit could go: free slots of its type at its site, with its practitioner or in its location, the nearest
   * in time first.
   */
  candidates(appointmentId: string, now: Instant, limit: number): Promise<readonly string[]>;
}
