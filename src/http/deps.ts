/** What the HTTP server is given. It knows no implementation: hub.ts puts it together, tests put in what they need. */
import type { ByHand } from '../booking/by-hand.ts';
import type { Approvals, BookingDesk } from '../booking/contract.ts';
import type { SetDesk } from '../booking/contract-set.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error-catalogue.ts';
import type { Instant } from '../core/instant.ts';
import type { PeopleDesk } from '../identity/contract-desk.ts';
import type { RegistryDesk } from '../identity/contract-registry.ts';
import type { PeopleServing } from '../identity/contract-serve.ts';
import type { Explained } from '../pipeline/explain.ts';
import type { SigningKeys } from '../pipeline/signing-keys.ts';
import type { SnapshotReport } from '../pipeline/snapshot.ts';
import type { ReplayOperations } from '../pipeline/replay-window.ts';
import type { PlanDiff } from '../settings/diff.ts';
import type { Plan } from '../settings/shape.ts';
import type { Booking } from '../store/contract-bookings.ts';
import type { AuditEntry, Scope, Store } from '../store/contract.ts';
import type { ReceiveWebhook } from './intake.ts';

/** A write that was refused, in the name of whoever asked for it. */
export interface Refusal {
  readonly scope: Scope;
  readonly entry: AuditEntry;
}

export interface HttpDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly desk: BookingDesk;
  /** Writes refusals down, many in a commit; absent: each by itself. */
  readonly refusals?: (refusal: Refusal) => Promise<void>;
  readonly sets: SetDesk;
  readonly approvals: Approvals;
  /** Who is who: pairs to be looked at, and what people decide about them. */
  readonly people: PeopleDesk;
  /** What files of a registry say of NPIs. */
  readonly registry: RegistryDesk;
  /** People as callers see them: golden records, and who a description fits. */
  readonly serving: PeopleServing;
  /** Keys by which sites know this hub, and where others read them; null: nobody outside can. */
  readonly keys: { readonly signing: SigningKeys; readonly url: () => string | null };
  /** The plan in force: tokens, limits and sites follow it at once when it changes. */
  readonly currentPlan: () => Plan;
  readonly receiveWebhook: ReceiveWebhook;
  readonly readiness: () => Promise<Readiness>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly opsView: () => Promise<OpsView>;
  readonly operate: Operate;
  /** A person's word on a parked booking. @throws HubError NOT_FOUND, RULE_BROKEN, SITE_UNKNOWN */
  readonly settleBooking: (scope: Scope, word: ByHand) => Promise<Booking>;
  readonly replayWindows: ReplayOperations;
  /** A file of all visits of a site. @throws HubError SITE_UNKNOWN, SITE_CANNOT, PARAMETER_INVALID */
  readonly reconcileFile: (scope: Scope, site: string, file: OpsFile, requestId: string) => Promise<SnapshotReport>;
  /** What became of a message; null: there is none. */
  readonly explain: (scope: Scope, id: number) => Promise<Explained | null>;
  readonly events: HttpEvents;
  /** For the CapabilityStatement. */
  readonly version: string;
}

/** `window`: local dates at the site, both included. `takenAt` null: as the file says. */
export interface OpsFile {
  readonly bytes: Uint8Array;
  readonly window: { readonly from: string; readonly to: string };
  readonly takenAt: Instant | null;
  readonly dryRun: boolean;
}

/** What an operator may have the hub do. */
export interface Operate {
  /** What a reload of the configuration would change now. @throws HubError CONFIG_INVALID */
  preview(): Promise<PlanPreview>;
  /** Asks the site for everything again. @throws HubError SITE_UNKNOWN, SITE_CANNOT */
  resync(scope: Scope, site: string, requestId: string): Promise<void>;
  /**
   * Puts a message back to be applied or fetched; false: there is none, or it waits already. `force`: also where a
   * replay window held it back.
   */
  replay(scope: Scope, id: number, requestId: string, force?: boolean): Promise<boolean>;
  /** Sets a parked message aside for good, so that what waits for it goes on; false: it is not parked. */
  release(scope: Scope, id: number, requestId: string): Promise<boolean>;
  /** Deletes what is stored of a site that no file names; rows deleted. @throws HubError RULE_BROKEN, SITE_UNKNOWN */
  forget(scope: Scope, site: string, requestId: string): Promise<number>;
}

