/** Messages, cursors and what is known of each feed. Part of store/contract.ts. */
import type { CompleteWindow, FlatCursor, SiteMessage } from '../connectors/contract.ts';
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { StoredMessage } from '../mappings/contract.ts';

export type Via = 'poll' | 'webhook' | 'hl7' | 'load' | 'fetch' | 'availability' | 'write';
/**
 * `unchanged`: a state whose digest equals the last one received. `older`: a state read before the last one received.
 */
export type Stored =
  | { readonly kind: 'inserted'; readonly id: number }
  | { readonly kind: 'duplicate' | 'unchanged' | 'older'; readonly id: number | null };

/** A message on its way in. */
export interface Arrival {
  readonly site: string;
  readonly via: Via;
  readonly message: SiteMessage;
  /** W3C traceparent of the request that brought it. */
  readonly trace: string | null;
}
/** Messages of a push feed that were heard since the last time that this was told. */
export interface HeardFeed {
  readonly site: string;
  readonly feed: FeedName;
  readonly messages: number;
  /** When the last of them came. */
  readonly at: Instant;
}

export interface InboxMessage extends StoredMessage {
  readonly id: number;
  readonly site: string;
  readonly via: Via;
  /** As keyed hashes: equal where the keys were equal, and they name nobody. */
  readonly sequenceKeys: readonly string[];
  readonly controlId: string | null;
  readonly attempts: number;
  readonly status: 'received' | 'applied' | 'ignored' | 'parked' | 'superseded';
  readonly stage: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly trace: string | null;
}
export interface Parking {
  readonly stage: 'map' | 'identify' | 'apply' | 'fetch';
  readonly code: ErrorCode;
  /** Field names and rules, never values. */
  readonly reason: string;
  /** A merge or a cancel-and-rebook pair: later messages with the same sequence keys wait until a person decides. */
  readonly barrier: boolean;
}
export interface InboxFilter {
  readonly site?: string;
  readonly status?: InboxMessage['status'];
  readonly controlId?: string;
  readonly afterId?: number;
  readonly limit: number;
}

export interface InboxStore {
  /** Stores in order and puts what must be applied or fetched into its queue. */
  insert(
    site: string,
    via: Via,
    messages: readonly SiteMessage[],
    now: Instant,
    trace: string | null,
  ): Promise<readonly Stored[]>;
  /** Due messages that no earlier undone one shares a sequence key with, locked by this transaction. */
  claim(now: Instant, limit: number): Promise<readonly InboxMessage[]>;
  /**
   * Whether the last claim of this transaction left something that can be claimed now, or when what it took is done.
   * What is stored later is not in it: whoever stores it rings.
   */
  leftMore(): boolean;
  done(id: number, status: 'applied' | 'ignored' | 'superseded', reason: string | null, now: Instant): Promise<void>;
  park(id: number, parking: Parking, now: Instant): Promise<void>;
  /** Transient failure: again at `at`. */
  retry(id: number, at: Instant): Promise<void>;
  /**
   * Puts a done or parked message back to `received`. False when there is no such message or it is in the queue
   * already.
   */
  replay(id: number, now: Instant): Promise<boolean>;
  get(id: number): Promise<InboxMessage | null>;
  /** Undone messages before it that share a sequence key with it, the oldest first; at most 20. */
  waitsFor(id: number): Promise<readonly number[]>;
  list(filter: InboxFilter): Promise<readonly InboxMessage[]>;
  /** What became of these messages, of those received since `since`. */
  outcomes(ids: readonly number[], since: Instant): Promise<readonly Pick<InboxMessage, 'id' | 'status' | 'code'>[]>;
  /** Of these messages, those whose site used the same control id for another one before, since `since`. */
  controlIdUsedBefore(ids: readonly number[], since: Instant): Promise<readonly number[]>;
  /**
   * Events of these sites by the ids that tell duplicates: what became of something that was sent. What was never
   * stored, or longer ago than duplicates are known, is left out.
   */
  byEventIds(
    sites: readonly string[],
    eventIds: readonly string[],
  ): Promise<readonly { readonly eventId: string; readonly message: InboxMessage }[]>;
  /** Events and states waiting to be applied, hints to be fetched, parked ones; for one site or all. */
  depth(site?: string): Promise<{ readonly queued: number; readonly hints: number; readonly parked: number }>;
  /** True when every message of these sites received before `id` is done. */
  caughtUp(sites: readonly string[], id: number): Promise<boolean>;

