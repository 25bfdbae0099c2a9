/** Erasing a person: what forbids it, what goes, and what its site says afterwards. Part of store/contract.ts. */
import type { Instant } from '../core/instant.ts';
import type { InboxMessage } from './contract-inbox.ts';

export interface Erasure {
  /** Ids of Patients: all records of the person that are not erased yet. */
  readonly records: readonly string[];
  readonly reason: string;
  /** Visits that are of nobody else. */
  readonly visits: readonly string[];
  /** What messages about them may be sequenced by; only a keyed hash of it is kept, and that until they were found. */
  readonly sequenceKeys: readonly string[];
}

/** What was destroyed besides the records themselves. */
export interface ErasedRows {
  readonly versions: number;
  readonly bookings: number;
  readonly requests: number;
}

/** A visit in which one of the records is named. */
export interface VisitNamed {
  readonly id: string;
  /** All that its site ever called it. */
  readonly siteKeys: readonly string[];
  /** Somebody is named there who is not erased, and not to be. */
  readonly shared: boolean;
}

export interface ErasureStore {
  /** Visits to come or under way, and bookings that are not settled: while there are any, nobody goes. */
  obstacles(
    records: readonly string[],
    now: Instant,
  ): Promise<{ readonly visits: readonly string[]; readonly bookings: readonly string[] }>;
  visitsOf(records: readonly string[]): Promise<readonly VisitNamed[]>;
  /** Destroys the data keys, the records with all their versions, and what was derived from them. */
  erase(erasure: Erasure, now: Instant): Promise<ErasedRows>;
  /** Those of these records that were erased. */
  erased(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** A message that is being applied is about a record that was erased before. */
  heard(messageId: number): Promise<void>;
  /**
   * Messages that may be about people who were erased, to be looked at now, in this transaction. Null: there is nothing
   * to look for.
   */
  suspected(): Promise<readonly InboxMessage[] | null>;
  /** Takes their bodies away. */
  empty(messages: readonly Pick<InboxMessage, 'id' | 'receivedAt'>[], now: Instant): Promise<void>;
}