export interface PlanPreview {
  /** Where the hub reads, as an absolute path. */
  readonly configDir: string;
  readonly diff: PlanDiff;
}

/** `missing` says in plain words what the hub still waits for; empty: ready. */
export interface Readiness {
  readonly missing: readonly string[];
}

/**
 * What happens here, for counters and the log. Nothing in it is patient data: routes are patterns, never paths or
 * queries.
 */
export interface HttpEvents {
  answered(event: {
    readonly method: string;
    /** As routed, e.g. `/fhir/R4/:type/:id`; `(none)` where nothing answers. */
    readonly route: string;
    readonly status: number;
    readonly duration_ms: number;
    readonly requestId: string;
    /** Null: not known, or none needed. */
    readonly client: string | null;
  }): void;
  /** An error that is not the caller's: the log has its detail, the caller has not. */
  failed(event: { readonly requestId: string; readonly code: ErrorCode; readonly detail: string }): void;
  /** One webhook request, by what became of it: `stored`, or the code it was refused with. */
  intake(event: { readonly site: string; readonly outcome: 'stored' | 'aborted' | ErrorCode }): void;
}

export interface OpsView {
  readonly sites: readonly OpsSite[];
  /** Ports that HL7 v2 arrives at. */
  readonly listeners: readonly OpsListener[];
  /** Bookings by state. */
  readonly bookings: Readonly<Record<string, number>>;
  /** What is owed to each receiver. */
  readonly outbox: readonly { readonly receiver: string; readonly state: string; readonly count: number }[];
  /** Requests (SRM) of clients that are not answered, or answered "pending". */
  readonly requests: readonly {
    readonly client: string;
    readonly state: string;
    readonly count: number;
    readonly oldest_s: number;
  }[];
}

export interface OpsListener {
  /** `shared`, or what tells it from others. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly sites: readonly string[];
  /** mutual: senders show certificates too. */
  readonly tls: 'none' | 'server' | 'mutual';
  /** When the hub's certificate ends. */
  readonly certificateUntil: string | null;
  readonly connections: number;
  /** These count since the hub started. */
  readonly connectedTotal: number;
  readonly refusedTotal: Readonly<Record<'address' | 'certificate' | 'connections' | 'tls', number>>;
  readonly lastRefusal: { readonly at: string; readonly address: string; readonly reason: string } | null;
  readonly messagesRefusedTotal: number;
  readonly lastMessageRefusal: { readonly at: string; readonly site: string | null; readonly reason: string } | null;
}

export interface OpsSite {
  readonly id: string;
  readonly kind: string;
  readonly stage: string;
  readonly environment: string;
  /** One plain sentence: `in step`, `behind`, `silent`, `login refused` ... */
  readonly state: string;
  /** open: the site is down and left alone; half-open: one call is tried; null: it does not run. */
  readonly breaker: 'closed' | 'open' | 'half-open' | null;
  /** Null: it cannot be asked for what it has (or its file says never), so nothing is proven. */
  readonly completeness: OpsCompleteness | null;
  readonly feeds: readonly OpsFeed[];
  readonly queued: number;
  readonly hints: number;
  readonly parked: number;
}

/** How much of the horizon was found to be at the site as our copy says. Unproven is no alarm. */
export interface OpsCompleteness {
  readonly windows: number;
  readonly proven: number;
  /** Of the time that the windows cover, 0 to 1. */
  readonly share: number;
  /** Every proven window was proven then or later. */
  readonly provenSince: string | null;
  readonly lastProvenAt: string | null;
  /** The nearest 20. */
  readonly unproven: readonly {
    readonly calendar: string;
    readonly from: string;
    readonly to: string;
    readonly differences: number;
  }[];
}

/**
 * `lag_s` of feeds that we read; `silence_s` of feeds that only push. Null: does not apply, or nothing was heard yet.
 */
export interface OpsFeed {
  readonly name: string;
  readonly lag_s: number | null;
  readonly silence_s: number | null;
  readonly usualPerHour: number | null;
  readonly error: string | null;
}
