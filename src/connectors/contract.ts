/**
 * What a connector is. One kind is one object in the registry; each ability is a property: absent means that the vendor
 * cannot do it, and the API says so. A connector speaks to one site, knows nothing of the store, of identity or of
 * other connectors, and is handed the time. Words: DESIGN section 2.
 */
import type { Clock } from '../core/clock.ts';
import type { HubError } from '../core/errors.ts';
import type { Instant, Interval } from '../core/instant.ts';
import type { Hl7Address } from '../settings/mllp-shape.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { SettingsSpec } from '../settings/spec.ts';
import type { BackendToken, BackendTokenSpec } from './contract-auth.ts';
import type { Block, Book } from './contract-book.ts';
import type { Register } from './contract-register.ts';
import type { Seek } from './contract-seek.ts';
import type { Availability, Reconcile } from './contract-windows.ts';
import type { Hl7Exchange, Hl7ExchangeOptions } from './contract-hl7.ts';

/** Vendor integration as a kind, before any site is configured. Registered once, by name. */
export interface ConnectorKind<Settings = unknown, Cursor extends FlatCursor = FlatCursor> {
  /** As written in config/sites/*.yaml. */
  readonly name: string;
  readonly summary: string;
  readonly settings: SettingsSpec<Settings>;
  readonly cursor: CursorSpec<Cursor>;
  /** `demographics`: the vendor has no patient id (Acuity); a write carries the record that the caller chose. */
  readonly patientIdentity: 'id' | 'demographics';
  open(site: Site<Settings>, tools: Tools): Connector<Cursor>;
}

export interface Site<Settings> {
  readonly id: string;
  readonly file: SiteSettings;
  /** `file.settings`, checked and completed by the kind's spec. */
  readonly settings: Settings;
}

/** What the hub lends to a connector. */
export interface Tools {
  readonly clock: Clock;
  /** A budget that all sites behind one vendor limit share, by name; the first caller's spec holds. */
  budget(name: string, spec: BudgetSpec): Budget;
  /** A connection of its own to where the site takes HL7 v2; nothing is opened before the first message. */
  hl7Sender(options: Hl7ExchangeOptions): Hl7Exchange;
  /** Access tokens of a site that wants them; nothing is asked before the first `get`. */
  backendToken(spec: BackendTokenSpec): BackendToken;
  /** Where webhooks of this site arrive from outside, or null when the hub has no address that the vendor can reach. */
  readonly webhookUrl: string | null;
}

export interface BudgetSpec {
  readonly perSecond: number;
  readonly concurrent: number;
  /** Part of `perSecond` that only bookings may use. */
  readonly reservedForBookings: number;
  /** Beside the limit of a second, of any sixty seconds. */
  readonly perMinute?: { readonly calls: number; readonly reservedForBookings: number };
}

export type Purpose = 'booking' | 'sync';

export interface Budget {
  /**
   * Waits for a turn; the returned function gives the connection back. Rejects with STOPPING when the signal aborts.
   */
  take(purpose: Purpose, signal: AbortSignal): Promise<() => void>;
  /** The vendor said to wait: nobody who shares the budget calls before `ms` have passed. */
  pause(ms: number): void;
  /** For the benches and tests whose simulators have their limit lifted. */
  readonly spec: BudgetSpec;
}

