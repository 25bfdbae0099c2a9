/**
 * What the rest of the hub may ask of the store. No SQL and no driver type leaks out. Every call is made under a Scope:
 * who asks, for what, and what they may see; there is no default. All work of one `transaction` is one database
 * transaction on one connection; code inside must use `tx` only (a second connection from inside would be refused).
 */
import type { Instant } from '../core/instant.ts';
import type { StoredType } from '../fhir/types.ts';
import type { Expected } from './contract-ahead.ts';
import type {
  BookingStore,
  BusyStore,
  LedgerStore,
  MirrorStore,
  OutboxStore,
  WorkItemStore,
} from './contract-bookings.ts';
import type { ConflictStore } from './contract-conflicts.ts';
import type { Arrival, FeedStore, HeardFeed, InboxStore, Stored } from './contract-inbox.ts';
import type { ErasureStore } from './contract-erasure.ts';
import type { IdentityStore } from './contract-identity.ts';
import type { IndexStore } from './contract-index.ts';
import type { BackendTokenStore, SigningKeyStore } from './contract-keys.ts';
import type { PeopleStore } from './contract-people.ts';
import type { PlacedStore } from './contract-placed.ts';
import type { PractitionerStore } from './contract-practitioners.ts';
import type { RegistrationStore } from './contract-registrations.ts';
import type { RegistryStore } from './contract-registry.ts';
import type { ProofStore } from './contract-proofs.ts';
import type { ReplayWindowStore } from './contract-replay.ts';
import type { Hl7RequestStore } from './contract-requests.ts';
import type { ResourceStore } from './contract-resources.ts';
import type { SetStore } from './contract-sets.ts';
import type { SightStore } from './contract-sight.ts';

/** Who asks and what they may see. `'*'` is all. */
export interface Scope {
  readonly sites: readonly string[] | '*';
  /** Location ids. */
  readonly locations: readonly string[] | '*';
  /** Security labels that are visible; a row with a label outside is masked or left out. */
  readonly clearances: readonly string[] | '*';
  /** `client:<id>`, `hub:<stage>`, `operator:<name>`. */
  readonly actor: string;
  readonly purpose: 'treatment' | 'operations' | 'system';
}

export function systemScope(stage: string): Scope {
  return { sites: '*', locations: '*', clearances: '*', actor: `hub:${stage}`, purpose: 'system' };
}

export interface Store {
  /**
   * Commits when `work` resolves. A serialization failure or deadlock runs `work` again, so it must have no other
   * effect.
   */
  transaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Stores in order and answers one by one, all in one commit and in as few round trips as it takes: whoever sends
   * waits for this. Ids grow in the order of the call.
   */
  receive(
    scope: Scope,
    arrivals: readonly Arrival[],
    heard: readonly HeardFeed[],
    now: Instant,
  ): Promise<readonly Stored[]>;
  /** A read on its own connection; sees one snapshot. */
  read<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** As `read`, but each statement sees what is committed when it is run: for few and short ones that many wait for. */
  glance<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Of what came to nothing, and so has no transaction: one commit in one round trip for any number. */
  audit(scope: Scope, entries: readonly AuditEntry[]): Promise<void>;
  /** Creates next partitions and drops those past retention. Returns what was done, for the log. */
  maintain(now: Instant, retention: Retention): Promise<readonly string[]>;
  /**
   * Seals anew what an earlier release sealed without a data key of its own: of the patient records with ids behind
   * `after` so many. No version is made by it.
   */
  reseal(after: string, limit: number): Promise<Resealed>;
  /** Cheap liveness question. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Resealed {
  readonly records: number;
  /** Records of which a version does not open: they are left as they are. */
  readonly unreadable: number;
  /** The last one that was looked at; null: there is none behind `after`. */
  readonly last: string | null;
}

export interface Retention {
  readonly inbox_days: number;
  readonly history_days: number;
  readonly dedupe_days: number;
}

export interface Tx {
  readonly scope: Scope;
  readonly inbox: InboxStore;
  readonly feeds: FeedStore;
  readonly resources: ResourceStore;
  readonly people: PeopleStore;
  readonly practitioners: PractitionerStore;
  readonly registry: RegistryStore;
  readonly identity: IdentityStore;
  readonly registrations: RegistrationStore;
  readonly index: IndexStore;
  readonly sight: SightStore;
  readonly erasure: ErasureStore;
  readonly busy: BusyStore;
  readonly conflicts: ConflictStore;
  readonly proofs: ProofStore;
  readonly bookings: BookingStore;
  readonly placed: PlacedStore;
  readonly sets: SetStore;
  readonly outbox: OutboxStore;
  readonly mirrors: MirrorStore;
  readonly ledger: LedgerStore;
  readonly workItems: WorkItemStore;
  readonly replayWindows: ReplayWindowStore;
  readonly hl7Requests: Hl7RequestStore;
  readonly signingKeys: SigningKeyStore;
  readonly backendTokens: BackendTokenStore;
  /**
   * Locks resources until the transaction ends, in sorted order so that two callers never wait for each other in a
   * ring.
   */
  lock(ids: readonly string[]): Promise<void>;
  /** As `lock`, beside others who do so, and not beside one who locks them. Before any `lock`. */
  lockShared(ids: readonly string[]): Promise<void>;
  /**
   * As `lock`, together with names that have to be read first. Others may have changed what was read by the time that
   * the locks are there, so it is read again then, and where that names what is not locked the transaction is run again
   * from its start: a second call would give up the order.
   */
  lockRead(ids: readonly string[], read: () => Promise<readonly string[]>): Promise<void>;
  /**
   * Reads what a batch is about to ask, all at once, and from here on keeps back what can be written together: nothing
   * of it shows, since any other statement is preceded by what was kept back. Called once, after `lock`.
   */
  readAhead(expected: Expected): Promise<void>;
  /** Writes what was kept back, so that what fails with it fails here. */
  flush(): Promise<void>;
  audit(entry: AuditEntry): Promise<void>;
  /** Deletes what is stored of a site that no configuration names any more; ledger and audit stay. Rows deleted. */
  forgetSite(site: string): Promise<number>;
  /** What is stored of the site with this Organization takes its new name. Answers the old one; null: no other. */
  renameSite(organizationId: string, to: string): Promise<string | null>;
}

export interface AuditEntry {
  readonly at: Instant;
  readonly action: 'read' | 'search' | 'book' | 'cancel' | 'change' | 'login' | 'operate' | 'register';
  readonly resourceType?: StoredType;
  readonly resourceId?: string;
  readonly site?: string;
  readonly outcome: 'success' | 'refused' | 'failure';
  readonly requestId?: string;
}