  /** Objects with a due hint of one site, each once, with all hints it answers. Locked by this transaction. */
  claimHints(site: string, now: Instant, limit: number): Promise<readonly HintClaim[]>;
  hintsDone(ids: readonly number[], now: Instant): Promise<void>;
  hintsRetry(ids: readonly number[], at: Instant): Promise<void>;
  hintsPark(ids: readonly number[], parking: Parking, now: Instant): Promise<void>;

  /** When the newest read of an object was applied; null: never. */
  appliedReadAt(site: string, object: string): Promise<Instant | null>;
  setAppliedReadAt(site: string, object: string, readAt: Instant): Promise<void>;
  /** A state of it is parked that is newer than what was applied: what was applied is not what the site says. */
  isParked(site: string, object: string): Promise<boolean>;
  /**
   * Live appointments of a listed window that the listing does not name, that were last read before it, and that we
   * have not written since `quietSince`.
   */
  missingFrom(
    site: string,
    window: CompleteWindow,
    quietSince: Instant,
  ): Promise<readonly { readonly siteKey: string }[]>;
  /** Forgets event ids older than the window. */
  forgetDuplicates(before: Instant): Promise<number>;
}
export interface HintClaim {
  readonly object: string;
  readonly ids: readonly number[];
  readonly attempts: number;
  readonly kind: string;
}

export interface FeedStore {
  cursor(
    site: string,
    ability: 'poll' | 'load',
  ): Promise<{ readonly version: number; readonly value: FlatCursor } | null>;
  saveCursor(site: string, ability: 'poll' | 'load', version: number, value: FlatCursor, now: Instant): Promise<void>;
  /** Forgets where reading stood and makes all windows due: the site is asked for everything again. */
  startOver(site: string, now: Instant): Promise<void>;
  /** Something was heard (rate by hour of the week is kept); `seenUpTo` never moves back. */
  heard(site: string, feed: FeedName, now: Instant, messages: number, seenUpTo: Instant | null): Promise<void>;
  failed(site: string, feed: FeedName, now: Instant, code: ErrorCode): Promise<void>;
  feeds(site?: string): Promise<readonly FeedState[]>;

  /**
   * All windows of the site over its horizon; new ones are due at once, past ones and those of other pairs are dropped.
   */
  planWindows(site: string, windows: readonly FreshnessWindow[], now: Instant): Promise<void>;
  /** Windows to ask next, most overdue first. */
  dueWindows(
    site: string,
    now: Instant,
    limit: number,
  ): Promise<readonly (FreshnessWindow & { readonly attempts: number })[]>;
  /**
   * Locks those that no other transaction has, and says which: whoever writes several of them in an order of its own
   * leaves the others alone, or two would wait for each other.
   */
  unheldWindows(site: string, windows: readonly FreshnessWindow[]): Promise<ReadonlySet<FreshnessWindow>>;
  verified(site: string, window: FreshnessWindow, at: Instant, nextDue: Instant): Promise<void>;
  windowFailed(site: string, window: FreshnessWindow, nextDue: Instant): Promise<void>;
  /**
   * A change at the site as of `at` that availability must reflect: windows of this calendar confirmed before it are
   * due, at `dueAt` (absent: at once).
   */
  windowsDue(site: string, calendar: string, during: Interval, at: Instant, dueAt?: Instant): Promise<void>;
  /** Windows never verified yet: 0 means that the first load of availability is complete. */
  unverified(site: string): Promise<number>;
  verifiedAt(site: string, calendar: string, visitType: string, at: Instant): Promise<Instant | null>;
  /** The window that a time lies in; null: none is planned. `verifiedAt` null: never confirmed. */
  windowAt(
    site: string,
    calendar: string,
    visitType: string,
    at: Instant,
  ): Promise<{ readonly window: Interval; readonly verifiedAt: Instant | null } | null>;
}
export type FeedName = 'poll' | 'webhook' | 'hl7' | 'availability';
export interface FreshnessWindow {
  readonly calendar: string;
  readonly visitType: string;
  readonly window: Interval;
}
export interface FeedState {
  readonly site: string;
  readonly name: FeedName;
  readonly seenUpTo: Instant | null;
  readonly heardAt: Instant | null;
  readonly triedAt: Instant | null;
  readonly errorCode: string | null;
  readonly errorSince: Instant | null;
  /** Messages usually heard in this hour of the week, averaged over the weeks known; null for pull feeds. */
  readonly usualPerHour: number | null;
}