export interface Connector<Cursor extends FlatCursor = FlatCursor> {
  readonly poll?: Poll<Cursor>;
  readonly webhook?: Webhook;
  readonly fetch?: Fetch;
  readonly hl7?: Hl7Feed;
  readonly load?: Load;
  readonly availability?: Availability;
  readonly reconcile?: Reconcile;
  readonly busy?: Busy;
  readonly book?: Book;
  readonly block?: Block;
  readonly seek?: Seek;
  readonly register?: Register;
  /** Rehearses what the connector will really do, without side effects or rights beyond its work. */
  check(signal: AbortSignal): Promise<readonly CheckResult[]>;
  /** Called once after start and every hour: registers or repairs what the vendor must have (dynamic webhooks). */
  maintain?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface CheckResult {
  readonly what: string;
  readonly ok: boolean;
  /** Not ok: what to do. */
  readonly detail: string;
}

/** Stored as flat JSON, so that operators can read and set it. */
export type FlatCursor = Readonly<Record<string, string | number | boolean>>;

export interface CursorSpec<Cursor extends FlatCursor> {
  readonly version: number;
  /** Accepts every older version; throws CURSOR_UNREADABLE otherwise. Also vets an operator's edit. */
  parse(version: number, stored: FlatCursor): Cursor;
}

// ------------------------------------------------------------------------------------------------------------ messages

/** What a site sent, bytes untouched. `kind` chooses the mapping. Sequence keys: `appointment:1`, `schedule:84021`. */
interface MessageBase {
  readonly kind: string;
  readonly sequenceKeys: readonly string[];
  readonly contentType: string;
  readonly body: Uint8Array;
}
export interface SiteEvent extends MessageBase {
  readonly shape: 'event';
  /** The same change has the same id whichever way it came; a repeat within the dedupe window is a duplicate. */
  readonly id: string;
  /** The site's ordering time; null when it gives none (then arrival order holds). */
  readonly occurredAt: Instant | null;
  /** The sender's own control id (HL7 MSH-10), for operators; never decides about duplicates. */
  readonly controlId?: string;
}
export interface SiteState extends MessageBase {
  readonly shape: 'state';
  /** Stable name of the object within the site: `appointment:91400233`. */
  readonly object: string;
  /** SHA-256 of what matters in the body, so that a field that always changes does not make every read news. */
  readonly digest: string;
  /** Our time when the request left: a state is applied only if this is later than the one applied. */
  readonly readAt: Instant;
  /** The site has no such object, or does not show it yet. */
  readonly gone?: true;
}
/** Says only that an object may have changed. Stored, acknowledged, coalesced per object, then fetched. */
export interface SiteHint extends MessageBase {
  readonly shape: 'hint';
  readonly object: string;
}
export type SiteMessage = SiteEvent | SiteState | SiteHint;

// ----------------------------------------------------------------------------------------------------------- abilities

export interface Poll<Cursor extends FlatCursor> {
  /** Reads one page after `from` (null: first run). The same page may be asked for again after a crash. */
  page(from: Cursor | null, signal: AbortSignal): Promise<Page<Cursor>>;
}
export interface Page<Cursor extends FlatCursor> {
  readonly messages: readonly SiteMessage[];
  /** Saved in the same transaction as the messages. */
  readonly next: Cursor;
  /** True: ask again at once. False: wait for the next tick. */
  readonly more: boolean;
  /**
   * Every site change before this is in hand. Our time when the request left, minus the overlap; null: nothing new is
   * proven.
   */
  readonly seenUpTo: Instant | null;
  /**
   * Windows that this page listed whole: a live object of such a window that it does not name is looked up by `fetch`.
   */
  readonly complete?: readonly CompleteWindow[];
}
export interface CompleteWindow {
  readonly objectKind: 'appointment';
  readonly calendar: string;
  readonly window: Interval;
  /** Object names as in SiteState.object. */
  readonly objects: readonly string[];
  readonly readAt: Instant;
}

export interface Webhook {
  /** Pure: decides from the raw bytes whether the vendor sent this. */
  verify(request: RawRequest, now: Instant): Verdict;
  /** Pure: splits a genuine request into messages, or answers a handshake. Throws WEBHOOK_UNREADABLE. */
  read(request: RawRequest): { readonly messages: readonly SiteMessage[] } | { readonly handshake: RawResponse };
}
export interface RawRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly remoteAddress: string;
}
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export type Verdict = { readonly genuine: true } | { readonly genuine: false; readonly error: HubError };

export interface Fetch {
  /**
   * The object's present state under the site's budget. A vanished object is a state too: the mapping reads it as gone.
   */
  object(name: string, signal: AbortSignal): Promise<SiteState>;
}

/** Framing, storing and acknowledging belong to the hub; a connector only names what it takes and reads the header. */
export interface Hl7Feed {
  /** Where its messages arrive and by which names in MSH they are told from those of other sites. */
  readonly address: Hl7Address;
  /** 'SIU^S12', ...; anything else is acknowledged with AR 201. */
  readonly accepts: readonly string[];
  /** Pure and total: a frame that passed routing becomes one event. */
  read(frame: Uint8Array, receivedAt: Instant): SiteEvent;
}

export interface Load {
  /** Everything booked or open at go-live that polling does not bring anyway. Live news beats load rows by readAt. */
  run(signal: AbortSignal): AsyncIterable<readonly SiteMessage[]>;
}

/** Intervals without patient or slot (calendars). An error means unknown, never free. */
export interface Busy {
  ask(calendar: string, window: Interval, signal: AbortSignal): Promise<SiteState>;
}

export type { Availability, AvailabilityWindow, Reconcile, ReconcileWindow } from './contract-windows.ts';
// What a booking carries and what comes of it stands in contract-book.ts.
export type {
  AskedTime,
  Begun,
  Block,
  BlockOrder,
  BlockOutcome,
  Book,
  CancelOrder,
  FindOrder,
  Found,
  MoveOrder,
  PatientFacts,
  PlaceOrder,
  RefusalReason,
  SiteBooking,
  WriteOutcome,
} from './contract-book.ts';
